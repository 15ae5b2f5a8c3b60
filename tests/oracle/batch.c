/* Compiles many Caddyfiles in one process, for comparisons at scale. Reads "<length>\n<bytes>"
 * again and again from standard input; answers each with "<json length> <report
 * length>\n<json><report>". The JSON is empty where the file is refused. A report has a line per
 * diagnostic:
 * "<severity> <name> <places> <ends> <message>": the places of the diagnostic, its labels and
 * imports; and where the blocks around it end. A place is "<file>:<line>," with the line counted as
 * Caddy counts it, which is not always the one that people see; "-" stands before them. Words with
 * line ends in them make lines that go over several of the file, and so does a {$NAME:default}: a
 * place there is all of these. With --rows the report ends in a line "rows <JSON>" of the rows that
 * the file uses (tests/row_uses.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "lint/lint.h"
#include "pipeline.h"
#include "row_uses.h"
#include "syntax/lexer.h"
#include "syntax/token.h"

/* The tokens of each file that a diagnostic points into, for Caddy's line numbers: a line continued
 * with a backslash is counted late. */
struct lines {
    struct pipeline *pipeline;
    struct map tokens; /* path → struct lexed */
};

static const struct lexed *tokens_of(struct lines *lines, struct source *source)
{
    struct lexed *lexed = map_get(&lines->tokens, source->path);
    if (lexed)
        return lexed;
    struct arena *arena = &lines->pipeline->arena;
    struct diags ignored = diags_in(arena);
    struct comment_list *comments = source->comments;
    lexed = arena_new(arena, struct lexed);
    *lexed = lex_source(arena, &ignored, source, source->path, NULL);
    source->comments = comments;
    map_put(&lines->tokens, source->path, lexed);
    return lexed;
}

/* The index of the first token there; the number of tokens where there is none. */
static size_t token_at(const struct lexed *lexed, struct span span)
{
    size_t i = 0;
    while (i < lexed->n && lexed->at[i]->span.end <= span.begin)
        i++;
    return i < lexed->n && lexed->at[i]->span.begin <= span.begin ? i : lexed->n;
}

static struct source *source_at(const struct sources *sources, struct span span)
{
    for (uint32_t i = sources->n; i-- > 0;)
        if (sources->at[i]->base <= span.begin)
            return sources->at[i];
    return NULL;
}

static void add_line(struct strbuf *report, const struct source *source, uint32_t line)
{
    ptrdiff_t slash = str_last_index(source->path, '/');
    strbuf_add(report, str_slice(source->path, (size_t)(slash + 1), source->path.len));
    strbuf_printf(report, ":%u,", line);
}

static void add_place(struct lines *lines, struct strbuf *report, struct span span)
{
    struct sources *sources = &lines->pipeline->sources;
    if (!span.end)
        return;
    struct source *source = source_at(sources, span);
    const struct lexed *lexed = tokens_of(lines, source);
    size_t at = token_at(lexed, span), end = at;
    if (at == lexed->n)
        add_line(report, source, source_position(sources, span.begin).line);
    while (end < lexed->n && (end == at || lexed->at[end]->span.begin < span.end ||
                              !token_is_on_new_line(lexed->at[end - 1], lexed->at[end])))
        end++;
    while (at > 0 && at < lexed->n && !token_is_on_new_line(lexed->at[at - 1], lexed->at[at]))
        at--;
    for (uint32_t last = 0; at < end; last = lexed->at[at++]->line)
        if (lexed->at[at]->line != last)
            add_line(report, source, lexed->at[at]->line);
}

static void add_ends(struct lines *lines, struct strbuf *report, struct span span)
{
    if (!span.end)
        return;
    struct source *source = source_at(&lines->pipeline->sources, span);
    const struct lexed *lexed = tokens_of(lines, source);
    int depth = 0;
    for (size_t i = token_at(lexed, span); i < lexed->n; i++) {
        depth += token_is_open(lexed->at[i]);
        if (token_is_close(lexed->at[i]) && depth-- == 0) {
            add_line(report, source, lexed->at[i]->line);
            depth = 0;
        }
    }
}

/* The same where imports put it; whether <node> holds it. */
static bool add_ends_of_tree(struct lines *lines, struct strbuf *report, const struct node *node,
                             struct span span)
{
    bool is_inside = false, is_here = false;
    for (const struct node *child = node->body; child; child = child->next)
        is_inside = add_ends_of_tree(lines, report, child, span) || is_inside;
    for (uint32_t i = 0; i < node->n_words; i++)
        is_here = is_here || node->words[i]->span.begin == span.begin;
    if (is_inside && node->close)
        add_place(lines, report, node->close->span);
    return is_inside || is_here;
}

static void report_diagnostic(struct lines *lines, struct strbuf *report, const struct diag *diag)
{
    static const char *const severities[] = {"none", "info", "warning", "error"};
    strbuf_printf(report, "%s %s -", severities[diag->severity], diag->info->name);
    add_place(lines, report, diag->span);
    for (const struct import_chain *via = diag->via; via; via = via->outer)
        add_place(lines, report, via->at->span);
    for (const struct diag_note *note = diag->notes; note; note = note->next)
        if (note->kind == NOTE_LABEL)
            add_place(lines, report, note->span);
    strbuf_add(report, STR(" -"));
    add_ends(lines, report, diag->span);
    if (lines->pipeline->tree && diag->span.end)
        add_ends_of_tree(lines, report, lines->pipeline->tree, diag->span);
    for (const struct import_chain *via = diag->via; via; via = via->outer)
        add_ends(lines, report, via->at->span);
    struct str message = str_replace(&lines->pipeline->arena, diag->message, STR("\n"), STR(" "));
    strbuf_printf(report, " " STR_FMT "\n", STR_ARG(message));
}

static void compile(const char *text, size_t len, bool wants_rows)
{
    struct pipeline pipeline;
    pipeline_init(&pipeline, NULL);
    struct row_uses uses = row_uses_in(&pipeline.document);
    struct adapt_options options = {
        .no_normalize = true, .on_row = wants_rows ? row_uses_note : NULL, .on_row_state = &uses};
    struct strbuf json = strbuf_in(&pipeline.arena), report = strbuf_in(&pipeline.arena);
    if (pipeline_load_text(&pipeline, "Caddyfile", str_make(text, len)) &&
        pipeline_adapt(&pipeline, options)) {
        document_write(pipeline.document.root, false, &json);
        lint_run(&pipeline, NULL);
    }
    struct lines lines = {&pipeline, map_in(&pipeline.arena)};
    for (const struct diag *diag = pipeline.diags.first; diag; diag = diag->next)
        report_diagnostic(&lines, &report, diag);
    if (wants_rows) {
        strbuf_puts(&report, "rows ");
        document_write(uses.list, false, &report);
        strbuf_add_char(&report, '\n');
    }
    struct str j = strbuf_str(&json), r = strbuf_str(&report);
    printf("%zu %zu\n", j.len, r.len);
    fwrite(j.ptr, 1, j.len, stdout);
    fwrite(r.ptr, 1, r.len, stdout);
    fflush(stdout);
    pipeline_free(&pipeline);
}

int main(int argc, char **argv)
{
    bool wants_rows = argc > 1 && strcmp(argv[1], "--rows") == 0;
    unsigned long len;
    while (scanf("%lu", &len) == 1 && getchar() == '\n') {
        char *text = malloc(len + 1);
        if (!text || fread(text, 1, len, stdin) != len)
            return 1;
        compile(text, len, wants_rows);
        free(text);
    }
    return 0;
}
