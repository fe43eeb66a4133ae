/* t/unit/base/seal_test.c - sealed texts, random digits, and credentials from a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "base/credentials.h"
#include "base/seal.h"

static apr_pool_t *pool;

static int setup(void **state)
{
    (void)state;
    apr_initialize();
    assert_int_equal(crm_secret_init(), APR_SUCCESS);
    return apr_pool_create(&pool, NULL);
}

static int teardown(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

static void test_there_and_back(void **state)
{
    const crm_key_t key = {.bytes = {1}}, other = {.bytes = {2}};
    static const char *const texts[] = {"", "1", "a text", "ein längerer Text, mit Umlauten", NULL};
    (void)state;
    for (int i = 0; texts[i]; i++) {
        const char *sealed = crm_seal(pool, &key, "outbox", texts[i]);
        assert_string_equal(crm_unseal(pool, &key, "outbox", sealed), texts[i]);
        assert_string_not_equal(sealed, crm_seal(pool, &key, "outbox", texts[i]));
        assert_null(crm_unseal(pool, &other, "outbox", sealed));
        assert_null(crm_unseal(pool, &key, "other", sealed));
        const crm_key_t changed = {.bytes = {2}, .has_old = 1, .old = {1}};
        assert_string_equal(crm_unseal(pool, &changed, "outbox", sealed), texts[i]);
        assert_null(crm_unseal(pool, &key, "outbox", crm_seal(pool, &changed, "outbox", "x")));
    }
}

static void test_changed(void **state)
{
    const crm_key_t key = {.bytes = {1}};
    char *sealed = apr_pstrdup(pool, crm_seal(pool, &key, "outbox", "123456"));
    (void)state;
    for (size_t i = 0; i < strlen(sealed) - 1; i++) { /* of the last one, some bits mean nothing */
        char was = sealed[i];
        sealed[i] = was == 'A' ? 'B' : 'A';
        assert_null(crm_unseal(pool, &key, "outbox", sealed));
        sealed[i] = was;
    }
    assert_null(crm_unseal(pool, &key, "outbox", ""));
    assert_null(crm_unseal(pool, &key, "outbox", "no base64!"));
    assert_null(crm_unseal(pool, &key, "outbox", apr_pstrmemdup(pool, sealed, 40)));
}

static void test_digits(void **state)
{
    int count[10] = {0};
    (void)state;
    for (int i = 0; i < 2000; i++) {
        const char *digits = crm_secret_digits(pool, 6);
        assert_int_equal(strlen(digits), 6);
        assert_int_equal(strspn(digits, "0123456789"), 6);
        for (int j = 0; j < 6; j++) {
            count[digits[j] - '0']++;
        }
    }
    for (int i = 0; i < 10; i++) {
        assert_in_range(count[i], 900, 1500); /* 1200 are expected; this is over 9 sigma off */
    }
    assert_true(crm_secret_equal("abc", "abc", 3));
    assert_false(crm_secret_equal("abc", "abd", 3));
}

static const char *write_file(const char *text, mode_t mode)
{
    char *path = apr_pstrdup(pool, "/tmp/crm_test_XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(file, mode), 0);
    close(file);
    return path;
}

static void test_credentials(void **state)
{
    static const struct {
        const char *text;
        mode_t mode;
        const char *user, *password; /* NULL: refused */
    } rows[] = {
        {"crm:secret\n", 0600, "crm", "secret"},
        {"crm:a:b\r\nmore\n", 0400, "crm", "a:b"},
        {"a@b.example:x", 0600, "a@b.example", "x"},
        {"crm:secret\n", 0640, NULL, NULL},
        {"crm:secret\n", 0604, NULL, NULL},
        {"crm\n", 0600, NULL, NULL},
        {":secret\n", 0600, NULL, NULL},
        {"crm:\n", 0600, NULL, NULL},
        {"", 0600, NULL, NULL},
    };
    const char *user, *password;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *path = write_file(rows[i].text, rows[i].mode);
        crm_error_t *error = crm_credentials_read(pool, path, &user, &password);
        unlink(path);
        assert_int_equal(error == NULL, rows[i].user != NULL);
        if (!error) {
            assert_string_equal(user, rows[i].user);
            assert_string_equal(password, rows[i].password);
        }
    }
    assert_non_null(crm_credentials_read(pool, "/nowhere", &user, &password));
    assert_non_null(crm_credentials_read(pool, "/tmp", &user, &password));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_there_and_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_digits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_credentials, setup, teardown),
    };
    return cmocka_run_group_tests_name("base/seal", tests, NULL, NULL);
}
