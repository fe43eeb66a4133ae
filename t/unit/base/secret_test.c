/* t/unit/base/secret_test.c - random bytes, hashes by known vectors, base64url, the key file. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>

#include "base/secret.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define HEX_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static apr_pool_t *pool;
static char folder[64];

static int setup(void **state)
{
    (void)state;
    apr_initialize();
    const char *parent = getenv("TMPDIR");
    if (!parent || strlen(parent) > 40) {
        parent = "/tmp";
    }
    apr_snprintf(folder, sizeof(folder), "%s/crm-secret-XXXXXX", parent);
    if (!mkdtemp(folder) || crm_secret_init() != APR_SUCCESS) {
        return -1;
    }
    return apr_pool_create(&pool, NULL);
}

static int teardown(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    apr_terminate();
    return rmdir(folder); /* each test removes what it made */
}

static const char *hex(const unsigned char *bytes, int size)
{
    char *text = apr_palloc(pool, (apr_size_t)size * 2 + 1);
    for (int i = 0; i < size; i++) {
        apr_snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
    return text;
}

static const char *place(const char *name)
{
    return apr_pstrcat(pool, folder, "/", name, NULL);
}

static const char *make_file(const char *name, const void *bytes, size_t size, mode_t mode)
{
    const char *path = place(name);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, size), size);
    assert_int_equal(fchmod(file, mode), 0);
    close(file);
    return path;
}

static void test_init_may_be_repeated(void **state)
{
    (void)state;
    assert_int_equal(crm_secret_init(), APR_SUCCESS);
    assert_int_equal(crm_secret_init(), APR_SUCCESS);
}

static void test_random_differs_and_stays_in_bounds(void **state)
{
    (void)state;
    unsigned char a[34] = {0};
    unsigned char b[34] = {0};
    crm_secret_random(a + 1, 32);
    crm_secret_random(b + 1, 32);
    assert_memory_not_equal(a, b, sizeof(a));
    assert_int_equal(a[0] + a[33] + b[0] + b[33], 0);
}

static void test_passwords(void **state)
{
    (void)state;
    const char *password = crm_secret_password(pool, 2000);
    assert_int_equal(strlen(password), 2000);
    assert_int_equal(strspn(password, "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"),
                     2000);
    assert_string_not_equal(crm_secret_password(pool, 16), crm_secret_password(pool, 16));
    assert_string_equal(crm_secret_password(pool, 0), "");
}

