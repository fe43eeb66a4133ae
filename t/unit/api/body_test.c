/* t/unit/api/body_test.c - bodies in the three forms, and what is refused. */
#include <apr_strings.h>

#include "api/body.h"
#include "base/json.h"
#include "call_fixture.h"

#define JSON "application/json"
#define FORM "application/x-www-form-urlencoded"
#define MULTIPART "multipart/form-data; boundary=xx"

#define PART(headers, content) "--xx\r\n" headers "\r\n\r\n" content "\r\n"
#define FIELD(name, content) PART("Content-Disposition: form-data; name=\"" name "\"", content)
#define END "--xx--\r\n"

typedef struct row_t {
    const char *type, *body;
    const char *json;   /* what is read; NULL: nothing */
    int status;         /* of the error; 0: none */
    const char *detail; /* what the error begins with */
} row_t;

static const row_t rows[] = {
    {.type = JSON, .body = "{\"a\": 1}", .json = "{\"a\":1}"},
    {.type = "Application/JSON; Charset=UTF-8", .body = "[1]", .json = "[1]"},
    {.type = JSON, .body = "", .json = NULL},
    {.type = NULL, .body = "", .json = NULL},
    {.type = "text/xml", .body = "", .json = NULL},
    {.type = JSON, .body = "{\"a\": }", .status = 400, .detail = "JSON parse error - "},
    {.type = JSON, .body = "\"\xff\"", .status = 400, .detail = "JSON parse error - "},
    {.type = "text/xml",
     .body = "<a/>",
     .status = 415,
     .detail = "Unsupported media type \"text/xml\" in request."},
    {.type = "text/\xff", .body = "a", .status = 415, .detail = "Unsupported media type \"text/"},
    {.type = NULL,
     .body = "{}",
     .status = 415,
     .detail = "Unsupported media type \"\" in request."},
    {.type = "application/json; charset=latin1", .body = "{}", .status = 415, .detail = "Unsup"},
    {.type = FORM, .body = "a=1&b=x+y&a=2", .json = "{\"a\":\"2\",\"b\":\"x y\"}"},
    {.type = FORM, .body = "a=%f", .status = 400, .detail = "Malformed percent-encoding"},
    {.type = FORM, .body = "a=%00", .status = 400, .detail = "Malformed percent-encoding"},
    {.type = MULTIPART,
     .body = FIELD("a", "1") FIELD("b", "x\r\ny") FIELD("c", "") END,
     .json = "{\"a\":\"1\",\"b\":\"x\\r\\ny\",\"c\":\"\"}"},
    {.type = MULTIPART,
     .body = "preamble\r\n" FIELD("a", "1") END "epilogue",
     .json = "{\"a\":\"1\"}"},
    {.type = "multipart/form-data; boundary=\"xx\"",
     .body = PART("content-disposition: form-data; name=a\r\nContent-Type: text/plain", "1") END,
     .json = "{\"a\":\"1\"}"},
    {.type = MULTIPART,
     .body = FIELD("a", "--xx\r\n--xy\r\n-") END,
     .json = "{\"a\":\"--xx\\r\\n--xy\\r\\n-\"}"},
    {.type = MULTIPART, .body = END, .json = "{}"},
    {.type = MULTIPART,
     .body = FIELD("a", "\xff") END,
     .status = 400,
     .detail = "Multipart form parse"},
    {.type = MULTIPART,
     .body = FIELD("\xff", "a") END,
     .status = 400,
     .detail = "Multipart form parse"},
    {.type = MULTIPART, .body = FIELD("a", "1"), .status = 400, .detail = "Multipart form parse"},
    {.type = MULTIPART, .body = "--xx\r\n", .status = 400, .detail = "Multipart form parse"},
    {.type = MULTIPART, .body = "--xxy\r\n" END, .status = 400, .detail = "Multipart form parse"},
    {.type = MULTIPART, .body = "nothing", .status = 400, .detail = "Multipart form parse"},
    {.type = MULTIPART,
     .body = PART("Content-Type: text/plain", "a") END,
     .status = 400,
     .detail = "Multipart form parse error - A part has no name"},
    {.type = "multipart/form-data",
     .body = END,
     .status = 400,
     .detail = "Multipart form parse error - Invalid boundary"},
};

static crm_settings_t settings;

static call_t *make(const char *type, const char *body, apr_size_t size)
{
    settings = call_settings();
    call_t *call = call_make(NULL, &settings, "POST", "/api/auth/login/");
    call_body(call, type ? type : "", body);
    if (!type) {
        apr_table_unset(call->request.headers, "Content-Type");
    }
    call->size = size;
    return call;
}

