/* service/history_record.c - a History record as the bytes that the spool keeps. */
#include <stddef.h>
#include <string.h>

#include "service/history_record.h"

#define VERSION 1
#define FIXED (1 + 16 + 8 + 8 + 8 + 2 + 1)
#define TEXT_HEADER 4

enum { IS_PLATFORM = 1 };

/* The texts, in the order in which they are written. */
static const apr_size_t texts[] = {
    offsetof(crm_history_t, slug),          offsetof(crm_history_t, username),
    offsetof(crm_history_t, method),        offsetof(crm_history_t, endpoint),
    offsetof(crm_history_t, route),         offsetof(crm_history_t, request_data),
    offsetof(crm_history_t, response_data), offsetof(crm_history_t, ip_address),
    offsetof(crm_history_t, user_agent),    offsetof(crm_history_t, error_message),
    offsetof(crm_history_t, request_id),
};

#define TEXTS (sizeof(texts) / sizeof(texts[0]))

static const char *text_of(const crm_history_t *record, apr_size_t offset)
{
    const char *text;
    memcpy(&text, (const char *)record + offset, sizeof(text));
    return text;
}

static void set_text(crm_history_t *record, apr_size_t offset, const char *text)
{
    memcpy((char *)record + offset, &text, sizeof(text));
}

static unsigned char *put(unsigned char *at, apr_uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        at[i] = (unsigned char)(number >> 8 * i);
    }
    return at + bytes;
}

static apr_uint64_t get(const unsigned char **at, int bytes)
{
    apr_uint64_t number = 0;
    for (int i = 0; i < bytes; i++) {
        number |= (apr_uint64_t)(*at)[i] << 8 * i;
    }
    *at += bytes;
    return number;
}

/* The text at *AT, before END. 0 when it does not fit there. */
static int get_text(const unsigned char **at, const unsigned char *end, const char **ret_text)
{
    if (end - *at < TEXT_HEADER) {
        return 0;
    }
    apr_uint64_t length = get(at, TEXT_HEADER);
    if (length == 0) {
        *ret_text = NULL;
        return 1;
    }
    if ((apr_uint64_t)(end - *at) < length || (*at)[length - 1] != '\0') {
        return 0;
    }
    *ret_text = (const char *)*at;
    *at += length;
    return 1;
}

const void *crm_history_encode(apr_pool_t *pool, const crm_history_t *record, apr_size_t *ret_size)
{
    apr_size_t lengths[TEXTS];
    apr_size_t size = FIXED + TEXTS * TEXT_HEADER;
    for (apr_size_t i = 0; i < TEXTS; i++) {
        const char *text = text_of(record, texts[i]);
        lengths[i] = text ? strlen(text) + 1 : 0;
        size += lengths[i];
    }
    unsigned char *data = apr_palloc(pool, size);
    unsigned char *at = put(data, VERSION, 1);
    memcpy(at, record->id.bytes, sizeof(record->id.bytes));
    at += sizeof(record->id.bytes);
    at = put(at, (apr_uint64_t)record->created_at, 8);
    at = put(at, (apr_uint64_t)record->execution_time, 8);
    at = put(at, (apr_uint64_t)record->user_id, 8);
    at = put(at, (apr_uint64_t)record->status, 2);
    at = put(at, record->user_is_platform ? IS_PLATFORM : 0, 1);
    for (apr_size_t i = 0; i < TEXTS; i++) {
        at = put(at, lengths[i], TEXT_HEADER);
        if (lengths[i]) {
            memcpy(at, text_of(record, texts[i]), lengths[i]);
            at += lengths[i];
        }
    }
    *ret_size = size;
    return data;
}

int crm_history_decode(const void *data, apr_size_t size, crm_history_t *ret_record)
{
    const unsigned char *at = data;
    const unsigned char *end = at + size;
    crm_history_t record = {.slug = NULL};
    if (size < FIXED || *at++ != VERSION) {
        return 0;
    }
    memcpy(record.id.bytes, at, sizeof(record.id.bytes));
    at += sizeof(record.id.bytes);
    record.created_at = (apr_time_t)get(&at, 8);
    record.execution_time = (apr_interval_time_t)get(&at, 8);
    record.user_id = (apr_int64_t)get(&at, 8);
    record.status = (int)get(&at, 2);
    record.user_is_platform = (get(&at, 1) & IS_PLATFORM) != 0;
    for (apr_size_t i = 0; i < TEXTS; i++) {
        const char *text;
        if (!get_text(&at, end, &text)) {
            return 0;
        }
        set_text(&record, texts[i], text);
    }
    if (at != end || !record.method || !record.endpoint) {
        return 0;
    }
    *ret_record = record;
    return 1;
}
