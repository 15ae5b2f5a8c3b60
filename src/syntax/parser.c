/* Decides what each token is and where blocks and lines end, as Caddy's parser does, and hands the
 * tokens to the grammar. Every mistake is reported, then the most likely meaning is taken. */
#include "syntax/parser.h"

#include "caddyfile_parser.h"
#include "syntax/expand.h"
#include "syntax/lexer.h"
#include "syntax/pump.h"

struct parse {
    struct arena *arena;
    struct diags *diags;
    struct pump pump;
    struct expansion ex;
    struct lexed lexed; /* the file's own tokens */
    struct stream in;
    bool expand;
    size_t n_blocks;   /* that Caddy would keep: with addresses or lines */
    bool has_imported; /* an import was replaced at the top */
};

/* The addresses before a block, each a token of its own without its comma. */
struct keys {
    struct token_vec at;
    const struct token *brace; /* the brace that ends them, if they do end so */
    bool at_end;               /* the file ends behind them */
};

static bool is_matcher(const struct token *token)
{
    return str_has_prefix(token->text, STR("@"));
}

/* What a word is at the beginning of a line that stands directly in a block. */
static int line_kind(const struct parse *parse, const struct token *token)
{
    if (!parse->expand && token_is(token, "import"))
        return TOKEN_IMPORT;
    return is_matcher(token) ? TOKEN_MATCHER_NAME : TOKEN_WORD;
}

/* Drops the rest of a line and the block that begins on it. */
static void skip_line(struct parse *parse)
{
    struct stream *in = &parse->in;
    int depth = token_is_open(in->current);
    while (stream_peek(in) && (depth > 0 || !stream_next_is_on_new_line(in))) {
        stream_next(in);
        depth += token_is_open(in->current) - token_is_close(in->current);
    }
}

static bool is_too_deep(struct parse *parse, const struct token *brace)
{
    if (parse->pump.open.n < MAX_NESTING)
        return false;
    diag_token(parse->diags, DIAG_NESTING_LIMIT, brace, "more than %d blocks in one another",
               MAX_NESTING);
    return true;
}

/* A `{` inside a line. False where it is refused for its depth. */
static bool read_open(struct parse *parse)
{
    struct stream *in = &parse->in;
    const struct token *brace = in->current;
    if (is_too_deep(parse, brace))
        return false;
    bool begins_line = stream_at_new_line(in);
    if (begins_line) {
        struct diag *diag = diag_token(parse->diags, DIAG_MISPLACED_BLOCK, brace,
                                       "a '{' cannot begin a line");
        if (in->previous)
            diag_label(parse->diags, diag, in->previous->span, "it belongs at the end of this line");
    }
    pump_open(&parse->pump, brace);
    if (!stream_next_is_on_new_line(in) && !begins_line) {
        const struct token *next = stream_peek(in);
        struct diag *diag = pump_expected(&parse->pump, DIAG_MISPLACED_BLOCK, next);
        diag_label(parse->diags, diag, brace->span, "a block opened here begins on the next line");
    }
    pump_end_line(&parse->pump);
    return true;
}

/* A `}` on a line that opened nothing. */
static void report_stray(struct parse *parse, const struct token *brace, bool in_block)
{
    struct diag *diag = diag_token(parse->diags, DIAG_STRAY_BRACE, brace,
                                   "this '}' closes nothing on its line");
    if (in_block)
        diag_note(parse->diags, diag, "the '}' of the block around stands on a line of its own");
}

/* A `}` that closes a block behind words on its line: Caddy's options read it as one of them, too. */
static void report_close_behind_words(struct parse *parse)
{
    struct stream *in = &parse->in;
    if (stream_at_new_line(in) || token_is_open(in->previous) || token_is_close(in->previous))
        return;
    struct diag *diag = diag_token(parse->diags, DIAG_TOLERATED_BRACE, in->current,
                                   "this '}' is one of the words of its line, too");
    diag_note(parse->diags, diag, "Caddy closes the block with it, and may take it for an argument "
                                  "besides; `dialtone fmt --write` gives it a line of its own");
}

/* Reads a directive, option or matcher from the current token to the end of the line, or of the
 * block that opens on it. What follows a nested `}` on its line still belongs to it. */
