#ifndef DIALTONE_TESTS_RANDOM_H
#define DIALTONE_TESTS_RANDOM_H

/* Numbers that are the same in every run. */
#include <stdint.h>

static uint64_t random_state = 88172645463325252u;

/* Xorshift. */
static inline uint64_t random_bits(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static inline unsigned below(unsigned n)
{
    return (unsigned)(random_bits() >> 20) % n;
}

#endif
