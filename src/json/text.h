#ifndef DIALTONE_JSON_TEXT_H
#define DIALTONE_JSON_TEXT_H

#include "json/value.h"
#include "syntax/source.h"

struct arena;
struct diags;

/* JSON as somebody wrote it: every value and key with its place, in the order of the text, keys
 * that stand twice included. A tree for looking at; json/document.h makes values of it. */
struct json_text {
    enum json_type
        type;   /* numbers of every kind are JSON_REAL; JSON_NONE: what could not be read */
    uint32_t n; /* members or items */
    struct span span;
    struct str text; /* of a string: its characters; of a number: as written */
    struct str key;  /* of a member */
    struct span key_span;
    struct json_text *first, *next;
};

/* Reads a whole source. What is not JSON is reported, every mistake of it, and read as what was
 * probably meant; NULL where there is no value at all. */
struct json_text *json_read(struct arena *arena, const struct source *source, struct diags *diags);

/* The member with that key; the last where there are several, as Go takes it. */
const struct json_text *json_text_member(const struct json_text *object, struct str key);
/* "a string", "an array", …; what messages call it. */
const char *json_type_name(enum json_type type);

/* The text with other white space, as Go's json.Compact and json.Indent with a tab give it: every
 * value keeps its own bytes. The text must be JSON. */
struct strbuf;
void json_reprint(struct str text, bool pretty, struct strbuf *out);

#endif