static void read_line(struct parse *parse, int kind, bool at_top)
{
    struct stream *in = &parse->in;
    struct pump *pump = &parse->pump;
    size_t n_open = pump->open.n;
    if (token_is_open(in->current)) {
        struct diag *diag = diag_token(parse->diags, DIAG_MISPLACED_BLOCK, in->current,
                                       "a block without a name");
        diag_note(parse->diags, diag, "a directive stands before the '{', on the same line");
        if (is_too_deep(parse, in->current))
            return;
        pump_open(pump, in->current);
        pump_end_line(pump);
    } else {
        pump_push(pump, kind, in->current);
    }
    while (stream_next(in)) {
        const struct token *token = in->current;
        bool is_nested = pump->open.n > n_open;
        if (token_is_open(token) && !(at_top && !is_nested && stream_at_new_line(in))) {
            if (!read_open(parse))
                skip_line(parse);
            continue;
        }
        bool is_pair = token->quote == QUOTE_NONE && token_is(token, "{}");
        if (is_pair && stream_next_is_on_new_line(in)) {
            struct diag *diag = diag_token(parse->diags, DIAG_MISPLACED_BLOCK, token,
                                           "'{}' is not an empty block");
            diag_note(parse->diags, diag, "leave it out, or put '{' at the end of the line and '}' "
                                          "on the next; as an argument it needs quotes");
        } else if (!is_pair && !is_nested && stream_at_new_line(in)) {
            stream_back(in);
            break;
        } else if (token_is_close(token)) {
            if (is_nested) {
                report_close_behind_words(parse);
                pump_close(pump, token);
                continue;
            }
            report_stray(parse, token, n_open > 0);
            if (n_open == 0)
                continue;
            stream_back(in);
            break;
        } else if (!is_pair && token_is(token, "import") && stream_at_new_line(in)) {
            if (parse->expand) {
                expansion_import(&parse->ex, in, false);
                continue;
            }
            pump_end_line(pump);
            pump_push(pump, TOKEN_IMPORT, token);
            continue;
        }
        if (is_nested && pump_begins_line(pump, token))
            pump_end_line(pump);
        pump_push(pump, TOKEN_WORD, token);
    }
    if (pump->open.n > n_open && !parse->ex.is_cut) {
        pump_report_open(pump, in->current);
        parse->ex.is_cut = true; /* that said all about what is open */
    }
    pump_close_rest(pump, n_open);
    pump_end_line(pump);
}

/* Reads the lines of a site or of the global options; true where a `}` ended them (which is then
 * the current token). */
static bool read_lines(struct parse *parse, size_t *n_lines)
{
    struct stream *in = &parse->in;
    while (stream_next(in)) {
        if (token_is_close(in->current))
            return true;
        if (parse->expand && token_is(in->current, "import")) {
            expansion_import(&parse->ex, in, false);
            continue;
        }
        read_line(parse, line_kind(parse, in->current), false);
        (*n_lines)++;
    }
    return false;
}

/* Caddy only looks for options in the first block it keeps. */
static void check_options(struct parse *parse, const struct token *brace, size_t n_lines)
{
    if (!parse->expand || n_lines == 0)
        return;
    if (parse->n_blocks > 0) {
        struct diag *diag = diag_token(parse->diags, DIAG_MISPLACED_BLOCK, brace,
                                       "a block without an address holds the global options and "
                                       "must come first");
        diag_note(parse->diags, diag,
                  parse->has_imported
                      ? "the imports above it brought sites; move it to the top of the file"
                      : "move it to the top of the file, or put a site address before the '{'");
    }
}

/* The end of the file where a site's `}` should be. */
static void report_open_site(struct parse *parse, const struct token *last)
{
    struct pump *pump = &parse->pump;
    const struct token *brace = pump->open.at[0];
    if (parse->ex.is_cut) {
        pump_close_rest(pump, 0);
        return;
    }
    if (token_is_close(last)) {
        struct diag *diag = diag_token(parse->diags, DIAG_TOLERATED_BRACE, brace,
                                       "the '}' of this block is missing at the end of the file");
        diag_label(parse->diags, diag, last->span,
                   "Caddy takes this one for it, though it closes an inner block");
    } else {
        pump_report_open(pump, last);
    }
    pump_close_rest(pump, 0);
}

