/* entities/customer.c - a customer: a person or company that leads belong to. */
#include <string.h>

#include <apr_strings.h>

#include "entities/record_fields.h"
#include "entities/registry.h"
#include "service/record_write.h"

static const crm_choice_t lead_statuses[] = {
    {"ATTEMPTED_TO_CONTACT", "Attempted to contact"},
    {"INTERESTED", "Interested"},
    {"NEW", "New"},
    {"NOT_CONTACTED", "Not contacted"},
    {NULL, NULL},
};

/* A lead of the customer that is there, and one that is active and has a status. */
#define A_LEAD "EXISTS (SELECT 1 FROM `lead` l WHERE l.customer = r.id AND l.deleted_at IS NULL"
#define ACTIVE(status) A_LEAD " AND l.is_active = 1 AND l.status = '" status "')"

/* A number, not EXISTS, for which MariaDB would read all leads at once. */
#define NO_LEAD_WITH_PHONE                                                                         \
    "(SELECT COUNT(*) FROM `lead` l WHERE l.customer = r.id AND l.deleted_at IS NULL AND "         \
    "l.phone <> '') = 0"

#define LEAD_STATUS                                                                                \
    "CASE WHEN " ACTIVE("follow_up") " THEN 'ATTEMPTED_TO_CONTACT' WHEN " ACTIVE(                  \
        "interested") " THEN 'INTERESTED' WHEN " ACTIVE("new") " THEN 'NEW' WHEN NOT " A_LEAD      \
                                                               ") THEN 'NOT_CONTACTED' END"
#define LAST_CALL_TIME                                                                             \
    "(SELECT MAX(s.call_time) FROM `lead` l JOIN call_summary s ON s.`lead` = l.id WHERE "         \
    "l.customer = r.id AND l.deleted_at IS NULL AND s.deleted_at IS NULL)"

static const crm_field_t fields[] = {
    CRM_FIELD_ID,
    {
        .name = "name",
        .column = "name",
        .type = CRM_T_TEXT,
        .flags = CRM_F_REQUIRED | CRM_FOUND,
        .max_length = 255,
        .help = "The customer's name.",
        .example = "Ada Lovelace",
        .aliases = CRM_ALIASES_NAME,
    },
    {
        .name = "email",
        .column = "email",
        .type = CRM_T_EMAIL,
        .flags = CRM_F_REQUIRED | CRM_FOUND | CRM_F_UNIQUE,
        .label = "E-mail",
        .help = "The e-mail address, unique in the tenant without regard to case.",
        .aliases = CRM_ALIASES_EMAIL,
    },
    {
        .name = "phone",
        .column = "phone",
        .type = CRM_T_PHONE,
        .flags = CRM_F_REQUIRED | CRM_FOUND_UNSORTED,
        .max_length = 50,
        .help = "The telephone number.",
        .aliases = CRM_ALIASES_PHONE,
    },
    {
        .name = "company",
        .column = "company",
        .type = CRM_T_TEXT,
        .flags = CRM_OPTIONAL | CRM_FOUND,
        .max_length = 255,
        .help = "The company the customer works for, or is.",
        .example = "Analytical Engines Ltd",
        .aliases = (const char *const[]){"organization", NULL},
    },
    CRM_FIELD_ADDRESS,
    CRM_FIELD_CITY,
    CRM_FIELD_STATE,
    CRM_FIELD_COUNTRY,
    CRM_FIELD_ZIP_CODE,
    CRM_FIELD_IS_ACTIVE,
    {
        .name = "is_lead_created",
        .type = CRM_T_BOOLEAN,
        .flags = CRM_F_READ_ONLY,
        .label = "Has a lead",
        .help = "Whether the customer has a lead.",
        .expression = A_LEAD ")",
    },
    {
        .name = "last_call_time",
        .type = CRM_T_TIME,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .label = "Last call",
        .help = "When the customer's leads were called last.",
        .expression = LAST_CALL_TIME,
    },
    {
        .name = "lead_status",
        .type = CRM_T_CHOICE,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .choices = lead_statuses,
        .help = "Where the customer stands, by his active leads; null where they say nothing.",
        .expression = LEAD_STATUS,
    },
    CRM_FIELD_CREATED_BY,
    CRM_FIELD_TIMES,
    {.name = NULL},
};

