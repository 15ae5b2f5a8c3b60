/* Rules for syntax and structure (DT1xx): words that are not what they look like. */
#include <stdlib.h>

#include "adapt/shorthand.h"
#include "base/suggest.h"
#include "lint/rule.h"
#include "syntax/placeholder.h"

/* --- DT104: JSON without quotes --- */

/* The end of the braces that <text> begins with, on its line: as many '}' as '{'. */
static size_t braces_end(struct str text)
{
    size_t depth = 0;
    for (size_t i = 0; i < text.len && text.ptr[i] != '\n'; i++) {
        depth += text.ptr[i] == '{';
        if (text.ptr[i] == '}' && --depth == 0)
            return i + 1;
    }
    return 0;
}

static bool find_braces(const struct node *node, void *user)
{
    struct lint *lint = user;
    for (uint32_t i = 1; i < node->n_words; i++) {
        const struct token *token = node->words[i];
        if (token->quote != QUOTE_NONE || token->via ||
            !(str_has_prefix(token->text, STR("{\"")) || str_has_prefix(token->text, STR("[{\""))))
            continue;
        const struct source *source = source_of(&lint->pipeline->sources, token->span);
        uint32_t begin = token->span.begin - source->base;
        struct str rest = str_slice(source->raw, begin, source->raw.len);
        size_t len = braces_end(rest);
        if (str_has_prefix(rest, STR("[")) && len && len < rest.len && rest.ptr[len] == ']')
            len++;
        if (len <= token->span.end - token->span.begin)
            continue; /* one word after all: Caddy takes it as it is */
        struct span span = {token->span.begin, token->span.begin + (uint32_t)len};
        struct diag *diag = lint_report_at(lint, span, NULL,
                                           "blanks end a word: this is several arguments");
        struct str text = str_slice(rest, 0, len);
        if (!str_contains(text, STR("`")))
            diag_fix(lint_diags(lint), diag, FIX_UNSAFE, span,
                     str_printf(lint->arena, "`" STR_FMT "`", STR_ARG(text)), "put it in backquotes");
        break;
    }
    return true;
}

static void check_braces(struct lint *lint, const struct node *block)
{
    node_walk(block, find_braces, lint);
}

/* --- DT110, DT111: variables of the environment --- */

static struct str splice_text(const struct source *source, const struct splice *splice)
{
    return str_slice(source->raw, splice->raw_begin, splice->raw_end);
}

static struct span splice_span(const struct source *source, const struct splice *splice)
{
    return (struct span){source->base + splice->raw_begin, source->base + splice->raw_end};
}

static bool is_set(const struct lint *lint, struct str name)
{
    const struct source_hooks *hooks = lint->pipeline->sources.hooks;
    const char *key = str_dup(lint->arena, name).ptr;
    return (hooks && hooks->get_env ? hooks->get_env(hooks->user, key) : getenv(key)) != NULL;
}

/* The name between {$ and }; empty where there is a default. */
static struct str name_without_default(const struct source *source, uint32_t i)
{
    struct str text = splice_text(source, &source->splices[i]);
    struct str name = str_slice(text, 2, text.len - 1);
    return str_contains(name, STR(":")) ? STR("") : name;
}

static void check_unset(struct lint *lint, const struct source *source)
{
    struct map named = map_in(lint->arena);
    for (uint32_t i = 0; i < source->n_splices; i++) {
        struct str name = name_without_default(source, i);
        bool is_comment = source_is_comment(source, splice_span(source, &source->splices[i]));
        /* each variable once in a file */
        if (!name.len || is_comment || map_put(&named, name, lint))
            continue;
        bool is_declared = map_find(&lint->settings->variables, name) != NULL;
        if (is_declared || (is_set(lint, name) && !lint->settings->has_variables))
            continue;
        struct diag *diag = lint_report_at(
            lint, splice_span(source, &source->splices[i]), NULL,
            lint->settings->has_variables ? "the variable " STR_FMT " is not declared"
                                          : "the variable " STR_FMT " is not set here",
            STR_ARG(name));
        if (lint->settings->has_variables)
            diag_set_severity(lint_diags(lint), diag, SEVERITY_ERROR);
        const char *assumed = lint->root ? "the rest is checked as if it had some value"
                                         : "what depends on its value is not checked";
        diag_note(lint_diags(lint), diag, "%s; a default is written {$" STR_FMT ":value}",
                  source->splices[i].is_assumed ? assumed
                                                : "without a value nothing stands in its place",
                  STR_ARG(name));
    }
}

