/* base/text.h - Unicode text: valid, trimmed, folded, transliterated (by ICU). */
#ifndef CRM_BASE_TEXT_H
#define CRM_BASE_TEXT_H

#include <apr_pools.h>

/* 1 when the SIZE bytes at TEXT are well-formed UTF-8 (RFC 3629) without NUL, else 0. */
int crm_text_valid(const char *text, apr_size_t size);

/* Number of code points of a valid, NUL-terminated text. */
apr_size_t crm_text_length(const char *text);

/* TEXT without white space (Unicode's) at both ends: what Python's str.strip() takes away. TEXT is
 * returned as it is when there is nothing to take away. */
const char *crm_text_trim(apr_pool_t *pool, const char *text);

/* The form in which texts compare: compatibility decomposition, case folding, without combining
 * marks (Unicode NFKD, full case folding, category Mn removed), inner white space as it is.
 * "Müller", "MULLER" and "mu\u0308ller" give the same bytes. Fast for ASCII. Valid UTF-8 in and
 * out. */
const char *crm_text_fold(apr_pool_t *pool, const char *text);

/* TEXT with each byte that belongs to no valid sequence replaced by U+FFFD. */
const char *crm_text_replace_invalid(apr_pool_t *pool, const char *text, apr_size_t size);

/* TEXT cut to at most SIZE bytes, never inside a code point. */
const char *crm_text_cut(apr_pool_t *pool, const char *text, apr_size_t size);

/* A tenant's slug: NAME transliterated to Latin ASCII, lower case, each run of other characters one
 * '_', none at the ends, 1 to 48 characters of a-z 0-9 _. Where nothing is left: "t_" and eight hex
 * digits of a hash of NAME. */
const char *crm_text_slug(apr_pool_t *pool, const char *name);

/* A LIKE pattern that finds TEXT anywhere, '|' being its escape character: "%50|%%". */
const char *crm_text_like(apr_pool_t *pool, const char *text);

/* The choice nearest to WORD by edit distance, or NULL when none is near. CHOICES ends with NULL.
 */
const char *crm_text_nearest(const char *word, const char *const *choices);

#endif
