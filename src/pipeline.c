/* The compiler as a line of passes: Caddyfile → tokens and tree → JSON document → native tables.
 * This is the place to start reading. */
#include "pipeline.h"

#include <string.h>

#include "adapt/cursor.h"
#include "adapt/options.h"
#include "directives/vocabulary.h"
#include "json/text.h"
#include "modules/modules.h"
#include "native/dump.h"
#include "native/emit_c.h"
#include "native/lower.h"
#include "syntax/parser.h"

void pipeline_init(struct pipeline *pipeline, const struct source_hooks *hooks)
{
    *pipeline = (struct pipeline){0};
    pipeline->sources = sources_in(&pipeline->arena, hooks);
    pipeline->diags = diags_in(&pipeline->arena);
    pipeline->vocabulary = caddy_vocabulary();
    document_init(&pipeline->document, &pipeline->arena);
}

void pipeline_free(struct pipeline *pipeline)
{
    arena_free(&pipeline->arena);
}

int pipeline_load(struct pipeline *pipeline, const char *path)
{
    int error = 0;
    pipeline->source = source_load(&pipeline->sources, path, &error);
    if (!pipeline->source)
        diag_at(&pipeline->diags, DIAG_UNREADABLE_FILE, (struct span){0}, NULL,
                "cannot read %s: %s", path, strerror(-error));
    return error;
}

bool pipeline_load_text(struct pipeline *pipeline, const char *path, struct str text)
{
    pipeline->source = source_add(&pipeline->sources, str_from(path), text);
    if (!pipeline->source)
        diag_at(&pipeline->diags, DIAG_UNREADABLE_FILE, (struct span){0}, NULL,
                "%s is too large", path);
    return pipeline->source != NULL;
}

bool pipeline_read_project(struct pipeline *pipeline, struct str path)
{
    uint32_t errors_before = pipeline->diags.n_errors;
    const struct source *source = project_find(&pipeline->sources, &pipeline->diags, path);
    pipeline->project.source = source;
    if (source)
        project_read(&pipeline->project, &pipeline->sources, &pipeline->diags, source);
    return pipeline->diags.n_errors == errors_before;
}

bool pipeline_use_plugins(struct pipeline *pipeline, const struct plugin_settings *settings)
{
    bool is_fine = !settings->has_project || pipeline_read_project(pipeline, pipeline->source->path);
    const struct vocabulary *vocabulary =
        plugins_vocabulary(&pipeline->sources, &pipeline->diags, caddy_vocabulary(),
                           &pipeline->project, settings);
    if (vocabulary)
        pipeline->vocabulary = vocabulary;
    return is_fine && vocabulary != NULL;
}

bool pipeline_parse(struct pipeline *pipeline)
{
    uint32_t errors_before = pipeline->diags.n_errors;
    pipeline->tree = parse_caddyfile(&pipeline->arena, &pipeline->sources, &pipeline->diags,
                                     pipeline->source, true);
    return pipeline->diags.n_errors == errors_before;
}

/* JSON begins with a brace, a quoted key and a colon. A Caddyfile may do so too, with an option in
 * quotes and a port, as in `"servers" :443 {`. */
static bool holds_json(const struct source *source)
{
    struct str text = str_trim(source->raw), key, rest, value;
    if (str_has_suffix(source->path, STR(".json")))
        return true;
    if (!str_has_prefix(text, STR("{")))
        return false;
    text = str_trim(str_slice(text, 1, text.len));
    if (!str_has_prefix(text, STR("\"")) ||
        !str_cut(str_slice(text, 1, text.len), STR("\""), &key, &rest) ||
        !str_cut(rest, STR(":"), &rest, &value) || str_trim(rest).len > 0)
        return false;
    bool is_argument = value.len && !strchr(" \t\r\n{[\"", value.ptr[0]);
    return rest.len == 0 || !(is_argument || str_has_prefix(value, STR("{$")));
}

bool pipeline_holds_json(const struct pipeline *pipeline)
{
    return holds_json(pipeline->source);
}

