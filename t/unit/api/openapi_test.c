/* t/unit/api/openapi_test.c - the API's description of itself: all routes are in it, and nothing of
 * it is empty. What it says is held against the server by t/contract. */
#include <stdlib.h>

#include <apr_strings.h>

#include "api/openapi.h"
#include "base/json.h"
#include "call_fixture.h"

static json_t *document(crm_openapi_e version)
{
    crm_settings_t settings = call_settings();
    return crm_json_own(
        call_pool(), crm_openapi_make(call_pool(), &settings, "http://crm.example.com", version));
}

static json_t *at(json_t *json, const char *path)
{
    char *state, *copy = apr_pstrdup(call_pool(), path);
    for (char *key = apr_strtok(copy, " ", &state); key && json;
         key = apr_strtok(NULL, " ", &state)) {
        json = json_is_array(json) ? json_array_get(json, (size_t)atoi(key))
                                   : json_object_get(json, key);
    }
    return json;
}

static int count_operations(json_t *paths)
{
    const char *path, *method;
    json_t *item, *operation;
    int count = 0;
    json_object_foreach(paths, path, item)
    {
        json_object_foreach(item, method, operation)
        {
            print_message("# %s %s\n", method, path);
            assert_true(json_string_length(json_object_get(operation, "operationId")) > 3);
            assert_true(json_string_length(json_object_get(operation, "description")) > 10);
            assert_true(json_object_size(json_object_get(operation, "responses")) > 2);
            assert_int_equal(json_array_size(json_object_get(operation, "tags")), 1);
            count++;
        }
    }
    return count;
}

static int count_routes(void)
{
    int count = 0;
    for (const crm_route_t *const *table = crm_route_tables; *table; table++) {
        for (const crm_route_t *row = *table; row->method; row++) {
            print_message("# %s %s\n", row->method, row->pattern);
            assert_true(row->result || row->formats || row->flags & CRM_ROUTE_BATCH);
            count++;
        }
    }
    return count;
}

static void has_all_routes(void **state)
{
    (void)state;
    assert_int_equal(count_operations(json_object_get(document(CRM_OPENAPI_3_1), "paths")),
                     count_routes());
    assert_int_equal(count_operations(json_object_get(document(CRM_SWAGGER_2_0), "paths")),
                     count_routes());
}

/* Every {"$ref"} of JSON leads somewhere in ROOT; the number of them. */
static int follow(json_t *root, json_t *json)
{
    const char *key;
    json_t *value;
    size_t i;
    int count = 0;
    if (json_is_string(json_object_get(json, "$ref"))) {
        char *path = apr_pstrdup(call_pool(), json_string_value(json_object_get(json, "$ref")));
        for (char *c = path; *c; c++) {
            *c = *c == '/' ? ' ' : *c;
        }
        print_message("# %s\n", path);
        assert_non_null(at(root, path + 1));
        count++;
    }
    json_object_foreach(json, key, value)
    {
        count += follow(root, value);
    }
    json_array_foreach(json, i, value)
    {
        count += follow(root, value);
    }
    return count;
}

static void references_lead_somewhere(void **state)
{
    json_t *openapi = document(CRM_OPENAPI_3_1), *swagger = document(CRM_SWAGGER_2_0);
    (void)state;
    assert_true(follow(openapi, openapi) > 100);
    assert_true(follow(swagger, swagger) > 100);
}

typedef struct row_t {
    crm_openapi_e version;
    const char *path, *json;
} row_t;

#define PROFILE "paths /api/auth/profile/update/"

