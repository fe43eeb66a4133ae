/* t/unit/base/spool_test.c - a spool: appended is read once, whoever dies; torn, full, bounded. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>

#include "base/secret.h"
#include "base/spool.h"

#define MOST 200000
#define FOREVER apr_time_from_sec(3600)

static apr_pool_t *pool;
static char folder[64];

/* What a reader saw: how often record N, which begins with the number N. */
typedef struct seen_t {
    crm_spool_t *spool;
    int times[MOST];
    int last, batches, in_order;
    const char *defer;         /* label to set everything aside for, or NULL */
    apr_interval_time_t delay; /* below 0: as long as the label waits */
    apr_status_t answer;       /* of done */
} seen_t;

static seen_t *seen; /* shared with children */

static void see(void *baton, const void *record, apr_size_t size)
{
    seen_t *to = baton;
    int number;
    assert_true(size >= sizeof(number));
    memcpy(&number, record, sizeof(number));
    assert_true(number >= 0 && number < MOST);
    to->times[number]++;
    to->in_order = to->in_order && number >= to->last;
    to->last = number;
    if (to->defer) {
        apr_interval_time_t delay = to->delay;
        if (delay < 0) {
            delay = crm_spool_deferred_until(to->spool, to->defer) - apr_time_now();
            apr_sleep(1000);
        }
        assert_int_equal(crm_spool_defer(to->spool, to->defer, record, size, delay), 0);
    }
}

static apr_status_t done(void *baton)
{
    seen_t *to = baton;
    to->batches++;
    return to->answer;
}

static apr_size_t take(crm_spool_t *spool)
{
    apr_size_t taken;
    memset(seen, 0, offsetof(seen_t, defer));
    seen->spool = spool;
    seen->in_order = 1;
    assert_int_equal(crm_spool_take(spool, see, done, seen, &taken), APR_SUCCESS);
    return taken;
}

static crm_spool_t *open_spool(apr_uint64_t limit)
{
    crm_spool_t *spool;
    assert_int_equal(crm_spool_open(pool, folder, limit, &spool), APR_SUCCESS);
    return spool;
}

static apr_status_t append(crm_spool_t *spool, int number, apr_size_t size)
{
    char *record = calloc(1, size);
    memcpy(record, &number, sizeof(number));
    apr_status_t status = crm_spool_append(spool, record, size);
    free(record);
    return status;
}

/* Runs WORK in a child that then dies without a word. */
static void in_child(void (*work)(crm_spool_t *spool))
{
    crm_spool_t *spool = open_spool(0);
    pid_t child = fork();
    int status;
    if (child == 0) {
        work(spool);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* The number of files whose name begins with PREFIX; RET_PATH (may be NULL): the last one's. */
static int files(const char *prefix, char *ret_path)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int count = 0;
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.' && strncmp(entry->d_name, prefix, strlen(prefix)) == 0) {
            count++;
            if (ret_path) {
                apr_snprintf(ret_path, 512, "%s/%s", folder, entry->d_name);
            }
        }
    }
    closedir(dir);
    return count;
}

static int setup(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    apr_snprintf(folder, sizeof(folder), "%s/crm-spool-XXXXXX",
                 parent && strlen(parent) < 40 ? parent : "/tmp");
    if (!mkdtemp(folder)) {
        return -1;
    }
    memset(seen, 0, sizeof(*seen));
    return apr_pool_create(&pool, NULL);
}

static int teardown(void **state)
{
    (void)state;
    char path[512];
    apr_pool_destroy(pool);
    while (files("", path) > 0) {
        unlink(path);
    }
    return rmdir(folder);
}

static void appended_is_taken_once(void **state)
{
    (void)state;
    crm_spool_t *spool = open_spool(0);
    for (int i = 1; i <= 1000; i++) {
        assert_int_equal(append(spool, i, 4 + (apr_size_t)i), APR_SUCCESS);
    }
    assert_int_equal(take(spool), 1000);
    assert_true(seen->in_order);
    assert_int_equal(seen->times[1000], 1);
    assert_int_equal(take(spool), 0);
    assert_int_equal(files("", NULL), 0);
    append(spool, 7, 4);
    assert_int_equal(take(spool), 1);
    assert_int_equal(crm_spool_counts(spool).appended, 1001);
}

static void what_is_not_stored_stays(void **state)
{
    (void)state;
    crm_spool_t *spool = open_spool(0);
    append(spool, 1, 100);
    append(spool, 2, 100);
    seen->answer = APR_EGENERAL;
    assert_int_equal(take(spool), 2);
    append(spool, 3, 100);
    seen->answer = APR_SUCCESS;
    assert_int_equal(take(spool), 3);
    assert_int_equal(take(spool), 0);
}

static void large_segments_are_taken_in_parts(void **state)
{
    (void)state;
    crm_spool_t *spool = open_spool(0);
    for (int i = 0; i < 300; i++) {
        append(spool, i, 100000);
    }
    append(spool, 300, 9 << 20); /* larger than the reader's buffer */
    append(spool, 301, 100000);
    assert_int_equal(take(spool), 302);
    assert_true(seen->in_order);
    assert_true(seen->batches > 7);
    assert_int_equal(take(spool), 0);
}