/* FIPS 180-4's examples. */
static void test_sha256(void **state)
{
    (void)state;
    unsigned char hash[CRM_HASH_SIZE];
    crm_secret_sha256("abc", 3, hash);
    assert_string_equal(hex(hash, CRM_HASH_SIZE),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    crm_secret_sha256("", 0, hash);
    assert_string_equal(hex(hash, CRM_HASH_SIZE),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* Python: hashlib.blake2b(b"token\0abc", key=bytes(range(32)), digest_size=32) */
static void test_keyed_hash(void **state)
{
    (void)state;
    crm_key_t key;
    unsigned char hash[CRM_HASH_SIZE];
    unsigned char other[CRM_HASH_SIZE];
    for (int i = 0; i < CRM_KEY_SIZE; i++) {
        key.bytes[i] = (unsigned char)i;
    }
    crm_secret_keyed(&key, "token", "abc", 3, hash);
    assert_string_equal(hex(hash, CRM_HASH_SIZE),
                        "67c126ce0ad076e14a6a8c0efccd2b5b23ee9b5e722d4ed115d5a799aaf208db");
    crm_secret_keyed(&key, "tokena", "bc", 2, other);
    assert_memory_not_equal(hash, other, CRM_HASH_SIZE);
    key.bytes[31] ^= 1;
    crm_secret_keyed(&key, "token", "abc", 3, other);
    assert_memory_not_equal(hash, other, CRM_HASH_SIZE);
}

static void test_base64(void **state)
{
    (void)state;
    static const unsigned char bytes[] = {0xfb, 0xff, 0xfe, 0x00, 0x10};
    unsigned char back[sizeof(bytes)] = {0};
    const char *text = crm_secret_base64(pool, bytes, sizeof(bytes));
    assert_string_equal(text, "-__-ABA");
    assert_true(crm_secret_unbase64(text, back, sizeof(back)));
    assert_memory_equal(back, bytes, sizeof(bytes));
    assert_string_equal(crm_secret_base64(pool, bytes, 0), "");
}

static void test_unbase64_takes_one_form_only(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "",
        "-__-AB",
        "-__-ABAA",
        "-__-ABA=",
        "+//+ABA",
        " -__-ABA",
        "-__-ABA ",
        "-__-ABA\n",
        "-__-AB!",
        "-__-ABB", /* bits that belong to no byte */
        "-_\xc3\xa9-ABA",
    };
    unsigned char back[5];
    for (size_t i = 0; i < COUNT(refused); i++) {
        assert_false(crm_secret_unbase64(refused[i], back, sizeof(back)));
    }
}

static void test_key_file_forms(void **state)
{
    (void)state;
    unsigned char raw[CRM_KEY_SIZE];
    for (int i = 0; i < CRM_KEY_SIZE; i++) {
        raw[i] = (unsigned char)i;
    }
    const char *const paths[] = {
        make_file("raw", raw, sizeof(raw), 0600),
        make_file("hex", HEX_KEY, 64, 0400),
        make_file("line", HEX_KEY "\n", 65, 0600),
        make_file("crlf", HEX_KEY "\r\n", 66, 0600),
        make_file("upper", "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", 64,
                  0600),
    };
    for (size_t i = 0; i < COUNT(paths); i++) {
        crm_key_t key;
        memset(&key, 0, sizeof(key));
        assert_null(crm_secret_read_key(pool, paths[i], &key));
        assert_memory_equal(key.bytes, raw, CRM_KEY_SIZE);
        assert_int_equal(unlink(paths[i]), 0);
    }
}

static void test_key_file_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        mode_t mode;
        const char *says;
    } mistakes[] = {
        {HEX_KEY, 0640, "run chmod 600"},
        {HEX_KEY, 0604, "run chmod 600"},
        {HEX_KEY, 0620, "run chmod 600"},
        {HEX_KEY, 0610, "run chmod 600"},
        {"", 0600, "must be 64 hex digits or 32 bytes"},
        {"0001", 0600, "must be 64 hex digits or 32 bytes"},
        {HEX_KEY "00", 0600, "must be 64 hex digits or 32 bytes"},
        {HEX_KEY "\n\n", 0600, "must be 64 hex digits or 32 bytes"},
        {HEX_KEY HEX_KEY, 0600, "must be 64 hex digits or 32 bytes"},
        {"x00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 0600,
         "must be 64 hex digits or 32 bytes"},
        {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1x", 0600,
         "must be 64 hex digits or 32 bytes"},
    };
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        crm_key_t key = {.bytes = {42}};
        const char *path =
            make_file("key", mistakes[i].bytes, strlen(mistakes[i].bytes), mistakes[i].mode);
        crm_error_t *error = crm_secret_read_key(pool, path, &key);
        assert_non_null(error);
        assert_int_equal(error->kind, CRM_E_INTERNAL);
        assert_non_null(strstr(error->detail, path));
        assert_non_null(strstr(error->detail, mistakes[i].says));
        assert_null(strstr(error->detail, "0001"));
        assert_int_equal(key.bytes[0], 42);
        assert_int_equal(unlink(path), 0);
    }
}

