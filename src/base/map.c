/* An array of entries in the order they came; where there are many, open addressing over it. */
#include "base/map.h"

#include "base/arena.h"

enum { HASHED_FROM = 16 }; /* entries; fewer are found by looking at each */

static size_t slot_of(const struct map *map, struct str key)
{
    size_t at = str_hash(key) & (map->n_slots - 1);
    while (map->slots[at] && !str_eq(map->entries[map->slots[at] - 1].key, key))
        at = (at + 1) & (map->n_slots - 1);
    return at;
}

struct map_entry *map_find(const struct map *map, struct str key)
{
    if (map->n_slots) {
        uint32_t index = map->slots[slot_of(map, key)];
        return index ? &map->entries[index - 1] : NULL;
    }
    for (size_t i = 0; i < map->n; i++)
        if (str_eq(map->entries[i].key, key))
            return &map->entries[i];
    return NULL;
}

void *map_get(const struct map *map, struct str key)
{
    struct map_entry *entry = map_find(map, key);
    return entry ? entry->value : NULL;
}

static void grow(struct map *map)
{
    size_t size = map->cap * sizeof(*map->entries);
    map->cap = map->cap ? map->cap * 2 : 2;
    map->entries = arena_grow(map->arena, map->entries, size, map->cap * sizeof(*map->entries));
    if (map->cap < HASHED_FROM)
        return;
    map->n_slots = map->cap * 2;
    map->slots = arena_zalloc(map->arena, map->n_slots * sizeof(*map->slots));
    for (size_t i = 0; i < map->n; i++)
        map->slots[slot_of(map, map->entries[i].key)] = (uint32_t)i + 1;
}

void *map_put(struct map *map, struct str key, void *value)
{
    struct map_entry *entry = map_find(map, key);
    if (entry) {
        void *before = entry->value;
        entry->value = value;
        return before;
    }
    if (map->n == map->cap)
        grow(map);
    map->entries[map->n] = (struct map_entry){key, value};
    if (map->n_slots)
        map->slots[slot_of(map, key)] = (uint32_t)map->n + 1;
    map->n++;
    return NULL;
}
