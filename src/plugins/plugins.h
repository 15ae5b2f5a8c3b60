#ifndef DIALTONE_PLUGINS_PLUGINS_H
#define DIALTONE_PLUGINS_PLUGINS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena;
struct diags;
struct plugin;
struct project;
struct source;
struct sources;
struct vocabulary;

/* Which descriptions of plugins are used. */
struct plugin_settings {
    const char *const *files; /* paths, or the word `builtin` */
    size_t n_files;
    bool has_project;   /* look for .dialtone above the file that is compiled */
    bool knows_builtin; /* the built-in descriptions may be used even if nobody asks for them */
};

/* The standard vocabulary with the plugins that the settings and the project name (it may be empty).
 * NULL where there are mistakes in their descriptions, which then are reported. All of it lives in
 * the arena of <sources>. */
const struct vocabulary *plugins_vocabulary(struct sources *sources, struct diags *diags,
                                            const struct vocabulary *standard,
                                            const struct project *project,
                                            const struct plugin_settings *settings);

/* The plugin that brings the module <name> of <space> (empty for apps) as far as the vocabulary or
 * its reserve knows, and whether that description may be used; NULL where there is none. */
const struct plugin *plugins_find_module(const struct vocabulary *vocabulary, struct str space,
                                         struct str name, bool *is_usable);


#endif
