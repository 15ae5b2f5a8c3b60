/* {args[i]}, {args.i} and {args[a:b]} in imported tokens. */
#include "syntax/import_args.h"

#include "base/arena.h"

/* Caddy: text with more open braces that nothing closes becomes empty */
#define MAX_UNCLOSED 100

/* As Go's strconv.Atoi reads it. */
static bool read_index(struct str text, int64_t *value)
{
    bool is_negative = text.len && text.ptr[0] == '-';
    size_t i = text.len && (text.ptr[0] == '-' || text.ptr[0] == '+');
    uint64_t number = 0;
    if (i == text.len)
        return false;
    for (; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' ||
            number > (UINT64_MAX - 9) / 10)
            return false;
        number = number * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    if (number > (uint64_t)INT64_MAX + is_negative)
        return false;
    *value = is_negative ? (int64_t)(0 - number) : (int64_t)number;
    return true;
}

static void warn_not_whole(const struct import_args *args, const struct token *token,
                           const char *what)
{
    diag_token(args->diags, DIAG_IMPORT_ARGUMENTS, token,
               "'" STR_FMT "' stays as it is: %s", STR_ARG(token->text), what);
}

static void warn_count(const struct import_args *args, const struct token *token, struct str key)
{
    struct diag *diag =
        diag_token(args->diags, DIAG_IMPORT_ARGUMENTS, token,
                   "no argument {" STR_FMT "}: the import gives %zu", STR_ARG(key), args->n);
    diag_note(args->diags, diag, "the text is left as it is");
}

bool import_args_range(const struct import_args *args, const struct token *token, size_t *begin,
                       size_t *end)
{
    struct str range = token->text, first, last;
    if (!str_has_prefix(range, STR("{args[")) || !str_has_suffix(range, STR("]}")))
        return false;
    range = str_slice(range, 6, range.len - 2);
    if (range.len == 0) {
        warn_not_whole(args, token, "it names no argument");
        return false;
    }
    if (!str_cut(range, STR(":"), &first, &last))
        return false;
    if (str_index(first, '}') >= 0 || str_index(last, '{') >= 0)
        return false; /* several placeholders with a colon between them */
    int64_t from = 0, to = (int64_t)args->n;
    if ((first.len && !read_index(first, &from)) || (last.len && !read_index(last, &to))) {
        warn_not_whole(args, token, "its bounds are not numbers");
        return false;
    }
    if (from < 0 || from > to || to > (int64_t)args->n) {
        struct diag *diag = diag_token(args->diags, DIAG_IMPORT_ARGUMENTS, token,
                                       "'" STR_FMT "' goes beyond the %zu arguments of the import",
                                       STR_ARG(token->text), args->n);
        diag_note(args->diags, diag, "the text is left as it is");
        return false;
    }
    *begin = (size_t)from;
    *end = (size_t)to;
    return true;
}

/* Whether Go's regexp <prefix>.+ matches anywhere in <key>: a character that is no line end must
 * follow the prefix. */
static bool has_call(struct str key, struct str prefix)
{
    for (size_t at = 0; at < key.len;) {
        ptrdiff_t found = str_find(str_slice(key, at, key.len), prefix);
        if (found < 0)
            return false;
        at += (size_t)found + prefix.len;
        if (at < key.len && key.ptr[at] != '\n')
            return true;
    }
    return false;
}

/* The argument that <index> names, reported where it names none. */
static bool argument(const struct import_args *args, const struct token *token, struct str key,
                     struct str index, struct str *value)
{
    int64_t i;
    if (!read_index(index, &i)) {
        warn_not_whole(args, token, "an index must be a number");
        return false;
    }
    if (i < 0) {
        struct diag *diag =
            diag_token(args->diags, DIAG_BAD_VALUE, token,
                       "an argument's index cannot be negative: {" STR_FMT "}", STR_ARG(key));
        diag_note(args->diags, diag, "Caddy crashes on it");
        return false;
    }
    if ((uint64_t)i >= args->n) {
        warn_count(args, token, key);
        return false;
    }
    *value = args->at[i]->text;
    return true;
}

/* The value of {<key>}; false where it is none of ours. */
static bool look_up(const struct import_args *args, const struct token *token, struct str key,
                    struct str *value)
{
    if (has_call(key, STR("args."))) {
        struct str index = str_trim_prefix(key, STR("args."));
        if (!str_has_prefix(key, STR("args.")) || str_index(index, '\n') >= 0)
            return false;
        if (!argument(args, token, key, index, value))
            return false;
        struct diag *diag = diag_token(args->diags, DIAG_DOTTED_ARGUMENT, token,
                                       "{" STR_FMT "} is the old spelling", STR_ARG(key));
        diag_note(args->diags, diag, "it is {args[" STR_FMT "]} now", STR_ARG(index));
        return true;
    }
    if (!str_has_prefix(key, STR("args[")) || !str_has_suffix(key, STR("]")) || key.len < 7)
        return false;
    struct str index = str_slice(key, 5, key.len - 1);
    if (str_index(index, '\n') >= 0)
        return false;
    if (str_index(index, ':') >= 0) {
        warn_not_whole(args, token, "a range must be a word of its own");
        return false;
    }
    return argument(args, token, key, index, value);
}

/* The brace that closes the placeholder opened at <open>: the first, or after \} the next. */
static bool find_close(struct str text, size_t open, size_t *close)
{
    ptrdiff_t found = str_index(str_slice(text, open, text.len), '}');
    if (found < 0)
        return false;
    size_t end = open + (size_t)found;
    while (end > 0 && end + 1 < text.len && text.ptr[end - 1] == '\\') {
        found = str_index(str_slice(text, end + 1, text.len), '}');
        if (found < 0)
            return false;
        end += (size_t)found + 1;
    }
    *close = end;
    return true;
}

struct str import_args_fill(const struct import_args *args, const struct token *token)
{
    struct str text = token->text;
    if (str_index(text, '{') < 0 && str_index(text, '}') < 0)
        return text;
    struct strbuf out = strbuf_in(args->arena);
    size_t written = 0, n_unclosed = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (i > 0 && text.ptr[i - 1] == '\\' && (text.ptr[i] == '{' || text.ptr[i] == '}')) {
            strbuf_add(&out, str_slice(text, written, i - 1));
            written = i;
            continue;
        }
        if (text.ptr[i] != '{')
            continue;
        if (n_unclosed > MAX_UNCLOSED)
            return STR("");
        size_t end;
        if (!find_close(text, i, &end)) {
            n_unclosed++;
            continue;
        }
        struct str value;
        strbuf_add(&out, str_slice(text, written, i));
        written = i;
        if (!look_up(args, token, str_slice(text, i + 1, end), &value))
            continue;
        strbuf_add(&out, value);
        i = end;
        written = end + 1;
    }
    strbuf_add(&out, str_slice(text, written, text.len));
    return str_dup(args->arena, strbuf_str(&out));
}
