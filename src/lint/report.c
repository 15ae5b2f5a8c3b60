/* The findings of all files of one run, copied out of the compiler, and the table of the formats
 * that they can be written in. */
#include "lint/report.h"

#include "syntax/import_files.h"

static const struct report_format formats[] = {
    {"human", false, NULL},
    {"compact", true, NULL},
    {"json", false, report_write_json},
    {"sarif", false, report_write_sarif},
    {"github", false, report_write_github},
    {"gitlab", false, report_write_gitlab},
    {"checkstyle", false, report_write_checkstyle},
    {"junit", false, report_write_junit},
};

enum { N_FORMATS = sizeof(formats) / sizeof(formats[0]), MAX_IMPORTS = 8 };

const struct report_format *report_format_find(struct str name)
{
    for (size_t i = 0; i < N_FORMATS; i++)
        if (str_is(name, formats[i].name))
            return &formats[i];
    return NULL;
}

struct str report_format_names(struct arena *arena)
{
    struct strbuf names = strbuf_in(arena);
    for (size_t i = 0; i < N_FORMATS; i++)
        strbuf_printf(&names, "%s%s", i ? ", " : "", formats[i].name);
    return strbuf_str(&names);
}

const char *severity_name(enum severity severity)
{
    static const char *const names[] = {[SEVERITY_NONE] = "none",
                                        [SEVERITY_INFO] = "info",
                                        [SEVERITY_WARNING] = "warning",
                                        [SEVERITY_ERROR] = "error"};
    return names[severity];
}

void report_init(struct report *report, const char *folder)
{
    *report = (struct report){0};
    report->occurrences = map_in(&report->arena);
    if (folder)
        report->folder = str_printf(&report->arena, "%s%s", folder,
                                    str_has_suffix(str_from(folder), STR("/")) ? "" : "/");
}

void report_free(struct report *report)
{
    arena_free(&report->arena);
}

/* As the other tools of a run want it: below the folder it ran in where that can be. */
struct str report_path(struct report *report, struct str path)
{
    if (report->is_elsewhere)
        path = path_absolute(&report->arena, path);
    if (report->folder.len)
        path = str_trim_prefix(path, report->folder);
    while (str_has_prefix(path, STR("./")))
        path = str_trim_prefix(path, STR("./"));
    return str_dup(&report->arena, path);
}

static struct report_place place_of(struct report *report, const struct sources *sources,
                                    struct span span)
{
    struct position begin = source_position(sources, span.begin);
    if (!begin.line)
        return (struct report_place){0};
    struct position end = span.end > span.begin ? source_position(sources, span.end) : begin;
    if (!end.line || !str_eq(end.path, begin.path))
        end = begin;
    return (struct report_place){.path = report_path(report, begin.path),
                                 .line = begin.line,
                                 .column = begin.column,
                                 .end_line = end.line,
                                 .end_column = end.column};
}

static struct report_edit *edit_of(struct report *report, const struct sources *sources,
                                   struct span span, struct str text)
{
    struct report_edit *edit = arena_new(&report->arena, struct report_edit);
    edit->place = place_of(report, sources, span);
    edit->text = str_dup(&report->arena, text);
    return edit;
}

static struct report_note *note_of(struct report *report, const struct sources *sources,
                                   const struct diag_note *from)
{
    struct report_note *note = arena_new(&report->arena, struct report_note);
    note->kind = from->kind;
    note->fix = from->fix;
    note->text = str_dup(&report->arena, from->text);
    note->place = place_of(report, sources, from->span);
    if (from->kind != NOTE_HELP || !from->replacement.ptr || !note->place.line)
        return note;
    note->edits = edit_of(report, sources, from->span, from->replacement);
    struct report_edit **next = &note->edits->next;
    for (const struct diag_edit *more = from->more; more; more = more->next) {
        *next = edit_of(report, sources, more->span, more->text);
        next = &(*next)->next;
    }
    return note;
}

