/* t/unit/service/job_test.c - one process at a time for a job, and what becomes of it. */
#include <dirent.h>

#include "base/json.h"
#include "entities/entities.h"
#include "service/job_turn.h"
#include "service/job_work.h"
#include "site_fixture.h"

static void empty(fixture_t *f)
{
    f->site->jobs.files = f->folder;
    f->site->jobs.keep = apr_time_from_sec(3600);
    no_error(crm_db_execute(&f->site->main, f->pool, "DELETE FROM job", CRM_NO_ARGS, NULL));
}

static crm_uuid_t put(fixture_t *f, const crm_tenant_t *tenant, const char *kind)
{
    const crm_job_order_t order = {.kind = kind,
                                   .tenant = tenant,
                                   .arguments = crm_json_own(f->pool, json_object()),
                                   .requested_by = "root",
                                   .request_id = "request"};
    crm_uuid_t id;
    no_error(crm_job_put(f->site, f->pool, &order, &id));
    return id;
}

static crm_job_t *take(fixture_t *f, int slot)
{
    crm_job_t *job;
    no_error(crm_job_take(f->site, f->pool, slot, &job));
    return job;
}

static crm_job_t *get(fixture_t *f, const crm_uuid_t *id)
{
    crm_job_t *job;
    no_error(crm_job_get(f->site, f->pool, id, &job));
    return job;
}

static int is(const crm_job_t *job, const crm_uuid_t *id)
{
    return job && memcmp(&job->id, id, sizeof(*id)) == 0;
}

/* The tenant NAME, once made. */
static crm_tenant_t *tenant_of(fixture_t *f, const char *name)
{
    crm_tenant_t *tenant;
    crm_error_t *error = crm_tenant_find(f->site, f->pool, name, &tenant);
    return error ? tenant_with_admin(f, name) : tenant;
}

static void finish(fixture_t *f, const crm_job_t *job)
{
    no_error(crm_job_finish(f->site, f->pool, job, crm_json_own(f->pool, json_object()), NULL));
}

/* How many files of the job ID there are, half written ones too. */
static int files_of(fixture_t *f, const crm_uuid_t *id)
{
    int files = 0;
    DIR *folder = opendir(f->folder);
    const struct dirent *entry;
    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        files += strncmp(entry->d_name, crm_uuid_text(f->pool, id), CRM_UUID_TEXT) == 0;
    }
    closedir(folder);
    return files;
}

/* ---- the queue ---- */

static void test_a_tenants_jobs_come_one_after_the_other(void **state)
{
    fixture_t *f = fixture_of(state);
    const crm_tenant_t *acme = tenant_of(f, "Acme"), *globex = tenant_of(f, "Globex");
    empty(f);
    assert_null(take(f, 1));
    const crm_uuid_t first = put(f, acme, "backup"), second = put(f, acme, "backup"),
                     other = put(f, globex, "backup");
    const crm_job_t *job = take(f, 1);
    assert_true(is(job, &first));
    assert_true(is(take(f, 2), &other));
    assert_null(take(f, 3));
    finish(f, job);
    assert_true(is(take(f, 3), &second));
}

static void test_what_waits_to_be_begun_again_is_not_overtaken(void **state)
{
    fixture_t *f = fixture_of(state);
    const crm_tenant_t *acme = tenant_of(f, "Acme");
    empty(f);
    const crm_uuid_t first = put(f, acme, "backup");
    put(f, acme, "purge");
    no_error(crm_job_give_back(f->site, f->pool, take(f, 1),
                               crm_error_make(f->pool, CRM_E_UNAVAILABLE, "Busy.")));
    assert_null(take(f, 1));
    run(&f->site->main, f->pool, "UPDATE job SET due_at = ?", crm_time(apr_time_now()));
    const crm_job_t *job = take(f, 1);
    assert_true(is(job, &first));
    assert_int_equal(job->attempts, 2);
    no_error(crm_job_fail(f->site, f->pool, job, crm_error_field(f->pool, "name", "Is taken.")));
    assert_int_equal(number_of(&f->site->main, f->pool,
                               "SELECT COUNT(*) FROM job WHERE error_status = 400 AND error = ?",
                               "name: Is taken."),
                     1);
}

