/* Media types by extension. Caddy asks Go, and Go asks the system: so that a file has the same type
 * from both, so does this. */

#include "proxy/media_type.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

static const struct {
    struct str extension, type;
} known_types[] = {
    {STR_INIT(".avif"), STR_INIT("image/avif")},
    {STR_INIT(".css"), STR_INIT("text/css; charset=utf-8")},
    {STR_INIT(".gif"), STR_INIT("image/gif")},
    {STR_INIT(".htm"), STR_INIT("text/html; charset=utf-8")},
    {STR_INIT(".html"), STR_INIT("text/html; charset=utf-8")},
    {STR_INIT(".jpeg"), STR_INIT("image/jpeg")},
    {STR_INIT(".jpg"), STR_INIT("image/jpeg")},
    {STR_INIT(".js"), STR_INIT("text/javascript; charset=utf-8")},
    {STR_INIT(".json"), STR_INIT("application/json")},
    {STR_INIT(".mjs"), STR_INIT("text/javascript; charset=utf-8")},
    {STR_INIT(".pdf"), STR_INIT("application/pdf")},
    {STR_INIT(".png"), STR_INIT("image/png")},
    {STR_INIT(".svg"), STR_INIT("image/svg+xml")},
    {STR_INIT(".wasm"), STR_INIT("application/wasm")},
    {STR_INIT(".webp"), STR_INIT("image/webp")},
    {STR_INIT(".xml"), STR_INIT("text/xml; charset=utf-8")},
};

static void add_type(struct map *types, struct str extension, struct str type)
{
    bool is_text = str_has_prefix(type, STR("text/")) && !str_contains(type, STR("charset"));
    if (map_find(types, extension))
        return;
    struct str *value = arena_new(types->arena, struct str);
    *value = str_printf(types->arena, STR_FMT "%s", STR_ARG(type),
                        is_text ? "; charset=utf-8" : "");
    map_put(types, str_dup(types->arena, extension), value);
}

/* "50:text/plain:*.txt" */
static void read_glob_line(struct map *types, struct str line)
{
    struct str weight, type, glob, rest;
    if (!str_cut(line, STR(":"), &weight, &rest) || weight.len == 0 || line.ptr[0] == '#' ||
        !str_cut(rest, STR(":"), &type, &rest))
        return;
    str_cut(rest, STR(":"), &glob, &rest);
    if (glob.len < 3 || !str_has_prefix(glob, STR("*.")))
        return;
    struct str extension = str_slice(glob, 1, glob.len);
    for (size_t i = 0; i < extension.len; i++)
        if (strchr("?*[", extension.ptr[i]))
            return;
    add_type(types, extension, type);
}

/* "text/plain  txt text" */
static void read_type_line(struct map *types, struct str line)
{
    struct str type = {0}, rest = line;
    for (bool is_first = true; rest.len > 0; is_first = false) {
        size_t end = 0;
        rest = str_trim(rest);
        while (end < rest.len && rest.ptr[end] != ' ' && rest.ptr[end] != '\t')
            end++;
        struct str word = str_slice(rest, 0, end);
        if (word.len == 0 || word.ptr[0] == '#')
            return;
        if (is_first)
            type = word;
        else
            add_type(types, STR_JOIN(types->arena, STR("."), word), type);
        rest = str_slice(rest, end, rest.len);
    }
}

static bool read_file(struct map *types, const char *path,
                      void (*read_line)(struct map *types, struct str line))
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    if (!file)
        return false;
    while ((len = getline(&line, &cap, file)) > 0)
        read_line(types, str_trim(str_make(line, (size_t)len)));
    free(line);
    fclose(file);
    return true;
}

void media_types_load(struct map *types)
{
    static const char *const globs[] = {"/usr/local/share/mime/globs2", "/usr/share/mime/globs2"};
    static const char *const lists[] = {"/etc/mime.types", "/etc/apache2/mime.types",
                                        "/etc/apache/mime.types", "/etc/httpd/conf/mime.types"};
    for (size_t i = 0; i < sizeof(known_types) / sizeof(known_types[0]); i++)
        add_type(types, known_types[i].extension, known_types[i].type);
    for (size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++)
        if (read_file(types, globs[i], read_glob_line))
            return;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        read_file(types, lists[i], read_type_line);
}

struct str media_type_of(const struct map *types, struct str file, struct arena *arena)
{
    struct str name = str_slice(file, (size_t)(str_last_index(file, '/') + 1), file.len);
    ptrdiff_t dot = str_last_index(name, '.');
    if (dot < 0)
        return STR("");
    struct str extension = str_slice(name, (size_t)dot, name.len);
    const struct str *type = map_get(types, extension);
    if (!type)
        type = map_get(types, str_lower(arena, extension));
    return type ? *type : STR("");
}
