/* What to say about names that are in no table. */
#include "modules/check_private.h"

#include "base/arena.h"
#include "base/suggest.h"

enum { FEW_FIELDS = 12 };

/* Caddyfile directives and the handlers that their JSON is made of. */
static const struct {
    const char *directive, *handler, *note;
} directives[] = {
    {"basic_auth", "authentication", "with the provider http_basic"},
    {"basicauth", "authentication", "with the provider http_basic"},
    {"forward_auth", "reverse_proxy", "with handle_response"},
    {"handle", "subroute", "in a route with a group"},
    {"handle_path", "subroute", "behind a rewrite with strip_path_prefix"},
    {"header", "headers", "with response"},
    {"log_skip", "vars", "with \"log_skip\": true"},
    {"method", "rewrite", "with method"},
    {"php_fastcgi", "reverse_proxy", "with the transport fastcgi"},
    {"redir", "static_response", "with a Location header"},
    {"request_header", "headers", "with request"},
    {"respond", "static_response", "with body and status_code"},
    {"root", "vars", "with root"},
    {"route", "subroute", "with routes"},
    {"skip_log", "vars", "with \"log_skip\": true"},
    {"try_files", "rewrite", "in a route that is matched by file"},
    {"uri", "rewrite", "with strip_path_prefix and the like"},
    {"abort", "static_response", "with \"abort\": true"},
};

static struct str quoted(struct check *check, struct str name)
{
    return str_printf(check->arena, "\"" STR_FMT "\"", STR_ARG(name));
}

static void try_fields(struct suggestion *near, const struct module_object *object)
{
    for (; object; object = object->inherited)
        for (const struct module_field *field = object->fields; field->name; field++)
            suggest_try(near, str_from(field->name));
}

/* Which fields there are, where that is soon said. */
static void note_fields(struct check *check, struct diag *diag, const struct module_object *object)
{
    struct strbuf list = strbuf_in(check->arena);
    int n = 0;
    for (; object; object = object->inherited)
        for (const struct module_field *field = object->fields; field->name; field++)
            strbuf_printf(&list, "%s%s", n++ ? ", " : "", field->name);
    if (n == 0)
        diag_note(check->diags, diag, "it has no fields at all");
    else if (n <= FEW_FIELDS)
        diag_note(check->diags, diag, "it has %s", strbuf_cstr(&list));
}

/* The field in whose object <name> would be right, or NULL. */
static const struct module_field *holder_of(const struct module_object *object, struct str name)
{
    for (; object; object = object->inherited)
        for (const struct module_field *field = object->fields; field->name; field++)
            if (field->shape.kind == SHAPE_OBJECT && field->shape.nest == NEST_ONE &&
                module_field_find(field->shape.object, name))
                return field;
    return NULL;
}

void report_unknown_field(struct check *check, const struct json_text *member,
                          const struct module_object *object, struct str owner)
{
    struct diag *diag = diag_at(check->diags, DIAG_UNKNOWN_FIELD, member->key_span, NULL,
                                "there is no field '" STR_FMT "' in " STR_FMT, STR_ARG(member->key),
                                STR_ARG(owner));
    struct suggestion near = suggest_for(str_lower(check->arena, member->key));
    try_fields(&near, object);
    const struct module_field *holder = holder_of(object, member->key);
    if (str_is(member->key, "@id"))
        diag_note(check->diags, diag, "an @id is a string or a number");
    else if (holder)
        diag_help(check->diags, diag, member->key_span, (struct str){0}, "it belongs into '%s'",
                  holder->name);
    else if (near.best.len)
        diag_help(check->diags, diag, member->key_span, quoted(check, near.best), "did you mean");
    else
        note_fields(check, diag, object);
}

/* A space in which there is a module of that name, or NULL. */
static const struct module_namespace *space_with(const struct check *check, struct str name)
{
    for (const struct module_namespace *space = module_namespaces; space->name; space++)
        if (find_module(check, space->name, name))
            return space;
    return NULL;
}

/* Says that one is meant; false where no directive has the name. */
static bool hint_at_directive(struct check *check, struct diag *diag, struct span span,
                              struct str name)
{
    for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++) {
        if (!str_is(name, directives[i].directive))
            continue;
        diag_help(check->diags, diag, span, quoted(check, str_from(directives[i].handler)),
                  "the directive '" STR_FMT "' becomes %s, %s", STR_ARG(name),
                  directives[i].handler, directives[i].note);
        return true;
    }
    return false;
}

/* The names that are near; false where the space has none at all. */
static bool try_modules(struct suggestion *near, const char *space)
{
    struct str known;
    bool has_any = false;
    for (const struct module *const *table = module_tables; *table; table++)
        for (const struct module *row = *table; row->id; row++)
            if (str_is(module_space_of(row, &known), space)) {
                suggest_try(near, known);
                has_any = true;
            }
    return has_any;
}

