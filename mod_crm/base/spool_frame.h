/* base/spool_frame.h - records in a spool's files: framed, so that a torn one is found and skipped.
 *
 * A frame is a magic number of four bytes, the record's length and a CRC-32 of length and record
 * (both 32 bits, little-endian; the polynomial of ISO 3309, as in RFC 1952 8), then the record. Two
 * bytes of the magic number never occur in UTF-8, so that text in a torn record is not mistaken for
 * it. Inside base/spool*.c only.
 */
#ifndef CRM_BASE_SPOOL_FRAME_H
#define CRM_BASE_SPOOL_FRAME_H

#include <apr.h>

#define CRM_FRAME_HEADER 12
#define CRM_FRAME_MAX ((apr_size_t)128 << 20) /* bytes of a record */

/* Makes the tables of the checksum; must have run once in a process before anything else here. */
void crm_frame_init(void);

/* The header that stands before RECORD. SIZE is at most CRM_FRAME_MAX. */
void crm_frame_header(const void *record, apr_size_t size,
                      unsigned char ret_header[CRM_FRAME_HEADER]);

typedef enum {
    CRM_FRAME_FOUND, /* a record, and *used bytes up to its end */
    CRM_FRAME_MORE,  /* needs `need` bytes after the *used ones, which may be forgotten */
    CRM_FRAME_END    /* nothing is left */
} crm_frame_e;

typedef struct crm_frames_t {
    apr_uint64_t torn; /* stretches that were skipped */
    int skipping;      /* inside one of them */
    apr_size_t need;
    const void *record;
    apr_size_t size;
} crm_frames_t;

/* Finds the first whole frame in the SIZE bytes at DATA, which REST more bytes of the file follow.
 */
crm_frame_e crm_frame_next(crm_frames_t *frames, const unsigned char *data, apr_size_t size,
                           apr_off_t rest, apr_size_t *ret_used);

#endif
