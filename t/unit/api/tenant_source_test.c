/* t/unit/api/tenant_source_test.c - how a request finds its tenant, and whose token it refuses. */
#include <apr_strings.h>

#include "api_fixture.h"

typedef enum { NOBODY, ANN, ROOT, EVE } caller_e;

/* One request; what is NULL names nothing. */
typedef struct row_t {
    caller_e caller; /* ann is of "Acme Inc", eve of "Acme-Inc", whose slug is another */
    const char *vhost, *host, *header, *query;
    int status;
    const char *tenant; /* slug of the one found, or NULL */
} row_t;

static const row_t rows[] = {
    /* the account's own */
    {.caller = ANN, .status = 200, .tenant = "acme_inc"},
    {.caller = ROOT, .status = 200},
    /* each source, by name and by slug */
    {.caller = ANN, .vhost = "Acme Inc", .status = 200, .tenant = "acme_inc"},
    {.caller = ANN,
     .header = "\xc3\xa4"
               "CME inc",
     .status = 200,
     .tenant = "acme_inc"},
    {.caller = ANN, .header = " acme_inc ", .status = 200, .tenant = "acme_inc"},
    {.caller = ANN, .header = "", .status = 200, .tenant = "acme_inc"},
    {.caller = ANN, .query = "?tenant=acme+inc", .status = 200, .tenant = "acme_inc"},
    {.caller = ANN, .host = "acme-inc.crm.example.com", .status = 200, .tenant = "acme_inc"},
    {.caller = ANN, .host = "ACME_INC.CRM.example.com.", .status = 200, .tenant = "acme_inc"},
    {.caller = ANN,
     .host = "globex.crm.example.com.evil.example",
     .status = 200,
     .tenant = "acme_inc"},
    {.caller = ANN, .host = "globexcrm.example.com", .status = 200, .tenant = "acme_inc"},
    {.caller = ROOT, .host = "globex.crm.example.com", .status = 200, .tenant = "globex"},
    {.caller = ROOT, .host = "acme-inc.crm.example.com", .status = 200, .tenant = "acme_inc"},
    {.caller = ROOT, .header = "GLOBEX", .status = 200, .tenant = "globex"},
    {.caller = NOBODY, .header = "GLOBEX", .status = 401, .tenant = "globex"},
    /* of another tenant */
    {.caller = ANN, .vhost = "globex", .status = 403},
    {.caller = ANN, .host = "globex.crm.example.com", .status = 403},
    {.caller = ANN, .header = "Globex", .status = 403},
    {.caller = ANN, .query = "?tenant=globex", .status = 403},
    /* a host is a slug before it is a name */
    {.caller = EVE, .header = "acme-inc", .status = 200, .tenant = "acme_inc_2"},
    {.caller = EVE, .host = "acme-inc-2.crm.example.com", .status = 200, .tenant = "acme_inc_2"},
    {.caller = EVE, .host = "acme-inc.crm.example.com", .status = 403},
    {.caller = ROOT, .host = "acme-inc.crm.example.com", .header = "acme-inc", .status = 400},
    /* none at all */
    {.caller = ANN, .header = "nobody", .status = 404},
    {.caller = ROOT, .query = "?tenant=nobody", .status = 404},
    {.caller = NOBODY, .host = "nobody.crm.example.com", .status = 404},
    /* two sources */
    {.caller = ANN,
     .header = "acme inc",
     .query = "?tenant=acme_inc",
     .status = 200,
     .tenant = "acme_inc"},
    {.caller = ROOT,
     .vhost = "globex",
     .header = "Globex",
     .query = "?tenant=globex",
     .status = 200,
     .tenant = "globex"},
    {.caller = ANN, .header = "acme_inc", .query = "?tenant=globex", .status = 400},
    {.caller = ROOT, .vhost = "globex", .header = "acme_inc", .status = 400},
    {.caller = NOBODY, .host = "globex.crm.example.com", .header = "acme_inc", .status = 400},
    {.caller = ANN, .header = "\xff", .status = 400},
};

static void each_source(void **state)
{
    const char *tokens[] = {NULL, api_register(state, "Acme Inc"), api_superuser(state),
                            api_register(state, "Acme-Inc")};
    api_register(state, "Globex");
    api_settings.tenant_domain = "crm.example.com";
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const row_t *row = &rows[i];
        print_message("# row %d\n", (int)i);
        api_settings.tenant = row->vhost;
        call_t *call =
            api_call(state, "GET", apr_pstrcat(call_pool(), "/api/auth/profile/", row->query, NULL),
                     tokens[row->caller], NULL);
        if (row->host) {
            call->request.host = row->host;
        }
        if (row->header) {
            call_header(call, "X-Tenant", row->header);
        }
        call_expect(call, row->status);
        const crm_tenant_t *tenant = call->request.tenant;
        assert_string_equal(tenant ? tenant->slug : "-", row->tenant ? row->tenant : "-");
    }
    api_settings = call_settings();
}

static void sources_that_do_not_count(void **state)
{
    const char *ann = api_register(state, "Counting");
    api_register(state, "Elsewhere");
    api_settings.tenant_from[0] = CRM_FROM_HEADER;
    api_settings.ntenant_from = 1;
    call_t *call = api_call(state, "GET", "/api/auth/profile/?tenant=elsewhere", ann, NULL);
    call_expect(call, 200);
    assert_null(call->request.tenant);
    call = api_call(state, "GET", "/api/auth/tenant/users/", ann, NULL);
    call_expect(call, 400);
    call_header(call, "X-Tenant", "counting");
    call->request.authenticated = 0;
    call->request.refusal = NULL;
    call_expect(call, 200);
    api_settings = call_settings();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_source),
        cmocka_unit_test(sources_that_do_not_count),
    };
    int failed =
        cmocka_run_group_tests_name("api/tenant_source, sqlite3", tests, api_begin, fixture_end);
    return failed + cmocka_run_group_tests_name("api/tenant_source, mysql", tests, api_begin_mysql,
                                                fixture_end);
}
