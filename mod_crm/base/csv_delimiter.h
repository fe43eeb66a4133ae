/* base/csv_delimiter.h - which character separates the cells of a CSV file.
 *
 * Inside base/csv*.c only.
 */
#ifndef CRM_BASE_CSV_DELIMITER_H
#define CRM_BASE_CSV_DELIMITER_H

#include <apr.h>

/* The delimiter of the text of BEGIN to LIMIT (where a NUL stands), the begin of a file: the one of
 * its first line `sep=;`, else the one of , ; tab | that is most frequent outside quotes in the
 * first record that is not empty, else a comma. *RET_LINE is the size of the line `sep=;` with its
 * end, 0 without one. */
char crm_csv_delimiter(const char *begin, const char *limit, apr_size_t *ret_line);

#endif
