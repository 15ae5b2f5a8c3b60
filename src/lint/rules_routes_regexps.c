/* Rules about regular expressions and what they capture (DT513 to DT515). */
#include "base/arena.h"
#include "base/parse.h"
#include "base/regexp.h"
#include "lint/routes.h"

/* --- DT513: what does not compile --- */

/* `^/(?!api)…` is the usual way to say what these expressions cannot. */
static void suggest_not(struct lint *lint, struct diag *diag, const struct json_regexp *regexp,
                        struct str group)
{
    struct str text = json_str(regexp->pattern), before, after;
    if (!regexp->is_matcher || regexp->field || !str_is(group, "(?!") ||
        !str_cut(text, STR("(?!"), &before, &after))
        return;
    struct str prefix = str_trim_prefix(before, STR("^")), name = after;
    size_t n = 0;
    while (n < name.len && ((name.ptr[n] >= 'a' && name.ptr[n] <= 'z') || name.ptr[n] == '/' ||
                            name.ptr[n] == '-' || name.ptr[n] == '_'))
        n++;
    if (n > 0 && str_has_prefix(prefix, STR("/")))
        diag_note(lint_diags(lint), diag,
                  "what is not below a folder is matched by `not path " STR_FMT STR_FMT "*`",
                  STR_ARG(prefix), STR_ARG(str_slice(name, 0, n)));
}

void check_regexps(struct lint *lint)
{
    const struct json_finds *finds = lint_json_finds(lint);
    for (size_t i = 0; finds && i < finds->regexps.n; i++) {
        const struct json_regexp *row = &finds->regexps.at[i];
        struct str text = json_str(row->pattern);
        struct regexp regexp;
        enum regexp_result result = regexp_check(lint->arena, text, &regexp);
        if (result == REGEXP_OK)
            continue;
        struct str part = str_slice(text, regexp.at, regexp.at + regexp.len);
        struct diag *diag = lint_report_json(lint, row->pattern, NULL,
                                             "this is no regular expression: '" STR_FMT "' %s",
                                             STR_ARG(part), regexp_result_text(result));
        diag_note(lint_diags(lint), diag, "Caddy adapts the file and does not start with it");
        suggest_not(lint, diag, row, part);
    }
}

/* --- DT514: what matches more than it seems to --- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* A dot at <at> that is any character and stands where an extension begins: "….php", "….(jpg|png)",
 * with nothing that makes sense of any character before it. */
static bool is_loose_extension(struct str text, size_t at)
{
    static const char *const extensions[] = {
        "php", "html", "htm",  "js",   "css", "jpg", "jpeg", "png", "gif", "svg", "webp", "ico",
        "bak", "git",  "env",  "sql",  "log", "ini", "zip",  "gz",  "txt", "xml", "json", "woff",
        "ttf", "mp4",  "webm", "aspx", "jsp", "cgi", "pl",   "sh",  "yml", "map", "pdf",  NULL};
    struct str rest = str_slice(text, at + 1, text.len);
    if (at > 0 && (text.ptr[at - 1] == '\\' || text.ptr[at - 1] == '[' || text.ptr[at - 1] == '.'))
        return false;
    rest = str_trim_prefix(str_trim_prefix(rest, STR("(")), STR("?:"));
    for (size_t i = 0; extensions[i]; i++) {
        struct str name = str_from(extensions[i]);
        if (str_has_prefix(rest, name) && (rest.len == name.len || !is_word(rest.ptr[name.len])))
            return true;
    }
    return false;
}

/* The text with the dot escaped, where the token is written as it is. */
static void fix_dot(struct lint *lint, struct diag *diag, const json_t *pattern, size_t at)
{
    const struct token *token = document_origin(&lint->pipeline->document, NULL, NULL, pattern);
    struct str text = json_str(pattern);
    if (!token || token->quote == QUOTE_DOUBLE || token->quote == QUOTE_HEREDOC)
        return;
    size_t quote = token->quote == QUOTE_BACKTICK;
    struct str raw = lint_text(lint, token->span);
    if (!str_eq(str_slice(raw, quote, raw.len - quote), text))
        return;
    uint32_t begin = token->span.begin + (uint32_t)(quote + at);
    diag_fix(lint_diags(lint), diag, FIX_SUGGEST, (struct span){begin, begin + 1}, STR("\\."),
             "a dot alone is any character");
}

static void check_extension(struct lint *lint, const struct json_regexp *row)
{
    struct str text = json_str(row->pattern);
    bool in_brackets = false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\\') {
            i++;
            continue;
        }
        if (text.ptr[i] == '[' || text.ptr[i] == ']')
            in_brackets = text.ptr[i] == '[';
        if (text.ptr[i] != '.' || in_brackets || !is_loose_extension(text, i))
            continue;
        struct diag *diag = lint_report_json(
            lint, row->pattern, NULL,
            "the dot in '" STR_FMT "' is any character: this matches paths without that extension",
            STR_ARG(str_slice(text, i, text.len)));
        fix_dot(lint, diag, row->pattern, i);
        return;
    }
}

/* Fields that say where a request comes from, or goes to. */
static bool is_origin_field(const char *field)
{
    return field && (str_eq_nocase(str_from(field), STR("origin")) ||
                     str_eq_nocase(str_from(field), STR("referer")) ||
                     str_eq_nocase(str_from(field), STR("host")));
}

static bool is_quantifier(char c)
{
    return c == '*' || c == '+' || c == '?' || c == '{';
}