static void check(const row_t *row, apr_size_t piece)
{
    call_t *call = make(row->type, row->body, strlen(row->body));
    call->piece = piece;
    crm_error_t *error = crm_body_read(&call->request);
    if (row->status) {
        assert_non_null(error);
        assert_int_equal(crm_error_status(error->kind), row->status);
        assert_memory_equal(error->detail, row->detail, strlen(row->detail));
        assert_null(call->request.body);
        assert_true(json_is_true(json_object_get(call->request.noted_body, "unparsed")));
        return;
    }
    if (error) {
        fail_msg("%s", error->detail);
    }
    if (row->json) {
        assert_non_null(call->request.body);
        assert_string_equal(crm_json_text(call_pool(), call->request.body, NULL), row->json);
    } else {
        assert_null(call->request.body);
    }
}

/* However the bytes come in. */
static void reads_the_three_forms(void **state)
{
    (void)state;
    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("# row %d\n", (int)i);
        check(&rows[i], 4096);
        check(&rows[i], 1);
        check(&rows[i], 7);
    }
}

static void reads_files(void **state)
{
    static const char body[] = FIELD("note", "n") PART(
        "Content-Disposition: form-data; name=\"file\"; filename=\"C:\\dir\\a \\\"b\\\".csv\"\r\n"
        "Content-Type: text/csv",
        "1,\0\xff\r\n--x\r\n") END;
    call_t *call = make(MULTIPART, body, sizeof(body) - 1);
    (void)state;
    for (call->piece = 1; call->piece < 20; call->piece++) {
        call->sent = 0;
        call->request.files = NULL;
        call->request.body_read = 0;
        assert_null(crm_body_read(&call->request));
        assert_int_equal(call->request.files->nelts, 1);
        const crm_file_t *file = &APR_ARRAY_IDX(call->request.files, 0, crm_file_t);
        assert_string_equal(file->name, "file");
        assert_string_equal(file->filename, "a \"b\".csv");
        assert_string_equal(file->content_type, "text/csv");
        assert_int_equal(file->size, 11);
        assert_memory_equal(file->data, "1,\0\xff\r\n--x\r\n", 11);
        assert_string_equal(crm_json_text(call_pool(), call->request.body, NULL),
                            "{\"note\":\"n\"}");
        assert_string_equal(
            crm_json_text(call_pool(), call->request.noted_body, NULL),
            "{\"note\":\"n\",\"file\":{\"filename\":\"a \\\"b\\\".csv\",\"size\":11}}");
    }
}

static void keeps_the_limit(void **state)
{
    char *text = apr_palloc(call_pool(), 4098);
    (void)state;
    memset(text, ' ', 4097);
    text[4097] = '\0';
    memcpy(text, "{}", 2);
    call_t *call = make(JSON, text, 4096);
    assert_null(crm_body_read(&call->request));
    call = make(JSON, text, 4097);
    crm_error_t *error = crm_body_read(&call->request);
    assert_non_null(error);
    assert_int_equal(error->kind, CRM_E_TOO_LARGE);
    /* announced: not a byte is read */
    call = make(JSON, text, 4097);
    call_header(call, "Content-Length", "99999999999999999999999");
    error = crm_body_read(&call->request);
    assert_non_null(error);
    assert_int_equal(error->kind, CRM_E_TOO_LARGE);
    assert_int_equal(call->sent, 0);
}

static void refuses_encoded_bodies(void **state)
{
    call_t *call = make(JSON, "{}", 2);
    (void)state;
    call_header(call, "Content-Encoding", "gzip");
    crm_error_t *error = crm_body_read(&call->request);
    assert_non_null(error);
    assert_int_equal(error->kind, CRM_E_MEDIA_TYPE);
}

static apr_status_t broken(void *baton, char *buffer, apr_size_t *size)
{
    (void)baton;
    (void)buffer;
    (void)size;
    return APR_ECONNRESET;
}

static void tells_of_a_broken_connection(void **state)
{
    call_t *call = make(JSON, "{}", 2);
    (void)state;
    call->request.read_body = broken;
    crm_error_t *error = crm_body_read(&call->request);
    assert_non_null(error);
    assert_int_equal(error->kind, CRM_E_BAD_REQUEST);
    assert_non_null(error->cause);
}

/* A header without end is refused before it fills the memory. */
static void bounds_headers_of_parts(void **state)
{
    char *text = apr_palloc(call_pool(), 20001);
    (void)state;
    memset(text, 'a', 20000);
    memcpy(text, "--xx\r\n", 6);
    text[20000] = '\0';
    call_t *call = make(MULTIPART, text, 20000);
    settings.body_limit = 100000;
    crm_error_t *error = crm_body_read(&call->request);
    assert_non_null(error);
    assert_string_equal(error->detail,
                        "Multipart form parse error - A part's headers are too long");
    assert_in_range(call->sent, 8192, 8192 + 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_three_forms),
        cmocka_unit_test(reads_files),
        cmocka_unit_test(keeps_the_limit),
        cmocka_unit_test(refuses_encoded_bodies),
        cmocka_unit_test(tells_of_a_broken_connection),
        cmocka_unit_test(bounds_headers_of_parts),
    };
    return cmocka_run_group_tests_name("api/body", tests, NULL, NULL);
}
