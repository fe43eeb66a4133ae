/* model/cursor.c - a place in an ordered list as opaque text that only this server can make. */

#include <string.h>

#include <apr_strings.h>

#include "model/cursor.h"

#define TAG_SIZE 16
#define PURPOSE "cursor"

typedef struct writer_t {
    apr_array_header_t *bytes; /* of char */
} writer_t;

typedef struct reader_t {
    const unsigned char *next, *end;
} reader_t;

static void write_bytes(writer_t *writer, const void *bytes, apr_size_t size)
{
    for (apr_size_t i = 0; i < size; i++) {
        APR_ARRAY_PUSH(writer->bytes, char) = ((const char *)bytes)[i];
    }
}

static void write_number(writer_t *writer, apr_uint64_t number, int size)
{
    for (int i = size - 1; i >= 0; i--) {
        unsigned char byte = (unsigned char)(number >> (8 * i));
        write_bytes(writer, &byte, 1);
    }
}

static void write_value(writer_t *writer, crm_value_t value)
{
    apr_uint64_t bits = 0;

    write_number(writer, value.kind, 1);
    switch (value.kind) {
    case CRM_V_NULL:
        break;
    case CRM_V_TEXT:
        write_number(writer, strlen(value.as.text), 4);
        write_bytes(writer, value.as.text, strlen(value.as.text));
        break;
    case CRM_V_BYTES:
        write_number(writer, value.size, 4);
        write_bytes(writer, value.as.bytes, value.size);
        break;
    case CRM_V_REAL:
        memcpy(&bits, &value.as.real, sizeof(bits));
        write_number(writer, bits, 8);
        break;
    case CRM_V_TIME:
        write_number(writer, (apr_uint64_t)value.as.time, 8);
        break;
    case CRM_V_UUID:
        write_bytes(writer, value.as.uuid->bytes, sizeof(value.as.uuid->bytes));
        break;
    case CRM_V_INTEGER:
    case CRM_V_BOOLEAN:
        write_number(writer, (apr_uint64_t)value.as.integer, 8);
        break;
    }
}

/* The next SIZE bytes, or NULL when there are fewer. */
static const unsigned char *read_bytes(reader_t *reader, apr_size_t size)
{
    const unsigned char *bytes = reader->next;

    if ((apr_size_t)(reader->end - bytes) < size) {
        return NULL;
    }
    reader->next += size;
    return bytes;
}

static int read_number(reader_t *reader, apr_size_t size, apr_uint64_t *ret_number)
{
    const unsigned char *bytes = read_bytes(reader, size);

    if (!bytes) {
        return 0;
    }
    *ret_number = 0;
    for (apr_size_t i = 0; i < size; i++) {
        *ret_number = *ret_number << 8 | bytes[i];
    }
    return 1;
}

/* Text and bytes: their length, then themselves. */
static int read_string(apr_pool_t *pool, reader_t *reader, crm_value_t *ret_value)
{
    apr_uint64_t size;
    const unsigned char *bytes;

    if (!read_number(reader, 4, &size) || !(bytes = read_bytes(reader, size))) {
        return 0;
    }
    if (ret_value->kind == CRM_V_TEXT) {
        ret_value->as.text = apr_pstrmemdup(pool, (const char *)bytes, size);
    } else {
        ret_value->as.bytes = bytes;
        ret_value->size = size;
    }
    return 1;
}

static int read_value(apr_pool_t *pool, reader_t *reader, crm_value_t *ret_value)
{
    apr_uint64_t kind, bits;

    if (!read_number(reader, 1, &kind)) {
        return 0;
    }
    *ret_value = (crm_value_t){.kind = (crm_value_kind_e)kind};
    switch (ret_value->kind) {
    case CRM_V_NULL:
        return 1;
    case CRM_V_TEXT:
    case CRM_V_BYTES:
        return read_string(pool, reader, ret_value);
    case CRM_V_UUID:
        /* an array of bytes needs no alignment */
        ret_value->as.uuid = (const crm_uuid_t *)read_bytes(reader, sizeof(crm_uuid_t));
        return ret_value->as.uuid != NULL;
    case CRM_V_REAL:
    case CRM_V_TIME:
    case CRM_V_INTEGER:
    case CRM_V_BOOLEAN:
        break;
    default:
        return 0;
    }
    if (!read_number(reader, 8, &bits)) {
        return 0;
    }
    if (ret_value->kind == CRM_V_REAL) {
        memcpy(&ret_value->as.real, &bits, sizeof(bits));
    } else if (ret_value->kind == CRM_V_TIME) {
        ret_value->as.time = (apr_time_t)bits;
    } else {
        ret_value->as.integer = (apr_int64_t)bits;
    }
    return 1;
}