static bool find_shell_words(const struct node *node, void *user)
{
    struct lint *lint = user;
    for (uint32_t i = 1; i < node->n_words; i++) {
        const struct token *token = node->words[i];
        struct str text = token->text, before, name, rest;
        if (token->quote == QUOTE_BACKTICK || !str_cut(text, STR("${"), &before, &rest) ||
            !str_cut(rest, STR("}"), &name, &rest) || !name.len || name.ptr[0] < 'A' ||
            name.ptr[0] > 'Z')
            continue;
        struct diag *diag =
            lint_report(lint, token, "${" STR_FMT "} is the shell's spelling, and text to Caddy",
                        STR_ARG(name));
        if (str_eq(lint_text(lint, token->span), text))
            diag_fix(lint_diags(lint), diag, FIX_UNSAFE, token->span,
                     str_printf(lint->arena, STR_FMT "{$" STR_FMT "}" STR_FMT, STR_ARG(before),
                                STR_ARG(name), STR_ARG(rest)),
                     "write the dollar inside");
    }
    return true;
}

static void check_shell(struct lint *lint)
{
    struct sources *sources = &lint->pipeline->sources;
    for (uint32_t s = 0; s < sources->n; s++)
        for (uint32_t i = 0; i < sources->at[s]->n_splices; i++) {
            const struct splice *splice = &sources->at[s]->splices[i];
            struct str text = splice_text(sources->at[s], splice), before, rest;
            if (!str_cut(text, STR(":-"), &before, &rest) || str_contains(before, STR(":")))
                continue;
            struct diag *diag = lint_report_at(
                lint, splice_span(sources->at[s], splice), NULL,
                "the default begins after the colon, so its first character is '-'");
            diag_fix(lint_diags(lint), diag, FIX_UNSAFE, splice_span(sources->at[s], splice),
                     str_printf(lint->arena, STR_FMT ":" STR_FMT, STR_ARG(before), STR_ARG(rest)),
                     "only shells write :-");
        }
    if (lint->tree)
        node_walk(lint->tree, find_shell_words, lint);
}

/* --- DT108, DT125: the compiler finds them --- */

/* Whether this machine has not even the folder of a file that is named from the root on: then the
 * configuration is for another one, and which files that has cannot be known. */
static bool is_elsewhere(struct lint *lint, struct str path)
{
    ptrdiff_t slash = str_last_index(path, '/');
    struct str *names;
    size_t n;
    if (!str_has_prefix(path, STR("/")) || slash <= 0)
        return false;
    const char *folder = str_dup(lint->arena, str_slice(path, 0, (size_t)slash)).ptr;
    return source_list_directory(&lint->pipeline->sources, folder, &names, &n) != 0;
}

static void soften_missing_imports(struct lint *lint)
{
    if (lint_is_for_production(lint) || lint->settings->environment == ENVIRONMENT_HOST)
        return;
    for (struct diag *diag = lint_diags(lint)->first; diag; diag = diag->next) {
        if (diag->code != DIAG_UNRESOLVED_IMPORT || diag->severity != SEVERITY_ERROR ||
            !is_elsewhere(lint, lint_text(lint, diag->span)))
            continue;
        lint_soften(lint, diag, SEVERITY_INFO);
        diag_note(lint_diags(lint), diag,
                  "its folder is not on this machine either: what it would bring is not checked");
    }
}

static void soften_empty_imports(struct lint *lint)
{
    for (struct diag *diag = lint_diags(lint)->first; diag; diag = diag->next)
        if (diag->code == DIAG_IMPORT_NOTHING && !lint_is_for_production(lint))
            lint_soften(lint, diag, SEVERITY_INFO);
}

