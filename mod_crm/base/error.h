/* base/error.h - what went wrong, for whoever has to be told.
 *
 * An error is an object that is passed up until api/ turns its kind into a status, or crmctl/ into
 * an exit code. NULL is success. It lives in the pool it was made with, which must be the pool of
 * the work that failed (a request's, a command's): no error outlives its work. `detail` is for the
 * client and never holds secrets or SQL; `cause` is for the log, and for the client only under
 * CrmDebug.
 */
#ifndef CRM_BASE_ERROR_H
#define CRM_BASE_ERROR_H

#include <apr_pools.h>
#include <apr_tables.h>

typedef enum {
    CRM_E_INVALID,         /* 400: fields hold what is wrong with each */
    CRM_E_BAD_REQUEST,     /* 400: detail alone */
    CRM_E_UNAUTHENTICATED, /* 401 */
    CRM_E_FORBIDDEN,       /* 403 */
    CRM_E_NOT_FOUND,       /* 404 */
    CRM_E_METHOD,          /* 405 */
    CRM_E_NOT_ACCEPTABLE,  /* 406 */
    CRM_E_CONFLICT,        /* 409 */
    CRM_E_PRECONDITION,    /* 412 */
    CRM_E_TOO_LARGE,       /* 413 */
    CRM_E_MEDIA_TYPE,      /* 415 */
    CRM_E_UNPROCESSABLE,   /* 422 */
    CRM_E_THROTTLED,       /* 429, with retry_after */
    CRM_E_INTERNAL,        /* 500 */
    CRM_E_UNAVAILABLE,     /* 503, with retry_after */
    /* what a database says; services turn these into one of the above where a client caused them */
    CRM_E_DUPLICATE, /* a unique key is taken: key names it */
    CRM_E_REFERENCE, /* a foreign key has no row, or still has rows */
    CRM_E_LOCKED,    /* deadlock or lock wait: the transaction may be run again */
    CRM_E_GONE,      /* the connection is lost */
    CRM_E_TOO_LONG,  /* a value does not fit its column */
    CRM_E_DATABASE,  /* any other refusal */
    CRM_E_KINDS
} crm_error_kind_e;

/* One message about one field, in the order found. */
typedef struct crm_field_error_t {
    const char *field; /* a field's name, or CRM_NON_FIELD */
    const char *message;
} crm_field_error_t;

#define CRM_NON_FIELD "non_field_errors"

typedef struct crm_error_t {
    crm_error_kind_e kind;
    const char *detail;         /* one sentence for the client; never NULL */
    const char *cause;          /* for the log, or NULL */
    const char *key;            /* CRM_E_DUPLICATE: the unique key, or NULL when not known */
    int retry_after;            /* seconds, 0 for none; 1 where a kind asks for it, unless set */
    int code;                   /* the database's own error number, or 0 */
    apr_array_header_t *fields; /* of crm_field_error_t, or NULL */
    apr_pool_t *pool;
} crm_error_t;

/* Passes an error up. */
#define CRM_ERR(expression)                                                                        \
    do {                                                                                           \
        crm_error_t *crm_err_ = (expression);                                                      \
        if (crm_err_) {                                                                            \
            return crm_err_;                                                                       \
        }                                                                                          \
    } while (0)

/* An error of KIND whose detail is FORMAT's text. Never NULL. */
crm_error_t *crm_error_make(apr_pool_t *pool, crm_error_kind_e kind, const char *format, ...)
    __attribute__((format(printf, 3, 4), returns_nonnull));

/* The standard sentence of KIND ("Not found.", "Invalid token." is UNAUTHENTICATED's own caller).
 */
crm_error_t *crm_error_standard(apr_pool_t *pool, crm_error_kind_e kind)
    __attribute__((returns_nonnull));

/* ERROR, which has no fields, for other work in POOL. */
crm_error_t *crm_error_copy(apr_pool_t *pool, const crm_error_t *error)
    __attribute__((returns_nonnull));

/* Adds what only the log may know, in front of what is there ("tenant 7: table lead"); returns
 * ERROR. */
crm_error_t *crm_error_cause(crm_error_t *error, const char *format, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));

/* An INTERNAL error for a failed system call: "FORMAT: text of STATUS" as cause. */
crm_error_t *crm_error_system(apr_pool_t *pool, apr_status_t status, const char *format, ...)
    __attribute__((format(printf, 3, 4), returns_nonnull));

/* An INVALID error with one message on FIELD. */
crm_error_t *crm_error_field(apr_pool_t *pool, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4), returns_nonnull));

/* Adds one message on FIELD to *ERROR, which is made when it is NULL. */
void crm_error_add(apr_pool_t *pool, crm_error_t **error, const char *field, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));

/* 1 when a client has caused ERROR, and doing the same again would give it again. */
int crm_error_is_clients(const crm_error_t *error);

/* The HTTP status that stands for KIND (RFC 9110), and its reason phrase. */
int crm_error_status(crm_error_kind_e kind);
const char *crm_error_title(int status);

/* One line for a log: detail, cause, fields. */
const char *crm_error_line(apr_pool_t *pool, const crm_error_t *error);

#endif
