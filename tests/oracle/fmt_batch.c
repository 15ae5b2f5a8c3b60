/* Formats many Caddyfiles in one process. Reads "<length> <length>\n<source><what Caddy makes of
 * it>" again and again from standard input; answers each with "<result> <kind> <moved> <line>
 * <length>\n<text>": how it was formatted, what Caddy's formatter does to the tokens ("kept" where
 * nothing), whether a } was parted from the words of its line (0 or 1), the line that `dialtone
 * check` names as not formatted (0: none), and the text. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "syntax/format.h"
#include "syntax/lexer.h"

static const char *const results[] = {
    [FORMAT_REFUSED] = "refused",
    [FORMAT_AS_CADDY] = "caddy",
    [FORMAT_RERUN] = "rerun",
    [FORMAT_OWN_WORDS] = "words",
};

/* Whether a } that stands behind a word on its line, or before one, gets a line of its own. */
static bool moves_close(struct arena *arena, struct str before, struct str after)
{
    struct diags ignored = diags_in(arena);
    struct lexed left = lex_source(arena, &ignored, source_plain(arena, before), STR(""), NULL);
    struct lexed right = lex_source(arena, &ignored, source_plain(arena, after), STR(""), NULL);
    for (size_t i = 1; i < left.n && i < right.n; i++)
        if ((token_is_close(left.at[i]) || token_is_close(left.at[i - 1])) &&
            !token_is_on_new_line(left.at[i - 1], left.at[i]) &&
            token_is_on_new_line(right.at[i - 1], right.at[i]))
            return true;
    return false;
}

/* What is different for Caddy's lexer; "defaults" where it is only so with {$NAME:default} filled
 * in. */
static const char *kind_of(struct arena *arena, struct str before, struct str after)
{
    struct diags diags = diags_in(arena), ignored = diags_in(arena);
    struct lexed left = lex_source(arena, &diags, source_plain(arena, before), STR(""), NULL);
    struct lexed right = lex_source(arena, &ignored, source_plain(arena, after), STR(""), NULL);
    if (format_same_tokens(arena, before, after))
        return "kept";
    for (const struct diag *diag = diags.first; diag; diag = diag->next)
        if (diag->code == DIAG_HEREDOC)
            return "heredoc";
    if (left.n != right.n)
        return "words";
    for (size_t i = 0; i < left.n; i++)
        if (left.at[i]->quote != right.at[i]->quote || !str_eq(left.at[i]->text, right.at[i]->text))
            return "words";
    for (size_t i = 1; i < left.n; i++)
        if (token_is_on_new_line(left.at[i - 1], left.at[i]) !=
            token_is_on_new_line(right.at[i - 1], right.at[i]))
            return "lines";
    return "defaults";
}

static uint32_t warned_line(struct arena *arena, struct str text)
{
    struct sources sources = sources_in(arena, NULL);
    const struct source *source = source_add(&sources, STR("Caddyfile"), text);
    struct span span;
    if (!source || !format_would_change(arena, source, &span))
        return 0;
    return source_position(&sources, span.begin).line;
}

static struct str read_text(struct arena *arena, size_t len)
{
    char *text = arena_alloc(arena, len + 1);
    if (fread(text, 1, len, stdin) != len)
        exit(1);
    return str_make(text, len);
}

int main(void)
{
    size_t source_len, caddy_len;
    while (scanf("%zu %zu", &source_len, &caddy_len) == 2 && getchar() == '\n') {
        struct arena arena = ARENA_INIT;
        struct str source = read_text(&arena, source_len);
        struct str caddy = read_text(&arena, caddy_len), formatted = {0};
        enum format_result result = format_caddyfile(&arena, source, &formatted);
        if (result == FORMAT_REFUSED)
            formatted = STR("");
        printf("%s %s %d %u %zu\n", results[result], kind_of(&arena, source, caddy),
               moves_close(&arena, source, formatted), warned_line(&arena, source), formatted.len);
        fwrite(formatted.ptr, 1, formatted.len, stdout);
        fflush(stdout);
        arena_free(&arena);
    }
    return 0;
}
