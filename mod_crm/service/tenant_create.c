/* service/tenant_create.c - tenants: made all or nothing.
 *
 * The row in the main database comes first ('creating', which takes the name), its database next,
 * and the row becomes 'ready' last, all under the tenant's lock: at every moment the row leads to
 * whatever there is to remove (service/tenant_recover.c).
 */
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "service/migration_state.h"
#include "service/permission.h"
#include "service/tenant_row.h"

#define SLUG_LENGTH 48
#define SLUG_LENGTH_MIN 16
/* MySQL's bound on a database's name */
#define DATABASE_NAME_LENGTH 64
/* numbers tried in order for tenants of one slug; beyond, a random one */
#define SLUG_NUMBERS 100
/* names and slugs lost to others in a row before giving up */
#define TURNS 32

/* How long to wait for others that make tenants. */
#define PATIENCE apr_time_from_sec(30)

/* A tenant being made. */
typedef struct creation_t {
    const crm_site_t *site;
    const crm_tenant_plan_t *plan;
    const char *name, *name_key;
    int number; /* the slug's, 1 for none */
    int again;  /* the name or the slug was taken meanwhile: look again */
    crm_tenant_t *tenant;
    crm_db_t *db; /* its database, whatever its schema's version */
} creation_t;

/* How long a slug may be that the database's name has room for. */
static apr_size_t slug_length(const crm_site_t *site, apr_pool_t *pool)
{
    apr_size_t rest = strlen(crm_db_url_name(pool, site->tenant_database, ""));
    if (rest + SLUG_LENGTH <= DATABASE_NAME_LENGTH) {
        return SLUG_LENGTH;
    }
    return rest + SLUG_LENGTH_MIN <= DATABASE_NAME_LENGTH ? DATABASE_NAME_LENGTH - rest
                                                          : SLUG_LENGTH_MIN;
}

/* What the first LENGTH characters of TEXT count in the name of a database with a user of its own:
 * GRANT takes as many as the name may have, and there each '_' is escaped. */
static apr_size_t granted_length(const char *text, apr_size_t length)
{
    apr_size_t marks = 0;
    for (apr_size_t i = 0; i < length; i++) {
        marks += text[i] == '_';
    }
    return length + marks;
}

/* BASE, or BASE_NUMBER, of at most LENGTH characters; GRANTED: as they count in a grant. */
static const char *slug_text(apr_pool_t *pool, const char *base, int number, apr_size_t length,
                             int granted)
{
    const char *suffix = number < 2 ? "" : apr_psprintf(pool, "_%d", number);
    apr_size_t room = length - (granted ? granted_length(suffix, strlen(suffix)) : strlen(suffix));
    apr_size_t kept = strlen(base) < room ? strlen(base) : room;
    while (granted && kept > 1 && granted_length(base, kept) > room) {
        kept--;
    }
    while (kept > 1 && base[kept - 1] == '_') {
        kept--;
    }
    return apr_psprintf(pool, "%.*s%s", (int)kept, base, suffix);
}

static void next_number(creation_t *creation)
{
    creation->number++;
    if (creation->number > SLUG_NUMBERS) {
        unsigned short random;
        crm_secret_random(&random, sizeof(random));
        creation->number = SLUG_NUMBERS + 1 + (random << 4);
    }
}

/* A slug that no tenant has, nor has as his name: what it would be found by is his. */
static crm_error_t *choose_slug(creation_t *creation, apr_pool_t *pool, const char **ret_slug)
{
    const crm_tenant_t *like = creation->plan->like;
    const char *base = like ? like->slug : crm_text_slug(pool, creation->name);
    apr_size_t length = slug_length(creation->site, pool);
    int granted = creation->site->isolation == CRM_ISOLATION_USER;
    for (;;) {
        const char *slug = slug_text(pool, base, creation->number, length, granted);
        const crm_rows_t *rows;
        CRM_ERR(crm_db_select(
            &creation->site->main, pool,
            "SELECT slug FROM tenant WHERE slug = ? OR (name_key = ? AND name_key <> ?)", "s",
            CRM_ARGS(crm_text(slug), crm_text(slug), crm_text(creation->name_key)), &rows));
        if (rows->count == 0) {
            *ret_slug = slug;
            return NULL;
        }
        next_number(creation);
    }
}

