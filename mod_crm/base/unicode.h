/* base/unicode.h - what needs Unicode's tables, by ICU: folding and transliteration.
 *
 * For base/text, which does ASCII by itself and calls this for the rest.
 */
#ifndef CRM_BASE_UNICODE_H
#define CRM_BASE_UNICODE_H

#include <apr_pools.h>

/* Keeps ICU's libraries in this process to its end. What ICU caches (a megabyte, from the first
 * transliteration on) is lost when the library that knows of it is unloaded: a server that unloads
 * and loads its module at each restart must call this before anything of base/text. Repeatable. */
void crm_unicode_keep(void);

/* Compatibility decomposition (NFKD), full case folding, without marks of category Mn. NULL when
 * TEXT is not valid UTF-8. */
const char *crm_unicode_fold(apr_pool_t *pool, const char *text);

/* TEXT transliterated to Latin and from there to ASCII, as far as ICU can. NULL when TEXT is not
 * valid UTF-8. */
const char *crm_unicode_latin(apr_pool_t *pool, const char *text);

#endif
