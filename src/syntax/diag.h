#ifndef DIALTONE_SYNTAX_DIAG_H
#define DIALTONE_SYNTAX_DIAG_H

#include <stdio.h>

#include "base/map.h"
#include "syntax/source.h"

struct arena;
struct token;
struct import_chain;

enum severity { SEVERITY_NONE, SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };

/* What the compiler itself finds: rows of id, name, severity and one line of documentation; the
 * linter's rules have rows of their own (lint/rule.h). An id is never used for anything else. The
 * families: DT0xx the tool, DT1xx syntax and structure, DT2xx address,
 * zone, listener, DT3xx upstream, DT4xx TLS, DT5xx matcher and route, DT6xx header, DT7xx
 * security, DT8xx deprecated, DT9xx style, DT10xx native target. */
#define DIAGNOSTIC_CODES(X)                                                                        \
    X(UNREADABLE_FILE, "DT003", "unreadable-file", ERROR, "a file cannot be read") \
    X(PART, "DT007", "part-of-a-caddyfile", INFO, "a file that only makes sense in others") \
    X(UNCLOSED_BLOCK, "DT101", "unclosed-block", ERROR, "a '{' has no matching '}'") \
    X(STRAY_BRACE, "DT102", "stray-closing-brace", ERROR, "a '}' closes nothing") \
    X(MISPLACED_BLOCK, "DT103", "misplaced-block", ERROR, "a brace or block stands where none can") \
    X(SYNTAX, "DT130", "syntax", ERROR, "the text is not a Caddyfile") \
    X(UNKNOWN_DIRECTIVE, "DT105", "unknown-directive", ERROR, "no directive has this name") \
    X(INVALID_OPTION, "DT106", "unknown-or-invalid-option", ERROR, \
      "an option is unknown here or has wrong arguments")                                          \
    X(UNRESOLVED_REFERENCE, "DT107", "unresolved-reference", ERROR, \
      "a matcher, snippet or named route is not defined")                                          \
    X(UNRESOLVED_IMPORT, "DT108", "unresolved-import", ERROR, "nothing to import, or a cycle") \
    X(IMPORT_ARGUMENTS, "DT109", "import-argument-mismatch", WARNING, \
      "an import's arguments and its {args} do not fit")                                           \
    X(HEREDOC, "DT113", "heredoc-error", ERROR, "a heredoc is malformed") \
    X(EMPTY_FILE, "DT116", "empty-file", ERROR, "the file is empty") \
    X(EXPANSION_LIMIT, "DT117", "expansion-limit", ERROR, "imports expand to too much text") \
    X(DUPLICATE, "DT118", "duplicate-definition", ERROR, "a name is defined twice") \
    X(WRONG_ARGUMENTS, "DT119", "wrong-arguments", ERROR, "too few or too many arguments") \
    X(BAD_VALUE, "DT120", "bad-value", ERROR, "an argument cannot be read as what it must be") \
    X(NOT_ALLOWED_HERE, "DT121", "not-allowed-here", ERROR, "a directive stands where it cannot") \
    X(TOLERATED_BRACE, "DT123", "tolerated-brace", WARNING, \
      "a brace too few or too many that Caddy lets pass")                                          \
    X(UNTERMINATED_QUOTE, "DT124", "unterminated-quote", WARNING, \
      "a quote is never closed and reaches to the end of the file")                                \
    X(IMPORT_NOTHING, "DT125", "import-of-nothing", WARNING, "an import brings no text") \
    X(NESTING_LIMIT, "DT126", "nesting-limit", ERROR, "blocks are nested too deeply") \
    X(JSON_SYNTAX, "DT131", "json-syntax", ERROR, "the text is not JSON") \
    X(UNKNOWN_FIELD, "DT132", "unknown-field", ERROR, "a JSON object has no field of this name") \
    X(UNKNOWN_MODULE, "DT133", "unknown-module", ERROR, "no module has this name") \
    X(UNNAMED_MODULE, "DT134", "unnamed-module", ERROR, "an object does not name its module") \
    X(WRONG_TYPE, "DT135", "wrong-type", ERROR, "a JSON value is of the wrong type") \
    X(ODD_VALUE, "DT136", "odd-value", WARNING, "Caddy takes this value, and does nothing good with it") \
    X(DUPLICATE_KEY, "DT137", "duplicate-key", WARNING, "a key stands twice in a JSON object") \
    X(KEY_CASE, "DT138", "key-case", INFO, "a field is written in other letters than its name") \
    X(MISSING_FIELD, "DT139", "missing-field", ERROR, "a JSON object lacks a field that it needs") \
    X(UNSUPPORTED, "DT122", "unsupported", ERROR, "real Caddy knows this, dialtone does not yet") \
    X(PASSED_OVER, "DT127", "passed-over", WARNING, "something unknown is left out of the JSON") \
    X(BAD_DESCRIPTION, "DT128", "bad-description", ERROR, "a description of a plugin makes no sense") \
    X(UNDESCRIBED_JSON, "DT129", "undescribed-json", ERROR, \
      "a plugin's description does not say what JSON this becomes")                                \
    X(BAD_ADDRESS, "DT206", "invalid-site-address", ERROR, "a site or listener address is malformed") \
    X(AMBIGUOUS_SITE, "DT209", "duplicate-site", ERROR, "the same site address twice on one server") \
    X(SCHEME_CONFLICT, "DT220", "scheme-conflict", ERROR, "HTTP and HTTPS on one listener") \
    X(ZONE_MISSING, "DT201", "link-local-without-zone", ERROR, "a link-local address without a zone") \
    X(ZONE_EMPTY, "DT221", "zone-empty", ERROR, "a '%' with no zone after it") \
    X(ZONE_INVALID, "DT222", "zone-invalid", ERROR, "a zone that cannot be an interface name") \
    X(ZONE_ON_IPV4, "DT223", "zone-on-ipv4", ERROR, "a zone on an IPv4 address") \
    X(ZONE_ON_HOST, "DT224", "zone-on-host-name", ERROR, "a zone on a host name") \
    X(ZONE_UNBRACKETED, "DT225", "zone-without-brackets", ERROR, "a zoned address without []") \
    X(ZONE_NETWORK, "DT226", "zone-network-conflict", ERROR, "a zone on a network that is not IPv6") \
    X(BRACKET_UNCLOSED, "DT227", "unclosed-bracket", ERROR, "a '[' has no ']'") \
    X(ZONE_ON_GLOBAL, "DT228", "zone-on-global-address", WARNING, \
      "a zone on an address that needs none")                                                      \
    X(ZONE_ESCAPED, "DT229", "zone-percent-encoded", INFO, "the old %25 spelling of a zone") \
    X(BAD_UPSTREAM, "DT301", "upstream-not-an-address", ERROR, "an upstream address is malformed") \
    X(UPSTREAM_SCHEME, "DT302", "mixed-upstream-schemes", ERROR, \
      "upstream schemes, ports and transport contradict each other")                               \
    X(UNDECLARED_PLUGIN, "DT407", "undeclared-plugin", INFO, "Caddy must be built with a plugin") \
    X(TLS_CONFLICT, "DT411", "tls-conflict", ERROR, "TLS settings contradict each other") \
    X(DEPRECATED, "DT801", "renamed-name", WARNING, "an old name that Caddy will drop") \
    X(DEPRECATED_METRICS, "DT804", "nested-servers-metrics", WARNING,                              \
      "metrics switched on in a servers block")                                                    \
    X(DEPRECATED_TRUST, "DT805", "legacy-trust-options", WARNING,                                  \
      "an old option for which certificates are trusted, or for a proxy on the way")               \
    X(DOTTED_ARGUMENT, "DT802", "dotted-import-args", WARNING,                                     \
      "{args.0}, the old spelling of {args[0]}")                                                   \
    X(UNFORMATTED, "DT901", "unformatted", INFO, "the file is not formatted as `caddy fmt` would") \
    X(FORMAT_REFUSED, "DT908", "format-refused", ERROR,                                            \
      "no layout keeps every word of the file")                                                    \
    X(NATIVE_UNSUPPORTED, "DT1001", "native-unsupported-construct", ERROR, \
      "the proxy core cannot run this yet")                                                        \
    X(NATIVE_CERTIFICATE, "DT1002", "native-certificate-needed", ERROR, \
      "the proxy core needs a certificate it cannot get")                                          \
    X(NATIVE_UPSTREAM, "DT1003", "native-runtime-upstream", ERROR, \
      "upstreams that the proxy core cannot find")                                              \
    X(NATIVE_MATCHER, "DT1004", "native-matcher-limit", ERROR, \
      "a matcher that the proxy core cannot run")

