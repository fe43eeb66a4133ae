/* base/xlsx_text.h - the text of one cell or shared string of XLSX, gathered piece by piece.
 *
 * It has at most CRM_SHEET_CELL bytes. Characters that XML cannot have are written as _x000D_ in
 * XLSX (ECMA-376 part 1, 22.9.2.19). Inside base/xlsx*.c only.
 */
#ifndef CRM_BASE_XLSX_TEXT_H
#define CRM_BASE_XLSX_TEXT_H

#include <apr_pools.h>

typedef struct crm_xlsx_text_t {
    char *bytes; /* NUL-terminated; NULL when nothing was ever added */
    apr_size_t size;
    apr_size_t room;
} crm_xlsx_text_t;

/* Has TEXT (all zero) freed with POOL. */
void crm_xlsx_text_init(apr_pool_t *pool, crm_xlsx_text_t *text);

void crm_xlsx_text_clear(crm_xlsx_text_t *text);

/* 1, or 0 when the text would be too long or there is no memory. */
int crm_xlsx_text_add(crm_xlsx_text_t *text, const char *bytes, apr_size_t size);

/* Puts characters for what stands there as _xHHHH_; a NUL and half a surrogate pair stay. */
void crm_xlsx_text_decode(crm_xlsx_text_t *text);

/* TEXT with each _xHHHH_ that stands in it written so that reading gives it back: the inverse of
 * decoding. */
const char *crm_xlsx_text_escape(apr_pool_t *pool, const char *text);

#endif
