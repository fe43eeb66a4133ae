/* base/xlsx_xml.c - the XML of one part of an XLSX file, by expat, piece by piece, within bounds.
 */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include <expat.h>

#include "base/xlsx_xml.h"

#define PIECE 65536
#define DEPTH 64
#define TOKEN (1 << 20)
#define DECLARATION "xmlns"

static const char *const elements[] = {
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
    "http://schemas.openxmlformats.org/package/2006/relationships",
    NULL,
};

static const char *const references[] = {
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
    NULL,
};

struct crm_xlsx_xml_t {
    apr_pool_t *pool; /* of errors */
    crm_xlsx_part_t *part;
    const char *name;
    const char *root;
    const crm_xlsx_handler_t *handler;
    void *baton;
    XML_Parser parser;
    crm_error_t *error;
    const char *prefix; /* of the outermost element, with its colon, or "" */
    apr_size_t prefix_size;
    const char *reference; /* prefix of relationships, with its colon; or NULL */
    int depth;
    int is_paused;
    apr_uint64_t given; /* bytes given to the parser */
};

/* NAME without the prefix of the outermost element; "" when it has not just that. */
static const char *local_name(const crm_xlsx_xml_t *xml, const char *name)
{
    if (xml->prefix_size == 0) {
        return strchr(name, ':') ? "" : name;
    }
    return strncmp(name, xml->prefix, xml->prefix_size) == 0 ? name + xml->prefix_size : "";
}

/* 1 when ATTRIBUTES bind PREFIX, with its colon or "", to one of NAMESPACES, else 0. */
static int binds(const char **attributes, const char *prefix, const char *const *namespaces)
{
    apr_size_t size = strlen(prefix);
    for (; attributes[0]; attributes += 2) {
        const char *name = attributes[0];
        if (strncmp(name, DECLARATION, strlen(DECLARATION)) != 0) {
            continue;
        }
        name += strlen(DECLARATION);
        int is_it = size == 0 ? *name == '\0'
                              : *name == ':' && strlen(name + 1) == size - 1 &&
                                    strncmp(name + 1, prefix, size - 1) == 0;
        for (const char *const *known = namespaces; is_it && *known; known++) {
            if (strcmp(attributes[1], *known) == 0) {
                return 1;
            }
        }
    }
    return 0;
}

/* Finds what the outermost element NAME says of prefixes. 1 when its own is of a namespace of ours.
 */
static int find_prefixes(crm_xlsx_xml_t *xml, const char *name, const char **attributes)
{
    const char *colon = strchr(name, ':');
    xml->prefix_size = colon ? (apr_size_t)(colon + 1 - name) : 0;
    xml->prefix = apr_pstrmemdup(xml->pool, name, xml->prefix_size);
    for (const char **at = attributes; at[0]; at += 2) {
        if (strncmp(at[0], DECLARATION ":", strlen(DECLARATION ":")) == 0) {
            const char *prefix = apr_pstrcat(xml->pool, at[0] + strlen(DECLARATION ":"), ":", NULL);
            xml->reference = binds(attributes, prefix, references) ? prefix : xml->reference;
        }
    }
    return binds(attributes, xml->prefix, elements);
}

void crm_xlsx_xml_fail(crm_xlsx_xml_t *xml, crm_error_t *error)
{
    if (error && !xml->error) {
        xml->error = error;
        XML_StopParser(xml->parser, XML_FALSE);
    }
}

void crm_xlsx_xml_pause(crm_xlsx_xml_t *xml)
{
    if (!xml->error) {
        XML_StopParser(xml->parser, XML_TRUE);
    }
}

static crm_error_t *bad(const crm_xlsx_xml_t *xml, const char *what)
{
    return crm_error_make(xml->pool, CRM_E_BAD_REQUEST,
                          "The part \"%s\" of the XLSX file %s (line %lu of its XML).", xml->name,
                          what, (unsigned long)XML_GetCurrentLineNumber(xml->parser));
}

static void XMLCALL on_start(void *data, const char *name, const char **attributes)
{
    crm_xlsx_xml_t *xml = data;
    if (xml->error) {
        return;
    }
    if (++xml->depth > DEPTH) {
        crm_xlsx_xml_fail(xml, bad(xml, "has too many elements within each other"));
        return;
    }
    if (xml->depth == 1 &&
        !(find_prefixes(xml, name, attributes) && strcmp(local_name(xml, name), xml->root) == 0)) {
        crm_xlsx_xml_fail(xml, bad(xml, "is not what it should be"));
        return;
    }
    if (xml->handler->start) {
        xml->handler->start(xml, xml->baton, local_name(xml, name), attributes);
    }
}

static void XMLCALL on_end(void *data, const char *name)
{
    crm_xlsx_xml_t *xml = data;
    if (xml->error) {
        return;
    }
    xml->depth--;
    if (xml->handler->end) {
        xml->handler->end(xml, xml->baton, local_name(xml, name));
    }
}

static void XMLCALL on_text(void *data, const char *text, int size)
{
    crm_xlsx_xml_t *xml = data;
    if (!xml->error) {
        xml->handler->text(xml, xml->baton, text, size);
    }
}

static void XMLCALL on_doctype(void *data, const char *name, const char *system_id,
                               const char *public_id, int has_subset)
{
    crm_xlsx_xml_t *xml = data;
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_subset;
    crm_xlsx_xml_fail(xml, bad(xml, "declares a document type or entities, which XLSX may not"));
}

