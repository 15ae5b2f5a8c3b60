/* Holds a caddy.json against the module tables, with the rules of Go's encoding/json and of Caddy's
 * own types. */
#include "modules/check_private.h"

#include "base/arena.h"

enum { MANY_MEMBERS = 16, LONGEST_ID = 128 };

static void check_shape(struct check *check, struct json_text *value,
                        const struct module_shape *shape, const struct subject *subject);

const struct module *find_module(const struct check *check, const char *space, struct str name)
{
    char id[LONGEST_ID];
    size_t n = strlen(space);
    bool is_filesystems = n == 0 && str_is(name, "caddy.filesystems"); /* an app in a space */
    if (n + 1 + name.len > sizeof(id) || (str_index(name, '.') >= 0 && !is_filesystems))
        return NULL;
    if (n == 0)
        return map_get(&check->modules, name);
    memcpy(id, space, n);
    id[n] = '.';
    memcpy(id + n + 1, name.ptr, name.len);
    return map_get(&check->modules, str_make(id, n + 1 + name.len));
}

/* Caddy takes @id out of the text before it reads it, with an eye for plain values only. */
static void check_id(struct check *check, const struct json_text *member)
{
    bool has_quote = member->type == JSON_STRING && str_index(member->text, '"') >= 0;
    bool has_exponent = member->type == JSON_REAL && (str_index(member->text, 'e') >= 0 ||
                                                      str_index(member->text, 'E') >= 0);
    if (has_quote || has_exponent) {
        diag_at(check->diags, DIAG_BAD_VALUE, member->span, NULL,
                "an @id is a number in plain digits or a string without quotes in it");
        return;
    }
    const struct json_text *other = map_put(&check->ids, member->text, (void *)member);
    if (other) {
        struct diag *diag = diag_at(check->diags, DIAG_DUPLICATE, member->span, NULL,
                                    "the @id '" STR_FMT "' stands twice", STR_ARG(member->text));
        diag_label(check->diags, diag, other->span, "first here");
    }
}

/* Whether a member is an @id, which any object may have. */
static bool is_id(struct check *check, const struct json_text *member)
{
    if (!str_is(member->key, "@id") || (member->type != JSON_STRING && member->type != JSON_REAL))
        return false;
    check_id(check, member);
    return true;
}

static void report_twice(struct check *check, const struct json_text *first,
                         const struct json_text *second)
{
    struct diag *diag = diag_at(check->diags, DIAG_DUPLICATE_KEY, second->key_span, NULL,
                                "'" STR_FMT "' stands twice in this object", STR_ARG(second->key));
    diag_label(check->diags, diag, first->key_span, "first here");
    if (!check->is_reencoded && first->type == JSON_OBJECT && second->type == JSON_OBJECT)
        diag_note(check->diags, diag, "Caddy merges the two; everybody else takes the last");
    else
        diag_note(check->diags, diag, "the last one counts");
}

/* Keys that stand twice, after they got the spelling of the tables. */
static void check_duplicates(struct check *check, const struct json_text *object)
{
    if (object->n > MANY_MEMBERS) {
        struct map seen = map_in(check->arena);
        for (const struct json_text *member = object->first; member; member = member->next) {
            const struct json_text *other = map_put(&seen, member->key, (void *)member);
            if (other)
                report_twice(check, other, member);
        }
        return;
    }
    for (const struct json_text *member = object->first; member; member = member->next)
        for (const struct json_text *other = object->first; other != member; other = other->next)
            if (str_eq(other->key, member->key)) {
                report_twice(check, other, member);
                break;
            }
}

/* encoding/json looks at letters without case, and Unicode has two more of them. */
static struct str fold(struct arena *arena, struct str key)
{
    key = str_replace(arena, key, STR("\xc5\xbf"), STR("s"));     /* long s */
    key = str_replace(arena, key, STR("\xe2\x84\xaa"), STR("k")); /* Kelvin sign */
    return str_lower(arena, key);
}

static void note_dated(struct check *check, struct span span, struct str name, const char *since)
{
    if (since && check->options->on_dated)
        check->options->on_dated(check->options->user, span, name, since);
}