/* ---- import: the name of somebody who has none is what stands before the @ ---- */

static void complete(crm_write_t *write)
{
    const char *email = crm_write_text(write, "email"), *name = crm_write_text(write, "name");
    const char *at = email ? strchr(email, '@') : NULL;

    if (at && !(name && *name)) {
        crm_write_set(write, "name",
                      crm_text(apr_pstrmemdup(write->pool, email, (apr_size_t)(at - email))));
    }
}

static const crm_import_t import = {
    .needs = "email",
    .needs_message = "Email is required",
    .key = "email",
    .complete = complete,
};

/* ---- by lead status, in the shape that a well-known CRM's contacts have ---- */

CRM_PARTS(customer_contact, "Contact",
          {.name = "phone", .type = CRM_T_PHONE, .help = "The telephone number."},
          {.name = "firstname", .type = CRM_T_TEXT, .help = "The first word of the name."},
          {.name = "lastname", .type = CRM_T_TEXT, .help = "The rest of the name."},
          {.name = "email", .type = CRM_T_EMAIL, .help = "The e-mail address."},
          {.name = "hs_lead_status",
           .type = CRM_T_CHOICE,
           .flags = CRM_F_NULL,
           .choices = lead_statuses,
           .help = "Where the customer stands."});

CRM_PARTS(customer_company, "Company",
          {.name = "name", .type = CRM_T_TEXT, .flags = CRM_F_NULL, .help = "Its name."});

CRM_PARTS(customer_by_lead_status, "Customer by lead status",
          {.name = "id", .type = CRM_T_UUID, .help = "Identifies the customer."},
          {.name = "properties", .type = CRM_T_OBJECT, .object = &customer_contact_entity},
          {.name = "company", .type = CRM_T_OBJECT, .object = &customer_company_entity},
          {.name = "is_lead_created", .type = CRM_T_BOOLEAN, .help = "Whether he has a lead."},
          {.name = "last_call_time",
           .type = CRM_T_TIME,
           .flags = CRM_F_NULL,
           .help = "When the customer's leads were called last."});

/* The first word of a name is the first name, the rest the last name; new reference. */
static json_t *by_lead_status(const json_t *record)
{
    const char *name = json_string_value(json_object_get(record, "name"));
    size_t first = name ? strcspn(name, " ") : 0;
    const char *last = name ? name + first + strspn(name + first, " ") : "";

    return json_pack("{sO s{sO ss# ss sO sO} s{sO} sO sO}", "id", json_object_get(record, "id"),
                     "properties", "phone", json_object_get(record, "phone"), "firstname",
                     name ? name : "", (int)first, "lastname", last, "email",
                     json_object_get(record, "email"), "hs_lead_status",
                     json_object_get(record, "lead_status"), "company", "name",
                     json_object_get(record, "company"), "is_lead_created",
                     json_object_get(record, "is_lead_created"), "last_call_time",
                     json_object_get(record, "last_call_time"));
}

static const crm_view_t views[] = {
    {
        .name = "by-lead-status",
        .summary = "Customers that can be called, with where they stand.",
        .result = &customer_by_lead_status_entity,
        .without = "(r.phone_key IS NULL OR r.phone_key = '') AND " NO_LEAD_WITH_PHONE,
        .shape = by_lead_status,
    },
    {.name = NULL},
};

const crm_entity_t crm_customer_entity = {
    .name = "customer",
    .plural = "customers",
    .label = "Customer",
    .table = "customer",
    .fields = fields,
    .id = "id",
    .order = "-created_at",
    .path = "customers",
    .app_label = "customer",
    .model = "customer",
    .search_table = "customer_search",
    .help = "Persons and companies that leads belong to.",
    .import = &import,
    .views = views,
};
