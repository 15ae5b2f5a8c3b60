#ifndef DIALTONE_LINT_LANGUAGE_H
#define DIALTONE_LINT_LANGUAGE_H

#include "base/glob.h"

/* Patterns as sets of texts: paths, and values of headers. */

/* The texts that match one pattern at least. No pattern is PATH_ESCAPED, and none holds bytes
 * beyond ASCII. */
struct text_set {
    const struct path_pattern *patterns;
    size_t n;
};

/* Which texts there are at all. */
enum text_domain {
    TEXTS_ALL,       /* any bytes */
    TEXTS_ROOTED,    /* lower-cased clean paths from the root */
    TEXTS_PATHS,     /* and what requests without such a path have: "." for none, "*" */
    TEXTS_REWRITTEN, /* lower-cased clean paths, relative ones too: what rewriting leaves */
};

struct text_question {
    enum text_domain domain;
    const struct text_set *const *inside, *const *outside;
    size_t n_inside, n_outside;
};

/* Whether some text of the domain is in all the sets <inside> and in none of those <outside>. False
 * is certain; true is a guess where finding out takes more than <*effort>, of which what was used
 * is taken off. */
bool text_exists(const struct text_question *question, long *effort);

#endif
