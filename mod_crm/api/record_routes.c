/* api/record_routes.c - the routes of records: one row a call, made for each entity of the
 * registry.
 *
 * They are made when the library is loaded, into memory that goes with it.
 */
#include <stdlib.h>
#include <string.h>

#include "api/records.h"
#include "api/routes.h"
#include "entities/entities.h"
#include "entities/registry.h"

#define MOST_TEXT 65536 /* bytes of patterns and summaries */
#define MOST_FIELDS 64  /* of bodies that are made here */

/* What a row answers with. */
typedef enum { RESULT_RECORD, RESULT_CHANGE, RESULT_IMPORT, RESULT_MESSAGE, RESULT_NONE } result_e;

/* For which entities a row is made, and how often. */
typedef enum { FOR_ALL, FOR_UNIQUE, FOR_STATUS, FOR_VIEW, FOR_BY } made_for_e;

/* A call on records. In `suffix`, {field} is a unique field, {view} a view. In `summary`, {one} and
 * {many} are the entity. */
typedef struct call_t {
    const char *method, *suffix;
    made_for_e made_for;
    crm_action_e action;
    unsigned flags;
    int has_body; /* of the entity's fields */
    result_e result;
    int is_list;
    crm_handler_fn *handler;
    const char *summary, *description;
    int status;
    const int *statuses;
    const crm_format_t *formats;
    const crm_field_t *query;
} call_t;

static const call_t calls[] = {
    {
        .method = "GET",
        .suffix = "",
        .action = CRM_ACTION_VIEW,
        .is_list = 1,
        .handler = crm_records_list,
        .summary = "List {many}.",
    },
    {
        .method = "POST",
        .suffix = "",
        .action = CRM_ACTION_ADD,
        .flags = CRM_ROUTE_ATOMIC,
        .has_body = 1,
        .handler = crm_records_create,
        .summary = "Create a {one}.",
        .status = 201,
    },
    {
        .method = "POST",
        .suffix = "batch/",
        .action = CRM_ACTION_VIEW,
        .flags = CRM_ROUTE_ATOMIC | CRM_ROUTE_BATCH,
        .result = RESULT_NONE,
        .handler = crm_records_batch,
        .summary = "Create, change and delete many {many} in one call.",
        .description =
            "Takes a list of bodies to create, or operations of all kinds; answers with the result "
            "of each, in their order. All or nothing, unless `atomic` is false: then each stands "
            "for itself, and 207 says that some failed. Each method takes its permission, too.",
        .statuses = (const int[]){207, 0},
    },
    {
        .method = "POST",
        .suffix = "import/",
        .action = CRM_ACTION_ADD,
        .flags = CRM_ROUTE_UPLOAD,
        .result = RESULT_IMPORT,
        .handler = crm_records_import,
        .summary = "Create and change {many} by the rows of a spreadsheet, CSV or XLSX.",
        .description = "A row that is wrong does not stop the others; a file that is damaged is "
                       "refused before anything is written. Changing takes that permission, too.",
        .query = crm_import_parameters,
    },
    {
        .method = "GET",
        .suffix = "export/",
        .action = CRM_ACTION_VIEW,
        .formats = crm_export_formats,
        .handler = crm_records_export,
        .summary = "All {many} that a list would show on its pages, as one file.",
    },
    {
        .method = "GET",
        .suffix = "{uuid}/",
        .action = CRM_ACTION_VIEW,
        .handler = crm_records_get,
        .summary = "Show a {one}.",
    },
    {
        .method = "PUT",
        .suffix = "{uuid}/",
        .action = CRM_ACTION_CHANGE,
        .has_body = 1,
        .handler = crm_records_update,
        .summary = "Change a {one}, whole.",
    },
    {
        .method = "PATCH",
        .suffix = "{uuid}/",
        .action = CRM_ACTION_CHANGE,
        .flags = CRM_ROUTE_PARTIAL,
        .has_body = 1,
        .handler = crm_records_update,
        .summary = "Change fields of a {one}.",
    },
    {
        .method = "DELETE",
        .suffix = "{uuid}/",
        .action = CRM_ACTION_DELETE,
        .result = RESULT_MESSAGE,
        .handler = crm_records_delete,
        .summary = "Delete a {one}; it can be restored.",
    },
    {
        .method = "POST",
        .suffix = "{uuid}/restore/",
        .action = CRM_ACTION_CHANGE,
        .flags = CRM_ROUTE_ATOMIC,
        .handler = crm_records_restore,
        .summary = "Take back a {one} that was deleted.",
        .description = "400 on a field whose unique value is in use by now.",
        .statuses = (const int[]){412, 0},
    },
    {
        .method = "GET",
        .suffix = "{uuid}/history/",
        .action = CRM_ACTION_VIEW,
        .result = RESULT_CHANGE,
        .is_list = 1,
        .handler = crm_records_history,
        .summary = "List the changes of a {one}.",
    },
    {
        .method = "PUT",
        .suffix = "by/{field}/{text}/",
        .made_for = FOR_UNIQUE,
        .action = CRM_ACTION_CHANGE,
        .flags = CRM_ROUTE_BY,
        .handler = crm_records_put_by,
        .summary = "Create or change the {one} with this {field}.",
        .description = "The path supplies the value, which the body may leave out. Creating takes "
                       "the permission to add, too.",
        .statuses = (const int[]){201, 0},
    },
    {
        .method = "PATCH",
        .suffix = "{uuid}/{field}/",
        .made_for = FOR_STATUS,
        .action = CRM_ACTION_CHANGE,
        .has_body = 1,
        .handler = crm_records_update,
        .summary = "Change the {field} of a {one}.",
    },
    {
        .method = "GET",
        .suffix = "{view}/",
        .made_for = FOR_VIEW,
        .action = CRM_ACTION_VIEW,
        .is_list = 1,
        .handler = crm_records_view,
    },
    {
        .method = "GET",
        .suffix = "{uuid}/{view}/",
        .made_for = FOR_VIEW,
        .action = CRM_ACTION_VIEW,
        .handler = crm_records_view_one,
    },
    {
        .method = "POST",
        .suffix = "{uuid}/",
        .made_for = FOR_BY,
        .action = CRM_ACTION_ADD,
        .flags = CRM_ROUTE_ATOMIC,
        .has_body = 1,
        .handler = crm_records_create_by,
        .status = 201,
    },
    {.method = NULL},
};

