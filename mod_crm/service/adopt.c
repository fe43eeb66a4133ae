/* service/adopt.c - an installation of the old product is taken over, tenant by tenant. */
#include <string.h>

#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/json.h"
#include "base/text.h"
#include "service/adopt_part.h"

#define TENANTS "user_tenant"
#define ACCOUNTS "user_customuser"

/* Parts that are none of a table. */
#define RUN "(run)"
#define TENANT "(tenant) "

#define LOCK_WAIT apr_time_from_sec(15)
#define NAME_LENGTH 100
#define ROWS 500

/* A tenant as the source has it. */
typedef struct origin_t {
    const char *old_id, *name, *database;
    crm_tenant_origin_t as;
    int is_active, is_double;
    int is_absent; /* its database is not there, or may not be read */
} origin_t;

typedef struct work_t {
    crm_adopting_t run;
    apr_array_header_t *tenants; /* of origin_t */
    json_t *report;
} work_t;

/* ---- the source's tenants */

/* The name of a tenant's database, as the old product made it. */
static const char *usual_database(apr_pool_t *pool, const char *name)
{
    char *database = apr_pstrcat(pool, "crm_tenant_", name, NULL);
    for (char *at = database; *at; at++) {
        *at = *at == ' ' || *at == '-' ? '_' : (char)apr_tolower(*at);
    }
    return database;
}

/* The times of a tenant: what is missing is the other one, or now. */
static void read_times(const crm_adopt_chunk_t *chunk, int row, crm_tenant_origin_t *as)
{
    if (!crm_adopt_time(chunk, row, "created_at", &as->created_at) &&
        !crm_adopt_time(chunk, row, "updated_at", &as->created_at)) {
        as->created_at = apr_time_now();
    }
    if (!crm_adopt_time(chunk, row, "updated_at", &as->updated_at)) {
        as->updated_at = as->created_at;
    }
}

static int is_double(const work_t *work, const crm_uuid_t *id)
{
    for (int i = 0; i < work->tenants->nelts; i++) {
        if (memcmp(&APR_ARRAY_IDX(work->tenants, i, origin_t).as.id, id, sizeof(*id)) == 0) {
            return 1;
        }
    }
    return 0;
}

static void read_tenant(work_t *work, const crm_adopt_chunk_t *chunk, int row)
{
    apr_pool_t *pool = work->run.pool;
    const char *id = crm_adopt_text(chunk, row, "id");
    const char *database = crm_adopt_word(chunk, row, "database_name");
    int derived, cut;
    origin_t origin = {.old_id = id ? id : ""};
    origin.as.id = crm_adopt_uuid("tenant", origin.old_id, &derived);
    origin.name = crm_adopt_fit(pool, crm_adopt_word(chunk, row, "name"), NAME_LENGTH, &cut);
    origin.database = *database ? database : usual_database(pool, origin.name);
    if (!*origin.name) {
        origin.name = apr_pstrcat(pool, "Tenant ", crm_text_cut(pool, origin.old_id, 8), NULL);
    }
    /* a column that is missing says nothing against the tenant */
    origin.is_active = crm_source_column(chunk->rows.table, "is_active") < 0 ||
                       crm_adopt_flag(chunk, row, "is_active");
    read_times(chunk, row, &origin.as);
    origin.is_double = !id || is_double(work, &origin.as.id);
    APR_ARRAY_PUSH(work->tenants, origin_t) = origin;
}

static crm_error_t *read_tenants(work_t *work)
{
    apr_pool_t *pool = work->run.pool;
    const crm_source_table_t *table = crm_adopt_table(work->run.main_tables, TENANTS);
    crm_source_read_t read = {.table = table, .most = ROWS};
    crm_adopt_chunk_t chunk = {.pool = pool};
    work->tenants = apr_array_make(pool, 16, sizeof(origin_t));
    do {
        CRM_ERR(crm_source_read(work->run.source, pool, &read, &chunk.rows));
        for (int i = 0; i < chunk.rows.count; i++) {
            const crm_value_t *row = crm_source_row(&chunk.rows, i);
            chunk.row = &row;
            read_tenant(work, &chunk, 0);
        }
        read.after = chunk.rows.position;
    } while (chunk.rows.count == ROWS);
    return NULL;
}

