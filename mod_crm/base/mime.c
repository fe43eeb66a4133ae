/* base/mime.c - a mail as it goes over the wire. */
#include <string.h>

#include <apr_base64.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/mime.h"

#define LINE 76 /* of a header and of quoted-printable text, without its CRLF */

/* Bytes of an encoded word: 52 characters of base64, 64 with =?UTF-8?B??=; "Subject: " fits before
 * it. */
#define WORD_BYTES 39

/* A text being written. */
typedef struct writer_t {
    char *text;
    apr_size_t size, room;
    apr_size_t column; /* characters in the current line */
    apr_pool_t *pool;
} writer_t;

static void put(writer_t *writer, const char *text, apr_size_t size)
{
    if (writer->size + size + 1 > writer->room) {
        writer->room = 2 * (writer->size + size) + 256;
        char *larger = apr_palloc(writer->pool, writer->room);
        if (writer->size > 0) {
            memcpy(larger, writer->text, writer->size);
        }
        writer->text = larger;
    }
    memcpy(writer->text + writer->size, text, size);
    writer->size += size;
    writer->text[writer->size] = '\0';
    writer->column += size;
}

static void end_line(writer_t *writer)
{
    put(writer, "\r\n", 2);
    writer->column = 0;
}

/* A word of a header, on a new line where it does not fit on this one (RFC 5322 2.2.3). */
static void put_word(writer_t *writer, const char *word, apr_size_t size)
{
    if (writer->column + 1 + size > LINE) {
        end_line(writer);
    }
    put(writer, " ", 1);
    put(writer, word, size);
}

/* TEXT without control characters: they become spaces. */
static char *one_line(apr_pool_t *pool, const char *text)
{
    char *line = apr_pstrdup(pool, text);
    for (char *c = line; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            *c = ' ';
        }
    }
    return line;
}

/* 1 when TEXT may stand in a header as it is: printable ASCII that is taken for no encoded word and
 * can be folded. */
static int is_plain(const char *text)
{
    apr_size_t word = 0;
    if (strstr(text, "=?")) {
        return 0;
    }
    for (const char *c = text; *c; c++) {
        word = *c == ' ' ? 0 : word + 1;
        if (*c & 0x80 || word > LINE - 10) {
            return 0;
        }
    }
    return 1;
}

/* How many bytes of TEXT go into one encoded word: no character is parted (RFC 2047 5). */
static apr_size_t word_size(const char *text)
{
    apr_size_t size = strlen(text);
    if (size <= WORD_BYTES) {
        return size;
    }
    size = WORD_BYTES;
    while (size > 1 && (text[size] & 0xc0) == 0x80) {
        size--;
    }
    return size;
}

static void put_encoded(writer_t *writer, const char *text)
{
    while (*text) {
        apr_size_t size = word_size(text);
        char *base64 = apr_palloc(writer->pool, (apr_size_t)apr_base64_encode_len((int)size));
        apr_base64_encode(base64, text, (int)size);
        const char *word = apr_pstrcat(writer->pool, "=?UTF-8?B?", base64, "?=", NULL);
        put_word(writer, word, strlen(word));
        text += size;
    }
}

/* Words of TEXT as they are, folded between them. */
static void put_plain(writer_t *writer, const char *text)
{
    while (*text) {
        apr_size_t size = strcspn(text, " ");
        if (size > 0) {
            put_word(writer, text, size);
        }
        text += size;
        text += *text == ' ';
    }
}

static void put_unstructured(writer_t *writer, const char *text)
{
    const char *line = one_line(writer->pool, text);
    if (is_plain(line)) {
        put_plain(writer, line);
    } else {
        put_encoded(writer, line);
    }
}

/* A phrase (RFC 5322 3.2.5): a quoted string, or encoded words. */
static void put_phrase(writer_t *writer, const char *name)
{
    const char *line = one_line(writer->pool, name);
    char *quoted = apr_palloc(writer->pool, 2 * strlen(line) + 3), *to = quoted;
    if (!is_plain(line) || strlen(line) > LINE / 2) {
        put_encoded(writer, line);
        return;
    }
    *to++ = '"';
    for (const char *c = line; *c; c++) {
        if (*c == '"' || *c == '\\') {
            *to++ = '\\';
        }
        *to++ = *c;
    }
    *to++ = '"';
    put_word(writer, quoted, (apr_size_t)(to - quoted));
}

