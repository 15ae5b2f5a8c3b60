#ifndef DIALTONE_FIX_FIX_H
#define DIALTONE_FIX_FIX_H

#include <stdbool.h>
#include <stdint.h>

#include "syntax/diag.h"
#include "syntax/source.h"

struct arena;
struct pipeline;

/* Applies the corrections that findings carry, until there is none left to apply. Nothing is written:
 * the result is texts. Each correction is proven by compiling without it and with it: a safe one
 * must leave the adapted JSON as it is, byte for byte (with zones normalized); an unsafe one must
 * leave a file that compiles, and no more errors than there were. One that fails is left out, and the
 * others stay. */

/* A configuration to correct, with all that it imports. */
struct fix_root {
    const char *path;
    struct str text; /* .ptr NULL: what is at <path> */
};

struct fix_request {
    const struct source_hooks *hooks; /* where files come from; NULL: the file system */
    enum fix_kind least;              /* FIX_SAFE, or FIX_UNSAFE: these too */
    bool assumes_values; /* look for findings with values for variables that nobody has set, as in struct
                            sources; corrections must hold without them, too */
    void *user;
    /* Readies the pipeline, whose file is loaded, up to where imports are followed (plugins, project);
     * false where it cannot. */
    bool (*prepare)(void *user, struct pipeline *pipeline);
    /* Adapts, with zones normalized, and runs the rules. */
    void (*check)(void *user, struct pipeline *pipeline);
    /* Whether a file may be changed; NULL: all may. */
    bool (*may_change)(void *user, const char *path);
};

/* A file with corrections; of a root that was given as text, even without any. */
struct fix_file {
    struct fix_file *next;
    struct str path; /* as it was named, or as the import found it */
    struct str before, after;
    uint32_t n_fixed;
    bool is_text; /* was given as text */
};

enum fix_refusal_reason {
    REFUSED_CHANGES,  /* Caddy would make something else of the file */
    REFUSED_ERRORS,   /* it would bring errors, or take none away */
    REFUSED_ENDLESS,  /* it, or others like it, would be applied again and again */
    REFUSED_TOO_MANY, /* there was no time to prove it */
    REFUSED_FILE,     /* the file may not be changed */
};

/* A correction that was left out. */
struct fix_refusal {
    struct fix_refusal *next;
    const struct diag_code_info *rule;
    struct position place; /* in the text after all others */
    enum fix_refusal_reason reason;
};

struct fix_result {
    struct fix_file *files; /* in order of loading */
    struct fix_refusal *refusals;
    uint32_t n_fixed;
};

/* All of <result> lives in the arena. */
void fix_run(struct arena *arena, const struct fix_request *request, const struct fix_root *roots,
             size_t n_roots, struct fix_result *result);

/* The first correction of a finding that is at least as safe as <least>, or NULL. */
const struct diag_note *fix_of(const struct diag *diag, enum fix_kind least);
/* The reason in words, to stand behind "the correction of DT903 is left out: ". */
const char *fix_refusal_text(enum fix_refusal_reason reason);

#endif
