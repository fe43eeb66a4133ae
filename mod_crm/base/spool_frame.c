/* base/spool_frame.c - framed records: checksum, header, search for the next whole one. */
#include <pthread.h>
#include <string.h>

#include "base/spool_frame.h"

#define POLYNOMIAL 0xedb88320U
#define SLICES 8

static const unsigned char magic[4] = {0xf7, 'C', 'r', 0xfe};

/* table[n][b]: the checksum of byte b followed by n zero bytes, so that eight bytes cost eight
 * look-ups that do not wait for each other. */
static apr_uint32_t table[SLICES][256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_table(void)
{
    for (apr_uint32_t byte = 0; byte < 256; byte++) {
        apr_uint32_t sum = byte;
        for (int bit = 0; bit < 8; bit++) {
            sum = sum & 1 ? sum >> 1 ^ POLYNOMIAL : sum >> 1;
        }
        table[0][byte] = sum;
    }
    for (apr_uint32_t byte = 0; byte < 256; byte++) {
        for (int slice = 1; slice < SLICES; slice++) {
            apr_uint32_t before = table[slice - 1][byte];
            table[slice][byte] = before >> 8 ^ table[0][before & 0xff];
        }
    }
}

static apr_uint32_t read32(const unsigned char *at)
{
    return (apr_uint32_t)at[0] | (apr_uint32_t)at[1] << 8 | (apr_uint32_t)at[2] << 16 |
           (apr_uint32_t)at[3] << 24;
}

static void write32(unsigned char *at, apr_uint32_t number)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (unsigned char)(number >> 8 * i);
    }
}

static apr_uint32_t checksum(apr_uint32_t sum, const unsigned char *at, apr_size_t size)
{
    for (; size >= SLICES; at += SLICES, size -= SLICES) {
        apr_uint32_t low = sum ^ read32(at);
        apr_uint32_t high = read32(at + 4);
        sum = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^ table[5][low >> 16 & 0xff] ^
              table[4][low >> 24] ^ table[3][high & 0xff] ^ table[2][high >> 8 & 0xff] ^
              table[1][high >> 16 & 0xff] ^ table[0][high >> 24];
    }
    for (; size > 0; at++, size--) {
        sum = sum >> 8 ^ table[0][(sum ^ *at) & 0xff];
    }
    return sum;
}

/* Over the four bytes of the length, then the record. */
static apr_uint32_t frame_checksum(const unsigned char *length, const void *record, apr_size_t size)
{
    return ~checksum(checksum(~0U, length, 4), record, size);
}

/* The first place where the magic number stands, or may begin at the very end; SIZE for none. */
static apr_size_t find_magic(const unsigned char *data, apr_size_t size)
{
    const unsigned char *end = data + size;
    const unsigned char *at = data;
    while (at < end && (at = memchr(at, magic[0], (apr_size_t)(end - at))) != NULL) {
        apr_size_t left = (apr_size_t)(end - at);
        if (memcmp(at, magic, left < sizeof(magic) ? left : sizeof(magic)) == 0) {
            return (apr_size_t)(at - data);
        }
        at++;
    }
    return size;
}

/* What stands at DATA, which begins with the magic number or a part of it. END: no frame. */
static crm_frame_e look(crm_frames_t *frames, const unsigned char *data, apr_size_t size,
                        apr_off_t rest)
{
    apr_uint64_t all = (apr_uint64_t)size + (apr_uint64_t)rest;
    if (all < CRM_FRAME_HEADER) {
        return CRM_FRAME_END;
    }
    frames->need = CRM_FRAME_HEADER;
    if (size < CRM_FRAME_HEADER) {
        return CRM_FRAME_MORE;
    }
    frames->size = read32(data + 4);
    frames->need = CRM_FRAME_HEADER + frames->size;
    if (frames->size > CRM_FRAME_MAX || frames->need > all) {
        return CRM_FRAME_END;
    }
    if (frames->need > size) {
        return CRM_FRAME_MORE;
    }
    frames->record = data + CRM_FRAME_HEADER;
    return frame_checksum(data + 4, frames->record, frames->size) == read32(data + 8)
               ? CRM_FRAME_FOUND
               : CRM_FRAME_END;
}

static void skip(crm_frames_t *frames)
{
    if (!frames->skipping) {
        frames->torn++;
        frames->skipping = 1;
    }
}

void crm_frame_init(void)
{
    pthread_once(&once, make_table);
}

void crm_frame_header(const void *record, apr_size_t size,
                      unsigned char ret_header[CRM_FRAME_HEADER])
{
    memcpy(ret_header, magic, sizeof(magic));
    write32(ret_header + 4, (apr_uint32_t)size);
    write32(ret_header + 8, frame_checksum(ret_header + 4, record, size));
}

crm_frame_e crm_frame_next(crm_frames_t *frames, const unsigned char *data, apr_size_t size,
                           apr_off_t rest, apr_size_t *ret_used)
{
    apr_size_t at = 0;
    while (at < size) {
        apr_size_t skipped = find_magic(data + at, size - at);
        if (skipped > 0) {
            skip(frames);
            at += skipped;
            continue;
        }
        crm_frame_e found = look(frames, data + at, size - at, rest);
        if (found == CRM_FRAME_FOUND) {
            frames->skipping = 0;
            *ret_used = at + frames->need;
            return found;
        }
        if (found == CRM_FRAME_MORE) {
            *ret_used = at;
            return found;
        }
        skip(frames);
        at++;
    }
    *ret_used = size;
    frames->need = 1;
    return rest > 0 ? CRM_FRAME_MORE : CRM_FRAME_END;
}
