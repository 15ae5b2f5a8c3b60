/* Rules about path matchers (DT501 to DT503, DT512, DT518). */
#include "base/arena.h"
#include "base/parse.h"
#include "lint/language.h"
#include "lint/lint_private.h"
#include "lint/routes.h"

/* The text stands in the file as it is: no quotes, arguments or variables. */
static bool is_literal(const struct lint *lint, const struct token *token)
{
    return str_eq(lint_text(lint, token->span), token->text);
}

/* The inline path of a directive, plainly written; NULL for none. */
static const struct token *inline_path(const struct lint *lint, const struct node *line)
{
    const struct token *path = line_word(line, 0);
    if (!path || !str_has_prefix(path->text, STR("/")) || str_contains(path->text, STR("{")) ||
        !is_literal(lint, path) || !line_directive(lint, line))
        return NULL;
    /* the word that handle_path begins with is no matcher, but means the same */
    return str_is(line_name(line), "handle_path") ? path : line_matcher(lint, line);
}

static bool path_is_of_disk(struct str path);

/* --- what the lines of a block say about paths --- */

struct siblings {
    struct map below;       /* path → the first word that is for what is below it */
    struct map matchers;    /* the leading matchers */
    struct map definitions; /* @name → the line that defines it */
    bool answers_all;       /* some line is there for all paths, or for all but the front page's */
    bool has_application;   /* that could answer for a folder without its slash */
};

static void add_sibling(const struct lint *lint, struct siblings *all, const struct node *line)
{
    static const char *const answers[] = {
        "reverse_proxy", "handle",     "handle_path", "route", "php_fastcgi", "respond", "redir",
        "file_server",   "php_server", "error",       "abort", "invoke",      "import",  NULL};
    static const char *const applications[] = {"reverse_proxy", "php_fastcgi", "php_server",
                                               "handle",        "route",       NULL};
    const struct token *matcher = line_matcher(lint, line);
    bool is_for_path = matcher && str_has_prefix(matcher->text, STR("/"));
    if (matcher)
        map_put(&all->matchers, matcher->text, all);
    if (str_has_prefix(line_name(line), STR("@")) && !map_find(&all->definitions, line_name(line)))
        map_put(&all->definitions, line_name(line), (void *)line);
    for (uint32_t i = 0; i < line->n_words; i++)
        if (str_has_suffix(line->words[i]->text, STR("*")))
            below_put(&all->below, line->words[i]->text, line->words[i]);
    all->answers_all |= str_is_one_of(line_name(line), answers) &&
                        (!is_for_path || str_is(matcher->text, "/*"));
    all->has_application |= str_is_one_of(line_name(line), applications) && !is_for_path;
}

static struct siblings *siblings_in(const struct lint *lint, const struct node *block)
{
    static const char question;
    struct siblings *all = lint_answered(lint, &question, block);
    if (all)
        return all;
    all = arena_new(lint->arena, struct siblings);
    all->below = all->matchers = all->definitions = map_in(lint->arena);
    for (const struct node *line = block->body; line; line = line->next)
        add_sibling(lint, all, line);
    lint_answer(lint, &question, block, all);
    return all;
}

/* --- DT501: one path where a folder is meant --- */

static struct str last_segment(struct str path)
{
    path = str_trim_suffix(path, STR("/"));
    ptrdiff_t slash = str_last_index(path, '/');
    return str_slice(path, (size_t)(slash + 1), path.len);
}

/* Names of folders that applications live in, or files. */
static const char *const folders[] = {
    "api",     "app",    "apps",      "admin",     "static", "assets",  "media",
    "uploads", "files",  "images",    "img",       "css",    "js",      "docs",
    "blog",    "public", "storage",   "dist",      "build",  "backend", "portal",
    "console", "ui",     "dashboard", "wiki",      "v1",     "v2",      "svc",
    "data",    "fonts",  "download",  "downloads", NULL};

/* Whether other lines of the block, or matchers of the site, are for what is below the path, as far
 * as it is looked for. */
static bool is_covered_below(const struct lint *lint, const struct node *line, struct str path)
{
    path = str_trim_suffix(path, STR("/"));
    return path.len > MAX_BELOW || map_find(&siblings_in(lint, line->parent)->below, path);
}

/* Whether the block answers by itself, for which one path is enough. */
static bool only_answers(const struct node *line)
{
    static const char *const answers[] = {"respond", "redir",   "error",  "abort",
                                          "rewrite", "metrics", "header", NULL};
    for (const struct node *inner = line->body; inner; inner = inner->next)
        if (!str_is_one_of(line_name(inner), answers))
            return false;
    return line->body != NULL;
}

