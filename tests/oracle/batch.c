/* Compiles many Caddyfiles in one process, for comparisons at scale. Reads "<length>\n<bytes>" again
 * and again from standard input; answers each with "<json length> <report length>\n<json><report>".
 * The JSON is empty where the file is refused. A report has a line per diagnostic:
 * "<severity> <id> <line>[,<line>…] <message>", with the lines of all its labels, 0 for none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "pipeline.h"
#include "syntax/token.h"

static void add_line(struct pipeline *pipeline, struct strbuf *report, struct span span)
{
    struct position at = source_position(&pipeline->sources, span.begin);
    bool is_main = span.end && source_of(&pipeline->sources, span) == pipeline->source;
    strbuf_printf(report, "%u", is_main ? at.line : 0);
}

static void report_diagnostics(struct pipeline *pipeline, struct strbuf *report)
{
    static const char *const severities[] = {"none", "info", "warning", "error"};
    for (const struct diag *diag = pipeline->diags.first; diag; diag = diag->next) {
        strbuf_printf(report, "%s %s ", severities[diag->severity], diag_code_info(diag->code)->id);
        add_line(pipeline, report, diag->span);
        for (const struct import_chain *via = diag->via; via; via = via->outer) {
            strbuf_add(report, STR(","));
            add_line(pipeline, report, via->at->span);
        }
        for (const struct diag_note *note = diag->notes; note; note = note->next)
            if (note->kind == NOTE_LABEL && note->span.end) {
                strbuf_add(report, STR(","));
                add_line(pipeline, report, note->span);
            }
        strbuf_printf(report, " " STR_FMT "\n", STR_ARG(diag->message));
    }
}

static void compile(const char *text, size_t len)
{
    struct pipeline pipeline;
    pipeline_init(&pipeline, NULL);
    struct strbuf json = strbuf_in(&pipeline.arena), report = strbuf_in(&pipeline.arena);
    if (pipeline_load_text(&pipeline, "Caddyfile", str_make(text, len)) &&
        pipeline_adapt(&pipeline, (struct adapt_options){.no_normalize = true}))
        document_write(pipeline.document.root, false, &json);
    report_diagnostics(&pipeline, &report);
    struct str j = strbuf_str(&json), r = strbuf_str(&report);
    printf("%zu %zu\n", j.len, r.len);
    fwrite(j.ptr, 1, j.len, stdout);
    fwrite(r.ptr, 1, r.len, stdout);
    fflush(stdout);
    pipeline_free(&pipeline);
}

int main(void)
{
    unsigned long len;
    while (scanf("%lu", &len) == 1 && getchar() == '\n') {
        char *text = malloc(len + 1);
        if (!text || fread(text, 1, len, stdin) != len)
            return 1;
        compile(text, len);
        free(text);
    }
    return 0;
}
