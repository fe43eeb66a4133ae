/* service/record_gather.c - records that several callers make at the same time are one transaction.
 */
#include <string.h>

#include <apr_strings.h>

#include "service/record_write.h"

/* Records with more text than this (bytes) are made by themselves: no call of the server becomes
 * long by gathering. */
#define MOST_TEXT 16384

typedef struct item_t {
    crm_write_t *write;
    crm_error_t *error;
    int alone; /* the group's write was undone: it has to be done by itself */
} item_t;

static int is_short(const crm_write_t *write)
{
    apr_size_t size = 0;

    for (int i = 0; i < crm_entity_count(write->entity); i++) {
        size += write->values[i].kind == CRM_V_TEXT ? strlen(write->values[i].as.text) : 0;
    }
    return size <= MOST_TEXT;
}

/* 1 when it may be one of ITEMS alone that the database is not ready for. */
static int has_new(void *const *items, int count)
{
    for (int i = 0; i < count; i++) {
        const crm_write_t *write = ((item_t *)items[i])->write;
        if (crm_record_has_new(write->pool, write->entity, write->values)) {
            return 1;
        }
    }
    return 0;
}

/* What ITEM's write came to, in a group of COUNT that ended with ERROR. Where the database is away,
 * or busy, each is told so (SHARED); whatever else is wrong with one of them, it is not with all.
 */
static void end(item_t *item, int count, crm_error_t *error, int shared)
{
    if (!error) {
        item->error = item->write->refusal;
    } else if (count == 1) {
        item->error = error;
    } else if (shared) {
        item->error = crm_error_copy(item->write->pool, error);
    } else {
        item->alone = 1;
    }
}

static void run_group(void *const *items, int count)
{
    crm_write_t *writes[CRM_WRITES_AT_ONCE];
    const crm_writes_t all = {.writes = writes, .count = count};

    for (int i = 0; i < count; i++) {
        writes[i] = ((item_t *)items[i])->write;
    }
    crm_error_t *error = crm_writes_run(&all);
    int shared = error && (error->kind == CRM_E_LOCKED ||
                           (error->kind == CRM_E_UNAVAILABLE && !has_new(items, count)));
    for (int i = 0; i < count; i++) {
        end(items[i], count, error, shared);
    }
}

crm_error_t *crm_write_run_gathered(crm_write_t *write)
{
    const crm_records_t *records = write->records;
    item_t item = {.write = write};

    if (!records->gather || records->db->connection || !is_short(write)) {
        return crm_write_run(write);
    }
    const char *key = apr_pstrcat(write->pool, records->entity->name, " ",
                                  records->db->server->server, " ", records->db->database, NULL);
    crm_gather_run(records->gather, key, CRM_WRITES_AT_ONCE, run_group, &item);
    if (item.alone) {
        write->refusal = NULL;
        return crm_write_run(write);
    }
    return item.error;
}
