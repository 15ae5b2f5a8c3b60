#ifndef DIALTONE_ADAPT_UNKNOWN_H
#define DIALTONE_ADAPT_UNKNOWN_H

#include "adapt/directive.h"

/* Names that the vocabulary does not have: looked for in its reserve, reported with where they
 * could come from, or passed over where the options say so. */

/* The row of that name, out of the reserve where need be and allowed; NULL where there is none. */
const struct directive *known_directive(struct adapter *adapter, struct str name);
const struct matcher *known_matcher(struct adapter *adapter, struct str name);
const struct option *known_global(struct adapter *adapter, struct str name);
const struct option *known_module(struct adapter *adapter, const struct module_space *space,
                                  struct str name);

/* The plugins of which one is known to bring a name that was not found; NULL for none. */
const struct plugin *plugin_of_directive(const struct adapter *adapter, struct str name);
const struct plugin *plugin_of_matcher(const struct adapter *adapter, struct str name);
const struct plugin *plugin_of_global(const struct adapter *adapter, struct str name);
const struct plugin *plugin_of_module(const struct adapter *adapter,
                                      const struct module_space *space, struct str name);
/* Adds to the report of such a name what would make it known. */
void unknown_hint(struct adapter *adapter, struct diag *diag, const struct plugin *plugin);

/* Says once of each plugin that a Caddy must be built with it. <plugin> may be NULL. */
void plugin_note(struct scope *scope, const struct plugin *plugin, const struct token *token);

/* Whether unknown things are to be passed over; says so of <token> if they are. The caller then
 * goes on without it, or fails, which leaves out the statement around. */
bool passes_over(struct adapter *adapter, const struct token *token, const char *why);

/* Reading one statement that may fail for something passed over in it: then the object is as it was
 * before, and the failure is none. */
struct trial {
    const json_t *before; /* NULL: nothing is ever passed over */
    json_t *object;
};
struct trial trial_begin(struct scope *scope, json_t *object);
/* After a failure: true where it is none. */
bool trial_undo(struct scope *scope, struct trial *trial);

#endif
