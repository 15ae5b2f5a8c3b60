#ifndef DIALTONE_SYNTAX_FORMAT_H
#define DIALTONE_SYNTAX_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "syntax/source.h"

struct arena;

/* How a Caddyfile was formatted. */
enum format_result {
    FORMAT_REFUSED,   /* it was not: no layout was found that keeps every word */
    FORMAT_AS_CADDY,  /* the bytes of `caddy fmt` */
    FORMAT_RERUN,     /* the bytes of `caddy fmt` run over its own output until that stands still */
    FORMAT_OWN_WORDS, /* `caddy fmt` would change what the file says: laid out by the same rules, but
                         with the words that Caddy's lexer sees */
};

/* Formats <text>. The result says the same, token by token (it is compared before it is handed out),
 * and formatting it again changes nothing. <formatted> lives in the arena. */
enum format_result format_caddyfile(struct arena *arena, struct str text, struct str *formatted);

/* Whether Caddy's lexer finds the same tokens in a text and in what was made of it, on the same lines
 * but for what a formatter does around braces; both as written and with the defaults of
 * {$NAME:default} in place. */
bool format_same_tokens(struct arena *arena, struct str before, struct str after);

/* The first line, from 1, in which two texts differ; 0 where they are equal. */
uint32_t format_first_difference(struct str a, struct str b);

/* Whether formatting would change a source; <span> is then from the first difference to the end of
 * its line. Line ends of Windows do not count. */
bool format_would_change(struct arena *arena, const struct source *source, struct span *span);

#endif
