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
#define SEPARATOR '\n' /* between namespace and name: stands in no namespace */

#define NAMESPACE(text)                                                                            \
    {                                                                                              \
        .name = text "\n", .size = sizeof(text)                                                    \
    }

typedef struct namespace_t {
    const char *name;
    apr_size_t size; /* with the separator */
} namespace_t;

static const namespace_t elements[] = {
    NAMESPACE("http://schemas.openxmlformats.org/spreadsheetml/2006/main"),
    NAMESPACE("http://purl.oclc.org/ooxml/spreadsheetml/main"),
    NAMESPACE("http://schemas.openxmlformats.org/package/2006/relationships"),
};

static const namespace_t references[] = {
    NAMESPACE("http://schemas.openxmlformats.org/officeDocument/2006/relationships"),
    NAMESPACE("http://purl.oclc.org/ooxml/officeDocument/relationships"),
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
    int depth;
    int is_paused;
    apr_uint64_t given; /* bytes given to the parser */
};

/* What stands behind one of the COUNT namespaces in NAME, or "". */
static const char *local_name(const char *name, const namespace_t *namespaces, apr_size_t count)
{
    for (apr_size_t i = 0; i < count; i++) {
        if (strncmp(name, namespaces[i].name, namespaces[i].size) == 0) {
            return name + namespaces[i].size;
        }
    }
    return "";
}

#define ELEMENT(name) local_name(name, elements, sizeof(elements) / sizeof(elements[0]))
#define REFERENCE(name) local_name(name, references, sizeof(references) / sizeof(references[0]))

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
    const char *local = ELEMENT(name);
    if (++xml->depth > DEPTH) {
        crm_xlsx_xml_fail(xml, bad(xml, "has too many elements within each other"));
        return;
    }
    if (xml->depth == 1 && strcmp(local, xml->root) != 0) {
        crm_xlsx_xml_fail(xml, bad(xml, "is not what it should be"));
        return;
    }
    if (xml->handler->start) {
        xml->handler->start(xml, xml->baton, local, attributes);
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
        xml->handler->end(xml, xml->baton, ELEMENT(name));
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
    xml->parser = XML_ParserCreateNS(NULL, SEPARATOR);
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

const char *crm_xlsx_relationship(const char **attributes)
{
    for (; attributes[0]; attributes += 2) {
        if (strcmp(REFERENCE(attributes[0]), "id") == 0) {
            return attributes[1];
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
