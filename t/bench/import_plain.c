/* t/bench/import_plain.c - inserts rows as an import does, by libmariadb alone: what to compare
 * with.
 *
 *   import_plain HOST PORT USER PASSWORD DATABASE customers|leads ROWS FIRST
 *
 * The database is a tenant's. For each row it writes what mod_crm writes: the record with its
 * folded twins, its line in the table of search, its row in the change log; the count once a
 * transaction. Statements are prepared and have 100 rows, a transaction has 500. Nothing is read,
 * parsed or checked; a lead's customer is one of those that are there. Prints the seconds that it
 * took.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mysql.h>

#define ROWS 100        /* of a statement */
#define TRANSACTION 500 /* rows */
#define MOST_COLUMNS 32
#define TEXT 1024

typedef struct table_t {
    const char *name, *columns;
    int count; /* of columns */
    MYSQL_STMT *statement;
    MYSQL_BIND bind[ROWS * MOST_COLUMNS];
    char text[ROWS * MOST_COLUMNS][TEXT];
    unsigned long size[ROWS * MOST_COLUMNS];
    int used; /* values so far */
} table_t;

static table_t customer = {
    .name = "customer",
    .columns = "id, name, name_key, email, email_key, email_unique, phone, phone_key, company, "
               "company_key, address, city, city_key, state, state_key, country, country_key, "
               "zip_code, zip_code_key, is_active, created_by, created_at, updated_at, version",
    .count = 24,
};
static table_t customer_search = {
    .name = "customer_search", .columns = "created_at, id, text", .count = 3};
static table_t lead = {
    .name = "lead",
    .columns =
        "id, name, name_key, email, email_key, phone, phone_key, status, source, "
        "source_key, notes, customer, is_active, created_by, created_at, updated_at, version",
    .count = 17,
};
static table_t lead_search = {
    .name = "lead_search", .columns = "created_at, id, customer, text", .count = 4};
static table_t change_log = {
    .name = "change_log",
    .columns = "id, entity, record_id, action, changes, notes, changed_by, changed_by_username, "
               "changed_by_email, created_at",
    .count = 10,
};

static MYSQL *mysql;

static void fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, mysql_error(mysql));
    exit(1);
}

static void run(const char *sql)
{
    if (mysql_query(mysql, sql)) {
        fail(sql);
    }
}

static void prepare(table_t *table)
{
    static char sql[ROWS * MOST_COLUMNS * 3 + 1024];
    char *at = sql;

    at += sprintf(at, "INSERT INTO `%s` (%s) VALUES ", table->name, table->columns);
    for (int row = 0; row < ROWS; row++) {
        at += sprintf(at, row ? ",(?" : "(?");
        for (int column = 1; column < table->count; column++) {
            at += sprintf(at, ",?");
        }
        at += sprintf(at, ")");
    }
    table->statement = mysql_stmt_init(mysql);
    if (mysql_stmt_prepare(table->statement, sql, strlen(sql))) {
        fail(mysql_stmt_error(table->statement));
    }
    for (int i = 0; i < ROWS * table->count; i++) {
        table->bind[i].buffer_type = MYSQL_TYPE_STRING;
        table->bind[i].buffer = table->text[i];
        table->bind[i].length = &table->size[i];
    }
}

static void add(table_t *table, const void *bytes, size_t size)
{
    memcpy(table->text[table->used], bytes, size);
    table->size[table->used++] = size;
    if (table->used == ROWS * table->count) {
        if (mysql_stmt_bind_param(table->statement, table->bind) ||
            mysql_stmt_execute(table->statement)) {
            fail(mysql_stmt_error(table->statement));
        }
        table->used = 0;
    }
}

static void add_text(table_t *table, const char *text)
{
    add(table, text, strlen(text));
}