/* Finds out which tenants have no database, and tells the run their ids. */
static crm_error_t *find_absent(work_t *work)
{
    apr_pool_t *pool = work->run.pool;
    apr_hash_t *there = apr_hash_make(pool);
    const crm_rows_t *rows;
    CRM_ERR(crm_source_select(work->run.source, pool,
                              "SELECT DISTINCT table_schema FROM information_schema.tables", "s",
                              CRM_NO_ARGS, &rows));
    for (int i = 0; i < rows->count; i++) {
        apr_hash_set(there, crm_row(rows, i)[0].as.text, APR_HASH_KEY_STRING, "");
    }
    work->run.absent = apr_array_make(pool, 4, sizeof(const char *));
    for (int i = 0; i < work->tenants->nelts; i++) {
        origin_t *origin = &APR_ARRAY_IDX(work->tenants, i, origin_t);
        origin->is_absent = !apr_hash_get(there, origin->database, APR_HASH_KEY_STRING);
        if (origin->is_absent && !origin->is_double) {
            APR_ARRAY_PUSH(work->run.absent, const char *) = origin->old_id;
        }
    }
    return NULL;
}

/* The tenants that have DATABASE, in the order in which they were read. */
static const crm_uuid_t *sharing(const work_t *work, const char *database, int *ret_count)
{
    apr_array_header_t *ids = apr_array_make(work->run.pool, 2, sizeof(crm_uuid_t));
    for (int i = 0; i < work->tenants->nelts; i++) {
        const origin_t *origin = &APR_ARRAY_IDX(work->tenants, i, origin_t);
        if (!origin->is_double && strcmp(origin->database, database) == 0) {
            APR_ARRAY_PUSH(ids, crm_uuid_t) = origin->as.id;
        }
    }
    *ret_count = ids->nelts;
    return (const crm_uuid_t *)ids->elts;
}

/* ---- places */

static crm_error_t *open_side(crm_adopt_place_t *place, const char *name)
{
    const crm_adopt_options_t *options = place->run->options;
    place->side.pool = place->pool;
    if (options->dry_run) {
        return NULL;
    }
    place->side.path = apr_pstrcat(place->pool, options->side_folder, "/", name, ".jsonl", NULL);
    apr_status_t status = apr_dir_make_recursive(
        options->side_folder, APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE, place->pool);
    return status == APR_SUCCESS
               ? NULL
               : crm_error_make(place->pool, CRM_E_INTERNAL,
                                "The folder %s for side files cannot be made: name another one "
                                "with --side-files.",
                                options->side_folder);
}

static crm_error_t *open_main(work_t *work)
{
    crm_adopt_place_t *place = apr_pcalloc(work->run.pool, sizeof(*place));
    *place = (crm_adopt_place_t){
        .run = &work->run,
        .pool = work->run.pool,
        .name = "main",
        .db = &work->run.site->main,
        .database = work->run.options->from->database,
        .tables = work->run.main_tables,
        .fallback = apr_time_now(),
    };
    work->run.main = place;
    CRM_ERR(open_side(place, "_main"));
    CRM_ERR(crm_adopt_progress_prepare(place->db, place->pool));
    return crm_adopt_progress_load(place);
}

static crm_error_t *mark(const work_t *work, const char *part, int is_done)
{
    const crm_adopt_mark_t mark = {.origin = work->run.origin,
                                   .part = part,
                                   .is_done = is_done,
                                   .tally = crm_json_own(work->run.pool, json_object())};
    return crm_adopt_progress_save(&work->run.site->main, work->run.pool, &mark);
}

static const crm_adopt_state_t *state_of(const work_t *work, const char *part)
{
    return apr_hash_get(work->run.main->states, part, APR_HASH_KEY_STRING);
}

