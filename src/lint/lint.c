/* Runs the rules: sorts their rows by what they look at, then walks tree, sources and JSON once. */
#include "lint/lint.h"

#include "base/arena.h"
#include "base/parse.h"
#include "base/vec.h"
#include "lint/lint_private.h"
#include "lint/rule.h"

/* Rules that look at one name. */
struct rule_list {
    VEC(struct running_rule {
        const struct lint_rule *rule;
        enum severity severity;
    }) rules;
};

struct lint_dispatch {
    struct map lines, handlers; /* name → struct rule_list */
    struct rule_list every_handler, blocks, sources, wholes;
};

static const struct lint_settings default_settings;

/* --- which rules run, and how loudly --- */

static enum lint_profile profile_of(const struct lint_settings *settings)
{
    return settings->profile ? settings->profile : PROFILE_RECOMMENDED;
}

/* Set by hand for the id, the name, or the longest family ("DT5") that was set. */
static const struct lint_severity *severity_in(const struct map *severities,
                                               const struct diag_code_info *info)
{
    const struct lint_severity *set = map_get(severities, str_from(info->name));
    struct str id = str_from(info->id);
    for (size_t len = id.len; !set && len > 2; len--)
        set = map_get(severities, str_slice(id, 0, len));
    return set;
}

static const struct lint_severity *severity_set(const struct lint_settings *settings,
                                                const struct diag_code_info *info)
{
    const struct lint_severity *set = severity_in(&settings->severities, info);
    return set ? set : severity_in(&settings->project_severities, info);
}

static unsigned number_of(struct lint_version version)
{
    return version.major * 1000000 + version.minor * 1000 + version.patch;
}

static bool holds_for(const struct lint_rule *rule, struct lint_version target)
{
    struct lint_version bound;
    if (!number_of(target))
        return !rule->until;
    if (rule->since && lint_version_read(str_from(rule->since), &bound) &&
        number_of(target) < number_of(bound))
        return false;
    return !(rule->until && lint_version_read(str_from(rule->until), &bound) &&
             number_of(target) >= number_of(bound));
}

bool lint_version_before(struct lint_version version, const char *bound)
{
    struct lint_version other;
    return version.major && lint_version_read(str_from(bound), &other) &&
           number_of(version) < number_of(other);
}

/* Whether it has something to say where the settings compare two versions. */
static bool is_about(const struct lint_rule *rule, const struct lint_settings *settings)
{
    if (rule->changes)
        return settings->from.major && lint_version_before(settings->from, rule->changes) !=
                                           lint_version_before(settings->target, rule->changes);
    return rule->compares_versions || !settings->only_versions;
}

/* The severity that settings give a rule; SEVERITY_NONE: it does not run. */
static enum severity lint_severity_of(const struct lint_settings *settings,
                                      const struct lint_rule *rule)
{
    const struct diag_code_info *info = lint_rule_info(rule);
    const struct lint_severity *set = severity_set(settings, info);
    if (!is_about(rule, settings))
        return SEVERITY_NONE;
    if (set)
        return set->severity;
    if (rule->changes)
        return info->severity;
    enum lint_profile needed = rule->profile ? rule->profile : PROFILE_RECOMMENDED;
    if (profile_of(settings) < needed)
        return SEVERITY_NONE;
    if (rule->environments && !(rule->environments & 1u << settings->environment))
        return SEVERITY_NONE;
    if (!holds_for(rule, settings->target))
        return SEVERITY_NONE;
    return info->severity;
}

static void add_rule(struct arena *arena, struct map *map, struct str name,
                     struct running_rule running)
{
    struct rule_list *list = map_get(map, name);
    if (!list) {
        list = arena_new(arena, struct rule_list);
        map_put(map, name, list);
    }
    vec_push(arena, &list->rules, running);
}

static void add_names(struct arena *arena, struct map *map, const char *names,
                      struct running_rule running)
{
    struct str left = str_from(names), name;
    while (left.len) {
        str_cut(left, STR("|"), &name, &left);
        add_rule(arena, map, name, running);
    }
}

