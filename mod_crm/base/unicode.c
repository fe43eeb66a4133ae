/* base/unicode.c - what needs Unicode's tables, by ICU. */
#include <dlfcn.h>
#include <stdint.h>
#include <string.h>

#include <apr_strings.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>
#include <unicode/utrans.h>

#include "base/unicode.h"

/* UTF-16, as ICU has it. */
typedef struct wide_t {
    UChar *text;
    int32_t length;
} wide_t;

/* Writes what FROM becomes, at most ROOM units, which is more than FROM has; returns how many it
 * needs. */
typedef int32_t wide_fn(const wide_t *from, UChar *to, int32_t room, UErrorCode *status);

/* Keeps the library that CODE belongs to. */
static void keep_library(uintptr_t code)
{
    Dl_info info;
    if (dladdr((const void *)code, &info) && info.dli_fname) {
        void *library = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
        if (library) {
            dlclose(library);
        }
    }
}

static int32_t normalize(const wide_t *from, UChar *to, int32_t room, UErrorCode *status)
{
    return unorm2_normalize(unorm2_getNFKDInstance(status), from->text, from->length, to, room,
                            status);
}

static int32_t fold_case(const wide_t *from, UChar *to, int32_t room, UErrorCode *status)
{
    return u_strFoldCase(to, room, from->text, from->length, U_FOLD_CASE_DEFAULT, status);
}

/* Latin ASCII as far as ICU can. A transliterator is not to be shared between threads, and is
 * needed only where a tenant is made: opened each time. */
static int32_t transliterate(const wide_t *from, UChar *to, int32_t room, UErrorCode *status)
{
    static const UChar chain[] = u"Any-Latin; Latin-ASCII";
    int32_t length = from->length;
    int32_t limit = from->length;
    UTransliterator *transliterator =
        utrans_openU(chain, -1, UTRANS_FORWARD, NULL, 0, NULL, status);
    u_memcpy(to, from->text, length); /* ROOM is more: it is changed in its place */
    utrans_transUChars(transliterator, to, &length, room, 0, &limit, status);
    utrans_close(transliterator);
    return length;
}

/* Replaces *WIDE by what FUNCTION makes of it; the second attempt has the room that the first one
 * asked for. 1 or 0. */
static int apply(apr_pool_t *pool, wide_fn *function, wide_t *wide)
{
    wide_t made = {.length = wide->length + wide->length / 2 + 16};
    for (int attempt = 0; attempt < 2; attempt++) {
        UErrorCode status = U_ZERO_ERROR;
        int32_t room = made.length;
        made.text = apr_palloc(pool, (apr_size_t)room * sizeof(UChar));
        made.length = function(wide, made.text, room, &status);
        if (U_SUCCESS(status)) {
            *wide = made;
            return 1;
        }
        if (status != U_BUFFER_OVERFLOW_ERROR) {
            return 0;
        }
    }
    return 0;
}

static int widen(apr_pool_t *pool, const char *text, wide_t *ret_wide)
{
    apr_size_t size = strlen(text);
    UErrorCode status = U_ZERO_ERROR;
    ret_wide->text = apr_palloc(pool, (size + 1) * sizeof(UChar));
    u_strFromUTF8(ret_wide->text, (int32_t)size + 1, &ret_wide->length, text, (int32_t)size,
                  &status);
    return U_SUCCESS(status);
}

/* UTF-8 of WIDE, WITHOUT_MARKS: without its nonspacing marks (category Mn). In POOL. */
static const char *narrow(apr_pool_t *pool, const wide_t *wide, int without_marks)
{
    char *text = apr_palloc(pool, (apr_size_t)wide->length * 3 + 1);
    apr_size_t length = 0;
    for (int32_t i = 0; i < wide->length;) {
        UChar32 c;
        U16_NEXT(wide->text, i, wide->length, c);
        if (!without_marks || u_charType(c) != U_NON_SPACING_MARK) {
            U8_APPEND_UNSAFE(text, length, c);
        }
    }
    text[length] = '\0';
    return text;
}

void crm_unicode_keep(void)
{
    keep_library((uintptr_t)u_charType);   /* icuuc, which keeps icudata */
    keep_library((uintptr_t)utrans_openU); /* icui18n */
}

const char *crm_unicode_fold(apr_pool_t *pool, const char *text)
{
    apr_pool_t *scratch;
    wide_t wide;
    const char *folded = NULL;
    apr_pool_create(&scratch, pool);
    if (widen(scratch, text, &wide) && apply(scratch, normalize, &wide) &&
        apply(scratch, fold_case, &wide)) {
        folded = apr_pstrdup(pool, narrow(scratch, &wide, 1));
    }
    apr_pool_destroy(scratch);
    return folded;
}

const char *crm_unicode_latin(apr_pool_t *pool, const char *text)
{
    apr_pool_t *scratch;
    wide_t wide;
    const char *latin = NULL;
    apr_pool_create(&scratch, pool);
    if (widen(scratch, text, &wide) && apply(scratch, transliterate, &wide)) {
        latin = apr_pstrdup(pool, narrow(scratch, &wide, 0));
    }
    apr_pool_destroy(scratch);
    return latin;
}
