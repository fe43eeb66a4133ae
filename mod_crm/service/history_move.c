/* service/history_move.c - History from the spool to the databases.
 *
 * Each batch of records is grouped by database, and each group stored in a transaction of its own.
 * A group that cannot be stored is set aside under its database's label and offered again after a
 * quarter of its oldest record's age, within bounds: so the pauses grow while a database is away,
 * in all processes alike, and nobody has to remember how often it failed. While records of a
 * database wait, new ones join them untried: one that is away costs the others one attempt a pause.
 */
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "service/history_record.h"
#include "service/history_store.h"
#include "service/tenant.h"

#define PAUSE_MIN apr_time_from_msec(250)
#define PAUSE_MAX apr_time_from_sec(5)
#define PAUSE_PART 4

/* What attempts that fail may take in a turn, for tenants' databases and for the main one. A server
 * that does not even refuse costs a timeout each: with many tenants the others would wait for long.
 * The databases that then are not tried differ from turn to turn. */
#define PATIENCE apr_time_from_sec(5)

/* A server that is there says sooner that it has no such database. */
#define AT_ONCE apr_time_from_sec(1)

/* Labels that are no slug: slugs neither begin nor end with '_'. */
#define LABEL_MAIN "_main"
#define LABEL_UNKNOWN "_unknown"
/* Records of a version that this program does not know wait for one that does. */
#define UNKNOWN_PAUSE apr_time_from_sec(60)

/* A record beside the bytes it was read from. */
typedef struct item_t {
    crm_history_t record;
    const void *data;
    apr_size_t size;
} item_t;

/* The records of one database. */
typedef struct group_t {
    const char *slug;          /* NULL: main */
    apr_array_header_t *items; /* of item_t * */
} group_t;

typedef struct mover_t {
    crm_site_t *site;
    apr_pool_t *pool;  /* the caller's */
    apr_pool_t *batch; /* cleared after each batch */
    apr_hash_t *groups;
    apr_array_header_t *order;   /* of group_t *, as first met */
    apr_interval_time_t lost[2]; /* on attempts that failed: main, tenants */
    crm_history_move_t move;
    crm_error_t *error; /* the first, in pool */
} mover_t;

static const char *label_of(const group_t *group)
{
    return group->slug ? group->slug : LABEL_MAIN;
}

static group_t *group_of(mover_t *mover, const char *slug)
{
    const char *key = slug ? slug : "";
    if (!mover->groups) {
        mover->groups = apr_hash_make(mover->batch);
        mover->order = apr_array_make(mover->batch, 16, sizeof(group_t *));
    }
    group_t *group = apr_hash_get(mover->groups, key, APR_HASH_KEY_STRING);
    if (!group) {
        group = apr_palloc(mover->batch, sizeof(*group));
        group->slug = slug;
        group->items = apr_array_make(mover->batch, 64, sizeof(item_t *));
        apr_hash_set(mover->groups, key, APR_HASH_KEY_STRING, group);
        APR_ARRAY_PUSH(mover->order, group_t *) = group;
    }
    return group;
}

static void note_error(mover_t *mover, const crm_error_t *error)
{
    if (!mover->error) {
        mover->error = crm_error_make(mover->pool, error->kind, "%s", error->detail);
        mover->error->code = error->code;
        if (error->cause) {
            crm_error_cause(mover->error, "%s", error->cause);
        }
    }
}

static void read_record(void *baton, const void *data, apr_size_t size)
{
    mover_t *mover = baton;
    item_t *item = apr_palloc(mover->batch, sizeof(*item));
    mover->move.read++;
    item->data = data;
    item->size = size;
    if (!crm_history_decode(data, size, &item->record)) {
        crm_spool_defer(mover->site->spool, LABEL_UNKNOWN, data, size, UNKNOWN_PAUSE);
        mover->move.deferred++;
        return;
    }
    APR_ARRAY_PUSH(group_of(mover, item->record.slug)->items, item_t *) = item;
}

/* 1 when the database was there but would not take what it was given. */
static int is_refusal(const crm_error_t *error)
{
    return error->kind != CRM_E_UNAVAILABLE && error->kind != CRM_E_LOCKED &&
           error->kind != CRM_E_GONE;
}

/* A record that a database refused, reduced to what any takes. */
static crm_error_t *store_bare(mover_t *mover, const crm_db_t *db, apr_pool_t *pool,
                               const crm_history_t *record)
{
    crm_history_t bare = *record;
    const crm_history_t *records[] = {&bare};
    apr_size_t stored;
    bare.request_data = bare.response_data = NULL;
    bare.user_agent = bare.error_message = bare.request_id = bare.ip_address = NULL;
    CRM_ERR(crm_history_store(db, pool, records, 1, &stored));
    mover->move.stored += stored;
    return NULL;
}

/* Stores COUNT records; of those that the database refuses, a half and then the other, so that one
 * that it will not take costs only itself. */
static crm_error_t *store(mover_t *mover, const crm_db_t *db, const crm_history_t *const *records,
                          int count)
{
    apr_size_t stored = 0;
    apr_pool_t *pool;
    apr_pool_create(&pool, mover->batch);
    crm_error_t *error = crm_history_store(db, pool, records, count, &stored);
    mover->move.stored += stored;
    if (error && is_refusal(error) && count > 1) {
        error = store(mover, db, records, count / 2);
        if (!error) {
            error = store(mover, db, records + count / 2, count - count / 2);
        }
    } else if (error && is_refusal(error)) {
        note_error(mover, error);
        error = store_bare(mover, db, pool, records[0]);
    }
    if (error) {
        return error; /* lives in pool, which ends with the batch */
    }
    apr_pool_destroy(pool);
    return NULL;
}