static struct lint_dispatch *dispatch_new(struct arena *arena, const struct lint_settings *settings)
{
    struct lint_dispatch *dispatch = arena_new(arena, struct lint_dispatch);
    dispatch->lines = map_in(arena);
    dispatch->handlers = map_in(arena);
    const struct lint_rule *rule;
    for (size_t i = 0; (rule = lint_rule_at(i)); i++) {
        struct running_rule running = {rule, lint_severity_of(settings, rule)};
        if (running.severity == SEVERITY_NONE)
            continue;
        if (rule->line)
            add_names(arena, &dispatch->lines, rule->on, running);
        if (rule->handler && strcmp(rule->on_handler, "*") == 0)
            vec_push(arena, &dispatch->every_handler.rules, running);
        else if (rule->handler)
            add_names(arena, &dispatch->handlers, rule->on_handler, running);
        if (rule->block)
            vec_push(arena, &dispatch->blocks.rules, running);
        if (rule->source)
            vec_push(arena, &dispatch->sources.rules, running);
        if (rule->whole)
            vec_push(arena, &dispatch->wholes.rules, running);
    }
    return dispatch;
}

static const struct lint_rule *begin(struct lint *lint, const struct running_rule *running)
{
    lint->rule = running->rule;
    lint->severity = running->severity;
    return running->rule;
}

/* --- the walks --- */

static void run_lines(struct lint *lint, const struct rule_list *list, const struct node *line)
{
    for (size_t i = 0; list && i < list->rules.n; i++)
        begin(lint, &list->rules.at[i])->line(lint, line);
}

static bool visit(const struct node *node, void *user)
{
    struct lint *lint = user;
    const struct lint_dispatch *dispatch = lint->dispatch;
    switch (node->role) {
    case ROLE_GLOBAL:
    case ROLE_NAMED_ROUTE:
    case ROLE_SITE:
        for (size_t i = 0; i < dispatch->blocks.rules.n; i++)
            begin(lint, &dispatch->blocks.rules.at[i])->block(lint, node);
        break;
    case ROLE_LINE:
    case ROLE_MATCHER:
        if (node->n_words && str_has_prefix(node->words[0]->text, STR("@")))
            run_lines(lint, map_get(&dispatch->lines, STR("@")), node);
        else if (node->n_words)
            run_lines(lint, map_get(&dispatch->lines, node->words[0]->text), node);
        break;
    case ROLE_NONE:
    case ROLE_FILE:
    case ROLE_SNIPPET:
    case ROLE_IMPORT:
    case N_ROLES:
        break;
    }
    return true;
}

static void walk_routes(struct lint *lint, const json_t *list, struct lint_route place);

static void walk_handler(struct lint *lint, const json_t *handler, const struct lint_route *place)
{
    const char *name = json_string_value(json_object_get(handler, "handler"));
    if (!name)
        return;
    const struct rule_list *list = map_get(&lint->dispatch->handlers, str_from(name));
    for (size_t i = 0; list && i < list->rules.n; i++)
        begin(lint, &list->rules.at[i])->handler(lint, handler, place);
    list = &lint->dispatch->every_handler;
    for (size_t i = 0; i < list->rules.n; i++)
        begin(lint, &list->rules.at[i])->handler(lint, handler, place);
    struct lint_route inner = {.outer = place,
                               .server = place->server,
                               .server_name = place->server_name,
                               .in_errors = place->in_errors};
    walk_routes(lint, json_object_get(handler, "routes"), inner);
    const json_t *responses = json_object_get(handler, "handle_response"), *response;
    size_t i;
    json_array_foreach(responses, i, response)
        walk_routes(lint, json_object_get(response, "routes"), inner);
}

static void walk_routes(struct lint *lint, const json_t *list, struct lint_route place)
{
    size_t i, j;
    json_t *route, *handler;
    place.list = list;
    json_array_foreach(list, i, route) {
        place.route = route;
        place.index = i;
        json_array_foreach(json_object_get(route, "handle"), j, handler)
            walk_handler(lint, handler, &place);
    }
}

static void walk_servers(struct lint *lint)
{
    const json_t *servers = lint_servers(lint);
    const char *name;
    json_t *server;
    json_object_foreach(servers, name, server) {
        struct lint_route place = {.server = server, .server_name = name};
        walk_routes(lint, json_object_get(server, "routes"), place);
        place.in_errors = true;
        walk_routes(lint, json_object_get(json_object_get(server, "errors"), "routes"), place);
    }
}

