/* entities/demo.c - believable records for a tenant to be looked at, shown and tried. */
#include <apr_strings.h>

#include "base/json.h"
#include "base/time.h"
#include "entities/demo.h"
#include "entities/registry.h"
#include "service/record.h"

#define COUNT(list) ((int)(sizeof(list) / sizeof(*(list))))
/* One in so many leads becomes a customer's. */
#define CUSTOMER_EVERY 3
#define DAY apr_time_from_sec(86400)

static const char *const first_names[] = {
    "Ada",  "Ben",  "Chen",  "Dörte", "Émile", "Fatima", "Georg",   "Hana", "Ivo",   "Jana",
    "Kofi", "Lena", "Mateo", "Nina",  "Oskar", "Priya",  "Quentin", "Rosa", "Søren", "Tomás"};
static const char *const last_names[] = {"Adler",    "Brandt", "Costa",  "Dubois",    "Eriksson",
                                         "Fischer",  "García", "Haddad", "Ivanov",    "Jensen",
                                         "Kowalski", "Lopez",  "Müller", "Nakamura",  "Okafor",
                                         "Petrov",   "Quinn",  "Rossi",  "Schneider", "Tanaka"};
static const char *const companies[] = {"Nordlicht Verlag", "Brückner Bau",   "Atelier Dubois",
                                        "Okafor Logistics", "Haddad & Sons",  "Kanal 7",
                                        "Lopez Import",     "Schneider Optik"};
static const char *const statuses[] = {
    "new", "new", "contacted", "open", "interested", "not_interested", "follow_up"};
static const char *const sources[] = {"website", "trade fair", "referral", "newsletter", "phone"};
static const char *const outcomes[] = {"scheduled_meeting", "sent_info", "ended_call",
                                       "thanked_ended", "not_contacted"};
static const char *const summaries[] = {
    "Asked for an offer for twenty seats.", "Wants to see it once more with a colleague.",
    "Is comparing with two others, decides at the end of the month.",
    "Not reached; a message was left.", "Happy with the offer, waits for the budget."};

static const struct {
    const char *name, *code, *city, *country, *zip_code;
} branches[] = {{"Head office", "HQ", "Hamburg", "Germany", "20095"},
                {"Branch South", "SOUTH", "München", "Germany", "80331"},
                {"Branch Lyon", "LYON", "Lyon", "France", "69002"}};

static const struct {
    const char *name, *code;
    int parent; /* index, -1: none */
} categories[] = {{"Hardware", "HW", -1},
                  {"Services", "SERV", -1},
                  {"Phones", "HW-PHONE", 0},
                  {"Headsets", "HW-HEAD", 0},
                  {"Training", "SERV-TRAIN", 1}};

static const struct {
    const char *name, *sku, *price;
    int category;
} products[] = {{"Desk phone D20", "D20", "89.90", 2},   {"Desk phone D40", "D40", "149.00", 2},
                {"Conference phone", "C1", "399.00", 2}, {"Headset mono", "H1", "59.00", 3},
                {"Headset stereo", "H2", "79.00", 3},    {"Workshop, one day", "W1", "1200.00", 4},
                {"Support, a month", "S1", "49.50", 1}};

/* A tenant being filled. */
typedef struct demo_t {
    const crm_accounts_t *accounts;
    const crm_account_t *admin;
    int count;
} demo_t;

/* Makes one record of BODY, which is given up. */
static crm_error_t *make(demo_t *demo, apr_pool_t *pool, const crm_entity_t *entity,
                         const crm_uuid_t *parent, json_t *body, crm_uuid_t *ret_id)
{
    const crm_records_t records = {
        .db = demo->accounts->db,
        .entity = entity,
        .author = {demo->admin->id, demo->admin->username, demo->admin->email},
        .parent = parent,
    };
    crm_values_t *values;
    crm_record_t record;

    if (!crm_json_own(pool, body)) {
        return crm_error_standard(pool, CRM_E_INTERNAL);
    }
    CRM_ERR(crm_validate(pool, entity->fields, body, 0, &values));
    CRM_ERR(crm_record_create(&records, pool, values, &record));
    if (ret_id) {
        *ret_id = record.id;
    }
    demo->count++;
    return NULL;
}

