/* server/metrics_text.h - what children count, as Prometheus and others read it. */
#ifndef CRM_SERVER_METRICS_TEXT_H
#define CRM_SERVER_METRICS_TEXT_H

#include <httpd.h>

#define CRM_OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define CRM_PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Writes all metrics to R: OpenMetrics text 1.0, or (IS_PLAIN) Prometheus' older text format, in
 * which the same samples have the same names. */
void crm_metrics_write_text(request_rec *r, int is_plain);

#endif
