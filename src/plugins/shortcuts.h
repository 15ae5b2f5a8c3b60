#ifndef DIALTONE_PLUGINS_SHORTCUTS_H
#define DIALTONE_PLUGINS_SHORTCUTS_H

#include "adapt/directive.h"

/* Directives of plugins that stand for several routes: what a description reads is only their
 * settings, and code makes the routes of it. */
struct shortcut {
    const char *name; /* as descriptions name it */
    const char *doc;
    /* The routes, of the object that the directive's line and block were read into. */
    json_t *(*routes)(struct scope *scope, json_t *settings);
};

/* Ends with a row whose name is NULL. */
extern const struct shortcut shortcuts[];

#endif
