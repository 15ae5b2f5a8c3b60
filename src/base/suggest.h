#ifndef DIALTONE_BASE_SUGGEST_H
#define DIALTONE_BASE_SUGGEST_H

#include "base/str.h"

/* "Did you mean": feed every legal name, then ask for the nearest. A name is offered only when it
 * is near enough to be a slip (a third of the letters, swapped neighbours counting as one). */
struct suggestion {
    struct str wanted;   /* what the user wrote */
    struct str best;     /* empty while nothing is near enough */
    size_t best_distance;
};

static inline struct suggestion suggest_for(struct str wanted)
{
    return (struct suggestion){.wanted = wanted, .best_distance = (size_t)-1};
}
void suggest_try(struct suggestion *suggestion, struct str name);

#endif