static bool walks_handlers(const struct lint_dispatch *dispatch)
{
    return dispatch->handlers.n || dispatch->every_handler.rules.n;
}

/* Of what the compiler finds: whether its rule compares versions. */
static bool tells_of_versions(const struct diag_code_info *info)
{
    const struct lint_rule *rule = lint_rule_find(str_from(info->id));
    return rule && rule->compares_versions;
}

void lint_apply_severities(struct pipeline *pipeline, const struct lint_settings *settings)
{
    for (struct diag *diag = pipeline->diags.first; diag; diag = diag->next) {
        const struct lint_severity *set = severity_set(settings, diag->info);
        if (settings->only_versions && diag->severity != SEVERITY_ERROR &&
            !tells_of_versions(diag->info))
            diag_set_severity(&pipeline->diags, diag, SEVERITY_NONE);
        else if (set && diag->severity != SEVERITY_ERROR)
            diag_set_severity(&pipeline->diags, diag, set->severity);
    }
}

/* What the compiler found is shown once for a line, however often that was imported. */
static void show_once(struct lint *lint)
{
    struct diags *diags = lint_diags(lint);
    struct map seen = map_in(lint->arena);
    for (struct diag *diag = diags->first; diag; diag = diag->next) {
        uintptr_t parts[] = {(uintptr_t)diag->info, diag->span.begin, diag->span.end};
        struct str place = str_make((const char *)parts, sizeof(parts));
        struct str key = str_printf(lint->arena, STR_FMT STR_FMT, STR_ARG(place),
                                    STR_ARG(diag->message));
        if (diag->span.end && map_put(&seen, key, diag))
            diag_set_severity(diags, diag, SEVERITY_NONE);
    }
}

/* Whether a diagnostic says something of a value that is only assumed. */
static bool is_about_assumed(const struct lint *lint, const struct diag *diag)
{
    const struct sources *sources = &lint->pipeline->sources;
    struct span span = diag->span;
    const struct source *source = source_of(sources, span);
    /* how many words a variable is cannot be known either */
    if (source && diag->code == DIAG_WRONG_ARGUMENTS)
        while (span.end - source->base < source->raw.len &&
               source->raw.ptr[span.end - source->base] != '\n')
            span.end++;
    if (source_is_assumed(sources, span))
        return true;
    for (const struct diag_note *note = diag->notes; note; note = note->next)
        if (note->kind == NOTE_LABEL && source_is_assumed(sources, note->span))
            return true;
    return false;
}

/* Leaves away what depends on variables that nobody has set, but not what a project forbids. */
static void hide_assumed(struct lint *lint)
{
    struct diags *diags = lint_diags(lint);
    if (!lint->pipeline->sources.assumes_values)
        return;
    for (struct diag *diag = diags->first; diag; diag = diag->next) {
        const struct lint_rule *rule = lint_rule_find(str_from(diag->info->id));
        bool is_of_text = rule && rule->source;
        bool is_tool = str_has_prefix(str_from(diag->info->id), STR("DT0"));
        if (!is_of_text && !is_tool && is_about_assumed(lint, diag))
            diag_set_severity(diags, diag, SEVERITY_NONE);
    }
}

static void run_wholes(struct lint *lint, bool last)
{
    const struct rule_list *list = &lint->dispatch->wholes;
    for (size_t i = 0; i < list->rules.n; i++)
        if (list->rules.at[i].rule->is_last == last)
            begin(lint, &list->rules.at[i])->whole(lint);
}

void lint_run(struct pipeline *pipeline, const struct lint_settings *settings)
{
    struct arena *arena = &pipeline->arena;
    struct lint lint = {
        .pipeline = pipeline,
        .settings = settings ? settings : &default_settings,
        .arena = arena,
        .tree = pipeline->tree,
        .root = pipeline->document.root,
        .reported = map_in(arena),
    };
    lint_apply_severities(pipeline, lint.settings);
    show_once(&lint);
    lint.dispatch = dispatch_new(arena, lint.settings);
    lint.facts = lint_facts_new(&lint);
    const struct lint_dispatch *dispatch = lint.dispatch;
    for (uint32_t s = 0; s < pipeline->sources.n; s++)
        for (size_t i = 0; i < dispatch->sources.rules.n; i++)
            begin(&lint, &dispatch->sources.rules.at[i])->source(&lint, pipeline->sources.at[s]);
    if (lint.tree)
        node_walk(lint.tree, visit, &lint);
    if (lint.root && walks_handlers(dispatch))
        walk_servers(&lint);
    run_wholes(&lint, false);
    hide_assumed(&lint);
    lint_suppress(&lint);
    run_wholes(&lint, true);
}

