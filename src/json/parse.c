/* JSON text into a document: places become origins. */
#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "json/document.h"
#include "json/text.h"
#include "syntax/diag.h"

struct builder {
    struct document *document;
    const struct source *source;
    const struct token_home *home;
};

static uint32_t line_of(const struct source *source, size_t offset)
{
    uint32_t low = 0, high = source->n_lines;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (source->lines[middle] <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A token for the text of a value. */
static struct token *place(const struct builder *builder, struct span span)
{
    const struct source *source = builder->source;
    struct token *token = arena_new(builder->document->arena, struct token);
    token->text = str_slice(source->raw, span.begin - source->base, span.end - source->base);
    token->home = builder->home;
    token->line = line_of(source, span.begin - source->base);
    token->span = span;
    return token;
}

static json_t *number(const struct builder *builder, const struct json_text *text)
{
    const struct token *token = place(builder, text->span);
    struct str digits = str_dup(builder->document->arena, text->text);
    errno = 0;
    char *end;
    long long integer = strtoll(digits.ptr, &end, 10);
    if (errno == 0 && *end == '\0')
        return document_integer(builder->document, integer, token);
    return document_real(builder->document, strtod(digits.ptr, NULL), token);
}

static json_t *build(const struct builder *builder, const struct json_text *text)
{
    struct document *document = builder->document;
    json_t *value;
    switch (text->type) {
    case JSON_OBJECT:
        value = document_object(document, place(builder, text->span));
        for (const struct json_text *member = text->first; member; member = member->next)
            document_set_str(document, value, member->key, build(builder, member),
                             place(builder, member->span));
        return value;
    case JSON_ARRAY:
        value = document_array(document, place(builder, text->span));
        for (const struct json_text *item = text->first; item; item = item->next)
            document_add(document, value, build(builder, item));
        return value;
    case JSON_STRING:
        return document_string(document, text->text, place(builder, text->span));
    case JSON_INTEGER:
    case JSON_REAL:
        return number(builder, text);
    case JSON_TRUE:
    case JSON_FALSE:
        return document_bool(text->type == JSON_TRUE);
    case JSON_NULL:
    case JSON_NONE:
        break;
    }
    return document_null();
}

json_t *document_build(struct document *document, const struct source *source,
                       const struct json_text *text)
{
    struct token_home *home = arena_new(document->arena, struct token_home);
    home->file = source->path;
    struct builder builder = {document, source, home};
    return build(&builder, text);
}

json_t *document_parse(struct document *document, const struct source *source, struct diags *diags)
{
    uint32_t errors_before = diags->n_errors;
    const struct json_text *text = json_read(document->arena, source, diags);
    if (!text || diags->n_errors > errors_before)
        return NULL;
    return document_build(document, source, text);
}

bool document_is_valid(struct str text)
{
    struct arena arena = ARENA_INIT;
    struct sources sources = sources_in(&arena, NULL);
    struct diags diags = diags_in(&arena);
    const struct source *source = source_add(&sources, STR(""), text);
    bool is_valid = source && json_read(&arena, source, &diags) && diags.n_errors == 0;
    arena_free(&arena);
    return is_valid;
}
