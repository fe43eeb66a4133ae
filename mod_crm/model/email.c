/* model/email.c - what is an e-mail address: the rules of Django's EmailValidator. */

#include <arpa/inet.h>
#include <string.h>

#include <apr_strings.h>
#include <unicode/uidna.h>

#include "base/text.h"
#include "model/email.h"

#define MAX_ADDRESS 320
#define MAX_DOMAIN 1024 /* bytes in ASCII; far more than 320 characters can give */
#define MAX_LABEL 63

static int is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 5322 atext */
static int is_atom(char c)
{
    return is_alphanumeric(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static int is_dot_atom(const char *text, size_t size)
{
    if (!size || text[size - 1] == '.') {
        return 0;
    }
    for (size_t i = 0; i < size; i++) {
        int dot = text[i] == '.' && i > 0 && text[i - 1] != '.';
        if (!dot && !is_atom(text[i])) {
            return 0;
        }
    }
    return 1;
}

/* ASCII without line feed, carriage return, NUL; within quotes a quote and a backslash are escaped
 */
static int is_quoted(const char *text, size_t size)
{
    if (size < 2 || text[0] != '"' || text[size - 1] != '"') {
        return 0;
    }
    for (size_t i = 1; i < size - 1; i++) {
        unsigned char c = (unsigned char)text[i];
        int escaped = 0;
        if (c == '\\') {
            escaped = 1;
            c = (unsigned char)text[++i];
            if (i == size - 1) {
                return 0;
            }
        }
        if (c > 0x7f || c == '\n' || c == '\r') {
            return 0;
        }
        if (!escaped && (c == '"' || c == '\t' || c == ' ')) {
            return 0;
        }
    }
    return 1;
}

static int is_label(const char *label, size_t size, int last)
{
    if (size < (last ? 2 : 1) || size > MAX_LABEL || label[size - 1] == '-' ||
        (!last && label[0] == '-')) {
        return 0;
    }
    for (size_t i = 0; i < size; i++) {
        if (!is_alphanumeric(label[i]) && label[i] != '-') {
            return 0;
        }
    }
    return 1;
}

/* Labels with at least one dot between them. */
static int is_host(const char *domain)
{
    int dots = 0;
    const char *label = domain, *dot;

    while ((dot = strchr(label, '.'))) {
        if (!is_label(label, (size_t)(dot - label), 0)) {
            return 0;
        }
        dots++;
        label = dot + 1;
    }
    return dots > 0 && is_label(label, strlen(label), 1);
}

static int is_address_literal(const char *domain)
{
    unsigned char address[sizeof(struct in6_addr)];
    char text[INET6_ADDRSTRLEN];
    size_t size = strlen(domain);

    if (size < 3 || size - 2 >= sizeof(text) || domain[0] != '[' || domain[size - 1] != ']') {
        return 0;
    }
    memcpy(text, domain + 1, size - 2);
    text[size - 2] = '\0';
    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

/* The ASCII form of a domain in Unicode (UTS 46): 1 where it has one. */
static int to_ascii(const char *domain, char ascii[MAX_DOMAIN])
{
    UErrorCode status = U_ZERO_ERROR;
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    UIDNA *idna = uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII, &status);
    int32_t size = uidna_nameToASCII_UTF8(idna, domain, -1, ascii, MAX_DOMAIN - 1, &info, &status);

    uidna_close(idna);
    if (U_FAILURE(status) || info.errors || size <= 0) {
        return 0;
    }
    ascii[size] = '\0';
    return 1;
}

/* A domain in Unicode is judged by its ASCII form. */
static int is_international_host(const char *domain)
{
    char ascii[MAX_DOMAIN];
    return to_ascii(domain, ascii) && is_host(ascii);
}

static int is_ascii(const char *text)
{
    while (*text && !(*text & 0x80)) {
        text++;
    }
    return !*text;
}

int crm_email_valid(const char *text)
{
    const char *at = strrchr(text, '@');
    const char *domain = at ? at + 1 : "";
    size_t local = at ? (size_t)(at - text) : 0;

    if (!at || strlen(text) > 4 * MAX_ADDRESS || crm_text_length(text) > MAX_ADDRESS ||
        !(is_dot_atom(text, local) || is_quoted(text, local))) {
        return 0;
    }
    if (!is_ascii(domain)) {
        return is_international_host(domain);
    }
    return strcmp(domain, "localhost") == 0 || is_host(domain) || is_address_literal(domain);
}

const char *crm_email_ascii_domain(apr_pool_t *pool, const char *address)
{
    char ascii[MAX_DOMAIN];
    const char *at = strrchr(address, '@');

    if (!at || is_ascii(at)) {
        return at ? address : NULL;
    }
    if (!to_ascii(at + 1, ascii)) {
        return NULL;
    }
    return apr_psprintf(pool, "%.*s@%s", (int)(at - address), address, ascii);
}