static const row_t rows[] = {
    {CRM_OPENAPI_3_1, "openapi", "\"3.1.0\""},
    {CRM_OPENAPI_3_1, "servers 0 url", "\"http://crm.example.com\""},
    {CRM_OPENAPI_3_1, PROFILE " put operationId", "\"auth_profile_update_update\""},
    {CRM_OPENAPI_3_1, PROFILE " put requestBody required", "true"},
    {CRM_OPENAPI_3_1, PROFILE " patch requestBody required", "false"},
    {CRM_OPENAPI_3_1, PROFILE " put responses 200 content application/json schema",
     "{\"$ref\":\"#/components/schemas/Account\"}"},
    {CRM_OPENAPI_3_1, "paths /api/auth/test/ get security", "[]"},
    {CRM_OPENAPI_3_1, "paths /api/auth/test/ get responses 401", NULL},
    {CRM_OPENAPI_3_1, "paths /api/auth/tenants/{id}/ delete security",
     "[{\"Bearer\":[]},{\"Token\":[]}]"},
    {CRM_OPENAPI_3_1, "paths /api/auth/login/ post responses 429",
     "{\"$ref\":\"#/components/responses/Throttled\"}"},
    {CRM_OPENAPI_3_1, "components schemas ProfileUpdateInput required",
     "[\"username\",\"email\",\"first_name\",\"last_name\"]"},
    {CRM_OPENAPI_3_1, "components schemas ProfileUpdatePatch required", NULL},
    {CRM_OPENAPI_3_1, "components schemas ProfileUpdateInput properties email",
     "{\"type\":\"string\",\"format\":\"email\",\"minLength\":1,\"maxLength\":254,"
     "\"description\":\"The e-mail address, unique in the tenant.\",\"examples\":"
     "[\"ada@example.com\"],\"x-crm-label\":\"Email\",\"x-crm-widget\":\"email\"}"},
    {CRM_OPENAPI_3_1, "components schemas Account properties tenant anyOf",
     "[{\"$ref\":\"#/components/schemas/Tenant\"},{\"type\":\"null\"}]"},
    {CRM_OPENAPI_3_1, "components schemas Account properties password", NULL},
    {CRM_OPENAPI_3_1, "components schemas Account additionalProperties", "false"},
    {CRM_OPENAPI_3_1, "components schemas HistoryStatistics properties requests_per_day items",
     "{\"$ref\":\"#/components/schemas/HistoryDay\"}"},
    {CRM_OPENAPI_3_1, "paths /api/auth/tenants/ get x-crm-list search",
     "[\"name\",\"database_name\"]"},
    {CRM_OPENAPI_3_1, "paths /api/auth/tenants/ get x-crm-list filters created_at",
     "[\"\",\"gte\",\"lte\",\"gt\",\"lt\",\"in\",\"isnull\"]"},
    {CRM_OPENAPI_3_1, "paths /api/schema/ get responses 200 content application/yaml schema",
     "{\"type\":\"object\"}"},
    {CRM_SWAGGER_2_0, "swagger", "\"2.0\""},
    {CRM_SWAGGER_2_0, "host", "\"crm.example.com\""},
    {CRM_SWAGGER_2_0, "schemes", "[\"http\"]"},
    {CRM_SWAGGER_2_0, PROFILE " put responses 200 schema", "{\"$ref\":\"#/definitions/Account\"}"},
    {CRM_SWAGGER_2_0, PROFILE " put consumes", "[\"application/json\"]"},
    {CRM_SWAGGER_2_0, "paths /api/auth/tenants/{id}/ delete security", "[{\"Token\":[]}]"},
    {CRM_SWAGGER_2_0, "definitions Account properties tenant allOf",
     "[{\"$ref\":\"#/definitions/Tenant\"}]"},
    {CRM_SWAGGER_2_0, "definitions Account properties tenant x-nullable", "true"},
};

static void says_what_the_tables_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_t *found = at(document(rows[i].version), rows[i].path);
        print_message("# %s\n", rows[i].path);
        if (rows[i].json) {
            assert_non_null(found);
            assert_string_equal(crm_json_text(call_pool(), found, NULL), rows[i].json);
        } else {
            assert_null(found);
        }
    }
}

/* Texts that are kept say what a document made for the server says, whatever its name. */
static void texts_are_filled_in(void **state)
{
    static const char *const servers[] = {"http://crm.example.com", "https://[::1]:8443",
                                          "http://\"odd\\:80"};
    crm_settings_t settings = call_settings();
    (void)state;
    for (int i = 0; i < 12; i++) {
        const char *server = servers[i / 2 % 3], *text;
        crm_openapi_e version = i % 2 ? CRM_OPENAPI_3_1 : CRM_SWAGGER_2_0;
        apr_size_t size;
        json_t *read;
        print_message("# %s\n", server);
        text = crm_openapi_text(call_pool(), &settings, server, version, 0, &size);
        assert_int_equal(size, strlen(text));
        read = crm_json_own(call_pool(), json_loads(text, 0, NULL));
        assert_true(json_equal(
            read,
            crm_json_own(call_pool(), crm_openapi_make(call_pool(), &settings, server, version))));
        text = crm_openapi_text(call_pool(), &settings, server, version, 1, &size);
        assert_int_equal(size, strlen(text));
        assert_null(strstr(text, "stands:in"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_all_routes),
        cmocka_unit_test(references_lead_somewhere),
        cmocka_unit_test(says_what_the_tables_say),
        cmocka_unit_test(texts_are_filled_in),
    };
    return cmocka_run_group_tests_name("api/openapi", tests, NULL, NULL);
}
