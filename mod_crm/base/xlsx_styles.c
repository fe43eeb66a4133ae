/* base/xlsx_styles.c - which of an XLSX file's cell styles mean dates or times. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/xlsx_styles.h"
#include "base/xlsx_xml.h"

#define STYLES 65536
#define FORMATS 65536
#define GENERAL "General"

struct crm_xlsx_styles_t {
    unsigned char kinds[FORMATS];                     /* crm_xlsx_kind_e by number format */
    apr_uint16_t formats[STYLES];                     /* number formats by style */
    int count;                                        /* of styles */
    enum { ELSEWHERE, IN_FORMATS, IN_CELLS } section; /* while reading */
};

/* The formats that every file has without saying so (18.8.30), with those of East Asian Excels. */
typedef struct builtin_t {
    int first;
    int last;
    crm_xlsx_kind_e kind;
} builtin_t;

static const builtin_t builtins[] = {
    {14, 17, CRM_XLSX_DATE},      {18, 21, CRM_XLSX_TIME},    {22, 22, CRM_XLSX_DATE_TIME},
    {27, 31, CRM_XLSX_DATE},      {32, 35, CRM_XLSX_TIME},    {36, 36, CRM_XLSX_DATE},
    {45, 45, CRM_XLSX_TIME},      {46, 46, CRM_XLSX_ELAPSED}, {47, 47, CRM_XLSX_TIME},
    {50, 58, CRM_XLSX_DATE},      {71, 74, CRM_XLSX_DATE},    {75, 76, CRM_XLSX_TIME},
    {77, 77, CRM_XLSX_DATE_TIME}, {78, 78, CRM_XLSX_TIME},    {79, 79, CRM_XLSX_ELAPSED},
    {80, 80, CRM_XLSX_TIME},      {81, 81, CRM_XLSX_DATE},
};

/* What the letters of a format code show. */
typedef struct shown_t {
    int date;    /* years, days */
    int time;    /* hours, seconds */
    int months;  /* or minutes: m is both */
    int elapsed; /* [h] */
} shown_t;

/* The end of what CODE begins with and is no letter to show: a literal, a colour, General, AM/PM;
 * CODE itself when it is one. */
static const char *skip_literal(const char *code, shown_t *shown)
{
    if (*code == '"') {
        const char *end = strchr(code + 1, '"');
        return end ? end + 1 : code + strlen(code);
    }
    if (strchr("\\_*", *code)) {
        return code + 1 + (code[1] != '\0');
    }
    if (*code == '[') {
        const char *end = strchr(code, ']');
        apr_size_t size = strspn(code + 1, "hHmMsS");
        shown->elapsed |= size > 0 && code[1 + size] == ']';
        return end ? end + 1 : code + strlen(code);
    }
    if (strncasecmp(code, GENERAL, strlen(GENERAL)) == 0) {
        return code + strlen(GENERAL);
    }
    if (strncasecmp(code, "AM/PM", 5) == 0 || strncasecmp(code, "A/P", 3) == 0) {
        shown->time = 1;
        return code + (code[1] == '/' ? 3 : 5);
    }
    if ((*code == 'E' || *code == 'e') && (code[1] == '+' || code[1] == '-')) {
        return code + 2;
    }
    return code;
}

crm_xlsx_kind_e crm_xlsx_format_kind(const char *code)
{
    shown_t shown = {0};
    while (*code && *code != ';') {
        const char *after = skip_literal(code, &shown);
        if (after != code) {
            code = after;
            continue;
        }
        int letter = tolower((unsigned char)*code++);
        shown.date |= letter == 'y' || letter == 'd' || letter == 'e' || letter == 'b';
        shown.time |= letter == 'h' || letter == 's';
        shown.months |= letter == 'm';
    }
    if (shown.elapsed) {
        return CRM_XLSX_ELAPSED;
    }
    if (shown.time) {
        return shown.date ? CRM_XLSX_DATE_TIME : CRM_XLSX_TIME;
    }
    return shown.date || shown.months ? CRM_XLSX_DATE : CRM_XLSX_NUMBER;
}

static void on_start(crm_xlsx_xml_t *xml, void *baton, const char *name, const char **attributes)
{
    crm_xlsx_styles_t *styles = baton;
    (void)xml;
    if (strcmp(name, "numFmts") == 0) {
        styles->section = IN_FORMATS;
    } else if (strcmp(name, "cellXfs") == 0) {
        styles->section = IN_CELLS;
    } else if (strcmp(name, "numFmt") == 0 && styles->section == IN_FORMATS) {
        apr_int64_t id = crm_xlsx_index(crm_xlsx_attribute(attributes, "numFmtId"), FORMATS - 1);
        const char *code = crm_xlsx_attribute(attributes, "formatCode");
        if (id >= 0 && code) {
            styles->kinds[id] = (unsigned char)crm_xlsx_format_kind(code);
        }
    } else if (strcmp(name, "xf") == 0 && styles->section == IN_CELLS && styles->count < STYLES) {
        apr_int64_t id = crm_xlsx_index(crm_xlsx_attribute(attributes, "numFmtId"), FORMATS - 1);
        styles->formats[styles->count++] = id > 0 ? (apr_uint16_t)id : 0;
    }
}

static void on_end(crm_xlsx_xml_t *xml, void *baton, const char *name)
{
    crm_xlsx_styles_t *styles = baton;
    (void)xml;
    if (strcmp(name, "cellXfs") == 0 || strcmp(name, "numFmts") == 0) {
        styles->section = ELSEWHERE;
    }
}

crm_error_t *crm_xlsx_styles_read(apr_pool_t *pool, crm_xlsx_package_t *package, const char *name,
                                  crm_xlsx_styles_t **ret_styles)
{
    static const crm_xlsx_handler_t handler = {.start = on_start, .end = on_end};
    crm_xlsx_styles_t *styles = apr_pcalloc(pool, sizeof(*styles));
    for (apr_size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
        for (int id = builtins[i].first; id <= builtins[i].last; id++) {
            styles->kinds[id] = (unsigned char)builtins[i].kind;
        }
    }
    if (name) {
        CRM_ERR(crm_xlsx_xml_read(pool, package, name, "styleSheet", &handler, styles));
    }
    *ret_styles = styles;
    return NULL;
}

crm_xlsx_kind_e crm_xlsx_styles_kind(const crm_xlsx_styles_t *styles, apr_int64_t index)
{
    if (index < 0 || index >= styles->count) {
        return CRM_XLSX_NUMBER;
    }
    return (crm_xlsx_kind_e)styles->kinds[styles->formats[index]];
}
