#ifndef DIALTONE_PIPELINE_H
#define DIALTONE_PIPELINE_H

#include "adapt/adapt.h"
#include "base/arena.h"
#include "dialtone/tables.h"
#include "json/document.h"
#include "plugins/plugins.h"
#include "project/project.h"
#include "syntax/ast.h"
#include "syntax/diag.h"
#include "syntax/source.h"

/* A name in the file that not every Caddy 2 knows. */
struct dated_name {
    struct str name;
    const char *since; /* the version that brought it */
    struct span span;
    const struct import_chain *via;
    const char *around[4]; /* those of what it stands in, up to a NULL or as many as fit */
};

/* One run of the compiler and everything it makes: each pass reads the finished product of the one
 * before. The arena owns it all, but for the JSON, which the document owns. */
struct pipeline {
    struct arena arena;
    struct sources sources;
    struct diags diags;
    const struct source *source; /* the file that was asked for */
    struct project project;      /* what its .dialtone says; empty until asked for */
    const struct vocabulary *vocabulary; /* the language's names; Caddy's own at first */
    struct node *tree;           /* NULL for plain JSON */
    struct json_text *json;      /* NULL for a Caddyfile */
    VEC(struct dated_name) dated; /* names that pipeline_adapt came by */
    struct document document;    /* .root is NULL until, or unless, it could be made */
    struct dt_tables tables;     /* what the proxy core runs; set by pipeline_lower */
    bool is_for_core;            /* pipeline_lower was asked for them */
};

/* <hooks> may be NULL: then the file system and the process environment are read. The pipeline must
 * stay where it is: its parts point at each other. */
void pipeline_init(struct pipeline *pipeline, const struct source_hooks *hooks);
void pipeline_free(struct pipeline *pipeline);

/* Loads a file. 0, or -errno after a diagnostic. */
int pipeline_load(struct pipeline *pipeline, const char *path);
/* The same with text that is in memory and stays there. False after a diagnostic. */
bool pipeline_load_text(struct pipeline *pipeline, const char *path, struct str text);

/* Whether the loaded file is JSON, by its name or its beginning. */
bool pipeline_holds_json(const struct pipeline *pipeline);

/* Reads the project that <path> is in, if it is in one. False after a diagnostic. */
bool pipeline_read_project(struct pipeline *pipeline, struct str path);
/* Adds the names that plugins bring; where the settings say so, the loaded file's project is read
 * first. False after a diagnostic. */
bool pipeline_use_plugins(struct pipeline *pipeline, const struct plugin_settings *settings);

/* Text → tree, imports filled in. False after a diagnostic; the tree is there all the same. */
bool pipeline_parse(struct pipeline *pipeline);
/* Text → JSON document, through the tree or, for a file that holds JSON, directly. False after a
 * diagnostic. */
bool pipeline_adapt(struct pipeline *pipeline, struct adapt_options options);
/* JSON document → text, as `caddy adapt` prints it. What was JSON keeps its bytes, but for white
 * space. */
void pipeline_write(const struct pipeline *pipeline, bool pretty, struct strbuf *out);
/* The same in pieces. */
void pipeline_write_to(const struct pipeline *pipeline, bool pretty,
                       void (*sink)(void *user, struct str piece), void *user);
/* JSON document → native tables. False after a diagnostic. */
bool pipeline_lower(struct pipeline *pipeline);
/* Native tables → C source, or → stable text. */
void pipeline_emit_c(const struct pipeline *pipeline, struct strbuf *out);
void pipeline_dump(const struct pipeline *pipeline, struct strbuf *out);

#endif
