/* crmctl/parse.c - the command line's words become a command with its options and arguments. */
#include "crmctl/parse.h"

#include <string.h>

#include <apr_strings.h>

#include "base/text.h"

static crm_error_t *unknown(apr_pool_t *pool, const char *what, const char *word,
                            const char *const *choices, const char *where)
{
    const char *nearest = crm_text_nearest(word, choices);
    if (nearest) {
        return crm_error_make(pool, CRM_E_BAD_REQUEST,
                              "There is no %s \"%s\": did you mean \"%s\"?", what, word, nearest);
    }
    return crm_error_make(pool, CRM_E_BAD_REQUEST, "There is no %s \"%s\": see %s.", what, word,
                          where);
}

/* The commands that begin with WORD and a space, as text; NULL when there is none. */
static const char *subcommands(apr_pool_t *pool, const char *word)
{
    apr_array_header_t *list = crm_command_list(pool);
    apr_size_t length = strlen(word);
    const char *names = NULL;
    for (int i = 0; i < list->nelts; i++) {
        const char *name = APR_ARRAY_IDX(list, i, const crm_command_t *)->name;
        if (!strncmp(name, word, length) && name[length] == ' ') {
            names = names ? apr_pstrcat(pool, names, ", ", name, NULL) : name;
        }
    }
    return names;
}

static const char *const *command_names(apr_pool_t *pool)
{
    apr_array_header_t *list = crm_command_list(pool);
    const char **names = apr_pcalloc(pool, ((apr_size_t)list->nelts + 1) * sizeof(*names));
    for (int i = 0; i < list->nelts; i++) {
        names[i] = APR_ARRAY_IDX(list, i, const crm_command_t *)->name;
    }
    return names;
}

/* The command that ARGV begins with; *RET_WORDS: of how many words. */
static crm_error_t *find_command(apr_pool_t *pool, int argc, const char *const *argv,
                                 const crm_command_t **ret_command, int *ret_words)
{
    const crm_command_t *command = NULL;
    int two = argc > 1 && argv[1][0] != '-';
    const char *name = two ? apr_pstrcat(pool, argv[0], " ", argv[1], NULL) : argv[0];

    if (two && (command = crm_command_find(name))) {
        *ret_words = 2;
    } else if ((command = crm_command_find(argv[0]))) {
        *ret_words = 1;
    } else {
        const char *names = subcommands(pool, argv[0]);
        if (names && !two) {
            return crm_error_make(pool, CRM_E_BAD_REQUEST, "%s what? There is: %s.", argv[0],
                                  names);
        }
        return unknown(pool, "command", names ? name : argv[0], command_names(pool), "crmctl help");
    }
    *ret_command = command;
    return NULL;
}

static int option_index(const crm_run_t *run, const char *name)
{
    for (int i = 0; i < run->noptions; i++) {
        if (!strcmp(run->options[i]->name, name)) {
            return i;
        }
    }
    return -1;
}

static crm_error_t *unknown_option(const crm_run_t *run, const char *name)
{
    const char *names[CRM_MAX_OPTIONS + 1] = {NULL};
    for (int i = 0; i < run->noptions; i++) {
        names[i] = run->options[i]->name;
    }
    return unknown(run->pool, "option", name, names,
                   apr_psprintf(run->pool, "crmctl %s --help", run->command->name));
}

/* Reads the option at ARGV[*AT] and its value; moves *AT to its last word. */
static crm_error_t *read_option(crm_run_t *run, int argc, const char *const *argv, int *at)
{
    const char *word = argv[*at];
    const char *equals = strchr(word, '=');
    const char *name = equals ? apr_pstrmemdup(run->pool, word, (apr_size_t)(equals - word)) : word;
    int i = option_index(run, name);

    if (i < 0) {
        return unknown_option(run, name);
    }
    if (run->values[i]) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST, "%s was given twice.", name);
    }
    if (!run->options[i]->value) {
        if (equals) {
            return crm_error_make(run->pool, CRM_E_BAD_REQUEST, "%s takes no value.", name);
        }
        run->values[i] = "";
    } else if (equals) {
        run->values[i] = equals + 1;
    } else if (*at + 1 < argc) {
        run->values[i] = argv[++*at];
    } else {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST, "%s needs a value: %s.", name,
                              run->options[i]->value);
    }
    return NULL;
}

static crm_error_t *check_complete(const crm_run_t *run)
{
    const crm_command_t *command = run->command;
    if (run->argc < command->min_args) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST, "%s needs: %s.", command->name,
                              command->arguments);
    }
    if (run->argc > command->max_args) {
        return crm_error_make(run->pool, CRM_E_BAD_REQUEST, "\"%s\" is too much for %s.",
                              run->argv[command->max_args], command->name);
    }
    for (int i = 0; i < run->noptions; i++) {
        if (run->options[i]->required && !run->values[i]) {
            return crm_error_make(run->pool, CRM_E_BAD_REQUEST, "%s needs %s %s.", command->name,
                                  run->options[i]->name, run->options[i]->value);
        }
    }
    return NULL;
}

crm_error_t *crm_parse(apr_pool_t *pool, int argc, const char *const *argv, crm_run_t *ret_run)
{
    static const char *const help[] = {"help"};
    static const char *const version[] = {"version"};
    const crm_command_t *command = NULL;
    int at = 0, only_arguments = 0;

    if (!argc || !strcmp(argv[0], "--help") || !strcmp(argv[0], "-h")) {
        argv = help;
        argc = 1;
    } else if (!strcmp(argv[0], "--version")) {
        argv = version;
        argc = 1;
    }
    CRM_ERR(find_command(pool, argc, argv, &command, &at));
    crm_run_init(pool, command, ret_run);
    ret_run->argv = apr_pcalloc(pool, ((apr_size_t)argc + 1) * sizeof(*ret_run->argv));
    for (; at < argc; at++) {
        if (only_arguments || argv[at][0] != '-' || !argv[at][1]) {
            ret_run->argv[ret_run->argc++] = argv[at];
        } else if (!strcmp(argv[at], "--")) {
            only_arguments = 1;
        } else {
            CRM_ERR(read_option(ret_run, argc, argv, &at));
        }
    }
    return crm_run_option(ret_run, "--help") ? NULL : check_complete(ret_run);
}
