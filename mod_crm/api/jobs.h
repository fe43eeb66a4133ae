/* api/jobs.h - jobs as the API asks for and shows them. */
#ifndef CRM_API_JOBS_H
#define CRM_API_JOBS_H

#include "api/route.h"
#include "service/job.h"

/* Puts a job of KIND on TENANT into the queue, by ARGUMENTS (a new reference, taken over), and
 * answers 202 with it, and with where it can be looked at. */
crm_error_t *crm_jobs_ask(crm_request_t *request, const char *kind, const crm_tenant_t *tenant,
                          json_t *arguments, crm_answer_t *answer);

#endif
