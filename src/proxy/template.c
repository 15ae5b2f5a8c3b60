/* The expansion of templates. Constant texts and templates of one placeholder are not copied. */

#include "proxy/template.h"

struct str template_expand(struct transaction *tx, uint32_t row)
{
    const struct dt_tables *tables = tx->tables;
    if (row == DT_NONE)
        return STR("");
    const struct dt_template *template = &tables->templates[row];
    if (template->parts.n == 0)
        return table_text(tables, template->literal);
    struct strbuf out = strbuf_in(tx->arena);
    for (uint32_t i = 0; i < template->parts.n; i++) {
        const struct dt_part *part = &tables->parts[template->parts.first + i];
        struct str value = {0};
        if (!template_value(tx, part, &value))
            value = template->keeps_unknown ? table_text(tables, part->raw) : STR("");
        if (template->parts.n == 1)
            return value;
        strbuf_add(&out, value);
    }
    return strbuf_str(&out);
}

struct str template_expand_with(struct transaction *tx, uint32_t row,
                                struct str (*change)(struct arena *arena, struct str value))
{
    const struct dt_tables *tables = tx->tables;
    const struct dt_template *template = &tables->templates[row];
    struct strbuf out = strbuf_in(tx->arena);
    if (template->parts.n == 0)
        return table_text(tables, template->literal);
    for (uint32_t i = 0; i < template->parts.n; i++) {
        const struct dt_part *part = &tables->parts[template->parts.first + i];
        struct str value = {0};
        if (!template_value(tx, part, &value))
            value = STR("");
        strbuf_add(&out, part->kind == DT_PART_LITERAL ? value : change(tx->arena, value));
    }
    return strbuf_str(&out);
}

struct str template_expand_escaped(struct transaction *tx, uint32_t row, bool escapes_query)
{
    const struct dt_tables *tables = tx->tables;
    const struct dt_template *template = &tables->templates[row];
    struct strbuf out = strbuf_in(tx->arena);
    if (template->parts.n == 0)
        return table_text(tables, template->literal);
    for (uint32_t i = 0; i < template->parts.n; i++) {
        const struct dt_part *part = &tables->parts[template->parts.first + i];
        struct str value = {0};
        if (!template_value(tx, part, &value))
            value = STR("");
        if (part->kind != DT_PART_LITERAL && (part->kind != DT_PART_QUERY || escapes_query))
            value = url_escape(value, URL_QUERY, tx->arena);
        strbuf_add(&out, value);
    }
    return strbuf_str(&out);
}
