/* Imports: finds what is imported, fills in arguments and blocks, and splices the tokens into the
 * stream where the import stood. Follows Caddy's rules to the letter, cursor quirks included. */
#include "syntax/expand.h"

#include "base/arena.h"
#include "base/suggest.h"
#include "syntax/import_args.h"
#include "syntax/import_files.h"
#include "syntax/import_graph.h"
#include "syntax/lexer.h"

/* Real files stay far below; what goes beyond doubles itself. */
#define MAX_IMPORTS 30000
#define MAX_TOKENS  400000
#define MAX_BYTES   (16u << 20)

/* One import statement. */
struct statement {
    const struct token *word;    /* `import` */
    const struct token *pattern; /* what to import */
    const struct token *end;     /* its last token: Caddy's place for it */
    struct token_vec args;
    struct token_vec block; /* without its braces */
    struct map parts;       /* first word of each line of the block → struct token_vec */
    bool at_top;
};

struct expansion expansion_in(struct arena *arena, struct sources *sources, struct diags *diags)
{
    return (struct expansion){.arena = arena,
                              .sources = sources,
                              .diags = diags,
                              .snippets = map_in(arena),
                              .files = map_in(arena),
                              .graph = import_graph_new(arena)};
}

void expansion_define(struct expansion *ex, struct str name, struct snippet snippet)
{
    struct snippet *kept = arena_new(ex->arena, struct snippet);
    *kept = snippet;
    map_put(&ex->snippets, name, kept);
}

/* The next token, if it stands on this line. */
static bool next_on_line(struct stream *in)
{
    return stream_peek(in) && !stream_next_is_on_new_line(in) && stream_next(in);
}

/* Caddy's Dispenser.NextBlock over a stream. */
static bool stream_next_block(struct stream *in, int *nesting, int initial)
{
    if (*nesting > initial) {
        if (!stream_next(in))
            return false;
        /* Caddy: a brace with something behind it on its line is stepped over and not counted */
        if (token_is_close(in->current) && !next_on_line(in))
            (*nesting)--;
        else if (token_is_open(in->current) && !next_on_line(in))
            (*nesting)++;
        return *nesting > initial;
    }
    const struct token *next = stream_peek(in);
    if (!next || stream_next_is_on_new_line(in) || !token_is_open(next))
        return false;
    stream_next(in);
    stream_next(in);
    if (token_is_close(in->current))
        return false;
    (*nesting)++;
    return true;
}

/* The next token, if it is an argument. */
static bool next_argument(struct stream *in)
{
    const struct token *next = stream_peek(in);
    return next && !stream_next_is_on_new_line(in) && !token_is_open(next) && stream_next(in);
}

/* Caddy has read all of an import when it finds a mistake in it, and names its last line. */
static void label_end(struct expansion *ex, const struct statement *st, struct diag *diag)
{
    if (st->end->line != st->word->line)
        diag_label(ex->diags, diag, st->end->span, "the import ends here");
}

/* Sorts the lines of a block by their first words, for {blocks.WORD}. */
static bool split_block(struct expansion *ex, struct statement *st)
{
    struct stream in = stream_over(ex->arena, st->block.at, st->block.n);
    int nesting = 0;
    st->parts = map_in(ex->arena);
    while (stream_next(&in)) {
        struct str key = in.current->text;
        struct token_vec *part = arena_new(ex->arena, struct token_vec);
        if (token_is_open(in.current)) {
            struct diag *diag = diag_token(ex->diags, DIAG_MISPLACED_BLOCK, in.current,
                                           "a block without a name in the block of an import");
            diag_note(ex->diags, diag,
                      "each part begins with a name, by which {blocks.NAME} finds it");
            label_end(ex, st, diag);
            return false;
        }
        while (next_argument(&in))
            vec_push(ex->arena, part, in.current);
        int initial = nesting;
        while (stream_next_block(&in, &nesting, initial))
            vec_push(ex->arena, part, in.current);
        map_put(&st->parts, key, part);
    }
    return true;
}

/* A block without a name ends the import's block too early, for Caddy: passes over the rest. */
static void skip_rest(struct stream *in, const struct statement *st)
{
    int depth = 1; /* the import's own, of which only the brace at the end was read */
    for (size_t i = 0; i < st->block.n; i++)
        depth += token_is_open(st->block.at[i]) - token_is_close(st->block.at[i]);
    for (depth -= token_is_close(st->end); depth > 0 && stream_next(in);)
        depth += token_is_open(in->current) - token_is_close(in->current);
}

