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

/* Whether the module is <space>'s own, and its name there. */
static bool name_within(const struct module *module, const char *space, struct str *name)
{
    struct str id = str_from(module->id), prefix = str_from(space);
    if (prefix.len == 0) {
        *name = id;
        return str_index(id, '.') < 0 || str_is(id, "caddy.filesystems");
    }
    if (!str_has_prefix(id, prefix) || id.len <= prefix.len || id.ptr[prefix.len] != '.')
        return false;
    *name = str_slice(id, prefix.len + 1, id.len);
    return str_index(*name, '.') < 0;
}

/* A space in which there is a module of that name, or NULL. */
static const struct module_space *space_with(const struct check *check, struct str name)
{
    for (const struct module_space *space = module_spaces; space->name; space++)
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

void report_unknown_module(struct check *check, struct span span, struct str name,
                           const char *space)
{
    const struct module_space *where = module_space_find(str_from(space));
    struct diag *diag =
        diag_at(check->diags, DIAG_UNKNOWN_MODULE, span, NULL,
                "there is no %s '" STR_FMT "' in Caddy itself", where->noun, STR_ARG(name));
    struct suggestion near = suggest_for(str_lower(check->arena, name));
    struct str known;
    bool has_any = false;
    for (const struct module *const *table = module_tables; *table; table++)
        for (const struct module *row = *table; row->id; row++)
            if (name_within(row, space, &known)) {
                suggest_try(&near, known);
                has_any = true;
            }
    const struct module_space *other = space_with(check, name);
    struct str id = *space ? str_printf(check->arena, "%s." STR_FMT, space, STR_ARG(name)) : name;
    if (near.best.len)
        diag_help(check->diags, diag, span, quoted(check, near.best), "did you mean");
    else if (strcmp(space, "http.handlers") == 0 && hint_at_directive(check, diag, span, name))
        return;
    else if (*space == '\0' && map_get(&check->modules, name))
        diag_note(check->diags, diag, "it is a module, but no app");
    else if (other)
        diag_note(check->diags, diag, "it is the name of a %s", other->noun);
    else if (!has_any)
        diag_note(check->diags, diag,
                  "every %s comes from a plugin: the Caddy that runs this must "
                  "be built with " STR_FMT,
                  where->noun, STR_ARG(id));
    else
        diag_note(check->diags, diag,
                  "if a plugin brings it, the Caddy that runs this must be built "
                  "with " STR_FMT,
                  STR_ARG(id));
}

void report_unnamed_module(struct check *check, const struct json_text *value,
                           const struct module_shape *shape)
{
    const struct module_space *where = module_space_find(str_from(shape->space));
    const struct json_text *named = json_text_member(value, str_from(shape->name_key));
    if (!named && !check->is_whole)
        return;
    struct span brace = {value->span.begin, value->span.begin + 1};
    struct diag *diag = diag_at(check->diags, DIAG_UNNAMED_MODULE, named ? named->span : brace,
                                NULL, "this %s does not say which it is: '%s' must be its name",
                                where->noun, shape->name_key);
    for (const struct json_text *member = value->first; member && !named; member = member->next)
        if (str_eq_nocase(member->key, str_from(shape->name_key)))
            diag_help(check->diags, diag, member->key_span,
                      quoted(check, str_from(shape->name_key)), "only in these letters");
}
