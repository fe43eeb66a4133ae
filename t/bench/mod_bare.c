/* t/bench/mod_bare.c - the least that a handler can do: fixed bytes from memory. What mod_crm is
 * measured against, in the same httpd.
 *
 *     <Location "/api/auth/test/">
 *         SetHandler bare
 *         BareBody "{\"message\":\"API is working!\"}"
 *     </Location>
 */
#include <string.h>

#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>

extern module AP_MODULE_DECLARE_DATA bare_module;

typedef struct bare_config_t {
    const char *body;
} bare_config_t;

static void *make_config(apr_pool_t *pool, char *directory)
{
    (void)directory;
    return apr_pcalloc(pool, sizeof(bare_config_t));
}

static int answer(request_rec *r)
{
    const bare_config_t *config = ap_get_module_config(r->per_dir_config, &bare_module);

    if (!r->handler || strcmp(r->handler, "bare") != 0 || !config->body) {
        return DECLINED;
    }
    ap_set_content_type(r, "application/json");
    ap_set_content_length(r, (apr_off_t)strlen(config->body));
    ap_rputs(config->body, r);
    return OK;
}

static void register_hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_handler(answer, NULL, NULL, APR_HOOK_MIDDLE);
}

static const command_rec directives[] = {
    AP_INIT_TAKE1("BareBody", ap_set_string_slot, (void *)APR_OFFSETOF(bare_config_t, body),
                  ACCESS_CONF, "the bytes to answer with"),
    {NULL},
};

AP_DECLARE_MODULE(bare) = {
    .version = MODULE_MAGIC_NUMBER_MAJOR,
    .minor_version = MODULE_MAGIC_NUMBER_MINOR,
    .module_index = -1,
    .name = __FILE__,
    .magic = MODULE_MAGIC_COOKIE,
    .create_dir_config = make_config,
    .cmds = directives,
    .register_hooks = register_hooks,
};
