/* service/setters_mail.c - the functions that read the directives about mail. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"
#include "model/email.h"
#include "service/setters.h"
#include "service/words.h"

#define PATH_LENGTH 4095
#define DEFAULT_TIMEOUT apr_time_from_sec(30)

/* The port at PORT (from its colon on, or an empty text): 1 when it is one. */
static int is_port(const char *port)
{
    apr_size_t digits = *port == ':' ? strspn(port + 1, "0123456789") : 0;
    int number = digits > 0 && digits < 6 ? atoi(port + 1) : 0;
    return !*port || (number > 0 && number <= 65535 && !port[digits + 1]);
}

/* smtp[s]://host[:port] and nothing else: a host name, an IPv4 address, an IPv6 one in brackets. */
static int is_mail_server(const char *url)
{
    int is_plain = strncasecmp(url, "smtp://", 7) == 0;
    if (!is_plain && strncasecmp(url, "smtps://", 8) != 0) {
        return 0;
    }
    const char *host = url + (is_plain ? 7 : 8);
    const char *end = host;
    if (*host == '[') {
        end += 1 + strspn(host + 1, "0123456789abcdefABCDEF:.");
        return end > host + 1 && *end == ']' && is_port(end + 1);
    }
    while (apr_isalnum(*end) || *end == '-' || *end == '.') {
        end++;
    }
    return end > host && is_port(end);
}

static crm_error_t *absolute(apr_pool_t *pool, const char *word, const char *path)
{
    return !path || *path == '/'
               ? NULL
               : crm_word_refuse(pool, word, "an absolute path (\"/etc/mod_crm/mail\")");
}

/* Without a word, a password is reason enough to insist on TLS. */
static crm_error_t *read_starttls(apr_pool_t *pool, const char *word, crm_mail_settings_t *mail)
{
    static const char *const choices[] = {[CRM_TLS_OPPORTUNISTIC] = "opportunistic",
                                          [CRM_TLS_REQUIRED] = "required",
                                          [CRM_TLS_OFF] = "off",
                                          [CRM_TLS_COUNT] = NULL};
    int choice = mail->auth_file ? CRM_TLS_REQUIRED : CRM_TLS_OPPORTUNISTIC;
    if (word && strncasecmp(mail->server.url, "smtps:", 6) == 0) {
        return crm_error_make(pool, CRM_E_INTERNAL,
                              "starttls=%s contradicts smtps://, which has TLS from the start",
                              word);
    }
    if (word) {
        CRM_ERR(crm_word_choice(pool, word, choices, &choice));
    }
    mail->server.starttls = (crm_starttls_e)choice;
    return NULL;
}

CRM_SETTER(mail_server)
{
    crm_mail_settings_t *mail = &settings->mail;
    const char *starttls = NULL;
    const crm_word_key_t keys[] = {
        {"starttls", {CRM_WORD_TEXT, 1, 20}, &starttls},
        {"auth-file", {CRM_WORD_TEXT, 1, PATH_LENGTH}, &mail->auth_file},
        {"ca-file", {CRM_WORD_TEXT, 1, PATH_LENGTH}, &mail->server.ca_file},
        {"timeout",
         {CRM_WORD_SPAN, apr_time_from_sec(1), apr_time_from_sec(300)},
         &mail->server.timeout},
        {.name = NULL}};

    if (!is_mail_server(argv[0])) {
        return crm_word_refuse(pool, argv[0],
                               "smtp://host:port or smtps://host:port (\"smtp://127.0.0.1:25\")");
    }
    mail->server = (crm_smtp_server_t){.url = argv[0], .timeout = DEFAULT_TIMEOUT};
    mail->auth_file = NULL;
    CRM_ERR(crm_word_keys(pool, argc - 1, argv + 1, keys, NULL));
    CRM_ERR(absolute(pool, "auth-file=", mail->auth_file));
    CRM_ERR(absolute(pool, "ca-file=", mail->server.ca_file));
    return read_starttls(pool, starttls, mail);
}

CRM_SETTER(mail_from)
{
    const char *text = crm_text_trim(pool, argv[0]), *open = strrchr(text, '<');
    apr_size_t length = strlen(text);
    const char *address = text, *name = NULL;
    (void)argc;

    if (open && text[length - 1] == '>') {
        address = apr_pstrmemdup(pool, open + 1, length - (apr_size_t)(open - text) - 2);
        name = crm_text_trim(pool, apr_pstrmemdup(pool, text, (apr_size_t)(open - text)));
    }
    const char *ascii = crm_email_valid(address) ? crm_email_ascii_domain(pool, address) : NULL;
    if (!ascii || !crm_mime_address(ascii)) {
        return crm_word_refuse(pool, argv[0],
                               "an address, or a name and an address "
                               "(\"Example CRM <crm@example.com>\")");
    }
    settings->mail.from = (crm_mailbox_t){.name = name && *name ? name : NULL, .address = ascii};
    return NULL;
}

CRM_SETTER(mail_templates)
{
    (void)argc;
    if (argv[0][0] != '/' || !argv[0][1]) {
        return crm_word_refuse(pool, argv[0], "an absolute path");
    }
    settings->mail.templates = argv[0];
    return NULL;
}
