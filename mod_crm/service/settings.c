/* service/settings.c - what was written in the configuration, merged and read into settings. */
#include "service/settings.h"

#include <string.h>

#include <apr_strings.h>

#include "base/text.h"

static const char *const *copy_words(apr_pool_t *pool, int argc, const char *const *argv)
{
    const char **words = apr_pcalloc(pool, sizeof(*words) * (apr_size_t)(argc + 1));

    for (int i = 0; i < argc; i++) {
        words[i] = apr_pstrdup(pool, argv[i]);
    }
    return words;
}

/* Words of TEXT, as a preset is written: separated by single spaces, without quotes. */
static int split_preset(apr_pool_t *pool, const char *text, const char *const **ret_argv)
{
    char **words;
    int argc = 0;

    apr_tokenize_to_argv(text, &words, pool);
    while (words[argc]) {
        argc++;
    }
    *ret_argv = (const char *const *)words;
    return argc;
}

/* Says which directive an error is about. */
static crm_error_t *name_it(const crm_directive_t *row, crm_error_t *error)
{
    if (error) {
        error->detail = apr_pstrcat(error->pool, row->name, ": ", error->detail, NULL);
    }
    return error;
}

/* Default, then what was written (NULL: nothing), into SETTINGS. */
static crm_error_t *apply(apr_pool_t *pool, const crm_directive_t *row,
                          const crm_written_t *written, crm_settings_t *settings)
{
    if (row->preset) {
        const char *const *argv;
        int argc = split_preset(pool, row->preset, &argv);
        CRM_ERR(name_it(row, row->set(pool, settings, argc, argv)));
    }
    if (written) {
        CRM_ERR(name_it(row, row->set(pool, settings, written->argc, written->argv)));
    }
    return NULL;
}

static crm_error_t *check_count(apr_pool_t *pool, const crm_directive_t *row, int argc)
{
    if (argc < row->min_args || (row->max_args >= 0 && argc > row->max_args)) {
        return crm_error_make(pool, CRM_E_INTERNAL, "%s: %d words: must be %s %s", row->name, argc,
                              row->name, row->syntax);
    }
    return NULL;
}

crm_directives_t *crm_directives_make(apr_pool_t *pool)
{
    crm_directives_t *directives = apr_palloc(pool, sizeof(*directives));

    directives->written =
        apr_pcalloc(pool, sizeof(*directives->written) * (apr_size_t)crm_directive_count());
    return directives;
}

crm_error_t *crm_directives_write(apr_pool_t *pool, crm_directives_t *directives, int index,
                                  int argc, const char *const *argv, const char *file, int line)
{
    const crm_directive_t *row = &crm_directives[index];
    crm_settings_t *scratch = apr_pcalloc(pool, sizeof(*scratch));
    crm_written_t *written = apr_palloc(pool, sizeof(*written));

    CRM_ERR(check_count(pool, row, argc));
    for (int i = 0; i < argc; i++) {
        if (!crm_text_valid(argv[i], strlen(argv[i]))) {
            return crm_error_make(pool, CRM_E_INTERNAL, "%s: word %d must be UTF-8", row->name,
                                  i + 1);
        }
    }
    *written = (crm_written_t){.argc = argc,
                               .argv = copy_words(pool, argc, argv),
                               .file = apr_pstrdup(pool, file),
                               .line = line};
    CRM_ERR(apply(pool, row, written, scratch));
    directives->written[index] = written;
    return NULL;
}

crm_directives_t *crm_directives_merge(apr_pool_t *pool, const crm_directives_t *outer,
                                       const crm_directives_t *inner)
{
    crm_directives_t *merged = crm_directives_make(pool);

    for (int i = 0; i < crm_directive_count(); i++) {
        merged->written[i] = inner->written[i] ? inner->written[i] : outer->written[i];
    }
    return merged;
}

/* An idle time longer than the lifetime means nothing; where only the lifetime was written, the
 * default idle time gives way. */
static void fit_idle(const crm_directives_t *directives, crm_settings_t *settings)
{
    if (!directives->written[crm_directive_index("CrmTokenIdle")] &&
        settings->token_idle > settings->token_lifetime) {
        settings->token_idle = settings->token_lifetime;
    }
}

crm_error_t *crm_settings_resolve(apr_pool_t *pool, const crm_directives_t *directives,
                                  crm_settings_t **ret_settings)
{
    crm_settings_t *settings = apr_pcalloc(pool, sizeof(*settings));

    for (int i = 0; i < crm_directive_count(); i++) {
        CRM_ERR(apply(pool, &crm_directives[i], directives->written[i], settings));
    }
    fit_idle(directives, settings);
    *ret_settings = settings;
    return NULL;
}

crm_error_t *crm_settings_override(apr_pool_t *pool, const crm_settings_t *outer,
                                   const crm_directives_t *inner, crm_settings_t **ret_settings)
{
    crm_settings_t *settings = apr_pmemdup(pool, outer, sizeof(*outer));

    for (int i = 0; i < crm_directive_count(); i++) {
        if (inner->written[i]) {
            CRM_ERR(apply(pool, &crm_directives[i], inner->written[i], settings));
        }
    }
    *ret_settings = settings;
    return NULL;
}

static json_t *written_json(const crm_written_t *written)
{
    json_t *args = json_array();

    for (int i = 0; i < written->argc; i++) {
        json_array_append_new(args, json_string(written->argv[i]));
    }
    return json_pack("{s:o, s:s, s:i}", "args", args, "file", written->file, "line", written->line);
}

json_t *crm_directives_json(const crm_directives_t *directives)
{
    json_t *json = json_object();

    for (int i = 0; i < crm_directive_count(); i++) {
        if (directives->written[i]) {
            json_object_set_new(json, crm_directives[i].name, written_json(directives->written[i]));
        }
    }
    return json;
}

static crm_error_t *write_json(apr_pool_t *pool, crm_directives_t *directives, const char *name,
                               json_t *entry)
{
    int index = crm_directive_index(name);
    json_t *args = json_object_get(entry, "args");
    const char *file = json_string_value(json_object_get(entry, "file"));
    int argc = (int)json_array_size(args);

    if (index < 0 || !json_is_array(args) || !file) {
        return crm_error_make(pool, CRM_E_INTERNAL, "the settings of %s cannot be read", name);
    }
    const char **argv = apr_pcalloc(pool, sizeof(*argv) * (apr_size_t)(argc + 1));
    for (int i = 0; i < argc; i++) {
        argv[i] = json_string_value(json_array_get(args, (size_t)i));
        if (!argv[i]) {
            return crm_error_make(pool, CRM_E_INTERNAL, "the settings of %s cannot be read", name);
        }
    }
    return crm_directives_write(pool, directives, index, argc, argv, file,
                                (int)json_integer_value(json_object_get(entry, "line")));
}

crm_error_t *crm_directives_from_json(apr_pool_t *pool, const json_t *json,
                                      crm_directives_t **ret_directives)
{
    crm_directives_t *directives = crm_directives_make(pool);
    const char *name;
    json_t *entry;

    if (!json_is_object(json)) {
        return crm_error_make(pool, CRM_E_INTERNAL, "the settings are no JSON object");
    }
    json_object_foreach((json_t *)json, name, entry)
    {
        CRM_ERR(write_json(pool, directives, name, entry));
    }
    *ret_directives = directives;
    return NULL;
}
