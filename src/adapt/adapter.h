#ifndef DIALTONE_ADAPT_ADAPTER_H
#define DIALTONE_ADAPT_ADAPTER_H

#include "adapt/adapt.h"
#include "adapt/directive.h"

/* The state of one adaptation: what its passes share. */
struct adapter {
    struct arena *arena;
    struct diags *diags;
    const struct sources *sources;
    const struct vocabulary *vocabulary;
    struct adapt_options options;
    struct document *document;
    /* The global options read so far. Most stand under their own name; those that gather:
     *   "servers"       [{"address"?, "name"?, "server": {…}, "logs"?: {…}}, …]
     *   "log"           [{"name", "log"?}, …]
     *   "default_bind"  [{"addresses": […], "protocols"?: […]}, …]
     *   "apps"          {name: app, …}: those of plugins */
    json_t *globals;
    struct map state;         /* adapter_state */
    struct order *order;      /* adapt/order.h */
    uint32_t group_counter;   /* of routes in sites */
    struct map named_routes;  /* name → struct named_route * */
    struct map invoked;       /* names of routes that `invoke` has asked for since last taken */
    uint32_t depth;           /* see adapter_enter */
    const struct row_path *row; /* the row that is being read; NULL between them */
    bool has_passed_over;     /* the failure under way is something to skip: see adapt/unknown.h */
    struct map noted;         /* names of plugins that were mentioned */
    struct str http_port, https_port; /* set once the global options are read */
};

/* To be called around whatever the Caddyfile can nest in itself: each level copies what is in it,
 * so there is an end to it. False, after a diagnostic, where it is reached. */
bool adapter_enter(struct adapter *adapter, const struct token *token);
void adapter_leave(struct adapter *adapter);

/* The global option of that name, or NULL. */
json_t *adapter_global(const struct adapter *adapter, const char *name);
/* Its text, or empty; its integer, or <otherwise>. */
struct str adapter_global_text(const struct adapter *adapter, const char *name);
int64_t adapter_global_integer(const struct adapter *adapter, const char *name, int64_t otherwise);
/* Whether `auto_https` holds the word. */
bool adapter_auto_https(const struct adapter *adapter, const char *word);

#endif
