/* base/uuid.c - UUIDs (RFC 9562).
 *
 * Version 7 by method 3 of RFC 9562 6.2: the twelve bits after the milliseconds hold their
 * fraction, so that milliseconds and fraction are one clock of 60 bits. It never shows a time
 * twice: where two calls meet, or the system's clock went back, the last value plus one is taken.
 * The last 62 bits are random. They come from the system at each call, because a buffer of them
 * would be shared by the children of a fork.
 */
#include <stdatomic.h>

#include <apr_time.h>

#include "base/secret.h"
#include "base/uuid.h"

#define MILLISECOND 1000 /* in microseconds */
#define FRACTION_BITS 12
#define VERSION 0x70
#define VARIANT 0x80

static const char digits[] = "0123456789abcdef";

/* Milliseconds since 1970 << 12 | their fraction: larger than any given out before. */
static apr_uint64_t next_tick(void)
{
    static _Atomic apr_uint64_t last;
    apr_uint64_t now = (apr_uint64_t)apr_time_now();
    apr_uint64_t tick =
        (now / MILLISECOND << FRACTION_BITS) | ((now % MILLISECOND << FRACTION_BITS) / MILLISECOND);
    apr_uint64_t before = atomic_load_explicit(&last, memory_order_relaxed);
    apr_uint64_t next;
    do {
        next = tick > before ? tick : before + 1;
    } while (!atomic_compare_exchange_weak_explicit(&last, &before, next, memory_order_relaxed,
                                                    memory_order_relaxed));
    return next;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return -1;
}

static int is_dash_place(apr_size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void crm_uuid_make(crm_uuid_t *ret_uuid)
{
    apr_uint64_t tick = next_tick();
    unsigned char *bytes = ret_uuid->bytes;
    for (int i = 0; i < 6; i++) {
        bytes[i] = (unsigned char)(tick >> (52 - 8 * i));
    }
    bytes[6] = (unsigned char)(VERSION | (tick >> 8 & 0x0f));
    bytes[7] = (unsigned char)tick;
    crm_secret_random(bytes + 8, 8);
    bytes[8] = (unsigned char)(VARIANT | (bytes[8] & 0x3f));
}

int crm_uuid_parse(const char *text, crm_uuid_t *ret_uuid)
{
    crm_uuid_t uuid;
    const char *at = text;
    int dashes = 0;
    for (apr_size_t i = 0; i < sizeof(uuid.bytes); i++) {
        if (is_dash_place(i) && *at == '-') {
            dashes++;
            at++;
        }
        int high = hex_value(at[0]);
        int low = high < 0 ? -1 : hex_value(at[1]);
        if (low < 0) {
            return 0;
        }
        uuid.bytes[i] = (unsigned char)(high << 4 | low);
        at += 2;
    }
    if (*at != '\0' || (dashes != 0 && dashes != 4)) {
        return 0;
    }
    *ret_uuid = uuid;
    return 1;
}

const char *crm_uuid_text(apr_pool_t *pool, const crm_uuid_t *uuid)
{
    char *text = apr_palloc(pool, CRM_UUID_TEXT + 1);
    char *at = text;
    for (apr_size_t i = 0; i < sizeof(uuid->bytes); i++) {
        if (is_dash_place(i)) {
            *at++ = '-';
        }
        *at++ = digits[uuid->bytes[i] >> 4];
        *at++ = digits[uuid->bytes[i] & 0x0f];
    }
    *at = '\0';
    return text;
}