crm_route_t crm_record_routes[CRM_RECORD_ROUTES_MAX + 1];

/* Where the next row, text and field go. */
static int rows, fields_used;
static apr_size_t text_used;
static char texts[MOST_TEXT];
static crm_field_t body_fields[MOST_FIELDS];

/* What the words of a pattern or summary stand for. */
typedef struct words_t {
    const crm_entity_t *entity;
    const char *field, *view;
} words_t;

/* A registry that does not fit is a mistake in the program. */
static void put(const char *text, apr_size_t size)
{
    if (text_used + size >= sizeof(texts)) {
        abort();
    }
    memcpy(texts + text_used, text, size);
    text_used += size;
}

static void put_lower(const char *label)
{
    char first = label[0];
    int is_word = label[1] >= 'a' && label[1] <= 'z' && first >= 'A' && first <= 'Z';

    first = (char)(is_word ? first - 'A' + 'a' : first);
    put(&first, 1);
    put(label + 1, strlen(label + 1));
}

/* A plural as people write it: the name of the entity's, with spaces. */
static void put_plural(const char *plural)
{
    for (; *plural; plural++) {
        put(*plural == '_' ? " " : plural, 1);
    }
}

/* Replaces the word at AT, and gives what is behind it; NULL: it is none of these. */
static const char *put_word(const words_t *words, const char *at)
{
    static const char *const names[] = {"{one}", "{many}", "{field}", "{view}"};
    int i = 0;

    while (i < 4 && strncmp(at, names[i], strlen(names[i])) != 0) {
        i++;
    }
    switch (i) {
    case 0:
        put_lower(words->entity->label);
        break;
    case 1:
        put_plural(words->entity->plural);
        break;
    case 2:
        put(words->field, strlen(words->field));
        break;
    case 3:
        put(words->view, strlen(words->view));
        break;
    default:
        return NULL;
    }
    return at + strlen(names[i]);
}