#define X(code, id, name, severity, doc) DIAG_##code,
enum diag_code { DIAG_NONE, DIAGNOSTIC_CODES(X) N_DIAG_CODES };
#undef X

/* A diagnostic's stable identity. */
struct diag_code_info {
    const char *id, *name, *doc;
    enum severity severity;
};
const struct diag_code_info *diag_code_info(enum diag_code code);

/* What applying a correction means. */
enum fix_kind {
    FIX_NONE,    /* there is nothing to apply */
    FIX_SUGGEST, /* shown, never applied: a person must choose */
    FIX_UNSAFE,  /* changes what the configuration does, to what was surely meant */
    FIX_SAFE,    /* the JSON stays the same, or (zones) becomes the normalized one */
};

/* One change of raw text; an empty span inserts at <begin>. */
struct diag_edit {
    struct diag_edit *next;
    struct span span;
    struct str text;
};

/* A second place that belongs to a diagnostic ("first defined here"), or, with an empty span, a
 * plain note. */
struct diag_note {
    struct diag_note *next;
    enum diag_note_kind { NOTE_NOTE, NOTE_LABEL, NOTE_HELP } kind;
    struct span span;
    struct str text;
    struct str replacement; /* NOTE_HELP: what to write in place of <span>; .ptr NULL when none */
    enum fix_kind fix;      /* NOTE_HELP: what applying it means */
    struct diag_edit *more; /* NOTE_HELP: further changes that belong to this one */
};

