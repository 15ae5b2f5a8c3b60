/* The file .dialtone: what a project says once for all of its Caddyfiles. A new setting is one more
 * row. */
#include "plugins/project.h"

#include <errno.h>

#include "adapt/adapter.h"
#include "base/suggest.h"
#include "directives/option_takes.h"
#include "plugins/lines.h"
#include "syntax/import_files.h"

static const char file_name[] = ".dialtone";

/* What the settings are read into. */
struct reading {
    struct project *project;
    struct descriptions *descriptions;
};

static bool setting_plugins(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object, void *state)
{
    (void)object;
    struct project *project = ((struct reading *)state)->project;
    struct token_list words = cursor_remaining(in);
    if (words.n == 0)
        return take_arity_error(in, row);
    for (size_t i = 0; i < words.n; i++) {
        if (token_is(words.at[i], "builtin"))
            project->wants_builtin = true;
        else
            vec_push(scope->arena, &project->files, words.at[i]);
    }
    return true;
}

/* Whether a block follows the name at the cursor. */
static bool has_block(const struct cursor *in)
{
    struct cursor ahead = *in;
    while (cursor_next_arg(&ahead))
        ;
    return cursor_next(&ahead) && token_is_open(cursor_token(&ahead));
}

static bool setting_plugin(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    (void)object;
    struct reading *reading = state;
    if (has_block(in))
        return description_read(reading->descriptions, in);
    struct token_list words = cursor_remaining(in);
    if (words.n == 0)
        return take_arity_error(in, row);
    for (size_t i = 0; i < words.n; i++)
        vec_push(scope->arena, &reading->project->wanted, words.at[i]);
    return true;
}

static const struct option settings[] = {
    {.name = "plugins",
     .doc = "files that describe plugins; `builtin` stands for all built-in descriptions",
     .arguments = "<file...>|builtin",
     .min_args = 1,
     .max_args = -1,
     .parse = setting_plugins},
    {.name = "plugin",
     .doc = "plugins that Caddy is built with, by built-in description; or one, described in the "
            "block",
     .arguments = "<name...>",
     .min_args = 1,
     .max_args = -1,
     .parse = setting_plugin},
    {0},
};

const struct source *project_find(struct sources *sources, struct diags *diags, struct str path)
{
    struct arena *arena = sources->arena;
    struct str at = path_beside(arena, path, str_from(file_name));
    for (;;) {
        struct str text;
        int error = source_read(sources, at.ptr, &text);
        if (error == 0) {
            const struct source *source = source_add(sources, at, text);
            if (!source)
                diag_at(diags, DIAG_UNREADABLE_FILE, (struct span){0}, NULL,
                        STR_FMT " is too large", STR_ARG(at));
            return source;
        }
        if (error != -ENOENT && error != -ENOTDIR && error != -EISDIR) {
            diag_at(diags, DIAG_UNREADABLE_FILE, (struct span){0}, NULL,
                    "cannot read " STR_FMT ": %s", STR_ARG(at), strerror(-error));
            return NULL;
        }
        ptrdiff_t slash = str_last_index(at, '/');
        struct str folder = str_slice(at, 0, slash > 0 ? (size_t)slash : 0);
        slash = str_last_index(folder, '/');
        if (slash < 0)
            return NULL;
        at = str_printf(arena, STR_FMT "/%s", STR_ARG(str_slice(folder, 0, (size_t)slash)),
                        file_name);
    }
}

bool project_read(struct project *project, struct descriptions *descriptions,
                  const struct source *source)
{
    struct reading reading = {.project = project, .descriptions = descriptions};
    struct lines_context context = {.arena = descriptions->arena,
                                    .sources = descriptions->sources,
                                    .diags = descriptions->diags,
                                    .what = "setting"};
    project->source = source;
    return lines_read(&context, source, settings, &reading);
}
