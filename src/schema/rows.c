/* Directives, options and matchers as objects of the schema. */
#include "schema/arguments.h"
#include "schema/rows_private.h"
#include "schema/usage.h"

#include <stdio.h>

static const char *const value_names[] = {
    [VALUE_NONE] = "special",      [VALUE_TRUE] = "true",       [VALUE_STRING] = "string",
    [VALUE_STRINGS] = "strings",   [VALUE_INTEGER] = "integer", [VALUE_FLOAT] = "number",
    [VALUE_DURATION] = "duration", [VALUE_SIZE] = "size",       [VALUE_BLOCK] = "object",
};

static void add_types(struct schema *schema, json_t *object, struct str names, bool is_module)
{
    struct str name;
    while (names.len) {
        str_cut(names, STR("|"), &name, &names);
        const struct argument_type *type =
            is_module ? argument_type_named(STR("module")) : argument_type_of(name);
        document_add(&schema->document, document_array_at(&schema->document, object, "types", NULL),
                     document_text(&schema->document, type ? type->name : "string", NULL));
    }
}

static json_t *argument_object(struct schema *schema, const struct usage_argument *argument,
                               bool is_module, const char *values)
{
    json_t *object = document_object(&schema->document, NULL);
    struct str words = argument->words.len ? argument->words : str_from(values);
    if (argument->names.len)
        document_set(&schema->document, object, "name",
                     document_string(&schema->document, argument->names, NULL));
    add_types(schema, object, argument->names, is_module);
    schema_set_list(schema, object, "words", words, STR("|"));
    schema_set_list(schema, object, "prefixes", argument->prefixes, STR("|"));
    if (argument->mark.len)
        document_set(&schema->document, object, "prefix",
                     document_string(&schema->document, argument->mark, NULL));
    schema_set_flag(schema, object, "optional", argument->is_optional);
    schema_set_flag(schema, object, "repeated", argument->is_repeated);
    return object;
}

/* "usage", "forms", "min_args" and "max_args" of a line. */
static void set_usage(struct schema *schema, json_t *object, const char *text,
                      const struct module_space *space, const char *values)
{
    struct document *document = &schema->document;
    struct usage usage;
    schema_set_text(schema, object, "usage", text);
    if (!usage_parse(schema->arena, text, &usage))
        return;
    json_t *forms = document_array(document, NULL);
    for (size_t i = 0; i < usage.n; i++) {
        const struct usage_form *form = &usage.at[i];
        json_t *arguments = document_array(document, NULL);
        for (size_t k = 0; k < form->n; k++)
            document_add(document, arguments,
                         argument_object(schema, &form->at[k],
                                         space && form->is_open && k + 1 == form->n, values));
        document_add(document, forms, arguments);
    }
    document_set(document, object, "forms", forms);
    schema_set_integer(schema, object, "min_args", usage.min_args);
    schema_set_integer(schema, object, "max_args", usage.max_args);
}

/* "2.10.1" as 2010001, to compare. */
static long version_number(const char *version)
{
    int major = 2, minor = 0, patch = 0;
    if (version)
        sscanf(version, "%d.%d.%d", &major, &minor, &patch);
    return major * 1000000L + minor * 1000L + patch;
}

/* Nothing is older than what it stands in. Gives the version of what is around, to be put back when
 * the rows inside are done. */
static const char *set_history(struct schema *schema, json_t *object, const char *since,
                               const char *deprecated)
{
    const char *around = schema->since;
    if (version_number(since) > version_number(around))
        schema->since = since;
    schema_set_text(schema, object, "since", schema->since ? schema->since : "2.0");
    schema_set_text(schema, object, "deprecated", deprecated);
    return around;
}

/* A name that users choose, in parts: marks that may stand before it, literal text, placeholders.
 */
