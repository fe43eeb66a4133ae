/* service/adopt_progress.c - how far an adoption has come: table `adoption`.
 *
 * It stands in the database that a part goes to, so that a chunk and its position are one
 * transaction. It is no migration: only databases that were adopted have it.
 */
#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "service/adopt_part.h"

crm_error_t *crm_adopt_progress_prepare(const crm_db_t *db, apr_pool_t *pool)
{
    return crm_db_execute(db, pool,
                          "CREATE TABLE IF NOT EXISTS adoption (origin VARCHAR(190) NOT NULL, "
                          "part VARCHAR(190) NOT NULL, position TEXT, is_done SMALLINT NOT NULL, "
                          "tally MEDIUMTEXT NOT NULL, side_size BIGINT NOT NULL, "
                          "PRIMARY KEY (origin, part))",
                          CRM_NO_ARGS, NULL);
}

static crm_error_t *load_row(crm_adopt_place_t *place, const crm_value_t *row)
{
    json_t *tally;
    crm_adopt_state_t *state = apr_palloc(place->pool, sizeof(*state));
    const char *part = row[0].as.text;
    CRM_ERR(crm_json_parse(place->pool, row[3].as.text, row[3].size, &tally));
    json_object_set(place->tallies, part, tally);
    *state = (crm_adopt_state_t){.position = crm_is_null(row[1]) ? NULL : row[1].as.text,
                                 .is_done = (int)row[2].as.integer};
    apr_hash_set(place->states, part, APR_HASH_KEY_STRING, state);
    if (place->side.size < row[4].as.integer) {
        place->side.size = (apr_off_t)row[4].as.integer;
    }
    return NULL;
}

crm_error_t *crm_adopt_progress_load(crm_adopt_place_t *place)
{
    const crm_rows_t *rows;
    place->tallies = crm_json_own(place->pool, json_object());
    place->states = apr_hash_make(place->pool);
    CRM_ERR(crm_db_select(place->db, place->pool,
                          "SELECT part, position, is_done, tally, side_size FROM adoption "
                          "WHERE origin = ?",
                          "slili", CRM_ARGS(crm_text(place->run->origin)), &rows));
    for (int i = 0; i < rows->count; i++) {
        CRM_ERR(load_row(place, crm_row(rows, i)));
    }
    return NULL;
}

crm_error_t *crm_adopt_progress_save(const crm_db_t *db, apr_pool_t *pool,
                                     const crm_adopt_mark_t *mark)
{
    return crm_db_execute(
        db, pool,
        "INSERT INTO adoption (origin, part, position, is_done, tally, side_size) "
        "VALUES (?, ?, ?, ?, ?, ?) {upsert origin, part} position = {new position}, "
        "is_done = {new is_done}, tally = {new tally}, side_size = {new side_size}",
        CRM_ARGS(crm_text(mark->origin), crm_text(mark->part),
                 mark->position ? crm_text(mark->position) : crm_null_of(CRM_V_TEXT),
                 crm_int(mark->is_done), crm_text(crm_json_text(pool, mark->tally, NULL)),
                 crm_int(mark->side_size)),
        NULL);
}
