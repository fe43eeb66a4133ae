/* t/unit/base/text_test.c - Unicode text: valid, trimmed, folded, cut, slugs, the nearest word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_thread_proc.h>

#include "base/text.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define THREADS 4
#define TEN "xxxxxxxxxx"

typedef struct text_case_t {
    const char *text;
    const char *result;
} text_case_t;

/* Markus Kuhn's stress test and table 3-7 of the Unicode standard, by their edges. */
static const char *const valid[] = {
    "",
    "a",
    "\x7f",
    "\xc2\x80",
    "\xdf\xbf",
    "\xe0\xa0\x80",
    "\xed\x9f\xbf",
    "\xee\x80\x80",
    "\xef\xbf\xbf",
    "\xf0\x90\x80\x80",
    "\xf4\x8f\xbf\xbf",
    "1234567\xc3\xbczyxwvuts",
    "12345678\xf0\x9f\x98\x80",
};

static const char *const invalid[] = {
    "\x80",
    "\xbf",
    "\xc0\x80",
    "\xc1\xbf",
    "\xc2",
    "\xc2z",
    "\xc2\xc0",
    "\xe0\x9f\xbf",
    "\xe0\xa0",
    "\xe0\xa0z",
    "\xed\xa0\x80",
    "\xed\xbf\xbf",
    "\xf0\x8f\xbf\xbf",
    "\xf0\x90\x80",
    "\xf4\x90\x80\x80",
    "\xf5\x80\x80\x80",
    "\xf8\x88\x80\x80\x80",
    "\xfe",
    "\xff",
    "12345678\xff",
    "1234567\xc3",
    "\xc3\xbc\xc3",
};

static const text_case_t trims[] = {
    {"", ""},
    {"a", "a"},
    {" a ", "a"},
    {"\t\n\v\f\r a b \x1c\x1d\x1e\x1f", "a b"},
    {" \n ", ""},
    {"\xc2\x85\xc2\xa0\xe1\x9a\x80x\xe2\x80\x80\xe2\x80\x8a", "x"},
    {"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\x9f\xe3\x80\x80", ""},
    {"\xe3\x80\x80\xc3\xbc\xe3\x80\x80", "\xc3\xbc"},
    {"\xe2\x80\x8b", "\xe2\x80\x8b"}, /* U+200B is a format character, in Python too */
    {"\x08", "\x08"},
    {"\xc3\xa0", "\xc3\xa0"}, /* ends with the byte of U+00A0 */
};

static const text_case_t folds[] = {
    {"", ""},
    {"ABC xyz 123", "abc xyz 123"},
    {"M\xc3\xbcller", "muller"},
    {"MULLER", "muller"},
    {"mu\xcc\x88ller", "muller"},
    {"Stra\xc3\x9f"
     "e",
     "strasse"},
    {"\xe1\xba\x9e", "ss"},             /* U+1E9E */
    {"\xc4\xb0stanbul", "istanbul"},    /* U+0130 */
    {"\xef\xac\x83", "ffi"},            /* U+FB03 */
    {"\xef\xbc\xa1\xef\xbd\x82", "ab"}, /* full width */
    {"\xce\xa3\xce\xaf\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x82",
     "\xcf\x83\xce\xb9\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x83"}, /* final sigma */
    {"\xd0\xa1\xd0\xb5\xd1\x80\xd0\xb3\xd0\xb5\xd0\xb9",
     "\xd1\x81\xd0\xb5\xd1\x80\xd0\xb3\xd0\xb5\xd0\xb8"},
    {"\xe2\x84\xab", "a"},       /* U+212B */
    {"a  \xc2\xa0 b", "a    b"}, /* inner white space stays: U+00A0 is a space */
    {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
    {"\xcc\x88", ""},
};

static const text_case_t slugs[] = {
    {"Acme", "acme"},
    {"  Acme -- Corp. ", "acme_corp"},
    {"O'Brien & Co", "o_brien_co"},
    {"42", "42"},
    {"M\xc3\xbcller Stra\xc3\x9f"
     "e",
     "muller_strasse"},
    {"\xc5\x81\xc3\xb3"
     "d\xc5\xba",
     "lodz"},
    {"\xd0\x9c\xd0\xbe\xd1\x81\xd0\xba\xd0\xb2\xd0\xb0", "moskva"},
    {"\xe5\x8c\x97\xe4\xba\xac", "bei_jing"},
    {"\xe3\x82\xab\xe3\x82\xbf\xe3\x82\xab\xe3\x83\x8a", "katakana"},
    {"Acme \xf0\x9f\x98\x80", "acme"},
    {TEN TEN TEN TEN "12345678", TEN TEN TEN TEN "12345678"},
    {TEN TEN TEN TEN "123456789", TEN TEN TEN TEN "12345678"},
    {TEN TEN TEN TEN "1234567 9", TEN TEN TEN TEN "1234567"},
    {TEN TEN TEN TEN "123456 8", TEN TEN TEN TEN "123456_8"},
};

static const text_case_t likes[] = {
    {"", "%%"},
    {"abc", "%abc%"},
    {"50%", "%50|%%"},
    {"a_b|c\\d'", "%a|_b||c\\d'%"},
};

static apr_pool_t *pool;

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

static void test_valid(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(valid); i++) {
        assert_true(crm_text_valid(valid[i], strlen(valid[i])));
    }
    for (size_t i = 0; i < COUNT(invalid); i++) {
        assert_false(crm_text_valid(invalid[i], strlen(invalid[i])));
    }
    for (size_t size = 1; size < 20; size++) { /* a NUL or a stray byte at each place of a word */
        char text[20];
        for (size_t place = 0; place < size; place++) {
            memset(text, 'x', sizeof(text));
            assert_true(crm_text_valid(text, size));
            text[place] = '\0';
            assert_false(crm_text_valid(text, size));
            text[place] = '\x80';
            assert_false(crm_text_valid(text, size));
        }
    }
}

