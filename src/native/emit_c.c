/* Tables → C. Nothing that a configuration says gets out but through add_quoted and add_comment,
 * which let no byte through that could end a string, a comment or a line. */
#include "native/emit_c.h"

#include "native/layout.h"

/* C11 compilers need not take longer strings (5.2.4.1), and warn of them when asked to be strict.
 */
enum { LONGEST_STRING = 4000, VALUES_A_LINE = 24 };

static bool is_plain(unsigned char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '\\' && c != '?';
}

/* A string literal's inside. Octal escapes have three digits, so no digit behind can join them;
 * '?' is escaped because of trigraphs. */
static void add_quoted(struct strbuf *out, const char *text, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (is_plain(c))
            strbuf_add_char(out, (char)c);
        else if (c == '"' || c == '\\' || c == '?')
            strbuf_printf(out, "\\%c", c);
        else
            strbuf_printf(out, "\\%03o", c);
    }
}

/* A comment's inside: letters, digits and what paths are made of; anything else becomes '_'. */
static void add_comment(struct strbuf *out, const char *text, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool is_safe = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
                       (c && strchr(" .,:+-_=@%~/", c));
        strbuf_add_char(out, is_safe ? (char)c : '_');
    }
}

static void add_origin(struct strbuf *out, const struct dt_tables *tables, uint32_t row)
{
    const struct dt_origin *origin = &tables->origins[row];
    if (row == 0 || row >= tables->n_origins)
        return;
    strbuf_puts(out, " /* ");
    add_comment(out, dt_chars(tables, origin->file), origin->file.len);
    strbuf_printf(out, ":%u */", origin->line);
}

/* ---- text ---- */

static void add_long_text(struct strbuf *out, const char *text, uint32_t len)
{
    strbuf_puts(out, "{");
    for (uint32_t i = 0; i <= len; i++) /* with its NUL */
        strbuf_printf(out, "%s%d%s", i % VALUES_A_LINE == 0 ? "\n        " : "",
                      (signed char)text[i], i < len ? "," : "");
    strbuf_puts(out, "}");
}

static uint32_t text_length(const struct dt_tables *tables, uint32_t at)
{
    uint32_t end = at;
    while (tables->strings[end] != '\0' && end + 1 < tables->strings_len)
        end++;
    return end - at;
}

/* All text is one object whose members are the single texts: together they lie as in the blob. A
 * text with a NUL inside is two members. */
static void add_strings(struct strbuf *out, const struct dt_tables *tables)
{
    strbuf_puts(out, "static const struct {\n");
    for (uint32_t at = 0; at < tables->strings_len; at += text_length(tables, at) + 1)
        strbuf_printf(out, "    char at_%u[%u];\n", at, text_length(tables, at) + 1);
    strbuf_puts(out, "} strings = {\n");
    for (uint32_t at = 0; at < tables->strings_len; at += text_length(tables, at) + 1) {
        uint32_t len = text_length(tables, at);
        strbuf_printf(out, "    /* %u */ ", at);
        if (len > LONGEST_STRING) {
            add_long_text(out, tables->strings + at, len);
        } else {
            strbuf_puts(out, "\"");
            add_quoted(out, tables->strings + at, len);
            strbuf_puts(out, "\"");
        }
        strbuf_puts(out, ",\n");
    }
    strbuf_printf(out, "};\n_Static_assert(sizeof(strings) == %u, \"texts lie without gaps\");\n",
                  tables->strings_len);
}

/* ---- rows ---- */

static bool cell_is_zero(const struct column *column, const void *row)
{
    static const uint8_t zero[16];
    struct dt_range range;
    switch (column->cell) {
    case CELL_TEXT:
    case CELL_RANGE:
        range = layout_range(column, row);
        return range.first == 0 && range.n == 0;
    case CELL_IP:
        return memcmp((const char *)row + column->offset, zero, sizeof(zero)) == 0;
    case CELL_U8:
    case CELL_U16:
    case CELL_U32:
    case CELL_I64:
        break;
    }
    return layout_integer(column, row) == 0;
}

static void add_integer(struct strbuf *out, const struct column *column, int64_t value)
{
    if (column->names)
        strbuf_puts(out, column->names[value]);
    else if (column->cell == CELL_U32 && value == DT_NONE)
        strbuf_puts(out, "DT_NONE");
    else if (column->cell == CELL_I64 && value == INT64_MIN)
        strbuf_puts(out, "INT64_MIN");
    else if (column->cell == CELL_I64)
        strbuf_printf(out, "INT64_C(%lld)", (long long)value);
    else if (column->cell == CELL_U32)
        strbuf_printf(out, "%lluu", (unsigned long long)value);
    else
        strbuf_printf(out, "%lld", (long long)value);
}

static void add_cell(struct strbuf *out, const struct column *column, const void *row)
{
    struct dt_range range;
    strbuf_printf(out, ".%s = ", column->name);
    if (column->cell == CELL_TEXT || column->cell == CELL_RANGE) {
        range = layout_range(column, row);
        strbuf_printf(out, "{%uu, %uu}", range.first, range.n);
        return;
    }
    if (column->cell != CELL_IP) {
        add_integer(out, column, layout_integer(column, row));
        return;
    }
    const uint8_t *ip = (const uint8_t *)row + column->offset;
    strbuf_puts(out, "{");
    for (int i = 0; i < 16; i++)
        strbuf_printf(out, "%s%u", i ? ", " : "", ip[i]);
    strbuf_puts(out, "}");
}

