#ifndef DIALTONE_CLI_CLI_H
#define DIALTONE_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "cli/output.h"
#include "fix/fix.h"
#include "lint/report.h"
#include "pipeline.h"

/* What every command's exit status means. */
enum exit_status {
    STATUS_FINE = 0,     /* nothing to report */
    STATUS_FINDINGS = 1, /* the input has errors or findings */
    STATUS_USAGE = 2,    /* the command line is wrong */
    STATUS_TROUBLE = 3   /* something cannot be read, written or run */
};

/* One command line after its flags are read. */
struct invocation {
    const struct command *command;
    bool help;
    bool json, pretty, compact, no_normalize, native, source_map, is_static, keep_c;
    bool no_project, skip_unknown;
    bool check, diff, write, imports; /* of fmt; <diff> of check too */
    bool fix, unsafe_fixes;
    struct words {
        const char **at; /* owned */
        size_t n;
    } plugins,                  /* files of descriptions */
        outputs,                /* "FORMAT:FILE" each */
        variables, excludes, forbids, requires; /* of check */
    const char *format;         /* of the report on standard output; NULL: not given */
    const char *output;         /* -o; NULL: standard output */
    const char *colour;         /* auto, always, never */
    /* Settings; NULL: not given. */
    const char *fail_on, *profile, *environment, *target, *rules, *max_findings, *baseline;
    const char *from; /* of upgrade: the version that <target> is compared with; else NULL */
    bool no_ignore;
    const char *stdin_filename; /* what messages call standard input */
    struct str stdin_text;      /* what it holds, once it was read; .ptr NULL: not yet */
    const char *library_folder; /* where libdialtone-proxy.a is; NULL: beside this program */
    const char **files;         /* the other arguments */
    size_t n_files;
    char **rest; /* what follows `--`, NULL-terminated, and how many */
    int n_rest;
};

/* A row of the command table. */
struct command {
    const char *name;
    const char *arguments; /* usage after the name */
    const char *doc;       /* one line */
    const char *flags;     /* names of the flags it takes, space separated */
    const char *details;   /* paragraphs of its --help */
    enum exit_status (*run)(struct invocation *invocation);
};

/* The NULL-terminated command table. */
extern const struct command commands[];

/* Reads flags and arguments; false after a message on standard error. */
bool invocation_read(struct invocation *invocation, int argc, char **argv);
void invocation_free(struct invocation *invocation);
void flags_print_help(const struct command *command);

enum exit_status command_check(struct invocation *invocation);
enum exit_status command_baseline(struct invocation *invocation);
enum exit_status command_upgrade(struct invocation *invocation);
enum exit_status command_config(struct invocation *invocation);
enum exit_status command_adapt(struct invocation *invocation);
enum exit_status command_fmt(struct invocation *invocation);
enum exit_status command_explain(struct invocation *invocation);
enum exit_status command_rules(struct invocation *invocation);
enum exit_status command_emit(struct invocation *invocation);
enum exit_status command_tables(struct invocation *invocation);
enum exit_status command_build(struct invocation *invocation);
enum exit_status command_schema(struct invocation *invocation);
enum exit_status command_run(struct invocation *invocation);
enum exit_status command_completion(struct invocation *invocation);

/* files.c: loading and reporting. */

/* Loads a file, or standard input for "-"; false after a message. */
bool load_input(struct pipeline *pipeline, const struct invocation *invocation, const char *file);
/* Reads the descriptions of plugins that apply to the loaded file; other than STATUS_FINE where
 * diagnostics say what is wrong. The built-in ones are used unasked where <knows_builtin>. */
enum exit_status load_plugins(struct pipeline *pipeline, const struct invocation *invocation,
                              bool knows_builtin);
/* Prints the diagnostics the user wants to see. */
void print_diagnostics(const struct pipeline *pipeline, const struct invocation *invocation,
                       FILE *out);
/* How the command line wants them on a stream. */
struct diag_style style_of(const struct invocation *invocation, FILE *out);
/* Reads standard input to its end; 0, or -errno. */
int read_stdin(struct arena *arena, struct str *text);
/* A path as a person would name it from the working directory. */
struct str shown_path(struct arena *arena, struct str path);
/* The single file argument, or NULL after a message. */
const char *single_file(const struct invocation *invocation);
/* Loads the single file argument and runs all passes down to pipeline->tables, with their
 * diagnostics on standard error. */
enum exit_status compile_tables(struct pipeline *pipeline, const struct invocation *invocation);

/* fix.c: `check --fix` and `check --diff`. */

/* What is wrong with the command line, or NULL. */
const char *fixes_misuse(const struct invocation *invocation);
/* Whether standard output is for the corrected text of standard input. */
bool fixes_stdin(const struct invocation *invocation);
/* Corrects the files of the command line, as <request> checks them, and writes or prints them, or
 * prints the difference; standard input is then the corrected text. <n_fixed> counts the corrections
 * that were written or shown. */
enum exit_status apply_fixes(struct arena *arena, struct invocation *invocation,
                             struct fix_request request, uint32_t *n_fixed);
/* What a run has found. */
struct tally {
    uint32_t counts[SEVERITY_ERROR + 1]; /* of each severity */
    uint32_t n_files;                    /* that have findings */
    uint32_t n_safe, n_unsafe;           /* findings with corrections of either kind */
    const struct diag_code_info *worst;  /* the first of the worst; NULL for none */
    enum severity worst_severity;
};
void tally_add(struct tally *tally, const struct diags *diags);
/* The last lines on standard error: how much was found and fixed, and what could be. */
void print_summary(const struct invocation *invocation, uint32_t n_fixed,
                   const struct tally *tally);

/* reports.c: what `check` prints and writes. */
struct reports {
    struct report report;
    FILE *people;  /* where text for people goes that has no file */
    bool collects; /* some format wants all files at once */
    size_t n;
    struct output {
        const struct report_format *format;
        const char *path; /* NULL or "-": standard output */
        FILE *stream;     /* in memory: text for people that goes to a file */
        uint32_t shown, hidden; /* findings in that text, and those beyond its limit */
        char *text;
        size_t size;
    } *at;
};
/* False after a message; close it all the same. */
bool reports_open(struct reports *reports, const struct invocation *invocation);
/* Takes in what was found in one file, sorted. */
void reports_add(struct reports *reports, const struct invocation *invocation, const char *file,
                 const struct pipeline *pipeline, bool was_loaded);
/* Once all files are through; false after a message. */
bool reports_write(struct reports *reports);
void reports_close(struct reports *reports);

#endif