static crm_error_t *fill_catalogue(demo_t *demo, apr_pool_t *pool)
{
    crm_uuid_t ids[COUNT(categories)];

    for (int i = 0; i < COUNT(branches); i++) {
        CRM_ERR(make(demo, pool, &crm_branch_entity, NULL,
                     json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", branches[i].name, "code",
                               branches[i].code, "city", branches[i].city, "country",
                               branches[i].country, "zip_code", branches[i].zip_code, "phone",
                               "+49 40 555 0100"),
                     NULL));
    }
    for (int i = 0; i < COUNT(categories); i++) {
        int parent = categories[i].parent;
        CRM_ERR(make(demo, pool, &crm_category_entity, NULL,
                     json_pack("{s:s, s:s, s:s*}", "name", categories[i].name, "code",
                               categories[i].code, "parent",
                               parent < 0 ? NULL : crm_uuid_text(pool, &ids[parent])),
                     &ids[i]));
    }
    for (int i = 0; i < COUNT(products); i++) {
        CRM_ERR(make(demo, pool, &crm_product_entity, NULL,
                     json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", products[i].name, "sku",
                               products[i].sku, "price", products[i].price, "currency", "EUR",
                               "category", crm_uuid_text(pool, &ids[products[i].category])),
                     NULL));
    }
    return NULL;
}

static const char *person(apr_pool_t *pool, int number)
{
    return apr_pstrcat(pool, first_names[number % COUNT(first_names)], " ",
                       last_names[(number * 7 + number / COUNT(first_names)) % COUNT(last_names)],
                       NULL);
}

static crm_error_t *fill_customer(demo_t *demo, apr_pool_t *pool, int number, crm_uuid_t *ret_id)
{
    const char *name = person(pool, number);

    return make(demo, pool, &crm_customer_entity, NULL,
                json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", name, "email",
                          apr_psprintf(pool, "contact%d@example.com", number), "phone",
                          apr_psprintf(pool, "+49 30 555 %04d", number), "company",
                          companies[number % COUNT(companies)], "city",
                          branches[number % COUNT(branches)].city, "country",
                          branches[number % COUNT(branches)].country),
                ret_id);
}

/* A lead, in one of three cases of a customer of his own, and the calls with him. */
static crm_error_t *fill_lead(demo_t *demo, apr_pool_t *pool, int number)
{
    crm_uuid_t customer, lead;
    int has_customer = number % CUSTOMER_EVERY == 0;

    if (has_customer) {
        CRM_ERR(fill_customer(demo, pool, number, &customer));
    }
    CRM_ERR(make(demo, pool, &crm_lead_entity, NULL,
                 json_pack("{s:s, s:s, s:s, s:s, s:s, s:s*}", "name", person(pool, number), "email",
                           apr_psprintf(pool, "contact%d@example.com", number), "phone",
                           apr_psprintf(pool, "+49 30 555 %04d", number), "status",
                           statuses[number % COUNT(statuses)], "source",
                           sources[number * 3 % COUNT(sources)], "customer",
                           has_customer ? crm_uuid_text(pool, &customer) : NULL),
                 &lead));
    for (int call = 0; call < number % 4; call++) {
        apr_time_t time = apr_time_now() - (apr_time_t)(number % 60 + 7 * call) * DAY;
        CRM_ERR(make(demo, pool, &crm_call_summary_entity, &lead,
                     json_pack("{s:s, s:s, s:s}", "summary",
                               summaries[(number + call) % COUNT(summaries)], "call_time",
                               crm_time_iso(pool, time), "call_outcome",
                               outcomes[(number + call) % COUNT(outcomes)]),
                     NULL));
    }
    return NULL;
}

crm_error_t *crm_demo_fill(const crm_accounts_t *accounts, apr_pool_t *pool,
                           const crm_account_t *admin, int leads, int *ret_count)
{
    demo_t demo = {.accounts = accounts, .admin = admin};
    apr_pool_t *turn;

    apr_pool_create(&turn, pool);
    crm_error_t *error = fill_catalogue(&demo, turn);
    for (int i = 0; i < leads && !error; i++) {
        apr_pool_clear(turn);
        error = fill_lead(&demo, turn, i);
    }
    *ret_count = demo.count;
    return error; /* in TURN, which ends with POOL */
}
