/* base/xlsx_strings.c - an XLSX file's shared strings, in bounded memory. */
#include <string.h>

#include "base/spill.h"
#include "base/xlsx_strings.h"
#include "base/xlsx_text.h"
#include "base/xlsx_xml.h"

struct crm_xlsx_strings_t {
    crm_xlsx_package_t *package;
    crm_spill_t *texts; /* one after the other */
    crm_spill_t *ends;  /* apr_uint64_t by index: where each ends */
    apr_int64_t count;
    /* while reading */
    crm_xlsx_text_t text;
    int is_text;  /* in t */
    int phonetic; /* elements rPh around: pronunciation is no text */
};

static void on_start(crm_xlsx_xml_t *xml, void *baton, const char *name, const char **attributes)
{
    crm_xlsx_strings_t *strings = baton;
    (void)xml;
    (void)attributes;
    if (strcmp(name, "si") == 0) {
        crm_xlsx_text_clear(&strings->text);
    } else if (strcmp(name, "rPh") == 0) {
        strings->phonetic++;
    } else if (strcmp(name, "t") == 0) {
        strings->is_text = strings->phonetic == 0;
    }
}

static void on_text(crm_xlsx_xml_t *xml, void *baton, const char *text, int size)
{
    crm_xlsx_strings_t *strings = baton;
    if (strings->is_text && !crm_xlsx_text_add(&strings->text, text, (apr_size_t)size)) {
        crm_xlsx_xml_fail(xml,
                          crm_error_make(crm_xlsx_package_pool(strings->package), CRM_E_BAD_REQUEST,
                                         "Shared string %" APR_INT64_T_FMT
                                         " of the XLSX file has more than 1 MiB.",
                                         strings->count));
    }
}

static crm_error_t *keep(crm_xlsx_strings_t *strings)
{
    crm_xlsx_text_decode(&strings->text);
    CRM_ERR(crm_spill_append(strings->texts, strings->text.bytes, strings->text.size));
    apr_uint64_t end = crm_spill_size(strings->texts);
    CRM_ERR(crm_spill_append(strings->ends, &end, sizeof(end)));
    strings->count++;
    return NULL;
}

static void on_end(crm_xlsx_xml_t *xml, void *baton, const char *name)
{
    crm_xlsx_strings_t *strings = baton;
    if (strcmp(name, "si") == 0) {
        crm_xlsx_xml_fail(xml, keep(strings));
    } else if (strcmp(name, "rPh") == 0) {
        strings->phonetic--;
    } else if (strcmp(name, "t") == 0) {
        strings->is_text = 0;
    }
}

crm_error_t *crm_xlsx_strings_read(apr_pool_t *pool, crm_xlsx_package_t *package, const char *name,
                                   const char *folder, crm_xlsx_strings_t **ret_strings)
{
    static const crm_xlsx_handler_t handler = {.start = on_start, .end = on_end, .text = on_text};
    crm_xlsx_strings_t *strings = apr_pcalloc(pool, sizeof(*strings));
    strings->package = package;
    strings->texts = crm_spill_make(pool, folder);
    strings->ends = crm_spill_make(pool, folder);
    crm_xlsx_text_init(pool, &strings->text);
    if (name) {
        CRM_ERR(crm_xlsx_xml_read(pool, package, name, "sst", &handler, strings));
    }
    *ret_strings = strings;
    return NULL;
}

apr_int64_t crm_xlsx_strings_count(const crm_xlsx_strings_t *strings)
{
    return strings->count;
}

crm_error_t *crm_xlsx_strings_get(crm_xlsx_strings_t *strings, apr_pool_t *pool, apr_int64_t index,
                                  const char **ret_text)
{
    apr_uint64_t ends[2] = {0, 0}; /* of the string before and of this one */
    int before = index > 0;
    CRM_ERR(crm_spill_read(strings->ends, (apr_uint64_t)(index - before) * sizeof(ends[0]),
                           &ends[!before], (before + 1) * sizeof(ends[0])));
    apr_size_t size = (apr_size_t)(ends[1] - ends[0]);
    CRM_ERR(crm_xlsx_package_spend(strings->package, size));
    char *text = apr_palloc(pool, size + 1);
    CRM_ERR(crm_spill_read(strings->texts, ends[0], text, size));
    text[size] = '\0';
    *ret_text = text;
    return NULL;
}