void check_exact_path(struct lint *lint, const struct node *line)
{
    static const char *const of_folders[] = {"handle_path", "file_server", "php_fastcgi", NULL};
    const struct token *path = inline_path(lint, line);
    if (!path || path->text.len < 2 || str_contains(path->text, STR("*")) ||
        str_contains(last_segment(path->text), STR(".")) || only_answers(line) ||
        is_covered_below(lint, line, path->text))
        return;
    struct str name = line_name(line);
    bool has_slash = str_has_suffix(path->text, STR("/"));
    bool is_folder =
        has_slash || str_is_one_of(name, of_folders) || str_is_one_of(last_segment(path->text), folders);
    if (str_is(name, "file_server") && path_is_of_disk(path->text))
        return;
    struct diag *diag = lint_report(
        lint, path, "this '" STR_FMT "' is for the one path " STR_FMT " and for nothing below it",
        STR_ARG(name), STR_ARG(path->text));
    if (!is_folder)
        lint_soften(lint, diag, SEVERITY_INFO);
    diag_note(lint_diags(lint), diag, "a path without * matches only itself");
    diag_fix(lint_diags(lint), diag, FIX_UNSAFE, path->span,
             str_printf(lint->arena, STR_FMT "%s", STR_ARG(path->text), has_slash ? "*" : "/*"),
             "all that is below");
}

/* --- DT502: the front page alone --- */

/* Directives that nobody wants for one page only. */
static const char *const for_all_pages[] = {"root", "encode", NULL};

/* Whether all fields are there to protect visitors, which is needed on every page. */
static bool sets_protection(const struct lint *lint, const struct node *header)
{
    static const char *const fields[] = {
        "Strict-Transport-Security", "Content-Security-Policy", "X-Frame-Options",
        "X-Content-Type-Options",    "Referrer-Policy",         "Permissions-Policy",
        "X-XSS-Protection",          "Feature-Policy",          "-Server",
        "X-Robots-Tag",              NULL};
    const struct token *field = line_argument(lint, header, 0);
    size_t n_protecting = field && str_is_one_of(field->text, fields);
    for (const struct node *line = header->body; line; line = line->next)
        n_protecting += str_is_one_of(line_name(line), fields);
    return n_protecting > 0;
}

/* Whether the front page alone may well be meant. */
static bool is_for_front_page(struct lint *lint, const struct node *line)
{
    if (str_is_one_of(line_name(line), for_all_pages))
        return false;
    if (str_is(line_name(line), "header"))
        return !sets_protection(lint, line);
    /* a sibling for all the other paths tells that "/" is meant as it is */
    return only_answers(line) || siblings_in(lint, line->parent)->answers_all;
}

void check_root_only(struct lint *lint, const struct node *line)
{
    const struct token *path = line_word(line, 0);
    struct str name = line_name(line);
    bool is_root = str_is(name, "root");
    if (!path || !token_is(path, "/") || !inline_path(lint, line) || is_for_front_page(lint, line))
        return;
    struct diag *diag =
        lint_report(lint, path, "this '" STR_FMT "' is for the front page alone", STR_ARG(name));
    if (str_is(name, "header") || str_is(name, "encode"))
        lint_soften(lint, diag, SEVERITY_WARNING);
    diag_note(lint_diags(lint), diag,
              "the matcher / is the one path /; without a matcher, or with *, "
              "all paths are meant");
    const struct token *next = line_argument(lint, line, 0);
    if (is_root)
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE, path->span, STR("*"), "for all paths");
    else if (next && next->span.begin > path->span.end)
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE,
                 (struct span){path->span.begin, next->span.begin}, STR(""), "for all paths");
    else
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE,
                 (struct span){line_name_token(line)->span.end, path->span.end}, STR(""),
                 "for all paths");
}

/* --- DT503: where folders begin --- */

static const char *const guards[] = {"basic_auth", "basicauth", "forward_auth", NULL};

/* The definition of a named matcher in the blocks around. */
static const struct node *find_matcher(const struct lint *lint, const struct node *line,
                                       struct str name)
{
    const struct node *found = NULL;
    for (const struct node *block = line->parent; block && !found; block = block->parent)
        found = map_get(&siblings_in(lint, block)->definitions, name);
    return found;
}

