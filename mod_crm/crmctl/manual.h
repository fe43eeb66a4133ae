/* crmctl/manual.h - the whole table of commands as a manual page, Markdown, completion for bash.
 */
#ifndef CRM_CRMCTL_MANUAL_H
#define CRM_CRMCTL_MANUAL_H

#include <apr_pools.h>

/* They print to standard output: man(7); the part of docs/crmctl.md that tells of commands; a
 * script that bash reads. */
void crm_manual_roff(apr_pool_t *pool);
void crm_manual_markdown(apr_pool_t *pool);
void crm_manual_completion(apr_pool_t *pool);

#endif