/* --- DT112: placeholders that nothing fills in --- */

/* What people of other servers write. */
static const struct {
    const char *name, *instead;
} strangers[] = {
    {"remote_addr", "remote_host"},    {"remote_ip", "remote_host"},
    {"request_uri", "uri"},            {"http_host", "host"},
    {"hostname", "host"},              {"server_name", "host"},
    {"request_method", "method"},      {"query_string", "query"},
    {"args", "query"},                 {"user_agent", "header.User-Agent"},
    {"http_user_agent", "header.User-Agent"}, {"request_path", "path"},
    {"document_uri", "path"},          {"is_args", "?query"},
    {"protocol", "scheme"},            {"uri_path", "path"},
    {"remote_user", "http.auth.user.id"},
};

static bool is_identifier(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || c == '_' || (i && c >= '0' && c <= '9')))
            return false;
    }
    return name.len > 2;
}

static bool is_shorthand(struct str name)
{
    for (const struct shorthand *row = shorthands; row->name.len; row++)
        if (str_eq(row->name, name))
            return true;
    return false;
}

/* What was surely meant, or empty. */
static struct str meant_by(struct str name)
{
    for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
        if (str_is(name, strangers[i].name))
            return str_from(strangers[i].instead);
    struct suggestion suggestion = suggest_for(name);
    for (const struct shorthand *row = shorthands; row->name.len; row++)
        if (is_identifier(row->name))
            suggest_try(&suggestion, row->name);
    return name.len > 3 ? suggestion.best : STR("");
}

/* Words that map or vars lines define: any {name} that is an argument of a `map` line. */
static bool note_defined(const struct node *node, void *user)
{
    struct map *defined = user;
    if (str_is(line_name(node), "map"))
        for (uint32_t i = 1; i < node->n_words; i++)
            map_put(defined, node->words[i]->text, defined);
    return true;
}

struct placeholders {
    struct lint *lint;
    struct map defined;
};

static void check_word(struct placeholders *all, const struct token *token)
{
    struct lint *lint = all->lint;
    struct piece_scan scan = piece_scan_of(token->text);
    for (struct piece piece = piece_next(&scan); piece.kind != PIECE_END; piece = piece_next(&scan)) {
        if (piece.kind == PIECE_REFUSED)
            return;
        if (piece.kind != PIECE_PLACEHOLDER || !is_identifier(piece.text) ||
            is_shorthand(piece.text) || map_find(&all->defined, piece.raw))
            continue;
        struct str instead = meant_by(piece.text);
        if (!instead.len)
            continue;
        struct diag *diag = lint_report(lint, token, "nothing fills in " STR_FMT, STR_ARG(piece.raw));
        diag_note(lint_diags(lint), diag, "it is sent as it stands, or as nothing");
        ptrdiff_t at = str_find(lint_text(lint, token->span), piece.raw);
        if (at >= 0 && !token->via)
            diag_fix(lint_diags(lint), diag, FIX_SUGGEST,
                     (struct span){token->span.begin + (uint32_t)at,
                                   token->span.begin + (uint32_t)at + (uint32_t)piece.raw.len},
                     str_printf(lint->arena, "{" STR_FMT "}", STR_ARG(instead)),
                     "there is a placeholder of this name");
    }
}

static bool find_placeholders(const struct node *node, void *user)
{
    struct placeholders *all = user;
    if (node->role != ROLE_LINE || str_is(line_name(node), "map"))
        return true;
    for (uint32_t i = 1; i < node->n_words; i++)
        if (node->words[i]->quote != QUOTE_HEREDOC && str_contains(node->words[i]->text, STR("{")))
            check_word(all, node->words[i]);
    return true;
}

static void check_placeholders(struct lint *lint, const struct node *site)
{
    struct placeholders all = {lint, map_in(lint->arena)};
    if (site->role != ROLE_SITE)
        return;
    node_walk(site, note_defined, &all.defined);
    node_walk(site, find_placeholders, &all);
}

/* --- DT114, DT115: characters that do not belong --- */