static struct report_note *imports_of(struct report *report, const struct sources *sources,
                                      const struct import_chain *via)
{
    struct report_note *first = NULL, **next = &first;
    for (int n = 0; via && via->at && n < MAX_IMPORTS; via = via->at->via, n++) {
        struct report_note *note = arena_new(&report->arena, struct report_note);
        note->kind = NOTE_LABEL;
        note->text = via->name.len
                         ? str_printf(&report->arena, "snippet " STR_FMT " imported here",
                                      STR_ARG(via->name))
                         : STR("imported here");
        note->place = place_of(report, sources, via->at->span);
        *next = note;
        next = &note->next;
    }
    return first;
}

static void set_fingerprint(struct report *report, struct report_finding *finding, struct str line)
{
    struct str identity = str_printf(&report->arena, "%s\n" STR_FMT, finding->info->id,
                                     STR_ARG(finding->place.path));
    struct strbuf words = strbuf_in(&report->arena);
    strbuf_add(&words, identity);
    for (size_t i = 0; i < line.len; i++) { /* however it is indented */
        bool is_blank = line.ptr[i] == ' ' || line.ptr[i] == '\t' || line.ptr[i] == '\r';
        bool begins = i == 0 || line.ptr[i - 1] == ' ' || line.ptr[i - 1] == '\t';
        if (!is_blank && begins)
            strbuf_add_char(&words, '\n');
        if (!is_blank)
            strbuf_add_char(&words, line.ptr[i]);
    }
    finding->fingerprint =
        str_printf(&report->arena, "%016llx", (unsigned long long)str_hash(strbuf_str(&words)));
    uint32_t *n = map_get(&report->occurrences, finding->fingerprint);
    if (!n) {
        n = arena_new(&report->arena, uint32_t);
        map_put(&report->occurrences, finding->fingerprint, n);
    }
    finding->occurrence = ++*n;
}

static struct report_finding *finding_of(struct report *report, struct str file,
                                         const struct diag *diag, const struct sources *sources)
{
    struct report_finding *finding = arena_new(&report->arena, struct report_finding);
    *finding = (struct report_finding){
        .info = diag->info,
        .severity = diag->hidden ? diag->hidden_severity : diag->severity,
        .hidden = diag->hidden,
        .reason = str_dup(&report->arena, diag->reason),
        .message = str_dup(&report->arena, diag->message),
        .place = place_of(report, sources, diag->span),
        .imports = imports_of(report, sources, diag->via),
    };
    const struct source *source = source_of(sources, diag->span);
    if (!finding->place.line)
        finding->place = (struct report_place){.path = file};
    struct report_note **next = &finding->notes;
    for (const struct diag_note *note = diag->notes; note; note = note->next) {
        *next = note_of(report, sources, note);
        next = &(*next)->next;
    }
    set_fingerprint(report, finding,
                    source ? source_line(source, finding->place.line) : STR(""));
    return finding;
}

static void append(struct report_finding *finding, struct report_finding **first,
                   struct report_finding **last)
{
    if (*last)
        (*last)->next = finding;
    else
        *first = finding;
    *last = finding;
}

void report_add(struct report *report, const char *file, const struct diags *diags,
                const struct sources *sources)
{
    struct report_file *into = arena_new(&report->arena, struct report_file);
    into->path = report_path(report, str_from(file));
    if (report->last)
        report->last->next = into;
    else
        report->first = into;
    report->last = into;
    report->n_files++;
    for (const struct diag *diag = diags->first; diag; diag = diag->next) {
        if (diag->severity == SEVERITY_NONE && !diag->hidden)
            continue;
        struct report_finding *finding = finding_of(report, into->path, diag, sources);
        report->counts[diag->severity]++;
        if (finding->hidden)
            append(finding, &into->first_hidden, &into->last_hidden);
        else
            append(finding, &into->first, &into->last);
    }
}

struct str report_full_text(struct arena *arena, const struct report_finding *finding)
{
    struct strbuf text = strbuf_in(arena);
    strbuf_add(&text, finding->message);
    for (const struct report_note *note = finding->notes; note; note = note->next)
        if (note->kind != NOTE_LABEL)
            strbuf_printf(&text, "\n%s: " STR_FMT, note->kind == NOTE_HELP ? "help" : "note",
                          STR_ARG(note->text));
    return strbuf_finish(&text);
}
