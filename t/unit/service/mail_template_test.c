/* t/unit/service/mail_template_test.c - templates: chosen, filled, and those that are wrong. */
#include <stdlib.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "service/mail_template.h"
#include "site_fixture.h"

static const crm_mail_variable_t variables[] = {
    {"code", "123456"}, {"name", "{{code}} <Ada>"}, {.name = NULL}};

/* A file below the fixture's folder, which is removed with it. */
static void write_template(fixture_t *f, const char *language, const char *text)
{
    apr_file_t *file;
    apr_dir_make(apr_pstrcat(f->pool, f->folder, "/", language, NULL), APR_FPROT_OS_DEFAULT,
                 f->pool);
    assert_int_equal(
        apr_file_open(&file, apr_pstrcat(f->pool, f->folder, "/", language, "/mail.txt", NULL),
                      APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE, APR_FPROT_OS_DEFAULT,
                      f->pool),
        APR_SUCCESS);
    assert_int_equal(apr_file_write_full(file, text, strlen(text), NULL), APR_SUCCESS);
    apr_file_close(file);
}

static void remove_templates(fixture_t *f)
{
    static const char *const names[] = {"/de/mail.txt", "/en/mail.txt"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        apr_file_remove(apr_pstrcat(f->pool, f->folder, names[i], NULL), f->pool);
    }
    apr_dir_remove(apr_pstrcat(f->pool, f->folder, "/de", NULL), f->pool);
    apr_dir_remove(apr_pstrcat(f->pool, f->folder, "/en", NULL), f->pool);
}

static void test_filled(void **state)
{
    fixture_t *f = fixture_of(state);
    const char *subject, *text;
    write_template(f, "en",
                   "Subject: Code {{code}}\n\nHello {{name}},\n{{code}}{{code}}\n{ {x}}\n");
    no_error(crm_mail_fill(f->pool, f->folder, "en", "mail", variables, &subject, &text));
    assert_string_equal(subject, "Code 123456");
    assert_string_equal(text, "Hello {{code}} <Ada>,\n123456123456\n{ {x}}\n");
    remove_templates(f);
}

static void test_wrong(void **state)
{
    static const char *const texts[] = {
        "",
        "Hello\n\nText\n",
        "Subject: \n\nText\n",
        "Subject: A\nText\n",
        "Subject: A",
        "Subject: A\n\n{{unknown}}\n",
        "Subject: {{unknown}}\n\nText\n",
        "Subject: A\n\n{{code\n}}\n",
        "Subject: A\n\n\xff\n",
    };
    fixture_t *f = fixture_of(state);
    const char *subject, *text;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        write_template(f, "en", texts[i]);
        crm_error_t *error =
            crm_mail_fill(f->pool, f->folder, "en", "mail", variables, &subject, &text);
        is_error(error, CRM_E_INTERNAL, NULL, NULL);
        assert_non_null(strstr(error->detail, "/en/mail.txt"));
    }
    remove_templates(f);
    is_error(crm_mail_fill(f->pool, f->folder, "en", "mail", variables, &subject, &text),
             CRM_E_INTERNAL, NULL, NULL);
}

static void test_language(void **state)
{
    static const struct {
        const char *languages, *expected;
    } rows[] = {
        {NULL, "en"},    {"", "en"},      {"de", "de"}, {"fr de en", "de"}, {"fr", "en"},
        {"../de", "en"}, {"en de", "en"}, {"DE", "en"}, {". de", "de"},
    };
    fixture_t *f = fixture_of(state);
    write_template(f, "de", "Subject: A\n\nText\n");
    write_template(f, "en", "Subject: A\n\nText\n");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(crm_mail_language(f->pool, f->folder, "mail", rows[i].languages),
                            rows[i].expected);
    }
    remove_templates(f);
}

static void test_what_is_installed(void **state)
{
    static const crm_mail_variable_t all[] = {{"code", "123456"}, {"minutes", "10"},
                                              {"name", "Ada"},    {"username", "ada"},
                                              {"tenant", "Acme"}, {.name = NULL}};
    static const char *const languages[] = {"en", "de"};
    fixture_t *f = fixture_of(state);
    const char *source = getenv("CRM_SOURCE"), *subject, *text;
    const char *dir = apr_pstrcat(f->pool, source ? source : ".", "/templates", NULL);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(crm_mail_language(f->pool, dir, "password_reset", languages[i]),
                            languages[i]);
        no_error(crm_mail_fill(f->pool, dir, languages[i], "password_reset", all, &subject, &text));
        assert_null(strstr(subject, "123456")); /* subjects are shown to whoever sees the screen */
        assert_non_null(strstr(text, "\n    123456\n"));
        assert_non_null(strstr(text, "Acme"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filled),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_language),
        cmocka_unit_test(test_what_is_installed),
    };
    return cmocka_run_group_tests_name("service/mail_template", tests, fixture_sqlite, fixture_end);
}
