/* copy_response and copy_response_headers: what routes of handle_response take of the upstream's
 * answer. */

#include "base/parse.h"
#include "proxy/handlers.h"
#include "proxy/proxying.h"
#include "proxy/template.h"
#include "proxy/text.h"

static enum step outside(struct transaction *tx, const char *name)
{
    return transaction_fail(
        tx, 500,
        str_printf(tx->arena, "cannot use '%s' outside of reverse_proxy's handle_response routes",
                   name));
}

enum step handle_copy_answer(struct transaction *tx, const struct dt_handler *handler)
{
    const struct dt_copy *row = &tx->tables->copies[handler->row];
    int64_t status = row->status;
    if (!tx->handled || !tx->handled->is_held)
        return outside(tx, "copy_response");
    if (row->status_template != DT_NONE) {
        struct str text = template_expand(tx, row->status_template);
        if (parse_go_int(text, &status) != PARSE_OK || status < 200 || status > 999)
            return transaction_fail(
                tx, 500, text_not_a_number(tx->arena, text));
    }
    proxying_copy(tx->handled, (unsigned)status);
    return STEP_TAKEN;
}

static bool is_listed(struct transaction *tx, struct dt_range names,
                      const struct http_header *header)
{
    for (uint32_t i = 0; i < names.n; i++)
        if (field_is(tx->core, header, tx->tables->numbers[names.first + i].value))
            return true;
    return false;
}

enum step handle_copy_fields(struct transaction *tx, const struct dt_handler *handler)
{
    const struct dt_copy *row = &tx->tables->copies[handler->row];
    if (!tx->handled)
        return outside(tx, "copy_response_headers");
    const struct http_headers *from = &tx->handled->exchange.head.headers;
    for (uint32_t i = 0; i < from->n; i++) {
        const struct http_header *header = &from->at[i];
        if (header->id == HEADER_CONTENT_LENGTH || header->id == HEADER_TRANSFER_ENCODING ||
            (row->include.n > 0 && !is_listed(tx, row->include, header)) ||
            is_listed(tx, row->exclude, header))
            continue;
        headers_add_named(&tx->response, header->name, header->value);
    }
    return STEP_NEXT;
}
