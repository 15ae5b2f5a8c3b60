/* What corrections promise, tried on one case. */
#include "promises.h"

#include "lint/lint.h"
#include "pipeline.h"
#include "syntax/format.h"

static int read_case_file(void *user, struct arena *arena, const char *path, struct str *text)
{
    const struct fix_case *files = user;
    for (int i = 0; i < CASE_FILES && files->names[i]; i++) {
        const char *end = strrchr(path, '/');
        if (strcmp(end ? end + 1 : path, files->names[i]) == 0) {
            *text = str_dup(arena, files->texts[i]);
            return 0;
        }
    }
    return -2; /* ENOENT */
}

static const char *case_variable(void *user, const char *name)
{
    return ((const struct fix_case *)user)->get_env(name);
}

static bool ready(void *user, struct pipeline *pipeline)
{
    (void)user, (void)pipeline;
    return true;
}

static void adapt_and_lint(void *user, struct pipeline *pipeline)
{
    (void)user;
    struct lint_settings settings = {.profile = PROFILE_STRICT};
    pipeline_adapt(pipeline, (struct adapt_options){0});
    lint_run(pipeline, &settings);
}

struct compiled {
    bool compiles;
    uint32_t n_errors;
    struct str json;
};

static struct compiled compile_case(struct arena *arena, struct fix_case *files, bool assumes_values)
{
    struct source_hooks hooks = {.user = files, .read_file = read_case_file, .get_env = case_variable};
    struct pipeline pipeline;
    struct compiled compiled = {0};
    pipeline_init(&pipeline, &hooks);
    pipeline.sources.assumes_values = assumes_values;
    if (pipeline_load(&pipeline, files->names[0]) == 0) {
        adapt_and_lint(NULL, &pipeline);
        compiled.compiles = pipeline.document.root != NULL;
        compiled.n_errors = pipeline.diags.n_errors;
    }
    if (compiled.compiles) {
        struct strbuf json = strbuf_in(arena);
        pipeline_write(&pipeline, false, &json);
        compiled.json = strbuf_str(&json);
    }
    pipeline_free(&pipeline);
    return compiled;
}

/* <files> with its texts corrected. */
static struct fix_case correct(struct arena *arena, struct fix_case *files, enum fix_kind least,
                               struct fix_result *result)
{
    struct source_hooks hooks = {.user = files, .read_file = read_case_file, .get_env = case_variable};
    struct fix_request request = {
        .hooks = &hooks, .least = least, .assumes_values = true, .user = files, .prepare = ready,
        .check = adapt_and_lint};
    struct fix_root root = {.path = files->names[0]};
    fix_run(arena, &request, &root, 1, result);
    struct fix_case corrected = *files;
    for (const struct fix_file *file = result->files; file; file = file->next)
        for (int i = 0; i < CASE_FILES && files->names[i]; i++)
            if (str_has_suffix(file->path, str_from(files->names[i])))
                corrected.texts[i] = file->after;
    return corrected;
}

/* Whether all lines end as on Windows, and there are some. */
static bool is_of_windows(struct str text)
{
    bool found = false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '\n') {
            if (!i || text.ptr[i - 1] != '\r')
                return false;
            found = true;
        }
    return found;
}

static bool is_formatted(struct arena *arena, struct str text)
{
    struct str formatted;
    return format_caddyfile(arena, text, &formatted) != FORMAT_REFUSED && str_eq(text, formatted);
}

static const char *broken_layout(struct arena *arena, struct str before, struct str after)
{
    static const struct str mark = STR_INIT("\xef\xbb\xbf");
    if (str_eq(before, after))
        return NULL;
    if (is_of_windows(before) && !is_of_windows(after) && str_contains(after, STR("\n")))
        return "the line ends are not what they were";
    if (is_formatted(arena, before) && !is_formatted(arena, after))
        return "a formatted file is formatted no longer";
    if (str_has_prefix(before, mark) != str_has_prefix(after, mark))
        return "the byte order mark comes or goes";
    return NULL;
}

/* With variables as they are, or with values where there are none: errors are those of the latter. */
static const char *broken_meaning(struct arena *arena, struct fix_case *before, struct fix_case *after,
                                  enum fix_kind least, bool assumes_values, bool is_changed)
{
    struct compiled was = compile_case(arena, before, assumes_values);
    struct compiled is = compile_case(arena, after, assumes_values);
    if (was.compiles && !is.compiles)
        return "it does not compile any more";
    if (assumes_values && is.n_errors > was.n_errors)
        return "there are more errors";
    if (least == FIX_SAFE && was.compiles && !str_eq(was.json, is.json))
        return "the JSON is another";
    if (assumes_values && !was.compiles && is_changed && is.n_errors == was.n_errors)
        return "a file with errors was changed, and has as many as before";
    return NULL;
}

const char *broken_promise(struct arena *arena, const struct fix_case *before, enum fix_kind least,
                           struct fix_case *corrected, struct fix_result *result)
{
    struct fix_case first = *before;
    struct fix_result again;
    *corrected = correct(arena, &first, least, result);
    bool is_changed = false;
    for (int i = 0; i < CASE_FILES && before->names[i]; i++) {
        const char *broken = broken_layout(arena, before->texts[i], corrected->texts[i]);
        if (broken)
            return broken;
        is_changed |= !str_eq(before->texts[i], corrected->texts[i]);
    }
    if (is_changed != (result->n_fixed > 0))
        return is_changed ? "nothing is counted, but there are changes"
                          : "corrections are counted, but nothing has changed";
    const char *broken = broken_meaning(arena, &first, corrected, least, true, is_changed);
    if (!broken)
        broken = broken_meaning(arena, &first, corrected, least, false, is_changed);
    if (broken)
        return broken;
    struct fix_case twice = correct(arena, corrected, least, &again);
    for (int i = 0; i < CASE_FILES && before->names[i]; i++)
        if (!str_eq(twice.texts[i], corrected->texts[i]))
            return "doing it again changes something";
    return NULL;
}
