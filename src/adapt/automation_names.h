#ifndef DIALTONE_ADAPT_AUTOMATION_NAMES_H
#define DIALTONE_ADAPT_AUTOMATION_NAMES_H

#include <stdbool.h>

#include "base/map.h"
#include "base/vec.h"
#include "json/value.h"

/* The names of one policy, ready to be looked for and to be found. */
struct policy_names {
    VEC(struct str) hosts; /* without ports, in lower case */
    struct map texts;      /* as they stand but in lower case; what a host is looked for among */
    size_t most_stars;     /* labels of a name that are `*`, at most */
    bool has_public, has_internal;
};

/* Labels, or parts of labels, that are `*`. */
size_t name_count_stars(struct str name);

struct policy_names *policy_names_new(struct arena *arena, const json_t *subjects, bool on_demand);
void policy_names_add(struct arena *arena, struct policy_names *names, struct str subject,
                      bool on_demand);
/* Whether the names of <a> are all among those of <b>, wildcards considered; no names are all. */
bool policy_names_are_in(struct strbuf *scratch, const struct policy_names *a,
                         const struct policy_names *b);

/* What <host> may be called by: itself, then with labels replaced by `*` from the left, as
 * subject_matches has it. */
struct name_walk {
    struct strbuf *scratch; /* holds the labels replaced so far */
    struct str host, rest;
    size_t stars, most_stars;
    bool is_begun, is_done;
};
struct name_walk name_walk(struct strbuf *scratch, struct str host, size_t most_stars);
/* The next, which is valid until the one after it; false after the last. */
bool name_walk_next(struct name_walk *walk, struct str *name);

#endif