/* FIRST, SEPARATOR and FORMAT with its words replaced, as one text that stays. */
static const char *make_text(const words_t *words, const char *first, const char *format)
{
    const char *text = texts + text_used;

    put(first, strlen(first));
    put("/", *first ? 1 : 0);
    while (*format) {
        const char *behind = *format == '{' ? put_word(words, format) : NULL;
        if (behind) {
            format = behind;
        } else {
            put(format++, 1);
        }
    }
    put("", 1);
    return text;
}

static const crm_entity_t *result_of(const call_t *call, const crm_entity_t *entity)
{
    switch (call->result) {
    case RESULT_CHANGE:
        return &crm_change_entity;
    case RESULT_IMPORT:
        return &crm_import_report_entity;
    case RESULT_MESSAGE:
        return &crm_message_entity;
    case RESULT_NONE:
        return NULL;
    default:
        return entity;
    }
}

static crm_route_t *add_row(const call_t *call, const words_t *words, const char *path)
{
    const crm_entity_t *entity = words->entity;
    crm_route_t *row = &crm_record_routes[rows++];

    if (rows > CRM_RECORD_ROUTES_MAX) {
        abort();
    }
    *row = (crm_route_t){
        .method = call->method,
        .pattern = make_text(words, path, call->suffix),
        .access = CRM_ACCESS_PERMISSION,
        .flags = call->flags | CRM_ROUTE_NEEDS_TENANT,
        .body = call->has_body ? entity->fields : NULL,
        .result = result_of(call, entity),
        .is_list = call->is_list,
        .handler = call->handler,
        .summary = call->summary ? make_text(words, "", call->summary) : NULL,
        .entity = entity,
        .action = call->action,
        .formats = call->formats,
        .status = call->status,
        .statuses = call->statuses,
        .input = call->flags & (CRM_ROUTE_BY | CRM_ROUTE_BATCH) ? entity->fields : NULL,
        .query = call->query,
        .description = call->description,
    };
    return row;
}

/* A body of one field, which must be sent. */
static const crm_field_t *only_field(const crm_field_t *field)
{
    crm_field_t *only = &body_fields[fields_used];

    fields_used += 2;
    if (fields_used > MOST_FIELDS) {
        abort();
    }
    only[0] = *field;
    only[0].flags |= CRM_F_REQUIRED;
    only[1] = (crm_field_t){.name = NULL};
    return only;
}

static void add_for_fields(const call_t *call, const crm_entity_t *entity, unsigned flag)
{
    for (const crm_field_t *field = entity->fields; field->name; field++) {
        if (field->flags & flag) {
            const words_t words = {.entity = entity, .field = field->name};
            crm_route_t *row = add_row(call, &words, entity->path);
            row->body = call->has_body ? only_field(field) : NULL;
        }
    }
}

static void add_for_views(const call_t *call, const crm_entity_t *entity)
{
    for (const crm_view_t *view = entity->views; view && view->name; view++) {
        const words_t words = {.entity = entity, .view = view->name};
        crm_route_t *row = add_row(call, &words, entity->path);
        row->summary = view->summary;
        row->result = view->result;
    }
}

static void add_for(const call_t *call, const crm_entity_t *entity)
{
    const words_t words = {.entity = entity};

    switch (call->made_for) {
    case FOR_ALL:
        add_row(call, &words, entity->path);
        break;
    case FOR_UNIQUE:
        add_for_fields(call, entity, CRM_F_UNIQUE);
        break;
    case FOR_STATUS:
        add_for_fields(call, entity, CRM_F_STATUS);
        break;
    case FOR_VIEW:
        add_for_views(call, entity);
        break;
    case FOR_BY:
        if (entity->by_path) {
            add_row(call, &words, entity->by_path)->summary = entity->by_summary;
        }
        break;
    }
}

__attribute__((constructor)) static void make_routes(void)
{
    for (const crm_entity_t *const *entity = crm_entities; *entity; entity++) {
        for (const call_t *call = calls; call->method; call++) {
            add_for(call, *entity);
        }
    }
}
