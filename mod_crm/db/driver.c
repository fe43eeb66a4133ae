/* db/driver.c - the drivers by name. */
#include <stdlib.h>
#include <string.h>

#include "db/driver.h"

const crm_driver_t *crm_driver(const char *name)
{
    static const crm_driver_t *const drivers[] = {&crm_driver_mysql, &crm_driver_sqlite3};
    for (apr_size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        if (strcmp(drivers[i]->name, name) == 0) {
            return drivers[i];
        }
    }
    abort();
}
