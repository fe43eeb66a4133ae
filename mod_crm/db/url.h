/* db/url.h - where a database is: mysql://user:pass@host:port/db,
 * mysql+unix://user:pass@%2Fsocket/db, sqlite:///path/file.db.
 *
 * Query parameters: password-file=PATH (first line is the password), option-file-group=NAME (a
 * group of the client's option files: TLS and the like). {slug} in the database or path stands for
 * a tenant's slug.
 */
#ifndef CRM_DB_URL_H
#define CRM_DB_URL_H

#include "base/error.h"

typedef struct crm_db_url_t {
    const char *driver; /* apr_dbd's name: "mysql" or "sqlite3" */
    const char *host;   /* NULL with a socket */
    int port;           /* 0: the driver's */
    const char *socket;
    const char *user, *password; /* password NULL: none */
    const char *group;           /* option-file group, or NULL */
    const char *database;        /* name (mysql) or absolute path (sqlite3), {slug} as it stands */
    const char *server;          /* canonical text without password and database: the same text is
                                    the same server and account */
} crm_db_url_t;

/* Reads URL; NEEDS_SLUG: {slug} must occur in the database exactly once, else not at all. Errors
 * are INVALID-free sentences in `detail` (kind INTERNAL): what is wrong and what is allowed, never
 * the password. The password file is read here. */
crm_error_t *crm_db_url_parse(apr_pool_t *pool, const char *url, int needs_slug,
                              const crm_db_url_t **ret_url);

/* URL's database with {slug} replaced. */
const char *crm_db_url_database(apr_pool_t *pool, const crm_db_url_t *url, const char *slug);

/* The name shown for it: the database's name; for SQLite the file's name without folder and ".db".
 */
const char *crm_db_url_name(apr_pool_t *pool, const crm_db_url_t *url, const char *slug);

/* URL as text with "***" for the password. */
const char *crm_db_url_safe(apr_pool_t *pool, const char *url);

#endif