/* The field a member is; one in other letters gets those of the table. */
static const struct module_field *field_of(struct check *check, struct json_text *member,
                                           const struct module_object *object)
{
    const struct module_field *field = module_field_find(object, member->key);
    if (field)
        return field;
    field = module_field_find(object, fold(check->arena, member->key));
    if (!field)
        return NULL;
    struct str name = str_from(field->name);
    struct diag *diag =
        diag_at(check->diags, DIAG_KEY_CASE, member->key_span, NULL,
                "'" STR_FMT "' is read as '" STR_FMT "'", STR_ARG(member->key), STR_ARG(name));
    diag_help(check->diags, diag, member->key_span,
              str_printf(check->arena, "\"" STR_FMT "\"", STR_ARG(name)), "write it so");
    member->key = name;
    return field;
}

static bool is_empty(const struct json_text *value)
{
    switch (value->type) {
    case JSON_STRING:
        return value->text.len == 0;
    case JSON_OBJECT:
    case JSON_ARRAY:
        return value->n == 0;
    case JSON_NULL:
        return true;
    case JSON_NONE:
    case JSON_INTEGER:
    case JSON_REAL:
    case JSON_TRUE:
    case JSON_FALSE:
        break;
    }
    return false;
}

/* Fields that must say something. */
static void check_required(struct check *check, const struct json_text *value,
                           const struct module_object *object, struct str owner)
{
    struct strbuf missing = strbuf_in(check->arena);
    int n = 0;
    for (const struct module_field *field = object->fields; field->name; field++) {
        const struct json_text *other = field->unless
                                            ? json_text_member(value, str_from(field->unless))
                                            : NULL;
        if (!field->is_required || (other && other->type == JSON_TRUE))
            continue;
        const struct json_text *member = json_text_member(value, str_from(field->name));
        if (!member)
            strbuf_printf(&missing, "%s'%s'", n++ ? " and " : "", field->name);
        else if (is_empty(member))
            diag_at(check->diags, DIAG_MISSING_FIELD, member->span, NULL,
                    "'%s' may not be empty in " STR_FMT, field->name, STR_ARG(owner));
    }
    struct span brace = {value->span.begin, value->span.begin + 1};
    if (n)
        diag_at(check->diags, DIAG_MISSING_FIELD, brace, NULL, "%s %s missing in " STR_FMT,
                strbuf_cstr(&missing), n == 1 ? "is" : "are", STR_ARG(owner));
}

static void check_object(struct check *check, struct json_text *value,
                         const struct module_object *object, struct str owner, const char *name_key)
{
    for (struct json_text *member = value->first; member; member = member->next) {
        if (is_id(check, member) || (name_key && str_is(member->key, name_key)))
            continue;
        const struct module_field *field = field_of(check, member, object);
        if (!field) {
            report_unknown_field(check, member, object, owner);
            continue;
        }
        note_dated(check, member->key_span, member->key, field->since);
        if (field->deprecated && member->type != JSON_NULL)
            diag_at(check->diags, DIAG_DEPRECATED, member->key_span, NULL,
                    "'%s' is deprecated; use %s", field->name, field->deprecated);
        struct subject subject = {.field = member->key, .row = field};
        check_shape(check, member, &field->shape, &subject);
    }
    if (check->options->is_whole)
        check_required(check, value, object, owner);
    check_duplicates(check, value);
}

/* The value of a module; <name_key> is the member that named it, if one did. */
static void check_module(struct check *check, struct json_text *value, const struct module *module,
                         struct str name, const char *space, const char *name_key)
{
    const struct module_shape *shape = &module->shape;
    struct subject subject = {.field = name};
    bool was_reencoded = check->is_reencoded;
    check->is_reencoded |= name_key != NULL;
    if (shape->kind == SHAPE_OBJECT && shape->nest == NEST_ONE && value->type == JSON_OBJECT) {
        const struct module_namespace *where = module_namespace_find(str_from(space));
        struct str owner =
            str_printf(check->arena, "the %s '" STR_FMT "'", where->noun, STR_ARG(name));
        check_object(check, value, shape->object, owner, name_key);
    } else {
        check_shape(check, value, shape, &subject);
    }
    check->is_reencoded = was_reencoded;
}

