/* The public face of the compiler: include/dialtone/dialtone.h over a pipeline. */
#include "dialtone/dialtone.h"

#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"
#include "pipeline.h"
#include "syntax/format.h"

struct dt_compilation {
    struct pipeline pipeline;
    VEC(struct dt_diagnostic) diagnostics;
    bool adapted;
    enum { LOWERING_TO_DO, LOWERING_DONE, LOWERING_REFUSED } lowering;
};

static const char *c_text(struct dt_compilation *compilation, struct str text)
{
    return str_dup(&compilation->pipeline.arena, text).ptr;
}

static void collect(struct dt_compilation *compilation)
{
    struct pipeline *pipeline = &compilation->pipeline;
    diags_sort(&pipeline->diags);
    compilation->diagnostics.n = 0;
    for (const struct diag *diag = pipeline->diags.first; diag; diag = diag->next) {
        const struct diag_code_info *info = diag->info;
        struct dt_diagnostic row = {.id = info->id,
                                    .name = info->name,
                                    .message = c_text(compilation, diag->message),
                                    .path = "",
                                    .severity = (enum dt_severity)diag->severity};
        if (diag->span.end) {
            struct position begin = source_position(&pipeline->sources, diag->span.begin);
            struct position end = source_position(&pipeline->sources, diag->span.end);
            row.path = c_text(compilation, begin.path);
            row.line = begin.line;
            row.column = begin.column;
            row.end_line = end.line;
            row.end_column = end.column;
        }
        vec_push(&pipeline->arena, &compilation->diagnostics, row);
    }
}

static struct dt_compilation *compile(struct dt_compilation *compilation, int load_error,
                                      const struct dt_compile_options *options, int *error)
{
    *error = -load_error;
    if (load_error) {
        dt_compilation_free(compilation);
        return NULL;
    }
    static const struct dt_compile_options standard = {0};
    if (!options)
        options = &standard;
    struct plugin_settings settings = {.files = options->plugins,
                                       .n_files = options->n_plugins,
                                       .has_project = options->use_project};
    struct adapt_options adapt_options = {.no_normalize = options->no_normalize,
                                          .skip_unknown = options->skip_unknown};
    compilation->adapted = pipeline_use_plugins(&compilation->pipeline, &settings) &&
                           pipeline_adapt(&compilation->pipeline, adapt_options);
    collect(compilation);
    return compilation;
}

static struct dt_compilation *compilation_new(void)
{
    struct dt_compilation *compilation = calloc(1, sizeof(*compilation));
    if (!compilation)
        arena_exhausted();
    pipeline_init(&compilation->pipeline, NULL);
    return compilation;
}

struct dt_compilation *dt_compile_file(const char *path, const struct dt_compile_options *options,
                                       int *error)
{
    struct dt_compilation *compilation = compilation_new();
    return compile(compilation, pipeline_load(&compilation->pipeline, path), options, error);
}

struct dt_compilation *dt_compile_text(const char *name, const char *text, size_t len,
                                       const struct dt_compile_options *options, int *error)
{
    struct dt_compilation *compilation = compilation_new();
    struct str copy = str_dup(&compilation->pipeline.arena, str_make(text, len));
    bool loaded = pipeline_load_text(&compilation->pipeline, name, copy);
    return compile(compilation, loaded ? 0 : -EFBIG, options, error);
}

void dt_compilation_free(struct dt_compilation *compilation)
{
    if (!compilation)
        return;
    pipeline_free(&compilation->pipeline);
    free(compilation);
}

const struct dt_diagnostic *dt_diagnostic_at(const struct dt_compilation *compilation, size_t i)
{
    return i < compilation->diagnostics.n ? &compilation->diagnostics.at[i] : NULL;
}

const char *dt_json(struct dt_compilation *compilation, bool pretty)
{
    if (!compilation->adapted)
        return NULL;
    struct strbuf out = strbuf_in(&compilation->pipeline.arena);
    pipeline_write(&compilation->pipeline, pretty, &out);
    return strbuf_cstr(&out);
}

const char *dt_emit_c(struct dt_compilation *compilation)
{
    if (compilation->adapted && compilation->lowering == LOWERING_TO_DO) {
        compilation->lowering =
            pipeline_lower(&compilation->pipeline) ? LOWERING_DONE : LOWERING_REFUSED;
        collect(compilation);
    }
    if (compilation->lowering != LOWERING_DONE)
        return NULL;
    struct strbuf out = strbuf_in(&compilation->pipeline.arena);
    pipeline_emit_c(&compilation->pipeline, &out);
    return strbuf_cstr(&out);
}

char *dt_format(const char *text, size_t len, size_t *formatted_len)
{
    struct arena arena = ARENA_INIT;
    struct str formatted;
    char *copy = NULL;
    *formatted_len = 0;
    if (format_caddyfile(&arena, str_make(text, len), &formatted) != FORMAT_REFUSED) {
        copy = malloc(formatted.len + 1);
        if (!copy)
            abort();
        memcpy(copy, formatted.ptr, formatted.len);
        copy[formatted.len] = '\0';
        *formatted_len = formatted.len;
    }
    arena_free(&arena);
    return copy;
}