static void push_keys(struct parse *parse, const struct keys *keys)
{
    for (size_t i = 0; i < keys->at.n; i++)
        pump_push(&parse->pump, TOKEN_KEY, keys->at.at[i]);
}

static void read_site(struct parse *parse, const struct keys *keys)
{
    struct pump *pump = &parse->pump;
    struct stream *in = &parse->in;
    const struct token *first = in->current;
    size_t n_lines = 0;
    push_keys(parse, keys);
    if (keys->brace) {
        pump_open(pump, keys->brace);
        pump_end_line(pump);
        if (read_lines(parse, &n_lines))
            pump_close(pump, in->current);
        else
            report_open_site(parse, in->current);
    } else {
        if (keys->at.n == 0)
            pump_push(pump, TOKEN_NO_KEYS, NULL);
        pump_end_line(pump);
        stream_back(in);
        if (read_lines(parse, &n_lines)) {
            struct diag *diag = diag_token(parse->diags, DIAG_TOLERATED_BRACE, in->current,
                                           "this '}' closes nothing");
            diag_note(parse->diags, diag, "Caddy takes it for the end of the site");
            pump_push(pump, TOKEN_RBRACE, in->current);
        }
    }
    if (keys->at.n == 0)
        check_options(parse, keys->brace ? keys->brace : first, n_lines);
    parse->n_blocks += keys->at.n > 0 || n_lines > 0;
}

/* Reads from the current `{` to its `}`, whatever lies between; false at the end of the file. */
static bool read_raw(struct parse *parse, struct token_vec *tokens)
{
    struct stream *in = &parse->in;
    struct token_vec open = {0};
    vec_push(parse->arena, tokens, in->current);
    vec_push(parse->arena, &open, in->current);
    while (stream_next(in)) {
        vec_push(parse->arena, tokens, in->current);
        if (token_is_open(in->current))
            vec_push(parse->arena, &open, in->current);
        else if (token_is_close(in->current) && --open.n == 0)
            return true;
    }
    if (!parse->ex.is_cut) {
        struct diag *diag = diag_token(parse->diags, DIAG_UNCLOSED_BLOCK, open.at[open.n - 1],
                                       "this '{' is never closed");
        if (in->current != open.at[open.n - 1])
            diag_label(parse->diags, diag, in->current->span, "nothing follows this");
    }
    return false;
}

/* Hands over a block whose lines nobody has checked: snippets as written, named routes with their
 * imports replaced. Every token is handed over, fitting or not. */
static void push_raw(struct parse *parse, const struct token_vec *tokens)
{
    struct pump *pump = &parse->pump;
    size_t n_open = pump->open.n;
    for (size_t i = 0; i < tokens->n; i++) {
        const struct token *token = tokens->at[i];
        bool begins_line = i > 0 && pump_begins_line(pump, token);
        if (begins_line)
            pump_end_line(pump);
        if (token_is_open(token)) {
            if (is_too_deep(parse, token))
                break;
            pump_open(pump, token);
            pump_end_line(pump);
        } else if (token_is_close(token) &&
                   (pump->open.n > n_open + 1 || (pump->open.n > n_open && i + 1 == tokens->n))) {
            pump_close(pump, token);
        } else if (pump->open.n > n_open) {
            bool is_first = CaddyfileFits(pump->grammar, TOKEN_MATCHER_NAME);
            bool is_direct = pump->open.n == n_open + 1;
            int kind = !is_first ? TOKEN_WORD : line_kind(parse, token);
            pump_push(pump, kind == TOKEN_MATCHER_NAME && !is_direct ? TOKEN_WORD : kind, token);
        }
    }
    pump_close_rest(pump, n_open);
}

/* Replaces the imports in a named route's block, which Caddy does without looking at anything
 * else in it. */
static struct token_vec expand_raw(struct parse *parse, const struct token_vec *tokens)
{
    struct stream in = stream_over(parse->arena, tokens->at, tokens->n);
    in.keeps_all = true;
    while (stream_next(&in))
        if (token_is(in.current, "import") && stream_at_new_line(&in))
            expansion_import(&parse->ex, &in, false);
    return in.all;
}

