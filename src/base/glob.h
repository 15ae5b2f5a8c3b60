#ifndef DIALTONE_BASE_GLOB_H
#define DIALTONE_BASE_GLOB_H

#include "base/str.h"

struct arena;

/* How a pattern of Caddy's `path` matcher compares: decided by the number and place of its
 * wildcards. */
enum path_pattern_kind {
    PATH_ANY,      /* "*" */
    PATH_EXACT,    /* no wildcard */
    PATH_PREFIX,   /* one '*', at the end; <text> is without it */
    PATH_SUFFIX,   /* one '*', at the start; <text> is without it */
    PATH_CONTAINS, /* two, around <text> */
    PATH_GLOB,     /* anything else, as glob_match */
    PATH_ESCAPED,  /* holds '%': compared with the path still percent-encoded */
};

struct path_pattern {
    enum path_pattern_kind kind;
    bool keep_slashes; /* holds "//": doubled slashes of the path are not merged */
    struct str text;   /* points into the pattern */
};

/* <pattern> is compared as it is: lower-case it first. */
struct path_pattern path_pattern_parse(struct str pattern);
/* <cleaned> is the decoded, lower-cased path after path_clean; for PATH_ESCAPED the encoded one,
 * which is why that needs an arena. */
bool path_pattern_match(const struct path_pattern *pattern, struct str cleaned,
                        struct arena *arena);

/* Shell-like: '*' and '?' stop at '/', "[a-z]" and "[^a-z]" are classes, '\' quotes. A malformed
 * pattern matches nothing. */
bool glob_match(struct str pattern, struct str text);
/* The same where "**" as a part between slashes is any number of parts, none included. */
bool glob_match_deep(struct str pattern, struct str path);
/* Whether it is well formed. */
bool glob_is_valid(struct str pattern);
/* Reads the class that starts after '[' at <*at>, which moves behind its ']', and says whether <rune>
 * is in it. False where it is malformed. */
bool glob_class_read(struct str pattern, size_t *at, uint32_t rune, bool *is_in);

/* Resolves "." and "..", keeps a final slash; doubled slashes are merged unless <keep_slashes>. The
 * result is <path> itself where there is nothing to do, else in the arena. */
struct str path_clean(struct str path, bool keep_slashes, struct arena *arena);
/* True where path_clean would give back the path unchanged, whatever <keep_slashes> is. */
bool path_is_clean(struct str path);

#endif