static void check_inline_module(struct check *check, struct json_text *value,
                                const struct module_shape *shape, const struct subject *subject)
{
    if (value->type != JSON_OBJECT) {
        report_type(check, value, shape, subject);
        return;
    }
    const struct json_text *name = json_text_member(value, str_from(shape->name_key));
    if (!name || name->type != JSON_STRING || name->text.len == 0) {
        report_unnamed_module(check, value, shape);
        return;
    }
    const struct module *module = find_module(check, shape->space, name->text);
    if (module)
        note_dated(check, name->span, name->text, module->since);
    if (module)
        check_module(check, value, module, name->text, shape->space, shape->name_key);
    else
        report_unknown_module(check, name->span, name->text, shape->space);
}

static void check_module_map(struct check *check, struct json_text *value,
                             const struct module_shape *shape, const struct subject *subject)
{
    if (value->type != JSON_OBJECT) {
        if (value->type != JSON_NULL)
            report_type(check, value, shape, subject);
        return;
    }
    for (struct json_text *member = value->first; member; member = member->next) {
        if (is_id(check, member))
            continue;
        const struct module *module = find_module(check, shape->space, member->key);
        if (module)
            note_dated(check, member->key_span, member->key, module->since);
        if (!module)
            report_unknown_module(check, member->key_span, member->key, shape->space);
        else if (member->type == JSON_NULL)
            diag_at(check->diags, DIAG_WRONG_TYPE, member->span, NULL,
                    "the module '" STR_FMT "' cannot be null", STR_ARG(member->key));
        else
            check_module(check, member, module, member->key, shape->space, NULL);
    }
    check_duplicates(check, value);
}

/* One value, without regard to how many there may be. */
static void check_one(struct check *check, struct json_text *value,
                      const struct module_shape *shape, const struct subject *subject)
{
    struct module_shape one = *shape;
    one.nest = NEST_ONE;
    if (shape->kind == SHAPE_MODULE)
        check_inline_module(check, value, &one, subject);
    else if (shape->kind == SHAPE_MODULE_MAP)
        check_module_map(check, value, &one, subject);
    else if (shape->kind != SHAPE_OBJECT)
        check_scalar(check, value, shape->kind, subject);
    else if (value->type == JSON_OBJECT)
        check_object(check, value, shape->object, str_from(shape->object->noun), NULL);
    else if (value->type != JSON_NULL || shape->refuses_null)
        report_type(check, value, &one, subject);
}

/* The items of a list or the members of a map. */
static void check_inner(struct check *check, struct json_text *value,
                        const struct module_shape *shape, enum module_nest nest,
                        const struct subject *subject)
{
    struct module_shape inner = *shape;
    inner.nest = nest;
    for (struct json_text *item = value->first; item; item = item->next) {
        struct subject part = *subject;
        part.is_inner = true;
        if (value->type == JSON_OBJECT) {
            if (is_id(check, item))
                continue;
            part = (struct subject){.field = item->key, .row = subject->row};
        }
        check_shape(check, item, &inner, &part);
    }
}

static void check_shape(struct check *check, struct json_text *value,
                        const struct module_shape *shape, const struct subject *subject)
{
    if (value->type == JSON_NONE)
        return;
    if (shape->nest == NEST_ONE) {
        check_one(check, value, shape, subject);
        return;
    }
    bool is_map = shape->nest == NEST_MAP || shape->nest == NEST_MAP_OF_LISTS;
    if (value->type == JSON_NULL)
        return;
    if (value->type != (is_map ? JSON_OBJECT : JSON_ARRAY)) {
        report_type(check, value, shape, subject);
        return;
    }
    bool of_lists = shape->nest == NEST_LIST_OF_LISTS || shape->nest == NEST_MAP_OF_LISTS;
    check_inner(check, value, shape, of_lists ? NEST_LIST : NEST_ONE, subject);
    if (is_map)
        check_duplicates(check, value);
}

void modules_check(struct arena *arena, struct diags *diags, struct json_text *config,
                   const struct module_check_options *options)
{
    struct check check = {.arena = arena,
                          .diags = diags,
                          .modules = map_in(arena),
                          .ids = map_in(arena),
                          .noted = map_in(arena),
                          .options = options};
    for (const struct module *const *table = module_tables; *table; table++)
        for (const struct module *row = *table; row->id; row++)
            map_put(&check.modules, str_from(row->id), (void *)row);
    const struct module_shape shape = {
        .kind = SHAPE_OBJECT, .object = &module_config, .refuses_null = true};
    const struct subject subject = {.field = STR("the configuration")};
    check_shape(&check, config, &shape, &subject);
}
