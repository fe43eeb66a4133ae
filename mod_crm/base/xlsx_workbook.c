/* base/xlsx_workbook.c - what an XLSX file's workbook says: which sheet, since when days count. */
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "base/xlsx_relations.h"
#include "base/xlsx_workbook.h"
#include "base/xlsx_xml.h"

#define LISTED 20       /* sheets named in an error */
#define NAME_LENGTH 255 /* bytes; Excel allows 31 characters */
#define NUMBER_LIMIT 1000000

/* How well a sheet fits what is wanted: the higher the better. */
typedef enum { NO_FIT, BY_NUMBER, BY_NAME, EXACTLY } fit_e;
#define FIRST BY_NUMBER
#define FIRST_VISIBLE BY_NAME

typedef struct reading_t {
    apr_pool_t *pool;
    const apr_array_header_t *relations;
    const char *wanted;
    apr_int64_t number; /* that is wanted, or -1 */
    fit_e fit;          /* of the sheet found so far */
    int count;
    const char *list;
    crm_xlsx_workbook_t *workbook;
} reading_t;

static fit_e judge(const reading_t *reading, const char *name, const char *state)
{
    if (!reading->wanted) {
        return !state || strcmp(state, "visible") == 0 ? FIRST_VISIBLE : FIRST;
    }
    if (strcmp(name, reading->wanted) == 0) {
        return EXACTLY;
    }
    if (strcasecmp(name, reading->wanted) == 0) {
        return BY_NAME;
    }
    return reading->count == reading->number ? BY_NUMBER : NO_FIT;
}

static void on_sheet(const crm_xlsx_xml_t *xml, reading_t *reading, const char **attributes)
{
    const char *name = crm_xlsx_attribute(attributes, "name");
    const char *id = crm_xlsx_relationship(xml, attributes);
    const char *part = id ? crm_xlsx_relations_find(reading->relations, "worksheet", id) : NULL;
    if (!name || !part || strlen(name) > NAME_LENGTH) {
        return;
    }
    reading->count++;
    if (reading->count <= LISTED) {
        reading->list = apr_psprintf(reading->pool, "%s%s\"%s\"", reading->list,
                                     reading->count > 1 ? ", " : "", name);
    } else if (reading->count == LISTED + 1) {
        reading->list = apr_pstrcat(reading->pool, reading->list, ", ...", NULL);
    }
    fit_e fit = judge(reading, name, crm_xlsx_attribute(attributes, "state"));
    if (fit > reading->fit) {
        reading->fit = fit;
        reading->workbook->sheet = apr_pstrdup(reading->pool, name);
        reading->workbook->sheet_part = part;
    }
}

static void on_start(crm_xlsx_xml_t *xml, void *baton, const char *name, const char **attributes)
{
    reading_t *reading = baton;
    if (strcmp(name, "sheet") == 0) {
        on_sheet(xml, reading, attributes);
    } else if (strcmp(name, "workbookPr") == 0) {
        reading->workbook->is_1904 = crm_xlsx_flag(crm_xlsx_attribute(attributes, "date1904"));
    }
}

/* The workbook's part. */
static crm_error_t *find_part(apr_pool_t *pool, crm_xlsx_package_t *package, const char **ret_part)
{
    apr_array_header_t *relations = NULL;
    if (crm_xlsx_package_has(package, "mimetype") ||
        !crm_xlsx_package_has(package, "_rels/.rels")) {
        return crm_error_make(pool, CRM_E_BAD_REQUEST,
                              "The file is a ZIP archive but no XLSX workbook: save the "
                              "spreadsheet as XLSX or CSV and send that.");
    }
    CRM_ERR(crm_xlsx_relations_read(pool, package, "", &relations));
    *ret_part = crm_xlsx_relations_find(relations, "officeDocument", NULL);
    const char *dot = *ret_part ? strrchr(*ret_part, '.') : NULL;
    if (!dot || strcasecmp(dot, ".xml") != 0) {
        return crm_error_make(pool, CRM_E_BAD_REQUEST,
                              "The file is no XLSX workbook%s: save the spreadsheet as XLSX or "
                              "CSV and send that.",
                              dot && strcasecmp(dot, ".bin") == 0 ? " but a binary one (.xlsb)"
                                                                  : "");
    }
    return NULL;
}

crm_error_t *crm_xlsx_workbook_read(apr_pool_t *pool, crm_xlsx_package_t *package,
                                    const char *wanted, crm_xlsx_workbook_t *ret_workbook)
{
    static const crm_xlsx_handler_t handler = {.start = on_start};
    apr_array_header_t *relations = NULL;
    const char *part = NULL;
    memset(ret_workbook, 0, sizeof(*ret_workbook));
    CRM_ERR(find_part(pool, package, &part));
    CRM_ERR(crm_xlsx_relations_read(pool, package, part, &relations));
    reading_t reading = {.pool = pool,
                         .relations = relations,
                         .wanted = wanted,
                         .number = crm_xlsx_index(wanted, NUMBER_LIMIT),
                         .list = "",
                         .workbook = ret_workbook};
    CRM_ERR(crm_xlsx_xml_read(pool, package, part, "workbook", &handler, &reading));
    if (reading.count == 0) {
        return crm_error_make(pool, CRM_E_BAD_REQUEST, "The XLSX file has no sheet.");
    }
    if (reading.fit == NO_FIT) {
        return crm_error_make(pool, CRM_E_BAD_REQUEST,
                              "There is no sheet \"%s\" in the file; it has %s.", wanted,
                              reading.list);
    }
    ret_workbook->strings = crm_xlsx_relations_find(relations, "sharedStrings", NULL);
    ret_workbook->styles = crm_xlsx_relations_find(relations, "styles", NULL);
    return NULL;
}
