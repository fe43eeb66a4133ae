/* base/smtp.c - hands one mail to a mail server. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <curl/curl.h>

#include "base/smtp.h"

#define REPLY_SIZE 400
#define TIMEOUT_MS(span) ((long)((span) / 1000))

/* A transfer. */
typedef struct transfer_t {
    const crm_smtp_mail_t *mail;
    apr_size_t given;       /* bytes of the message handed to libcurl */
    int committed;          /* the final dot is sent, or about to be */
    int answered;           /* the server replied after that */
    int broken_off;         /* by the caller */
    int code;               /* of the last reply */
    char reply[REPLY_SIZE]; /* its last line */
} transfer_t;

/* libcurl wants the next bytes of the message; 0 lets it send the final dot. */
static size_t give(char *buffer, size_t size, size_t count, void *data)
{
    transfer_t *transfer = data;
    const char *rest = transfer->mail->message + transfer->given;
    apr_size_t bytes = strlen(rest);
    if (bytes == 0 && !transfer->committed) {
        if (!transfer->mail->commit(transfer->mail->baton)) {
            transfer->broken_off = 1;
            return CURL_READFUNC_ABORT;
        }
        transfer->committed = 1;
    }
    bytes = bytes < size * count ? bytes : size * count;
    memcpy(buffer, rest, bytes);
    transfer->given += bytes;
    return bytes;
}

/* The code that a line of a reply begins with ("250-SIZE 10240000"), or 0. */
static int code_of(const char *line, apr_size_t length)
{
    if (length < 3 || !apr_isdigit(line[0]) || !apr_isdigit(line[1]) || !apr_isdigit(line[2])) {
        return 0;
    }
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

/* A line of a reply. The answer to the final dot is the last one that counts: what comes behind it
 * is about QUIT, as 221 is wherever it comes. */
static size_t take_reply(char *line, size_t size, size_t count, void *data)
{
    transfer_t *transfer = data;
    apr_size_t length = size * count;
    int code = code_of(line, length);
    if (code == 0 || code == 221 || transfer->answered) {
        return length;
    }
    transfer->code = code;
    transfer->answered = transfer->committed;
    while (length > 0 && apr_isspace(line[length - 1])) {
        length--;
    }
    apr_size_t keep = length < REPLY_SIZE ? length : REPLY_SIZE - 1;
    memcpy(transfer->reply, line, keep);
    transfer->reply[keep] = '\0';
    for (char *c = transfer->reply; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            *c = ' ';
        }
    }
    return size * count;
}

/* Breaking off after the final dot would only make the outcome uncertain. */
static int watch(void *data, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
    transfer_t *transfer = data;
    (void)down_all, (void)down, (void)up_all, (void)up;
    if (!transfer->committed && transfer->mail->is_over(transfer->mail->baton)) {
        transfer->broken_off = 1;
    }
    return transfer->broken_off;
}

/* Without verification where TLS is taken as it comes: that keeps out who only listens, and a
 * connection without TLS would keep out nobody (RFC 7435). */
static CURLcode set_tls(CURL *curl, const crm_smtp_server_t *server)
{
    static const long levels[CRM_TLS_COUNT] = {
        [CRM_TLS_OPPORTUNISTIC] = CURLUSESSL_TRY,
        [CRM_TLS_REQUIRED] = CURLUSESSL_ALL,
        [CRM_TLS_OFF] = CURLUSESSL_NONE,
    };
    int from_start = strncasecmp(server->url, "smtps:", 6) == 0;
    CURLcode code = curl_easy_setopt(curl, CURLOPT_USE_SSL,
                                     from_start ? CURLUSESSL_ALL : levels[server->starttls]);
    if (!code && !from_start && server->starttls == CRM_TLS_OPPORTUNISTIC) {
        code = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        if (!code) {
            code = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
        }
    }
    if (!code && server->ca_file) {
        code = curl_easy_setopt(curl, CURLOPT_CAINFO, server->ca_file);
    }
    return code;
}

#define SET(option, value)                                                                         \
    do {                                                                                           \
        CURLcode code_ = curl_easy_setopt(curl, option, value);                                    \
        if (code_) {                                                                               \
            return code_;                                                                          \
        }                                                                                          \
    } while (0)

static CURLcode set_up(CURL *curl, const crm_smtp_server_t *server, const struct curl_slist *to,
                       transfer_t *transfer)
{
    SET(CURLOPT_URL, server->url);
    SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    SET(CURLOPT_PROXY, ""); /* whatever the environment says */
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_FRESH_CONNECT, 1L);
    SET(CURLOPT_FORBID_REUSE, 1L);
    SET(CURLOPT_TIMEOUT_MS, TIMEOUT_MS(server->timeout));
    SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)apr_time_sec(server->timeout) + 1); /* of QUIT */
    SET(CURLOPT_CONNECTTIMEOUT_MS, TIMEOUT_MS(server->timeout));
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_MAIL_FROM, transfer->mail->from);
    SET(CURLOPT_MAIL_RCPT, to);
    SET(CURLOPT_READFUNCTION, give);
    SET(CURLOPT_READDATA, transfer);
    SET(CURLOPT_HEADERFUNCTION, take_reply);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, watch);
    SET(CURLOPT_XFERINFODATA, transfer);
    if (server->user) {
        SET(CURLOPT_USERNAME, server->user);
        SET(CURLOPT_PASSWORD, server->password);
    }
    return set_tls(curl, server);
}

static const char *describe(apr_pool_t *pool, const transfer_t *transfer, CURLcode code)
{
    if (transfer->broken_off) {
        return "broken off";
    }
    if (transfer->code >= 400) {
        return apr_psprintf(pool, "the server said: %s", transfer->reply);
    }
    return apr_psprintf(pool, "%s%s%s", curl_easy_strerror(code),
                        *transfer->reply ? "; the server's last word: " : "", transfer->reply);
}

/* The server's own words come first; without any, what was sent so far decides. */
static crm_smtp_result_e judge(const transfer_t *transfer, CURLcode code)
{
    if (code == CURLE_OK) {
        return CRM_SMTP_SENT;
    }
    if (transfer->committed && !transfer->answered) {
        return CRM_SMTP_UNCERTAIN;
    }
    if (transfer->committed && transfer->code < 400) {
        return CRM_SMTP_SENT; /* it was taken; what failed is the parting */
    }
    if (transfer->broken_off) {
        return CRM_SMTP_LATER;
    }
    /* a greeting, STARTTLS or AUTH that failed is not about this mail */
    if (transfer->code >= 500 && (transfer->committed || code == CURLE_SEND_ERROR)) {
        return CRM_SMTP_REFUSED;
    }
    return CRM_SMTP_LATER;
}

apr_status_t crm_smtp_init(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? APR_SUCCESS : APR_EGENERAL;
}

crm_smtp_outcome_t crm_smtp_send(apr_pool_t *pool, const crm_smtp_server_t *server,
                                 const crm_smtp_mail_t *mail)
{
    transfer_t transfer = {.mail = mail};
    CURLcode code = CURLE_OUT_OF_MEMORY;
    CURL *curl = curl_easy_init();
    struct curl_slist *to = curl_slist_append(NULL, mail->to);
    if (curl && to) {
        code = set_up(curl, server, to, &transfer);
        if (!code) {
            code = curl_easy_perform(curl);
        }
    }
    curl_slist_free_all(to);
    curl_easy_cleanup(curl);
    crm_smtp_outcome_t outcome = {.result = judge(&transfer, code), .code = transfer.code};
    if (outcome.result != CRM_SMTP_SENT) {
        outcome.text = describe(pool, &transfer, code);
    }
    return outcome;
}
