/* api/route.c - finds the row of a path, and checks the rows. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "api/route.h"

/* A parameter of the path: where it is in it. */
typedef struct span_t {
    const char *start;
    apr_size_t size;
} span_t;

typedef int accepts_fn(const char *segment, apr_size_t size);

/* What a parameter may be. */
typedef struct kind_t {
    const char *name; /* "{uuid}" */
    accepts_fn *accepts;
} kind_t;

static accepts_fn is_uuid, is_id, is_text;

static const kind_t kinds[] = {
    {.name = "{uuid}", .accepts = is_uuid},
    {.name = "{id}", .accepts = is_id},
    {.name = "{text}", .accepts = is_text},
    {.name = NULL},
};

static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", NULL};

static int is_uuid(const char *segment, apr_size_t size)
{
    for (apr_size_t i = 0; i < size; i++) {
        int is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? segment[i] != '-' : !apr_isxdigit(segment[i])) {
            return 0;
        }
    }
    return size == CRM_UUID_TEXT;
}

/* 18 digits fit whatever they are. */
static int is_id(const char *segment, apr_size_t size)
{
    for (apr_size_t i = 0; i < size; i++) {
        if (!apr_isdigit(segment[i])) {
            return 0;
        }
    }
    return size >= 1 && size <= 18;
}

static int is_text(const char *segment, apr_size_t size)
{
    (void)segment;
    return size >= 1;
}

/* The kind that PATTERN, at its '{', begins with; NULL: none. */
static const kind_t *kind_at(const char *pattern)
{
    for (const kind_t *kind = kinds; kind->name; kind++) {
        if (strncmp(pattern, kind->name, strlen(kind->name)) == 0) {
            return kind;
        }
    }
    return NULL;
}

/* The number of parameters when PATH is one of PATTERN, else -1. */
static int match(const char *pattern, const char *path, span_t spans[CRM_MAX_PARAMETERS])
{
    int count = 0;
    while (*pattern) {
        if (*pattern != '{') {
            if (*pattern++ != *path++) {
                return -1;
            }
            continue;
        }
        const kind_t *kind = kind_at(pattern);
        apr_size_t size = strcspn(path, "/");
        if (!kind || count == CRM_MAX_PARAMETERS || !kind->accepts(path, size)) {
            return -1;
        }
        spans[count++] = (span_t){.start = path, .size = size};
        path += size;
        pattern += strlen(kind->name);
    }
    return *path ? -1 : count;
}

/* The methods of ROWS as Allow has them. */
static const char *allow_of(apr_pool_t *pool, const apr_array_header_t *rows)
{
    const char *allow = "";
    for (int i = 0; methods[i]; i++) {
        for (int j = 0; j < rows->nelts; j++) {
            if (strcmp(APR_ARRAY_IDX(rows, j, const crm_route_t *)->method, methods[i]) == 0) {
                allow = apr_pstrcat(pool, allow, methods[i], ", ", NULL);
                break;
            }
        }
    }
    int has_get = strncmp(allow, "GET", 3) == 0;
    return apr_pstrcat(pool, allow, has_get ? "HEAD, " : "", "OPTIONS", NULL);
}

apr_array_header_t *crm_route_rows(apr_pool_t *pool, const char *path)
{
    apr_array_header_t *rows = apr_array_make(pool, 4, sizeof(const crm_route_t *));
    span_t spans[CRM_MAX_PARAMETERS];
    for (const crm_route_t *const *table = crm_route_tables; *table; table++) {
        for (const crm_route_t *row = *table; row->method; row++) {
            if (match(row->pattern, path, spans) >= 0) {
                APR_ARRAY_PUSH(rows, const crm_route_t *) = row;
            }
        }
    }
    return rows;
}

static crm_error_t *not_found(apr_pool_t *pool, const char *method, const char *path,
                              const char **ret_allow)
{
    apr_array_header_t *rows = crm_route_rows(pool, path);
    if (rows->nelts == 0) {
        return crm_error_standard(pool, CRM_E_NOT_FOUND);
    }
    *ret_allow = allow_of(pool, rows);
    return crm_error_make(pool, CRM_E_METHOD, "Method \"%s\" not allowed.", method);
}

