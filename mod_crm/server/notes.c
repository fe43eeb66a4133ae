/* server/notes.c - what an access log can have of a request. */
#include <apr_strings.h>

#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>

#include "server/call.h"
#include "server/notes.h"
#include "server/trace.h"

/* As note and, where nobody has set it, as variable. */
static void note(request_rec *r, const char *name, const char *variable, const char *value)
{
    if (value) {
        apr_table_setn(r->notes, name, value);
        if (!apr_table_get(r->subprocess_env, variable)) {
            apr_table_setn(r->subprocess_env, variable, value);
        }
    }
}

/* Who it was: also one who only logged in. */
static void note_who(request_rec *r, const crm_call_t *call)
{
    const crm_request_t *request = call->request;
    const crm_actor_t *actor = call->caller ? call->caller : request->actor;
    const crm_tenant_t *tenant = request->tenant ? request->tenant : actor ? actor->tenant : NULL;

    note(r, "crm-user", "CRM_USER", actor ? actor->account.username : NULL);
    note(r, "crm-tenant", "CRM_TENANT", tenant ? tenant->slug : NULL);
}

static void note_costs(request_rec *r, const crm_meter_t *meter)
{
    apr_table_setn(r->notes, "crm-db-time",
                   apr_psprintf(r->pool, "%" APR_TIME_T_FMT, meter->database));
    apr_table_setn(r->notes, "crm-pool-wait",
                   apr_psprintf(r->pool, "%" APR_TIME_T_FMT, meter->wait));
}

/* R is the first of its chain; a log may look at the first or the last. */
static int write_notes(request_rec *r)
{
    request_rec *last = r;

    while (last->next) {
        last = last->next;
    }
    const crm_call_t *call = crm_call_of(last);
    for (request_rec *each = r; call && each; each = each->next) {
        if (call->request) {
            note_who(each, call);
            note_costs(each, &call->meter);
        }
        crm_call_id(each);
        const char *trace = crm_trace_id(each);
        if (trace) {
            apr_table_setn(each->notes, "crm-trace-id", trace);
        }
    }
    return DECLINED;
}

void crm_notes_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_log_transaction(write_notes, NULL, NULL, APR_HOOK_REALLY_FIRST);
}
