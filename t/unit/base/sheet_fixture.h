/* t/unit/base/sheet_fixture.h - spreadsheets for tests: made in memory, read into one text. */
#ifndef T_UNIT_BASE_SHEET_FIXTURE_H
#define T_UNIT_BASE_SHEET_FIXTURE_H

#include <apr_pools.h>

#include "base/error.h"
#include "base/sheet.h"

#define FIXTURE_MAIN "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define FIXTURE_DOCUMENT "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define FIXTURE_PACKAGE "http://schemas.openxmlformats.org/package/2006/relationships"
#define FIXTURE_WORKSHEET(xml) "<worksheet xmlns=\"" FIXTURE_MAIN "\">" xml "</worksheet>"
#define FIXTURE_ROWS(xml) FIXTURE_WORKSHEET("<sheetData>" xml "</sheetData>")
#define FIXTURE_RELATION(id, type, target)                                                         \
    "<Relationship Id=\"" id "\" Type=\"" FIXTURE_DOCUMENT "/" type "\" Target=\"" target "\"/>"
#define FIXTURE_RELATIONS(xml)                                                                     \
    "<Relationships xmlns=\"" FIXTURE_PACKAGE "\">" xml "</Relationships>"
#define FIXTURE_WORKBOOK(xml)                                                                      \
    "<workbook xmlns=\"" FIXTURE_MAIN "\" xmlns:r=\"" FIXTURE_DOCUMENT "\">" xml "</workbook>"

/* One file of a ZIP archive. */
typedef struct fixture_part_t {
    const char *name; /* NULL ends a list */
    const char *text;
    apr_size_t size; /* 0: TEXT is NUL-terminated */
} fixture_part_t;

/* A descriptor of a file in memory with SIZE bytes. Ends with POOL. */
int fixture_file(apr_pool_t *pool, const void *bytes, apr_size_t size);

/* How hard fixture_zip deflates: 1 to 9, or 0 as usual. */
extern unsigned fixture_level;

/* A descriptor of a ZIP archive of PARTS, deflated. PASSWORD may be NULL. */
int fixture_zip(apr_pool_t *pool, const fixture_part_t *parts, const char *password);

/* A descriptor of a workbook of one sheet, whose parts are PARTS or, where they are not among them,
 * plain ones: one sheet "Sheet1", no shared strings, no styles, an empty worksheet. */
int fixture_xlsx(apr_pool_t *pool, const fixture_part_t *parts);

/* One row as "3:a|b" with what is wrong with it behind " !"; in cells, line ends are \n and \r. */
const char *fixture_row(apr_pool_t *pool, const crm_sheet_row_t *row);

/* All rows of FD's file, one a line, without the last line end; an error is its detail, as the last
 * line. */
const char *fixture_read(apr_pool_t *pool, int fd, const crm_sheet_options_t *options);

/* Bytes in KiB of what /proc/self/status calls NAME ("VmHWM"). */
long fixture_memory(const char *name);

/* Sets VmHWM back to what is used now. */
void fixture_memory_reset(void);

#endif