static void test_given_back_counts_for_nothing(void **state)
{
    fixture_t *f = fixture_of(state);
    empty(f);
    const crm_uuid_t id = put(f, tenant_of(f, "Acme"), "backup");
    for (int i = 1; i < 2 * CRM_JOB_ATTEMPTS; i++) {
        const crm_job_t *job = take(f, 1);
        assert_true(is(job, &id));
        assert_int_equal(job->takes, i);
        assert_int_equal(job->attempts, 1);
        no_error(crm_job_give_back(f->site, f->pool, job, NULL));
    }
}

static void test_who_was_given_up_for_dead_can_end_nothing(void **state)
{
    fixture_t *f = fixture_of(state);
    const crm_tenant_t *acme = tenant_of(f, "Acme");
    empty(f);
    const crm_uuid_t id = put(f, acme, "backup");
    crm_job_t *dead = take(f, 1);
    no_error(crm_job_advance(f->site, f->pool, dead, 40));
    crm_job_t *job = take(f, 1);
    assert_true(is(job, &id));
    assert_int_equal(job->attempts, 2);
    is_error(crm_job_advance(f->site, f->pool, dead, 50), CRM_E_CONFLICT, NULL, NULL);
    is_error(crm_job_makes(f->site, f->pool, dead, &acme->id), CRM_E_CONFLICT, NULL, NULL);
    is_error(crm_job_finish(f->site, f->pool, dead, crm_json_own(f->pool, json_object()), "x"),
             CRM_E_CONFLICT, NULL, NULL);
    no_error(crm_job_fail(f->site, f->pool, dead, crm_error_standard(f->pool, CRM_E_INTERNAL)));
    no_error(crm_job_give_back(f->site, f->pool, dead, NULL));
    assert_string_equal(get(f, &id)->state, "running");
    no_error(crm_job_advance(f->site, f->pool, job, 10));
    assert_int_equal(get(f, &id)->progress, 40);
    is_error(crm_job_remove(f->site, f->pool, &id), CRM_E_CONFLICT, NULL, NULL);
    finish(f, job);
    assert_int_equal(get(f, &id)->progress, 100);
    no_error(crm_job_remove(f->site, f->pool, &id));
    is_error(crm_job_get(f->site, f->pool, &id, &job), CRM_E_NOT_FOUND, NULL, NULL);
}

/* ---- turns ---- */

/* What goes on while a job is done. */
typedef struct turn_t {
    fixture_t *f;
    int asked; /* how often whether it is over */
    int over_at, lost_at;
    const char *told; /* what was said of the job */
} turn_t;

static void tell(void *baton, const crm_job_t *job, const crm_error_t *error, int is_final)
{
    turn_t *turn = baton;
    (void)job;
    turn->told = !error ? "done" : is_final ? "failed" : "again";
}

static int is_over(void *baton)
{
    turn_t *turn = baton;
    turn->asked++;
    if (turn->asked == turn->lost_at) {
        assert_non_null(take(turn->f, 1)); /* as another process that found the slot free */
    }
    return turn->asked == turn->over_at;
}

static int do_turn(turn_t *turn)
{
    const crm_job_hooks_t hooks = {.tell = tell, .is_over = is_over, .baton = turn};
    int done;
    no_error(crm_job_turn(turn->f->site, turn->f->pool, &hooks, &done));
    return done;
}

static void ends_well(fixture_t *f, const crm_uuid_t *id, int takes)
{
    turn_t turn = {.f = f};
    assert_true(do_turn(&turn));
    const crm_job_t *job = get(f, id);
    assert_string_equal(job->state, "done");
    assert_string_equal(turn.told, "done");
    assert_int_equal(job->takes, takes);
    assert_non_null(job->file);
    assert_int_equal(files_of(f, id), 1);
    assert_false(do_turn(&turn));
    no_error(crm_job_remove(f->site, f->pool, id));
    assert_int_equal(files_of(f, id), 0);
}