static crm_error_t *insert_row(const creation_t *creation, apr_pool_t *pool)
{
    const crm_tenant_t *tenant = creation->tenant;
    return crm_db_execute(
        &creation->site->main, pool,
        "INSERT INTO tenant (id, name, name_key, slug, database_name, database_name_key, "
        "token_key, state, is_active, version, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 'creating', ?, ?, ?, ?)",
        CRM_ARGS(crm_uuid(&tenant->id), crm_text(tenant->name), crm_text(creation->name_key),
                 crm_text(tenant->slug), crm_text(tenant->database_name),
                 crm_text(crm_text_fold(pool, tenant->database_name)),
                 crm_bytes(tenant->token_key, CRM_TOKEN_KEY_SIZE), crm_bool(tenant->is_active),
                 crm_int(tenant->version), crm_time(tenant->created_at),
                 crm_time(tenant->updated_at)),
        NULL);
}

crm_error_t *crm_tenant_copy(const crm_db_t *db, apr_pool_t *pool, const crm_tenant_t *tenant)
{
    return crm_db_execute(
        db, pool,
        "INSERT INTO tenant (id, name, slug, database_name, token_key, is_active, version, "
        "created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        CRM_ARGS(crm_uuid(&tenant->id), crm_text(tenant->name), crm_text(tenant->slug),
                 crm_text(tenant->database_name), crm_bytes(tenant->token_key, CRM_TOKEN_KEY_SIZE),
                 crm_bool(tenant->is_active), crm_int(tenant->version),
                 crm_time(tenant->created_at), crm_time(tenant->updated_at)),
        NULL);
}

/* The tables, empty, or as the plan loads them at the version that it wants. */
static crm_error_t *make_tables(const creation_t *creation, apr_pool_t *pool)
{
    const crm_tenant_plan_t *plan = creation->plan;
    const crm_migrations_t *migrations = creation->site->tenant_migrations;
    CRM_ERR(crm_migrate_new(creation->db, pool, migrations, plan->schema_version));
    if (!plan->load) {
        return NULL;
    }
    CRM_ERR(plan->load(creation->site, pool, creation->tenant, creation->db, plan->baton));
    return crm_migrate(creation->db, pool, migrations, NULL);
}

/* Notes that there is nothing to migrate. */
static crm_error_t *note_version(const crm_site_t *site, apr_pool_t *pool,
                                 const crm_tenant_t *tenant)
{
    const crm_migration_state_t state = {
        .tenant = tenant->id,
        .state = CRM_MIGRATION_DONE,
        .version = crm_migrations_newest(site->tenant_migrations),
        .fingerprint = crm_migration_target(site, pool),
        .runner = crm_migration_runner(pool),
        .started_at = tenant->created_at,
        .finished_at = apr_time_now(),
    };
    return crm_migration_states_write(site, pool, &state, 1);
}

/* Tables, the copy of the row, permissions, what the caller puts in; then the tenant is there. */
static crm_error_t *furnish(const creation_t *creation, apr_pool_t *pool)
{
    const crm_site_t *site = creation->site;
    const crm_tenant_t *tenant = creation->tenant;
    CRM_ERR(make_tables(creation, pool));
    CRM_ERR(crm_tenant_copy(creation->db, pool, tenant));
    CRM_ERR(crm_permission_sync(site, pool, creation->db));
    if (creation->plan->fill) {
        CRM_ERR(creation->plan->fill(site, pool, tenant, creation->db, creation->plan->baton));
    }
    CRM_ERR(note_version(site, pool, tenant));
    apr_int64_t affected;
    CRM_ERR(crm_db_execute(&site->main, pool,
                           "UPDATE tenant SET state = 'ready' WHERE id = ? AND state = 'creating'",
                           CRM_ARGS(crm_uuid(&tenant->id)), &affected));
    if (affected == 0) {
        return crm_error_cause(crm_error_standard(pool, CRM_E_INTERNAL),
                               "the row of tenant %s is gone", tenant->slug);
    }
    return NULL;
}