crm_error_t *crm_route_find(apr_pool_t *pool, const char *method, const char *path,
                            const crm_route_t **ret_route, const char **parameters,
                            const char **ret_allow)
{
    span_t spans[CRM_MAX_PARAMETERS], found[CRM_MAX_PARAMETERS];
    const crm_route_t *route = NULL;
    int count = 0;
    for (const crm_route_t *const *table = crm_route_tables; *table; table++) {
        for (const crm_route_t *row = *table; row->method; row++) {
            int has = match(row->pattern, path, spans);
            if (has >= 0 && (!route || has < count) && strcmp(row->method, method) == 0) {
                route = row;
                count = has;
                memcpy(found, spans, (apr_size_t)has * sizeof(*spans));
            }
        }
    }
    if (!route) {
        return not_found(pool, method, path, ret_allow);
    }
    for (int i = 0; i < count; i++) {
        parameters[i] = apr_pstrmemdup(pool, found[i].start, found[i].size);
    }
    *ret_route = route;
    return NULL;
}

const char *crm_route_pattern(apr_pool_t *pool, const char *prefix, const crm_route_t *route)
{
    char *pattern = apr_pstrcat(pool, prefix, route->pattern, NULL);
    static const char from[] = "{uuid}", to[] = "{id}";
    for (char *at = strstr(pattern, from); at; at = strstr(at, from)) {
        memmove(at + sizeof(to) - 1, at + sizeof(from) - 1, strlen(at + sizeof(from) - 1) + 1);
        memcpy(at, to, sizeof(to) - 1);
    }
    return pattern;
}

static int is_method(const char *method)
{
    int i = 0;
    while (methods[i] && strcmp(methods[i], method) != 0) {
        i++;
    }
    return methods[i] != NULL;
}

/* What is wrong with a pattern, or NULL. */
static const char *pattern_fault(const char *pattern)
{
    int count = 0;
    if (!pattern || !*pattern || *pattern == '/' || pattern[strlen(pattern) - 1] != '/') {
        return "a pattern begins without and ends with '/'";
    }
    for (const char *at = strchr(pattern, '{'); at; at = strchr(at + 1, '{')) {
        const kind_t *kind = kind_at(at);
        if (!kind || at[strlen(kind->name)] != '/' || (at > pattern && at[-1] != '/')) {
            return "a parameter is a segment {uuid}, {id} or {text}";
        }
        count++;
    }
    return count > CRM_MAX_PARAMETERS ? "too many parameters" : NULL;
}

/* What is wrong with a row, or NULL. */
static const char *row_fault(const crm_route_t *row)
{
    if (!is_method(row->method)) {
        return "unknown method";
    }
    if (row->access <= CRM_ACCESS_UNSET || row->access >= CRM_ACCESS_COUNT) {
        return "it does not say who may call it";
    }
    if (!row->handler || !row->summary) {
        return "it needs a handler and a summary";
    }
    if (row->is_list && !row->result) {
        return "a list needs a result";
    }
    if (row->body && strcmp(row->method, "GET") == 0) {
        return "GET has no body";
    }
    if (row->access == CRM_ACCESS_PERMISSION &&
        !(row->entity && row->entity->model && (row->flags & CRM_ROUTE_NEEDS_TENANT))) {
        return "a permission needs records and their tenant";
    }
    const char *fault = pattern_fault(row->pattern);
    if (!fault && row->access == CRM_ACCESS_TENANT_ITSELF) {
        const char *first = strchr(row->pattern, '{');
        fault = first && kind_at(first)->accepts == is_uuid ? NULL : "it needs a tenant's {uuid}";
    }
    return fault;
}

static crm_error_t *check_row(apr_pool_t *pool, const crm_route_t *row)
{
    const char *fault = row_fault(row);
    for (const crm_route_t *const *table = crm_route_tables; *table && !fault; table++) {
        for (const crm_route_t *other = *table; other->method; other++) {
            if (other != row && strcmp(other->method, row->method) == 0 &&
                strcmp(other->pattern, row->pattern) == 0) {
                fault = "it is there twice";
            }
        }
    }
    if (!fault) {
        return NULL;
    }
    return crm_error_make(pool, CRM_E_INTERNAL, "route %s %s: %s", row->method,
                          row->pattern ? row->pattern : "(none)", fault);
}

crm_error_t *crm_route_check(apr_pool_t *pool)
{
    for (const crm_route_t *const *table = crm_route_tables; *table; table++) {
        for (const crm_route_t *row = *table; row->method; row++) {
            CRM_ERR(check_row(pool, row));
        }
    }
    return NULL;
}