static void test_broken_off(void **state)
{
    fixture_t *f = fixture_of(state);
    empty(f);
    const crm_uuid_t id = put(f, tenant_of(f, "Acme"), "export");
    turn_t turn = {.f = f, .over_at = 3};
    assert_true(do_turn(&turn));
    assert_int_equal(turn.asked, 3);
    assert_null(turn.told);
    assert_string_equal(get(f, &id)->state, "queued");
    assert_int_equal(get(f, &id)->attempts, 0);
    assert_int_equal(files_of(f, &id), 0);
    ends_well(f, &id, 2);
}

/* At its first moment, and where it learns that only when it wants to say that it is done. */
static void test_lost(void **state)
{
    fixture_t *f = fixture_of(state);
    for (int lost_at = 1; lost_at <= 2; lost_at++) {
        empty(f);
        const crm_uuid_t id = put(f, tenant_of(f, "Acme"), "backup");
        turn_t turn = {.f = f, .lost_at = lost_at};
        assert_true(do_turn(&turn));
        assert_null(turn.told);
        assert_string_equal(get(f, &id)->state, "running");
        assert_int_equal(get(f, &id)->takes, 2);
        assert_int_equal(files_of(f, &id), 0);
        ends_well(f, &id, 3);
    }
}

static void test_what_cannot_be_done(void **state)
{
    fixture_t *f = fixture_of(state);
    crm_tenant_t gone = {.name = "Gone"};
    turn_t turn = {.f = f};
    empty(f);
    crm_uuid_make(&gone.id);
    crm_uuid_t id = put(f, &gone, "backup");
    assert_true(do_turn(&turn));
    assert_string_equal(turn.told, "failed");
    assert_string_equal(get(f, &id)->state, "failed");
    assert_int_equal(number_of(&f->site->main, f->pool, "SELECT COUNT(*) FROM job WHERE error = ?",
                               "The tenant is gone."),
                     1);
    id = put(f, &gone, "dance"); /* of a version that knows more */
    assert_true(do_turn(&turn));
    assert_string_equal(get(f, &id)->state, "failed");
    id = put(f, &gone, "backup");
    run(&f->site->main, f->pool,
        "UPDATE job SET state = 'running', slot = 1, attempts = ? WHERE state = 'queued'",
        crm_int(CRM_JOB_ATTEMPTS));
    assert_true(do_turn(&turn));
    assert_int_equal(number_of(&f->site->main, f->pool,
                               "SELECT COUNT(*) FROM job WHERE error LIKE ?",
                               "The process that did it ended%"),
                     1);
}

/* What the API says there is, is what is done, in the same order. */
static void test_kinds_are_those_of_the_entity(void **state)
{
    const crm_choice_t *choice = crm_entity_field(&crm_job_entity, "kind")->choices;
    const crm_job_kind_t *kind = crm_job_kinds;
    (void)state;
    for (; kind->name; kind++, choice++) {
        assert_non_null(choice->value);
        assert_string_equal(choice->value, kind->name);
    }
    assert_null(choice->value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_tenants_jobs_come_one_after_the_other),
        cmocka_unit_test(test_what_waits_to_be_begun_again_is_not_overtaken),
        cmocka_unit_test(test_given_back_counts_for_nothing),
        cmocka_unit_test(test_who_was_given_up_for_dead_can_end_nothing),
        cmocka_unit_test(test_broken_off),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_what_cannot_be_done),
        cmocka_unit_test(test_kinds_are_those_of_the_entity),
    };
    int failed =
        cmocka_run_group_tests_name("service/job, sqlite3", tests, fixture_sqlite, fixture_end);
    return failed +
           cmocka_run_group_tests_name("service/job, mysql", tests, fixture_mysql, fixture_end);
}
