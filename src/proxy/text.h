#ifndef DIALTONE_PROXY_TEXT_H
#define DIALTONE_PROXY_TEXT_H

#include "base/str.h"

struct arena;

/* Values as text, spelled as Go spells them. */

/* "1m30s", "1.5ms", "0s". */
struct str text_duration(struct arena *arena, int64_t ns);
/* Nanoseconds since 1970 in the local time, and since the process began: as Go shows a time that it
 * has just read off the clock, "2006-01-02 15:04:05.999999999 -0700 MST m=+0.1". */
void text_add_time(struct strbuf *out, int64_t ns, int64_t since_start_ns);
/* Nanoseconds as seconds: "0.000123". */
void text_add_seconds(struct strbuf *out, int64_t ns);
/* The same to where there is room for TEXT_MOST_SECONDS; gives what is behind the last. */
char *text_put_seconds(char *to, int64_t ns);
/* What of that is behind the whole seconds: nothing, or a point and digits. */
char *text_put_fraction(char *to, uint32_t ns);
/* What Go says of a text that cannot be read as a number. */
struct str text_not_a_number(struct arena *arena, struct str text);
struct str text_int(struct arena *arena, int64_t value);
enum {
    TEXT_MOST_DIGITS = 32,  /* of an integer, with its sign, and what is written behind them */
    TEXT_MOST_SECONDS = 40, /* the same of seconds */
};
/* The same to where there is room for so many; gives what is behind the last. */
char *text_put_int(char *to, int64_t value);
/* In base64, with padding. */
struct str text_base64(struct arena *arena, struct str bytes);
/* A random (version 4) UUID. */
struct str text_uuid(struct arena *arena);
/* <n> characters of a-z and 2-9 without those that look alike. */
struct str text_random_id(struct arena *arena, size_t n);

/* Appends <text> as a JSON string, quotes included; bytes that are not UTF-8 become U+FFFD. */
void text_add_json(struct strbuf *out, struct str text);
/* Appends <text> with the five characters that mean something in HTML as entities, as Go does. */
void text_add_html(struct strbuf *out, struct str text);
/* True where the text is one JSON value. */
bool text_is_json(struct str text);

#endif