/* A text and its folded twin. */
static void add_both(table_t *table, const char *text)
{
    char key[TEXT];
    size_t size = strlen(text);

    for (size_t i = 0; i <= size; i++) {
        key[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
    }
    add(table, text, size);
    add(table, key, size);
}

/* A UUID of version 7 that counts up. */
static void make_id(unsigned char *id, unsigned long kind, unsigned long number)
{
    unsigned long long now = (unsigned long long)time(NULL) * 1000;

    for (int i = 0; i < 6; i++) {
        id[i] = (unsigned char)(now >> (40 - 8 * i));
    }
    for (int i = 0; i < 8; i++) {
        id[6 + i] = (unsigned char)(number >> (56 - 8 * i));
    }
    id[6] = 0x70;
    id[14] = (unsigned char)kind;
    id[15] = (unsigned char)rand();
}

static const char *now_text(unsigned long number)
{
    static char text[64];
    time_t now = time(NULL);
    size_t size = strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", gmtime(&now));

    sprintf(text + size, ".%06lu", number % 1000000);
    return text;
}

static void add_log(const char *entity, const unsigned char *id, unsigned long number,
                    const char *changes)
{
    unsigned char own[16];

    make_id(own, 2, number);
    add(&change_log, own, sizeof(own));
    add_text(&change_log, entity);
    add(&change_log, id, 16);
    add_text(&change_log, "created");
    add_text(&change_log, changes);
    add_text(&change_log, "Imported.");
    add_text(&change_log, "1");
    add_text(&change_log, "somebody");
    add_text(&change_log, "somebody@example.com");
    add_text(&change_log, now_text(number));
}

static void add_end(table_t *table, unsigned long number)
{
    add_text(table, "1");
    add_text(table, "1");
    add_text(table, now_text(number));
    add_text(table, now_text(number));
    add_text(table, "1");
}

static void add_customer(unsigned long n)
{
    unsigned char id[16];
    char name[64], email[64], phone[64], company[64], address[64], city[64], state[64], zip[64];
    char text[TEXT];

    make_id(id, 1, n);
    sprintf(name, "Customer Number %lu", n);
    sprintf(email, "customer%lu@example.com", n);
    sprintf(phone, "+49 30 %lu", n);
    sprintf(company, "Company %lu", n % 5000);
    sprintf(address, "Street %lu", n);
    sprintf(city, "City %lu", n % 300);
    sprintf(state, "State %lu", n % 16);
    sprintf(zip, "%lu", 10000 + n % 80000);
    add(&customer, id, sizeof(id));
    add_both(&customer, name);
    add_both(&customer, email);
    add_text(&customer, email);
    add_both(&customer, phone);
    add_both(&customer, company);
    add_text(&customer, address);
    add_both(&customer, city);
    add_both(&customer, state);
    add_both(&customer, "Germany");
    add_both(&customer, zip);
    add_end(&customer, n);
    snprintf(text, sizeof(text),
             "customer number %lu\n%s\n%s\ncompany %lu\ncity %lu\nstate %lu\ngermany", n, email,
             phone, n % 5000, n % 300, n % 16);
    add_text(&customer_search, now_text(n));
    add(&customer_search, id, sizeof(id));
    add_text(&customer_search, text);
    snprintf(
        text, sizeof(text),
        "{\"name\":{\"old\":null,\"new\":\"%s\"},\"email\":{\"old\":null,\"new\":\"%s\"},"
        "\"phone\":{\"old\":null,\"new\":\"%s\"},\"company\":{\"old\":null,\"new\":\"%s\"},"
        "\"address\":{\"old\":null,\"new\":\"%s\"},\"city\":{\"old\":null,\"new\":\"%s\"},"
        "\"state\":{\"old\":null,\"new\":\"%s\"},\"country\":{\"old\":null,\"new\":\"Germany\"},"
        "\"zip_code\":{\"old\":null,\"new\":\"%s\"},\"is_active\":{\"old\":null,\"new\":true}}",
        name, email, phone, company, address, city, state, zip);
    add_log("customer", id, n, text);
}

static const char *const statuses[] = {"new", "contacted", "open", "interested"};

static void add_lead(unsigned long n, const unsigned char *of)
{
    unsigned char id[16];
    char name[64], email[64], phone[64], notes[64], text[TEXT];

    make_id(id, 3, n);
    sprintf(name, "Lead Number %lu", n);
    sprintf(email, "customer%lu@example.com", n);
    sprintf(phone, "+49 40 %lu", n);
    sprintf(notes, "Note of lead %lu", n);
    add(&lead, id, sizeof(id));
    add_both(&lead, name);
    add_both(&lead, email);
    add_both(&lead, phone);
    add_text(&lead, statuses[n % 4]);
    add_both(&lead, "web");
    add_text(&lead, notes);
    add(&lead, of, 16);
    add_end(&lead, n);
    snprintf(text, sizeof(text), "lead number %lu\n%s\n%s\n%s", n, email, phone, statuses[n % 4]);
    add_text(&lead_search, now_text(n));
    add(&lead_search, id, sizeof(id));
    add(&lead_search, of, 16);
    add_text(&lead_search, text);
    snprintf(text, sizeof(text),
             "{\"name\":{\"old\":null,\"new\":\"%s\"},\"email\":{\"old\":null,\"new\":\"%s\"},"
             "\"phone\":{\"old\":null,\"new\":\"%s\"},\"status\":{\"old\":null,\"new\":\"%s\"},"
             "\"source\":{\"old\":null,\"new\":\"web\"},\"notes\":{\"old\":null,\"new\":\"%s\"},"
             "\"customer\":{\"old\":null,\"new\":\"01a2159f-c588-7a9b-bc67-3e225b303202\"},"
             "\"is_active\":{\"old\":null,\"new\":true}}",
             name, email, phone, statuses[n % 4], notes);
    add_log("lead", id, n, text);
}

/* The ids of COUNT customers, one after the other. */
static unsigned char *read_customers(unsigned long count)
{
    unsigned char *ids = malloc(16 * count);
    unsigned long rows = 0;
    MYSQL_RES *result;
    MYSQL_ROW row;
    char sql[128];

    sprintf(sql, "SELECT id FROM customer ORDER BY created_at LIMIT %lu", count);
    run(sql);
    result = mysql_store_result(mysql);
    while (ids && result && (row = mysql_fetch_row(result))) {
        memcpy(ids + 16 * rows++, row[0], 16);
    }
    if (!result || rows < count) {
        fail("there are too few customers");
    }
    mysql_free_result(result);
    return ids;
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void insert(int is_leads, unsigned long rows, unsigned long first)
{
    unsigned char *ids = is_leads ? read_customers(rows) : NULL;
    char count[256];
    double start = seconds();

    sprintf(
        count,
        "INSERT INTO record_count (entity, slot, records) VALUES ('%s', 1, %d) ON DUPLICATE KEY "
        "UPDATE records = records + VALUES(records)",
        is_leads ? "lead" : "customer", TRANSACTION);
    for (unsigned long i = 0; i < rows; i++) {
        if (i % TRANSACTION == 0) {
            run("START TRANSACTION");
        }
        if (is_leads) {
            add_lead(first + i, ids + 16 * i);
        } else {
            add_customer(first + i);
        }
        if (i % TRANSACTION == TRANSACTION - 1) {
            run(count);
            run("COMMIT");
        }
    }
    printf("%.3f\n", seconds() - start);
    free(ids);
}

int main(int argc, char **argv)
{
    if (argc != 9 || strtoul(argv[7], NULL, 10) % TRANSACTION) {
        fprintf(stderr,
                "import_plain HOST PORT USER PASSWORD DATABASE customers|leads ROWS FIRST\n");
        return 2;
    }
    int is_leads = strcmp(argv[6], "leads") == 0;
    mysql = mysql_init(NULL);
    if (!mysql_real_connect(mysql, argv[1], argv[3], argv[4], argv[5],
                            (unsigned)strtoul(argv[2], NULL, 10), NULL, 0)) {
        fail("connecting");
    }
    run("SET NAMES utf8mb4 COLLATE utf8mb4_bin");
    prepare(is_leads ? &lead : &customer);
    prepare(is_leads ? &lead_search : &customer_search);
    prepare(&change_log);
    insert(is_leads, strtoul(argv[7], NULL, 10), strtoul(argv[8], NULL, 10));
    mysql_close(mysql);
    return 0;
}
