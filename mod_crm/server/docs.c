/* server/docs.c - the documentation pages. */
#include <string.h>

#include <apr_file_info.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <httpd.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "server/call.h"
#include "server/docs.h"

#define INDEX "index.html"

/* What the pages ask for as openapi.json is made for each host and prefix. */
static const crm_docs_alias_t aliases[] = {
    {"/swagger.json", "schema/", "format=json&version=2.0"},
    {"/swagger.yaml", "schema/", "format=yaml&version=2.0"},
    {.uri = NULL},
};
static const crm_docs_alias_t described = {"openapi.json", "schema/", "format=json&version=3.1"};

/* Where pages are. */
typedef struct place_t {
    const char *path;  /* "/swagger/" */
    int below;         /* it is below the prefix */
    const char *files; /* folder in CrmDocs */
} place_t;

static const place_t places[] = {
    {.path = "/swagger/", .files = "swagger"},
    {.path = "/redoc/", .files = "redoc"},
    {.path = "docs/", .below = 1, .files = "swagger"},
    {.path = NULL},
};

static const struct {
    const char *end, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".txt", "text/plain; charset=utf-8"},
    {".png", "image/png"},
    {".svg", "image/svg+xml"},
    {NULL, NULL},
};

/* Scripts and styles are files of this server. ReDoc makes two style elements: an empty one, which
 * it fills by the CSSOM (no policy forbids that), and one with its scroll bars' rules; their hashes
 * allow these two, the second as it is in the version that console/docs/package-lock.json names.
 * Its search runs in a worker that it makes of its own text (blob:). */
#define EMPTY_STYLE "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
#define REDOC_STYLE "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='"

static const char policy[] =
    "default-src 'none'; script-src 'self'; connect-src 'self'; "
    "style-src 'self' " EMPTY_STYLE " " REDOC_STYLE "; img-src 'self' data:; font-src 'self'; "
    "worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/* What of URI follows PLACE's path; NULL: it is none of its. "" without its last slash is told by
 * *RET_BARE. */
static const char *rest_at(const char *uri, const crm_settings_t *settings, const place_t *place,
                           int *ret_bare)
{
    apr_size_t prefix = place->below ? strlen(settings->prefix) : 0, size = strlen(place->path);

    if (place->below && strncmp(uri, settings->prefix, prefix) != 0) {
        return NULL;
    }
    uri += prefix;
    *ret_bare = strlen(uri) == size - 1 && strncmp(uri, place->path, size - 1) == 0;
    if (*ret_bare) {
        return "";
    }
    return strncmp(uri, place->path, size) == 0 ? uri + size : NULL;
}

/* The place of R's path, and what follows it. */
static const place_t *place_of(const request_rec *r, const crm_settings_t *settings,
                               const char **ret_rest, int *ret_bare)
{
    const place_t *place = settings->docs && r->uri ? places : NULL;

    while (place && place->path && !(*ret_rest = rest_at(r->uri, settings, place, ret_bare))) {
        place++;
    }
    return place && place->path ? place : NULL;
}

const crm_docs_alias_t *crm_docs_alias(const request_rec *r, const crm_settings_t *settings)
{
    const char *rest;
    int bare;

    for (const crm_docs_alias_t *alias = aliases; alias->uri && settings->docs && r->uri; alias++) {
        if (strcmp(alias->uri, r->uri) == 0) {
            return alias;
        }
    }
    return place_of(r, settings, &rest, &bare) && strcmp(rest, described.uri) == 0 ? &described
                                                                                   : NULL;
}

/* The media type of a file that may be sent; NULL: it may not. */
static const char *type_of(const char *name)
{
    apr_size_t size = strlen(name);

    for (const char *c = name; *c; c++) {
        if (!apr_isalnum(*c) && (c == name || !strchr("._-", *c))) {
            return NULL;
        }
    }
    for (int i = 0; types[i].end; i++) {
        apr_size_t end = strlen(types[i].end);
        if (size > end && strcmp(name + size - end, types[i].end) == 0) {
            return types[i].type;
        }
    }
    return NULL;
}

/* The pages' own path, for links in them are relative. */
static int add_slash(request_rec *r)
{
    apr_table_setn(r->headers_out, "Location",
                   ap_construct_url(r->pool, apr_pstrcat(r->pool, r->uri, "/", NULL), r));
    return HTTP_MOVED_PERMANENTLY;
}

static int translate(request_rec *r)
{
    crm_call_t *call = crm_call_of(r);
    const char *rest;
    int bare;

    if (!call || call->alias || call->r != r) {
        return DECLINED;
    }
    const place_t *place = place_of(r, call->server->settings, &rest, &bare);
    const char *name = place && *rest ? rest : INDEX;
    if (!place || !type_of(name)) {
        return DECLINED;
    }
    const char *path =
        apr_pstrcat(r->pool, call->server->settings->docs, "/", place->files, "/", name, NULL);
    if (apr_stat(&r->finfo, path, APR_FINFO_MIN, r->pool) != APR_SUCCESS ||
        r->finfo.filetype != APR_REG) {
        r->finfo.filetype = APR_NOFILE;
        return DECLINED;
    }
    if (bare) {
        return add_slash(r);
    }
    call->is_page = 1;
    r->filename = apr_pstrdup(r->pool, path);
    return OK;
}

static int is_page(request_rec *r)
{
    const crm_call_t *call = crm_call_of(r);

    return call && call->is_page && call->r == r;
}

/* The folder is the administrator's, as CrmDocs says: no walk through those above it. */
static int map_to_storage(request_rec *r)
{
    return is_page(r) ? OK : DECLINED;
}

static int set_type(request_rec *r)
{
    if (!is_page(r)) {
        return DECLINED;
    }
    ap_set_content_type(r, type_of(strrchr(r->filename, '/') + 1));
    apr_table_setn(r->headers_out, "Content-Security-Policy", policy);
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->headers_out, "Referrer-Policy", "no-referrer");
    apr_table_setn(r->headers_out, "Cache-Control", "no-cache");
    return OK;
}

const char *crm_docs_missing(apr_pool_t *pool, const crm_settings_t *settings)
{
    apr_finfo_t info;
    const char *page =
        settings->docs ? apr_pstrcat(pool, settings->docs, "/swagger/" INDEX, NULL) : NULL;

    if (!page || apr_stat(&info, page, APR_FINFO_TYPE, pool) == APR_SUCCESS) {
        return NULL;
    }
    return apr_psprintf(pool, "CrmDocs: there are no documentation pages in %s", settings->docs);
}

void crm_docs_register(apr_pool_t *pool)
{
    /* before the API, which would claim what is below the prefix */
    static const char *const after_us[] = {"mod_proxy.c", "mod_alias.c", NULL};
    static const char *const before_us[] = {"mod_rewrite.c", NULL};
    (void)pool;

    ap_hook_translate_name(translate, before_us, after_us, APR_HOOK_FIRST);
    ap_hook_map_to_storage(map_to_storage, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_type_checker(set_type, NULL, NULL, APR_HOOK_REALLY_FIRST);
}
