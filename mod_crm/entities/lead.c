/* entities/lead.c - a lead: somebody who may buy, and how far that has come. */
#include <stddef.h>

#include "entities/record_fields.h"
#include "entities/registry.h"

static const crm_choice_t statuses[] = {
    {"new", "New"},
    {"contacted", "Contacted"},
    {"open", "Open"},
    {"interested", "Interested"},
    {"not_interested", "Not interested"},
    {"follow_up", "Follow up"},
    {NULL, NULL},
};

static const crm_link_copy_t customer_copies[] = {
    {.to = "name", .from = {"customer_name", "name"}},
    {.to = "email", .from = {"customer_email", "email"}},
    {.to = "phone", .from = {"phone"}},
    {.to = NULL},
};

static const crm_link_t customer_link = {
    .key = "customer_email",
    .import_key = "email",
    .target = "email",
    .copies = customer_copies,
    .option = "auto_create_customer",
};

static const crm_reference_t customer = {
    .entity = &crm_customer_entity,
    .must_be_active = 1,
    .searched = (const char *const[]){"name", "email", NULL},
    .link = &customer_link,
};

static const crm_children_t call_summaries = {
    .entity = &crm_call_summary_entity,
    .field = "lead",
    .most = 100,
};

static const crm_field_t fields[] = {
    CRM_FIELD_ID,
    {
        .name = "name",
        .column = "name",
        .type = CRM_T_TEXT,
        .flags = CRM_F_REQUIRED | CRM_FOUND,
        .max_length = 255,
        .help = "The lead's name.",
        .example = "Ada Lovelace",
        .aliases = CRM_ALIASES_NAME,
    },
    {
        .name = "email",
        .column = "email",
        .type = CRM_T_EMAIL,
        .flags = CRM_F_REQUIRED | CRM_FOUND,
        .label = "E-mail",
        .help = "The e-mail address.",
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
        .name = "status",
        .column = "status",
        .type = CRM_T_CHOICE,
        .flags =
            CRM_F_REQUIRED | CRM_F_SEARCHABLE | CRM_F_FILTERABLE | CRM_F_SORTABLE | CRM_F_STATUS,
        .choices = statuses,
        .help = "How far it has come.",
    },
    {
        .name = "source",
        .column = "source",
        .type = CRM_T_TEXT,
        .flags = CRM_F_REQUIRED | CRM_F_FILTERABLE | CRM_F_FOLDED,
        .max_length = 120,
        .help = "Where the lead came from.",
        .example = "website",
        .aliases = (const char *const[]){"channel", NULL},
    },
    CRM_FIELD_NOTES,
    {
        .name = "customer",
        .column = "customer",
        .type = CRM_T_REFERENCE,
        .flags = CRM_F_NULL | CRM_F_FILTERABLE,
        .reference = &customer,
        .help = "The customer it belongs to, who must be active.",
    },
    {
        .name = "customer_email",
        .type = CRM_T_EMAIL,
        .flags = CRM_F_WRITE_ONLY | CRM_OPTIONAL,
        .help = "In place of customer: the address by which the customer is found, or made.",
        .aliases = (const char *const[]){"client_email", NULL},
    },
    {
        .name = "customer_name",
        .type = CRM_T_TEXT,
        .flags = CRM_F_WRITE_ONLY | CRM_OPTIONAL,
        .max_length = 255,
        .help = "The name of a customer that is made.",
        .example = "Ada Lovelace",
        .aliases = (const char *const[]){"client_name", NULL},
    },
    {
        .name = "customer_details",
        .type = CRM_T_OBJECT,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .details = "customer",
        .label = "Customer",
        .help = "The customer it belongs to.",
    },
    CRM_FIELD_IS_ACTIVE,
    {
        .name = "call_summaries",
        .type = CRM_T_LIST,
        .flags = CRM_F_READ_ONLY,
        .children = &call_summaries,
        .help = "The newest calls, at most 100; all are listed at call-summaries/.",
    },
    CRM_FIELD_CREATED_BY,
    CRM_FIELD_TIMES,
    {.name = NULL},
};

static const crm_field_t import_options[] = {
    {
        .name = "auto_create_customer",
        .type = CRM_T_BOOLEAN,
        .preset = "true",
        .help = "Whether each lead is linked to the customer with its e-mail address, who is made "
                "when there is none.",
    },
    {.name = NULL},
};

static const crm_import_t import = {
    .needs = "name",
    .needs_message = "name is required",
    .options = import_options,
};

const crm_entity_t crm_lead_entity = {
    .name = "lead",
    .plural = "leads",
    .label = "Lead",
    .table = "lead",
    .fields = fields,
    .id = "id",
    .order = "-created_at",
    .path = "leads",
    .app_label = "leads",
    .model = "lead",
    .search_table = "lead_search",
    .help = "People who may buy, and how far that has come.",
    .import = &import,
};