static void test_valid_reads_no_further_than_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(valid); i++) {
        size_t size = strlen(valid[i]);
        char *exact = malloc(size + (size == 0)); /* for memory checkers */
        assert_non_null(exact);
        memcpy(exact, valid[i], size);
        assert_true(crm_text_valid(exact, size));
        if (size > 0 && (unsigned char)exact[size - 1] >= 0x80) {
            assert_false(crm_text_valid(exact, size - 1));
        }
        free(exact);
    }
}

static void test_length(void **state)
{
    (void)state;
    assert_int_equal(crm_text_length(""), 0);
    assert_int_equal(crm_text_length("abc"), 3);
    assert_int_equal(crm_text_length("\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"), 3);
}

static void test_trim(void **state)
{
    (void)state;
    static const char clean[] = "clean";
    for (size_t i = 0; i < COUNT(trims); i++) {
        assert_string_equal(crm_text_trim(pool, trims[i].text), trims[i].result);
    }
    assert_ptr_equal(crm_text_trim(pool, clean), clean);
}

static void test_fold(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(folds); i++) {
        assert_string_equal(crm_text_fold(pool, folds[i].text), folds[i].result);
        assert_string_equal(crm_text_fold(pool, folds[i].result), folds[i].result);
    }
}

static void test_fold_of_what_is_no_text(void **state)
{
    (void)state;
    assert_string_equal(crm_text_fold(pool, "A\xff"
                                            "Z"),
                        "a\xff"
                        "z");
    assert_memory_equal(crm_text_slug(pool, "Acme \xff"), "t_", 2);
}

/* The longest decomposition there is, many times: the first guess of its room does not do. */
static void test_fold_grows(void **state)
{
    (void)state;
    static const char ligature[] = "\xef\xb7\xba"; /* U+FDFA: 18 code points */
    char text[3 * 100 + 1] = "";
    apr_size_t one = crm_text_length(crm_text_fold(pool, ligature));
    for (int i = 0; i < 100; i++) {
        strcat(text, ligature);
    }
    assert_int_equal(one, 18);
    assert_int_equal(crm_text_length(crm_text_fold(pool, text)), 18 * 100);
}

/* Folding what is folded changes nothing, whatever the code point. */
static void test_fold_is_stable(void **state)
{
    (void)state;
    char text[5] = "";
    apr_pool_t *scratch;
    apr_pool_create(&scratch, pool);
    for (unsigned c = 0x80; c < 0x3000; c++) {
        text[0] = (char)(c < 0x800 ? 0xc0 | c >> 6 : 0xe0 | c >> 12);
        text[1] = (char)(0x80 | ((c < 0x800 ? c : c >> 6) & 0x3f));
        text[2] = (char)(c < 0x800 ? 'X' : 0x80 | (c & 0x3f));
        text[3] = 'Y';
        const char *once = crm_text_fold(scratch, text);
        assert_string_equal(crm_text_fold(scratch, once), once);
        assert_true(crm_text_valid(once, strlen(once)));
        if (c % 256 == 0) {
            apr_pool_clear(scratch);
        }
    }
    apr_pool_destroy(scratch);
}

