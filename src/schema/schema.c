/* The published schema: every row of the vocabulary as JSON. */
#include "schema/schema.h"

#include "adapt/directive.h"
#include "json/document.h"
#include "schema/arguments.h"
#include "schema/usage.h"

struct schema {
    struct arena *arena;
    struct document document;
    const struct vocabulary *vocabulary;
};

static const char *const value_names[] = {
    [VALUE_NONE] = "special",      [VALUE_TRUE] = "true",       [VALUE_STRING] = "string",
    [VALUE_STRINGS] = "strings",   [VALUE_INTEGER] = "integer", [VALUE_FLOAT] = "number",
    [VALUE_DURATION] = "duration", [VALUE_SIZE] = "size",       [VALUE_BLOCK] = "object",
};

static void set_text(struct schema *schema, json_t *object, const char *key, const char *text)
{
    if (text)
        document_set(&schema->document, object, key, document_text(&schema->document, text, NULL));
}

static void set_flag(struct schema *schema, json_t *object, const char *key, bool value)
{
    if (value)
        document_set(&schema->document, object, key, document_bool(true));
}

static void set_integer(struct schema *schema, json_t *object, const char *key, int value)
{
    document_set(&schema->document, object, key, document_integer(&schema->document, value, NULL));
}

/* The parts of a text between separators, as an array; NULL for none. */
static json_t *split(struct schema *schema, struct str text, struct str separator)
{
    if (text.len == 0)
        return NULL;
    json_t *list = document_array(&schema->document, NULL);
    struct str part;
    while (text.len) {
        str_cut(text, separator, &part, &text);
        document_add(&schema->document, list, document_string(&schema->document, part, NULL));
    }
    return list;
}

static json_t *argument(struct schema *schema, const struct usage_argument *argument,
                        bool is_module, const char *values)
{
    struct document *document = &schema->document;
    json_t *object = document_object(document, NULL), *types = document_array(document, NULL);
    struct str names = argument->names, name;
    struct str words = argument->words.len || !values ? argument->words : str_from(values);
    if (names.len)
        document_set(document, object, "name", document_string(document, names, NULL));
    while (names.len) {
        str_cut(names, STR("|"), &name, &names);
        const struct argument_type *type =
            is_module ? argument_type_named(STR("module")) : argument_type_of(name);
        document_add(document, types, document_text(document, type ? type->name : "string", NULL));
    }
    if (json_array_size(types))
        document_set(document, object, "types", types);
    document_set(document, object, "words", split(schema, words, STR("|")));
    document_set(document, object, "prefixes", split(schema, argument->prefixes, STR("|")));
    set_flag(schema, object, "optional", argument->is_optional);
    set_flag(schema, object, "repeated", argument->is_repeated);
    return object;
}

/* "usage", "forms", "min_args" and "max_args" of a line. */
static void set_usage(struct schema *schema, json_t *object, const char *text,
                      const struct module_space *space, const char *values)
{
    struct document *document = &schema->document;
    struct usage usage;
    set_text(schema, object, "usage", text);
    if (!usage_parse(schema->arena, text, &usage))
        return;
    json_t *forms = document_array(document, NULL);
    for (size_t i = 0; i < usage.n; i++) {
        const struct usage_form *form = &usage.at[i];
        json_t *arguments = document_array(document, NULL);
        for (size_t k = 0; k < form->n; k++)
            document_add(
                document, arguments,
                argument(schema, &form->at[k],
                         space && (form->is_open ? k + 1 == form->n : form->at[k].is_repeated),
                         values));
        document_add(document, forms, arguments);
    }
    document_set(document, object, "forms", forms);
    set_integer(schema, object, "min_args", usage.min_args);
    set_integer(schema, object, "max_args", usage.max_args);
}

static void set_history(struct schema *schema, json_t *object, const char *since,
                        const char *deprecated)
{
    set_text(schema, object, "since", since ? since : "2.0");
    set_text(schema, object, "deprecated", deprecated);
}

static json_t *option_list(struct schema *schema, const struct option *rows);

static json_t *option(struct schema *schema, const struct option *row)
{
    struct document *document = &schema->document;
    json_t *object = document_object(document, NULL);
    struct str names = str_from(row->name), name;
    str_cut(names, STR("|"), &name, &names);
    document_set(document, object, "name", document_string(document, name, NULL));
    document_set(document, object, "aliases", split(schema, names, STR("|")));
    set_text(schema, object, "doc", row->doc);
    set_usage(schema, object, row->arguments, row->space, row->values);
    set_integer(schema, object, "min_args", row->min_args);
    set_integer(schema, object, "max_args", row->max_args);
    set_text(schema, object, "value", value_names[row->type]);
    set_text(schema, object, "json_path", row->key);
    set_flag(schema, object, "once", row->flags & OPTION_ONCE);
    set_flag(schema, object, "loose", row->flags & OPTION_LOOSE);
    set_flag(schema, object, "header_name", row->flags & OPTION_HEADER_NAME);
    set_text(schema, object, "modules", row->space ? row->space->name : NULL);
    const char *block = row->flags & OPTION_DIRECTIVES     ? "directives"
                        : row->flags & OPTION_MODULE_LINES ? "modules"
                        : row->block                       ? "options"
                                                           : "none";
    set_text(schema, object, "block", block);
    if (row->block)
        document_set(document, object, "options", option_list(schema, row->block));
    set_history(schema, object, row->since, row->deprecated);
    return object;
}

