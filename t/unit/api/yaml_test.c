/* t/unit/api/yaml_test.c - JSON values as YAML. */
#include "api/yaml.h"
#include "base/json.h"
#include "call_fixture.h"

typedef struct row_t {
    const char *json, *yaml;
} row_t;

static const row_t rows[] = {
    {"{}", "{}\n"},
    {"[]", "[]\n"},
    {"null", "null\n"},
    {"[true,false,null,-1,0.5]", "- true\n- false\n- null\n- -1\n- 0.5\n"},
    {"{\"a\":{\"b\":[1,{\"c\":2,\"d\":[]}]},\"e\":\"x\"}",
     "a:\n  b:\n    - 1\n    - c: 2\n      d: []\ne: x\n"},
    {"[[1,2],[[3]]]", "- - 1\n  - 2\n- - - 3\n"},
    /* plain where nobody takes it for something else */
    {"[\"List the tenants.\",\"/api/leads/{id}/\",\"$ref\",\"a's\"]",
     "- List the tenants.\n- /api/leads/{id}/\n- \"$ref\"\n- a's\n"},
    {"[\"\",\" a\",\"a \",\"1\",\"1e3\",\"-\",\"- a\",\"2026-01-31\",\"~\",\".5\",\"0x1f\"]",
     "- \"\"\n- \" a\"\n- \"a \"\n- \"1\"\n- \"1e3\"\n- \"-\"\n- \"- a\"\n- \"2026-01-31\"\n- "
     "\"~\"\n- \".5\"\n- \"0x1f\"\n"},
    {"[\"true\",\"No\",\"NULL\",\"y\",\"off\",\"truer\"]",
     "- \"true\"\n- \"No\"\n- \"NULL\"\n- \"y\"\n- \"off\"\n- truer\n"},
    {"[\"a: b\",\"a #b\",\"&a\",\"*a\",\"!a\",\"|\",\">\",\"@a\",\"%a\",\"`a\",\"[a]\",\"{a}\"]",
     "- \"a: b\"\n- \"a #b\"\n- \"&a\"\n- \"*a\"\n- \"!a\"\n- \"|\"\n- \">\"\n- \"@a\"\n- \"%a\"\n"
     "- \"`a\"\n- \"[a]\"\n- \"{a}\"\n"},
    {"{\"200\":1,\"a:b\":2,\"on\":3}", "\"200\": 1\n\"a:b\": 2\n\"on\": 3\n"},
    /* what must be escaped, and what need not */
    {"[\"a\\\"b\\\\c\\nd\\te\\u007f\\u0000\"]", "- \"a\\\"b\\\\c\\nd\\u0009e\\u007f\\u0000\"\n"},
    {"[\"\xc3\xbc \xe7\xbe\x8e \xf0\x9f\x98\x80\"]",
     "- \"\xc3\xbc \xe7\xbe\x8e \xf0\x9f\x98\x80\"\n"},
    {"[\"\xc2\x85\xc2\xa0\xe2\x80\xa8\xef\xbb\xbf\xef\xbf\xbf\"]",
     "- \"\\u0085\xc2\xa0\\u2028\\ufeff\\uffff\"\n"},
};

static void writes_yaml(void **state)
{
    (void)state;
    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_t *json = json_loads(rows[i].json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        apr_size_t size;
        print_message("# %s\n", rows[i].json);
        assert_non_null(json);
        const char *yaml = crm_yaml_text(call_pool(), json, &size);
        assert_string_equal(yaml, rows[i].yaml);
        assert_int_equal(size, strlen(yaml));
        json_decref(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(writes_yaml)};
    return cmocka_run_group_tests_name("api/yaml", tests, NULL, NULL);
}