/* The folder that is all a matcher is for, as in "/admin/" and a star; NULL where there is more to
 * it. */
static const struct token *guarded_folder(const struct lint *lint, const struct node *line)
{
    const struct token *matcher = line_matcher(lint, line);
    if (matcher && str_has_prefix(matcher->text, STR("@"))) {
        const struct node *definition = find_matcher(lint, line, matcher->text);
        if (!definition || definition->body || definition->n_words != 3 ||
            !token_is(definition->words[1], "path"))
            return NULL;
        matcher = definition->words[2];
    }
    if (!matcher || !str_has_prefix(matcher->text, STR("/")) ||
        !str_has_suffix(matcher->text, STR("/*")) || matcher->text.len < 4 ||
        str_index(matcher->text, '*') != (ptrdiff_t)matcher->text.len - 1)
        return NULL;
    return matcher;
}

static void check_guard(struct lint *lint, const struct node *line)
{
    const struct token *folder = guarded_folder(lint, line);
    struct siblings *siblings = siblings_in(lint, line->parent);
    if (!folder || !siblings->has_application)
        return;
    struct str path = str_slice(folder->text, 0, folder->text.len - 2);
    /* a second guard may be for the folder itself */
    if (map_find(&siblings->matchers, path))
        return;
    struct diag *diag =
        lint_report(lint, folder, "nobody is asked to log in at " STR_FMT " itself", STR_ARG(path));
    diag_note(lint_diags(lint), diag, STR_FMT " begins behind the slash", STR_ARG(folder->text));
    if (is_literal(lint, folder))
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE, folder->span,
                 str_printf(lint->arena, STR_FMT "*", STR_ARG(path)),
                 "the folder, what is below it, and what begins like it");
}

void check_prefix(struct lint *lint, const struct node *line)
{
    if (str_is_one_of(line_name(line), guards)) {
        if (line_directive(lint, line))
            check_guard(lint, line);
        return;
    }
    const struct token *path = inline_path(lint, line);
    if (!path || lint->settings->profile != PROFILE_STRICT || path->text.len < 3 ||
        !str_has_suffix(path->text, STR("*")))
        return;
    char before = path->text.ptr[path->text.len - 2];
    if (before == '/' || before == '*' || before == '.' || before == '-' || before == '_')
        return;
    struct str prefix = str_slice(path->text, 0, path->text.len - 1);
    struct diag *diag = lint_report(lint, path, STR_FMT " matches " STR_FMT "other as well",
                                    STR_ARG(path->text), STR_ARG(prefix));
    lint_soften(lint, diag, SEVERITY_INFO);
    diag_note(lint_diags(lint), diag,
              "a matcher `path " STR_FMT " " STR_FMT "/*` is for the folder "
              "alone",
              STR_ARG(prefix), STR_ARG(prefix));
}

/* --- DT512: paths that no request has --- */

static bool is_understood(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] >= 0x80)
            return false;
    return !str_contains(text, STR("{")) && !str_contains(text, STR("%")) &&
           !str_contains(text, STR("//"));
}

bool path_never_matches(struct str text)
{
    char lower[512];
    if (!is_understood(text) || text.len == 0 || text.len > sizeof(lower))
        return false;
    for (size_t i = 0; i < text.len; i++)
        lower[i] =
            text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? (char)(text.ptr[i] | 0x20) : text.ptr[i];
    struct path_pattern pattern = path_pattern_parse(str_make(lower, text.len));
    struct text_set set = {&pattern, 1};
    const struct text_set *inside = &set;
    struct text_question question = {TEXTS_ROOTED, &inside, NULL, 1, 0};
    long effort = 100000;
    return !text_exists(&question, &effort);
}

static struct diag *report_path(struct lint *lint, const json_t *path, const char *before,
                                const char *after)
{
    return lint_report_json(lint, path, NULL, "%s " STR_FMT "%s", before, STR_ARG(json_str(path)),
                            after);
}

static void fix_path(struct lint *lint, struct diag *diag, const json_t *path, struct str text,
                     const char *why)
{
    const struct token *token = document_origin(&lint->pipeline->document, NULL, NULL, path);
    if (token && is_literal(lint, token) && str_eq(token->text, json_str(path)))
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE, token->span, text, "%s", why);
}

static bool has_query(struct str text)
{
    ptrdiff_t mark = str_index(text, '?');
    return mark >= 0 && str_contains(str_slice(text, (size_t)mark, text.len), STR("="));
}