#define OLD_KEY "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void test_a_key_and_the_one_before(void **state)
{
    (void)state;
    static const char *const texts[] = {HEX_KEY "\n" OLD_KEY, HEX_KEY "\n" OLD_KEY "\n",
                                        HEX_KEY "\r\n" OLD_KEY "\r\n"};
    crm_key_t key;
    for (size_t i = 0; i < COUNT(texts); i++) {
        const char *path = make_file("key", texts[i], strlen(texts[i]), 0600);
        assert_null(crm_secret_read_key(pool, path, &key));
        assert_true(key.has_old);
        assert_int_equal(key.bytes[0], 0);
        assert_int_equal(key.old[0], 0xff);
        assert_int_equal(crm_secret_old_key(&key).bytes[0], 0xff);
        assert_false(crm_secret_old_key(&key).has_old);
        /* written as it was read, then without the one before */
        assert_null(crm_secret_replace_key(pool, path, &key));
        memset(&key, 0, sizeof(key));
        assert_null(crm_secret_read_key(pool, path, &key));
        assert_true(key.has_old && key.old[0] == 0xff);
        key.has_old = 0;
        assert_null(crm_secret_replace_key(pool, path, &key));
        assert_null(crm_secret_read_key(pool, path, &key));
        assert_false(key.has_old);
        assert_int_equal(unlink(path), 0);
    }
    static const struct {
        const char *text;
    } wrong[] = {{HEX_KEY "\n" OLD_KEY "\n" OLD_KEY},
                 {HEX_KEY "\n0011"},
                 {HEX_KEY OLD_KEY "\n"},
                 {"\n" OLD_KEY}};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        const char *path = make_file("key", wrong[i].text, strlen(wrong[i].text), 0600);
        assert_non_null(crm_secret_read_key(pool, path, &key));
        assert_int_equal(unlink(path), 0);
    }
    assert_non_null(crm_secret_replace_key(pool, place("none"), &key));
}

static void test_what_is_no_file(void **state)
{
    (void)state;
    crm_key_t key;
    crm_error_t *error = crm_secret_read_key(pool, place("none"), &key);
    assert_non_null(strstr(error->detail, "is not there"));
    error = crm_secret_read_key(pool, folder, &key);
    assert_non_null(strstr(error->detail, "is not a regular file"));
    assert_int_equal(mkfifo(place("fifo"), 0600), 0);
    error = crm_secret_read_key(pool, place("fifo"), &key);
    assert_non_null(strstr(error->detail, "is not a regular file"));
    assert_int_equal(unlink(place("fifo")), 0);
    error = crm_secret_read_key(pool, place("none/key"), &key);
    assert_non_null(strstr(error->detail, "is not there"));
}

static void test_write_key(void **state)
{
    (void)state;
    struct stat info;
    crm_key_t key;
    crm_key_t again;
    const char *path = place("new");
    mode_t mask = umask(0);
    crm_error_t *error = crm_secret_write_key(pool, path);
    umask(mask);
    assert_null(error);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(info.st_size, 2 * CRM_KEY_SIZE + 1);
    assert_null(crm_secret_read_key(pool, path, &key));
    error = crm_secret_write_key(pool, path);
    assert_non_null(error);
    assert_non_null(strstr(error->detail, "cannot be made"));
    assert_null(crm_secret_read_key(pool, path, &again)); /* what was there is there */
    assert_memory_equal(&key, &again, sizeof(key));
    assert_int_equal(unlink(path), 0);
    assert_null(crm_secret_write_key(pool, path));
    assert_null(crm_secret_read_key(pool, path, &again));
    assert_memory_not_equal(&key, &again, sizeof(key));
    assert_int_equal(unlink(path), 0);
    assert_non_null(crm_secret_write_key(pool, place("none/key")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_may_be_repeated),
        cmocka_unit_test(test_random_differs_and_stays_in_bounds),
        cmocka_unit_test(test_passwords),
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_keyed_hash),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_unbase64_takes_one_form_only),
        cmocka_unit_test(test_key_file_forms),
        cmocka_unit_test(test_key_file_mistakes),
        cmocka_unit_test(test_a_key_and_the_one_before),
        cmocka_unit_test(test_what_is_no_file),
        cmocka_unit_test(test_write_key),
    };
    return cmocka_run_group_tests_name("base/secret", tests, setup, teardown);
}
