/* What JSON every module takes, as objects of the schema. */
#include "base/map.h"
#include "modules/modules.h"
#include "schema/rows_private.h"

static const char *const nest_names[] = {
    [NEST_ONE] = NULL,
    [NEST_LIST] = "list",
    [NEST_MAP] = "map",
    [NEST_LIST_OF_LISTS] = "list_of_lists",
    [NEST_MAP_OF_LISTS] = "map_of_lists",
};

json_t *schema_shape(struct schema *schema, const struct module_shape *shape)
{
    json_t *object = document_object(&schema->document, NULL);
    schema_set_text(schema, object, "type", module_kind_name(shape->kind));
    schema_set_text(schema, object, "nest", nest_names[shape->nest]);
    schema_set_text(schema, object, "object", shape->object ? shape->object->name : NULL);
    schema_set_text(schema, object, "namespace", shape->space);
    schema_set_text(schema, object, "json_key", shape->name_key);
    schema_set_flag(schema, object, "refuses_null", shape->refuses_null);
    return object;
}

static void add_fields(struct schema *schema, json_t *list, const struct module_object *object)
{
    if (object->inherited)
        add_fields(schema, list, object->inherited);
    for (const struct module_field *row = object->fields; row->name; row++) {
        json_t *field = document_object(&schema->document, NULL);
        schema_set_text(schema, field, "name", row->name);
        schema_set_text(schema, field, "doc", row->doc);
        document_set(&schema->document, field, "json", schema_shape(schema, &row->shape));
        schema_set_list(schema, field, "words", str_from(row->values), STR("|"));
        schema_set_flag(schema, field, "required", row->is_required);
        schema_set_text(schema, field, "unless", row->unless);
        schema_set_flag(schema, field, "any_case", row->any_case);
        schema_set_flag(schema, field, "strict", row->is_strict);
        schema_set_text(schema, field, "since", row->since);
        schema_set_text(schema, field, "deprecated", row->deprecated);
        document_add(&schema->document, list, field);
    }
}

/* Adds an object, and those within it, unless it is there. */
static void add_object(struct schema *schema, struct map *seen, json_t *list,
                       const struct module_object *row)
{
    if (map_find(seen, str_from(row->name)))
        return;
    map_put(seen, str_from(row->name), NULL);
    struct document *document = &schema->document;
    json_t *object = document_object(document, NULL), *fields = document_array(document, NULL);
    schema_set_text(schema, object, "name", row->name);
    schema_set_text(schema, object, "noun", row->noun);
    add_fields(schema, fields, row);
    document_set(document, object, "fields", fields);
    document_add(document, list, object);
    for (const struct module_object *part = row; part; part = part->inherited)
        for (const struct module_field *field = part->fields; field->name; field++)
            if (field->shape.object)
                add_object(schema, seen, list, field->shape.object);
}

json_t *schema_objects(struct schema *schema)
{
    json_t *list = document_array(&schema->document, NULL);
    struct map seen = map_in(schema->arena);
    add_object(schema, &seen, list, &module_config);
    for (const struct module *const *table = module_tables; *table; table++)
        for (const struct module *row = *table; row->id; row++)
            if (row->shape.object)
                add_object(schema, &seen, list, row->shape.object);
    return list;
}
