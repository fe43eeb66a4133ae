/* base/csv.h - CSV (RFC 4180), and what spreadsheets write by that name, as rows for base/sheet.
 *
 * - charset: base/csv_source.h; bytes that mean nothing in it and NUL are errors
 * - delimiter: that of a first line `sep=;` (Excel's), else the one of , ; tab | that is most
 *   frequent outside quotes in the first record that is not empty, else a comma
 * - a record ends with CRLF, LF, CR or the file
 * - a cell that begins with a quote may hold delimiters, line ends and doubled quotes; what follows
 *   its closing quote is part of it, and one that never closes is an error; a quote elsewhere is a
 *   character like others
 * - formulas: one apostrophe is taken from a cell that matches ^'+[=+\-@\t\r], which undoes what
 *   the writer (base/sheet_writer.h) does, unless options say otherwise
 *
 * Cells are found by table and memchr in a buffer that holds the whole record, and are handed out
 * where they stand. The format is crm_csv_format (base/sheet_format.h).
 */
#ifndef CRM_BASE_CSV_H
#define CRM_BASE_CSV_H

/* 1 when the NUL-terminated TEXT, after any apostrophes, begins as a formula does. */
int crm_csv_is_formula(const char *text);

#endif
