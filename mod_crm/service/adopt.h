/* service/adopt.h - an installation of the old product (Django) is taken over: its tenants,
 * accounts, tokens, records, change logs and History.
 *
 * The source is read by one transaction that only reads (db/source.h). Each of its tables is a part
 * of a place, which is the main database or a tenant; a part is taken in chunks, each of which is
 * one transaction of the target together with how far it has come (table `adoption`, which only
 * databases have that were made so). So what was killed goes on where it stopped, and nothing is
 * there twice. A tenant is inactive until it is complete.
 *
 * Of each row it is counted what became of it: found = taken + merged + left out. What has no place
 * in the target (columns without a counterpart, rows that are left out, values that were changed)
 * goes to a side file of the place: JSON lines {"table", "id", "why", "columns"}, passwords and
 * tokens as "***".
 */
#ifndef CRM_SERVICE_ADOPT_H
#define CRM_SERVICE_ADOPT_H

#include <jansson.h>

#include "service/site.h"

typedef struct crm_adopt_value_t {
    const char *from, *to;
} crm_adopt_value_t;

/* A column that is known. Those that are not are kept in the side file. */
typedef struct crm_adopt_column_t {
    const char *from;
    const char *to; /* what takes it: a column, of records a field; NULL: nothing does, it is kept
                       in the side file */
    const char *unless;              /* with `to` NULL: a value that says nothing and is not kept */
    const char *refers;              /* the source's table that it refers to; NULL: none */
    const char *refers_by;           /* the column there; NULL: "id" */
    const crm_adopt_value_t *values; /* of a choice: other words for its values, folded; ends with
                                        `from` NULL; or NULL */
    const char *otherwise; /* of a choice: what stands for a value that is none; NULL: null */
} crm_adopt_column_t;

/* A table of records, and that of their change log. */
typedef struct crm_adopt_record_t {
    const char *table;
    const crm_entity_t *entity;
    const crm_adopt_column_t *columns; /* ends with `from` NULL */
    const char *changes;               /* table; NULL: none */
    const char *changes_key;           /* its column with the record's id */
} crm_adopt_record_t;

typedef struct crm_adopt_options_t {
    const crm_db_url_t *from; /* the source's main database */
    const char *tenant;       /* name, id or database of the only one to be taken; NULL: all */
    int dry_run;              /* into temporary databases that are removed at the end */
    int resume;               /* go on with what was interrupted; else that is CONFLICT */
    const char *side_folder;  /* for side files; made where it is not there */
    const crm_settings_t *settings;    /* of the site */
    const crm_adopt_record_t *records; /* each behind those it refers to; ends with `table` NULL */
    /* The pattern of the route of a request, for History's statistics; NULL: none. */
    const char *(*route)(apr_pool_t *pool, const crm_settings_t *settings, const char *method,
                         const char *endpoint);
    /* Told now and then how many rows of TABLE were read for PLACE. */
    void (*progress)(void *baton, const char *place, const char *table, apr_int64_t rows);
    void *baton;
} crm_adopt_options_t;

/* Takes over what OPTIONS say into SITE. *RET_REPORT (owned by POOL):
 * {"source", "dry_run", "main": PLACE, "tenants": [PLACE], "unnamed_databases": [name], "total":
 * {"found", "taken", "merged", "left_out"}}; PLACE: {"name", "id", "slug", "database", "target",
 * "state", "side_file", "side_bytes", "tables": [{"table", "found", "taken", "merged", "left_out",
 * "reasons": {reason: rows}, "notes": {note: {"count", "ids"}}, "kept": {column: values}}],
 * "unknown_tables": [{"table", "rows"}], "unknown_columns": ["table.column"], "missing_tables":
 * [table]}; "main" is missing
 * where one tenant is named. Errors: what the databases say; NOT_FOUND for a source or a tenant
 * that is not there; CONFLICT for what was interrupted and is not resumed; LOCKED while another
 * adoption runs. */
crm_error_t *crm_adopt(const crm_site_t *site, apr_pool_t *pool, const crm_adopt_options_t *options,
                       json_t **ret_report);

#endif
