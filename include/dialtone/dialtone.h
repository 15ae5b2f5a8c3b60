#ifndef DIALTONE_DIALTONE_H
#define DIALTONE_DIALTONE_H

#include <stdbool.h>
#include <stddef.h>

/* The compiler as a library: one compilation holds everything that became of one Caddyfile (or one
 * JSON configuration of Caddy). Nothing is written, opened for writing, connected to or run; files
 * that the Caddyfile imports are read. Not thread-safe per compilation; different compilations may
 * run in different threads. Link with -ldialtone -lssl -lcrypto. */

struct dt_compilation;

struct dt_compile_options {
    bool no_normalize; /* keep Caddy's spelling of zoned addresses that Caddy accepts */
    bool skip_unknown; /* pass over what neither Caddy nor a description knows, with a warning */
    bool use_project;  /* look for .dialtone in the folder of the file and those above it */
    const char *const *plugins; /* files that describe plugins, or "builtin" */
    size_t n_plugins;
};

enum dt_severity { DT_SEVERITY_INFO = 1, DT_SEVERITY_WARNING, DT_SEVERITY_ERROR };

/* One finding. Texts belong to the compilation and are NUL-terminated. */
struct dt_diagnostic {
    const char *id;   /* stable: "DT210" */
    const char *name; /* "zone-missing" */
    const char *message;
    const char *path; /* empty where there is no place */
    unsigned line, column;         /* from 1, columns in code points; 0: no place */
    unsigned end_line, end_column; /* exclusive */
    enum dt_severity severity;
};

/* Compiles down to JSON. NULL only when the file cannot be read; *error then is an errno value.
 * The caller frees the result with dt_compilation_free. <options> may be NULL. */
struct dt_compilation *dt_compile_file(const char *path, const struct dt_compile_options *options,
                                       int *error);
/* The same for text in memory, which is copied; <name> is what messages call it, and imports are
 * relative to it. */
struct dt_compilation *dt_compile_text(const char *name, const char *text, size_t len,
                                       const struct dt_compile_options *options, int *error);
void dt_compilation_free(struct dt_compilation *compilation);

/* Findings in order of position; NULL after the last. */
const struct dt_diagnostic *dt_diagnostic_at(const struct dt_compilation *compilation, size_t i);
/* Caddy JSON as `caddy adapt` prints it, without a final newline; NULL when there were errors.
 * Belongs to the compilation. */
const char *dt_json(struct dt_compilation *compilation, bool pretty);
/* The native tables as C source; NULL when there were errors, or when the proxy core cannot run the
 * configuration (further diagnostics then say why). Belongs to the compilation. */
const char *dt_emit_c(struct dt_compilation *compilation);

/* The text of a Caddyfile as `dialtone fmt` prints it: with the same tokens as <text>, and formatting it
 * again changes nothing. Ends with a NUL behind its *formatted_len bytes; the caller frees it with
 * free(). NULL where no layout keeps every token. */
char *dt_format(const char *text, size_t len, size_t *formatted_len);

#endif