static void put_name(writer_t *writer, const char *name)
{
    put(writer, name, strlen(name));
    put(writer, ":", 1);
}

static void put_field(writer_t *writer, const char *name, const char *value)
{
    put_name(writer, name);
    put_plain(writer, value);
    end_line(writer);
}

static void put_mailbox(writer_t *writer, const char *field, const crm_mailbox_t *mailbox)
{
    int has_name = mailbox->name && *mailbox->name;
    put_name(writer, field);
    if (has_name) {
        put_phrase(writer, mailbox->name);
    }
    const char *address =
        has_name ? apr_pstrcat(writer->pool, "<", mailbox->address, ">", NULL) : mailbox->address;
    put_word(writer, address, strlen(address));
    end_line(writer);
}

/* One byte of the text. AT_END: the last of its line, where a space has to be encoded. */
static void put_byte(writer_t *writer, unsigned char byte, int at_end)
{
    static const char hex[] = "0123456789ABCDEF";
    int is_literal =
        (byte > ' ' && byte < 0x7f && byte != '=') || ((byte == ' ' || byte == '\t') && !at_end);
    char encoded[] = {'=', hex[byte >> 4], hex[byte & 15]};
    apr_size_t size = is_literal ? 1 : sizeof(encoded);
    if (writer->column + size > LINE - !at_end) {
        put(writer, "=", 1); /* a soft line break */
        end_line(writer);
    }
    if (is_literal) {
        put(writer, (const char *)&byte, 1);
    } else {
        put(writer, encoded, sizeof(encoded));
    }
}

/* RFC 2045 6.7. */
static void put_quoted_printable(writer_t *writer, const char *text)
{
    while (*text) {
        apr_size_t size = strcspn(text, "\n");
        apr_size_t line = size > 0 && text[size] && text[size - 1] == '\r' ? size - 1 : size;
        for (apr_size_t i = 0; i < line; i++) {
            put_byte(writer, (unsigned char)text[i], i + 1 == line);
        }
        end_line(writer);
        text += size;
        text += *text == '\n';
    }
}

int crm_mime_address(const char *address)
{
    const char *at = strrchr(address, '@');
    if (!at || at == address || !at[1]) {
        return 0;
    }
    int is_quoted = address[0] == '"' && at[-1] == '"' && at - address > 2;
    for (const char *c = address; *c; c++) {
        int inside = is_quoted && c < at;
        if ((unsigned char)*c < ' ' || *c == 0x7f || (!inside && strchr(" <>,;\"", *c)) ||
            (*c & 0x80)) {
            return 0;
        }
    }
    return 1;
}

/* RFC 5322 3.3, in UTC. */
static const char *date_text(apr_pool_t *pool, apr_time_t date)
{
    apr_time_exp_t at;
    apr_time_exp_gmt(&at, date);
    return apr_psprintf(pool, "%s, %02d %s %d %02d:%02d:%02d +0000", apr_day_snames[at.tm_wday],
                        at.tm_mday, apr_month_snames[at.tm_mon], at.tm_year + 1900, at.tm_hour,
                        at.tm_min, at.tm_sec);
}

const char *crm_mime_message(apr_pool_t *pool, const crm_mail_t *mail)
{
    writer_t writer = {.pool = pool};
    if (!crm_mime_address(mail->from.address) || !crm_mime_address(mail->to.address)) {
        return NULL;
    }
    put_field(&writer, "Date", date_text(pool, mail->date));
    put_mailbox(&writer, "From", &mail->from);
    put_mailbox(&writer, "To", &mail->to);
    put_name(&writer, "Subject");
    put_unstructured(&writer, mail->subject);
    end_line(&writer);
    put_field(&writer, "Message-ID",
              apr_pstrcat(pool, "<", mail->id, strrchr(mail->from.address, '@'), ">", NULL));
    put_field(&writer, "MIME-Version", "1.0");
    put_field(&writer, "Content-Type", "text/plain; charset=UTF-8");
    put_field(&writer, "Content-Transfer-Encoding", "quoted-printable");
    put_field(&writer, "Auto-Submitted", "auto-generated");
    end_line(&writer);
    put_quoted_printable(&writer, mail->text);
    return writer.text;
}
