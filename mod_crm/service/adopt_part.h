/* service/adopt_part.h - the parts of an adoption: a table of the source, taken chunk by chunk.
 *
 * Inside service/adopt*.c only.
 */
#ifndef CRM_SERVICE_ADOPT_PART_H
#define CRM_SERVICE_ADOPT_PART_H

#include <apr_file_io.h>
#include <apr_hash.h>

#include "db/source.h"
#include "service/account.h"
#include "service/adopt.h"

struct crm_adopt_place_t;

/* The whole. */
typedef struct crm_adopting_t {
    const crm_site_t *site;
    const crm_adopt_options_t *options;
    apr_pool_t *pool;
    crm_source_t *source;
    const char *origin; /* names the source where progress is kept */
    apr_array_header_t *main_tables;
    struct crm_adopt_place_t *main; /* the place that is the main database */
    apr_array_header_t *absent; /* ids (const char *) of tenants whose databases are not there: what
                                   the main database has of them is the main place's */
} crm_adopting_t;

/* A file of JSON lines that is written along with transactions: what is behind `size` was written
 * by one that was not committed. */
typedef struct crm_adopt_side_t {
    const char *path; /* NULL: nothing is written (a dry run) */
    apr_pool_t *pool; /* lives as long as the file is open */
    apr_file_t *file; /* NULL until the first line */
    apr_off_t size;
} crm_adopt_side_t;

/* Where things go: the main database, or a tenant. */
typedef struct crm_adopt_place_t {
    const crm_adopting_t *run;
    apr_pool_t *pool;
    const char *name;           /* for people */
    const crm_tenant_t *tenant; /* NULL: the main database */
    const crm_db_t *db;
    const char *tenant_id;      /* as the source writes it */
    const char *database;       /* of the source */
    apr_array_header_t *tables; /* of that, of crm_source_table_t */
    const crm_uuid_t *sharing;  /* the tenants that have that database; the first one gets what is
                                   nobody's */
    int nsharing;
    apr_time_t fallback; /* stands for a time that is missing */
    json_t *tallies;     /* of parts, by name */
    apr_hash_t *states;  /* of parts, by name: crm_adopt_state_t */
    apr_hash_t *people;  /* crm_adopt_person_t by id, once they were asked for; or NULL */
    crm_adopt_side_t side;
} crm_adopt_place_t;

/* How far a part has come. */
typedef struct crm_adopt_state_t {
    const char *position; /* NULL: at its beginning */
    int is_done;
} crm_adopt_state_t;

struct crm_adopt_part_t;

/* Some rows of a part. */
typedef struct crm_adopt_chunk_t {
    crm_adopt_place_t *place;
    const struct crm_adopt_part_t *part;
    apr_pool_t *pool;
    const crm_db_t *db;      /* in the transaction; before it, the place's */
    crm_source_rows_t rows;  /* as they were read */
    const crm_value_t **row; /* those that are the place's */
    int count;
    json_t *tally;
    apr_array_header_t *lines; /* of const char *: for the side file */
} crm_adopt_chunk_t;

typedef crm_error_t *crm_adopt_take_fn(crm_adopt_chunk_t *chunk);

typedef struct crm_adopt_part_t {
    const char *name; /* "user_customuser", "main.user_customuser" */
    const char *table;
    int is_main;   /* the table is the main database's */
    int is_again;  /* rows that another part has counted */
    int is_secret; /* rows hold secrets: of one that is left out only its columns in `shown` are
                      kept */
    const char *const *shown;          /* ends with NULL */
    const crm_adopt_column_t *columns; /* ends with `from` NULL */
    const char *condition;             /* SQL, or NULL */
    const crm_value_t *args;
    int nargs;
    const char *const *extras; /* SQL of further columns; ends with NULL; or NULL */
    int most;                  /* rows of a chunk */
    crm_adopt_take_fn *before; /* outside of the transaction, repeatable; or NULL */
    crm_adopt_take_fn *take;
    const crm_adopt_record_t *record; /* of records and their change logs */
} crm_adopt_part_t;

/* ---- parts and their progress (service/adopt_part.c, adopt_progress.c) */

/* Takes what is left of PART, if the source has its table. */
crm_error_t *crm_adopt_part(crm_adopt_place_t *place, const crm_adopt_part_t *part);

/* The table NAME of TABLES, or NULL. */
const crm_source_table_t *crm_adopt_table(const apr_array_header_t *tables, const char *name);

/* Makes the table of progress where it is not there yet. */
crm_error_t *crm_adopt_progress_prepare(const crm_db_t *db, apr_pool_t *pool);

/* Reads how far PLACE's parts have come: tallies, states, the size of the side file. */
crm_error_t *crm_adopt_progress_load(crm_adopt_place_t *place);

/* Notes in DB how far PART has come. */
typedef struct crm_adopt_mark_t {
    const char *origin, *part, *position; /* position NULL: none */
    int is_done;
    const json_t *tally;
    apr_off_t side_size;
} crm_adopt_mark_t;

crm_error_t *crm_adopt_progress_save(const crm_db_t *db, apr_pool_t *pool,
                                     const crm_adopt_mark_t *mark);

/* ---- rows (service/adopt_row.c) */

/* The cell of the column NAME; a null where the table has none. */
crm_value_t crm_adopt_cell(const crm_adopt_chunk_t *chunk, int row, const char *name);

/* Its text, or NULL. */
const char *crm_adopt_text(const crm_adopt_chunk_t *chunk, int row, const char *name);

/* Its text trimmed, "" for none. */
const char *crm_adopt_word(const crm_adopt_chunk_t *chunk, int row, const char *name);

