/* t/unit/service/directives_test.c - the table of directives: complete, and told by the document.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "service/settings.h"

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

static const char *read_document(void)
{
    const char *source = getenv("CRM_SOURCE");
    apr_file_t *file;
    apr_finfo_t info;
    apr_size_t size;

    const char *path = apr_pstrcat(pool, source ? source : ".", "/docs/directives.md", NULL);
    assert_int_equal(apr_file_open(&file, path, APR_FOPEN_READ, 0, pool), APR_SUCCESS);
    assert_int_equal(apr_file_info_get(&info, APR_FINFO_SIZE, file), APR_SUCCESS);
    char *text = apr_palloc(pool, (apr_size_t)info.size + 1);
    assert_int_equal(apr_file_read_full(file, text, (apr_size_t)info.size, &size), APR_SUCCESS);
    text[size] = '\0';
    apr_file_close(file);
    return text;
}

/* The text below the heading "## NAME", up to the next heading; NULL: there is none. */
static const char *section(const char *document, const char *name)
{
    const char *start = strstr(document, apr_pstrcat(pool, "\n## ", name, "\n", NULL));
    if (!start) {
        return NULL;
    }
    start += strlen(name) + 5;
    const char *end = strstr(start, "\n## ");
    return end ? apr_pstrmemdup(pool, start, (apr_size_t)(end - start)) : start;
}

static void expect_in(const char *name, const char *text, const char *expected)
{
    if (!strstr(text, expected)) {
        fail_msg("docs/directives.md, %s: not found: %s", name, expected);
    }
}

static void test_rows_are_complete(void **state)
{
    (void)state;
    assert_true(crm_directive_count() >= 26);
    for (int i = 0; i < crm_directive_count(); i++) {
        const crm_directive_t *row = &crm_directives[i];
        assert_true(strncmp(row->name, "Crm", 3) == 0);
        assert_non_null(row->syntax);
        assert_non_null(row->help);
        assert_non_null(row->set);
        assert_true(row->contexts & CRM_IN_SERVER);
        assert_true(row->min_args >= 1);
        assert_true(row->max_args < 0 || row->max_args >= row->min_args);
        assert_true(strncmp(row->example, row->name, strlen(row->name)) == 0);
        assert_int_equal(crm_directive_index(row->name), i);
    }
    assert_int_equal(crm_directive_index("crmengine"), 0);
    assert_int_equal(crm_directive_index("CrmNothing"), -1);
}

static void test_contexts_as_text(void **state)
{
    (void)state;
    assert_string_equal(crm_directive_contexts(pool, CRM_IN_SERVER | CRM_IN_VHOST),
                        "server config, virtual host");
    assert_string_equal(crm_directive_contexts(pool, CRM_IN_DIRECTORY), "directory");
}

static void test_document_tells_every_row(void **state)
{
    const char *document = read_document();
    (void)state;

    for (int i = 0; i < crm_directive_count(); i++) {
        const crm_directive_t *row = &crm_directives[i];
        const char *text = section(document, row->name);
        if (!text) {
            fail_msg("docs/directives.md has no section %s", row->name);
        }
        /* some defaults are where this build installs */
        const char *below = row->preset ? strstr(row->preset, "/share/") : NULL;
        const char *preset = below ? apr_pstrcat(pool, "PREFIX", below, NULL) : row->preset;
        expect_in(row->name, text,
                  apr_psprintf(pool, "\n    Syntax:   %s %s\n", row->name, row->syntax));
        expect_in(row->name, text,
                  preset ? apr_psprintf(pool, "\n    Default:  %s %s\n", row->name, preset)
                         : "\n    Default:  none\n");
        expect_in(row->name, text,
                  apr_psprintf(pool, "\n    Context:  %s\n",
                               crm_directive_contexts(pool, row->contexts)));
        expect_in(row->name, text, apr_psprintf(pool, "\n    %s\n", row->example));
    }
}

static void test_document_tells_nothing_else(void **state)
{
    int sections = 0;
    (void)state;

    for (const char *at = strstr(read_document(), "\n## Crm"); at; at = strstr(at, "\n## Crm")) {
        at += 4;
        const char *name = apr_pstrmemdup(pool, at, strcspn(at, "\n"));
        if (crm_directive_index(name) < 0) {
            fail_msg("docs/directives.md tells of %s, which is no directive", name);
        }
        sections++;
    }
    assert_int_equal(sections, crm_directive_count());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_are_complete, setup, teardown),
        cmocka_unit_test_setup_teardown(test_contexts_as_text, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document_tells_every_row, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document_tells_nothing_else, setup, teardown),
    };
    return cmocka_run_group_tests_name("directives", tests, NULL, NULL);
}