static bool find_semicolons(const struct node *node, void *user)
{
    struct lint *lint = user;
    const struct token *last = node->n_words > 1 ? node->words[node->n_words - 1] : NULL;
    bool is_header = str_is(line_name(node), "header") || str_has_prefix(line_name(node), STR("header_")) ||
                     (node->parent && str_is(line_name(node->parent), "header"));
    if (!last || is_header || last->quote != QUOTE_NONE || last->text.len < 2 ||
        !str_has_suffix(last->text, STR(";")) || (node->role != ROLE_LINE && node->role != ROLE_MATCHER))
        return true;
    struct diag *diag = lint_report(lint, last, "the semicolon is part of the word");
    diag_note(lint_diags(lint), diag, "lines end by themselves");
    if (str_eq(lint_text(lint, last->span), last->text) && !last->via)
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE, last->span,
                 str_slice(last->text, 0, last->text.len - 1), "leave it away");
    return true;
}

static void check_semicolons(struct lint *lint, const struct node *block)
{
    node_walk(block, find_semicolons, lint);
}

static bool is_ascii(struct str text)
{
    unsigned char all = 0;
    for (size_t i = 0; i < text.len; i++)
        all |= (unsigned char)text.ptr[i];
    return all < 0x80;
}

static bool has_curly_quote(struct str text)
{
    return str_contains(text, STR("\u201c")) || str_contains(text, STR("\u201d")) ||
           str_contains(text, STR("\u2018"));
}

static bool find_lookalikes(const struct node *node, void *user)
{
    struct lint *lint = user;
    for (uint32_t i = 0; i < node->n_words; i++) {
        const struct token *token = node->words[i];
        if (token->quote != QUOTE_NONE || is_ascii(token->text))
            continue;
        const char *what = NULL;
        if (has_curly_quote(token->text))
            what = "typographic quotes do not quote: they are part of the word";
        else if (str_contains(token->text, STR("\u200b")))
            what = "there is a zero-width space in this word";
        else if (str_contains(token->text, STR("\ufeff")))
            what = "there is a byte order mark in this word";
        if (what)
            lint_report(lint, token, "%s", what);
    }
    return true;
}

static void check_lookalikes(struct lint *lint, const struct node *block)
{
    node_walk(block, find_lookalikes, lint);
}

#define RESPOND(words) "example.com {\n\trespond " words "\n}\n"