/* Makes the tenant under its name, or that with a number where another has it. */
static crm_error_t *make_tenant(const work_t *work, apr_pool_t *pool, const origin_t *origin,
                                crm_tenant_t **ret_tenant)
{
    crm_tenant_origin_t as = origin->as;
    int cut;
    as.name = origin->name;
    for (int number = 2;; number++) {
        crm_error_t *error = crm_tenant_take(work->run.site, pool, &as, ret_tenant);
        if (!error || error->kind != CRM_E_INVALID || number > 1000) {
            return error;
        }
        as.name = apr_psprintf(pool, "%s (%d)",
                               crm_adopt_fit(pool, origin->name, NAME_LENGTH - 8, &cut), number);
    }
}

/* The tenant that goes on being filled, or is made. *RET_REASON: why it is left out, or NULL. */
static crm_error_t *find_or_make(const work_t *work, apr_pool_t *pool, const origin_t *origin,
                                 crm_tenant_t **ret_tenant, const char **ret_reason)
{
    const char *part = apr_pstrcat(pool, TENANT, crm_uuid_text(pool, &origin->as.id), NULL);
    crm_error_t *error = crm_tenant_by_id(work->run.site, pool, &origin->as.id, ret_tenant);
    if (!error) {
        if (!state_of(work, part)) {
            *ret_reason = "left out: there is another tenant with its id";
        }
        return NULL;
    }
    if (error->kind != CRM_E_NOT_FOUND) {
        return error;
    }
    if (state_of(work, part)) {
        *ret_reason = "left out: it was adopted before, and deleted since";
        if (state_of(work, part)->is_done) {
            return NULL;
        }
        *ret_reason = NULL;
    }
    CRM_ERR(mark(work, part, 0));
    return make_tenant(work, pool, origin, ret_tenant);
}

/* It becomes what it was, now that all is there. */
static crm_error_t *finish(const work_t *work, apr_pool_t *pool, const origin_t *origin,
                           crm_tenant_t *tenant)
{
    const crm_tenant_change_t change = {
        .is_active = origin->is_active, .updated_at = origin->as.updated_at, .if_version = -1};
    if (tenant->is_active != origin->is_active) {
        CRM_ERR(crm_tenant_update(work->run.site, pool, tenant, &change));
    }
    return mark(work, apr_pstrcat(pool, TENANT, crm_uuid_text(pool, &origin->as.id), NULL), 1);
}

/* Fills the place that is a tenant, unless that was done before. */
static crm_error_t *fill(work_t *work, crm_adopt_place_t *place, const origin_t *origin,
                         crm_tenant_t *tenant, const char **ret_state)
{
    const crm_adopt_state_t *state = state_of(
        work, apr_pstrcat(place->pool, TENANT, crm_uuid_text(place->pool, &origin->as.id), NULL));
    place->tenant = tenant;
    crm_db_t *db = crm_tenant_db(work->run.site, place->pool, tenant);
    db->privileged = 1; /* how far it is stands in a table of its own */
    place->db = db;
    CRM_ERR(open_side(place, tenant->slug));
    CRM_ERR(crm_adopt_progress_prepare(place->db, place->pool));
    CRM_ERR(crm_adopt_progress_load(place));
    if (state && state->is_done) {
        *ret_state = "adopted before";
        return NULL;
    }
    CRM_ERR(crm_adopt_tenant_parts(place));
    CRM_ERR(finish(work, place->pool, origin, tenant));
    *ret_state = strcmp(tenant->name, origin->name) == 0 ? "adopted" : "adopted under another name";
    return NULL;
}

static crm_error_t *adopt_place(work_t *work, crm_adopt_place_t *place, const origin_t *origin,
                                const char **ret_state)
{
    const char *reason = NULL;
    crm_tenant_t *tenant = NULL;
    if (origin->is_double) {
        *ret_state = "left out: it has no id, or another tenant's";
        return NULL;
    }
    if (origin->is_absent) {
        *ret_state = "left out: its database is not there, or may not be read";
        return NULL;
    }
    CRM_ERR(crm_source_tables(work->run.source, place->pool, origin->database, &place->tables));
    CRM_ERR(find_or_make(work, place->pool, origin, &tenant, &reason));
    if (reason) {
        *ret_state = reason;
        return NULL;
    }
    return fill(work, place, origin, tenant, ret_state);
}

