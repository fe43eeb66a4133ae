/* t/remote/mod_remote.c - stands for a module of single sign-on: whoever has AuthType TYPE in a
 * directory is the user that a directive names.
 *
 *     <Location "/api/">
 *         AuthType openid-connect
 *         RemoteUser anna
 *         Require valid-user
 *     </Location>
 *
 * RemoteUser "?" takes the name from the query parameter "remote", so that a test may be several
 * users; RemoteType says another type than AuthType does.
 */
#include <string.h>

#include <apr_strings.h>

#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

extern module AP_MODULE_DECLARE_DATA remote_module;

typedef struct remote_config_t {
    const char *user, *type;
} remote_config_t;

static void *make_config(apr_pool_t *pool, char *directory)
{
    (void)directory;
    return apr_pcalloc(pool, sizeof(remote_config_t));
}

/* What the query says, decoded; NULL: nothing. */
static char *asked_for(request_rec *r)
{
    const char *at = r->args ? strstr(r->args, "remote=") : NULL;
    char *name = at ? apr_pstrmemdup(r->pool, at + 7, strcspn(at + 7, "&")) : NULL;

    return name && ap_unescape_url(name) == OK ? name : NULL;
}

static int find_user(request_rec *r)
{
    const remote_config_t *config = ap_get_module_config(r->per_dir_config, &remote_module);

    if (!config->user) {
        return DECLINED;
    }
    r->user = strcmp(config->user, "?") == 0 ? asked_for(r) : apr_pstrdup(r->pool, config->user);
    r->ap_auth_type = apr_pstrdup(r->pool, config->type ? config->type : ap_auth_type(r));
    return r->user ? OK : HTTP_UNAUTHORIZED;
}

static void register_hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_check_authn(find_user, NULL, NULL, APR_HOOK_MIDDLE, AP_AUTH_INTERNAL_PER_CONF);
}

static const command_rec directives[] = {
    AP_INIT_TAKE1("RemoteUser", ap_set_string_slot, (void *)APR_OFFSETOF(remote_config_t, user),
                  ACCESS_CONF, "the user, or \"?\""),
    AP_INIT_TAKE1("RemoteType", ap_set_string_slot, (void *)APR_OFFSETOF(remote_config_t, type),
                  ACCESS_CONF, "what the user was authenticated by"),
    {NULL},
};

AP_DECLARE_MODULE(remote) = {
    .version = MODULE_MAGIC_NUMBER_MAJOR,
    .minor_version = MODULE_MAGIC_NUMBER_MINOR,
    .module_index = -1,
    .name = __FILE__,
    .magic = MODULE_MAGIC_COOKIE,
    .create_dir_config = make_config,
    .cmds = directives,
    .register_hooks = register_hooks,
};