/* Reads the statement off the stream; afterwards the stream stands where it stood before it. */
static bool read_statement(struct expansion *ex, struct stream *in, struct statement *st)
{
    const struct token *before = in->previous;
    struct token_vec trail = {0};
    st->word = in->current;
    vec_push(ex->arena, &trail, in->current);
    in->trail = &trail;
    if (next_argument(in))
        st->pattern = in->current;
    while (st->pattern && next_argument(in))
        vec_push(ex->arena, &st->args, in->current);
    int nesting = 0;
    while (st->pattern && stream_next_block(in, &nesting, 0))
        vec_push(ex->arena, &st->block, in->current);
    in->trail = NULL;
    st->end = in->current;

    /* Caddy counts two words, the arguments and the tokens inside the block, and takes that many
     * off the end: braces it did not count stay in front, as so many tokens of the beginning */
    size_t n_taken = (st->pattern ? 2 : 1) + st->args.n + st->block.n;
    size_t n_left = trail.n > n_taken ? trail.n - n_taken : 0;
    stream_cut(in, trail.n, before, trail.at, n_left);

    if (!st->pattern) {
        diag_token(ex->diags, DIAG_UNRESOLVED_IMPORT, st->word,
                   "import needs the name of a snippet or a file");
        return false;
    }
    if (st->pattern->text.len == 0) {
        diag_token(ex->diags, DIAG_UNRESOLVED_IMPORT, st->pattern,
                   "import needs a name that is not empty");
        return false;
    }
    if (split_block(ex, st))
        return true;
    skip_rest(in, st);
    return false;
}

static void give_up(struct expansion *ex, struct stream *in, const struct statement *st,
                    const char *what)
{
    struct diag *diag =
        diag_token(ex->diags, DIAG_EXPANSION_LIMIT, st->word, "imports bring too much: %s", what);
    diag_note(ex->diags, diag,
              "at most %d imports, %d tokens and %u MB; a snippet that imports another one twice "
              "doubles it",
              MAX_IMPORTS, MAX_TOKENS, MAX_BYTES >> 20);
    ex->is_cut = true;
    in->frames.n = 0;
}

static bool is_blank(struct str text)
{
    for (size_t i = 0, size; i < text.len; i += size) {
        uint32_t rune = utf8_decode(text, i, &size);
        bool is_space = (rune >= 9 && rune <= 13) || rune == ' ' || rune == 0x85 || rune == 0xa0 ||
                        rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200a) || rune == 0x2028 ||
                        rune == 0x2029 || rune == 0x202f || rune == 0x205f || rune == 0x3000;
        if (!is_space)
            return false;
    }
    return true;
}

/* The tokens of a file, lexed once. */
static const struct lexed *import_file(struct expansion *ex, const struct statement *st,
                                       struct str path)
{
    struct lexed *lexed = map_get(&ex->files, path);
    if (lexed)
        return lexed;
    struct str absolute = path_absolute(ex->arena, path);
    int error = 0;
    struct source *source = source_load(ex->sources, str_dup(ex->arena, absolute).ptr, &error);
    if (!source) {
        struct diag *diag =
            diag_token(ex->diags, DIAG_UNREADABLE_FILE, st->pattern,
                       "cannot import '" STR_FMT "': %s", STR_ARG(absolute), strerror(-error));
        label_end(ex, st, diag);
        return NULL;
    }
    lexed = arena_new(ex->arena, struct lexed);
    if (is_blank(source->raw)) {
        diag_token(ex->diags, DIAG_IMPORT_NOTHING, st->pattern,
                   "the imported file '" STR_FMT "' is empty", STR_ARG(absolute));
    } else {
        *lexed = lex_source(ex->arena, ex->diags, source, absolute, st->pattern->via);
        ex->is_cut = ex->is_cut || lexed->is_cut;
    }
    map_put(&ex->files, str_dup(ex->arena, path), lexed);
    return lexed;
}

static size_t count(struct str text, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == c;
    return n;
}

static void report_missing(struct expansion *ex, const struct statement *st, struct str path)
{
    struct diag *diag =
        diag_token(ex->diags, DIAG_UNRESOLVED_IMPORT, st->pattern,
                   "nothing to import: '" STR_FMT "' is neither a snippet nor a file",
                   STR_ARG(st->pattern->text));
    diag_note(ex->diags, diag, "snippets must be defined before they are imported; the file would "
                               "be '" STR_FMT "'", STR_ARG(path));
    struct suggestion near = suggest_for(st->pattern->text);
    for (size_t i = 0; i < ex->snippets.n; i++)
        suggest_try(&near, ex->snippets.entries[i].key);
    if (near.best.len)
        diag_help(ex->diags, diag, st->pattern->span, near.best,
                  "there is a snippet '" STR_FMT "'", STR_ARG(near.best));
    label_end(ex, st, diag);
}

