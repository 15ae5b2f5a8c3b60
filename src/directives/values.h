#ifndef DIALTONE_DIRECTIVES_VALUES_H
#define DIALTONE_DIRECTIVES_VALUES_H

#include "adapt/directive.h"

/* Tokens as JSON values, the way Caddy's structs print them. */

/* Sets the key, or takes it away where the value is empty (Go's omitempty). */
void value_set(struct scope *scope, json_t *object, const char *key, json_t *value,
               const struct token *origin);
/* The text of a token; NULL gives "". */
json_t *value_string(struct scope *scope, const struct token *token);
/* A list of texts; empty for none. */
json_t *value_texts(struct scope *scope, struct token_list list, const struct token *origin);
/* The same with Caddy's WeakString: integers and booleans print as such, and only "" is empty. */
void value_set_weak(struct scope *scope, json_t *object, const char *key,
                    const struct token *token);
/* The unquoted token as integer, number or boolean where it reads as one, else its text. NULL for
 * an infinity or NaN, which JSON has no word for. */
json_t *value_scalar(struct scope *scope, const struct token *token);

/* Reports a bad value at the current token, saying what it should be; false. */
bool value_refuse(struct cursor *in, const struct token *token, const char *expected);
/* The same where only certain words are legal ("a|b|c"), or the names of rows: lists them, and
 * offers the nearest. */
bool value_refuse_word(struct cursor *in, const struct token *token, const char *words);
bool value_refuse_name(struct cursor *in, const struct token *token, const struct option *rows);

/* Option functions for rows (struct option, .parse). Values are read by the row's type, checked
 * against its words, put under its key, and left out where empty. */

/* One argument. What follows on the line is read as the next option, as Caddy does. */
bool option_one(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
                void *state);
/* One argument and no more. */
bool option_only_one(struct scope *scope, struct cursor *in, const struct option *row,
                     json_t *object, void *state);
/* Presence is true; what follows on the line is read as the next option. */
bool option_flag(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
                 void *state);
/* Presence is true, and no argument may follow. */
bool option_lone_flag(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *object, void *state);
/* Presence is false under the key, and no argument may follow. */
bool option_lone_false(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state);
/* All arguments, at least min_args; replaces what an earlier line gave. */
bool option_list(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
                 void *state);
/* The same, added to what an earlier line gave. */
bool option_more(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
                 void *state);

#endif
