/* Values that descriptions hold. */
#include "plugins/constant.h"

#include <math.h>

#include "base/arena.h"
#include "base/parse.h"
#include "syntax/diag.h"

static json_t *from_text(struct document *document, struct str text, const struct token *origin)
{
    int64_t integer;
    double real;
    if (str_is(text, "true") || str_is(text, "false"))
        return document_bool(str_is(text, "true"));
    if (str_is(text, "null"))
        return document_null();
    if (str_is(text, "[]"))
        return document_array(document, origin);
    if (parse_go_int(text, &integer) == PARSE_OK)
        return document_integer(document, integer, origin);
    if (parse_go_float(text, &real) == PARSE_OK && isfinite(real))
        return document_real(document, real, origin);
    return document_string(document, text, origin);
}

static json_t *from_json(struct document *document, struct str text)
{
    struct sources sources = sources_in(document->arena, NULL);
    struct diags diags = diags_in(document->arena);
    const struct source *source = source_add(&sources, STR(""), text);
    return source ? document_parse(document, source, &diags) : NULL;
}

/* The positions of the pieces are the word's, not those in a text of their own. */
static void set_origins(struct document *document, json_t *value, const struct token *origin)
{
    if (value)
        document_set_origin(document, value, origin);
    for (size_t i = 0; i < json_array_size(value); i++)
        set_origins(document, json_array_get(value, i), origin);
    for (size_t i = 0; i < json_object_size(value); i++) {
        const struct json_member member = value->as.members[i];
        document_set_at(document, value, member.key, member.value, origin);
        set_origins(document, member.value, origin);
    }
}

json_t *constant_value(struct document *document, const struct token *word,
                       const struct token *origin)
{
    if (word->quote == QUOTE_NONE)
        return from_text(document, word->text, origin);
    if (word->quote != QUOTE_BACKTICK)
        return document_string(document, word->text, origin);
    json_t *value = from_json(document, word->text);
    set_origins(document, value, origin);
    return value;
}
