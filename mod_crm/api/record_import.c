/* api/record_import.c - records made and changed by the rows of an uploaded spreadsheet. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "api/access.h"
#include "api/body.h"
#include "api/header.h"
#include "api/records.h"
#include "base/json.h"
#include "service/import.h"

#define PIECE 65536

static const crm_choice_t on_duplicate[] = {
    [CRM_DUPLICATE_UPDATE] = {"update", "Update"},
    [CRM_DUPLICATE_SKIP] = {"skip", "Skip"},
    [CRM_DUPLICATE_ERROR] = {"error", "Error"},
    {NULL, NULL},
};

static const crm_choice_t error_formats[] = {{"json", "JSON"}, {"csv", "CSV"}, {NULL, NULL}};

const crm_field_t crm_import_parameters[] = {
    {
        .name = "dry_run",
        .type = CRM_T_BOOLEAN,
        .preset = "false",
        .help = "Says what would be done, and does nothing.",
    },
    {
        .name = "on_duplicate",
        .type = CRM_T_CHOICE,
        .choices = on_duplicate,
        .preset = "update",
        .help = "What becomes of a row whose record is there already.",
    },
    {
        .name = "partial",
        .type = CRM_T_BOOLEAN,
        .preset = "false",
        .help = "Imports of a file that is damaged what stands before the damage.",
    },
    {
        .name = "errors",
        .type = CRM_T_CHOICE,
        .choices = error_formats,
        .preset = "json",
        .help = "csv: the answer is a file of the rows that are wrong, which can be mended and "
                "sent again.",
    },
    {
        .name = "sheet",
        .type = CRM_T_TEXT,
        .help = "Name or number of the sheet of an XLSX file; else the first one that is visible.",
    },
    {
        .name = "charset",
        .type = CRM_T_TEXT,
        .help =
            "The charset of a CSV file; else that of the file's own Content-Type, or found out.",
    },
    {
        .name = "resume_from",
        .type = CRM_T_INTEGER,
        .help =
            "Leaves out the rows up to this number: the position of an import that ended early.",
    },
    {.name = NULL},
};

/* The parameters of a request. */
typedef struct parameters_t {
    crm_values_t *own;     /* of every import */
    crm_values_t *special; /* of the entity's; NULL: it has none */
} parameters_t;

/* ---- parameters ---- */

static json_t *query_json(const crm_request_t *request)
{
    const apr_array_header_t *entries = apr_table_elts(request->query);
    json_t *json = crm_json_own(request->pool, json_object());

    for (int i = 0; i < entries->nelts; i++) {
        const apr_table_entry_t *entry = &APR_ARRAY_IDX(entries, i, apr_table_entry_t);
        json_object_set_new(json, entry->key, json_string(entry->val));
    }
    return json;
}

static crm_error_t *check_known(const crm_request_t *request, const json_t *query,
                                const crm_field_t *special)
{
    crm_error_t *error = NULL;
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)query, name, value)
    {
        if (!crm_field_find(crm_import_parameters, name) &&
            !(special && crm_field_find(special, name)) && strcmp(name, "tenant") != 0 &&
            strcmp(name, "fields") != 0) {
            crm_error_add(request->pool, &error, name, "Unknown parameter.");
        }
    }
    return error;
}

static crm_error_t *read_parameters(const crm_request_t *request, parameters_t *parameters)
{
    const crm_import_t *import = request->route->entity->import;
    const crm_field_t *special = import ? import->options : NULL;
    const json_t *query = query_json(request);

    CRM_ERR(check_known(request, query, special));
    CRM_ERR(crm_validate(request->pool, crm_import_parameters, query, 0, &parameters->own));
    if (special) {
        CRM_ERR(crm_validate(request->pool, special, query, 0, &parameters->special));
    }
    if (crm_values_get(parameters->own, "resume_from").as.integer < 0) {
        return crm_error_field(request->pool, "resume_from",
                               "Ensure this value is greater than or equal to 0.");
    }
    return NULL;
}

static int is_set(const parameters_t *parameters, const char *name)
{
    return crm_values_get(parameters->own, name).as.integer != 0;
}

/* Which of CHOICES the parameter NAME is; the first without one. */
static int choice_of(const parameters_t *parameters, const char *name, const crm_choice_t *choices)
{
    const char *text = crm_values_text(parameters->own, name);
    int choice = 0;

    while (text && strcmp(choices[choice].value, text) != 0) {
        choice++;
    }
    return choice;
}

/* ---- the answer ---- */

static json_t *result_json(const crm_import_result_t *result, int dry_run)
{
    json_t *json =
        json_pack("{sI sI sI sI sO sI sI sb sO}", "processed", (json_int_t)result->processed,
                  "created", (json_int_t)result->created, "updated", (json_int_t)result->updated,
                  "skipped", (json_int_t)result->skipped, "errors", result->listed, "error_count",
                  (json_int_t)result->errors, "position", (json_int_t)result->position, "dry_run",
                  dry_run, "ignored_columns", result->ignored);

    if (result->damage) {
        json_object_set_new(json, "damage", json_string(result->damage));
    }
    return json;
}

