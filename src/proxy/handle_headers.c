/* headers: changes to the fields of the request, and of the response at once or when its head is
 * sent. The same operations serve reverse_proxy's header_up and header_down. */

#include "proxy/handlers.h"
#include "proxy/regexp.h"
#include "proxy/sendable.h"
#include "proxy/template.h"

static struct str replaced(struct transaction *tx, const struct dt_header_op *op, struct str value)
{
    struct str replacement = template_expand(tx, op->value);
    if (op->regexp != DT_NONE)
        return regexp_replace(tx, op->regexp, value, replacement);
    struct str search = template_expand(tx, op->search);
    if (search.len > 0)
        return str_contains(value, search) ? str_replace(tx->arena, value, search, replacement)
                                           : value;
    /* Go: an empty text is found between all runes. */
    struct strbuf out = strbuf_in(tx->arena);
    strbuf_add(&out, replacement);
    for (size_t i = 0, size; i < value.len; i += size) {
        utf8_decode(value, i, &size);
        strbuf_add(&out, str_slice(value, i, i + size));
        strbuf_add(&out, replacement);
    }
    return strbuf_str(&out);
}

static bool op_names(struct transaction *tx, const struct dt_header_op *op, struct str name,
                     const struct http_header *header)
{
    switch ((enum dt_header_op_kind)op->kind) {
    case DT_HEADER_DELETE_PREFIX:
        return header->name.len >= name.len &&
               str_eq_nocase(str_slice(header->name, 0, name.len), name);
    case DT_HEADER_DELETE_SUFFIX:
        return header->name.len >= name.len &&
               str_eq_nocase(str_slice(header->name, header->name.len - name.len, header->name.len),
                             name);
    case DT_HEADER_DELETE_CONTAINS:
        return str_contains(str_lower(tx->arena, header->name), name);
    case DT_HEADER_REPLACE_ALL:
    case DT_HEADER_DELETE_ALL:
        return true;
    case DT_HEADER_NONE:
    case DT_HEADER_ADD:
    case DT_HEADER_SET:
    case DT_HEADER_DELETE:
    case DT_HEADER_REPLACE:
        break;
    }
    if (op->name != DT_NONE)
        return field_is(tx->core, header, op->name);
    return str_eq_nocase(header->name, name);
}

static void remove_named(struct transaction *tx, const struct dt_header_op *op, struct str name,
                         struct http_headers *headers)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < headers->n; i++)
        if (!op_names(tx, op, name, &headers->at[i]))
            headers->at[kept++] = headers->at[i];
    headers->n = kept;
}

/* A name that is only now known may be a pattern. */
static void remove_expanded(struct transaction *tx, const struct dt_header_op *op, struct str name,
                            struct http_headers *headers)
{
    struct dt_header_op expanded = *op;
    bool starts = name.len > 0 && name.ptr[0] == '*';
    bool ends = name.len > 0 && name.ptr[name.len - 1] == '*';
    if (str_eq(name, STR("*")))
        return; /* done before all others */
    if (starts || ends) {
        name = str_lower(tx->arena, str_slice(name, starts, name.len - ends));
        expanded.kind = starts && ends ? DT_HEADER_DELETE_CONTAINS
                        : starts       ? DT_HEADER_DELETE_SUFFIX
                                       : DT_HEADER_DELETE_PREFIX;
    }
    remove_named(tx, &expanded, name, headers);
}

/* Of a request: false where nothing may be sent any more. A field of a response whose name is none
 * is left out, as in Go; its value is mended where it is written. */
static bool add(struct transaction *tx, const struct dt_header_op *op, struct str name,
                struct http_headers *headers)
{
    struct str value = template_expand(tx, op->value);
    if (op->name_template != DT_NONE && !sendable_token(name))
        return false;
    if (op->name != DT_NONE)
        field_add(tx->core, headers, op->name, value);
    else
        headers_add_named(headers, name, value);
    /* Go: a Host that cannot be sent is an empty one */
    return headers->at[headers->n - 1].id == HEADER_HOST || sendable_value(value);
}

/* False as add. */
static bool edit(struct transaction *tx, const struct dt_header_op *op,
                 struct http_headers *headers)
{
    bool is_sendable = true;
    struct str name = op->name_template != DT_NONE ? template_expand(tx, op->name_template)
                                                   : table_text(tx->tables, op->text);
    switch ((enum dt_header_op_kind)op->kind) {
    case DT_HEADER_NONE:
        break;
    case DT_HEADER_DELETE:
        if (op->name_template != DT_NONE)
            remove_expanded(tx, op, name, headers);
        else
            remove_named(tx, op, name, headers);
        break;
    case DT_HEADER_DELETE_ALL:
        if (op->name_template != DT_NONE && !str_eq(name, STR("*")))
            break;
        /* fallthrough */
    case DT_HEADER_DELETE_PREFIX:
    case DT_HEADER_DELETE_SUFFIX:
    case DT_HEADER_DELETE_CONTAINS:
        remove_named(tx, op, name, headers);
        break;
    case DT_HEADER_SET:
        remove_named(tx, op, name, headers);
        /* fallthrough */
    case DT_HEADER_ADD:
        return add(tx, op, name, headers);
    case DT_HEADER_REPLACE:
    case DT_HEADER_REPLACE_ALL:
        for (uint32_t i = 0; i < headers->n; i++) {
            struct http_header *header = &headers->at[i];
            if (!op_names(tx, op, name, header))
                continue;
            header->value = replaced(tx, op, header->value);
            is_sendable &= sendable_value(header->value);
        }
        break;
    }
    return is_sendable;
}

bool headers_edit(struct transaction *tx, struct dt_range ops, struct http_headers *headers,
                  struct str *host)
{
    bool is_sendable = true;
    /* Caddy: for the operations the Host is a field like others; the last one counts. */
    if (host && ops.n > 0)
        headers_add(headers, HEADER_HOST, *host);
    for (uint32_t i = 0; i < ops.n; i++)
        is_sendable &= edit(tx, &tx->tables->header_ops[ops.first + i], headers);
    if (!host || ops.n == 0)
        return is_sendable;
    *host = (struct str){0};
    for (uint32_t i = 0; i < headers->n; i++)
        if (headers->at[i].id == HEADER_HOST)
            *host = headers->at[i].value;
    headers_remove(headers, HEADER_HOST);
    return is_sendable;
}

enum step handle_headers(struct transaction *tx, const struct dt_handler *handler)
{
    const struct dt_header_edit *row = &tx->tables->header_edits[handler->row];
    if (row->request.n > 0) {
        struct str host = tx->host;
        bool is_sendable = headers_edit(tx, row->request, transaction_own_headers(tx), &host);
        /* Caddy: it goes into X-Forwarded-Host, too */
        tx->is_unsendable |= !is_sendable || !sendable_value(host);
        tx->host_changed |= !str_eq(host, tx->host);
        tx->host = host;
        tx->host_fits = NULL;
    }
    if (row->response.n > 0 && (row->is_deferred || row->require != DT_NONE)) {
        struct deferred_work *deferred = arena_new(tx->arena, struct deferred_work);
        deferred->edit = row;
        deferred->earlier = tx->deferred;
        tx->deferred = deferred;
    } else {
        headers_edit(tx, row->response, &tx->response, NULL);
    }
    return STEP_NEXT;
}
