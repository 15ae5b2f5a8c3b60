#ifndef DIALTONE_BASE_MAP_H
#define DIALTONE_BASE_MAP_H

#include "base/str.h"

/* Text → pointer, in an arena. Zero-initialise, set <arena>. Keys are not copied. Walks visit the
 * entries in the order they were first put. */
struct map {
    struct arena *arena;
    struct map_entry {
        struct str key;
        void *value;
    } *entries;
    uint32_t *slots; /* index + 1 into entries; 0 is free */
    size_t n, cap, n_slots;
};

static inline struct map map_in(struct arena *arena)
{
    return (struct map){.arena = arena};
}
/* The value, or NULL. */
void *map_get(const struct map *map, struct str key);
/* The entry, or NULL: tells a NULL value from none. */
struct map_entry *map_find(const struct map *map, struct str key);
/* Adds or replaces; returns the value that was there before, or NULL. */
void *map_put(struct map *map, struct str key, void *value);

#endif