static void check_origin(struct lint *lint, const struct json_regexp *row)
{
    static const char *const ends[] = {"com", "org", "net", "io", "dev", "app", "de",
                                       "eu",  "me",  "co",  "fr", "uk",  "ru",  NULL};
    struct str text = json_str(row->pattern);
    for (size_t i = 1; i + 2 < text.len; i++) {
        if (text.ptr[i] != '.' || !is_word(text.ptr[i - 1]) || is_quantifier(text.ptr[i + 1]))
            continue;
        struct str rest = str_slice(text, i + 1, text.len);
        for (size_t k = 0; ends[k]; k++) {
            struct str end = str_from(ends[k]);
            if (!str_has_prefix(rest, end) || (rest.len > end.len && is_word(rest.ptr[end.len])))
                continue;
            struct diag *diag = lint_report_json(lint, row->pattern, NULL,
                                                 "the dot in '" STR_FMT
                                                 "' is any character: other hosts match as well",
                                                 STR_ARG(str_slice(text, i - 1, i + 1 + end.len)));
            fix_dot(lint, diag, row->pattern, i);
            return;
        }
    }
}

void check_loose_regexps(struct lint *lint)
{
    const struct json_finds *finds = lint_json_finds(lint);
    for (size_t i = 0; finds && i < finds->regexps.n; i++) {
        const struct json_regexp *row = &finds->regexps.at[i];
        if (row->is_matcher && !row->field)
            check_extension(lint, row);
        else if (row->is_matcher && is_origin_field(row->field))
            check_origin(lint, row);
    }
}

/* --- DT515: captures that nothing makes --- */

/* What the regular expressions of one name capture, or all of them. */
struct capture_set {
    struct map names; /* of groups */
    size_t n_groups;  /* the most that one of them has */
    bool is_open;     /* one does not compile: who knows */
};

struct captures {
    struct map sets; /* name → struct capture_set */
    struct capture_set all;
    const struct json_regexp *first_named;
};

static void add_captures(struct lint *lint, struct capture_set *set, struct str pattern)
{
    struct regexp regexp;
    if (regexp_check(lint->arena, pattern, &regexp) != REGEXP_OK) {
        set->is_open = true;
        return;
    }
    set->n_groups = regexp.n_groups > set->n_groups ? regexp.n_groups : set->n_groups;
    for (size_t i = 0; i < regexp.n_groups; i++)
        map_put(&set->names, regexp.names[i], set);
}

static struct captures *captures_of(struct lint *lint, const struct json_finds *finds)
{
    struct captures *captures = arena_new(lint->arena, struct captures);
    captures->sets = captures->all.names = map_in(lint->arena);
    for (size_t i = 0; i < finds->regexps.n; i++) {
        const struct json_regexp *row = &finds->regexps.at[i];
        if (!row->is_matcher)
            continue;
        struct capture_set *set = map_get(&captures->sets, row->name);
        if (!set) {
            set = arena_new(lint->arena, struct capture_set);
            set->names = map_in(lint->arena);
            map_put(&captures->sets, row->name, set);
        }
        add_captures(lint, set, json_str(row->pattern));
        add_captures(lint, &captures->all, json_str(row->pattern));
        if (!captures->first_named && row->name.len && row->pattern->origin)
            captures->first_named = row;
    }
    return captures;
}

/* Whether <key> is captured: a number of a group, or its name. */
static bool captures_key(const struct capture_set *set, struct str key)
{
    uint64_t number;
    if (set->is_open)
        return true;
    if (parse_go_uint(key, 32, &number) == PARSE_OK)
        return number <= set->n_groups;
    return map_find(&set->names, key);
}

static void check_capture(struct lint *lint, const struct captures *captures, const json_t *text,
                          struct str placeholder)
{
    struct str name, key = placeholder;
    bool is_named = str_cut(placeholder, STR("."), &name, &key);
    const struct capture_set *set =
        is_named ? map_get(&captures->sets, name) : captures->sets.n ? &captures->all : NULL;
    if (!is_named)
        key = placeholder;
    if (set && captures_key(set, key))
        return;
    if (set) {
        lint_report_json(lint, text, NULL,
                         "{re." STR_FMT "} is always empty: there is no such group",
                         STR_ARG(placeholder));
        return;
    }
    struct diag *diag = lint_report_json(
        lint, text, NULL, "{re." STR_FMT "} is always empty: no regular expression %s" STR_FMT "%s",
        STR_ARG(placeholder), is_named ? "is called '" : "captures anything",
        STR_ARG(is_named ? name : STR("")), is_named ? "'" : "");
    if (captures->first_named)
        diag_label(lint_diags(lint), diag, captures->first_named->pattern->origin->span,
                   "this one is called '" STR_FMT "'", STR_ARG(captures->first_named->name));
}

void check_captures(struct lint *lint)
{
    const struct json_finds *finds = lint_json_finds(lint);
    if (!finds || finds->has_regexp_functions || finds->captures.n == 0)
        return;
    const struct captures *captures = captures_of(lint, finds);
    for (size_t i = 0; i < finds->captures.n; i++) {
        struct str text = json_str(finds->captures.at[i]), before, placeholder;
        while (str_cut(text, STR("{http.regexp."), &before, &text))
            if (str_cut(text, STR("}"), &placeholder, &text))
                check_capture(lint, captures, finds->captures.at[i], placeholder);
    }
}