/* The tag of a PAYLOAD in the list and order of QUERY. */
static void make_tag(apr_pool_t *pool, const crm_query_t *query, const crm_key_t *key,
                     const apr_array_header_t *payload, unsigned char ret_tag[CRM_HASH_SIZE])
{
    writer_t writer = {apr_array_make(pool, payload->nelts + 64, 1)};

    write_bytes(&writer, query->entity->name, strlen(query->entity->name) + 1);
    for (int i = 0; i < query->order->nelts; i++) {
        const crm_order_t *order = &APR_ARRAY_IDX(query->order, i, crm_order_t);
        write_bytes(&writer, order->descending ? "-" : "+", 1);
        write_bytes(&writer, order->field->name, strlen(order->field->name) + 1);
    }
    write_number(&writer, 0, 1);
    write_bytes(&writer, payload->elts, (apr_size_t)payload->nelts);
    crm_secret_keyed(key, PURPOSE, writer.bytes->elts, (apr_size_t)writer.bytes->nelts, ret_tag);
}

/* Reads what the tag has shown to be ours. */
static int read_payload(apr_pool_t *pool, crm_query_t *query, const apr_array_header_t *payload)
{
    const unsigned char *bytes = (const unsigned char *)payload->elts;
    reader_t reader = {bytes, bytes + payload->nelts};
    apr_size_t count = (apr_size_t)query->order->nelts;
    crm_value_t *values = apr_palloc(pool, count * sizeof(*values));
    apr_uint64_t backward;

    if (!read_number(&reader, 1, &backward)) {
        return 0;
    }
    for (apr_size_t i = 0; i < count; i++) {
        if (!read_value(pool, &reader, &values[i])) {
            return 0;
        }
    }
    query->backward = backward != 0;
    query->cursor = values;
    return reader.next == reader.end;
}

/* 1 when TAG is PAYLOAD's, by KEY or the one before. */
static int is_tag(apr_pool_t *pool, const crm_query_t *query, const crm_key_t *key,
                  const apr_array_header_t *payload, const unsigned char *tag)
{
    unsigned char own[CRM_HASH_SIZE];

    make_tag(pool, query, key, payload, own);
    if (crm_secret_equal(own, tag, TAG_SIZE)) {
        return 1;
    }
    if (!key->has_old) {
        return 0;
    }
    const crm_key_t old = crm_secret_old_key(key);
    return is_tag(pool, query, &old, payload, tag);
}

crm_error_t *crm_cursor_read(apr_pool_t *pool, crm_query_t *query, const char *text,
                             const crm_key_t *key)
{
    apr_size_t size = strlen(text) * 3 / 4;
    unsigned char *bytes = apr_palloc(pool, size + 1);

    if (size > TAG_SIZE && crm_secret_unbase64(text, bytes, size)) {
        apr_array_header_t *payload = apr_array_make(pool, 0, 1);
        payload->elts = (char *)bytes + TAG_SIZE;
        payload->nelts = (int)(size - TAG_SIZE);
        if (is_tag(pool, query, key, payload, bytes) && read_payload(pool, query, payload)) {
            return NULL;
        }
    }
    return crm_error_make(pool, CRM_E_NOT_FOUND, "Invalid cursor");
}

const char *crm_query_cursor(apr_pool_t *pool, const crm_query_t *query, const crm_value_t *values,
                             int backward, const crm_key_t *key)
{
    writer_t payload = {apr_array_make(pool, 64, 1)};
    writer_t cursor = {apr_array_make(pool, 96, 1)};
    unsigned char tag[CRM_HASH_SIZE];

    write_number(&payload, backward != 0, 1);
    for (int i = 0; i < query->order->nelts; i++) {
        write_value(&payload, values[i]);
    }
    make_tag(pool, query, key, payload.bytes, tag);
    write_bytes(&cursor, tag, TAG_SIZE);
    write_bytes(&cursor, payload.bytes->elts, (apr_size_t)payload.bytes->nelts);
    return crm_secret_base64(pool, cursor.bytes->elts, (apr_size_t)cursor.bytes->nelts);
}