static void append_three(crm_spool_t *spool)
{
    for (int i = 1; i <= 3; i++) {
        append(spool, i, 1000);
    }
}

static void a_living_process_keeps_its_segment(void **state)
{
    (void)state;
    crm_spool_t *living = open_spool(0);
    append_three(living);
    crm_spool_t *other = open_spool(0);
    assert_int_equal(take(other), 0);
    assert_int_equal(take(living), 3);
}

static void a_dead_process_leaves_its_segment(void **state)
{
    (void)state;
    crm_spool_t *spool = open_spool(0);
    in_child(append_three);
    in_child(append_three);
    assert_int_equal(take(spool), 6);
    assert_int_equal(seen->times[3], 2);
    assert_int_equal(files("", NULL), 0);
}

static void a_torn_end_is_skipped(void **state)
{
    (void)state;
    char path[512];
    crm_spool_t *spool = open_spool(0);
    in_child(append_three);
    assert_int_equal(files("segment-", path), 1);
    assert_int_equal(truncate(path, 2 * 1012 + 500), 0);
    assert_int_equal(take(spool), 2);
    assert_int_equal(crm_spool_counts(spool).torn, 1);
    assert_int_equal(files("", NULL), 0);
}

/* Each byte of the second of three records, its header included, is damaged in turn. */
static void a_damaged_record_costs_itself_alone(void **state)
{
    (void)state;
    crm_spool_t *spool = open_spool(0);
    for (off_t at = 1012; at < 2 * 1012; at += at < 1012 + 16 ? 1 : 97) {
        char path[512];
        char byte;
        in_child(append_three);
        assert_int_equal(files("segment-", path), 1);
        int fd = open(path, O_RDWR);
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 0x20;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        close(fd);
        assert_int_equal(take(spool), 2);
        assert_int_equal(seen->times[1], 1);
        assert_int_equal(seen->times[3], 1);
    }
    assert_int_equal(crm_spool_counts(spool).torn, 16 + (1012 - 16 + 96) / 97);
}

/* A child that is killed while it appends: what append returned for is there, once. */
static void a_killed_appender_loses_nothing(void **state)
{
    (void)state;
    crm_spool_t *spool = open_spool(0);
    volatile int *shared =
        mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 1; i < MOST; i++) {
            if (append(spool, i, 600 + (apr_size_t)(i % 7) * 500) != APR_SUCCESS) {
                _exit(1);
            }
            *shared = i;
        }
        _exit(2);
    }
    while (*shared < 5000) {
        apr_size_t taken;
        assert_int_equal(crm_spool_take(spool, see, done, seen, &taken), APR_SUCCESS);
    }
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    apr_size_t taken;
    assert_int_equal(crm_spool_take(spool, see, done, seen, &taken), APR_SUCCESS);
    int returned = *shared;
    for (int i = 1; i <= returned; i++) {
        assert_int_equal(seen->times[i], 1);
    }
    assert_true(seen->times[returned + 1] <= 1); /* written, but not returned */
    assert_int_equal(seen->times[returned + 2], 0);
    munmap((void *)shared, sizeof(int));
}

/* A limit on the size of files stands for a disk that is full. */
static void fill_disk(crm_spool_t *spool)
{
    struct rlimit limit;
    int failed = 0;
    int number = 0;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 10500;
    setrlimit(RLIMIT_FSIZE, &limit);
    for (int i = 1; i <= 20; i++) {
        apr_status_t status = append(spool, number + 1, 1000);
        number += status == APR_SUCCESS;
        failed += status != APR_SUCCESS;
    }
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit);
    for (; number < 15; number++) {
        failed += append(spool, number + 1, 1000) != APR_SUCCESS;
    }
    crm_spool_counts_t counts = crm_spool_counts(spool);
    _exit(failed == 10 && counts.failed == 10 && counts.appended == 15 ? 0 : 1);
}

static void a_full_disk_leaves_no_half_record(void **state)
{
    (void)state;
    crm_spool_t *spool = open_spool(0);
    in_child(fill_disk);
    assert_int_equal(take(spool), 15);
    assert_true(seen->in_order);
    assert_int_equal(crm_spool_counts(spool).torn, 0);
}

static void over_the_limit_the_oldest_go(void **state)
{
    (void)state;
    crm_spool_t *full = open_spool(64 << 10);
    for (int i = 0; i < 200; i++) {
        append(full, i, 1000);
    }
    crm_spool_t *spool = open_spool(64 << 10);
    apr_size_t taken = take(spool);
    assert_true(crm_spool_counts(spool).dropped > 0);
    assert_true(crm_spool_counts(spool).bytes <= 64 << 10);
    taken += take(full);
    assert_true(seen->times[199] == 1);
    assert_true(taken > 40 && taken < 66);
}

