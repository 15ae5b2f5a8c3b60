#ifndef DIALTONE_JSON_DOCUMENT_H
#define DIALTONE_JSON_DOCUMENT_H

#include "json/value.h"
#include "syntax/token.h"

/* A JSON document under construction, and where in the Caddyfile each value came from.
 *
 * Everything is in the arena, so one value may stand in several places and nothing is ever released
 * by hand. Objects keep the order in which keys were first set (Go's struct order);
 * document_sorted gives Go's map order.
 *
 * Origins: a constructor takes the token a value came from (NULL: none). true, false and null have
 * no identity, so their origin is kept by slot (object and key). */
struct document {
    struct arena *arena;
    json_t *root; /* set by adapt */
};

void document_init(struct document *document, struct arena *arena);

json_t *document_object(struct document *document, const struct token *origin);
json_t *document_array(struct document *document, const struct token *origin);
/* Invalid UTF-8 becomes U+FFFD. */
json_t *document_string(struct document *document, struct str text, const struct token *origin);
json_t *document_text(struct document *document, const char *text, const struct token *origin);
json_t *document_integer(struct document *document, int64_t value, const struct token *origin);
/* NULL where the value is not finite: JSON has no word for it. */
json_t *document_real(struct document *document, double value, const struct token *origin);
json_t *document_bool(bool value); /* no origin of its own: use document_set_at */
json_t *document_null(void);

/* Sets a key that is a C string and lives as long as the document; see below. */
void document_set_key(struct document *document, json_t *object, struct str key, json_t *value,
                      const struct token *origin);

/* Sets a key, which must live as long as the document. A NULL value sets nothing: `document_set(d, o, "k", maybe)` is Go's omitempty. */
static inline void document_set(struct document *document, json_t *object, const char *key,
                                json_t *value)
{
    document_set_key(document, object, str_from(key), value, NULL);
}
/* The same, and remembers <origin> for the slot (needed for true, false and null). */
static inline void document_set_at(struct document *document, json_t *object, const char *key,
                                   json_t *value, const struct token *origin)
{
    document_set_key(document, object, str_from(key), value, origin);
}
/* The same for a key out of a Caddyfile, which may hold any byte and is copied. <origin> may be
 * NULL. */
void document_set_str(struct document *document, json_t *object, struct str key, json_t *value,
                      const struct token *origin);
void document_remove(json_t *object, const char *key);
/* Appends to an array. */
void document_add(struct document *document, json_t *array, json_t *value);
/* Puts a value before the one at <at>. */
void document_insert(struct document *document, json_t *array, size_t at, json_t *value);
/* The object or array under <key>, made (and set) where there is none yet. */
json_t *document_object_at(struct document *document, json_t *object, const char *key,
                           const struct token *origin);
json_t *document_array_at(struct document *document, json_t *object, const char *key,
                          const struct token *origin);
/* A deep copy with the same origins, so that changing it leaves the original alone. */
json_t *document_copy(struct document *document, const json_t *value);
/* The value with the keys of its objects sorted at every depth and its numbers gone through a
 * double: what Caddy's JSONModuleObject does to every module. What is sorted already is not copied,
 * so neither the result nor what was given may change any more. */
json_t *document_sorted(struct document *document, json_t *value);
/* Reorders the keys of one object to the order of the space-separated <keys>; others follow. */
void document_order(struct document *document, json_t *object, const char *keys);
/* Whether Go's omitempty would leave the value out: false, 0, "", null, [], {} or NULL. */
bool document_is_empty(const json_t *value);

/* The token a value came from: the slot, else the value, else NULL. */
const struct token *document_origin(const struct document *document, const json_t *object,
                                    const char *key, const json_t *value);
/* Sets or replaces the origin of an object, array, string or number. */
void document_set_origin(struct document *document, json_t *value, const struct token *origin);

/* Text as Go's encoding/json writes it: <, >, &, U+2028 and U+2029 escaped, floats in shortest
 * form. <pretty>: a tab per level, as `caddy adapt --pretty`. No final newline. */
struct strbuf;
void document_write(const json_t *value, bool pretty, struct strbuf *out);
/* The same in pieces, as they come. */
void document_write_to(const json_t *value, bool pretty, void (*sink)(void *user, struct str piece),
                       void *user);
/* One line per value that has an origin: JSON pointer, then file:line:column (the source map). */
struct sources;
void document_write_source_map(const struct document *document, const struct sources *sources,
                               struct strbuf *out);

/* Parses JSON text (a caddy.json): keeps key order; origins are byte positions in <source>, as
 * tokens made for the purpose. NULL after a diagnostic. */
struct diags;
struct source;
json_t *document_parse(struct document *document, const struct source *source,
                       struct diags *diags);
/* The same from text that was read without mistakes; of a key that stands twice the last counts. */
struct json_text;
json_t *document_build(struct document *document, const struct source *source,
                       const struct json_text *text);
/* Whether the text is JSON. */
bool document_is_valid(struct str text);

#endif
