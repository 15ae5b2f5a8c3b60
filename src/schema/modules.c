/* Kinds of modules as objects of the schema: those that options choose by name, those that
 * directives, options and matchers put into the JSON without naming them, and all others. */
#include "base/map.h"
#include "modules/modules.h"
#include "schema/rows_private.h"

/* Modules by name space, while the rows are walked. */
struct made {
    struct schema *schema;
    struct map spaces; /* name space → object of the schema */
    json_t *list;      /* those objects */
};

static json_t *space_object(struct made *made, struct str name, const char *doc, const char *key)
{
    struct document *document = &made->schema->document;
    json_t *object = map_get(&made->spaces, name);
    if (object)
        return object;
    object = document_object(document, NULL);
    document_set(document, object, "namespace", document_string(document, name, NULL));
    schema_set_text(made->schema, object, "doc", doc);
    schema_set_text(made->schema, object, "json_key", key);
    map_put(&made->spaces, name, object);
    document_add(document, made->list, object);
    return object;
}

/* The module's object in its space, made where there is none. */
static json_t *module_object(struct made *made, json_t *space, struct str name)
{
    struct document *document = &made->schema->document;
    json_t *modules = document_array_at(document, space, "modules", NULL), *module;
    for (size_t i = 0; i < json_array_size(modules); i++) {
        module = json_array_get(modules, i);
        if (str_is(name, json_string_value(json_object_get(module, "name"))))
            return module;
    }
    module = document_object(document, NULL);
    document_set(document, module, "name", document_string(document, name, NULL));
    document_add(document, modules, module);
    return module;
}

/* Notes that <row> makes the modules of <ids>. */
static void note(struct made *made, const char *ids, const char *kind, const char *row)
{
    struct document *document = &made->schema->document;
    struct str rest = str_from(ids), id;
    while (rest.len) {
        str_cut(rest, STR(" "), &id, &rest);
        ptrdiff_t dot = str_last_index(id, '.');
        json_t *space = space_object(made, str_slice(id, 0, (size_t)dot), NULL, NULL);
        json_t *module = module_object(made, space, str_slice(id, (size_t)dot + 1, id.len));
        document_add(
            document, document_array_at(document, module, "made_by", NULL),
            document_string(document, str_printf(made->schema->arena, "%s %s", kind, row), NULL));
    }
}

static void note_options(struct made *made, const struct option *rows, const char *kind)
{
    for (; rows && rows->name; rows++) {
        note(made, rows->makes, kind, rows->name);
        note_options(made, rows->block, kind);
    }
}

static void note_rows(struct made *made)
{
    const struct vocabulary *vocabulary = made->schema->vocabulary;
    for (const struct directive *const *table = vocabulary->directives; *table; table++)
        for (const struct directive *row = *table; row->name; row++) {
            note(made, row->makes, "directive", row->name);
            note_options(made, row->options, row->name);
        }
    for (const struct matcher *const *table = vocabulary->matchers; *table; table++)
        for (const struct matcher *row = *table; row->name; row++)
            note(made, str_printf(made->schema->arena, "http.matchers.%s", row->name).ptr,
                 "matcher", row->name);
    for (const struct option *const *table = vocabulary->global_options; *table; table++)
        note_options(made, *table, "global option");
}

/* Every module of the standard distribution, and the JSON it takes. */
static void add_values(struct made *made)
{
    struct document *document = &made->schema->document;
    for (const struct module *const *table = module_tables; *table; table++)
        for (const struct module *row = *table; row->id; row++) {
            struct str id = str_from(row->id), name;
            struct str space = module_space_of(row, &name);
            const struct module_namespace *known = module_namespace_find(space);
            json_t *object = module_object(made, space_object(made, space, known->doc, NULL), name);
            document_set(document, object, "id", document_string(document, id, NULL));
            if (!json_object_get(object, "doc"))
                schema_set_text(made->schema, object, "doc", row->doc);
            if (!json_object_get(object, "since"))
                schema_set_text(made->schema, object, "since", row->since ? row->since : "2.0");
            document_set(document, object, "json", schema_shape(made->schema, &row->shape));
        }
}

json_t *schema_modules(struct schema *schema)
{
    struct document *document = &schema->document;
    struct made made = {
        .schema = schema, .spaces = map_in(schema->arena), .list = document_array(document, NULL)};
    note_rows(&made);
    for (const struct module_space *const *row = schema->vocabulary->modules; *row; row++) {
        json_t *space = space_object(&made, str_from((*row)->name), (*row)->doc, (*row)->key);
        document_set(document, space, "modules", schema_module_rows(schema, (*row)->modules));
    }
    add_values(&made);
    return made.list;
}