/* Counts the tenant among those of the main database. */
static void count_tenant(work_t *work, const char *state)
{
    json_t *tally = json_object_get(work->run.main->tallies, TENANTS);
    int is_out = strncmp(state, "left out", 8) == 0;
    json_t *into = tally;
    if (is_out) {
        into = json_object_get(tally, "left_out");
        if (!into) {
            into = json_object();
            json_object_set_new(tally, "left_out", into);
        }
    }
    const char *names[] = {"found", is_out ? state + sizeof("left out: ") - 1 : "taken"};
    json_t *objects[] = {tally, into};
    for (int i = 0; i < 2; i++) {
        json_int_t before = json_integer_value(json_object_get(objects[i], names[i]));
        json_object_set_new(objects[i], names[i], json_integer(before + 1));
    }
}

static crm_error_t *adopt_tenant(work_t *work, const origin_t *origin)
{
    const char *state = NULL;
    crm_adopt_place_t place = {
        .run = &work->run,
        .name = origin->name,
        .tenant_id = origin->old_id,
        .database = origin->database,
        .fallback = origin->as.created_at,
    };
    place.sharing = sharing(work, origin->database, &place.nsharing);
    apr_pool_create(&place.pool, work->run.pool);
    CRM_ERR(adopt_place(work, &place, origin, &state));
    json_t *json = crm_adopt_report(&place, state);
    crm_adopt_total(json_object_get(work->report, "total"), json);
    json_array_append_new(json_object_get(work->report, "tenants"), json);
    count_tenant(work, state);
    apr_pool_destroy(place.pool);
    return NULL;
}

/* ---- the whole */

static int is_wanted(const crm_adopting_t *run, const origin_t *origin)
{
    const char *wanted = run->options->tenant;
    return !wanted || strcmp(wanted, origin->old_id) == 0 ||
           strcmp(wanted, origin->database) == 0 ||
           strcmp(crm_text_fold(run->pool, wanted), crm_text_fold(run->pool, origin->name)) == 0;
}

/* NOT_FOUND for a tenant that is named and is none. */
static crm_error_t *check_wanted(const work_t *work)
{
    for (int i = 0; i < work->tenants->nelts; i++) {
        if (is_wanted(&work->run, &APR_ARRAY_IDX(work->tenants, i, origin_t))) {
            return NULL;
        }
    }
    return work->run.options->tenant ? crm_error_make(work->run.pool, CRM_E_NOT_FOUND,
                                                      "The old installation has no tenant \"%s\".",
                                                      work->run.options->tenant)
                                     : NULL;
}

static crm_error_t *adopt_tenants(work_t *work)
{
    for (int i = 0; i < work->tenants->nelts; i++) {
        const origin_t *origin = &APR_ARRAY_IDX(work->tenants, i, origin_t);
        if (is_wanted(&work->run, origin)) {
            CRM_ERR(adopt_tenant(work, origin));
        }
    }
    return NULL;
}

/* Databases that look like a tenant's, and that no tenant names. */
static crm_error_t *list_unnamed(work_t *work)
{
    const crm_rows_t *rows;
    json_t *names = json_object_get(work->report, "unnamed_databases");
    CRM_ERR(crm_source_select(work->run.source, work->run.pool,
                              "SELECT schema_name FROM information_schema.schemata "
                              "WHERE schema_name LIKE ? ESCAPE '|' ORDER BY schema_name",
                              "s", CRM_ARGS(crm_text("crm|_tenant|_%")), &rows));
    for (int i = 0; i < rows->count; i++) {
        int count;
        sharing(work, crm_row(rows, i)[0].as.text, &count);
        if (count == 0) {
            json_array_append_new(names, json_string(crm_row(rows, i)[0].as.text));
        }
    }
    return NULL;
}

static crm_error_t *check_interrupted(const work_t *work)
{
    const crm_adopt_state_t *state = state_of(work, RUN);
    if (!state || state->is_done || work->run.options->resume) {
        return NULL;
    }
    return crm_error_make(work->run.pool, CRM_E_CONFLICT,
                          "An adoption of this installation was interrupted: go on with it by "
                          "--resume.");
}