/* A name for a matcher, after the last part of its path; .ptr NULL where the file has all that fit. */
static struct str free_name(const struct lint *lint, const struct token *token, struct str path)
{
    const struct source *source = source_of(&lint->pipeline->sources, token->span);
    struct str name = last_segment(path);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
              c == '_'))
            name = STR("");
    }
    const char *const ends[] = {"", "-query", NULL};
    for (size_t i = name.len ? 0 : 1; source && ends[i]; i++) {
        struct str whole = str_printf(lint->arena, "@" STR_FMT "%s", STR_ARG(name), ends[i]);
        if (!str_contains(source->raw, whole))
            return whole;
    }
    return (struct str){0};
}

/* `/old?id=3` as a named matcher of path and query, before the directive. */
static void fix_query(struct lint *lint, struct diag *diag, const json_t *path, struct str before,
                      struct str query)
{
    const struct token *token = document_origin(&lint->pipeline->document, NULL, NULL, path);
    const struct node *line = token ? lint_directive_of(lint, token) : NULL;
    if (!line || line_matcher(lint, line) != token || !is_literal(lint, token) ||
        !str_eq(token->text, json_str(path)) || str_contains(query, STR("%")) ||
        str_contains(query, STR("+")) || str_contains(query, STR("?")))
        return;
    struct str name = free_name(lint, token, before), indent = line_indent(lint, line);
    uint32_t begin = lint_whole_lines(lint, line_span(line)).begin;
    if (!name.ptr || begin + indent.len != line->words[0]->span.begin)
        return;
    query = str_replace(lint->arena, query, STR("&"), STR(" "));
    struct diag_note *fix = diag_fix(lint_diags(lint), diag, FIX_UNSAFE, token->span, name,
                                     "match path and query apart");
    diag_fix_also(lint_diags(lint), fix, (struct span){begin, begin},
                  str_printf(lint->arena,
                             STR_FMT STR_FMT " {\n" STR_FMT "\tpath " STR_FMT "\n" STR_FMT
                                             "\tquery " STR_FMT "\n" STR_FMT "}\n",
                             STR_ARG(indent), STR_ARG(name), STR_ARG(indent), STR_ARG(before),
                             STR_ARG(indent), STR_ARG(query), STR_ARG(indent)));
}

static bool looks_like_regexp(struct str text)
{
    return str_has_prefix(text, STR("^")) || str_has_suffix(text, STR("$")) ||
           str_contains(text, STR("(.*)")) || str_contains(text, STR("\\d")) ||
           str_contains(text, STR("/.+"));
}

static void check_stars(struct lint *lint, const json_t *path)
{
    struct str text = json_str(path);
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == '*';
    if (!str_has_suffix(text, STR("/**")) || n != 2)
        return;
    struct diag *diag = lint_report_json(lint, path, NULL,
                                         STR_FMT " matches no more than one level", STR_ARG(text));
    lint_soften(lint, diag, SEVERITY_WARNING);
    diag_note(lint_diags(lint), diag,
              "one * at the end stands for all that follows; with several, each stops at a slash");
    fix_path(lint, diag, path, str_slice(text, 0, text.len - 1), "everything below");
}

/* Paths that are written as something else; false for all others. */
static bool check_misread(struct lint *lint, const json_t *path)
{
    struct str text = json_str(path), before, after;
    struct diag *diag;
    if (looks_like_regexp(text)) {
        diag = report_path(lint, path,
                           "a path is no regular expression:", " is compared as it stands");
        diag_note(lint_diags(lint), diag, "use `path_regexp`, or a path with * at its end");
    } else if (has_query(text)) {
        str_cut(text, STR("?"), &before, &after);
        diag = report_path(lint, path, "a path holds no query:", " does not match one");
        diag_note(lint_diags(lint), diag,
                  "? stands for any one character here; a named matcher can have `path " STR_FMT
                  "` and `query " STR_FMT "`",
                  STR_ARG(before), STR_ARG(after));
        fix_query(lint, diag, path, before, after);
    } else if (str_contains(text, STR("#"))) {
        report_path(lint, path, "browsers do not send what follows a #:", " is never asked for");
    } else if (str_has_suffix(text, STR(","))) {
        diag = report_path(lint, path, "the comma is a part of the path", "");
        fix_path(lint, diag, path, str_slice(text, 0, text.len - 1),
                 "only blanks stand between paths");
    } else if (str_has_prefix(text, STR("http://")) || str_has_prefix(text, STR("https://"))) {
        report_path(lint, path, "a path is no whole URL:", " never matches");
    } else if (str_contains(text, STR("[")) && !glob_is_valid(text)) {
        report_path(lint, path, "the [ is not closed:", " never matches");
    } else {
        return false;
    }
    return true;
}

