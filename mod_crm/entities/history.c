/* entities/history.c - History as the API shows it: in a list, one record whole, statistics. */
#include <stddef.h>

#include "entities/entities.h"
#include "model/query.h"

#define ID                                                                                         \
    {                                                                                              \
        .name = "id", .column = "id", .type = CRM_T_UUID,                                          \
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE | CRM_F_SORTABLE,                              \
        .help = "Identifies the record."                                                           \
    }
#define METHOD                                                                                     \
    {                                                                                              \
        .name = "method", .column = "method", .type = CRM_T_TEXT,                                  \
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE, .max_length = 10,                             \
        .help = "The request's method.", .example = "GET"                                          \
    }
#define ENDPOINT                                                                                   \
    {                                                                                              \
        .name = "endpoint", .column = "endpoint", .type = CRM_T_TEXT,                              \
        .flags = CRM_F_READ_ONLY | CRM_F_SEARCHABLE | CRM_F_FOLDED, .max_length = 1000,            \
        .help = "The request's path, without its query.", .example = "/api/auth/profile/"          \
    }
#define RESPONSE_STATUS                                                                            \
    {                                                                                              \
        .name = "response_status", .column = "response_status", .type = CRM_T_INTEGER,             \
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE | CRM_F_SORTABLE,                              \
        .help = "The status of the answer.", .example = "200"                                      \
    }
#define IP_ADDRESS                                                                                 \
    {                                                                                              \
        .name = "ip_address", .column = "ip_address", .type = CRM_T_TEXT,                          \
        .flags = CRM_F_READ_ONLY | CRM_F_NULL, .max_length = 45, .help = "The client's address.",  \
        .example = "192.0.2.7"                                                                     \
    }
#define EXECUTION_TIME                                                                             \
    {                                                                                              \
        .name = "execution_time", .column = "execution_time", .type = CRM_T_REAL,                  \
        .flags = CRM_F_READ_ONLY | CRM_F_SORTABLE, .help = "How long it took, in seconds.",        \
        .example = "0.004512"                                                                      \
    }
#define ERROR_MESSAGE                                                                              \
    {                                                                                              \
        .name = "error_message", .column = "error_message", .type = CRM_T_LONGTEXT,                \
        .flags = CRM_F_READ_ONLY | CRM_F_NULL, .help = "What was wrong; null where nothing was.",  \
        .example = "Not found."                                                                    \
    }
#define CREATED_AT                                                                                 \
    {                                                                                              \
        .name = "created_at", .column = "created_at", .type = CRM_T_TIME,                          \
        .flags = CRM_F_READ_ONLY | CRM_F_FILTERABLE | CRM_F_SORTABLE,                              \
        .help = "When the request came."                                                           \
    }

static const crm_field_t list_fields[] = {
    ID,
    {
        .name = "user",
        .column = "user_id",
        .type = CRM_T_INTEGER,
        .flags = CRM_F_WRITE_ONLY | CRM_F_FILTERABLE | CRM_F_NULL,
        .help = "The id of the account that called.",
    },
    {
        .name = "user_username",
        .column = "username",
        .type = CRM_T_TEXT,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL | CRM_F_SEARCHABLE | CRM_F_FOLDED,
        .max_length = 150,
        .help = "The user name of the account that called; null for nobody.",
        .example = "ada",
    },
    {
        .name = "tenant_name",
        .type = CRM_T_TEXT,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .help = "The tenant that the request was about; null for none.",
        .example = "Acme Corp",
    },
    METHOD,
    ENDPOINT,
    RESPONSE_STATUS,
    IP_ADDRESS,
    EXECUTION_TIME,
    ERROR_MESSAGE,
    CREATED_AT,
    {.name = NULL},
};

/* Methods that the roll-up tells apart (service/rollup.c). */
static const char *const methods[] = {"GET",  "POST",    "PUT",   "PATCH",   "DELETE",
                                      "HEAD", "OPTIONS", "TRACE", "CONNECT", NULL};

static const crm_tally_column_t tally_columns[] = {
    {
        .field = "user",
        .column = "user_id",
        .operators = CRM_OP_EQ | CRM_OP_IN,
        .is_owner = 1,
    },
    {
        .field = "method",
        .column = "method",
        .operators = CRM_OP_EQ | CRM_OP_IN,
        .values = methods,
    },
    {
        .field = "response_status",
        .column = "status",
        .operators = CRM_OP_EQ | CRM_OP_IN | CRM_OP_GTE | CRM_OP_LTE | CRM_OP_GT | CRM_OP_LT,
    },
    {.field = NULL},
};

static const crm_tally_t tally = {
    .table = "history_rollup",
    .sum = "requests",
    .of_all = "r.period = 'a' AND r.user_id = 0",
    .of_one = "r.period = 'a' AND r.user_id <> 0",
    .columns = tally_columns,
};

