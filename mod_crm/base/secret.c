/* base/secret.c - random bytes, keyed hashes, base64url and the secret key file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>
#include <sodium.h>

#include "base/secret.h"

#define KEY_HEX (2 * CRM_KEY_SIZE)
/* More than any key file may hold, so that a longer one is seen to be too long. */
#define KEY_FILE_MAX (2 * KEY_HEX + 8)

/* Without I, O, l, o, 0 and 1. */
static const char password_letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";

static crm_error_t *key_error(apr_pool_t *pool, const char *path, const char *sentence)
{
    return crm_error_make(pool, CRM_E_INTERNAL, "The secret key file \"%s\" %s", path, sentence);
}

static crm_error_t *key_system_error(apr_pool_t *pool, const char *path, const char *what)
{
    char reason[128];
    apr_strerror(APR_FROM_OS_ERROR(errno), reason, sizeof(reason));
    return crm_error_make(pool, CRM_E_INTERNAL, "The secret key file \"%s\" %s: %s.", path, what,
                          reason);
}

/* Reads until SIZE bytes or the end; -1 with errno on failure. */
static ssize_t read_full(int file, unsigned char *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(file, bytes + done, size - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
    }
    return (ssize_t)done;
}

static int write_full(int file, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t put = write(file, bytes, size);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return -1;
        }
        bytes += put;
        size -= (size_t)put;
    }
    return 0;
}

/* 1 when HEX begins with the digits of a key. */
static int decode_line(const unsigned char *hex, unsigned char ret_bytes[CRM_KEY_SIZE])
{
    size_t length = 0;
    const char *end;
    return sodium_hex2bin(ret_bytes, CRM_KEY_SIZE, (const char *)hex, KEY_HEX, NULL, &length,
                          &end) == 0 &&
           length == CRM_KEY_SIZE && end == (const char *)hex + KEY_HEX;
}

/* Bytes of the line's end that BYTES begin with; 0: none. */
static size_t line_end(const unsigned char *bytes, size_t size)
{
    return size >= 1 && bytes[0] == '\n' ? 1 : size >= 2 && memcmp(bytes, "\r\n", 2) == 0 ? 2 : 0;
}

/* 1 when the SIZE bytes are a key: 32 as they are; or a line of 64 hex digits, or two of them, the
 * last with or without an end. */
static int decode_key(const unsigned char *bytes, size_t size, crm_key_t *ret_key)
{
    crm_key_t key = {.has_old = 0};
    if (size == CRM_KEY_SIZE) {
        memcpy(key.bytes, bytes, CRM_KEY_SIZE);
        *ret_key = key;
        return 1;
    }
    int known = size >= KEY_HEX && decode_line(bytes, key.bytes);
    size_t end = known ? line_end(bytes + KEY_HEX, size - KEY_HEX) : 0;
    size_t rest = known ? size - KEY_HEX - end : 0;
    if (rest > 0 && end > 0 && rest >= KEY_HEX) {
        const unsigned char *second = bytes + KEY_HEX + end;
        key.has_old = known = decode_line(second, key.old);
        rest -= KEY_HEX;
        rest -= line_end(second + KEY_HEX, rest);
    }
    known = known && rest == 0;
    if (known) {
        *ret_key = key;
    }
    sodium_memzero(&key, sizeof(key));
    return known;
}

static crm_error_t *read_open_key(apr_pool_t *pool, const char *path, int file, crm_key_t *ret_key)
{
    struct stat info;
    unsigned char bytes[KEY_FILE_MAX];
    if (fstat(file, &info) != 0) {
        return key_system_error(pool, path, "cannot be examined");
    }
    if (!S_ISREG(info.st_mode)) {
        return key_error(pool, path, "is not a regular file: name a file that holds the key.");
    }
    if (info.st_mode & (S_IRWXG | S_IRWXO)) {
        return key_error(pool, path,
                         "can be reached by its group or by others: run chmod 600 on it.");
    }
    ssize_t size = read_full(file, bytes, sizeof(bytes));
    if (size < 0) {
        return key_system_error(pool, path, "cannot be read");
    }
    int known = decode_key(bytes, (size_t)size, ret_key);
    sodium_memzero(bytes, sizeof(bytes));
    if (!known) {
        return key_error(pool, path,
                         "does not hold a key: it must be 64 hex digits or 32 bytes, as "
                         "\"openssl rand -hex 32\" writes them.");
    }
    return NULL;
}

/* Makes the file's name as durable as its contents. */
static int sync_folder(apr_pool_t *pool, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *folder = !slash          ? "."
                         : slash == path ? "/"
                                         : apr_pstrmemdup(pool, path, (size_t)(slash - path));
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) {
        return -1;
    }
    int failed = fsync(file);
    close(file);
    return failed;
}

apr_status_t crm_secret_init(void)
{
    return sodium_init() < 0 ? APR_EGENERAL : APR_SUCCESS;
}

void crm_secret_random(void *bytes, apr_size_t size)
{
    randombytes_buf(bytes, size);
}

const char *crm_secret_password(apr_pool_t *pool, int length)
{
    char *password = apr_palloc(pool, (apr_size_t)length + 1);
    for (int i = 0; i < length; i++) {
        password[i] = password_letters[randombytes_uniform(sizeof(password_letters) - 1)];
    }
    password[length] = '\0';
    return password;
}