/* The files a pattern stands for; false after a report. */
static bool find_files(struct expansion *ex, const struct statement *st, struct path_list *files)
{
    struct str pattern = path_beside(ex->arena, st->end->home->file, st->pattern->text);
    if (count(pattern, '*') > 1 || count(pattern, '?') > 1 ||
        (count(pattern, '[') && count(pattern, ']'))) {
        struct diag *diag = diag_token(ex->diags, DIAG_UNRESOLVED_IMPORT, st->pattern,
                                       "an import can hold one '*' and one '?' only");
        diag_note(ex->diags, diag, "the whole path counts: '" STR_FMT "'", STR_ARG(pattern));
        label_end(ex, st, diag);
        return false;
    }
    if (!glob_files(ex->sources, pattern, files)) {
        struct diag *diag =
            diag_token(ex->diags, DIAG_UNRESOLVED_IMPORT, st->pattern,
                       "'" STR_FMT "' is no valid file pattern", STR_ARG(st->pattern->text));
        label_end(ex, st, diag);
        return false;
    }
    if (files->n == 0) {
        if (!count(pattern, '*') && !count(pattern, '?') && !count(pattern, '[') &&
            !count(pattern, ']')) {
            report_missing(ex, st, pattern);
            return false;
        }
        diag_token(ex->diags, DIAG_IMPORT_NOTHING, st->pattern, "no file matches '" STR_FMT "'",
                   STR_ARG(pattern));
        return true;
    }
    /* Caddy: a * at the front of the last part does not find dotfiles, in itself it would */
    if (pattern.ptr[str_last_index(pattern, '/') + 1] != '*' ||
        (size_t)str_last_index(pattern, '/') + 1 == pattern.len)
        return true;
    size_t n = 0;
    for (size_t i = 0; i < files->n; i++)
        if (files->at[i].ptr[str_last_index(files->at[i], '/') + 1] != '.')
            files->at[n++] = files->at[i];
    files->n = n;
    return true;
}

static bool add_edge(struct expansion *ex, const struct statement *st, struct str target)
{
    const struct token *from = st->end;
    struct str name = from->home->file;
    if (from->home->snippet.len)
        name = str_printf(ex->arena, STR_FMT ":" STR_FMT, STR_ARG(name), STR_ARG(from->home->snippet));
    if (import_graph_add(ex->graph, name, target))
        return true;
    struct diag *diag = diag_token(ex->diags, DIAG_UNRESOLVED_IMPORT, st->pattern,
                                   "'" STR_FMT "' imports itself, directly or through others",
                                   STR_ARG(st->pattern->text));
    diag_note(ex->diags, diag, "a cycle between " STR_FMT " and " STR_FMT, STR_ARG(name),
              STR_ARG(target));
    label_end(ex, st, diag);
    return false;
}

/* Collects what the statement names; false after a report. */
static bool find_tokens(struct expansion *ex, const struct statement *st, struct token_vec *found)
{
    const struct snippet *snippet = map_get(&ex->snippets, st->pattern->text);
    if (snippet) {
        found->at = (const struct token **)snippet->at;
        found->n = found->cap = snippet->n;
        if (snippet->n == 0)
            return true;
        return add_edge(ex, st,
                        str_printf(ex->arena, STR_FMT ":" STR_FMT, STR_ARG(snippet->at[0]->home->file),
                                   STR_ARG(snippet->at[0]->home->snippet)));
    }
    struct path_list files = {0};
    if (!find_files(ex, st, &files))
        return false;
    bool all_read = true;
    for (size_t i = 0; i < files.n; i++) {
        const struct lexed *lexed = import_file(ex, st, files.at[i]);
        all_read = all_read && lexed;
        for (size_t k = 0; lexed && k < lexed->n; k++)
            vec_push(ex->arena, found, lexed->at[k]);
    }
    for (size_t i = 0; i < files.n; i++)
        if (!add_edge(ex, st, files.at[i]))
            return false;
    return all_read;
}

/* Watches the imported tokens go by, to leave snippet definitions among them alone: `(name) {` at
 * the beginning of a line, up to its closing brace. */
struct definitions {
    int nesting;
    size_t index; /* of the token on its line */
    bool name_seen, inside;
};

static void watch(struct definitions *def, const struct token *token, bool is_first)
{
    if (!def->inside && def->nesting == 0) {
        def->index = is_first ? 0 : def->index + 1;
        if (def->index == 0 && token->text.len >= 3 && str_has_prefix(token->text, STR("(")) &&
            str_has_suffix(token->text, STR(")")))
            def->name_seen = true;
    }
    if (token_is_open(token)) {
        def->nesting++;
        if (def->index == 1 && def->name_seen && def->nesting == 1) {
            def->inside = true;
            def->name_seen = false;
        }
    } else if (token_is_close(token)) {
        def->nesting--;
        if (def->nesting == 0 && def->inside)
            def->inside = false;
    }
}

