/* entities/adoption.c - the records of the old product: which table and column becomes what.
 *
 * Its installations differ: a column that is named here may be missing, and one that is not named
 * is kept in the side file.
 */
#include "entities/adoption.h"

#include <stddef.h>

#include "entities/registry.h"

#define ACCOUNTS "user_customuser"
#define CUSTOMERS "customer_customer"
#define LEADS "leads_lead"
#define CALL_SUMMARIES "leads_leadcallsummary"
#define BRANCHES "branch_branch"
#define CATEGORIES "category_category"

#define SAME(name)                                                                                 \
    {                                                                                              \
        .from = name, .to = name                                                                   \
    }

/* What every table has; is_active says in the old product whether a record is deleted. It stands
 * behind the references: whose a record is says rather what it belongs to than who made it. */
#define COMMON                                                                                     \
    SAME("id"), {.from = "tenant_id", .to = "tenant"}, SAME("is_active"),                          \
        {.from = "created_by_id", .to = "created_by", .refers = ACCOUNTS}, SAME("created_at"),     \
        SAME("updated_at")

#define PLACE SAME("address"), SAME("city"), SAME("state"), SAME("country"), SAME("zip_code")

static const crm_adopt_column_t customer_columns[] = {
    SAME("name"), SAME("email"), SAME("phone"), SAME("company"), PLACE, COMMON, {.from = NULL},
};

/* Words that installations had for how far a lead has come, where they mean one that there is. */
static const crm_adopt_value_t lead_statuses[] = {
    {.from = "followup", .to = "follow_up"},   {.from = "call_back", .to = "follow_up"},
    {.from = "callback", .to = "follow_up"},   {.from = "in_progress", .to = "open"},
    {.from = "qualified", .to = "interested"}, {.from = "unqualified", .to = "not_interested"},
    {.from = "lost", .to = "not_interested"},  {.from = NULL},
};

static const crm_adopt_column_t lead_columns[] = {
    {.from = "customer_id", .to = "customer", .refers = CUSTOMERS},
    SAME("name"),
    SAME("email"),
    SAME("phone"),
    {.from = "status", .to = "status", .values = lead_statuses, .otherwise = "open"},
    SAME("source"),
    SAME("notes"),
    {.from = "call_summaries"}, /* JSON, beside the table of them */
    COMMON,
    {.from = NULL},
};

/* The questionnaire of one particular firm has no counterpart. */
static const crm_adopt_column_t call_summary_columns[] = {
    {.from = "lead_id", .to = "lead", .refers = LEADS},
    SAME("summary"),
    SAME("call_time"),
    SAME("call_outcome"),
    {.from = "q1_preparing_usmle_residency"},
    {.from = "q1_interested_future"},
    {.from = "q2_clinical_research_opportunities"},
    {.from = "q2_want_to_learn_more"},
    {.from = "q3_preference"},
    {.from = "q3_want_call_after_info"},
    COMMON,
    {.from = NULL},
};

static const crm_adopt_column_t branch_columns[] = {
    SAME("name"),
    SAME("code"),
    PLACE,
    SAME("phone"),
    SAME("email"),
    SAME("manager_name"),
    SAME("manager_email"),
    SAME("manager_phone"),
    SAME("notes"),
    COMMON,
    {.from = NULL},
};

static const crm_adopt_column_t category_columns[] = {
    SAME("name"),        SAME("code"),
    SAME("description"), {.from = "parent_id", .to = "parent", .refers = CATEGORIES},
    SAME("notes"),       COMMON,
    {.from = NULL},
};

const crm_adopt_record_t crm_adopt_records[] = {
    {.table = CUSTOMERS,
     .entity = &crm_customer_entity,
     .columns = customer_columns,
     .changes = "customer_customerhistory",
     .changes_key = "customer_id"},
    {.table = LEADS,
     .entity = &crm_lead_entity,
     .columns = lead_columns,
     .changes = "leads_leadhistory",
     .changes_key = "lead_id"},
    {.table = CALL_SUMMARIES, .entity = &crm_call_summary_entity, .columns = call_summary_columns},
    {.table = BRANCHES,
     .entity = &crm_branch_entity,
     .columns = branch_columns,
     .changes = "branch_branchhistory",
     .changes_key = "branch_id"},
    {.table = CATEGORIES,
     .entity = &crm_category_entity,
     .columns = category_columns,
     .changes = "category_categoryhistory",
     .changes_key = "category_id"},
    {.table = NULL},
};