bool path_is_plain(struct str text)
{
    if (str_has_suffix(text, STR("*")))
        text.len--;
    if (!str_has_prefix(text, STR("/")))
        return false;
    for (size_t i = 1; i < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_' || (c == '/' && text.ptr[i - 1] != '/')))
            return false;
    }
    return true;
}

static void check_path(struct lint *lint, const json_t *path)
{
    struct str text = json_str(path);
    if (str_contains(text, STR("{")) || text.len == 0 || check_misread(lint, path))
        return;
    if (!path_never_matches(text)) {
        check_stars(lint, path);
        return;
    }
    bool is_relative = text.ptr[0] != '/' && text.ptr[0] != '*';
    if (is_relative && lint_json_finds(lint)->rewrites_to_relative)
        return;
    struct diag *diag = report_path(lint, path, "no path is like",
                                    is_relative ? ": they all begin with a slash"
                                                : ": its dots are resolved before");
    if (is_relative && text.ptr[0] != '.')
        fix_path(lint, diag, path, str_printf(lint->arena, "/" STR_FMT, STR_ARG(text)),
                 "begin it with a slash");
}

void check_never_matching(struct lint *lint)
{
    const struct json_finds *finds = lint_json_finds(lint);
    for (size_t i = 0; finds && i < finds->odd_paths.n; i++)
        check_path(lint, finds->odd_paths.at[i]);
}

/* --- DT518: folders of the disk as matchers --- */

/* Begins as paths of files do, and those of requests do not. */
static bool path_is_of_disk(struct str path)
{
    static const char *const starts[] = {"/var/", "/srv/",     "/usr/",   "/home/", "/opt/",
                                         "/mnt/", "/etc/",     "/root/",  "/tmp/",  "/www/",
                                         "/run/", "/var/www/", "/Users/", NULL};
    for (size_t i = 0; starts[i]; i++)
        if (str_has_prefix(path, str_from(starts[i])))
            return true;
    return str_is(path, "/srv") || str_is(path, "/var/www");
}

bool redirect_is_misread(const struct lint *lint, const struct node *line)
{
    static const char *const kinds[] = {"permanent", "temporary", "html", NULL};
    const struct token *target = line_argument(lint, line, 0);
    uint64_t status;
    if (!str_is(line_name(line), "redir") || !inline_path(lint, line) || !target ||
        line_argument(lint, line, 1))
        return false;
    return str_is_one_of(target->text, kinds) ||
           (target->text.len == 3 && parse_go_uint(target->text, 16, &status) == PARSE_OK);
}

static void check_redirect(struct lint *lint, const struct node *line, const struct token *path)
{
    const struct token *target = line_argument(lint, line, 0);
    if (!redirect_is_misread(lint, line))
        return;
    struct diag *diag =
        lint_report(lint, path, "this is taken for the path that is redirected, not for the target");
    diag_label(lint_diags(lint), diag, target->span, "and this for where to");
    diag_fix(lint_diags(lint), diag, FIX_UNSAFE, (struct span){path->span.begin, path->span.begin},
             STR("* "), "say that it is for all requests");
}

void check_path_as_argument(struct lint *lint, const struct node *line)
{
    const struct token *path = inline_path(lint, line), *name = line_name_token(line);
    struct str directive = line_name(line);
    if (str_is(directive, "redir")) {
        check_redirect(lint, line, path);
        return;
    }
    if (!path || str_contains(path->text, STR("*")) || !path_is_of_disk(path->text))
        return;
    struct diag *diag =
        lint_report(lint, path, "this is taken for a path of requests, not of the disk");
    diag_note(lint_diags(lint), diag, "the '" STR_FMT "' is only for requests with that very path",
              STR_ARG(directive));
    if (str_is(directive, "file_server"))
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE,
                 (struct span){name->span.begin, path->span.end},
                 str_printf(lint->arena, "root * " STR_FMT "\n" STR_FMT "file_server",
                            STR_ARG(path->text), STR_ARG(line_indent(lint, line))),
                 "name the folder with `root`");
    else if (str_is(directive, "php_fastcgi"))
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE, path->span,
                 str_printf(lint->arena, "unix/" STR_FMT, STR_ARG(path->text)),
                 "a unix socket is written so");
}
