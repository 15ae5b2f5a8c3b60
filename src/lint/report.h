#ifndef DIALTONE_LINT_REPORT_H
#define DIALTONE_LINT_REPORT_H

#include <stdio.h>

#include "base/arena.h"
#include "base/map.h"
#include "json/document.h"
#include "syntax/diag.h"

struct report;

/* One way of writing findings down: a row of the table. */
struct report_format {
    const char *name;
    bool is_compact; /* of the formats for people, which are printed file by file */
    /* After all files: the whole document. NULL for the formats for people. */
    void (*write)(struct report *report, struct strbuf *out);
};

/* The row of that name, or NULL. */
const struct report_format *report_format_find(struct str name);
/* "human, compact, json, …" */
struct str report_format_names(struct arena *arena);

/* A stretch of text as a person finds it; lines and columns count from 1, columns in code points,
 * the end is exclusive. Line 0: the file as a whole. */
struct report_place {
    struct str path;
    uint32_t line, column, end_line, end_column;
};

/* A change that belongs to a correction. */
struct report_edit {
    struct report_edit *next;
    struct report_place place;
    struct str text;
};

struct report_note {
    struct report_note *next;
    enum diag_note_kind kind;
    enum fix_kind fix;
    struct str text;
    struct report_place place; /* .path empty: a note in words only */
    struct report_edit *edits; /* NOTE_HELP: what to write, where it can be said */
};

/* One diagnostic, copied: it outlives the run of the compiler that found it. */
struct report_finding {
    struct report_finding *next;
    const struct diag_code_info *info;
    enum severity severity;
    enum diag_hidden hidden; /* then it is among the hidden ones of its file */
    struct str reason;       /* why */
    struct str message;
    struct report_place place;
    struct report_note *notes;
    struct report_note *imports; /* labels: where it was imported, innermost first */
    struct str fingerprint;      /* of rule, file and the line's words, not of its number */
    uint32_t occurrence;         /* from 1, among those with the same fingerprint */
};

/* What was found in one file of the command line and in what it imports. */
struct report_file {
    struct report_file *next;
    struct str path;
    struct report_finding *first, *last;
    struct report_finding *first_hidden, *last_hidden; /* by comments or a baseline */
};

/* The findings of all files of one run. */
struct report {
    struct arena arena;
    struct str folder; /* paths below it are written relative to it; ends with '/', or is empty */
    bool is_elsewhere; /* that is not the working directory */
    struct report_file *first, *last;
    uint32_t n_files;
    uint32_t counts[SEVERITY_ERROR + 1];
    struct map occurrences; /* fingerprint → uint32_t * */
};

void report_init(struct report *report, const char *folder);
void report_free(struct report *report);
/* A path as the report writes it, in the report's arena. */
struct str report_path(struct report *report, struct str path);
/* Takes in the diagnostics of one file, which are sorted. */
void report_add(struct report *report, const char *file, const struct diags *diags,
                const struct sources *sources);

/* --- for the formats --- */

void report_write_json(struct report *report, struct strbuf *out);
void report_write_sarif(struct report *report, struct strbuf *out);
void report_write_gitlab(struct report *report, struct strbuf *out);
void report_write_github(struct report *report, struct strbuf *out);
void report_write_checkstyle(struct report *report, struct strbuf *out);
void report_write_junit(struct report *report, struct strbuf *out);

const char *severity_name(enum severity severity);
/* The message with its notes, a line each. */
struct str report_full_text(struct arena *arena, const struct report_finding *finding);

#endif