/* Who was stopped says how far it came. */
static void answer_stopped(const crm_request_t *request, crm_error_t *error, crm_answer_t *answer)
{
    json_object_set_new(answer->json, "detail", json_string(error->detail));
    answer->status = crm_error_status(error->kind);
    answer->error = error;
    if (error->retry_after) {
        apr_table_setn(answer->headers, "Retry-After", apr_itoa(request->pool, error->retry_after));
    }
}

/* A file of wrong rows. */
typedef struct wrong_t {
    apr_pool_t *pool;
    int fd;
} wrong_t;

static crm_error_t *write_file(void *baton, crm_put_fn *put, void *put_baton)
{
    const wrong_t *wrong = baton;
    char bytes[PIECE];
    off_t offset = 0;
    ssize_t size;

    while ((size = pread(wrong->fd, bytes, sizeof(bytes), offset)) > 0) {
        CRM_ERR(put(put_baton, bytes, (apr_size_t)size));
        offset += size;
    }
    return size ? crm_error_system(wrong->pool, APR_FROM_OS_ERROR(errno),
                                   "reading the file of wrong rows")
                : NULL;
}

static void answer_file(const crm_request_t *request, const crm_import_result_t *result,
                        crm_answer_t *answer)
{
    crm_stream_t *stream = apr_pcalloc(request->pool, sizeof(*stream));
    wrong_t *wrong = apr_palloc(request->pool, sizeof(*wrong));

    *wrong = (wrong_t){.pool = request->pool, .fd = result->wrong};
    stream->content_type = "text/csv; charset=utf-8";
    stream->write = write_file;
    stream->baton = wrong;
    apr_table_setn(answer->headers, "Content-Disposition",
                   apr_pstrcat(request->pool, "attachment; filename=\"",
                               request->route->entity->plural, "-errors.csv\"", NULL));
    answer->stream = stream;
}

/* The uploaded file. */
static crm_error_t *find_file(const crm_request_t *request, const crm_file_t **ret_file)
{
    for (int i = 0; request->files && i < request->files->nelts; i++) {
        const crm_file_t *file = &APR_ARRAY_IDX(request->files, i, crm_file_t);
        if (strcmp(file->name, "file") == 0) {
            *ret_file = file;
            return NULL;
        }
    }
    return crm_error_field(request->pool, "file", "No file was submitted.");
}

static crm_import_options_t options_of(crm_request_t *request, const parameters_t *parameters,
                                       const crm_file_t *file)
{
    const char *charset = crm_values_text(parameters->own, "charset");

    if (!charset && file->content_type) {
        charset = crm_header_parameter(request->pool, file->content_type, "charset");
    }
    return (crm_import_options_t){
        .sheet = {.sheet = crm_values_text(parameters->own, "sheet"), .charset = charset},
        .on_duplicate = (crm_duplicate_e)choice_of(parameters, "on_duplicate", on_duplicate),
        .dry_run = is_set(parameters, "dry_run"),
        .partial = is_set(parameters, "partial"),
        .keep_wrong = choice_of(parameters, "errors", error_formats) == 1,
        .resume_from = crm_values_get(parameters->own, "resume_from").as.integer,
        .links = {.options = parameters->special},
    };
}

/* 1 when any row may turn out to be about a record that is there; else only one that has its id. */
static int has_key(const crm_entity_t *entity)
{
    return entity->import && entity->import->key;
}

crm_error_t *crm_records_import(crm_request_t *request, const crm_values_t *values,
                                crm_answer_t *answer)
{
    parameters_t parameters = {.special = NULL};
    crm_import_result_t result;
    crm_records_t records;
    const crm_file_t *file;
    (void)values;

    CRM_ERR(read_parameters(request, &parameters));
    crm_error_t *may_not_change =
        choice_of(&parameters, "on_duplicate", on_duplicate) == CRM_DUPLICATE_UPDATE
            ? crm_access_permit(request, request->route->entity, CRM_ACTION_CHANGE)
            : NULL;
    if (has_key(request->route->entity)) {
        CRM_ERR(may_not_change);
    }
    CRM_ERR(crm_body_read(request));
    CRM_ERR(find_file(request, &file));
    CRM_ERR(crm_records_of(request, &records));
    CRM_ERR(crm_record_check_parent(&records, request->pool));
    crm_import_options_t options = options_of(request, &parameters, file);
    options.may_not_change = may_not_change != NULL;
    CRM_ERR(crm_record_import(&records, request->pool, file->fd, &options, &result));
    answer->json = crm_json_own(request->pool, result_json(&result, options.dry_run));
    if (result.stopped) {
        answer_stopped(request, result.stopped, answer);
    } else if (options.keep_wrong) {
        answer_file(request, &result, answer);
    }
    return NULL;
}