/* --- reporting --- */

enum { SHOWN_IMPORTS = 3 };

/* The import that a token came through, outermost first: where it stands in the main file. */
static const struct token *import_of(const struct import_chain *via)
{
    while (via->at->via)
        via = via->at->via;
    return via->at;
}

static void show_import(struct lint *lint, struct diag *diag, const struct import_chain *via)
{
    size_t n = 0;
    for (const struct diag_note *note = diag->notes; note; note = note->next)
        n += note->kind == NOTE_LABEL;
    if (n < SHOWN_IMPORTS)
        diag_label(lint_diags(lint), diag, import_of(via)->span, "imported here as well");
}

static struct diag *found(struct lint *lint, struct span span, const struct import_chain *via,
                          const char *format, va_list args)
{
    struct strbuf message = strbuf_in(lint->arena);
    strbuf_vprintf(&message, format, args);
    uintptr_t parts[] = {(uintptr_t)lint->rule, span.begin, span.end};
    struct str key = str_make((const char *)parts, sizeof(parts));
    struct diag *diag = span.end ? map_get(&lint->reported, key) : NULL;
    if (diag) {
        if (via && diag->via && import_of(via) != import_of(diag->via))
            show_import(lint, diag, via);
        return diag;
    }
    diag = diag_found(lint_diags(lint), lint_rule_info(lint->rule), lint->severity, span, via,
                      strbuf_str(&message));
    map_put(&lint->reported, str_dup(lint->arena, key), diag);
    return diag;
}

void lint_soften(struct lint *lint, struct diag *diag, enum severity severity)
{
    if (!severity_set(lint->settings, lint_rule_info(lint->rule)) && diag->severity > severity)
        diag_set_severity(lint_diags(lint), diag, severity);
}

bool lint_is_for_production(const struct lint *lint)
{
    return profile_of(lint->settings) >= PROFILE_PRODUCTION;
}

struct diags *lint_diags(struct lint *lint)
{
    return &lint->pipeline->diags;
}

struct diag *lint_report(struct lint *lint, const struct token *token, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct diag *diag = token ? found(lint, token->span, token->via, format, args)
                              : found(lint, (struct span){0}, NULL, format, args);
    va_end(args);
    return diag;
}

struct diag *lint_report_at(struct lint *lint, struct span span, const struct import_chain *via,
                            const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct diag *diag = found(lint, span, via, format, args);
    va_end(args);
    return diag;
}

struct diag *lint_report_json(struct lint *lint, const json_t *object, const char *key,
                              const char *format, ...)
{
    const json_t *value = key ? json_object_get(object, key) : object;
    const struct token *token =
        document_origin(&lint->pipeline->document, key ? object : NULL, key, value);
    if (!token)
        token = document_origin(&lint->pipeline->document, NULL, NULL, object);
    va_list args;
    va_start(args, format);
    struct diag *diag = token ? found(lint, token->span, token->via, format, args)
                              : found(lint, (struct span){0}, NULL, format, args);
    va_end(args);
    return diag;
}

/* --- versions --- */

bool lint_version_read(struct str text, struct lint_version *version)
{
    unsigned *parts[] = {&version->major, &version->minor, &version->patch};
    *version = (struct lint_version){0};
    if (str_has_prefix(text, STR("v")))
        text = str_slice(text, 1, text.len);
    size_t i = 0;
    struct str part;
    do {
        int64_t number;
        str_cut(text, STR("."), &part, &text);
        if (i == 3 || part.len == 0 || part.len > 3 || parse_go_int(part, &number) != PARSE_OK ||
            number < 0)
            return false;
        *parts[i++] = (unsigned)number;
    } while (text.len);
    return version->major > 0;
}

bool lint_targets(const struct lint *lint, unsigned major, unsigned minor, unsigned patch)
{
    struct lint_version bound = {major, minor, patch};
    return !number_of(lint->settings->target) ||
           number_of(lint->settings->target) >= number_of(bound);
}