/* Whether the keys are one word in parentheses behind <prefix>; then its name is in *name. */
static bool is_named(const struct keys *keys, struct str prefix, struct str *name)
{
    if (keys->at.n != 1)
        return false;
    struct str text = keys->at.at[0]->text;
    if (!str_has_prefix(text, prefix) || !str_has_suffix(text, STR(")")))
        return false;
    *name = str_trim_suffix(str_slice(text, prefix.len, text.len), STR(")"));
    return true;
}

/* A snippet or named route must have a block in braces. */
static bool check_brace(struct parse *parse, const struct keys *keys, const char *what)
{
    if (keys->brace)
        return true;
    const struct token *found = parse->in.current;
    struct diag *diag = diag_token(parse->diags, DIAG_SYNTAX, found, "expected the '{' of %s '"
                                   STR_FMT "', found '" STR_FMT "'", what,
                                   STR_ARG(keys->at.at[0]->text), STR_ARG(found->text));
    diag_label(parse->diags, diag, keys->at.at[0]->span, "defined here");
    skip_line(parse);
    return false;
}

static void read_named_route(struct parse *parse, const struct keys *keys, struct str name)
{
    struct token_vec raw = {0};
    if (!check_brace(parse, keys, "named route"))
        return;
    /* Caddy makes the name's token out of the brace, so that both are on one line */
    struct token *token = arena_new(parse->arena, struct token);
    *token = *keys->brace;
    token->text = name;
    token->span = keys->at.at[0]->span;
    read_raw(parse, &raw);
    if (parse->expand)
        raw = expand_raw(parse, &raw);
    pump_push(&parse->pump, TOKEN_ROUTE_NAME, token);
    push_raw(parse, &raw);
    parse->n_blocks++;
}

static void read_snippet(struct parse *parse, const struct keys *keys, struct str name)
{
    const struct token *key = keys->at.at[0];
    const struct snippet *earlier = map_get(&parse->ex.snippets, name);
    struct token_vec raw = {0};
    if (earlier) {
        struct diag *diag =
            diag_token(parse->diags, DIAG_DUPLICATE, key,
                       "the snippet '" STR_FMT "' is defined already", STR_ARG(name));
        diag_label(parse->diags, diag, earlier->name->span, "first defined here");
        if (keys->brace && keys->brace->line != key->line)
            diag_label(parse->diags, diag, keys->brace->span, "its block begins here");
    }
    if (!check_brace(parse, keys, "snippet"))
        return;
    bool is_closed = read_raw(parse, &raw);
    if (!parse->expand) {
        pump_push(&parse->pump, TOKEN_SNIPPET_NAME, key);
        push_raw(parse, &raw);
    }
    size_t n = raw.n - 1 - is_closed;
    const struct token **body = arena_array(parse->arena, const struct token *, n + 1);
    struct token_home *home = NULL;
    for (size_t i = 0; i < n; i++) {
        struct token *token = arena_new(parse->arena, struct token);
        *token = *raw.at[i + 1];
        if (!home || !str_eq(home->file, token->home->file)) {
            home = arena_new(parse->arena, struct token_home);
            *home = (struct token_home){.file = token->home->file, .snippet = name};
        }
        token->home = home;
        body[i] = token;
    }
    if (!earlier)
        expansion_define(&parse->ex, name, (struct snippet){body, n, key});
}

static struct token *copy_with_text(struct parse *parse, const struct token *token, struct str text)
{
    struct token *copy = arena_new(parse->arena, struct token);
    *copy = *token;
    copy->text = text;
    return copy;
}

/* `a.com,b.com`: Caddy wants white space behind the comma. */
static void read_joined_keys(struct parse *parse, struct keys *keys, const struct token *token,
                             struct str text)
{
    struct diag *diag = diag_token(parse->diags, DIAG_SYNTAX, token,
                                   "a site address cannot hold a comma: '" STR_FMT "'",
                                   STR_ARG(text));
    diag_help(parse->diags, diag, token->span,
              str_replace(parse->arena, token->text, STR(","), STR(", ")),
              "put a space behind the comma to write several addresses");
    struct str part;
    do {
        str_cut(text, STR(","), &part, &text);
        if (part.len)
            vec_push(parse->arena, &keys->at, copy_with_text(parse, token, part));
    } while (text.len);
}

