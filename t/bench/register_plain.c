/* t/bench/register_plain.c - what registering a tenant cannot do without, and no more: a database,
 * its tables, the hash of one password.
 *
 *   register_plain mysql HOST PORT USER PASSWORD COUNT NAME MEMORY PASSES < script
 *   register_plain sqlite3 FOLDER COUNT NAME MEMORY PASSES < script
 *
 * Built by t/bench/register, which holds registrations against it. NAME begins the names of the
 * databases; MEMORY (bytes) and PASSES are argon2id's. Statements of the script end with ";\n". */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mysql.h>
#include <sodium.h>
#include <sqlite3.h>

#define MOST 1000

static char script[1 << 20];
static const char *statements[MOST];
static int nstatements;

static void die(const char *what)
{
    fprintf(stderr, "register_plain: %s\n", what);
    exit(1);
}

static void read_script(void)
{
    size_t size = fread(script, 1, sizeof(script) - 1, stdin);
    script[size] = '\0';
    for (char *at = script; at && *at && nstatements < MOST;) {
        char *end = strstr(at, ";\n");
        if (end) {
            *end = '\0';
            statements[nstatements++] = at;
        }
        at = end ? end + 2 : NULL;
    }
}

static void query(MYSQL *mysql, const char *sql)
{
    if (mysql_query(mysql, sql)) {
        die(mysql_error(mysql));
    }
}

static void make_mysql(MYSQL *mysql, const char *name, int number)
{
    char text[300];
    snprintf(text, sizeof(text), "CREATE DATABASE `%s%d`", name, number);
    query(mysql, text);
    snprintf(text, sizeof(text), "USE `%s%d`", name, number);
    query(mysql, text);
    for (int i = 0; i < nstatements; i++) {
        query(mysql, statements[i]);
    }
}

static void run(sqlite3 *sqlite, const char *sql)
{
    if (sqlite3_exec(sqlite, sql, NULL, NULL, NULL) != SQLITE_OK) {
        die(sqlite3_errmsg(sqlite));
    }
}

static void make_sqlite(const char *folder, const char *name, int number)
{
    char path[4096];
    sqlite3 *sqlite;
    snprintf(path, sizeof(path), "%s/%s%d.db", folder, name, number);
    if (sqlite3_open(path, &sqlite) != SQLITE_OK) {
        die(sqlite3_errmsg(sqlite));
    }
    run(sqlite, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE");
    for (int i = 0; i < nstatements; i++) {
        run(sqlite, statements[i]);
    }
    run(sqlite, "COMMIT");
    sqlite3_close(sqlite);
}

static void hash(const char *memory, const char *passes)
{
    static const char password[] = "correct horse battery staple";
    char text[crypto_pwhash_STRBYTES];
    if (crypto_pwhash_str(text, password, sizeof(password) - 1, strtoull(passes, NULL, 10),
                          strtoul(memory, NULL, 10))) {
        die("no memory to hash in");
    }
}

int main(int argc, char **argv)
{
    int is_mysql = argc == 10 && strcmp(argv[1], "mysql") == 0;
    if ((!is_mysql && argc != 7) || sodium_init() < 0) {
        fputs("usage: register_plain mysql|sqlite3 WHERE... COUNT NAME MEMORY PASSES\n", stderr);
        return 2;
    }
    char **last = argv + argc - 4;
    read_script();
    MYSQL *mysql = is_mysql ? mysql_init(NULL) : NULL;
    if (mysql && !mysql_real_connect(mysql, argv[2], argv[4], argv[5], NULL,
                                     (unsigned)atoi(argv[3]), NULL, 0)) {
        die(mysql_error(mysql));
    }
    for (int i = 0; i < atoi(last[0]); i++) {
        if (is_mysql) {
            make_mysql(mysql, last[1], i);
        } else {
            make_sqlite(argv[2], last[1], i);
        }
        hash(last[2], last[3]);
    }
    if (mysql) {
        mysql_close(mysql);
    }
    return 0;
}
