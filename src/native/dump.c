/* Tables → stable text. */
#include "native/dump.h"

#include "native/layout.h"

static void add_text(struct strbuf *out, const struct dt_tables *tables, struct dt_text text)
{
    const char *chars = dt_chars(tables, text);
    strbuf_add_char(out, '"');
    for (uint32_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)chars[i];
        if (c == '"' || c == '\\')
            strbuf_printf(out, "\\%c", c);
        else if (c < ' ' || c == 0x7f)
            strbuf_printf(out, "\\x%02x", c);
        else
            strbuf_add_char(out, (char)c);
    }
    strbuf_add_char(out, '"');
}

static const struct {
    const char *name;
    enum dt_argument argument;
} part_kinds[] = {{"", DT_ARGUMENT_NONE},
                  {"path as written", DT_ARGUMENT_NONE},
                  {"file as a path", DT_ARGUMENT_NONE},
                  {"mapped ", DT_ARGUMENT_NONE},
#define X(id, name, argument) {name, DT_ARGUMENT_##argument},
                  DT_PLACEHOLDERS(X)
#undef X
};
_Static_assert(sizeof(part_kinds) / sizeof(part_kinds[0]) == DT_N_PART_KINDS, "part kinds");

static void add_part(struct strbuf *out, const struct dt_tables *tables, const struct dt_part *part)
{
    strbuf_printf(out, "{%s", part_kinds[part->kind].name);
    switch (part_kinds[part->kind].argument) {
    case DT_ARGUMENT_NONE:
        if (part->kind == DT_PART_MAPPED)
            add_text(out, tables, tables->mapped[part->number].name);
        break;
    case DT_ARGUMENT_TEXT:
        add_text(out, tables, part->text);
        break;
    case DT_ARGUMENT_NUMBER:
        strbuf_printf(out, "%u", part->number);
        break;
    case DT_ARGUMENT_HEADER:
        add_text(out, tables, tables->header_names[part->number].canonical);
        break;
    case DT_ARGUMENT_VARIABLE:
        add_text(out, tables, tables->variables[part->number].name);
        break;
    }
    strbuf_add_char(out, '}');
}

static void add_template(struct strbuf *out, const struct dt_tables *tables, uint32_t row)
{
    const struct dt_template *template = &tables->templates[row];
    if (template->keeps_unknown && template->parts.n)
        strbuf_puts(out, "known ");
    if (template->parts.n == 0)
        add_text(out, tables, template->literal);
    for (uint32_t i = 0; i < template->parts.n; i++) {
        const struct dt_part *part = &tables->parts[template->parts.first + i];
        strbuf_puts(out, i ? " " : "");
        if (part->kind == DT_PART_LITERAL)
            add_text(out, tables, part->text);
        else
            add_part(out, tables, part);
    }
}

static void add_ip(struct strbuf *out, const uint8_t *ip)
{
    for (int i = 0; i < 16; i++)
        strbuf_printf(out, "%02x", ip[i]);
}

static void add_range(struct strbuf *out, const struct dt_tables *tables, enum array target,
                      struct dt_range range)
{
    if (target != ARRAY_texts && target != ARRAY_numbers && target != ARRAY_templates) {
        strbuf_printf(out, "%s[%u..%u]", layout_of(target)->name, range.first,
                      range.first + range.n - 1);
        return;
    }
    strbuf_add_char(out, '[');
    for (uint32_t i = 0; i < range.n; i++) {
        strbuf_puts(out, i ? " " : "");
        if (target == ARRAY_texts)
            add_text(out, tables, tables->texts[range.first + i]);
        else if (target == ARRAY_templates)
            add_template(out, tables, range.first + i);
        else
            strbuf_printf(out, "%u", tables->numbers[range.first + i].value);
    }
    strbuf_add_char(out, ']');
}

static void add_index(struct strbuf *out, const struct dt_tables *tables, enum array target,
                      uint32_t row)
{
    if (target == ARRAY_templates)
        add_template(out, tables, row);
    else if (target == ARRAY_header_names)
        add_text(out, tables, tables->header_names[row].canonical);
    else if (target == ARRAY_variables)
        add_text(out, tables, tables->variables[row].name);
    else
        strbuf_printf(out, "%s[%u]", layout_of(target)->name, row);
}

