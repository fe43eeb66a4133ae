/* crmctl/secret.c - the secret key: made, changed. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>

#include "crmctl/configuration.h"
#include "crmctl/output.h"
#include "service/key_change.h"

/* What is kept by the key and looked up by clients lasts so long (Idempotency-Key). */
#define LASTS apr_time_from_sec(24 * 60 * 60)

/* The server that is meant, and its key. */
static crm_error_t *read_key(crm_run_t *run, const crm_server_t **ret_server, crm_key_t *ret_key)
{
    apr_array_header_t *servers;

    CRM_ERR(crm_configuration_read(run, &servers));
    CRM_ERR(crm_server_choose(run, servers, ret_server));
    return crm_secret_read_key(run->pool, (*ret_server)->settings->secret_key_file, ret_key);
}

/* Puts the logins in by the key that the file has now, in a process of its own: it becomes the
 * owner of SQLite's databases for ever, who cannot write the key's file. */
static crm_error_t *change(crm_run_t *run, const crm_server_t *server, int finish)
{
    crm_site_t *site;
    int accounts, status = 0;
    pid_t pid = fork();

    if (!pid) {
        crm_error_t *error = crm_server_open(run, server, &site);
        error = error ? error : crm_key_change(site, run->pool, finish, &accounts);
        if (error) {
            fprintf(stderr, "crmctl: %s\n", crm_error_line(run->pool, error));
        } else if (!crm_run_has(run, "--quiet")) {
            printf("%d accounts can log in by the new key.\n", accounts);
        }
        fflush(stdout);
        _exit(error != NULL);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0) {
        return crm_error_system(run->pool, errno, "a process for the databases");
    }
    return status ? crm_error_make(run->pool, CRM_E_DATABASE,
                                   "The logins of some tenants could not be entered by the new "
                                   "key. Both keys are valid; run it again.")
                  : NULL;
}

/* How long ago FILE was written. */
static apr_interval_time_t age_of(const char *file)
{
    struct stat info;
    return stat(file, &info) ? 0 : apr_time_now() - apr_time_from_sec(info.st_mtime);
}

static crm_error_t *begin(crm_run_t *run, const crm_server_t *server, const crm_key_t *key)
{
    const char *file = server->settings->secret_key_file;
    crm_key_t changed = {.has_old = 1};

    memcpy(changed.old, key->bytes, CRM_KEY_SIZE);
    crm_secret_random(changed.bytes, CRM_KEY_SIZE);
    CRM_ERR(crm_secret_replace_key(run->pool, file, &changed));
    CRM_ERR(change(run, server, 0));
    printf("%s has a new key, and the one before, which stays valid.\n"
           "Now: copy it to every machine that serves this site, and reload httpd there (apachectl "
           "graceful).\nA day later: crmctl secret rotate --finish\n",
           file);
    return NULL;
}

static crm_error_t *finish(crm_run_t *run, const crm_server_t *server, const crm_key_t *key)
{
    const char *file = server->settings->secret_key_file;
    apr_interval_time_t age = age_of(file);
    crm_key_t changed = *key;

    if (age < LASTS && !crm_run_option(run, "--now")) {
        return crm_error_make(run->pool, CRM_E_CONFLICT,
                              "The key was changed %d hours ago. Idempotency-Keys of clients count "
                              "for 24: wait so long, or give --now.",
                              (int)(apr_time_sec(age) / 3600));
    }
    CRM_ERR(change(run, server, 1));
    changed.has_old = 0;
    CRM_ERR(crm_secret_replace_key(run->pool, file, &changed));
    printf("%s has the new key alone. Copy it to every machine, and reload httpd there.\n", file);
    return NULL;
}

static crm_error_t *run_rotate(crm_run_t *run)
{
    const crm_server_t *server;
    crm_key_t key;

    CRM_ERR(read_key(run, &server, &key));
    if (crm_run_option(run, "--finish")) {
        return key.has_old ? finish(run, server, &key)
                           : crm_error_make(run->pool, CRM_E_CONFLICT,
                                            "There is nothing to finish: %s holds one key.",
                                            server->settings->secret_key_file);
    }
    if (key.has_old) {
        return crm_error_make(run->pool, CRM_E_CONFLICT,
                              "%s holds two keys, so a change is under way: crmctl secret rotate "
                              "--finish ends it.",
                              server->settings->secret_key_file);
    }
    return begin(run, server, &key);
}

static const char *owner_note(void)
{
    return geteuid() ? "" : " Give it to the user that httpd runs as, if that is not root.";
}

static crm_error_t *run_create(crm_run_t *run)
{
    CRM_ERR(crm_secret_write_key(run->pool, run->argv[0]));
    printf("%s has a new secret key.%s\n", run->argv[0], owner_note());
    return NULL;
}

static const crm_option_t rotate_options[] = {
    {.name = "--finish", .help = "End the change: from now on only the new key is valid."},
    {.name = "--now", .help = "With --finish: although the change began less than a day ago."},
    {.name = NULL},
};

static const char *const create_examples[] = {"crmctl secret create /etc/apache2/crm-secret.key",
                                              NULL};
static const char *const rotate_examples[] = {"crmctl secret rotate",
                                              "crmctl secret rotate --finish", NULL};

const crm_command_t crm_secret_commands[] = {
    {.name = "secret create",
     .arguments = "FILE",
     .min_args = 1,
     .max_args = 1,
     .summary = "a new secret key",
     .help =
         "Writes a random key into a new file with mode 0600, for CrmSecretKeyFile. Keep a copy "
         "where backups of the databases are not.",
     .examples = create_examples,
     .run = run_create},
    {.name = "secret rotate",
     .flags = CRM_COMMAND_CONFIGURED | CRM_COMMAND_MIGRATED,
     .options = rotate_options,
     .summary = "another secret key, in two steps",
     .help =
         "Puts a new key into the file of CrmSecretKeyFile. The key before stays valid beside it "
         "until --finish, so that servers can be reloaded one after the other and nothing is "
         "lost: nobody is logged out, no mail, cursor or Idempotency-Key becomes invalid.",
     .examples = rotate_examples,
     .run = run_rotate},
    {.name = NULL},
};
