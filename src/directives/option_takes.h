#ifndef DIALTONE_DIRECTIVES_OPTION_TAKES_H
#define DIALTONE_DIRECTIVES_OPTION_TAKES_H

#include "adapt/directive.h"

/* Functions for the <parse> column of option rows, where how many arguments Caddy takes and what it
 * does with more of them matters. Each writes to <row>'s key, whose dots descend, and leaves a zero
 * value out as Go's omitempty does; objects on the way are made all the same.
 *
 * "next": one argument; more of them on the line are read as the block's next option.
 * "only": exactly one argument. */
typedef bool option_take(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state);

option_take take_flag;             /* no argument */
option_take take_loose_flag;       /* whatever follows is left alone */
option_take take_next_string;
option_take take_only_string;
option_take take_next_integer;
option_take take_next_duration;
/* The same; Caddy gives a mistake in it no place but the end of the block around. */
option_take take_unplaced_duration;
option_take take_only_duration;
option_take take_only_size;
option_take take_strings;          /* at least min_args; a repetition replaces */
option_take take_more_strings;     /* the same; a repetition appends */
option_take take_external_account; /* two arguments: "key_id" and "mac_key" of an object */
option_take take_block;            /* options of row->block into an object under <key>, kept */

/* Reports too few or too many arguments at the cursor, with the row's usage; false. */
bool take_arity_error(struct cursor *in, const struct option *row);
/* Reports a word that is not in the NULL-terminated list of <what> ("curves"), with the nearest that
 * is; false. */
bool word_refuse(struct cursor *in, const struct token *word, const char *const *known,
                 const char *what);
bool word_is_known(const struct token *word, const char *const *known);

/* Sets the value at the end of a dotted key, making the objects before it. An empty value removes
 * what was there. */
void option_set(struct scope *scope, json_t *object, const char *key, json_t *value,
                const struct token *origin);
/* An array of strings, one for each token. */
json_t *strings_from(struct scope *scope, struct token_list tokens);
/* Whether anything but the two braces was in the block that options_parse read from <before> (the
 * cursor's position then): Caddy takes an empty block for none. */
static inline bool block_had_options(const struct cursor *in, ptrdiff_t before)
{
    return in->at - before > 2;
}

/* A module chosen by name: `issuer acme …`. The cursor stands on the module's name; its segment is
 * handed to the row's parse function with a fresh object that holds the name; without a function,
 * what follows the name is not the module's. NULL after a diagnostic, as always where only plugins
 * bring modules of this kind. */
json_t *module_take(struct scope *scope, struct cursor *in, const struct module_space *space);
/* The same, with what the rows' functions are given as <state>. */
json_t *module_take_with(struct scope *scope, struct cursor *in, const struct module_space *space,
                         void *state);
/* The row of the module whose name the cursor stands on, plugins considered; NULL after a
 * diagnostic. */
const struct option *module_row(struct scope *scope, struct cursor *in,
                                const struct module_space *space);

#endif
