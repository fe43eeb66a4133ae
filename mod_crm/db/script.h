/* db/script.h - a file of SQL as its statements.
 *
 * A statement ends at a ';' that is the last thing in its line, outside of quotes and comments.
 * Where statements hold such lines themselves (SQLite's triggers), a file uses lines of only ";;"
 * instead: in a file that has one, those end statements and nothing else does. Comments (-- and
 * C's) are left out; quotes are ', " and `.
 */
#ifndef CRM_DB_SCRIPT_H
#define CRM_DB_SCRIPT_H

#include <apr_tables.h>

/* The statements of TEXT, of const char *, without their ';'. BACKSLASHES: a backslash in quotes
 * takes away the next character's meaning. */
apr_array_header_t *crm_script_split(apr_pool_t *pool, const char *text, int backslashes);

#endif