static void deferred_is_offered_when_due(void **state)
{
    (void)state;
    crm_spool_t *spool = open_spool(0);
    append_three(spool);
    seen->defer = "acme";
    seen->delay = FOREVER;
    assert_int_equal(take(spool), 3);
    seen->defer = NULL;
    assert_int_equal(take(spool), 0);
    assert_true(crm_spool_deferred_until(spool, "acme") > apr_time_now());
    assert_int_equal(crm_spool_deferred_until(spool, "other"), 0);
    assert_int_equal(files("defer-", NULL), 1);

    append(spool, 9, 4);
    seen->defer = "other";
    seen->delay = 0;
    assert_int_equal(take(spool), 1);
    seen->defer = NULL;
    assert_int_equal(take(spool), 1); /* acme's still wait */
    assert_int_equal(seen->times[9], 1);
    assert_int_equal(files("", NULL), 1);
    assert_int_equal(crm_spool_defer(spool, "No/label", "x", 1, 0), APR_EINVAL);
}

/* Else two processes whose records wait for each other's would put them off for ever. */
static void who_joins_a_label_does_not_put_it_off(void **state)
{
    (void)state;
    crm_spool_t *spool = open_spool(0);
    seen->defer = "acme";
    seen->delay = FOREVER;
    append(spool, 1, 4);
    assert_int_equal(take(spool), 1);
    apr_time_t until = crm_spool_deferred_until(spool, "acme");
    seen->delay = -1;
    append(spool, 2, 4);
    assert_int_equal(take(spool), 1);
    assert_int_equal(crm_spool_deferred_until(spool, "acme"), until);
}

/* Small files of a label become one; a large one is renamed. */
static void deferred_again_is_not_copied_for_ever(void **state)
{
    (void)state;
    char path[512];
    struct stat before;
    struct stat after;
    crm_spool_t *spool = open_spool(0);
    seen->defer = "acme";
    for (int i = 0; i < 10; i++) {
        append(spool, i, 1000);
        assert_int_equal(take(spool), i + 1);
        assert_int_equal(files("", NULL), 1);
    }
    append(spool, 10, 3000000);
    assert_int_equal(take(spool), 11);
    assert_int_equal(files("", path), 1);
    assert_int_equal(stat(path, &before), 0);
    assert_int_equal(take(spool), 11);
    assert_int_equal(files("", path), 1);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    seen->defer = NULL;
    assert_int_equal(take(spool), 11);
    assert_int_equal(files("", NULL), 0);
}

static int first;

static void append_many(crm_spool_t *spool)
{
    for (int i = 0; i < 500; i++) {
        append(spool, first + i, 200);
    }
}

/* Two processes take over the same orphans at once. */
static void two_takers_share(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++) {
        first = i * 500;
        in_child(append_many);
    }
    crm_spool_t *spool = open_spool(0);
    apr_size_t taken;
    int status;
    pid_t child = fork();
    if (child == 0) {
        _exit(crm_spool_take(spool, see, done, seen, &taken));
    }
    assert_int_equal(crm_spool_take(spool, see, done, seen, &taken), APR_SUCCESS);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(crm_spool_take(spool, see, done, seen, &taken), APR_SUCCESS);
    assert_int_equal(files("", NULL), 0);
    for (int i = 0; i < 40 * 500; i++) {
        assert_int_equal(seen->times[i], 1);
    }
}

static void waiting_ends(void **state)
{
    (void)state;
    crm_spool_t *spool = open_spool(0);
    crm_spool_wake(spool);
    crm_spool_wait(spool, FOREVER);
    append(spool, 1, 4);
    crm_spool_wait(spool, FOREVER);
    seen->defer = "acme";
    seen->delay = apr_time_from_msec(1);
    assert_int_equal(take(spool), 1);
    crm_spool_wait(spool, FOREVER);
    assert_int_equal(take(spool), 1);
}

static void a_folder_that_is_none_is_refused(void **state)
{
    (void)state;
    crm_spool_t *spool;
    assert_int_equal(crm_spool_open(pool, "/nowhere/at/all", 0, &spool), ENOENT);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(appended_is_taken_once),
        CASE(what_is_not_stored_stays),
        CASE(large_segments_are_taken_in_parts),
        CASE(a_living_process_keeps_its_segment),
        CASE(a_dead_process_leaves_its_segment),
        CASE(a_torn_end_is_skipped),
        CASE(a_damaged_record_costs_itself_alone),
        CASE(a_killed_appender_loses_nothing),
        CASE(a_full_disk_leaves_no_half_record),
        CASE(over_the_limit_the_oldest_go),
        CASE(deferred_is_offered_when_due),
        CASE(who_joins_a_label_does_not_put_it_off),
        CASE(deferred_again_is_not_copied_for_ever),
        CASE(two_takers_share),
        CASE(waiting_ends),
        CASE(a_folder_that_is_none_is_refused),
    };
    apr_initialize();
    if (crm_secret_init() != APR_SUCCESS) {
        return 1;
    }
    seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
