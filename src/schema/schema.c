/* The published schema as a whole: types of arguments, rows, shorthands, syntax. */
#include "schema/schema.h"

#include "adapt/shorthand.h"
#include "schema/arguments.h"
#include "schema/rows_private.h"
#include "schema/syntax.h"

void schema_set_text(struct schema *schema, json_t *object, const char *key, const char *text)
{
    if (text)
        document_set(&schema->document, object, key, document_text(&schema->document, text, NULL));
}

void schema_set_flag(struct schema *schema, json_t *object, const char *key, bool value)
{
    if (value)
        document_set(&schema->document, object, key, document_bool(true));
}

void schema_set_integer(struct schema *schema, json_t *object, const char *key, int value)
{
    document_set(&schema->document, object, key, document_integer(&schema->document, value, NULL));
}

void schema_set_list(struct schema *schema, json_t *object, const char *key, struct str text,
                     struct str separator)
{
    struct str part;
    while (text.len) {
        str_cut(text, separator, &part, &text);
        document_add(&schema->document, document_array_at(&schema->document, object, key, NULL),
                     document_string(&schema->document, part, NULL));
    }
}

static json_t *types(struct schema *schema)
{
    json_t *list = document_array(&schema->document, NULL);
    for (const struct argument_type *type = argument_types; type->name; type++) {
        json_t *object = document_object(&schema->document, NULL);
        schema_set_text(schema, object, "name", type->name);
        schema_set_text(schema, object, "doc", type->doc);
        schema_set_list(schema, object, "examples", str_from(type->examples), STR(" "));
        schema_set_list(schema, object, "wrong", str_from(type->wrong), STR(" "));
        document_add(&schema->document, list, object);
    }
    return list;
}

/* {host}, or {header.*} where more may follow. */
static json_t *braced(struct schema *schema, struct str name, enum shorthand_kind kind)
{
    struct str text = str_printf(schema->arena, "{" STR_FMT "%s}", STR_ARG(name),
                                 kind == SHORTHAND_EXACT ? "" : "*");
    return document_string(&schema->document, text, NULL);
}

static json_t *shorthand_list(struct schema *schema)
{
    json_t *list = document_array(&schema->document, NULL);
    for (const struct shorthand *row = shorthands; row->name.len; row++) {
        json_t *object = document_object(&schema->document, NULL);
        document_set(&schema->document, object, "name", braced(schema, row->name, row->kind));
        document_set(&schema->document, object, "stands_for",
                     braced(schema, row->expansion, row->kind));
        schema_set_text(schema, object, "doc", row->doc);
        schema_set_text(schema, object, "since", row->since ? row->since : "2.0");
        schema_set_flag(schema, object, "dots", row->kind == SHORTHAND_DOTTED);
        document_add(&schema->document, list, object);
    }
    return list;
}

static json_t *syntax_list(struct schema *schema)
{
    json_t *list = document_array(&schema->document, NULL);
    for (const struct syntax_feature *row = syntax_features; row->name; row++) {
        json_t *object = document_object(&schema->document, NULL);
        schema_set_text(schema, object, "name", row->name);
        schema_set_text(schema, object, "doc", row->doc);
        schema_set_text(schema, object, "form", row->form);
        schema_set_text(schema, object, "since", row->since ? row->since : "2.0");
        schema_set_text(schema, object, "deprecated", row->deprecated);
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
    schema_set_integer(&schema, root, "schema_version", SCHEMA_VERSION);
    schema_set_text(&schema, root, "dialtone", DIALTONE_VERSION);
    schema_set_text(&schema, root, "caddy", "2.11");
    document_set(document, root, "types", types(&schema));
    document_set(document, root, "directives", schema_directives(&schema));
    document_set(document, root, "global_options", schema_global_options(&schema));
    document_set(document, root, "matchers", schema_matchers(&schema));
    document_set(document, root, "response_matchers",
                 schema_options(&schema, response_matchers, STR("match")));
    document_set(document, root, "modules", schema_modules(&schema));
    document_set(document, root, "objects", schema_objects(&schema));
    document_set(document, root, "shorthands", shorthand_list(&schema));
    document_set(document, root, "syntax", syntax_list(&schema));
    document_write(root, true, out);
    strbuf_add_char(out, '\n');
}
