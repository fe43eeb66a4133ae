/* t/unit/service/history_record_test.c - a History record as bytes and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>

#include "service/history_record.h"

static apr_pool_t *pool;

static const crm_history_t whole = {
    .id = {.bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255}},
    .slug = "acme",
    .user_id = INT64_C(-1234567890123),
    .user_is_platform = 1,
    .username = "m\xc3\xbcller",
    .method = "PATCH",
    .endpoint = "/api/leads/1/",
    .route = "/api/leads/{id}/",
    .request_data = "{\"a\": 1}",
    .response_data = "",
    .status = 599,
    .ip_address = "2001:db8::1",
    .user_agent = "curl",
    .execution_time = INT64_C(123456789012),
    .error_message = "Not found.",
    .request_id = "r-1",
    .created_at = INT64_C(1795428000123456),
};

static const crm_history_t least = {.method = "GET", .endpoint = "/"};

static int setup(void **state)
{
    (void)state;
    apr_initialize();
    return apr_pool_create(&pool, NULL);
}

static int teardown(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

static void same_text(const char *one, const char *other)
{
    if (one && other) {
        assert_string_equal(one, other);
    } else {
        assert_ptr_equal(one, other); /* both NULL */
    }
}

static void what_is_written_is_read(void **state)
{
    static const crm_history_t *const records[] = {&whole, &least};
    (void)state;
    for (int i = 0; i < 2; i++) {
        const crm_history_t *record = records[i];
        crm_history_t read;
        apr_size_t size;
        const void *data = crm_history_encode(pool, record, &size);
        assert_int_equal(crm_history_decode(data, size, &read), 1);
        assert_memory_equal(&read.id, &record->id, sizeof(read.id));
        assert_int_equal(read.user_id, record->user_id);
        assert_int_equal(read.user_is_platform, record->user_is_platform);
        assert_int_equal(read.status, record->status);
        assert_int_equal(read.execution_time, record->execution_time);
        assert_int_equal(read.created_at, record->created_at);
        same_text(read.slug, record->slug);
        same_text(read.username, record->username);
        same_text(read.method, record->method);
        same_text(read.endpoint, record->endpoint);
        same_text(read.route, record->route);
        same_text(read.request_data, record->request_data);
        same_text(read.response_data, record->response_data);
        same_text(read.ip_address, record->ip_address);
        same_text(read.user_agent, record->user_agent);
        same_text(read.error_message, record->error_message);
        same_text(read.request_id, record->request_id);
    }
}

/* A copy of exactly SIZE bytes, so that memory checkers see a read beyond it. */
static int decode_copy(const void *data, apr_size_t size)
{
    crm_history_t read;
    void *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    int decoded = crm_history_decode(copy, size, &read);
    free(copy);
    return decoded;
}

static void what_is_cut_is_refused(void **state)
{
    apr_size_t size;
    const void *data = crm_history_encode(pool, &whole, &size);
    (void)state;
    for (apr_size_t cut = 0; cut < size; cut++) {
        assert_int_equal(decode_copy(data, cut), 0);
    }
    assert_int_equal(decode_copy(data, size), 1);
}

static void what_is_too_long_is_refused(void **state)
{
    apr_size_t size;
    const void *data = crm_history_encode(pool, &whole, &size);
    char *longer = calloc(1, size + 1);
    (void)state;
    memcpy(longer, data, size);
    assert_int_equal(decode_copy(longer, size + 1), 0);
    free(longer);
}

static void another_version_is_refused(void **state)
{
    apr_size_t size;
    char *data = (char *)(apr_uintptr_t)crm_history_encode(pool, &whole, &size);
    (void)state;
    data[0]++;
    assert_int_equal(decode_copy(data, size), 0);
}

static void a_wrong_length_is_refused(void **state)
{
    apr_size_t size;
    char *data = (char *)(apr_uintptr_t)crm_history_encode(pool, &least, &size);
    (void)state;
    for (apr_size_t at = 44; at < size; at++) {
        char kept = data[at];
        data[at] = (char)(kept ^ 0x5a);
        assert_int_equal(decode_copy(data, size), 0);
        data[at] = kept;
        at += at > 50 && at < size - 12 ? 3 : 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),     cmocka_unit_test(what_is_cut_is_refused),
        cmocka_unit_test(what_is_too_long_is_refused), cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(a_wrong_length_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
