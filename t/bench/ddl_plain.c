/* t/bench/ddl_plain.c - the lines of standard input as statements, by some plain clients at a time.
 *
 *   ddl_plain HOST PORT USER PASSWORD CLIENTS < statements
 *
 * Built by t/bench/migrate, which holds crmctl migrate against it. No more than the DDL: no
 * time-outs, no records of what was done. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mysql.h>

#define MOST_CLIENTS 64

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const char *const *server;

static char *next_line(void)
{
    char *line = NULL;
    size_t room = 0;
    pthread_mutex_lock(&mutex);
    ssize_t length = getline(&line, &room, stdin);
    pthread_mutex_unlock(&mutex);
    if (length < 0) {
        free(line);
        return NULL;
    }
    line[strcspn(line, "\n")] = '\0';
    return line;
}

static void *run(void *unused)
{
    MYSQL *mysql = mysql_init(NULL);
    char *line;
    (void)unused;
    if (!mysql_real_connect(mysql, server[0], server[2], server[3], NULL, (unsigned)atoi(server[1]),
                            NULL, 0)) {
        fprintf(stderr, "ddl_plain: %s\n", mysql_error(mysql));
        exit(1);
    }
    while ((line = next_line()) != NULL) {
        if (mysql_query(mysql, line)) {
            fprintf(stderr, "ddl_plain: %s\n", mysql_error(mysql));
            exit(1);
        }
        free(line);
    }
    mysql_close(mysql);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[MOST_CLIENTS];
    int clients = argc == 6 ? atoi(argv[5]) : 0;
    if (clients < 1 || clients > MOST_CLIENTS || mysql_library_init(0, NULL, NULL)) {
        fputs("usage: ddl_plain HOST PORT USER PASSWORD CLIENTS\n", stderr);
        return 2;
    }
    server = (const char *const *)argv + 1;
    for (int i = 0; i < clients; i++) {
        if (pthread_create(&threads[i], NULL, run, NULL)) {
            return 1;
        }
    }
    for (int i = 0; i < clients; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}
