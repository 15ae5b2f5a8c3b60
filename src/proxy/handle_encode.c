/* encode: chooses the coding for the answer's body. Whether it is used is decided in response.c, when
 * the answer is known. */

#include "proxy/coding.h"
#include "proxy/handlers.h"

/* A client sends back the tag that our coding made of the handler's; the handlers behind know only
 * theirs. */
static void restore_tag(struct transaction *tx, enum dt_encoding coding)
{
    const struct http_header *header = headers_find_named(&tx->headers, STR("If-None-Match"));
    struct str suffix = STR_JOIN(tx->arena, STR("-"), coding_name(coding), STR("\""));
    if (!header || str_has_prefix(header->value, STR("W/")) ||
        !str_has_suffix(header->value, suffix))
        return;
    struct str tag = STR_JOIN(tx->arena, str_slice(header->value, 0, header->value.len - suffix.len),
                              STR("\""));
    headers_set_named(transaction_own_headers(tx), STR("If-None-Match"), tag);
}

enum step handle_encode(struct transaction *tx, const struct dt_handler *handler)
{
    const struct dt_encoder *row = &tx->tables->encoders[handler->row];
    unsigned rank = CODING_FIRST;
    if (coding_is_forbidden(&tx->headers))
        return STEP_NEXT;
    enum dt_encoding coding = coding_next(tx, row->codings, &rank);
    if (coding == DT_ENCODING_NONE)
        return STEP_NEXT;
    struct deferred_work *deferred = arena_new(tx->arena, struct deferred_work);
    deferred->encoder = row;
    deferred->coding = coding;
    deferred->earlier = tx->deferred;
    tx->deferred = deferred;
    restore_tag(tx, coding);
    return STEP_NEXT;
}