/* False where the cell has nothing to say. */
static bool add_value(struct strbuf *out, const struct dt_tables *tables,
                      const struct column *column, const void *row)
{
    static const uint8_t zero[16];
    const uint8_t *bytes = (const uint8_t *)row + column->offset;
    struct dt_range range;
    enum array target = layout_target(column, row);
    int64_t value = layout_integer(column, row);
    switch (column->cell) {
    case CELL_TEXT:
        range = layout_range(column, row);
        if (range.n)
            add_text(out, tables, (struct dt_text){range.first, range.n});
        return range.n != 0;
    case CELL_RANGE:
        range = layout_range(column, row);
        if (range.n)
            add_range(out, tables, target, range);
        return range.n != 0;
    case CELL_IP:
        if (memcmp(bytes, zero, sizeof(zero)) != 0)
            add_ip(out, bytes);
        return memcmp(bytes, zero, sizeof(zero)) != 0;
    case CELL_U32:
        if (value == DT_NONE)
            return false;
        if (target != ARRAY_NONE) {
            add_index(out, tables, target, (uint32_t)value);
            return true;
        }
        break;
    case CELL_U8:
    case CELL_U16:
    case CELL_I64:
        break;
    }
    if (column->names)
        strbuf_puts(out, column->names[value] + strlen("DT_"));
    else if (value || column->is_optional)
        strbuf_printf(out, "%lld", (long long)value);
    return column->names || value || column->is_optional;
}

static void add_row(struct strbuf *out, const struct dt_tables *tables, const struct layout *layout,
                    const void *row)
{
    for (size_t c = 0; c < layout->n_columns; c++) {
        const struct column *column = &layout->columns[c];
        size_t before = out->len;
        if (column->target == ARRAY_origins)
            continue;
        strbuf_printf(out, " %s=", column->name);
        if (!add_value(out, tables, column, row))
            out->len = before;
    }
    uint32_t origin = layout_origin(layout, row);
    if (origin) {
        strbuf_puts(out, " @");
        strbuf_add(out, str_make(dt_chars(tables, tables->origins[origin].file),
                                 tables->origins[origin].file.len));
        strbuf_printf(out, ":%u:%u", tables->origins[origin].line, tables->origins[origin].column);
    }
    strbuf_add_char(out, '\n');
}

static bool is_shown_elsewhere(enum array array)
{
    return array == ARRAY_origins || array == ARRAY_numbers || array == ARRAY_texts ||
           array == ARRAY_templates || array == ARRAY_parts;
}

void dump_tables(const struct dt_tables *tables, struct strbuf *out)
{
    const struct dt_application *application = &tables->application;
    strbuf_printf(out, "application http_port=%u https_port=%u", application->http_port,
                  application->https_port);
    if (application->grace_period_ns)
        strbuf_printf(out, " grace_period_ns=%lld", (long long)application->grace_period_ns);
    if (application->shutdown_delay_ns)
        strbuf_printf(out, " shutdown_delay_ns=%lld", (long long)application->shutdown_delay_ns);
    if (application->is_debug)
        strbuf_puts(out, " is_debug");
    if (application->storage.len) {
        strbuf_puts(out, " storage=");
        add_text(out, tables, application->storage);
    }
    if (tables->n_certificates)
        strbuf_printf(out, " ticket_rotation_ns=%lld max_ticket_keys=%u",
                      (long long)application->ticket_rotation_ns, application->max_ticket_keys);
    if (application->admin.len) {
        strbuf_puts(out, " admin=");
        add_text(out, tables, application->admin);
    }
    if (application->admin_mode)
        strbuf_printf(out, " admin_mode=0%o", application->admin_mode);
    strbuf_printf(out, " n_states=%u\n", tables->n_states);
    for (size_t a = 1; a <= N_LAYOUTS; a++) {
        const struct layout *layout = layout_of((enum array)a);
        uint32_t n;
        const char *rows = layout_rows(tables, (enum array)a, &n);
        for (uint32_t i = 0; i < n && !is_shown_elsewhere((enum array)a); i++) {
            const char *row = rows + i * layout->row_size;
            bool is_free = a == ARRAY_host_entries && !tables->host_entries[i].host.len;
            if (is_free)
                continue;
            strbuf_printf(out, "%s[%u]", layout->name, i);
            add_row(out, tables, layout, row);
        }
    }
}