static json_t *pattern(struct schema *schema, struct str name)
{
    struct document *document = &schema->document;
    json_t *parts = document_array(document, NULL);
    while (name.len) {
        json_t *part = document_object(document, NULL);
        struct str before, inside;
        if (str_has_prefix(name, STR("["))) {
            str_cut(str_slice(name, 1, name.len), STR("]<"), &inside, &name);
            name = str_slice(name, 0, name.len);
            schema_set_list(schema, part, "prefixes", inside, STR("|"));
            name = str_printf(schema->arena, "<" STR_FMT, STR_ARG(name));
        } else if (str_has_prefix(name, STR("<"))) {
            str_cut(str_slice(name, 1, name.len), STR(">"), &inside, &name);
            document_set(document, part, "name", document_string(document, inside, NULL));
            add_types(schema, part, inside, false);
        } else {
            bool more = str_cut(name, STR("<"), &before, &inside);
            document_set(document, part, "text", document_string(document, before, NULL));
            name = more ? str_slice(name, before.len, name.len) : STR("");
        }
        document_add(document, parts, part);
    }
    return parts;
}

static void set_names(struct schema *schema, json_t *object, const struct option *row)
{
    struct str names = str_from(row->name), name = names;
    if (option_is_pattern(row)) {
        schema_set_text(schema, object, "name", row->name);
        document_set(&schema->document, object, "pattern", pattern(schema, names));
        return;
    }
    str_cut(names, STR("|"), &name, &names);
    document_set(&schema->document, object, "name", document_string(&schema->document, name, NULL));
    schema_set_list(schema, object, "aliases", names, STR("|"));
}

static const struct {
    unsigned flag;
    const char *key;
} flag_names[] = {
    {OPTION_ONCE | OPTION_ONCE_FILLED, "once"},
    {OPTION_ADDS, "adds"},
    {OPTION_LOOSE, "loose"},
    {OPTION_HEADER_NAME, "header_name"},
    {OPTION_INLINE, "inline"},
    {OPTION_MODULE_NAME, "names_module"},
    {OPTION_SITE_ONLY, "site_only"},
    {OPTION_GLOBAL_ONLY, "global_only"},
    {OPTION_REFUSED, "refused"},
    {OPTION_WORDS_SUFFICE, "words_suffice"},
    {OPTION_OPEN_WORDS, "open_words"},
};

static void set_flags(struct schema *schema, json_t *object, unsigned flags)
{
    for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
        schema_set_flag(schema, object, flag_names[i].key, flags & flag_names[i].flag);
}

/* Where the value of the row is; empty where no single place could be named. */
static struct str json_path(struct schema *schema, const struct option *row, struct str base)
{
    const char *own = row->json ? row->json : row->key ? row->key : NULL;
    if (!own && option_is_pattern(row))
        own = "*";
    if (!own || !own[0])
        return STR("");
    if (own[0] == '$' || base.len == 0)
        return str_from(own);
    return str_printf(schema->arena, STR_FMT ".%s", STR_ARG(base), own);
}

/* <inner> is where the values of its block are. */
static json_t *option(struct schema *schema, const struct option *row, struct str path,
                      struct str inner)
{
    struct document *document = &schema->document;
    json_t *object = document_object(document, NULL);
    set_names(schema, object, row);
    schema_set_text(schema, object, "doc", row->doc);
    set_usage(schema, object, row->arguments, row->space, row->values);
    schema_set_integer(schema, object, "min_args", row->min_args);
    schema_set_integer(schema, object, "max_args", row->max_args);
    set_flags(schema, object, row->flags);
    schema_set_text(schema, object, "value", value_names[row->type]);
    if (path.len)
        document_set(document, object, "json_path", document_string(document, path, NULL));
    schema_set_text(schema, object, "modules", row->space ? row->space->name : NULL);
    schema_set_list(schema, object, "makes", str_from(row->makes), STR(" "));
    const char *block = row->flags & OPTION_DIRECTIVES     ? "directives"
                        : row->flags & OPTION_MODULE_LINES ? "modules"
                        : row->block                       ? "options"
                                                           : "none";
    schema_set_text(schema, object, "block", block);
    schema_set_list(schema, object, "needs", str_from(row->needs), STR("|"));
    schema_set_text(schema, object, "beside", row->beside);
    const char *around = set_history(schema, object, row->since, row->deprecated);
    if (row->block)
        document_set(document, object, "options", schema_options(schema, row->block, inner));
    schema->since = around;
    return object;
}

json_t *schema_options(struct schema *schema, const struct option *rows, struct str base)
{
    json_t *list = document_array(&schema->document, NULL);
    for (; rows && rows->name; rows++) {
        struct str path = json_path(schema, rows, base);
        document_add(&schema->document, list, option(schema, rows, path, path.len ? path : base));
    }
    return list;
}

