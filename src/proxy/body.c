/* The request's body in memory, for placeholders. Afterwards it is the body that handlers send on.
 */

#include "proxy/body.h"

#include "proxy/proxying.h"

enum { MAX_READ_BODY = 64 * 1024 * 1024 }; /* bytes, where nothing else limits it */

struct body_reading {
    struct strbuf data;
    bool is_too_long;
};

static bool is_being_sent(const struct transaction *tx)
{
    for (const struct proxying *run = tx->proxying; run; run = run->earlier)
        if (run->is_reading)
            return true;
    return false;
}

bool body_wait(struct transaction *tx)
{
    if (tx->body_reading || tx->replaces_body || tx->request->content_length == 0 ||
        is_being_sent(tx))
        return false;
    tx->body_reading = arena_new(tx->arena, struct body_reading);
    *tx->body_reading = (struct body_reading){.data = strbuf_in(tx->arena)};
    tx->is_reading_body = true;
    http_body_read(tx->request);
    return true;
}

void body_take(struct transaction *tx, struct str data)
{
    struct body_reading *reading = tx->body_reading;
    size_t limit = tx->max_body_bytes > 0 ? (size_t)tx->max_body_bytes : MAX_READ_BODY;
    reading->is_too_long |= reading->data.len + data.len > limit;
    if (reading->is_too_long)
        reading->data.len = 0;
    else
        strbuf_add(&reading->data, data);
}

void body_end(struct transaction *tx)
{
    struct body_reading *reading = tx->body_reading;
    tx->is_reading_body = false;
    if (!reading->is_too_long) {
        tx->body = strbuf_str(&reading->data);
        tx->replaces_body = true;
    }
    transaction_resume(tx, STEP_NEXT);
}

bool body_is_too_long(const struct transaction *tx)
{
    return tx->body_reading && tx->body_reading->is_too_long;
}

struct str body_text(const struct transaction *tx)
{
    if (body_is_too_long(tx))
        return STR("request body: http: request body too large");
    return tx->body_is_sent || !tx->replaces_body ? STR("") : tx->body;
}