const char *crm_secret_digits(apr_pool_t *pool, int length)
{
    char *digits = apr_palloc(pool, (apr_size_t)length + 1);
    for (int i = 0; i < length; i++) {
        digits[i] = (char)('0' + randombytes_uniform(10));
    }
    digits[length] = '\0';
    return digits;
}

int crm_secret_equal(const void *a, const void *b, apr_size_t size)
{
    return sodium_memcmp(a, b, size) == 0;
}

void crm_secret_sha256(const void *data, apr_size_t size, unsigned char ret_hash[CRM_HASH_SIZE])
{
    crypto_hash_sha256(ret_hash, data, size);
}

void crm_secret_keyed(const crm_key_t *key, const char *purpose, const void *data, apr_size_t size,
                      unsigned char ret_hash[CRM_HASH_SIZE])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, key->bytes, CRM_KEY_SIZE, CRM_HASH_SIZE);
    crypto_generichash_update(&state, (const unsigned char *)purpose, strlen(purpose) + 1);
    crypto_generichash_update(&state, data, size);
    crypto_generichash_final(&state, ret_hash, CRM_HASH_SIZE);
    sodium_memzero(&state, sizeof(state));
}

crm_key_t crm_secret_old_key(const crm_key_t *key)
{
    crm_key_t old = {.has_old = 0};
    memcpy(old.bytes, key->old, CRM_KEY_SIZE);
    return old;
}

const char *crm_secret_base64(apr_pool_t *pool, const void *bytes, apr_size_t size)
{
    const int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    apr_size_t room = sodium_base64_encoded_len(size, variant);
    return sodium_bin2base64(apr_palloc(pool, room), room, bytes, size, variant);
}

int crm_secret_unbase64(const char *text, void *ret_bytes, apr_size_t size)
{
    size_t length;
    return sodium_base642bin(ret_bytes, size, text, strlen(text), NULL, &length, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
           length == size;
}

crm_error_t *crm_secret_read_key(apr_pool_t *pool, const char *path, crm_key_t *ret_key)
{
    /* O_NONBLOCK: a FIFO must not stop the server's start */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0 && errno == ENOENT) {
        return key_error(pool, path,
                         "is not there: make one with \"(umask 077; openssl rand -hex 32 >FILE)\", "
                         "or correct its path.");
    }
    if (file < 0) {
        return key_system_error(pool, path, "cannot be opened");
    }
    crm_error_t *error = read_open_key(pool, path, file, ret_key);
    close(file);
    return error;
}

/* KEY as the lines of its file; *RET_TEXT has room for two. */
static size_t encode_key(const crm_key_t *key, char ret_text[2 * (KEY_HEX + 1) + 1])
{
    sodium_bin2hex(ret_text, KEY_HEX + 1, key->bytes, CRM_KEY_SIZE);
    ret_text[KEY_HEX] = '\n';
    if (!key->has_old) {
        return KEY_HEX + 1;
    }
    sodium_bin2hex(ret_text + KEY_HEX + 1, KEY_HEX + 1, key->old, CRM_KEY_SIZE);
    ret_text[2 * KEY_HEX + 1] = '\n';
    return 2 * (KEY_HEX + 1);
}

/* Writes KEY into the new FILE at PATH and closes it; an error leaves no file. */
static crm_error_t *write_open_key(apr_pool_t *pool, const char *path, int file,
                                   const crm_key_t *key)
{
    char text[2 * (KEY_HEX + 1) + 1];
    size_t size = encode_key(key, text);
    int failed = fchmod(file, 0600) != 0 || write_full(file, text, size) != 0 || fsync(file) != 0 ||
                 sync_folder(pool, path) != 0;
    int reason = errno;
    close(file);
    sodium_memzero(text, sizeof(text));
    if (failed) {
        unlink(path);
        errno = reason;
        return key_system_error(pool, path, "cannot be written");
    }
    return NULL;
}

crm_error_t *crm_secret_write_key(apr_pool_t *pool, const char *path)
{
    crm_key_t key = {.has_old = 0};
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        return key_system_error(pool, path, "cannot be made");
    }
    crm_secret_random(key.bytes, CRM_KEY_SIZE);
    crm_error_t *error = write_open_key(pool, path, file, &key);
    sodium_memzero(&key, sizeof(key));
    return error;
}

crm_error_t *crm_secret_replace_key(apr_pool_t *pool, const char *path, const crm_key_t *key)
{
    char *name = apr_pstrcat(pool, path, ".XXXXXX", NULL);
    struct stat info;
    if (stat(path, &info) != 0) {
        return key_system_error(pool, path, "cannot be examined");
    }
    int file = mkstemp(name);
    if (file < 0) {
        return key_system_error(pool, name, "cannot be made");
    }
    if (fchown(file, info.st_uid, info.st_gid) != 0) {
        crm_error_t *error = key_system_error(pool, name, "cannot be given to its owner");
        close(file);
        unlink(name);
        return error;
    }
    CRM_ERR(write_open_key(pool, name, file, key));
    if (rename(name, path) != 0) {
        crm_error_t *error = key_system_error(pool, path, "cannot be replaced");
        unlink(name);
        return error;
    }
    return sync_folder(pool, path) == 0 ? NULL
                                        : key_system_error(pool, path, "cannot be made durable");
}
