/* Which of the files in folders are only parts of others: those are seen where they are imported. */
#include <sys/stat.h>

#include "adapt/directive.h"
#include "base/arena.h"
#include "cli/find.h"
#include "syntax/import_list.h"
#include "syntax/parser.h"

/* A file and those of the list that it imports, directly or through others. */
struct importer {
    VEC(size_t) imports;
    bool is_covered; /* it is seen through another file */
    bool is_part;
};

static const struct directive *directive_named(const struct vocabulary *vocabulary, struct str name)
{
    if (str_index(name, '.') >= 0 || str_index(name, ':') >= 0)
        return NULL; /* an address; no need to look through all plugins */
    const struct directive *row = vocabulary_directive(vocabulary, name);
    const struct vocabulary *wide =
        !row && vocabulary->reserve ? vocabulary->reserve->open(vocabulary->reserve) : NULL;
    return wide ? vocabulary_directive(wide, name) : row;
}

/* Whether a file, parsed as a Caddyfile, has nothing that stands by itself: what looks like sites are
 * directives or matchers, or there are only definitions. */
static bool holds_no_site(const struct vocabulary *vocabulary, const struct node *expanded,
                          const struct node *written)
{
    bool has_definitions = false, has_lines = false;
    for (const struct node *node = written->body; node; node = node->next)
        has_definitions |= node->role == ROLE_SNIPPET || node->role == ROLE_NAMED_ROUTE;
    for (const struct node *node = expanded->body; node; node = node->next) {
        if (node->role == ROLE_GLOBAL)
            return false;
        if (node->role != ROLE_SITE)
            continue;
        struct str name = node->n_words ? node->words[0]->text : STR("");
        if (!str_has_prefix(name, STR("@")) && !directive_named(vocabulary, name))
            return false;
        has_lines = true;
    }
    return has_definitions || has_lines;
}

static bool is_named_caddyfile(struct str path)
{
    ptrdiff_t slash = str_last_index(path, '/');
    return str_is(str_slice(path, (size_t)(slash + 1), path.len), "Caddyfile");
}

static void add_import(struct arena *arena, const struct found_files *files, struct importer *into,
                       const struct source *source, size_t self)
{
    struct stat stat_of;
    if (stat(source->path.ptr, &stat_of) != 0)
        return;
    for (size_t i = 0; i < files->list.n; i++)
        if (i != self && files->list.at[i].inode == stat_of.st_ino &&
            files->list.at[i].device == stat_of.st_dev)
            vec_push(arena, &into->imports, i);
}

static void look_into(struct arena *arena, const struct invocation *invocation,
                      const struct found_files *files, size_t self, struct importer *into)
{
    const char *path = files->list.at[self].path;
    struct pipeline pipeline;
    pipeline_init(&pipeline, NULL);
    if (files->list.at[self].inode && pipeline_load(&pipeline, path) == 0 &&
        !pipeline_holds_json(&pipeline)) {
        struct diags silent = diags_in(&pipeline.arena);
        import_list_load(&pipeline.arena, &pipeline.sources, &silent, pipeline.source);
        for (uint32_t i = 1; i < pipeline.sources.n; i++)
            add_import(arena, files, into, pipeline.sources.at[i], self);
        if (load_plugins(&pipeline, invocation, true) == STATUS_FINE && files->list.at[self].is_in_folder &&
            !is_named_caddyfile(str_from(path)))
            into->is_part = holds_no_site(
                pipeline.vocabulary,
                parse_caddyfile(&pipeline.arena, &pipeline.sources, &silent, pipeline.source, true),
                parse_caddyfile(&pipeline.arena, &pipeline.sources, &silent, pipeline.source,
                                false));
    }
    pipeline_free(&pipeline);
}

static void cover(struct importer *importers, size_t self)
{
    for (size_t i = 0; i < importers[self].imports.n; i++)
        importers[importers[self].imports.at[i]].is_covered = true;
}

/* Files that import each other cover each other: the first of such a circle is looked at. */
static void cover_all(struct arena *arena, struct importer *importers, size_t n)
{
    bool *is_imported = arena_array(arena, bool, n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < importers[i].imports.n; k++)
            is_imported[importers[i].imports.at[k]] = true;
    for (size_t i = 0; i < n; i++)
        if (!is_imported[i])
            cover(importers, i);
    for (size_t i = 0; i < n; i++)
        if (is_imported[i] && !importers[i].is_covered)
            cover(importers, i);
}

void find_roots(struct arena *arena, const struct invocation *invocation, struct found_files *files)
{
    bool has_found = false;
    for (size_t i = 0; i < files->list.n; i++)
        has_found |= files->list.at[i].is_in_folder;
    if (!has_found)
        return;
    struct importer *importers = arena_array(arena, struct importer, files->list.n);
    for (size_t i = 0; i < files->list.n; i++)
        look_into(arena, invocation, files, i, &importers[i]);
    cover_all(arena, importers, files->list.n);
    size_t n = 0;
    for (size_t i = 0; i < files->list.n; i++) {
        struct found_file file = files->list.at[i];
        file.is_part = importers[i].is_part;
        if (!file.is_in_folder || !importers[i].is_covered)
            files->list.at[n++] = file;
    }
    files->list.n = n;
}
