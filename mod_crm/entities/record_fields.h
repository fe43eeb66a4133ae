/* entities/record_fields.h - fields that every record has, and sets of flags that many fields
 * share.
 */
#ifndef CRM_ENTITIES_RECORD_FIELDS_H
#define CRM_ENTITIES_RECORD_FIELDS_H

#include "model/entity.h"

/* May be left out, null or blank. */
#define CRM_OPTIONAL (CRM_F_NULL | CRM_F_BLANK)

/* Text that search= finds, filters compare and orders sort; that filters compare; by which the
 * records can be told apart. */
#define CRM_FOUND (CRM_F_SEARCHABLE | CRM_F_FILTERABLE | CRM_F_SORTABLE | CRM_F_FOLDED)
#define CRM_FOUND_UNSORTED (CRM_F_SEARCHABLE | CRM_F_FILTERABLE | CRM_F_FOLDED)

#define CRM_FIELD_ID                                                                               \
    {                                                                                              \
        .name = "id", .column = "id", .type = CRM_T_UUID,                                          \
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE, .label = "ID",                                \
        .help = "Identifies the record."                                                           \
    }
#define CRM_FIELD_IS_ACTIVE                                                                        \
    {                                                                                              \
        .name = "is_active", .column = "is_active", .type = CRM_T_BOOLEAN,                         \
        .flags = CRM_F_FILTERABLE, .preset = "true", .label = "Active",                            \
        .help = "Whether the record is in use; one that is not stays listed.",                     \
        .aliases = (const char *const[])                                                           \
        {                                                                                          \
            "active", NULL                                                                         \
        }                                                                                          \
    }
#define CRM_FIELD_NOTES                                                                            \
    {                                                                                              \
        .name = "notes", .column = "notes", .type = CRM_T_LONGTEXT, .flags = CRM_OPTIONAL,         \
        .help = "Whatever else is worth knowing.", .aliases = (const char *const[])                \
        {                                                                                          \
            "note", "description", NULL                                                            \
        }                                                                                          \
    }
#define CRM_FIELD_CREATED_BY                                                                       \
    {                                                                                              \
        .name = "created_by", .column = "created_by", .type = CRM_T_INTEGER,                       \
        .flags = CRM_F_READ_ONLY | CRM_F_NULL | CRM_F_FILTERABLE,                                  \
        .help = "The id of the user who created it; null when that was no user of the tenant."     \
    }
#define CRM_FIELD_TIMES                                                                            \
    {                                                                                              \
        .name = "created_at",                                                                      \
        .column = "created_at",                                                                    \
        .type = CRM_T_TIME,                                                                        \
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE | CRM_F_SORTABLE,                              \
        .label = "Created",                                                                        \
        .help = "When it was created.",                                                            \
    },                                                                                             \
    {                                                                                              \
        .name = "updated_at", .column = "updated_at", .type = CRM_T_TIME,                          \
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE | CRM_F_SORTABLE, .label = "Updated",          \
        .help = "When it was last changed."                                                        \
    }

/* What an object in a record or a view consists of: its fields, and them as an entity. */
#define CRM_PARTS(part, part_label, ...)                                                           \
    static const crm_field_t part##_fields[] = {__VA_ARGS__, {.name = NULL}};                      \
    static const crm_entity_t part##_entity = {                                                    \
        .name = #part, .label = part_label, .fields = part##_fields}

/* Columns of imported files that stand for a name, an e-mail address, a telephone number. */
#define CRM_ALIASES_NAME                                                                           \
    (const char *const[])                                                                          \
    {                                                                                              \
        "full_name", "customer_name", "lead_name", "title", NULL                                   \
    }
#define CRM_ALIASES_EMAIL                                                                          \
    (const char *const[])                                                                          \
    {                                                                                              \
        "e-mail", NULL                                                                             \
    }
#define CRM_ALIASES_PHONE                                                                          \
    (const char *const[])                                                                          \
    {                                                                                              \
        "mobile", "contact_number", NULL                                                           \
    }
#define CRM_ALIASES_ADDRESS                                                                        \
    (const char *const[])                                                                          \
    {                                                                                              \
        "street", NULL                                                                             \
    }
#define CRM_ALIASES_STATE                                                                          \
    (const char *const[])                                                                          \
    {                                                                                              \
        "province", NULL                                                                           \
    }
#define CRM_ALIASES_ZIP_CODE                                                                       \
    (const char *const[])                                                                          \
    {                                                                                              \
        "zipcode", "postal_code", NULL                                                             \
    }

/* A place, as customers and branches have it. */
#define CRM_FIELD_ADDRESS                                                                          \
    {                                                                                              \
        .name = "address", .column = "address", .type = CRM_T_LONGTEXT, .flags = CRM_OPTIONAL,     \
        .help = "Street and number.", .aliases = CRM_ALIASES_ADDRESS,                              \
        .example = "Unter den Linden 5"                                                            \
    }
#define CRM_FIELD_CITY                                                                             \
    {                                                                                              \
        .name = "city", .column = "city", .type = CRM_T_TEXT,                                      \
        .flags = CRM_OPTIONAL | CRM_FOUND_UNSORTED, .max_length = 120, .help = "The city.",        \
        .example = "Berlin"                                                                        \
    }
#define CRM_FIELD_STATE                                                                            \
    {                                                                                              \
        .name = "state", .column = "state", .type = CRM_T_TEXT,                                    \
        .flags = CRM_OPTIONAL | CRM_FOUND_UNSORTED, .max_length = 120,                             \
        .help = "The state or province.", .aliases = CRM_ALIASES_STATE, .example = "Berlin"        \
    }
#define CRM_FIELD_COUNTRY                                                                          \
    {                                                                                              \
        .name = "country", .column = "country", .type = CRM_T_TEXT,                                \
        .flags = CRM_OPTIONAL | CRM_FOUND_UNSORTED, .max_length = 120, .help = "The country.",     \
        .example = "Germany"                                                                       \
    }
#define CRM_FIELD_ZIP_CODE                                                                         \
    {                                                                                              \
        .name = "zip_code", .column = "zip_code", .type = CRM_T_TEXT,                              \
        .flags = CRM_OPTIONAL | CRM_F_FILTERABLE | CRM_F_FOLDED, .max_length = 20,                 \
        .label = "ZIP code", .help = "The postal code.", .aliases = CRM_ALIASES_ZIP_CODE,          \
        .example = "10117"                                                                         \
    }

#endif
