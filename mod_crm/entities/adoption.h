/* entities/adoption.h - the records of the old product: which table and column becomes what. */
#ifndef CRM_ENTITIES_ADOPTION_H
#define CRM_ENTITIES_ADOPTION_H

#include "service/adopt.h"

/* Each behind those it refers to; ends with `table` NULL. */
extern const crm_adopt_record_t crm_adopt_records[];

#endif