/* Stores the records of GROUP in DB. FOREIGN: DB is not the one they were made for. */
static crm_error_t *store_group(mover_t *mover, const crm_db_t *db, const group_t *group,
                                int foreign)
{
    int count = group->items->nelts;
    const crm_history_t **records = apr_palloc(mover->batch, (apr_size_t)count * sizeof(*records));
    for (int i = 0; i < count; i++) {
        crm_history_t *record = &APR_ARRAY_IDX(group->items, i, item_t *)->record;
        if (foreign) {
            record->user_id = 0; /* would be somebody else there */
        }
        if (foreign || !record->slug) {
            record->user_is_platform = 0;
        }
        records[i] = record;
    }
    return store(mover, db, records, count);
}

/* 1 when the main database says that there is no tenant with SLUG (any more). */
static int is_gone(mover_t *mover, const char *slug)
{
    const crm_rows_t *rows;
    crm_error_t *error =
        crm_db_select(&mover->site->main, mover->batch, "SELECT id FROM tenant WHERE slug = ?", "u",
                      CRM_ARGS(crm_text(slug)), &rows);
    return !error && rows->count == 0;
}

/* How long GROUP waits before it is offered again. */
static apr_interval_time_t pause_of(const group_t *group)
{
    apr_time_t now = apr_time_now();
    apr_time_t oldest = now;
    for (int i = 0; i < group->items->nelts; i++) {
        apr_time_t made = APR_ARRAY_IDX(group->items, i, item_t *)->record.created_at;
        oldest = made < oldest ? made : oldest;
    }
    apr_interval_time_t pause = (now - oldest) / PAUSE_PART;
    return pause < PAUSE_MIN ? PAUSE_MIN : pause > PAUSE_MAX ? PAUSE_MAX : pause;
}

static void defer(mover_t *mover, const group_t *group, apr_interval_time_t pause)
{
    for (int i = 0; i < group->items->nelts; i++) {
        const item_t *item = APR_ARRAY_IDX(group->items, i, item_t *);
        crm_spool_defer(mover->site->spool, label_of(group), item->data, item->size, pause);
    }
    mover->move.deferred += (apr_size_t)group->items->nelts;
}

/* GROUP into its own database, or into the main one when its tenant is no more. */
static crm_error_t *store_somewhere(mover_t *mover, const group_t *group)
{
    const crm_db_t *main = &mover->site->main;
    if (!group->slug) {
        return store_group(mover, main, group, 0);
    }
    const char *place;
    crm_error_t *unknown = crm_tenant_place_by_slug(mover->site, mover->batch, group->slug, &place);
    if (unknown && unknown->kind == CRM_E_NOT_FOUND) {
        return store_group(mover, main, group, 1);
    }
    if (unknown) {
        place = group->slug; /* where most are; a database that a tenant has left takes nothing */
    }
    const crm_db_t *db = crm_site_tenant_db(mover->site, mover->batch, place);
    apr_time_t began = apr_time_now();
    crm_error_t *error = store_group(mover, db, group, 0);
    if (error && apr_time_now() - began < AT_ONCE && is_gone(mover, group->slug)) {
        error = store_group(mover, main, group, 1);
    }
    return error;
}

static void move_group(mover_t *mover, const group_t *group)
{
    apr_interval_time_t *lost = &mover->lost[group->slug != NULL];
    apr_time_t until = crm_spool_deferred_until(mover->site->spool, label_of(group));
    apr_time_t now = apr_time_now();
    if (until > now) {
        defer(mover, group, until - now);
        return;
    }
    if (*lost > PATIENCE) {
        defer(mover, group, pause_of(group));
        return;
    }
    crm_error_t *error = store_somewhere(mover, group);
    if (error) {
        *lost += apr_time_now() - now;
        note_error(mover, error);
        defer(mover, group, pause_of(group));
    }
}

static apr_status_t finish_batch(void *baton)
{
    mover_t *mover = baton;
    int count = mover->groups ? mover->order->nelts : 0;
    int first = count > 0 ? (int)(apr_time_now() % count) : 0;
    for (int i = 0; i < count; i++) {
        move_group(mover, APR_ARRAY_IDX(mover->order, (first + i) % count, group_t *));
    }
    mover->groups = NULL;
    apr_pool_clear(mover->batch);
    return APR_SUCCESS;
}

apr_status_t crm_history_move(crm_site_t *site, apr_pool_t *pool, crm_history_move_t *ret_move,
                              crm_error_t **ret_error)
{
    mover_t mover = {.site = site, .pool = pool};
    apr_size_t taken;
    apr_status_t status = APR_SUCCESS;
    if (site->spool) {
        apr_pool_create(&mover.batch, pool);
        status = crm_spool_take(site->spool, read_record, finish_batch, &mover, &taken);
        apr_pool_destroy(mover.batch);
    }
    *ret_move = mover.move;
    *ret_error = mover.error;
    return status;
}