static void *APR_THREAD_FUNC fold_and_slug(apr_thread_t *thread, void *baton)
{
    apr_pool_t *own = apr_thread_pool_get(thread);
    int *right = baton;
    for (size_t i = 0; i < COUNT(folds); i++) {
        *right += strcmp(crm_text_fold(own, folds[i].text), folds[i].result) == 0;
    }
    for (size_t i = 0; i < COUNT(slugs); i++) {
        *right += strcmp(crm_text_slug(own, slugs[i].text), slugs[i].result) == 0;
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    apr_thread_t *threads[THREADS];
    int right[THREADS] = {0};
    apr_status_t status;
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(apr_thread_create(&threads[i], NULL, fold_and_slug, &right[i], pool), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        apr_thread_join(&status, threads[i]);
        assert_int_equal(right[i], COUNT(folds) + COUNT(slugs));
    }
}

static void test_replace_invalid(void **state)
{
    (void)state;
    static const char nul[] = "a\0b";
    static const text_case_t cases[] = {
        {"", ""},
        {"abc", "abc"},
        {"M\xfcller", "M\xef\xbf\xbdller"},
        {"\xc3\xbc\xff", "\xc3\xbc\xef\xbf\xbd"},
        {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_string_equal(crm_text_replace_invalid(pool, cases[i].text, strlen(cases[i].text)),
                            cases[i].result);
    }
    assert_string_equal(crm_text_replace_invalid(pool, nul, 3), "a\xef\xbf\xbd"
                                                                "b");
    assert_string_equal(crm_text_replace_invalid(pool, "abcdef", 3), "abc");
}

static void test_cut(void **state)
{
    (void)state;
    static const char text[] = "a\xc3\xbc\xf0\x9f\x98\x80";
    static const char *const results[] = {
        "", "a", "a", "a\xc3\xbc", "a\xc3\xbc", "a\xc3\xbc", "a\xc3\xbc", text, text,
    };
    for (size_t size = 0; size < COUNT(results); size++) {
        assert_string_equal(crm_text_cut(pool, text, size), results[size]);
    }
    assert_ptr_equal(crm_text_cut(pool, text, 1000), text);
}

static void test_slug(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(slugs); i++) {
        assert_string_equal(crm_text_slug(pool, slugs[i].text), slugs[i].result);
    }
}

static void test_slug_of_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x81", "!!!", "___"};
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *slug = crm_text_slug(pool, names[i]);
        assert_int_equal(strlen(slug), 10);
        assert_memory_equal(slug, "t_", 2);
        assert_int_equal(strspn(slug + 2, "0123456789abcdef"), 8);
        assert_string_equal(crm_text_slug(pool, names[i]), slug);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(crm_text_slug(pool, names[j]), slug);
        }
    }
}

static void test_like(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(likes); i++) {
        assert_string_equal(crm_text_like(pool, likes[i].text), likes[i].result);
    }
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const choices[] = {"create",          "list", "migrate",
                                          "CrmTenantDomain", "a",    NULL};
    static const char *const none[] = {NULL};
    static const text_case_t cases[] = {
        {"creat", "create"},
        {"craete", "create"},
        {"CREATE", "create"},
        {"lst", "list"},
        {"mirgate", "migrate"},
        {"crmtenantdomian", "CrmTenantDomain"},
        {"frobnicate", NULL},
        {"", NULL},
        {"b", NULL},
        {TEN TEN TEN TEN TEN TEN TEN, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *nearest = crm_text_nearest(cases[i].text, choices);
        if (cases[i].result) {
            assert_non_null(nearest);
            assert_string_equal(nearest, cases[i].result);
        } else {
            assert_null(nearest);
        }
    }
    assert_null(crm_text_nearest("x", none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_valid_reads_no_further_than_size),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_fold),
        cmocka_unit_test(test_fold_of_what_is_no_text),
        cmocka_unit_test(test_fold_grows),
        cmocka_unit_test(test_fold_is_stable),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_replace_invalid),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_slug),
        cmocka_unit_test(test_slug_of_nothing),
        cmocka_unit_test(test_like),
        cmocka_unit_test(test_nearest),
    };
    return cmocka_run_group_tests_name("base/text", tests, setup, teardown);
}
