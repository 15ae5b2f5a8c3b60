#ifndef DIALTONE_FIX_FIX_PRIVATE_H
#define DIALTONE_FIX_FIX_PRIVATE_H

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "fix/fix.h"

struct root;

/* A file that some root reads. */
struct text {
    struct str path, original;
    struct str now;   /* with the corrections that were accepted */
    struct str trial; /* with those on trial; .ptr NULL: the same as <now> */
    bool is_given;    /* was given as text: there is no such file */
    bool may_change;
    enum layout { LAYOUT_UNKNOWN, LAYOUT_FORMATTED, LAYOUT_OWN } layout; /* of the original */
    uint32_t n_fixed;
};

static inline struct str text_current(const struct text *text)
{
    return text->trial.ptr ? text->trial : text->now;
}

/* One change; offsets in the text as it is now. */
struct edit {
    uint32_t begin, end;
    struct str text;
};

/* A correction: edits of one text that are applied together or not at all. */
struct correction {
    const struct diag_code_info *rule;
    enum fix_kind kind;
    struct text *text;
    struct edit *edits; /* in order, apart from each other */
    size_t n_edits;
    struct position place; /* of the finding */
    const struct root *broken; /* the root that it was found in, if that does not compile */
    enum correction_state {
        CORRECTION_WAITS,
        CORRECTION_CHOSEN, /* is on trial, or will be in this turn */
        CORRECTION_ACCEPTED,
        CORRECTION_REFUSED,
    } state;
    bool is_on_trial;
    enum fix_refusal_reason reason;
};

struct correction_vec {
    struct correction **at;
    size_t n, cap;
};

/* edits.c */

/* The note's edits as a correction of <text>, which <source> holds, or NULL where it cannot be
 * applied. */
struct correction *correction_of(struct arena *arena, const struct diag_note *note,
                                 const struct source *source, struct text *text);
/* By text, then by place. */
void corrections_sort(struct correction_vec *all);
bool corrections_overlap(const struct correction *a, const struct correction *b);
bool corrections_equal(const struct correction *a, const struct correction *b);
/* Bytes of the byte order mark that a text begins with: no edit touches them. */
uint32_t text_mark_size(struct str text);
/* What the corrections of <all> that are on trial or accepted make of <text>; laid out if it was
 * formatted. */
struct str text_with(struct arena *arena, struct text *text, const struct correction_vec *all);

#endif