/* Those that are write-only here are read to find the account. */
static const crm_field_t record_fields[] = {
    ID,
    {
        .name = "user_id",
        .column = "user_id",
        .type = CRM_T_INTEGER,
        .flags = CRM_F_WRITE_ONLY | CRM_F_NULL,
        .help = "The account that called, of the database that holds the record.",
    },
    {
        .name = "platform_user_id",
        .column = "platform_user_id",
        .type = CRM_T_INTEGER,
        .flags = CRM_F_WRITE_ONLY | CRM_F_NULL,
        .help = "The superuser who called and acted in the tenant.",
    },
    {
        .name = "user",
        .type = CRM_T_OBJECT,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .object = &crm_account_entity,
        .help = "The account that called; null for nobody, and when it is no longer there.",
    },
    {
        .name = "tenant",
        .type = CRM_T_OBJECT,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .object = &crm_tenant_entity,
        .help = "The tenant that the request was about; null for none.",
    },
    METHOD,
    ENDPOINT,
    {
        .name = "request_data",
        .column = "request_data",
        .type = CRM_T_JSON,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .help = "The request's query and body, without secrets.",
    },
    RESPONSE_STATUS,
    {
        .name = "response_data",
        .column = "response_data",
        .type = CRM_T_JSON,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .help = "The answer, without secrets.",
        .example = "{\"message\": \"Logout successful\"}",
    },
    IP_ADDRESS,
    {
        .name = "user_agent",
        .column = "user_agent",
        .type = CRM_T_LONGTEXT,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .help = "What the client calls itself.",
        .example = "curl/8.14.1",
    },
    EXECUTION_TIME,
    ERROR_MESSAGE,
    {
        .name = "request_id",
        .column = "request_id",
        .type = CRM_T_TEXT,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .max_length = 200,
        .help = "The X-Request-Id of request and answer.",
        .example = "019c1314-1d40-7c52-9d2e-5f8a0f3c6b1e",
    },
    CREATED_AT,
    {
        .name = "updated_at",
        .column = "updated_at",
        .type = CRM_T_TIME,
        .flags = CRM_F_READ_ONLY,
        .help = "When the record was last changed.",
    },
    {.name = NULL},
};

#define FIGURE(figure, kind, text)                                                                 \
    {                                                                                              \
        .name = figure, .type = kind, .flags = CRM_F_READ_ONLY, .help = text                       \
    }
#define COUNTS(figure, shown, text)                                                                \
    {                                                                                              \
        .name = figure, .type = CRM_T_OBJECT, .flags = CRM_F_READ_ONLY, .help = text,              \
        .shape = CRM_SHAPE_COUNTS, .example = shown                                                \
    }
#define LIST(figure, entity, text)                                                                 \
    {                                                                                              \
        .name = figure, .type = CRM_T_OBJECT, .flags = CRM_F_READ_ONLY, .help = text,              \
        .shape = CRM_SHAPE_LIST, .object = &entity                                                 \
    }

static const crm_field_t endpoint_fields[] = {
    {.name = "endpoint",
     .type = CRM_T_TEXT,
     .help = "A route's pattern.",
     .example = "/api/auth/tenants/{id}/"},
    {.name = "method", .type = CRM_T_TEXT, .help = "The request's method.", .example = "GET"},
    {.name = "response_status",
     .type = CRM_T_INTEGER,
     .help = "The status of the answer.",
     .example = "200"},
    FIGURE("count", CRM_T_INTEGER, "How many requests there were."),
    {.name = NULL},
};

static const crm_entity_t endpoint_entity = {
    .name = "history_endpoint",
    .label = "Endpoint",
    .fields = endpoint_fields,
};

static const crm_field_t day_fields[] = {
    FIGURE("date", CRM_T_DATE, "The day, UTC."),
    FIGURE("count", CRM_T_INTEGER, "How many requests there were."),
    {.name = NULL},
};

static const crm_entity_t day_entity = {
    .name = "history_day",
    .label = "Day",
    .fields = day_fields,
};

static const crm_field_t statistics_fields[] = {
    FIGURE("total_requests", CRM_T_INTEGER, "How many requests there were."),
    COUNTS("requests_by_method", "{\"GET\": 1}", "How many by method."),
    COUNTS("requests_by_status", "{\"200\": 1}", "How many by status."),
    FIGURE("average_execution_time", CRM_T_REAL, "In seconds; 0 without requests."),
    FIGURE("p50_execution_time", CRM_T_REAL, "What half of them did not exceed, within 10%."),
    FIGURE("p95_execution_time", CRM_T_REAL, "What 95% of them did not exceed, within 10%."),
    FIGURE("p99_execution_time", CRM_T_REAL, "What 99% of them did not exceed, within 10%."),
    LIST("most_used_endpoints", endpoint_entity,
         "The ten most used: endpoint (a route pattern), method, response_status, count."),
    FIGURE("error_rate", CRM_T_REAL, "The share of answers with status 400 and above."),
    FIGURE("active_users", CRM_T_INTEGER, "How many accounts called."),
    FIGURE("requests_today", CRM_T_INTEGER, "How many on this day, UTC."),
    FIGURE("requests_this_week", CRM_T_INTEGER, "How many in the last seven days, with today."),
    LIST("requests_per_day", day_entity, "How many on each of the last 30 days: date, count."),
    {.name = NULL},
};

const crm_entity_t crm_history_entity = {
    .name = "history",
    .plural = "history",
    .label = "History",
    .table = "history",
    .fields = list_fields,
    .id = "id",
    .order = "-created_at",
    .help = "A call that was made, as lists show it.",
    .tally = &tally,
};

const crm_entity_t crm_history_record_entity = {
    .name = "history_record",
    .plural = "history_records",
    .label = "History",
    .table = "history",
    .fields = record_fields,
    .id = "id",
    .order = "-created_at",
    .help = "A call that was made, with what was sent and answered.",
};

const crm_entity_t crm_history_statistics_entity = {
    .name = "history_statistics",
    .plural = "history_statistics",
    .label = "Statistics",
    .fields = statistics_fields,
    .help = "Figures over the calls that were made.",
};