static json_t *option_list(struct schema *schema, const struct option *rows)
{
    json_t *list = document_array(&schema->document, NULL);
    for (; rows && rows->name; rows++)
        document_add(&schema->document, list, option(schema, rows));
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

static json_t *directive(struct schema *schema, const struct directive *row)
{
    struct document *document = &schema->document;
    json_t *object = document_object(document, NULL);
    int place = position(schema, row->name);
    set_text(schema, object, "name", row->name);
    set_text(schema, object, "doc", row->doc);
    document_set(document, object, "takes_matcher",
                 document_bool(row->handler || row->takes_matcher));
    set_usage(schema, object, row->arguments, NULL, NULL);
    document_set(document, object, "order",
                 place < 0 ? document_null() : document_integer(document, place, NULL));
    set_text(schema, object, "block",
             row->has_directives_in_block ? "directives"
             : row->options               ? "options"
                                          : "none");
    if (row->options)
        document_set(document, object, "options", option_list(schema, row->options));
    set_history(schema, object, row->since, row->deprecated);
    return object;
}

static json_t *matcher(struct schema *schema, const struct matcher *row)
{
    json_t *object = document_object(&schema->document, NULL);
    set_text(schema, object, "name", row->name);
    set_text(schema, object, "doc", row->doc);
    set_usage(schema, object, row->arguments, NULL, NULL);
    set_text(schema, object, "block", row->options ? "options" : "none");
    if (row->options)
        document_set(&schema->document, object, "options", option_list(schema, row->options));
    set_history(schema, object, row->since, row->deprecated);
    return object;
}

static json_t *directives(struct schema *schema)
{
    json_t *list = document_array(&schema->document, NULL);
    for (const struct directive *const *table = schema->vocabulary->directives; *table; table++)
        for (const struct directive *row = *table; row->name; row++)
            document_add(&schema->document, list, directive(schema, row));
    return list;
}

static json_t *matchers(struct schema *schema)
{
    json_t *list = document_array(&schema->document, NULL);
    for (const struct matcher *const *table = schema->vocabulary->matchers; *table; table++)
        for (const struct matcher *row = *table; row->name; row++)
            document_add(&schema->document, list, matcher(schema, row));
    return list;
}

static json_t *global_options(struct schema *schema)
{
    json_t *list = document_array(&schema->document, NULL);
    for (const struct option *const *table = schema->vocabulary->global_options; *table; table++)
        for (const struct option *row = *table; row->name; row++)
            document_add(&schema->document, list, option(schema, row));
    return list;
}

static json_t *modules(struct schema *schema)
{
    json_t *list = document_array(&schema->document, NULL);
    for (const struct module_space *const *space = schema->vocabulary->modules; *space; space++) {
        json_t *object = document_object(&schema->document, NULL);
        set_text(schema, object, "namespace", (*space)->name);
        set_text(schema, object, "doc", (*space)->doc);
        set_text(schema, object, "json_key", (*space)->key);
        document_set(&schema->document, object, "modules", option_list(schema, (*space)->modules));
        document_add(&schema->document, list, object);
    }
    return list;
}

static json_t *types(struct schema *schema)
{
    json_t *list = document_array(&schema->document, NULL);
    for (const struct argument_type *type = argument_types; type->name; type++) {
        json_t *object = document_object(&schema->document, NULL);
        set_text(schema, object, "name", type->name);
        set_text(schema, object, "doc", type->doc);
        document_set(&schema->document, object, "examples",
                     split(schema, str_from(type->examples), STR(" ")));
        document_set(&schema->document, object, "wrong",
                     split(schema, str_from(type->wrong), STR(" ")));
        document_add(&schema->document, list, object);
    }
    return list;
}

void schema_json(const struct vocabulary *vocabulary, struct strbuf *out)
{
    struct schema schema = {.arena = out->arena, .vocabulary = vocabulary};
    struct document *document = &schema.document;
    document_init(document, out->arena);
    json_t *root = document_object(document, NULL);
    set_integer(&schema, root, "schema_version", SCHEMA_VERSION);
    set_text(&schema, root, "dialtone", DIALTONE_VERSION);
    set_text(&schema, root, "caddy", "2.11");
    document_set(document, root, "types", types(&schema));
    document_set(document, root, "directives", directives(&schema));
    document_set(document, root, "global_options", global_options(&schema));
    document_set(document, root, "matchers", matchers(&schema));
    document_set(document, root, "modules", modules(&schema));
    document_write(root, true, out);
    strbuf_add_char(out, '\n');
}
