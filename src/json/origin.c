/* Where values came from: JSON value, or slot of an object, → token. */
#include "base/arena.h"
#include "base/map.h"
#include "json/document_private.h"

struct origins {
    struct map tokens; /* key: the value's pointer, followed for a slot by its key */
};

struct origins *origins_new(struct arena *arena)
{
    struct origins *origins = arena_new(arena, struct origins);
    origins->tokens = map_in(arena);
    return origins;
}

/* The map's key for a value, or for one slot of an object. */
static struct str identity(struct strbuf *buf, const json_t *value, struct str key)
{
    strbuf_add(buf, str_make((const char *)&value, sizeof(value)));
    strbuf_add(buf, key);
    return strbuf_str(buf);
}

static const struct token *find(const struct document *document, const json_t *value,
                                struct str key)
{
    if (!value || !document->origins)
        return NULL;
    if (key.len == 0)
        return map_get(&document->origins->tokens, str_make((const char *)&value, sizeof(value)));
    struct strbuf buf = strbuf_in(document->arena);
    return map_get(&document->origins->tokens, identity(&buf, value, key));
}

static void put(struct document *document, const json_t *value, struct str key,
                const struct token *origin)
{
    struct strbuf buf = strbuf_in(document->arena);
    map_put(&document->origins->tokens, identity(&buf, value, key), (void *)origin);
}

void origins_set_slot(struct document *document, const json_t *object, struct str key,
                      const struct token *origin)
{
    put(document, object, key, origin);
}

void origins_copy_slots(struct document *document, const json_t *from, const json_t *to)
{
    json_t *object = (json_t *)from;
    for (void *i = json_object_iter(object); i; i = json_object_iter_next(object, i)) {
        const json_t *value = json_object_iter_value(i);
        if (!json_is_boolean(value) && !json_is_null(value))
            continue;
        struct str key = str_make(json_object_iter_key(i), json_object_iter_key_len(i));
        const struct token *origin = find(document, from, key);
        if (origin)
            put(document, to, key, origin);
    }
}

void document_set_origin(struct document *document, const json_t *value, const struct token *origin)
{
    put(document, value, STR(""), origin);
}

const struct token *document_origin(const struct document *document, const json_t *object,
                                    const char *key, const json_t *value)
{
    if (object && key) {
        const struct token *origin = find(document, object, str_from(key));
        if (origin)
            return origin;
    }
    return find(document, value, STR(""));
}

/* The source map: a walk that carries the JSON pointer along. */
struct mapping {
    const struct document *document;
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

static void map_value(struct mapping *mapping, const json_t *parent, struct str key,
                      const json_t *value)
{
    const struct token *origin = find(mapping->document, parent, key);
    if (!origin)
        origin = find(mapping->document, value, STR(""));
    if (origin) {
        struct position at = source_position(mapping->sources, origin->span.begin);
        strbuf_printf(mapping->out, STR_FMT "\t" STR_FMT ":%u:%u\n",
                      STR_ARG(strbuf_str(&mapping->pointer)), STR_ARG(at.path), at.line, at.column);
    }
    size_t len = mapping->pointer.len;
    if (json_is_object(value)) {
        json_t *object = (json_t *)value;
        for (void *i = json_object_iter(object); i; i = json_object_iter_next(object, i)) {
            struct str name = str_make(json_object_iter_key(i), json_object_iter_key_len(i));
            add_pointer_step(&mapping->pointer, name);
            map_value(mapping, value, name, json_object_iter_value(i));
            mapping->pointer.len = len;
        }
    } else if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            strbuf_printf(&mapping->pointer, "/%zu", i);
            map_value(mapping, NULL, STR(""), json_array_get(value, i));
            mapping->pointer.len = len;
        }
    }
}

void document_write_source_map(const struct document *document, const struct sources *sources,
                               struct strbuf *out)
{
    struct mapping mapping = {.document = document,
                              .sources = sources,
                              .pointer = strbuf_in(document->arena),
                              .out = out};
    if (document->root)
        map_value(&mapping, NULL, STR(""), document->root);
}