/* The chain of a token that this statement brings; kept while tokens in a row share theirs. */
static const struct import_chain *chain_for(struct expansion *ex, const struct statement *st,
                                            const struct token *token,
                                            const struct import_chain *last)
{
    if (last && last->outer == token->via && str_eq(last->name, token->home->snippet))
        return last;
    struct import_chain *chain = arena_new(ex->arena, struct import_chain);
    chain->outer = token->via;
    chain->at = st->word;
    chain->name = token->home->snippet;
    chain->depth = token->via ? token->via->depth + 1 : 1;
    chain->text = str_printf(ex->arena, STR_FMT ":%u (import%s" STR_FMT ")", STR_ARG(st->end->home->file),
                             st->end->line, token->home->snippet.len ? " " : "", STR_ARG(token->home->snippet));
    return chain;
}

/* {block} and {blocks.NAME}: what to put in place of the token; false where it is neither. */
static bool block_for(const struct statement *st, const struct token *token,
                      struct token_vec *tokens)
{
    if (token_is(token, "{block}")) {
        *tokens = st->block;
        return true;
    }
    if (!str_has_prefix(token->text, STR("{blocks.")) || !str_has_suffix(token->text, STR("}")))
        return false;
    const struct token_vec *part =
        map_get(&st->parts, str_slice(token->text, 8, token->text.len - 1));
    if (part)
        *tokens = *part;
    return true;
}

/* Adds copies of <token> for what its text becomes with the arguments filled in. */
static void add_filled(struct expansion *ex, const struct import_args *args, struct token *token,
                       struct token_vec *out)
{
    size_t begin, end;
    if (!import_args_range(args, token, &begin, &end)) {
        struct str text = import_args_fill(args, token);
        if (text.ptr != token->text.ptr)
            ex->n_bytes += text.len;
        token->text = text;
        vec_push(ex->arena, out, token);
        return;
    }
    for (size_t i = begin; i < end; i++) {
        struct token *copy = arena_new(ex->arena, struct token);
        *copy = *token;
        copy->text = args->at[i]->text;
        vec_push(ex->arena, out, copy);
    }
}

static struct token_vec fill_in(struct expansion *ex, const struct statement *st,
                                const struct token_vec *found)
{
    struct import_args args = {ex->arena, ex->diags, st->args.at, st->args.n};
    struct definitions def = {.nesting = st->at_top ? 0 : 1};
    const struct import_chain *chain = NULL;
    struct token_vec out = {0};
    for (size_t i = 0; i < found->n; i++) {
        struct token *token = arena_new(ex->arena, struct token);
        struct token_vec block = {0};
        *token = *found->at[i];
        chain = chain_for(ex, st, token, chain);
        token->via = chain;
        /* Caddy crashes when nothing stands before a later token: {block} was first, and empty */
        if (st->at_top && i > 0 && out.n == 0 && !def.inside && def.nesting == 0)
            diag_token(ex->diags, DIAG_MISPLACED_BLOCK, found->at[i - 1],
                       "nothing is put in place of this at the beginning of an import, which "
                       "Caddy crashes on");
        watch(&def, token, out.n == 0 || token_is_on_new_line(out.at[out.n - 1], token));
        if (block_for(st, token, &block) && !def.inside) {
            for (size_t k = 0; k < block.n; k++)
                vec_push(ex->arena, &out, block.at[k]);
        } else if (def.inside) {
            vec_push(ex->arena, &out, token);
        } else {
            add_filled(ex, &args, token, &out);
        }
        if (ex->n_tokens + out.n > MAX_TOKENS || ex->n_bytes > MAX_BYTES)
            break;
    }
    ex->n_tokens += out.n;
    return out;
}

void expansion_import(struct expansion *ex, struct stream *in, bool at_top)
{
    struct statement st = {.at_top = at_top};
    struct token_vec found = {0};
    if (!read_statement(ex, in, &st))
        return;
    if (++ex->n_imports > MAX_IMPORTS) {
        give_up(ex, in, &st, "too many imports");
        return;
    }
    if (!find_tokens(ex, &st, &found))
        return;
    struct token_vec tokens = fill_in(ex, &st, &found);
    if (ex->n_tokens > MAX_TOKENS) {
        give_up(ex, in, &st, "too many tokens");
        return;
    }
    if (ex->n_bytes > MAX_BYTES) {
        give_up(ex, in, &st, "too much text in the arguments");
        return;
    }
    stream_splice(in, tokens.at, tokens.n);
}
