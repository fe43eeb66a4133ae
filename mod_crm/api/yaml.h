/* api/yaml.h - JSON values as YAML 1.2 (https://yaml.org/spec/1.2.2), for who reads the API's own
 * description. */
#ifndef CRM_API_YAML_H
#define CRM_API_YAML_H

#include <apr_pools.h>
#include <jansson.h>

/* JSON in block style, two spaces a level; a text is quoted unless every YAML reader (1.1 too)
 * takes it for one without. In POOL; *RET_SIZE is its length. */
const char *crm_yaml_text(apr_pool_t *pool, const json_t *json, apr_size_t *ret_size);

#endif
