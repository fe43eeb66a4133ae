/* t/unit/base/mime_test.c - mails as they go over the wire, and what may not get into them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "base/mime.h"

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

static crm_mail_t mail(void)
{
    return (crm_mail_t){
        .from = {.name = "Example CRM", .address = "crm@example.com"},
        .to = {.address = "anna@acme.example"},
        .subject = "Hello",
        .text = "Text\n",
        .id = "0193",
        .date = apr_time_from_sec(1000000000),
    };
}

/* The value of header field NAME, folded as it is. */
static const char *field(const char *message, const char *name)
{
    const char *start = strstr(message, apr_pstrcat(pool, "\r\n", name, ": ", NULL));
    assert_non_null(start);
    start += strlen(name) + 4;
    const char *end = start;
    while (strncmp(end, "\r\n", 2) != 0 || end[2] == ' ') {
        end++;
    }
    return apr_pstrmemdup(pool, start, (apr_size_t)(end - start));
}

static const char *body(const char *message)
{
    const char *start = strstr(message, "\r\n\r\n");
    assert_non_null(start);
    return start + 4;
}

static void test_whole(void **state)
{
    const crm_mail_t plain = mail();
    (void)state;
    assert_string_equal(crm_mime_message(pool, &plain),
                        "Date: Sun, 09 Sep 2001 01:46:40 +0000\r\n"
                        "From: \"Example CRM\" <crm@example.com>\r\n"
                        "To: anna@acme.example\r\n"
                        "Subject: Hello\r\n"
                        "Message-ID: <0193@example.com>\r\n"
                        "MIME-Version: 1.0\r\n"
                        "Content-Type: text/plain; charset=UTF-8\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n"
                        "Auto-Submitted: auto-generated\r\n"
                        "\r\n"
                        "Text\r\n");
}

static void test_names(void **state)
{
    static const struct {
        const char *name, *expected;
    } rows[] = {
        {NULL, "anna@acme.example"},
        {"", "anna@acme.example"},
        {"Anna", "\"Anna\" <anna@acme.example>"},
        {"A \"B\" \\C", "\"A \\\"B\\\" \\\\C\" <anna@acme.example>"},
        {"Jürgen", "=?UTF-8?B?SsO8cmdlbg==?= <anna@acme.example>"},
        {"=?UTF-8?B?QQ==?=", "=?UTF-8?B?PT9VVEYtOD9CP1FRPT0/PQ==?= <anna@acme.example>"},
        {"A\r\nBcc: x@y.example", "\"A  Bcc: x@y.example\" <anna@acme.example>"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        crm_mail_t one = mail();
        one.to.name = rows[i].name;
        assert_string_equal(field(crm_mime_message(pool, &one), "To"), rows[i].expected);
    }
}

static void test_subjects(void **state)
{
    static const struct {
        const char *subject, *expected;
    } rows[] = {
        {"Code\nBcc: x@y.example", "Code Bcc: x@y.example"},
        {"für", "=?UTF-8?B?ZsO8cg==?="},
        {"a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a",
         "a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a\r\n a a a a"},
        /* 39 bytes would part one of these characters */
        {"11ääääääääääääääääääääää2",
         "=?UTF-8?B?MTHDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6Q=?=\r\n "
         "=?UTF-8?B?w6TDpMOkw6Qy?="},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        crm_mail_t one = mail();
        one.subject = rows[i].subject;
        assert_string_equal(field(crm_mime_message(pool, &one), "Subject"), rows[i].expected);
    }
}

static void test_texts(void **state)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"", ""},
        {"a\r\nb\n", "a\r\nb\r\n"},
        {"no end", "no end\r\n"},
        {"1+1=2\n", "1+1=3D2\r\n"},
        {"für\n", "f=C3=BCr\r\n"},
        {"a \nb\t\n", "a=20\r\nb=09\r\n"},
        {"a\rb\n", "a=0Db\r\n"},
        {"123456789012345678901234567890123456789012345678901234567890123456789012345678\n",
         "123456789012345678901234567890123456789012345678901234567890123456789012345=\r\n678\r\n"},
        {"1234567890123456789012345678901234567890123456789012345678901234567890123456\n",
         "1234567890123456789012345678901234567890123456789012345678901234567890123456\r\n"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234ü\n",
         "12345678901234567890123456789012345678901234567890123456789012345678901234=\r\n"
         "=C3=BC\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        crm_mail_t one = mail();
        one.text = rows[i].text;
        assert_string_equal(body(crm_mime_message(pool, &one)), rows[i].expected);
    }
}

static void test_no_line_is_too_long(void **state)
{
    crm_mail_t one = mail();
    char *text = apr_pcalloc(pool, 4001);
    (void)state;
    for (int i = 0; i < 4000; i += 2) {
        memcpy(text + i, i % 12 ? "ß" : " =", 2);
    }
    one.subject = one.text = one.to.name = text;
    const char *message = crm_mime_message(pool, &one);
    for (const char *line = message; *line; line += strcspn(line, "\n") + 1) {
        assert_in_range(strcspn(line, "\r"), 0, 76);
    }
}

static void test_addresses(void **state)
{
    static const char *const good[] = {"a@b.example", "a+b@localhost", "\"a b\"@c.example",
                                       "a@[192.0.2.1]", NULL};
    static const char *const bad[] = {"",      "a",     "a@",       "@b",         "a b@c.example",
                                      "a@b>",  "<a@b",  "a\n@b.c",  "a,b@c.d",    "\"a\nb\"@c.d",
                                      "ä@b.c", "a@ä.c", "a@b.c, d", "a@b.c\r\nX", NULL};
    (void)state;
    for (int i = 0; good[i]; i++) {
        assert_true(crm_mime_address(good[i]));
    }
    for (int i = 0; bad[i]; i++) {
        crm_mail_t one = mail();
        one.to.address = bad[i];
        assert_false(crm_mime_address(bad[i]));
        assert_null(crm_mime_message(pool, &one));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_subjects, setup, teardown),
        cmocka_unit_test_setup_teardown(test_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_line_is_too_long, setup, teardown),
        cmocka_unit_test_setup_teardown(test_addresses, setup, teardown),
    };
    return cmocka_run_group_tests_name("base/mime", tests, NULL, NULL);
}
