/* Gathers the descriptions of plugins that apply to a file: those on the command line, those of its
 * project, and the built-in ones. */
#include "plugins/plugins.h"

#include "base/suggest.h"
#include "plugins/describe.h"
#include "project/project.h"

/* <build>/gen/builtin_plugins.c, made of src/plugins/builtin.caddyfile */
extern const char builtin_plugins[];

static const char builtin_name[] = "built-in plugins";

struct gathering {
    struct reserve reserve; /* first, so that a pointer to it is one to all of this */
    struct descriptions descriptions;
    const struct vocabulary *wide; /* what the reserve gave */
    bool is_open;
};

/* The text of the built-in descriptions. */
static struct str plugins_builtin_text(void)
{
    return str_from(builtin_plugins);
}

static bool read_builtin(struct descriptions *descriptions, const struct map *wanted)
{
    const struct source *source =
        source_add(descriptions->sources, str_from(builtin_name), plugins_builtin_text());
    if (!source)
        return false;
    descriptions->is_builtin = true;
    descriptions->is_declared = wanted != NULL;
    descriptions->wanted = wanted;
    descriptions_read(descriptions, source);
    descriptions->is_builtin = false;
    descriptions->is_declared = true;
    descriptions->wanted = NULL;
    return true;
}

/* The rest of the built-in descriptions, once a name is not found. */
static const struct vocabulary *open_reserve(struct reserve *reserve)
{
    struct gathering *gathering = (struct gathering *)reserve;
    if (!gathering->is_open) {
        gathering->is_open = true;
        if (read_builtin(&gathering->descriptions, NULL))
            gathering->wide = vocabulary_extended(&gathering->descriptions, NULL);
    }
    return gathering->wide;
}

static bool read_file(struct descriptions *descriptions, const char *path,
                      const struct token *origin)
{
    int error = 0;
    const struct source *source = source_load(descriptions->sources, path, &error);
    if (source) {
        descriptions_read(descriptions, source);
        return true;
    }
    diag_token(descriptions->diags, DIAG_UNREADABLE_FILE, origin,
               "cannot read the descriptions in %s: %s", path, strerror(-error));
    return false;
}

/* The names of built-in descriptions that the project asks for must be there. */
static void check_wanted(struct descriptions *descriptions, const struct project *project)
{
    for (size_t i = 0; i < project->plugins.n; i++) {
        const struct token *word = project->plugins.at[i];
        struct suggestion suggestion = suggest_for(word->text);
        bool is_there = false;
        for (size_t k = 0; k < descriptions->seen.n; k++) {
            is_there = is_there || token_is(word, descriptions->seen.at[k]);
            suggest_try(&suggestion, str_from(descriptions->seen.at[k]));
        }
        if (is_there)
            continue;
        struct diag *diag = diag_token(descriptions->diags, DIAG_UNRESOLVED_REFERENCE, word,
                                       "there is no built-in description of a plugin '" STR_FMT "'",
                                       STR_ARG(word->text));
        if (suggestion.best.len)
            diag_help(descriptions->diags, diag, word->span, suggestion.best,
                      "did you mean '" STR_FMT "'?", STR_ARG(suggestion.best));
        else
            diag_note(descriptions->diags, diag, "describe it in a block: plugin " STR_FMT " { … }",
                      STR_ARG(word->text));
    }
}

/* What the project says of plugins. */
static void read_project(struct gathering *gathering, const struct project *project)
{
    struct descriptions *descriptions = &gathering->descriptions;
    struct arena *arena = descriptions->arena;
    for (size_t i = 0; i < project->described.n; i++) {
        struct cursor in = project->described.at[i];
        cursor_next(&in);
        description_read(descriptions, &in);
    }
    for (size_t i = 0; i < project->plugin_files.n; i++) {
        const struct token *word = project->plugin_files.at[i];
        read_file(descriptions, project_path(project, arena, word).ptr, word);
    }
    if (project->plugins.n == 0)
        return;
    struct map wanted = map_in(arena);
    for (size_t i = 0; i < project->plugins.n; i++)
        map_put(&wanted, project->plugins.at[i]->text, NULL);
    read_builtin(descriptions, &wanted);
    check_wanted(descriptions, project);
}

const struct vocabulary *plugins_vocabulary(struct sources *sources, struct diags *diags,
                                            const struct vocabulary *standard,
                                            const struct project *project,
                                            const struct plugin_settings *settings)
{
    struct arena *arena = sources->arena;
    struct gathering *gathering = arena_new(arena, struct gathering);
    uint32_t errors_before = diags->n_errors;
    bool wants_builtin = project->wants_builtin;
    gathering->descriptions = (struct descriptions){.arena = arena,
                                                    .diags = diags,
                                                    .sources = sources,
                                                    .standard = standard,
                                                    .names = map_in(arena),
                                                    .is_declared = true};
    gathering->reserve = (struct reserve){open_reserve, settings->knows_builtin};
    for (size_t i = 0; i < settings->n_files; i++) {
        if (strcmp(settings->files[i], "builtin") == 0)
            wants_builtin = true;
        else
            read_file(&gathering->descriptions, settings->files[i], NULL);
    }
    read_project(gathering, project);
    if (wants_builtin && read_builtin(&gathering->descriptions, NULL))
        gathering->is_open = true;
    const struct vocabulary *vocabulary =
        vocabulary_extended(&gathering->descriptions, wants_builtin ? NULL : &gathering->reserve);
    return diags->n_errors == errors_before ? vocabulary : NULL;
}