/* Creates the database of a row that stands; another's database of that name costs the slug. */
static crm_error_t *build(creation_t *creation, apr_pool_t *pool)
{
    const crm_tenant_t *tenant = creation->tenant;
    crm_error_t *error = crm_db_create_database(creation->db, pool);
    if (error && error->kind == CRM_E_CONFLICT) {
        next_number(creation);
        creation->again = 1;
        return crm_tenant_remove_row(creation->site, pool, &tenant->id);
    }
    if (!error) {
        error = furnish(creation, pool);
    }
    if (error) {
        crm_error_t *second = crm_tenant_undo(creation->site, pool, &tenant->id, tenant->slug);
        if (second) {
            crm_error_cause(error, "%s; and tenant %s is left for recovery: %s",
                            crm_error_line(pool, error), tenant->slug,
                            crm_error_line(pool, second));
        }
    }
    return error;
}

static crm_error_t *create_locked(const crm_db_t *db, apr_pool_t *pool, void *baton)
{
    creation_t *creation = baton;
    int exists;
    CRM_ERR(crm_db_exists(creation->db, pool, &exists));
    if (exists) {
        next_number(creation);
        creation->again = 1;
        return NULL;
    }
    crm_error_t *error = insert_row(creation, pool);
    if (error && error->kind == CRM_E_DUPLICATE && creation->plan->origin) {
        /* no other id will do */
        const crm_rows_t *rows;
        CRM_ERR(crm_db_select(db, pool, "SELECT slug FROM tenant WHERE id = ?", "s",
                              CRM_ARGS(crm_uuid(&creation->plan->origin->id)), &rows));
        if (rows->count > 0) {
            return error;
        }
    }
    if (error && error->kind == CRM_E_DUPLICATE) {
        if (error->key && strcmp(error->key, "database_name") == 0) {
            next_number(creation);
        }
        creation->again = 1;
        return NULL;
    }
    CRM_ERR(error);
    return build(creation, pool);
}

/* A name that leads to a tenant which had it is not to be had either. */
static crm_error_t *check_old_names(const creation_t *creation, apr_pool_t *pool)
{
    const crm_uuid_t nobody = {{0}};
    const crm_tenant_t *like = creation->plan->like;
    int taken;
    CRM_ERR(crm_tenant_alias_taken(creation->site, pool, creation->name_key,
                                   like ? &like->id : &nobody, &taken));
    return taken ? crm_error_field(pool, creation->plan->name_field,
                                   "A tenant had that name not long ago.")
                 : NULL;
}

/* INVALID when the name is taken; what a crash left under that name is removed first, and who is
 * just making it is waited for. */
static crm_error_t *clear_name(const creation_t *creation, apr_pool_t *pool)
{
    for (int turn = 0; turn < 2; turn++) {
        const crm_rows_t *rows;
        CRM_ERR(crm_db_select(&creation->site->main, pool,
                              "SELECT id, slug, state FROM tenant WHERE name_key = ?", "uss",
                              CRM_ARGS(crm_text(creation->name_key)), &rows));
        if (rows->count == 0) {
            return check_old_names(creation, pool);
        }
        const crm_value_t *row = crm_row(rows, 0);
        if (strcmp(row[2].as.text, "creating") != 0) {
            break;
        }
        int removed;
        CRM_ERR(crm_tenant_mend(creation->site, pool, row, 1, &removed));
    }
    return crm_error_field(pool, creation->plan->name_field,
                           "A tenant with that name already exists.");
}

