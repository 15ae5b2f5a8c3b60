/* Which files a file imports: those that its expansion reads, and those that are named in places that
 * no expansion reaches. */
#include "syntax/import_list.h"

#include "base/arena.h"
#include "syntax/import_files.h"
#include "syntax/parser.h"
#include "syntax/token.h"

struct listing {
    struct arena *arena;
    struct sources *sources;
    struct map loaded;   /* absolute path → anything */
    struct map snippets; /* name → anything */
    const struct source *source; /* the one that is looked through */
};

static void load(struct listing *list, struct str path)
{
    int error;
    struct str absolute = path_absolute(list->arena, path);
    if (map_get(&list->loaded, absolute))
        return;
    map_put(&list->loaded, absolute, list);
    source_load(list->sources, str_dup(list->arena, absolute).ptr, &error);
}

static void load_all(struct listing *list, struct str name)
{
    struct str pattern = path_beside(list->arena, list->source->path, name);
    ptrdiff_t slash = str_last_index(pattern, '/');
    bool has_star = str_has_prefix(str_slice(pattern, (size_t)(slash + 1), pattern.len), STR("*"));
    struct path_list files = {0};
    if (!glob_files(list->sources, pattern, &files))
        return;
    for (size_t i = 0; i < files.n; i++) {
        struct str path = files.at[i];
        /* Caddy: a * at the front does not find dotfiles */
        if (!has_star || path.ptr[str_last_index(path, '/') + 1] != '.')
            load(list, path);
    }
}

static bool note_snippet(const struct node *node, void *user)
{
    struct listing *list = user;
    struct str name = node->n_words ? node->words[0]->text : STR("");
    if (node->role == ROLE_SNIPPET && name.len > 2)
        map_put(&list->snippets, str_slice(name, 1, name.len - 1), list);
    return true;
}

static bool follow(const struct node *node, void *user)
{
    struct listing *list = user;
    if ((node->role != ROLE_IMPORT && node->role != ROLE_LINE) || node->n_words < 2 ||
        !token_is(node->words[0], "import"))
        return true;
    struct str name = node->words[1]->text;
    if (name.len && str_index(name, '{') < 0 && !map_get(&list->snippets, name))
        load_all(list, name);
    return true;
}

void import_list_load(struct arena *arena, struct sources *sources, struct diags *diags,
                      const struct source *root)
{
    parse_caddyfile(arena, sources, diags, root, true);
    for (struct diag *diag = diags->first; diag; diag = diag->next)
        if (diag->code != DIAG_UNRESOLVED_IMPORT && diag->code != DIAG_UNREADABLE_FILE &&
            diag->code != DIAG_EXPANSION_LIMIT)
            diag_set_severity(diags, diag, SEVERITY_NONE);

    struct listing list = {arena, sources, map_in(arena), map_in(arena), NULL};
    for (uint32_t i = 0; i < sources->n; i++)
        map_put(&list.loaded, path_absolute(arena, sources->at[i]->path), &list);
    for (uint32_t i = 0; i < sources->n; i++) { /* grows while it is walked */
        struct diags silent = diags_in(arena);
        list.source = sources->at[i];
        const struct node *tree = parse_caddyfile(arena, sources, &silent, list.source, false);
        node_walk(tree, note_snippet, &list);
        node_walk(tree, follow, &list);
    }
}
