/* t/unit/base/spool_check_test.c - whether a spool takes records, asked before it has to. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>

#include "base/spool.h"

static void tells_whether_it_takes_records(void **state)
{
    apr_pool_t *pool;
    crm_spool_t *spool;
    const char *parent = getenv("TMPDIR");
    (void)state;
    assert_int_equal(apr_initialize(), APR_SUCCESS);
    assert_int_equal(apr_pool_create(&pool, NULL), APR_SUCCESS);
    char *folder = apr_pstrcat(pool, parent ? parent : "/tmp", "/crm-spool-XXXXXX", NULL);
    assert_non_null(mkdtemp(folder));
    assert_int_equal(crm_spool_open(pool, folder, 0, &spool), APR_SUCCESS);
    assert_int_equal(crm_spool_check(spool), APR_SUCCESS);
    if (geteuid() != 0) { /* root may write anywhere */
        assert_int_equal(chmod(folder, 0500), 0);
        assert_int_equal(crm_spool_check(spool), EACCES);
        assert_int_equal(chmod(folder, 0700), 0);
    }
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(crm_spool_check(spool), ENOENT);
    apr_pool_destroy(pool);
    apr_terminate();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_whether_it_takes_records),
    };
    return cmocka_run_group_tests_name("base/spool_check", tests, NULL, NULL);
}
