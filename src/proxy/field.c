/* Header fields named by a row of the tables' header_names: well-known ones are compared by
 * number, the others by name. */

#include "proxy/core.h"

bool field_is(const struct core *core, const struct http_header *header, uint32_t name)
{
    enum header_id id = core->header_ids[name];
    if (id != HEADER_OTHER || header->id != HEADER_OTHER)
        return header->id == id;
    return str_eq_nocase(header->name, field_name(core, name));
}

bool field_join(const struct core *core, const struct http_headers *headers, uint32_t name,
                struct str separator, struct str *out)
{
    struct strbuf joined = strbuf_in(headers->arena);
    unsigned n = 0;
    for (uint32_t i = 0; i < headers->n; i++) {
        if (!field_is(core, &headers->at[i], name))
            continue;
        if (n++ == 0) {
            *out = headers->at[i].value;
            continue;
        }
        if (n == 2)
            strbuf_add(&joined, *out);
        strbuf_add(&joined, separator);
        strbuf_add(&joined, headers->at[i].value);
        *out = strbuf_str(&joined);
    }
    return n > 0;
}

void field_remove(const struct core *core, struct http_headers *headers, uint32_t name)
{
    enum header_id id = core->header_ids[name];
    if (id != HEADER_OTHER)
        headers_remove(headers, id);
    else
        headers_remove_named(headers, field_name(core, name));
}

void field_add(const struct core *core, struct http_headers *headers, uint32_t name,
               struct str value)
{
    enum header_id id = core->header_ids[name];
    if (id != HEADER_OTHER)
        headers_add(headers, id, value);
    else
        headers_add_named(headers, field_name(core, name), value);
}
