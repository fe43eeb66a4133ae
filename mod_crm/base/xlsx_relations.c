/* base/xlsx_relations.c - which parts of an XLSX file a part refers to. */
#include <string.h>

#include <apr_strings.h>

#include "base/xlsx_relations.h"
#include "base/xlsx_xml.h"

#define RELATIONS 10000
#define LENGTH 1024 /* of an id or a target */

static const char *const types[] = {"officeDocument", "worksheet", "sharedStrings", "styles"};

typedef struct reading_t {
    apr_pool_t *pool;
    const char *folder; /* of the part: "xl/", or "" */
    apr_array_header_t *relations;
} reading_t;

/* Where TARGET leads from FOLDER ("xl/"), without leading slash, "." and "..". */
static const char *resolve(apr_pool_t *pool, const char *folder, const char *target)
{
    char *path = apr_pstrcat(pool, *target == '/' ? "" : folder, target, NULL);
    char *to = path;
    for (const char *from = path; *from;) {
        apr_size_t size = strcspn(from, "/");
        int is_last = from[size] == '\0';
        if (size == 2 && strncmp(from, "..", 2) == 0) {
            to -= to > path;
            while (to > path && to[-1] != '/') {
                to--;
            }
        } else if (size > 0 && !(size == 1 && *from == '.')) {
            memmove(to, from, size + 1);
            to += size + !is_last;
        }
        from += size + !is_last;
    }
    *to = '\0';
    return path;
}

static const char *known_type(const char *uri)
{
    const char *slash = strrchr(uri, '/');
    for (apr_size_t i = 0; slash && i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(slash + 1, types[i]) == 0) {
            return types[i];
        }
    }
    return NULL;
}

static void on_start(crm_xlsx_xml_t *xml, void *baton, const char *name, const char **attributes)
{
    reading_t *reading = baton;
    const char *id = crm_xlsx_attribute(attributes, "Id");
    const char *uri = crm_xlsx_attribute(attributes, "Type");
    const char *target = crm_xlsx_attribute(attributes, "Target");
    const char *mode = crm_xlsx_attribute(attributes, "TargetMode");
    if (strcmp(name, "Relationship") != 0 || !id || !uri || !target ||
        (mode && strcmp(mode, "Internal") != 0)) {
        return;
    }
    const char *type = known_type(uri);
    if (!type || strlen(id) > LENGTH || strlen(target) > LENGTH) {
        return;
    }
    if (reading->relations->nelts == RELATIONS) {
        crm_xlsx_xml_fail(xml, crm_error_make(reading->pool, CRM_E_BAD_REQUEST,
                                              "The XLSX file has too many relationships: the limit "
                                              "is %d.",
                                              RELATIONS));
        return;
    }
    crm_xlsx_relation_t *relation = apr_array_push(reading->relations);
    relation->id = apr_pstrdup(reading->relations->pool, id);
    relation->type = type;
    relation->part = resolve(reading->relations->pool, reading->folder, target);
}

crm_error_t *crm_xlsx_relations_read(apr_pool_t *pool, crm_xlsx_package_t *package,
                                     const char *part, apr_array_header_t **ret_relations)
{
    static const crm_xlsx_handler_t handler = {.start = on_start};
    const char *slash = strrchr(part, '/');
    apr_size_t folder = slash ? (apr_size_t)(slash + 1 - part) : 0;
    reading_t reading = {.pool = crm_xlsx_package_pool(package),
                         .folder = apr_pstrmemdup(pool, part, folder),
                         .relations = apr_array_make(pool, 8, sizeof(crm_xlsx_relation_t))};
    const char *name = apr_pstrcat(pool, reading.folder, "_rels/", part + folder, ".rels", NULL);
    CRM_ERR(crm_xlsx_xml_read(pool, package, name, "Relationships", &handler, &reading));
    *ret_relations = reading.relations;
    return NULL;
}

const char *crm_xlsx_relations_find(const apr_array_header_t *relations, const char *type,
                                    const char *id)
{
    for (int i = 0; i < relations->nelts; i++) {
        const crm_xlsx_relation_t *relation = &APR_ARRAY_IDX(relations, i, crm_xlsx_relation_t);
        if (strcmp(relation->type, type) == 0 && (!id || strcmp(relation->id, id) == 0)) {
            return relation->part;
        }
    }
    return NULL;
}
