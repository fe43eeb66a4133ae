/* t/bench/export_plain.c - writes rows as an export does, by libmariadb alone: what to compare
 * with.
 *
 *   export_plain HOST PORT USER PASSWORD DATABASE customers|leads FILE
 *
 * The database is a tenant's. One statement has all rows, with what the export shows of others, in
 * the same order; they are written to FILE as they come, byte for byte as mod_crm writes them.
 * Prints the seconds that it took and the number of lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mysql.h>

#define BUFFER 65536

typedef struct list_t {
    const char *header;
    const char *letters; /* of the columns: u UUID, s text, b boolean, t time, i number */
    const char *sql;
} list_t;

#define A_LEAD "EXISTS (SELECT 1 FROM `lead` l WHERE l.customer = r.id AND l.deleted_at IS NULL"
#define WHEN(status, shown)                                                                        \
    " WHEN " A_LEAD " AND l.is_active = 1 AND l.status = '" status "') THEN '" shown "'"
#define LEAD_STATUS                                                                                \
    "CASE" WHEN("follow_up", "ATTEMPTED_TO_CONTACT") WHEN("interested", "INTERESTED")              \
        WHEN("new", "NEW") " WHEN NOT " A_LEAD ") THEN 'NOT_CONTACTED' END"
#define LAST_CALL_TIME                                                                             \
    "(SELECT MAX(s.call_time) FROM `lead` l JOIN call_summary s ON s.`lead` = l.id WHERE "         \
    "l.customer = r.id AND l.deleted_at IS NULL AND s.deleted_at IS NULL)"
#define COMPUTED A_LEAD "), " LAST_CALL_TIME ", " LEAD_STATUS

static const list_t customers = {
    .header = "id,name,email,phone,company,address,city,state,country,zip_code,is_active,"
              "is_lead_created,last_call_time,lead_status,created_by,created_at,updated_at\r\n",
    .letters = "usssssssssbbtsitt",
    .sql = "SELECT r.id, r.name, r.email, r.phone, r.company, r.address, r.city, r.state, "
           "r.country, r.zip_code, r.is_active, " COMPUTED ", r.created_by, r.created_at, "
           "r.updated_at FROM customer r WHERE r.deleted_at IS NULL ORDER BY r.created_at DESC, "
           "r.id DESC",
};
static const list_t leads = {
    .header = "id,name,email,phone,status,source,notes,customer,customer_name,customer_email,"
              "is_active,created_by,created_at,updated_at\r\n",
    .letters = "ussssssussbitt",
    .sql = "SELECT r.id, r.name, r.email, r.phone, r.status, r.source, r.notes, r.customer, "
           "c.name, c.email, r.is_active, r.created_by, r.created_at, r.updated_at FROM `lead` r "
           "LEFT JOIN customer c ON c.id = r.customer AND c.deleted_at IS NULL WHERE r.deleted_at "
           "IS NULL ORDER BY r.created_at DESC, r.id DESC",
};

static MYSQL *mysql;
static FILE *out;

static void fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, mysql_error(mysql));
    exit(1);
}

static void put_uuid(const char *bytes)
{
    static const char digits[] = "0123456789abcdef";
    char text[36], *at = text;

    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *at++ = '-';
        }
        *at++ = digits[(unsigned char)bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    fwrite(text, 1, sizeof(text), out);
}

/* In quotes where it has to be; a formula with an apostrophe. */
static void put_text(const char *text, size_t size)
{
    int quoted = text[strcspn(text, ",;\t|\"\r\n")] != '\0';
    const char *first = text + strspn(text, "'");

    if (quoted) {
        putc_unlocked('"', out);
    }
    if (*first && strchr("=+-@\t\r", *first)) {
        putc_unlocked('\'', out);
    }
    if (!quoted) {
        fwrite(text, 1, size, out);
        return;
    }
    for (; *text; text++) {
        if (*text == '"') {
            putc_unlocked('"', out);
        }
        putc_unlocked(*text, out);
    }
    putc_unlocked('"', out);
}

/* "YYYY-MM-DD HH:MM:SS.ffffff" by ISO 8601, without a fraction that is 0. */
static void put_time(const char *text, size_t size)
{
    if (size > 19 && strcmp(text + 19, ".000000") == 0) {
        size = 19;
    }
    fwrite(text, 1, 10, out);
    putc_unlocked('T', out);
    fwrite(text + 11, 1, size - 11, out);
    putc_unlocked('Z', out);
}

static void put_cell(char letter, const char *cell, size_t size)
{
    switch (letter) {
    case 'u':
        put_uuid(cell);
        break;
    case 's':
        put_text(cell, size);
        break;
    case 'b':
        fputs(*cell == '1' ? "true" : "false", out);
        break;
    case 't':
        put_time(cell, size);
        break;
    default:
        fwrite(cell, 1, size, out);
    }
}

static void put_row(const list_t *list, MYSQL_ROW row, const unsigned long *sizes)
{
    for (int i = 0; list->letters[i]; i++) {
        if (i > 0) {
            putc_unlocked(',', out);
        }
        if (row[i]) {
            put_cell(list->letters[i], row[i], sizes[i]);
        }
    }
    fputs("\r\n", out);
}

static unsigned long put_rows(const list_t *list)
{
    unsigned long rows = 0;
    MYSQL_RES *result;
    MYSQL_ROW row;

    if (mysql_query(mysql, list->sql) || !(result = mysql_use_result(mysql))) {
        fail(list->sql);
    }
    fputs(list->header, out);
    while ((row = mysql_fetch_row(result))) {
        put_row(list, row, mysql_fetch_lengths(result));
        rows++;
    }
    if (mysql_errno(mysql)) {
        fail("reading");
    }
    mysql_free_result(result);
    return rows;
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    if (argc != 8) {
        fprintf(stderr, "export_plain HOST PORT USER PASSWORD DATABASE customers|leads FILE\n");
        return 2;
    }
    mysql = mysql_init(NULL);
    if (!mysql_real_connect(mysql, argv[1], argv[3], argv[4], argv[5],
                            (unsigned)strtoul(argv[2], NULL, 10), NULL, 0)) {
        fail("connecting");
    }
    if (mysql_query(mysql, "SET NAMES utf8mb4 COLLATE utf8mb4_bin")) {
        fail("connecting");
    }
    out = fopen(argv[7], "w");
    if (!out || setvbuf(out, NULL, _IOFBF, BUFFER)) {
        fail(argv[7]);
    }
    double start = seconds();
    unsigned long rows = put_rows(strcmp(argv[6], "leads") == 0 ? &leads : &customers);
    if (fclose(out)) {
        fail(argv[7]);
    }
    printf("%.3f %lu\n", seconds() - start, rows + 1);
    mysql_close(mysql);
    return 0;
}
