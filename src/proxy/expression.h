#ifndef DIALTONE_PROXY_EXPRESSION_H
#define DIALTONE_PROXY_EXPRESSION_H

#include "base/cel_value.h"
#include "proxy/transaction.h"

/* What an expression asks of its surroundings; a request's in match_expression.c. */
struct expression_host {
    /* The value of a row of templates that is one placeholder. */
    struct cel_value (*placeholder)(void *user, uint32_t template);
    /* Whether a row of regexps matches; what a row of matchers says (a bool, or an error). */
    bool (*matches)(void *user, uint32_t regexp, struct str text);
    /* The same with a pattern that is not known before; an error where it is none. */
    struct cel_value (*matches_pattern)(void *user, struct str pattern, struct str text);
    struct cel_value (*matcher)(void *user, uint32_t matcher);
};

/* What the row of expressions gives. Everything it makes is in the arena; it gives up with an error
 * before that is more than a few megabytes or takes more than some milliseconds. */
struct cel_value expression_evaluate(const struct dt_tables *tables, struct arena *arena,
                                     const struct expression_host *host, void *user, uint32_t row);

/* ---- its functions ---- */

struct expression_call {
    struct arena *arena;
    const struct cel_value *args; /* none is an error */
    size_t n;
    uint64_t *cost; /* what was looked at or copied, in steps */
};

typedef struct cel_value expression_function(struct expression_call *call);

/* Whether the arguments are of these kinds: one letter each, 'i' int, 'u' uint, 'd' double, 's'
 * string, 'y' bytes, 'b' bool, 'l' list, 'm' map, 't' timestamp, 'D' duration, '.' anything. */
bool expression_args_are(const struct expression_call *call, const char *kinds);
/* The function of a number, or NULL. */
expression_function *expression_function_of(enum dt_function number);
/* A list sorted by <keys>, which are as many and of one kind. */
struct cel_value expression_sort(struct expression_call *call, struct cel_value list,
                                 struct cel_value keys);

/* "%s is %d".format([…]), in expression_format.c. */
struct cel_value expression_format(struct expression_call *call);

/* One row each, in the file of its idea. */
struct expression_function_row {
    enum dt_function number;
    expression_function *run;
};
extern const struct expression_function_row expression_texts[], expression_lists[],
    expression_numbers[], expression_times[]; /* a row without function ends them */

#endif
