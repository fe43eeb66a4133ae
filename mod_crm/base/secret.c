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
#define KEY_FILE_MAX (KEY_HEX + 8)

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

/* 1 when the SIZE bytes are a key: 32 as they are, or 64 hex digits and at most one line's end. */
static int decode_key(const unsigned char *bytes, size_t size, crm_key_t *ret_key)
{
    crm_key_t key;
    size_t length = 0;
    const char *end;
    if (size == CRM_KEY_SIZE) {
        memcpy(ret_key->bytes, bytes, CRM_KEY_SIZE);
        return 1;
    }
    int known = size == KEY_HEX || (size == KEY_HEX + 1 && bytes[KEY_HEX] == '\n') ||
                (size == KEY_HEX + 2 && memcmp(bytes + KEY_HEX, "\r\n", 2) == 0);
    known = known && sodium_hex2bin(key.bytes, CRM_KEY_SIZE, (const char *)bytes, KEY_HEX, NULL,
                                    &length, &end) == 0;
    if (known && length == CRM_KEY_SIZE && end == (const char *)bytes + KEY_HEX) {
        *ret_key = key;
    } else {
        known = 0;
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

crm_error_t *crm_secret_write_key(apr_pool_t *pool, const char *path)
{
    crm_key_t key;
    char hex[KEY_HEX + 1];
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        return key_system_error(pool, path, "cannot be made");
    }
    crm_secret_random(key.bytes, CRM_KEY_SIZE);
    sodium_bin2hex(hex, sizeof(hex), key.bytes, CRM_KEY_SIZE);
    hex[KEY_HEX] = '\n';
    int failed = fchmod(file, 0600) != 0 || write_full(file, hex, sizeof(hex)) != 0 ||
                 fsync(file) != 0 || sync_folder(pool, path) != 0;
    int reason = errno;
    close(file);
    sodium_memzero(&key, sizeof(key));
    sodium_memzero(hex, sizeof(hex));
    if (failed) {
        unlink(path);
        errno = reason;
        return key_system_error(pool, path, "cannot be written");
    }
    return NULL;
}
