/* Places inside of a token: the text is laid beside what was typed. */
#include "syntax/token_part.h"

#include "base/arena.h"
#include "base/parse.h"
#include "syntax/token.h"

struct alignment {
    struct str typed, text;
    size_t at, in_text;
    size_t padding; /* of each line of a heredoc, which is not part of the text */
    size_t *places; /* of each byte of the text, and of its end */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t placeholder_len(struct str text, size_t at)
{
    ptrdiff_t end = str_index(str_slice(text, at, text.len), '}');
    return end < 0 ? 0 : (size_t)end + 1;
}

/* {path} was typed, {http.request.uri.path} is what it stands for. */
static bool pass_placeholder(struct alignment *in)
{
    size_t typed = placeholder_len(in->typed, in->at);
    size_t full = placeholder_len(in->text, in->in_text);
    if (typed < 3 || full < typed || in->typed.ptr[in->at + 1] == '$')
        return false;
    for (size_t i = 0; i < full; i++)
        in->places[in->in_text + i] = i + 1 == full ? in->at + typed - 1 : in->at;
    in->at += typed;
    in->in_text += full;
    return true;
}

/* From where blanks, and a line that goes on, end. */
static size_t behind_blanks(const struct alignment *in)
{
    size_t at = in->at;
    while (at < in->typed.len &&
           (is_blank(in->typed.ptr[at]) ||
            (in->typed.ptr[at] == '\\' && at + 1 < in->typed.len && in->typed.ptr[at + 1] == '\n')))
        at++;
    return at;
}

/* More blanks than the one between two words. */
static bool skip_blanks(struct alignment *in)
{
    size_t at = behind_blanks(in);
    if (at == in->at || in->in_text == 0 || in->text.ptr[in->in_text - 1] != ' ')
        return false;
    in->at = at;
    return true;
}

static bool pass_blanks(struct alignment *in)
{
    size_t at = behind_blanks(in);
    if (in->text.ptr[in->in_text] != ' ' || at == in->at)
        return false;
    in->places[in->in_text++] = in->at;
    in->at = at;
    return true;
}

static void pass_padding(struct alignment *in)
{
    for (size_t i = 0; i < in->padding && in->at < in->typed.len &&
                       is_blank(in->typed.ptr[in->at]) && in->typed.ptr[in->at] != '\n';
         i++)
        in->at++;
}

/* What a backslash may do in what was typed. */
enum escapes { ESCAPES_NOTHING, ESCAPES_QUOTES, ESCAPES_AS_JSON };

/* An escape of JSON: the bytes it stands for all have its place. */
static bool pass_json_escape(struct alignment *in)
{
    static const char simple[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    struct str rest = str_slice(in->typed, in->at + 1, in->typed.len);
    char bytes[4];
    size_t n = 0, len = 2;
    if (rest.len >= 5 && rest.ptr[0] == 'u') {
        uint32_t rune = 0;
        for (size_t i = 1; i < 5; i++)
            rune = rune * 16 + ((uint32_t)hex_digit(rest.ptr[i]) & 15);
        n = utf8_put(rune, bytes);
        len = 6;
    }
    for (const char *c = simple; *c && n == 0 && rest.len; c += 2)
        if (*c == rest.ptr[0])
            bytes[n++] = c[1];
    if (n == 0 ||
        !str_has_prefix(str_slice(in->text, in->in_text, in->text.len), str_make(bytes, n)))
        return false;
    for (size_t i = 0; i < n; i++)
        in->places[in->in_text++] = in->at;
    in->at += len;
    return true;
}

static bool align(struct alignment *in, enum escapes escapes)
{
    while (in->in_text < in->text.len) {
        if (in->at >= in->typed.len)
            return false;
        char typed = in->typed.ptr[in->at], wanted = in->text.ptr[in->in_text];
        bool is_placeholder = typed == '{' && wanted == '{';
        if (is_placeholder &&
            !str_has_prefix(str_slice(in->typed, in->at, in->typed.len),
                            str_slice(in->text, in->in_text,
                                      in->in_text + placeholder_len(in->text, in->in_text)))) {
            if (!pass_placeholder(in))
                return false;
            continue;
        }
        if (escapes == ESCAPES_AS_JSON && typed == '\\') {
            if (!pass_json_escape(in))
                return false;
            continue;
        }
        if (escapes == ESCAPES_QUOTES && typed == '\\' && in->at + 1 < in->typed.len &&
            in->typed.ptr[in->at + 1] == '"' && wanted == '"')
            in->at++;
        else if (typed != wanted && (pass_blanks(in) || skip_blanks(in)))
            continue;
        else if (typed != wanted)
            return false;
        in->places[in->in_text++] = in->at++;
        if (typed == '\n')
            pass_padding(in);
    }
    in->places[in->in_text] = in->at;
    return true;
}

/* Up to the text of a heredoc, whose last line says how far the others are moved in. */
static bool enter_heredoc(struct alignment *in, size_t len)
{
    struct str whole = str_slice(in->typed, 0, len);
    ptrdiff_t first = str_index(whole, '\n'), last = str_last_index(whole, '\n');
    if (first < 0)
        return false;
    for (size_t at = (size_t)last + 1; at < len && is_blank(whole.ptr[at]); at++)
        in->padding++;
    in->at = (size_t)first + 1;
    pass_padding(in);
    return true;
}

struct span token_part(struct arena *arena, const struct sources *sources,
                       const struct token *token, struct str text, size_t begin, size_t end)
{
    const struct source *source = sources ? source_of(sources, token->span) : NULL;
    if (!source || end > text.len || begin > end || text.len == 0)
        return token->span;
    size_t from = token->span.begin - source->base;
    struct alignment in = {.typed = str_slice(source->raw, from, source->raw.len), .text = text};
    in.places = arena_array(arena, size_t, text.len + 1);
    bool is_quoted = token->quote == QUOTE_DOUBLE || token->quote == QUOTE_BACKTICK;
    if (token->quote == QUOTE_HEREDOC && !enter_heredoc(&in, token->span.end - token->span.begin))
        return token->span;
    /* of several words the quotes are part of the text */
    if (is_quoted && (str_eq(token->text, text) || in.typed.ptr[0] != text.ptr[0]))
        in.at = 1;
    enum escapes escapes = token->quote == QUOTE_DOUBLE ? ESCAPES_QUOTES : ESCAPES_NOTHING;
    if (token->quote == QUOTE_NONE && in.typed.ptr[0] == '"' && text.ptr[0] != '"') {
        escapes = ESCAPES_AS_JSON;
        in.at = 1;
    }
    if (!align(&in, escapes))
        return token->span;
    size_t first = in.places[begin], last = end > begin ? in.places[end - 1] + 1 : in.places[end];
    return (struct span){token->span.begin + (uint32_t)first, token->span.begin + (uint32_t)last};
}
