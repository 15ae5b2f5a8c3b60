/* map: placeholders whose values are looked up when somebody asks for them. */

#include "proxy/handlers.h"
#include "proxy/regexp.h"
#include "proxy/template.h"

/* A map that has run; in the order in which they did. */
struct active_map {
    struct active_map *next;
    const struct dt_map *map;
};

enum step handle_map(struct transaction *tx, const struct dt_handler *handler)
{
    struct active_map **last = &tx->maps;
    while (*last)
        last = &(*last)->next;
    *last = arena_new(tx->arena, struct active_map);
    (*last)->map = &tx->tables->maps[handler->row];
    return STEP_NEXT;
}

static struct str look_up(struct transaction *tx, const struct dt_map *map, uint32_t place)
{
    const struct dt_tables *tables = tx->tables;
    struct str input = template_expand(tx, map->source), out;
    for (uint32_t i = 0; i < map->mappings.n; i++) {
        const struct dt_mapping *mapping = &tables->mappings[map->mappings.first + i];
        uint32_t output = tables->numbers[mapping->outputs.first + place].value;
        if (output == DT_NONE)
            continue;
        if (mapping->regexp == DT_NONE) {
            if (str_eq(table_text(tables, mapping->input), input))
                return template_expand(tx, output);
        } else if (regexp_expand(tx, mapping->regexp, input, template_expand(tx, output), &out)) {
            return out;
        }
    }
    return place < map->defaults.n ? template_expand(tx, map->defaults.first + place) : STR("");
}

bool map_value(struct transaction *tx, uint32_t mapped, struct str *out)
{
    for (const struct active_map *active = tx->maps; active; active = active->next) {
        struct dt_range names = active->map->names;
        for (uint32_t i = 0; i < names.n; i++) {
            if (tx->tables->numbers[names.first + i].value != mapped)
                continue;
            *out = look_up(tx, active->map, i);
            return true;
        }
    }
    return false;
}