/* `a.com{`: reported, and taken for `a.com {`. */
static void read_glued_brace(struct parse *parse, struct keys *keys, const struct token *token)
{
    struct str text = str_slice(token->text, 0, token->text.len - 1);
    struct diag *diag = diag_token(parse->diags, DIAG_SYNTAX, token,
                                   "a site address cannot end in '{': '" STR_FMT "'",
                                   STR_ARG(token->text));
    diag_help(parse->diags, diag, token->span, str_printf(parse->arena, STR_FMT " {", STR_ARG(text)),
              "put a space before the '{'");
    struct token *key = copy_with_text(parse, token, text);
    struct token *brace = copy_with_text(parse, token, STR("{"));
    if (token->span.end > token->span.begin)
        brace->span.begin = token->span.end - 1;
    if (text.len)
        vec_push(parse->arena, &keys->at, key);
    keys->brace = brace;
}

/* One word among the addresses. True where another address must follow. */
static bool read_key(struct parse *parse, struct keys *keys, const struct token *token,
                     bool is_another_expected)
{
    struct str text = token->text;
    if (text.len == 0)
        return is_another_expected;
    bool has_comma = str_has_suffix(text, STR(","));
    text = str_trim_suffix(text, STR(","));
    if (str_index(text, ',') >= 0)
        read_joined_keys(parse, keys, token, text);
    else if (text.len)
        vec_push(parse->arena, &keys->at, copy_with_text(parse, token, text));
    return has_comma;
}

static void report_matcher(struct parse *parse, const struct token *token)
{
    struct diag *diag = diag_token(parse->diags, DIAG_NOT_ALLOWED_HERE, token,
                                   "the matcher '" STR_FMT "' stands outside of any site",
                                   STR_ARG(token->text));
    diag_note(parse->diags, diag, "matchers are defined inside the block of the site that uses them");
}

/* Reads the addresses before a block, imports among them replaced. False where there is no block
 * to go on with. */
static bool read_keys(struct parse *parse, struct keys *keys)
{
    struct stream *in = &parse->in;
    const struct token *comma = NULL; /* the last word, if another must follow it */
    bool is_another_expected = false;
    for (;;) {
        const struct token *token = in->current;
        if (is_matcher(token)) {
            report_matcher(parse, token);
            skip_line(parse);
            return false;
        }
        if (token_is(token, "import") && stream_at_new_line(in)) {
            if (!parse->expand && keys->at.n == 0) {
                read_line(parse, TOKEN_IMPORT, true);
                return false;
            }
            if (parse->expand) {
                expansion_import(&parse->ex, in, true);
                parse->has_imported = true;
                if (stream_next(in))
                    continue;
                keys->at_end = true;
                break;
            }
        }
        if (token_is_open(token)) {
            if (is_another_expected)
                diag_token(parse->diags, DIAG_SYNTAX, token,
                           "expected another site address after ',', found '{'");
            keys->brace = token;
            return true;
        }
        if (token->quote == QUOTE_NONE && str_has_suffix(token->text, STR("{"))) {
            read_glued_brace(parse, keys, token);
            return true;
        }
        is_another_expected = read_key(parse, keys, token, is_another_expected);
        comma = is_another_expected ? token : NULL;
        keys->at_end = !stream_next(in);
        if (keys->at_end)
            break;
        if (!is_another_expected && stream_at_new_line(in)) {
            if (token_is_open(in->current))
                keys->brace = in->current;
            return true;
        }
    }
    if (is_another_expected && comma && !parse->ex.is_cut)
        diag_token(parse->diags, DIAG_SYNTAX, comma,
                   "expected another site address after ',', found the end of the file");
    return true;
}

/* A `}` where a site should begin. Caddy takes it for an address, which does no harm where nothing
 * but others of its kind follow. */
