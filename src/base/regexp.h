#ifndef DIALTONE_BASE_REGEXP_H
#define DIALTONE_BASE_REGEXP_H

#include "base/str.h"

struct arena;

/* Regular expressions as Go compiles them (RE2): only their syntax. */
enum regexp_result {
    REGEXP_OK,
    REGEXP_BAD_UTF8,
    REGEXP_MISSING_PAREN,
    REGEXP_UNEXPECTED_PAREN,
    REGEXP_MISSING_BRACKET,
    REGEXP_BAD_CLASS_RANGE, /* [z-a], [[:foo:]], \p{} */
    REGEXP_NOTHING_TO_REPEAT,
    REGEXP_REPEATED_TWICE, /* a** */
    REGEXP_REPEAT_COUNT,   /* {2,1}, {1001} */
    REGEXP_BAD_ESCAPE,
    REGEXP_BACKREFERENCE,
    REGEXP_TRAILING_BACKSLASH,
    REGEXP_BAD_NAME,   /* of a group */
    REGEXP_LOOKAROUND, /* (?=, (?!, (?<=, (?<! */
    REGEXP_BAD_GROUP,  /* (? and something else */
    N_REGEXP_RESULTS
};
/* What is wrong, as the end of a sentence. */
const char *regexp_result_text(enum regexp_result result);

struct regexp {
    size_t at, len;    /* what is wrong */
    struct str *names; /* of groups, one-based; empty for none */
    size_t n_groups;   /* without the whole match */
};

/* <regexp> gets the place of a mistake; where there is none, the groups. */
enum regexp_result regexp_check(struct arena *arena, struct str pattern, struct regexp *regexp);

/* The pattern with "(?P<name>" for Go's "(?<name>", which older versions of RE2 do not know. */
struct str regexp_with_old_names(struct arena *arena, struct str pattern);

#endif