/* Only what is not zero, and the first column, for there must be one. */
static void add_row(struct strbuf *out, const struct layout *layout, const void *row)
{
    bool is_first = true;
    strbuf_puts(out, "{");
    for (size_t c = 0; c < layout->n_columns; c++) {
        const struct column *column = &layout->columns[c];
        bool is_last_chance = is_first && c + 1 == layout->n_columns;
        if (cell_is_zero(column, row) && !is_last_chance)
            continue;
        strbuf_puts(out, is_first ? "" : ", ");
        add_cell(out, column, row);
        is_first = false;
    }
    strbuf_puts(out, "}");
}

static void add_array(struct strbuf *out, const struct dt_tables *tables, enum array array)
{
    const struct layout *layout = layout_of(array);
    uint32_t n;
    const char *rows = layout_rows(tables, array, &n);
    if (n == 0)
        return;
    strbuf_printf(out, "\nstatic const struct %s %s[%u] = {\n", layout->type, layout->name, n);
    for (uint32_t i = 0; i < n; i++) {
        const char *row = rows + i * layout->row_size;
        strbuf_printf(out, "    /* %u */ ", i);
        add_row(out, layout, row);
        strbuf_puts(out, ",");
        if (array != ARRAY_origins)
            add_origin(out, tables, layout_origin(layout, row));
        strbuf_puts(out, "\n");
    }
    strbuf_puts(out, "};\n");
}

/* ---- the root ---- */

static void add_text_value(struct strbuf *out, const char *name, struct dt_text text)
{
    strbuf_printf(out, ".%s = {%uu, %uu}", name, text.at, text.len);
}

static void add_root(struct strbuf *out, const struct dt_tables *tables)
{
    const struct dt_application *application = &tables->application;
    strbuf_puts(out, "\nstatic const struct dt_tables tables = {\n"
                     "    .abi = DT_TABLES_ABI,\n"
                     "    .size = sizeof(struct dt_tables),\n");
    strbuf_printf(out, "    .n_states = %uu,\n    .strings_len = sizeof(strings),\n",
                  tables->n_states);
    strbuf_printf(out, "    .application = {.grace_period_ns = INT64_C(%lld), ",
                  (long long)application->grace_period_ns);
    strbuf_printf(out, ".shutdown_delay_ns = INT64_C(%lld), ",
                  (long long)application->shutdown_delay_ns);
    strbuf_printf(out, ".http_port = %u, .https_port = %u, .is_debug = %uu, ",
                  application->http_port, application->https_port, application->is_debug);
    strbuf_printf(out, ".ticket_rotation_ns = INT64_C(%lld), .max_ticket_keys = %uu, ",
                  (long long)application->ticket_rotation_ns, application->max_ticket_keys);
    strbuf_printf(out, ".admin_mode = %uu, ", application->admin_mode);
    add_text_value(out, "storage", application->storage);
    strbuf_puts(out, ", ");
    add_text_value(out, "admin", application->admin);
    strbuf_puts(out, "},\n    .build = {");
    add_text_value(out, "source", tables->build.source);
    strbuf_puts(out, ", ");
    add_text_value(out, "digest", tables->build.digest);
    strbuf_puts(out, ", ");
    add_text_value(out, "version", tables->build.version);
    strbuf_puts(out, "},\n    .strings = (const char *)&strings,\n");
    for (size_t a = 1; a <= N_LAYOUTS; a++) {
        const char *name = layout_of((enum array)a)->name;
        uint32_t n;
        layout_rows(tables, (enum array)a, &n);
        if (n)
            strbuf_printf(out, "    .%s = %s,\n    .n_%s = %u,\n", name, name, name, n);
    }
    strbuf_puts(out, "};\n");
}

bool needs_argon2id(const struct dt_tables *tables)
{
    for (uint32_t i = 0; i < tables->n_logins; i++) {
        if (tables->logins[i].hash == DT_HASH_ARGON2ID)
            return true;
    }
    return false;
}

void emit_c(const struct dt_tables *tables, struct strbuf *out)
{
    const struct dt_build *build = &tables->build;
    strbuf_puts(out, "/* Made by dialtone ");
    add_comment(out, dt_chars(tables, build->version), build->version.len);
    strbuf_puts(out, " from ");
    add_comment(out, dt_chars(tables, build->source), build->source.len);
    strbuf_puts(out, ": do not edit. */\n"
                     "#include <stdint.h>\n\n"
                     "#include \"dialtone/proxy.h\"\n"
                     "#include \"dialtone/tables.h\"\n\n"
                     "#if DT_TABLES_ABI != ");
    strbuf_printf(out, "%u\n", DT_TABLES_ABI);
    strbuf_puts(out, "#error \"these tables are not for the proxy core that is installed\"\n"
                     "#endif\n\n");
    add_strings(out, tables);
    for (size_t a = 1; a <= N_LAYOUTS; a++)
        add_array(out, tables, (enum array)a);
    add_root(out, tables);
    strbuf_printf(out,
                  "\nint main(int argc, char **argv)\n"
                  "{\n"
                  "%s%s%s%s    return dt_proxy_main(&tables, argc, argv);\n"
                  "}\n",
                  tables->n_regexps ? "    dt_proxy_use_regexps(&dt_re2);\n" : "",
                  needs_argon2id(tables) ? "    dt_proxy_use_argon2id(dt_argon2id);\n" : "",
                  dt_needs_dns(tables) ? "    dt_proxy_use_dns(&dt_cares);\n" : "",
                  tables->n_acme_issuers ? "    dt_proxy_use_acme(&dt_acme);\n" : "");
}