static bool is_stray(struct parse *parse)
{
    struct stream *in = &parse->in;
    const struct token *token = in->current, *next = stream_peek(in);
    if (!token_is_close(token))
        return false;
    bool is_tolerated = stream_rest_is_close(in);
    struct diag *diag =
        diag_token(parse->diags, is_tolerated ? DIAG_TOLERATED_BRACE : DIAG_STRAY_BRACE, token,
                   "this '}' closes nothing");
    diag_note(parse->diags, diag, "there is one '}' too many, or a '{' too few before it");
    if (is_tolerated)
        diag_note(parse->diags, diag, "Caddy makes a site of it, with '}' for its address");
    else
        diag_label(parse->diags, diag, next->span, "this is read as belonging to the '}'");
    return !is_tolerated;
}

static void read_block(struct parse *parse)
{
    struct keys keys = {0};
    struct str name;
    if (is_stray(parse) || !read_keys(parse, &keys))
        return;
    if (keys.at_end) {
        push_keys(parse, &keys);
        pump_end_line(&parse->pump);
        parse->n_blocks += keys.at.n > 0;
    } else if (is_named(&keys, STR("&("), &name)) {
        read_named_route(parse, &keys, name);
    } else if (is_named(&keys, STR("("), &name)) {
        read_snippet(parse, &keys, name);
    } else {
        read_site(parse, &keys);
    }
}

/* A first block that says nothing is none, for Caddy. */
static void drop_empty_options(struct node *file)
{
    struct node *last = NULL;
    for (struct node *node = file->body, *next; node; node = next) {
        next = node->next;
        if (node->role == ROLE_GLOBAL && !node->body) {
            *(last ? &last->next : &file->body) = next;
            continue;
        }
        last = node;
    }
    file->last = last;
}

/* Begins to read a source. False where it is none of <sources>. */
static bool parse_begin(struct parse *parse, struct sources *sources, const struct source *source)
{
    struct source *loaded = NULL;
    for (uint32_t i = 0; i < sources->n; i++)
        if (sources->at[i] == source)
            loaded = sources->at[i];
    pump_start(&parse->pump, parse->arena, parse->diags);
    parse->ex = expansion_in(parse->arena, sources, parse->diags);
    if (!loaded)
        return false;
    parse->lexed = lex_source(parse->arena, parse->diags, loaded, loaded->path, NULL);
    parse->ex.is_cut = parse->lexed.is_cut;
    parse->in = stream_over(parse->arena, parse->lexed.at, parse->lexed.n);
    return true;
}

struct node *parse_caddyfile(struct arena *arena, struct sources *sources, struct diags *diags,
                             const struct source *source, bool expand)
{
    struct parse parse = {.arena = arena, .diags = diags, .expand = expand};
    if (parse_begin(&parse, sources, source))
        while (stream_next(&parse.in))
            read_block(&parse);
    arena_release(arena, parse.lexed.at, parse.lexed.cap * sizeof(*parse.lexed.at));
    struct node *file = pump_finish(&parse.pump);
    if (expand)
        drop_empty_options(file);
    return file;
}

/* A snippet among lines: `(name) {`. */
static bool read_lines_snippet(struct parse *parse)
{
    struct stream *in = &parse->in;
    const struct token *next = stream_peek(in);
    struct keys keys = {0};
    struct str name;
    vec_push(parse->arena, &keys.at, in->current);
    if (!next || !token_is_open(next) || !is_named(&keys, STR("("), &name))
        return false;
    stream_next(in);
    keys.brace = in->current;
    read_snippet(parse, &keys, name);
    return true;
}

struct node *parse_lines(struct arena *arena, struct sources *sources, struct diags *diags,
                         const struct source *source)
{
    struct parse parse = {.arena = arena, .diags = diags, .expand = true};
    /* the lexer complains of a file without any bytes, which here is as good as any */
    bool has_text = parse_begin(&parse, sources, source->raw.len ? source : NULL);
    if (has_text) {
        pump_push(&parse.pump, TOKEN_NO_KEYS, NULL);
        pump_end_line(&parse.pump);
        while (stream_next(&parse.in)) {
            if (token_is(parse.in.current, "import"))
                expansion_import(&parse.ex, &parse.in, false);
            else if (!is_stray(&parse) && !read_lines_snippet(&parse))
                read_line(&parse, line_kind(&parse, parse.in.current), false);
        }
    }
    struct node *file = pump_finish(&parse.pump);
    return has_text && file->body ? file->body : file;
}
