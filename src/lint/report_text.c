/* Reports that are lines or XML: annotations of GitHub's workflows, Checkstyle and JUnit. */
#include "lint/report.h"

/* --- GitHub --- */

/* A workflow command ends at its line end, a property also at ',' and ':'. */
static void add_escaped(struct strbuf *out, struct str text, bool is_property)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '%' || c == '\n' || c == '\r' || (is_property && (c == ',' || c == ':')))
            strbuf_printf(out, "%%%02X", c);
        else
            strbuf_add_char(out, c < 0x20 ? ' ' : (char)c);
    }
}

static void add_annotation(struct report *report, const struct report_finding *finding,
                           struct strbuf *out)
{
    static const char *const commands[] = {[SEVERITY_NONE] = "debug",
                                           [SEVERITY_INFO] = "notice",
                                           [SEVERITY_WARNING] = "warning",
                                           [SEVERITY_ERROR] = "error"};
    const struct report_place *place = &finding->place;
    strbuf_printf(out, "::%s file=", commands[finding->severity]);
    add_escaped(out, place->path, true);
    if (place->line)
        strbuf_printf(out, ",line=%u,endLine=%u", place->line, place->end_line);
    if (place->line && place->line == place->end_line) /* GitHub takes columns on one line only */
        strbuf_printf(out, ",col=%u,endColumn=%u", place->column, place->end_column);
    strbuf_printf(out, ",title=%s %s::", finding->info->id, finding->info->name);
    add_escaped(out, report_full_text(&report->arena, finding), false);
    strbuf_add_char(out, '\n');
}

void report_write_github(struct report *report, struct strbuf *out)
{
    enum { SHOWN = 10 }; /* of each kind and step; so the worst come first */
    for (int severity = SEVERITY_ERROR; severity > SEVERITY_NONE; severity--)
        for (const struct report_file *file = report->first; file; file = file->next)
            for (const struct report_finding *one = file->first; one; one = one->next)
                if ((int)one->severity == severity)
                    add_annotation(report, one, out);
    const uint32_t *n = report->counts;
    if (n[SEVERITY_ERROR] > SHOWN || n[SEVERITY_WARNING] > SHOWN || n[SEVERITY_INFO] > SHOWN)
        strbuf_printf(out,
                      "dialtone: %u errors, %u warnings, %u infos; GitHub shows the first %d of each "
                      "as annotations\n",
                      n[SEVERITY_ERROR], n[SEVERITY_WARNING], n[SEVERITY_INFO], SHOWN);
}

/* --- XML --- */

static void add_xml(struct strbuf *out, struct str text)
{
    for (size_t i = 0, size; i < text.len; i += size) {
        uint32_t rune = utf8_decode(text, i, &size);
        switch (rune) {
        case '&':
            strbuf_puts(out, "&amp;");
            break;
        case '<':
            strbuf_puts(out, "&lt;");
            break;
        case '>':
            strbuf_puts(out, "&gt;");
            break;
        case '"':
            strbuf_puts(out, "&quot;");
            break;
        case '\t':
        case '\n':
        case '\r':
            strbuf_printf(out, "&#%u;", rune);
            break;
        default: /* XML has no way to write the other control characters */
            strbuf_add_rune(out, rune < 0x20 || rune == 0xfffe || rune == 0xffff ? 0xfffd : rune);
        }
    }
}

static void add_attribute(struct strbuf *out, const char *name, struct str value)
{
    strbuf_printf(out, " %s=\"", name);
    add_xml(out, value);
    strbuf_add_char(out, '"');
}

void report_write_checkstyle(struct report *report, struct strbuf *out)
{
    strbuf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n");
    for (const struct report_file *file = report->first; file; file = file->next) {
        struct str open = {0}; /* imported files have elements of their own */
        for (const struct report_finding *one = file->first; one; one = one->next) {
            if (!open.ptr || !str_eq(open, one->place.path)) {
                strbuf_puts(out, open.ptr ? "  </file>\n  <file" : "  <file");
                open = one->place.path;
                add_attribute(out, "name", open);
                strbuf_puts(out, ">\n");
            }
            strbuf_puts(out, "    <error");
            strbuf_printf(out, " line=\"%u\"", one->place.line ? one->place.line : 1);
            if (one->place.line)
                strbuf_printf(out, " column=\"%u\"", one->place.column);
            add_attribute(out, "severity", str_from(severity_name(one->severity)));
            add_attribute(out, "message", report_full_text(&report->arena, one));
            strbuf_printf(out, " source=\"dialtone.%s\"/>\n", one->info->id);
        }
        if (open.ptr)
            strbuf_puts(out, "  </file>\n");
    }
    strbuf_puts(out, "</checkstyle>\n");
}

/* Errors and warnings are tests that failed; an info is one that passed and has something to say. */
static void add_testcase(struct report *report, const struct report_file *file,
                         const struct report_finding *one, struct strbuf *out)
{
    struct arena *arena = &report->arena;
    const struct report_place *place = &one->place;
    struct str where = place->line ? str_printf(arena, STR_FMT ":%u:%u", STR_ARG(place->path),
                                                place->line, place->column)
                                   : place->path;
    strbuf_puts(out, "    <testcase");
    add_attribute(out, "name",
                  str_printf(arena, "%s %s at " STR_FMT, one->info->id, one->info->name, STR_ARG(where)));
    add_attribute(out, "classname", file->path);
    const char *element = one->severity > SEVERITY_INFO ? "failure" : "system-out";
    strbuf_printf(out, ">\n      <%s", element);
    if (one->severity > SEVERITY_INFO) {
        add_attribute(out, "message", one->message);
        add_attribute(out, "type", str_from(severity_name(one->severity)));
    }
    strbuf_add_char(out, '>');
    add_xml(out, str_printf(arena, STR_FMT ": %s[%s]: " STR_FMT, STR_ARG(where),
                            severity_name(one->severity), one->info->id,
                            STR_ARG(report_full_text(arena, one))));
    strbuf_printf(out, "</%s>\n    </testcase>\n", element);
}

void report_write_junit(struct report *report, struct strbuf *out)
{
    strbuf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"dialtone\">\n");
    for (const struct report_file *file = report->first; file; file = file->next) {
        unsigned n = 0, failures = 0;
        for (const struct report_finding *one = file->first; one; one = one->next, n++)
            failures += one->severity > SEVERITY_INFO;
        strbuf_puts(out, "  <testsuite");
        add_attribute(out, "name", file->path);
        strbuf_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"0\">\n", n ? n : 1, failures);
        if (!n) {
            strbuf_puts(out, "    <testcase name=\"check\"");
            add_attribute(out, "classname", file->path);
            strbuf_puts(out, "/>\n");
        }
        for (const struct report_finding *one = file->first; one; one = one->next)
            add_testcase(report, file, one, out);
        strbuf_puts(out, "  </testsuite>\n");
    }
    strbuf_puts(out, "</testsuites>\n");
}