const struct lint_rule syntax_rules[] = {
    {.code = DIAG_UNCLOSED_BLOCK,
     .caddy = CADDY_REFUSES,
     .why = "Every { needs its }. Where the missing brace is the last one of the file Caddy lets it pass, "
            "and blocks end up inside\nof each other: see DT123.",
     .bad = "example.com {\n\thandle /a/* {\n\t\trespond a\n",
     .good = "example.com {\n\thandle /a/* {\n\t\trespond a\n\t}\n}\n"},
    {.code = DIAG_STRAY_BRACE,
     .caddy = CADDY_REFUSES,
     .why = "A } that closes nothing: one too many, or a { that is missing or stands glued to a word.",
     .bad = RESPOND("ok") "}\n",
     .good = RESPOND("ok")},
    {.code = DIAG_MISPLACED_BLOCK,
     .caddy = CADDY_REFUSES,
     .why = "Directives stand inside of sites, global options in one block before everything else, and a "
            "{ at the end of the line\nthat it belongs to.",
     .bad = RESPOND("ok") "{\n\tdebug\n}\n",
     .good = "{\n\tdebug\n}\n" RESPOND("ok")},
    {.info = {"DT104", "unquoted-brace-argument", "text in braces that blanks cut into several words",
              SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_REFUSES,
     .why = "Words end at blanks, whatever stands around them. JSON as an argument needs quotes.",
     .bad = RESPOND("{\"ok\": true} 200"),
     .good = RESPOND("`{\"ok\": true}` 200"),
     .block = check_braces},
    {.code = DIAG_UNKNOWN_DIRECTIVE,
     .fix = FIX_SUGGEST,
     .caddy = CADDY_REFUSES,
     .why = "No directive of Caddy, or of a plugin that is described, has this name.",
     .bad = "example.com {\n\trevers_proxy localhost:80\n}\n",
     .good = "example.com {\n\treverse_proxy localhost:80\n}\n"},
    {.code = DIAG_INVALID_OPTION,
     .fix = FIX_SUGGEST,
     .caddy = CADDY_REFUSES,
     .why = "The block has no option of this name.",
     .bad = "example.com {\n\treverse_proxy app:80 {\n\t\tlb_polcy first\n\t}\n}\n",
     .good = "example.com {\n\treverse_proxy app:80 {\n\t\tlb_policy random\n\t}\n}\n"},
    {.code = DIAG_UNRESOLVED_REFERENCE,
     .fix = FIX_SUGGEST,
     .caddy = CADDY_REFUSES,
     .why = "Matchers belong to the site they are defined in; named routes and snippets to the file.",
     .bad = RESPOND("@x ok"),
     .good = "example.com {\n\t@x path /x\n\trespond @x ok\n}\n"},
    {.code = DIAG_UNRESOLVED_IMPORT,
     .fix = FIX_SUGGEST,
     .caddy = CADDY_REFUSES,
     .why = "`import` takes the name of a snippet defined before, or a file.\nA file named from the root "
            "on, in a folder that is not on this machine, is an info: the configuration is for another "
            "one. With\n`--env host`, and from the profile `production` on, it is an error.",
     .bad = "(logging) {\n\tlog\n}\nexample.com {\n\timport loging\n}\n",
     .good = "(logging) {\n\tlog\n}\nexample.com {\n\timport logging\n\trespond ok\n}\n",
     .whole = soften_missing_imports},
    {.code = DIAG_IMPORT_ARGUMENTS,
     .caddy = CADDY_WARNS,
     .why = "{args[1]} is the second argument of the import. Where there is none, the text stays as it is.",
     .at_run_time = "The literal text {args[1]} ends up in the configuration; Caddy logs a warning.",
     .bad = "(app) {\n\treverse_proxy {args[0]} {\n\t\theader_up X-App {args[1]}\n\t}\n}\nexample.com {\n"
            "\timport app localhost\n}\n",
     .good = "(app) {\n\treverse_proxy {args[0]} {\n\t\theader_up X-App {args[1]}\n\t}\n}\nexample.com {\n"
             "\timport app localhost one\n}\n"},
    {.info = {"DT110", "unset-environment-variable", "a variable of the environment without a value",
              SEVERITY_INFO},
     .caddy = CADDY_SILENT,
     .why = "{$NAME} is replaced before anything else is read; without a value by nothing at all. Declare "
            "variables in .dialtone,\nand undeclared ones are errors.",
     .at_run_time = "An empty upstream list answers 503; an empty address turns a site into the global "
                    "options.",
     .bad = RESPOND("a{$DIALTONE_UNSET}"),
     .good = RESPOND("a{$DIALTONE_UNSET:b}"),
     .source = check_unset},
    {.info = {"DT111", "shell-style-env-syntax", "the shell's spelling of a variable", SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "Caddy's spelling is {$NAME}, with a default {$NAME:default}.",
     .at_run_time = "${NAME} stays text; {$NAME:-x} gives -x.",
     .bad = "example.com {\n\treverse_proxy {$BACK:-localhost:80}\n}\n",
     .good = "example.com {\n\treverse_proxy {$BACK:localhost:80}\n}\n",
     .whole = check_shell},
    {.info = {"DT112", "unknown-placeholder", "a placeholder that nothing fills in", SEVERITY_WARNING},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "Placeholders have the names of Caddy's shorthands and name spaces; those of other servers mean "
            "nothing.",
     .at_run_time = "The text is sent as it stands, or nothing is.",
     .bad = RESPOND("\"{remote_addr}\""),
     .good = RESPOND("\"{remote_host}\""),
     .block = check_placeholders},
    {.code = DIAG_HEREDOC,
     .caddy = CADDY_REFUSES,
     .why = "A heredoc ends with its marker alone on a line, and every line of it is indented at least as "
            "far as that.",
     .bad = RESPOND("<<END\n\t\ttext"),
     .good = RESPOND("<<END\n\t\ttext\n\t\tEND")},
    {.info = {"DT114", "trailing-semicolon", "a semicolon at the end of a line", SEVERITY_WARNING},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "nginx ends lines with semicolons; in a Caddyfile they are part of the last word.",
     .at_run_time = "The root is /srv/www; with the semicolon, and nothing is found.",
     .bad = "example.com {\n\troot * /srv/www;\n\tfile_server\n}\n",
     .good = "example.com {\n\troot * /srv/www\n\tfile_server\n}\n",
     .block = check_semicolons},
    {.info = {"DT115", "lookalike-character", "a character that looks like another one",
              SEVERITY_WARNING},
     .caddy = CADDY_SILENT,
     .why = "Text from web pages and word processors brings typographic quotes and invisible characters.",
     .at_run_time = "They are served as part of the text.",
     .bad = RESPOND("\u201chello\u201d"),
     .good = RESPOND("\"hello\""),
     .block = check_lookalikes},
    {.code = DIAG_EMPTY_FILE, .caddy = CADDY_REFUSES, .why = "There is nothing in the file."},
    {.code = DIAG_EXPANSION_LIMIT,
     .caddy = CADDY_NONE,
     .why = "Snippets that import each other several times grow beyond every bound; dialtone stops early."},
    {.code = DIAG_DUPLICATE, .caddy = CADDY_REFUSES, .why = "A name can be defined once."},
    {.code = DIAG_WRONG_ARGUMENTS,
     .caddy = CADDY_REFUSES,
     .why = "The directive or option takes another number of arguments; `dialtone schema NAME` shows them.",
     .bad = "example.com {\n\troot * /srv extra\n\tfile_server\n}\n",
     .good = "example.com {\n\troot * /srv\n\tfile_server\n}\n"},
    {.code = DIAG_BAD_VALUE,
     .caddy = CADDY_REFUSES,
     .why = "The argument cannot be read as what it must be: a duration needs a unit, a number digits.",
     .bad = "example.com {\n\treverse_proxy app:80 {\n\t\tlb_try_duration 5\n\t}\n}\n",
     .good = "example.com {\n\treverse_proxy app:80 {\n\t\tlb_try_duration 5s\n\t}\n}\n"},
    {.code = DIAG_NOT_ALLOWED_HERE,
     .caddy = CADDY_REFUSES,
     .why = "Some directives stand only in a site, others only in a route or in handle_response."},
    {.code = DIAG_TOLERATED_BRACE,
     .caddy = CADDY_SILENT,
     .why = "One closing brace too few at the end of a file is accepted: the brace of an inner block is "
            "counted again for the site. And one behind words on a line closes the block, but is an "
            "argument of that line besides.",
     .at_run_time = "Blocks end up inside of others, where requests do not reach them; a file named } is "
                    "hidden, a status is }.",
     .bad = "example.com {\n\troot * /srv\n\tfile_server {\n\t\thide .git }\n}\n",
     .good = "example.com {\n\troot * /srv\n\tfile_server {\n\t\thide .git\n\t}\n}\n"},
    {.code = DIAG_UNTERMINATED_QUOTE,
     .caddy = CADDY_SILENT,
     .why = "A quote that is never closed takes everything up to the end of the file for one word."},
    {.code = DIAG_IMPORT_NOTHING,
     .caddy = CADDY_WARNS,
     .why = "A pattern that no file matches, or an empty file: sites may be missing that should be there.\n"
            "Folders for what may be added later are often empty, so it is an info; from the profile "
            "`production` on it is a warning.",
     .whole = soften_empty_imports},
    {.code = DIAG_NESTING_LIMIT, .caddy = CADDY_NONE, .why = "Blocks are nested deeper than anyone means."},
    {.code = DIAG_SYNTAX, .caddy = CADDY_REFUSES, .why = "The text is not a Caddyfile at this place."},
    {.info = {0}},
};
