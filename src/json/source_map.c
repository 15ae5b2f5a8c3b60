/* The source map: where each value of a document came from. */
#include "base/arena.h"
#include "json/document.h"
#include "syntax/source.h"

/* A walk that carries the JSON pointer along. */
struct mapping {
    const struct sources *sources;
    struct strbuf pointer, *out;
};

static void add_pointer_step(struct strbuf *pointer, struct str key)
{
    strbuf_add_char(pointer, '/');
    for (size_t i = 0; i < key.len; i++) {
        if (key.ptr[i] == '~')
            strbuf_puts(pointer, "~0");
        else if (key.ptr[i] == '/')
            strbuf_puts(pointer, "~1");
        else
            strbuf_add_char(pointer, key.ptr[i]);
    }
}

static void map_value(struct mapping *mapping, const json_t *value, const struct token *origin)
{
    if (!origin)
        origin = value->origin;
    if (origin) {
        struct position at = source_position(mapping->sources, origin->span.begin);
        strbuf_printf(mapping->out, STR_FMT "\t" STR_FMT ":%u:%u\n",
                      STR_ARG(strbuf_str(&mapping->pointer)), STR_ARG(at.path), at.line, at.column);
    }
    size_t len = mapping->pointer.len;
    for (void *i = json_object_iter(value); i; i = json_object_iter_next(value, i)) {
        const struct json_member *member = i;
        add_pointer_step(&mapping->pointer, str_make(member->key, member->key_len));
        map_value(mapping, member->value, json_slot_origin(value, member));
        mapping->pointer.len = len;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        strbuf_printf(&mapping->pointer, "/%zu", i);
        map_value(mapping, json_array_get(value, i), NULL);
        mapping->pointer.len = len;
    }
}

void document_write_source_map(const struct document *document, const struct sources *sources,
                               struct strbuf *out)
{
    struct mapping mapping = {.sources = sources,
                              .pointer = strbuf_in(document->arena),
                              .out = out};
    if (document->root)
        map_value(&mapping, document->root, NULL);
}