static apr_status_t free_parser(void *data)
{
    XML_ParserFree(data);
    return APR_SUCCESS;
}

crm_error_t *crm_xlsx_xml_open(apr_pool_t *pool, crm_xlsx_package_t *package, const char *name,
                               const char *root, const crm_xlsx_handler_t *handler, void *baton,
                               crm_xlsx_xml_t **ret_xml)
{
    crm_xlsx_xml_t *xml = apr_pcalloc(pool, sizeof(*xml));
    xml->pool = crm_xlsx_package_pool(package);
    xml->name = apr_pstrdup(xml->pool, name);
    xml->root = root;
    xml->handler = handler;
    xml->baton = baton;
    CRM_ERR(crm_xlsx_part_open(pool, package, name, &xml->part));
    xml->parser = XML_ParserCreate(NULL);
    if (!xml->parser) {
        return crm_error_system(xml->pool, APR_ENOMEM, "an XML parser");
    }
    apr_pool_cleanup_register(pool, xml->parser, free_parser, apr_pool_cleanup_null);
    XML_SetUserData(xml->parser, xml);
    XML_SetElementHandler(xml->parser, on_start, on_end);
    XML_SetStartDoctypeDeclHandler(xml->parser, on_doctype);
    if (handler->text) {
        XML_SetCharacterDataHandler(xml->parser, on_text);
    }
    *ret_xml = xml;
    return NULL;
}

/* Gives the parser the part's next bytes. */
static crm_error_t *feed(crm_xlsx_xml_t *xml, enum XML_Status *ret_status)
{
    apr_size_t size = 0;
    void *buffer = XML_GetBuffer(xml->parser, PIECE);
    if (!buffer) {
        return crm_error_system(xml->pool, APR_ENOMEM, "a buffer for XML");
    }
    CRM_ERR(crm_xlsx_part_read(xml->part, buffer, PIECE, &size));
    xml->given += size;
    *ret_status = XML_ParseBuffer(xml->parser, (int)size, size == 0);
    return NULL;
}

crm_error_t *crm_xlsx_xml_more(crm_xlsx_xml_t *xml, int *ret_end)
{
    enum XML_Status status = XML_STATUS_OK;
    XML_ParsingStatus parsing;
    if (xml->error) {
        return xml->error;
    }
    if (xml->is_paused) {
        status = XML_ResumeParser(xml->parser);
    } else {
        CRM_ERR(feed(xml, &status));
    }
    if (xml->error) {
        return xml->error;
    }
    if (status == XML_STATUS_ERROR) {
        crm_error_t *error = bad(xml, "is not well-formed");
        return crm_error_cause(error, "expat: %s", XML_ErrorString(XML_GetErrorCode(xml->parser)));
    }
    xml->is_paused = status == XML_STATUS_SUSPENDED;
    XML_Index at = XML_GetCurrentByteIndex(xml->parser);
    if (!xml->is_paused && at >= 0 && xml->given - (apr_uint64_t)at > TOKEN) {
        return bad(xml, "has a tag or comment of more than 1 MiB");
    }
    XML_GetParsingStatus(xml->parser, &parsing);
    *ret_end = parsing.parsing == XML_FINISHED;
    return NULL;
}

crm_error_t *crm_xlsx_xml_read(apr_pool_t *pool, crm_xlsx_package_t *package, const char *name,
                               const char *root, const crm_xlsx_handler_t *handler, void *baton)
{
    apr_pool_t *own;
    crm_xlsx_xml_t *xml = NULL;
    int is_end = 0;
    if (apr_pool_create(&own, pool) != APR_SUCCESS) {
        return crm_error_system(pool, APR_ENOMEM, "a pool for XML");
    }
    crm_error_t *error = crm_xlsx_xml_open(own, package, name, root, handler, baton, &xml);
    while (!error && !is_end) {
        error = crm_xlsx_xml_more(xml, &is_end);
    }
    apr_pool_destroy(own);
    return error;
}

const char *crm_xlsx_attribute(const char **attributes, const char *name)
{
    for (; attributes[0]; attributes += 2) {
        if (strcmp(attributes[0], name) == 0) {
            return attributes[1];
        }
    }
    return NULL;
}

const char *crm_xlsx_relationship(const crm_xlsx_xml_t *xml, const char **attributes)
{
    for (const char **at = attributes; at[0]; at += 2) {
        apr_size_t size = strlen(at[0]);
        if (size < 4 || strcmp(at[0] + size - 3, ":id") != 0) {
            continue;
        }
        const char *prefix = apr_pstrmemdup(xml->pool, at[0], size - 2);
        if ((xml->reference && strcmp(prefix, xml->reference) == 0) ||
            binds(attributes, prefix, references)) {
            return at[1];
        }
    }
    return NULL;
}

apr_int64_t crm_xlsx_index(const char *text, apr_int64_t limit)
{
    apr_int64_t value = 0;
    if (!text || !*text) {
        return -1;
    }
    for (; *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (*text - '0');
        if (value > limit) {
            return -1;
        }
    }
    return *text ? -1 : value;
}

int crm_xlsx_flag(const char *text)
{
    return text && (strcmp(text, "1") == 0 || strcmp(text, "true") == 0);
}