/* Where the module is not Caddy's own, who might bring it. */
static void hint_at_plugin(struct check *check, struct diag *diag, struct str id, bool has_any,
                           const struct module_namespace *where, const struct module_plugin *plugin)
{
    if (plugin->name)
        diag_help(check->diags, diag, (struct span){0}, (struct str){0},
                  "it comes with the plugin '%s'%s%s%s: to use its description, write 'plugin %s' in "
                  ".dialtone, or give --plugins builtin",
                  plugin->name, plugin->package ? " (" : "", plugin->package ? plugin->package : "",
                  plugin->package ? ")" : "", plugin->name);
    else
        diag_note(check->diags, diag,
                  has_any ? "if a plugin brings " STR_FMT ", describe it in .dialtone or with --plugins"
                          : STR_FMT " comes with a plugin, as every %s does: describe it in .dialtone "
                                    "or with --plugins",
                  STR_ARG(id), where->noun);
}

/* Says once which plugin is needed, unless the user knows. */
static void note_plugin(struct check *check, struct span span, struct str name,
                        const struct module_plugin *plugin)
{
    if (plugin->is_declared || !plugin->package ||
        map_find(&check->noted, str_from(plugin->name)))
        return;
    map_put(&check->noted, str_from(plugin->name), NULL);
    struct diag *diag = diag_at(check->diags, DIAG_UNDECLARED_PLUGIN, span, NULL,
                                "'" STR_FMT "' needs a Caddy that is built with the plugin '%s'",
                                STR_ARG(name), plugin->name);
    diag_note(check->diags, diag, "build one with: xcaddy build --with %s", plugin->package);
    diag_note(check->diags, diag, "'plugin %s' in .dialtone says that yours has it", plugin->name);
}

void report_unknown_module(struct check *check, struct span span, struct str name,
                           const char *space)
{
    const struct module_check_options *options = check->options;
    const struct module_namespace *where = module_namespace_find(str_from(space));
    struct module_plugin plugin = {0};
    if (options->find_plugin &&
        options->find_plugin(options->user, str_from(space), name, &plugin) && plugin.is_usable) {
        note_plugin(check, span, name, &plugin);
        return;
    }
    if (options->skip_unknown) {
        diag_at(check->diags, DIAG_PASSED_OVER, span, NULL,
                "'" STR_FMT "' is passed over: no such %s is known", STR_ARG(name), where->noun);
        return;
    }
    struct diag *diag =
        diag_at(check->diags, DIAG_UNKNOWN_MODULE, span, NULL,
                "there is no %s '" STR_FMT "' in Caddy itself", where->noun, STR_ARG(name));
    struct suggestion near = suggest_for(str_lower(check->arena, name));
    bool has_any = try_modules(&near, space);
    const struct module_namespace *other = space_with(check, name);
    struct str id = *space ? str_printf(check->arena, "%s." STR_FMT, space, STR_ARG(name)) : name;
    if (near.best.len && !plugin.name)
        diag_help(check->diags, diag, span, quoted(check, near.best), "did you mean");
    else if (strcmp(space, "http.handlers") == 0 && hint_at_directive(check, diag, span, name))
        return;
    else if (*space == '\0' && map_get(&check->modules, name))
        diag_note(check->diags, diag, "it is a module, but no app");
    else if (other)
        diag_note(check->diags, diag, "it is the name of a %s", other->noun);
    else
        hint_at_plugin(check, diag, id, has_any, where, &plugin);
}

/* The member that was meant to name the module, by its key; NULL where none looks like it. */
static const struct json_text *meant_as(const struct json_text *value, struct str key)
{
    for (const struct json_text *member = value->first; member; member = member->next) {
        struct suggestion near = suggest_for(member->key);
        suggest_try(&near, key);
        if (str_eq_nocase(member->key, key) || (near.best.len && member->type == JSON_STRING))
            return member;
    }
    return NULL;
}

void report_unnamed_module(struct check *check, const struct json_text *value,
                           const struct module_shape *shape)
{
    const struct module_namespace *where = module_namespace_find(str_from(shape->space));
    struct str key = str_from(shape->name_key);
    const struct json_text *named = json_text_member(value, key);
    const struct json_text *meant = named ? NULL : meant_as(value, key);
    if (!named && !check->options->is_whole)
        return;
    struct span place = {value->span.begin, value->span.begin + 1};
    if (named || meant)
        place = named ? named->span : meant->key_span;
    struct diag *diag = diag_at(check->diags, DIAG_UNNAMED_MODULE, place, NULL,
                                "this %s does not say which it is: '%s' must be its name",
                                where->noun, shape->name_key);
    if (meant)
        diag_help(check->diags, diag, place, quoted(check, key), "did you mean");
}
