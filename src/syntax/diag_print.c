/* Prints diagnostics for people: head, excerpt, notes, corrections, imports. */
#include "base/arena.h"
#include "syntax/diag_print_private.h"
#include "syntax/token.h"

enum {
    MAX_CHAIN = 8, /* imports listed below a diagnostic */
    LEAST_NOTE_CELLS = 24,
};

static const char *const severity_names[] = {[SEVERITY_NONE] = "note",
                                             [SEVERITY_INFO] = "info",
                                             [SEVERITY_WARNING] = "warning",
                                             [SEVERITY_ERROR] = "error"};

/* Text that begins at the cell <indent>, in lines that fit the terminal, broken between words. */
static void put_wrapped(const struct printer *pr, int indent, struct str text)
{
    int room = pr->style.columns - indent, used = 0;
    struct str word;
    if (!pr->style.columns || room < LEAST_NOTE_CELLS) {
        put_text(pr->out, text);
        return;
    }
    while (text.len) {
        str_cut(text, STR(" "), &word, &text);
        int cells = text_cells(word);
        if (used && used + 1 + cells > room) {
            fprintf(pr->out, "\n%*s", indent, "");
            used = 0;
        } else if (used) {
            fputc(' ', pr->out);
            used++;
        }
        put_text(pr->out, word);
        used += cells;
    }
}

static void put_title(const struct printer *pr, const char *title)
{
    put_gutter(pr, "", "=");
    fputc(' ', pr->out);
    paint(pr, BOLD);
    fprintf(pr->out, "%s:", title);
    paint(pr, RESET);
    fputc(' ', pr->out);
}

static void put_titled(const struct printer *pr, const char *title, struct str text)
{
    put_title(pr, title);
    put_wrapped(pr, pr->margin + 5 + (int)strlen(title), text);
    fputc('\n', pr->out);
}

static void put_note(struct printer *pr, const struct diag_note *note)
{
    switch (note->kind) {
    case NOTE_NOTE:
        put_titled(pr, "note", note->text);
        break;
    case NOTE_HELP:
        put_titled(pr, "help", note->text);
        put_diff(pr, note);
        break;
    case NOTE_LABEL: /* in the excerpt */
        break;
    }
}

static void put_chain(struct printer *pr, const struct diag *diag)
{
    const struct import_chain *last = NULL, *via = diag->via;
    for (int n = 0; via && via->at; via = via->at->via, n++) {
        struct position position = source_position(pr->sources, via->at->span.begin);
        if (n == MAX_CHAIN) {
            put_titled(pr, "note", STR("and so on, through more imports"));
            break;
        }
        if (last && last->at->span.begin == via->at->span.begin && str_eq(last->name, via->name))
            continue;
        last = via;
        if (excerpts_show_import(pr, diag, via))
            continue;
        put_title(pr, "note");
        fputs("imported at ", pr->out);
        put_text(pr->out, position.path);
        fprintf(pr->out, ":%u", position.line);
        if (via->name.len) {
            fputs(" (snippet ", pr->out);
            put_text(pr->out, via->name);
            fputc(')', pr->out);
        }
        fputc('\n', pr->out);
    }
}

static int digits(uint32_t number)
{
    int n = 1;
    while (number >= 10) {
        number /= 10;
        n++;
    }
    return n;
}

static int margin_of(struct printer *pr, const struct diag *diag)
{
    uint32_t last = excerpts_last_line(pr, diag);
    for (const struct diag_note *note = diag->notes; note; note = note->next) {
        uint32_t end = source_position(pr->sources, note->span.end).line;
        last = note->kind == NOTE_HELP && end > last ? end : last;
    }
    return digits(last);
}

static void put_head(struct printer *pr, const struct diag *diag)
{
    paint(pr, severity_colour(diag->severity));
    fprintf(pr->out, "%s[%s]", severity_names[diag->severity], diag->info->id);
    paint(pr, RESET BOLD);
    fputs(": ", pr->out);
    put_text(pr->out, diag->message);
    paint(pr, RESET);
    fputc('\n', pr->out);
}

static void print_compact(struct printer *pr, const struct diag *diag)
{
    if (diag->span.begin) {
        struct position position = source_position(pr->sources, diag->span.begin);
        put_text(pr->out, position.path);
        fprintf(pr->out, ":%u:%u: ", position.line, position.column);
    }
    put_head(pr, diag);
}

/* Whether lines with '=' follow the excerpt. */
static bool has_notes(struct printer *pr, const struct diag *diag)
{
    for (const struct diag_note *note = diag->notes; note; note = note->next)
        if (note->kind != NOTE_LABEL)
            return true;
    const struct import_chain *via = diag->via;
    return via && via->at && (!excerpts_show_import(pr, diag, via) || via->at->via);
}

static void print_full(struct printer *pr, const struct diag *diag)
{
    pr->margin = margin_of(pr, diag) + 1;
    put_head(pr, diag);
    put_excerpts(pr, diag);
    if (diag->span.begin && has_notes(pr, diag)) {
        put_gutter(pr, "", "|");
        fputc('\n', pr->out);
    }
    for (const struct diag_note *note = diag->notes; note; note = note->next)
        put_note(pr, note);
    put_chain(pr, diag);
    fputc('\n', pr->out);
}

/* How many of each severity are printed: the worst first. */
static void set_quotas(const struct diags *diags, struct diag_style style,
                       uint32_t quotas[SEVERITY_ERROR + 1])
{
    uint32_t left = style.at_most ? style.at_most : UINT32_MAX;
    const uint32_t counts[] = {[SEVERITY_INFO] = diags->n_infos,
                               [SEVERITY_WARNING] = diags->n_warnings,
                               [SEVERITY_ERROR] = diags->n_errors};
    for (int i = SEVERITY_ERROR; i > SEVERITY_NONE; i--) {
        bool is_wanted = i >= (int)style.at_least;
        quotas[i] = !is_wanted ? 0 : counts[i] < left ? counts[i] : left;
        left -= quotas[i];
    }
}

uint32_t diags_print(const struct diags *diags, const struct sources *sources,
                     struct diag_style style, FILE *out)
{
    struct arena arena = ARENA_INIT;
    struct printer pr = {.out = out, .sources = sources, .style = style, .arena = &arena};
    uint32_t quotas[SEVERITY_ERROR + 1], n = 0;
    set_quotas(diags, style, quotas);
    for (const struct diag *diag = diags->first; diag; diag = diag->next) {
        if (diag->severity == SEVERITY_NONE || quotas[diag->severity] == 0)
            continue;
        quotas[diag->severity]--;
        n++;
        if (style.compact)
            print_compact(&pr, diag);
        else
            print_full(&pr, diag);
        arena_reset(&arena);
    }
    arena_free(&arena);
    return n;
}