json_t *schema_module_rows(struct schema *schema, const struct option *rows)
{
    json_t *list = document_array(&schema->document, NULL);
    for (; rows && rows->name; rows++)
        document_add(&schema->document, list,
                     option(schema, rows, json_path(schema, rows, STR("")), STR("")));
    return list;
}

/* Where the directive stands among the handlers; -1: it is not sorted. */
static int position(const struct schema *schema, const char *name)
{
    const char *const *order = schema->vocabulary->order;
    for (int i = 0; order[i]; i++)
        if (strcmp(order[i], name) == 0)
            return i;
    return -1;
}

static void set_place(struct schema *schema, json_t *object, const char *name)
{
    int place = position(schema, name);
    json_t *places = document_array_at(&schema->document, object, "places", NULL);
    document_add(&schema->document, places, document_text(&schema->document, "site", NULL));
    if (place < 0)
        return;
    document_add(&schema->document, places, document_text(&schema->document, "routes", NULL));
    schema_set_integer(schema, object, "order", place);
}

static json_t *directive(struct schema *schema, const struct directive *row)
{
    struct document *document = &schema->document;
    json_t *object = document_object(document, NULL);
    struct str base = str_from(row->json);
    schema_set_text(schema, object, "name", row->name);
    schema_set_text(schema, object, "doc", row->doc);
    set_place(schema, object, row->name);
    document_set(document, object, "takes_matcher",
                 document_bool(row->handler || row->takes_matcher));
    set_usage(schema, object, row->arguments, row->space, NULL);
    schema_set_text(schema, object, "modules", row->space ? row->space->name : NULL);
    schema_set_list(schema, object, "makes", str_from(row->makes), STR(" "));
    if (base.len)
        document_set(document, object, "json_path", document_string(document, base, NULL));
    schema_set_text(schema, object, "block",
                    row->has_directives_in_block ? "directives"
                    : row->options               ? "options"
                                                 : "none");
    schema_set_text(schema, object, "inherits", row->inherits);
    schema_set_list(schema, object, "needs", str_from(row->needs), STR("|"));
    set_flags(schema, object, row->flags);
    const char *around = set_history(schema, object, row->since, row->deprecated);
    if (row->options)
        document_set(document, object, "options", schema_options(schema, row->options, base));
    if (row->actions)
        document_set(document, object, "actions", schema_options(schema, row->actions, base));
    schema->since = around;
    return object;
}

json_t *schema_directives(struct schema *schema)
{
    json_t *list = document_array(&schema->document, NULL);
    for (const struct directive *const *table = schema->vocabulary->directives; *table; table++)
        for (const struct directive *row = *table; row->name; row++)
            document_add(&schema->document, list, directive(schema, row));
    return list;
}

static json_t *matcher(struct schema *schema, const struct matcher *row)
{
    json_t *object = document_object(&schema->document, NULL);
    schema_set_text(schema, object, "name", row->name);
    schema_set_text(schema, object, "doc", row->doc);
    set_usage(schema, object, row->arguments, NULL, NULL);
    schema_set_list(schema, object, "makes",
                    str_printf(schema->arena, "http.matchers.%s", row->name), STR(" "));
    schema_set_text(schema, object, "json_path", row->name);
    schema_set_text(schema, object, "block", row->options ? "options" : "none");
    const char *around = set_history(schema, object, row->since, row->deprecated);
    if (row->options)
        document_set(&schema->document, object, "options",
                     schema_options(schema, row->options, str_from(row->name)));
    schema->since = around;
    return object;
}

json_t *schema_matchers(struct schema *schema)
{
    json_t *list = document_array(&schema->document, NULL);
    for (const struct matcher *const *table = schema->vocabulary->matchers; *table; table++)
        for (const struct matcher *row = *table; row->name; row++)
            document_add(&schema->document, list, matcher(schema, row));
    return list;
}

json_t *schema_global_options(struct schema *schema)
{
    json_t *list = document_array(&schema->document, NULL);
    for (const struct option *const *table = schema->vocabulary->global_options; *table; table++)
        for (const struct option *row = *table; row->name; row++)
            document_add(&schema->document, list,
                         option(schema, row, json_path(schema, row, STR("")),
                                json_path(schema, row, STR(""))));
    return list;
}