/* The extra column at PLACE of the part's, or NULL. */
const char *crm_adopt_extra(const crm_adopt_chunk_t *chunk, int row, int place);

int crm_adopt_flag(const crm_adopt_chunk_t *chunk, int row, const char *name);

/* A whole number of 1 or more; 0 for anything else. */
apr_int64_t crm_adopt_number(const char *text);

/* 1 when the column holds a time that there is. */
int crm_adopt_time(const crm_adopt_chunk_t *chunk, int row, const char *name, apr_time_t *ret_time);

/* The UUID that TEXT is; of any other text one (version 8, RFC 9562 5.8) that is made of KIND and
 * TEXT, so that what refers to it finds it: *RET_DERIVED is 1 then. */
crm_uuid_t crm_adopt_uuid(const char *kind, const char *text, int *ret_derived);

/* TEXT cut to MOST code points, the last of which is an ellipsis then; *RET_CUT. */
const char *crm_adopt_fit(apr_pool_t *pool, const char *text, int most, int *ret_cut);

/* What became of a row: each gets exactly one of these. Columns without a counterpart go to the
 * side file; of a row that is left out, all. */
void crm_adopt_taken(crm_adopt_chunk_t *chunk, int row);
void crm_adopt_merged(crm_adopt_chunk_t *chunk, int row);
void crm_adopt_left_out(crm_adopt_chunk_t *chunk, int row, const char *reason);

/* Says that something about a row was not taken as it was; the value of COLUMN (NULL: none) goes to
 * the side file. */
void crm_adopt_note(crm_adopt_chunk_t *chunk, int row, const char *note, const char *column);

/* The id that the row with the old id TEXT got in the part NAME of PLACE; 0: none. */
void crm_adopt_remember(crm_adopt_chunk_t *chunk, const char *text, apr_int64_t id);
apr_int64_t crm_adopt_remembered(const crm_adopt_place_t *place, const char *name,
                                 const char *text);

/* ---- the side file (service/adopt_side.c) */

/* Makes LINES (of const char *) what stands behind side->size, safely on the disk; *RET_SIZE is the
 * size with them. */
crm_error_t *crm_adopt_side_write(crm_adopt_side_t *side, apr_pool_t *pool,
                                  const apr_array_header_t *lines, apr_off_t *ret_size);

/* ---- accounts (service/adopt_account.c) */

/* An account of the place, as change logs and History have him. */
typedef struct crm_adopt_person_t {
    apr_int64_t id;
    const char *username, *email;
    int is_active;
} crm_adopt_person_t;

/* Who the source calls TEXT (a number), or NULL: in a tenant's tables; in those of the main
 * database. */
crm_error_t *crm_adopt_person(crm_adopt_place_t *place, const char *text,
                              const crm_adopt_person_t **ret_person);
crm_error_t *crm_adopt_main_person(crm_adopt_place_t *place, const char *text,
                                   const crm_adopt_person_t **ret_person);

/* Puts accounts that hold nothing into the default group: the old product asked nobody for
 * permissions. */
crm_error_t *crm_adopt_default_group(crm_adopt_place_t *place);

/* ---- what takes the rows of each kind of table */

crm_adopt_take_fn crm_adopt_account_before, crm_adopt_account, crm_adopt_main_account,
    crm_adopt_platform_account, crm_adopt_membership;
crm_adopt_take_fn crm_adopt_group, crm_adopt_permission, crm_adopt_group_permission,
    crm_adopt_account_group, crm_adopt_account_permission;
crm_adopt_take_fn crm_adopt_token_before, crm_adopt_token;
crm_adopt_take_fn crm_adopt_record, crm_adopt_record_links, crm_adopt_changes;
crm_adopt_take_fn crm_adopt_history;
crm_adopt_take_fn crm_adopt_nothing;

/* Takes all parts of PLACE. */
crm_error_t *crm_adopt_tenant_parts(crm_adopt_place_t *place);
crm_error_t *crm_adopt_main_parts(crm_adopt_place_t *place);

/* Whose databases have a use for a table. */
typedef enum {
    CRM_ADOPT_UNKNOWN,
    CRM_ADOPT_NO_USE, /* nobody's: its rows are counted and no more */
    CRM_ADOPT_OF_TENANTS,
    CRM_ADOPT_OF_BOTH
} crm_adopt_use_e;

crm_adopt_use_e crm_adopt_use(const crm_adopting_t *run, const char *table);

/* The columns of a table that is taken; NULL for one that is not. */
const crm_adopt_column_t *crm_adopt_columns(const crm_adopting_t *run, const char *table);

/* The tables that are known (service/adopt_names.c): a tenant's, the main database's, each in the
 * order in which they are taken, with name, columns and functions; ends with `name` NULL. */
extern const crm_adopt_part_t crm_adopt_tenant_tables[], crm_adopt_main_tables[];
extern const crm_adopt_part_t crm_adopt_history_table;
extern const crm_adopt_column_t crm_adopt_change_columns[];

/* PLACE (with no tables: one that is left out), in STATE, as the report has it: new reference. */
json_t *crm_adopt_report(const crm_adopt_place_t *place, const char *state);

/* Adds the numbers of PLACE, as crm_adopt_report made it, to TOTAL. */
void crm_adopt_total(json_t *total, const json_t *place);

/* A site in temporary databases that end with POOL, like SITE (service/adopt_scratch.c). */
crm_error_t *crm_adopt_scratch(const crm_site_t *site, apr_pool_t *pool,
                               const crm_settings_t *settings, const crm_site_t **ret_site);

#endif
