/* base/xlsx.h - XLSX (ECMA-376, ISO/IEC 29500, transitional and strict) as rows for base/sheet.
 *
 * - sheet: base/xlsx_workbook.h; bounds of the file: base/xlsx_package.h, base/xlsx_xml.h
 * - a cell stands at its column, whatever is missing before it; of merged cells the first has the
 *   value
 * - text: shared (base/xlsx_strings.h) or in the cell, rich text without its looks and phonetic
 *   readings; errors as their text ("#N/A"); booleans "true" and "false"
 * - numbers and dates: base/xlsx_number.h, by the cell's style (base/xlsx_styles.h)
 * - a formula is its cached value
 *
 * The format is crm_xlsx_format (base/sheet_format.h).
 */
#ifndef CRM_BASE_XLSX_H
#define CRM_BASE_XLSX_H

/* Reads a reference such as "AB12" of at most SHEET's limits: 1, or 0 when it is none. */
int crm_xlsx_reference(const char *text, int *ret_column, int *ret_row);

#endif