static crm_error_t *adopt_main(work_t *work)
{
    if (work->run.options->tenant) {
        return NULL;
    }
    CRM_ERR(crm_adopt_main_parts(work->run.main));
    return list_unnamed(work);
}

static crm_error_t *adopt_locked(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    work_t *work = baton;
    (void)db;
    CRM_ERR(crm_tenant_recover(work->run.site, pool, NULL));
    CRM_ERR(open_main(work));
    CRM_ERR(check_interrupted(work));
    CRM_ERR(mark(work, RUN, 0));
    CRM_ERR(adopt_main(work));
    json_object_set_new(work->run.main->tallies, TENANTS, json_object());
    CRM_ERR(adopt_tenants(work));
    CRM_ERR(mark(work, RUN, 1));
    if (!work->run.options->tenant) {
        json_t *json = crm_adopt_report(work->run.main, "adopted");
        crm_adopt_total(json_object_get(work->report, "total"), json);
        json_object_set_new(work->report, "main", json);
    }
    return NULL;
}

/* The tables of the source's main database; the old product's must be among them. */
static crm_error_t *open_source(crm_adopting_t *run)
{
    const char *database = run->options->from->database;
    CRM_ERR(crm_source_open(run->pool, run->options->from, &run->source));
    CRM_ERR(crm_source_tables(run->source, run->pool, database, &run->main_tables));
    if (crm_adopt_table(run->main_tables, "schema_migration")) {
        return crm_error_make(run->pool, CRM_E_CONFLICT,
                              "The database %s is mod_crm's own: what is taken over must come from "
                              "another one.",
                              database);
    }
    if (crm_adopt_table(run->main_tables, TENANTS) && crm_adopt_table(run->main_tables, ACCOUNTS)) {
        return NULL;
    }
    return crm_error_make(
        run->pool, CRM_E_NOT_FOUND,
        "The database %s is no main database of a Django installation, or may not be "
        "read: it has no tables " TENANTS " and " ACCOUNTS ".",
        database);
}

/* The lock's connection is beside the site's, of which making a tenant needs as many as there may
 * be at least. */
static crm_error_t *lock_and_adopt(work_t *work)
{
    const crm_pool_limits_t limits = {
        .max = 1, .per_database = 1, .idle = LOCK_WAIT, .wait = LOCK_WAIT};
    crm_db_t db = work->run.site->main;
    if (crm_pool_create(work->run.pool, &limits, &db.pool) != APR_SUCCESS) {
        return crm_error_make(work->run.pool, CRM_E_INTERNAL, "Out of memory.");
    }
    return crm_db_with_lock(&db, work->run.pool, "adoption", LOCK_WAIT, adopt_locked, work);
}

crm_error_t *crm_adopt(const crm_site_t *site, apr_pool_t *pool, const crm_adopt_options_t *options,
                       json_t **ret_report)
{
    work_t work = {.run = {.site = site, .options = options, .pool = pool}};
    const crm_db_url_t *from = options->from;
    work.run.origin = apr_psprintf(pool, "%s:%d/%s",
                                   from->socket ? from->socket
                                   : from->host ? from->host
                                                : "",
                                   from->port ? from->port : 3306, from->database);
    work.report = crm_json_own(
        pool, json_pack("{s:s, s:b, s:[], s:[], s:{s:i, s:i, s:i, s:i}}", "source", work.run.origin,
                        "dry_run", options->dry_run, "tenants", "unnamed_databases", "total",
                        "found", 0, "taken", 0, "merged", 0, "left_out", 0));
    if (options->dry_run) {
        CRM_ERR(crm_adopt_scratch(site, pool, options->settings, &work.run.site));
    }
    CRM_ERR(open_source(&work.run));
    CRM_ERR(read_tenants(&work));
    CRM_ERR(find_absent(&work));
    CRM_ERR(check_wanted(&work));
    CRM_ERR(lock_and_adopt(&work));
    *ret_report = work.report;
    return NULL;
}