static bool find_plugin(void *user, struct str space, struct str name,
                        struct module_plugin *found)
{
    struct pipeline *pipeline = user;
    const struct plugin *plugin =
        plugins_find_module(pipeline->vocabulary, space, name, &found->is_usable);
    if (!plugin)
        return false;
    found->name = plugin->name;
    found->package = plugin->package;
    found->is_declared = plugin->is_declared;
    return true;
}

/* What rows with a version are used for, unless somebody else listens. */
static void note_dated(void *state, const struct row_path *path, const struct cursor *in)
{
    struct pipeline *pipeline = state;
    const struct token *token = in->at < 0 && in->n ? in->tokens[0] : cursor_token(in);
    if (!path->since || !token)
        return;
    struct dated_name name = {
        .name = token->text, .since = path->since, .span = token->span, .via = token->via};
    size_t n = 0;
    for (const struct row_path *outer = path->outer; outer && n < 4; outer = outer->outer)
        if (outer->since)
            name.around[n++] = outer->since;
    vec_push(&pipeline->arena, &pipeline->dated, name);
}

static void note_dated_json(void *user, struct span span, struct str name, const char *since)
{
    struct pipeline *pipeline = user;
    struct dated_name dated = {.name = name, .since = since, .span = span};
    vec_push(&pipeline->arena, &pipeline->dated, dated);
}

/* Caddy JSON needs no adapting, only to be looked at. */
static bool take_json(struct pipeline *pipeline, bool skip_unknown)
{
    struct diags *diags = &pipeline->diags;
    uint32_t errors_before = diags->n_errors;
    pipeline->json = json_read(&pipeline->arena, pipeline->source, diags);
    struct module_check_options options = {.is_whole = diags->n_errors == errors_before,
                                           .skip_unknown = skip_unknown,
                                           .find_plugin = find_plugin,
                                           .on_dated = note_dated_json,
                                           .user = pipeline};
    if (pipeline->json)
        modules_check(&pipeline->arena, diags, pipeline->json, &options);
    if (!pipeline->json || diags->n_errors > errors_before)
        return false;
    pipeline->document.root =
        document_build(&pipeline->document, pipeline->source, pipeline->json);
    return true;
}

bool pipeline_adapt(struct pipeline *pipeline, struct adapt_options options)
{
    if (holds_json(pipeline->source))
        return take_json(pipeline, options.skip_unknown);
    if (!options.on_row) {
        options.on_row = note_dated;
        options.on_row_state = pipeline;
    }
    bool parsed = pipeline_parse(pipeline);
    bool adapted = adapt(&pipeline->arena, &pipeline->diags, &pipeline->sources,
                         pipeline->vocabulary, options, pipeline->tree, &pipeline->document);
    if (!parsed)
        pipeline->document.root = NULL;
    return parsed && adapted;
}

void pipeline_write(const struct pipeline *pipeline, bool pretty, struct strbuf *out)
{
    if (pipeline->json)
        json_reprint(pipeline->source->raw, pretty, out);
    else
        document_write(pipeline->document.root, pretty, out);
}

void pipeline_write_to(const struct pipeline *pipeline, bool pretty,
                       void (*sink)(void *user, struct str piece), void *user)
{
    if (!pipeline->json) {
        document_write_to(pipeline->document.root, pretty, sink, user);
        return;
    }
    struct arena arena = ARENA_INIT;
    struct strbuf text = strbuf_in(&arena);
    json_reprint(pipeline->source->raw, pretty, &text);
    sink(user, strbuf_str(&text));
    arena_free(&arena);
}

bool pipeline_lower(struct pipeline *pipeline)
{
    pipeline->is_for_core = true;
    struct lower_options options = {&pipeline->sources, pipeline->source->path};
    return lower(&pipeline->arena, &pipeline->diags, &pipeline->document, &options,
                 &pipeline->tables);
}

void pipeline_emit_c(const struct pipeline *pipeline, struct strbuf *out)
{
    emit_c(&pipeline->tables, out);
}

void pipeline_dump(const struct pipeline *pipeline, struct strbuf *out)
{
    dump_tables(&pipeline->tables, out);
}