/* Why a finding is not told, where it is not. */
enum diag_hidden { HIDDEN_NOT, HIDDEN_BY_COMMENT, HIDDEN_BY_BASELINE };

struct diag {
    enum diag_code code;               /* DIAG_NONE for a rule of the linter */
    const struct diag_code_info *info; /* never NULL */
    enum severity severity; /* SEVERITY_NONE while it is hidden */
    enum diag_hidden hidden;
    enum severity hidden_severity; /* what it had before */
    struct str reason;             /* why it is hidden, in somebody's words; maybe empty */
    struct span span;
    const struct import_chain *via; /* the imports that led there; NULL for none */
    struct str message; /* lower case, no full stop */
    struct diag_note *notes;
    struct diag *next; /* in order of reporting */
};

/* All that was found in one run. Messages are copied into the arena. */
struct diags {
    struct arena *arena;
    struct diag *first, *last;
    uint32_t n_errors, n_warnings, n_infos;
    struct map seen; /* row, span and imports → struct diag: what is reported once */
};

static inline struct diags diags_in(struct arena *arena)
{
    return (struct diags){.arena = arena, .seen = {.arena = arena}};
}

/* Reports at a span, with the severity of the code's row. The same code at the same span and
 * through the same imports is reported once (the result then is the earlier one). The result never
 * is NULL; hang notes on it. */
struct diag *diag_at(struct diags *diags, enum diag_code code, struct span span,
                     const struct import_chain *via, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Reports at a token, with its imports. A NULL token is no place. */
struct diag *diag_token(struct diags *diags, enum diag_code code, const struct token *token,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Reports what a row of the linter describes, with a severity that may differ from the row's. */
struct diag *diag_found(struct diags *diags, const struct diag_code_info *info,
                        enum severity severity, struct span span, const struct import_chain *via,
                        struct str message);
/* Changes the severity of one that was reported; SEVERITY_NONE takes it off the counts, and printing
 * leaves it out. */
void diag_set_severity(struct diags *diags, struct diag *diag, enum severity severity);
/* Takes one off the counts and out of what is printed; reports that tell of hidden findings give the
 * <reason>. */
void diag_hide(struct diags *diags, struct diag *diag, enum diag_hidden hidden, struct str reason);
/* A second labelled place: shown with its own excerpt. */
void diag_label(struct diags *diags, struct diag *diag, struct span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void diag_note(struct diags *diags, struct diag *diag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What to write: <replacement> in place of <span> (shown as the corrected line). A replacement
 * with .ptr NULL is a hint in words only. */
void diag_help(struct diags *diags, struct diag *diag, struct span span, struct str replacement,
               const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The same for a correction that can be applied by program. */
struct diag_note *diag_fix(struct diags *diags, struct diag *diag, enum fix_kind fix,
                           struct span span, struct str replacement, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* One more change that belongs to a correction. */
void diag_fix_also(struct diags *diags, struct diag_note *fix, struct span span, struct str text);

/* By file in order of loading, then by position; stable. */
void diags_sort(struct diags *diags);

struct diag_style {
    bool colour;
    int columns;             /* of the terminal, to cut and break lines; 0: there is none */
    bool compact;            /* one line each: file:line:col: severity[id]: message */
    enum severity at_least;  /* leave out what is below */
    uint32_t at_most;        /* print only so many, the worst of them; 0: all */
};
/* Prints every diagnostic with excerpt, carets, labels, notes, import chain and corrected line. Gives
 * how many that were. */
uint32_t diags_print(const struct diags *diags, const struct sources *sources, struct diag_style style,
                 FILE *out);

#endif