/* The tenant as it will be, with a slug that is free as far as can be seen. */
static crm_error_t *prepare(creation_t *creation, apr_pool_t *pool)
{
    const char *slug;
    CRM_ERR(choose_slug(creation, pool, &slug));
    crm_tenant_t *tenant = apr_pcalloc(pool, sizeof(*tenant));
    if (creation->plan->like) {
        *tenant = *creation->plan->like;
        tenant->version++;
        tenant->updated_at = apr_time_now();
    } else {
        crm_uuid_make(&tenant->id);
        crm_secret_random(tenant->token_key, sizeof(tenant->token_key));
        tenant->is_active = 1;
        tenant->version = 1;
        tenant->created_at = tenant->updated_at = apr_time_now();
    }
    tenant->name = creation->name;
    tenant->slug = slug;
    tenant->database_name = crm_db_url_name(pool, creation->site->tenant_database, slug);
    if (creation->plan->origin) {
        tenant->id = creation->plan->origin->id;
        tenant->is_active = 0;
        tenant->created_at = creation->plan->origin->created_at;
        tenant->updated_at = creation->plan->origin->updated_at;
    }
    creation->tenant = tenant;
    creation->db = crm_tenant_unversioned(creation->site, pool, slug);
    creation->again = 0;
    return NULL;
}

/* Removes what a crash left of a tenant that is to be again. */
static crm_error_t *clear_identity(const creation_t *creation, apr_pool_t *pool)
{
    const crm_rows_t *rows;
    int removed;
    if (!creation->plan->like) {
        return NULL;
    }
    CRM_ERR(crm_db_select(&creation->site->main, pool,
                          "SELECT id, slug FROM tenant WHERE id = ? AND state = 'creating'", "us",
                          CRM_ARGS(crm_uuid(&creation->plan->like->id)), &rows));
    return rows->count > 0 ? crm_tenant_mend(creation->site, pool, crm_row(rows, 0), 1, &removed)
                           : NULL;
}

static crm_error_t *create(creation_t *creation, apr_pool_t *pool)
{
    for (int turn = 0; turn < TURNS; turn++) {
        CRM_ERR(clear_identity(creation, pool));
        CRM_ERR(clear_name(creation, pool));
        CRM_ERR(prepare(creation, pool));
        CRM_ERR(crm_tenant_locked(creation->site, pool, creation->tenant->slug, 1, create_locked,
                                  creation));
        if (!creation->again) {
            return NULL;
        }
    }
    return crm_error_standard(pool, CRM_E_UNAVAILABLE);
}

crm_error_t *crm_tenant_make(const crm_site_t *site, apr_pool_t *pool,
                             const crm_tenant_plan_t *plan, crm_tenant_t **ret_tenant)
{
    creation_t creation = {.site = site, .plan = plan, .number = 1};
    CRM_ERR(crm_tenant_check_name(pool, plan->name, plan->name_field, &creation.name,
                                  &creation.name_key));
    if (crm_semaphore_acquire(site->creations, PATIENCE) != APR_SUCCESS) {
        crm_error_t *error = crm_error_make(pool, CRM_E_UNAVAILABLE,
                                            "Too many tenants are being made. Try again later.");
        error->retry_after = 5;
        return error;
    }
    crm_error_t *error = create(&creation, pool);
    crm_semaphore_release(site->creations);
    CRM_ERR(error);
    *ret_tenant = creation.tenant;
    return NULL;
}

crm_error_t *crm_tenant_take(const crm_site_t *site, apr_pool_t *pool,
                             const crm_tenant_origin_t *origin, crm_tenant_t **ret_tenant)
{
    crm_tenant_plan_t plan = {.name = origin->name, .name_field = "name", .origin = origin};
    return crm_tenant_make(site, pool, &plan, ret_tenant);
}

crm_error_t *crm_tenant_create(const crm_site_t *site, apr_pool_t *pool, const char *name,
                               const char *name_field, crm_tenant_fill_fn *fill, void *baton,
                               crm_tenant_t **ret_tenant)
{
    crm_tenant_plan_t plan = {.name = name, .name_field = name_field, .fill = fill, .baton = baton};
    return crm_tenant_make(site, pool, &plan, ret_tenant);
}
