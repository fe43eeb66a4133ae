/* service/history.c - what the thread that answers does for History: the record into the spool. */
#include "base/json.h"
#include "base/text.h"
#include "service/history_record.h"

apr_status_t crm_history_append(crm_site_t *site, apr_pool_t *pool, const crm_history_t *record)
{
    apr_size_t size;
    if (!site->spool) {
        return APR_SUCCESS;
    }
    const void *data = crm_history_encode(pool, record, &size);
    return crm_spool_append(site->spool, data, size);
}

const char *crm_history_body(apr_pool_t *pool, const json_t *json, apr_uint64_t limit)
{
    apr_size_t size;
    if (!json) {
        return NULL;
    }
    json_t *redacted = crm_json_redact(json);
    const char *text = crm_json_text(pool, redacted, &size);
    json_decref(redacted);
    if (size <= limit) {
        return text;
    }
    json_t *mark = json_pack("{s:b, s:I, s:s}", "truncated", 1, "size", (json_int_t)size, "text",
                             crm_text_cut(pool, text, (apr_size_t)limit));
    text = crm_json_text(pool, mark, NULL);
    json_decref(mark);
    return text;
}
