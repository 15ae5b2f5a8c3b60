#ifndef DIALTONE_NATIVE_URL_PATTERN_H
#define DIALTONE_NATIVE_URL_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena;

/* Patterns of URLs (https://urlpattern.spec.whatwg.org/), as far as requests can match them. */
enum url_component {
    URL_PROTOCOL,
    URL_USERNAME,
    URL_PASSWORD,
    URL_HOSTNAME,
    URL_PORT,
    URL_PATHNAME,
    URL_SEARCH,
    URL_HASH,
    N_URL_COMPONENTS
};

/* The expression that all of a component must match, and the names of its groups. */
struct url_component_pattern {
    struct str expression;
    struct str *groups;
    size_t n_groups;
};

/* False where <pattern> is malformed; <*problem> then says why, as the end of a sentence. <base> may
 * be empty. */
bool url_pattern_parse(struct arena *arena, struct str pattern, struct str base, bool ignores_case,
                       struct url_component_pattern out[N_URL_COMPONENTS], const char **problem);

#endif
