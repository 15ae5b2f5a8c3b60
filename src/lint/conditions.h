#ifndef DIALTONE_LINT_CONDITIONS_H
#define DIALTONE_LINT_CONDITIONS_H

#include "json/value.h"
#include "lint/language.h"

/* What requests a matcher lets through, as formulas over sets, and whether there is a request at
 * all that some let through and others do not. What is not understood may be true of any request;
 * it only has the same answer when it is asked again. */

/* What handlers can change of a request. */
enum attribute {
    ATTRIBUTE_METHOD,
    ATTRIBUTE_PATH,
    ATTRIBUTE_QUERY,
    ATTRIBUTE_HOST,
    ATTRIBUTE_HEADERS,
    ATTRIBUTE_PROTOCOL,
    ATTRIBUTE_REMOTE,
    ATTRIBUTE_CLIENT,
    ATTRIBUTE_OTHER, /* variables, placeholders, the error */
    N_ATTRIBUTES
};
enum { ALL_ATTRIBUTES = (1 << N_ATTRIBUTES) - 1 };

enum condition_kind {
    CONDITION_TRUE,
    CONDITION_FALSE,
    CONDITION_ALL, /* of <parts> */
    CONDITION_ANY,
    CONDITION_NOT, /* the one part */
    CONDITION_HOST,
    CONDITION_PATH,
    CONDITION_METHOD,
    CONDITION_PROTOCOL,
    CONDITION_REMOTE,
    CONDITION_CLIENT,
    CONDITION_HEADER,         /* some value of <name> is in <texts> */
    CONDITION_HEADER_PRESENT, /* <name> has a value */
    CONDITION_HEADER_ABSENT,
    CONDITION_QUERY, /* some value of <name> is in <names>, or there is one where that has "*" */
    CONDITION_QUERY_EMPTY, /* there is no parameter */
    CONDITION_OPAQUE,      /* not understood; the same as long as its attributes are */
    CONDITION_UNKNOWN,     /* not understood at all */
};

struct condition {
    enum condition_kind kind;
    unsigned attributes; /* bits 1 << enum attribute: what it and its parts look at */
    const struct condition **parts;
    size_t n_parts;
    struct str name;       /* of a field (lower case), a parameter, an opaque matcher */
    struct text_set texts; /* paths, values of a field */
    struct str *names;     /* hosts (lower case), methods, values of a parameter */
    size_t n_names;
    struct map *exact;  /* hosts without '*', where there are many */
    unsigned protocols; /* bits, see conditions.c */
    struct range *ranges;
    size_t n_ranges;
    const json_t *value; /* OPAQUE */
};

/* The formula of a route's "match" (NULL: all requests). */
const struct condition *condition_of_match(struct arena *arena, const json_t *match);
/* The same as if all files existed, or none, whatever the matchers for them ask. */
const struct condition *condition_of_match_but_files(struct arena *arena, const json_t *match);
/* Both at once. */
const struct condition *condition_and(struct arena *arena, const struct condition *a,
                                      const struct condition *b);
/* One path, spelled out. */
const struct condition *condition_of_path(struct arena *arena, struct str path);

/* Something that is known of requests. */
struct fact {
    const struct condition *condition;
    bool is_false;  /* the condition does not hold */
    uint32_t since; /* when it was found out: what an attribute was after <changed> says nothing */
};

struct request_question {
    const struct fact *const *facts;
    size_t n_facts;
    const uint32_t *changed; /* [N_ATTRIBUTES]: when each was changed last; 0 for never */
    bool only_rooted;        /* leave out requests whose path does not start with '/' */
    bool any_path;           /* paths may be relative from the start */
};

/* Whether some request fits all the facts. False is certain; true may be a guess, as text_exists.
 */
bool request_exists(struct arena *scratch, const struct request_question *question, long *effort);

#endif
