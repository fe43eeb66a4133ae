/* entities/call_summary.c - what was said when a lead was called. */
#include <string.h>

#include "db/database.h"
#include "entities/record_fields.h"
#include "entities/registry.h"
#include "service/record_write.h"

static const crm_choice_t outcomes[] = {
    {"scheduled_meeting", "Scheduled Meeting"},
    {"sent_info", "Sent Info"},
    {"ended_call", "Ended Call"},
    {"thanked_ended", "Thanked and Ended"},
    {"follow_up", "Follow Up"},
    {"not_contacted", "Not Contacted"},
    {NULL, NULL},
};

static const crm_reference_t lead = {.entity = &crm_lead_entity};

static const crm_field_t fields[] = {
    CRM_FIELD_ID,
    {
        .name = "lead",
        .column = "lead",
        .type = CRM_T_REFERENCE,
        .flags = CRM_F_READ_ONLY,
        .reference = &lead,
        .help = "The lead that was called.",
    },
    {
        .name = "summary",
        .column = "summary",
        .type = CRM_T_LONGTEXT,
        .flags = CRM_OPTIONAL | CRM_F_SEARCHABLE,
        .help = "What was said.",
    },
    {
        .name = "call_time",
        .column = "call_time",
        .type = CRM_T_TIME,
        .flags = CRM_F_NULL | CRM_F_FILTERABLE | CRM_F_SORTABLE,
        .help = "When the call was.",
    },
    {
        .name = "call_outcome",
        .column = "call_outcome",
        .type = CRM_T_CHOICE,
        .flags = CRM_OPTIONAL | CRM_F_FILTERABLE,
        .choices = outcomes,
        .label = "Outcome",
        .help = "How the call ended; follow_up makes it the lead's status.",
    },
    {
        .name = "call_outcome_display",
        .type = CRM_T_TEXT,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .details = "call_outcome",
        .label = "Outcome",
        .help = "The outcome for people to read.",
        .example = "Sent Info",
    },
    CRM_FIELD_CREATED_BY,
    {
        .name = "created_by_username",
        .type = CRM_T_TEXT,
        .flags = CRM_F_READ_ONLY | CRM_F_NULL,
        .label = "Created by",
        .help = "The name of the user who noted it.",
        .example = "ada",
        .expression = "(SELECT a.username FROM account a WHERE a.id = r.created_by)",
    },
    CRM_FIELD_TIMES,
    {.name = NULL},
};

/* A call to be followed up makes that the lead's status. */
static crm_error_t *follow_up(crm_write_t *write)
{
    const char *outcome = crm_write_text(write, "call_outcome");
    crm_value_t id = crm_write_get(write, "lead");

    if (write->kind == CRM_WRITE_DELETE || !outcome || strcmp(outcome, "follow_up") != 0 ||
        !crm_write_changed(write, "call_outcome")) {
        return NULL;
    }
    return crm_record_set_status(write, &crm_lead_entity, id.as.uuid, "follow_up");
}

/* The newest active lead of customer ID; a new one, with his data, where he has none. */
static crm_error_t *lead_of_customer(crm_write_t *write, const crm_uuid_t *id,
                                     crm_uuid_t *ret_parent)
{
    const crm_rows_t *rows;
    CRM_ERR(crm_db_select(write->db, write->pool,
                          "SELECT name, email, phone FROM customer WHERE id = ? AND "
                          "deleted_at IS NULL AND is_active = 1 {for update}",
                          "sss", CRM_ARGS(crm_uuid(id)), &rows));
    if (!rows->count) {
        return crm_error_standard(write->pool, CRM_E_NOT_FOUND);
    }
    const crm_value_t *customer = crm_row(rows, 0);
    CRM_ERR(crm_db_select(write->db, write->pool,
                          "SELECT id FROM `lead` WHERE customer = ? AND deleted_at IS NULL AND "
                          "is_active = 1 ORDER BY created_at DESC, id DESC LIMIT 1",
                          "u", CRM_ARGS(crm_uuid(id)), &rows));
    if (rows->count) {
        *ret_parent = *crm_row(rows, 0)[0].as.uuid;
        return NULL;
    }
    const crm_named_value_t values[] = {
        {"name", customer[0]},       {"email", customer[1]},       {"phone", customer[2]},
        {"status", crm_text("new")}, {"source", crm_text("call")}, {"customer", crm_uuid(id)},
        {NULL, crm_null()},
    };
    return crm_record_add(write, &crm_lead_entity, values, ret_parent);
}

const crm_entity_t crm_call_summary_entity = {
    .name = "call_summary",
    .plural = "call_summaries",
    .label = "Call summary",
    .table = "call_summary",
    .fields = fields,
    .id = "id",
    .order = "-created_at",
    .path = "leads/{uuid}/call-summaries",
    .parent = "lead",
    .app_label = "leads",
    .model = "leadcallsummary",
    .search_table = "call_summary_search",
    .help = "What was said when a lead was called.",
    .after_write = follow_up,
    .by_path = "leads/call-summaries/by-customer",
    .by_summary = "Note a call of a customer: with his newest active lead, or one made for it.",
    .find_parent = lead_of_customer,
};
