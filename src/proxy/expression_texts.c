/* Functions of texts. Places and lengths count characters. */
#include "proxy/expression.h"

#include "base/arena.h"
#include "base/parse.h"

/* ---- characters ---- */

struct runes {
    uint32_t *at;
    size_t n;
};

static struct runes runes_of(struct expression_call *call, struct str text)
{
    struct runes runes = {arena_alloc(call->arena, (text.len + 1) * sizeof(uint32_t)), 0};
    size_t size;
    for (size_t at = 0; at < text.len; at += size)
        runes.at[runes.n++] = utf8_decode(text, at, &size);
    *call->cost += text.len / 16;
    return runes;
}

static struct cel_value text_of_runes(struct expression_call *call, const uint32_t *at, size_t n)
{
    struct strbuf out = strbuf_in(call->arena);
    for (size_t i = 0; i < n; i++)
        strbuf_add_rune(&out, at[i]);
    return cel_string(strbuf_str(&out));
}

static struct cel_value out_of_range(struct expression_call *call, int64_t index)
{
    return cel_error(call->arena, "index out of range: %lld", (long long)index);
}

static struct cel_value run_char_at(struct expression_call *call)
{
    if (!expression_args_are(call, "si"))
        return cel_no_overload();
    struct runes runes = runes_of(call, call->args[0].text);
    int64_t index = call->args[1].i;
    if (index < 0 || (uint64_t)index > runes.n)
        return out_of_range(call, index);
    return text_of_runes(call, runes.at + index, (uint64_t)index < runes.n);
}

static struct cel_value run_substring(struct expression_call *call)
{
    if (!expression_args_are(call, "si") && !expression_args_are(call, "sii"))
        return cel_no_overload();
    struct runes runes = runes_of(call, call->args[0].text);
    int64_t begin = call->args[1].i, end = call->n > 2 ? call->args[2].i : (int64_t)runes.n;
    if (call->n > 2 && begin > end)
        return cel_error(call->arena, "invalid substring range. start: %lld, end: %lld",
                         (long long)begin, (long long)end);
    if (begin < 0 || (uint64_t)begin > runes.n)
        return out_of_range(call, begin);
    if (end < 0 || (uint64_t)end > runes.n)
        return out_of_range(call, end);
    return text_of_runes(call, runes.at + begin, (size_t)(end - begin));
}

static bool runes_match(const uint32_t *at, struct runes wanted)
{
    return wanted.n == 0 || memcmp(at, wanted.at, wanted.n * sizeof(*at)) == 0;
}

static struct cel_value run_index_of(struct expression_call *call)
{
    if (!expression_args_are(call, "ss") && !expression_args_are(call, "ssi"))
        return cel_no_overload();
    struct runes in = runes_of(call, call->args[0].text);
    struct runes wanted = runes_of(call, call->args[1].text);
    int64_t from = call->n > 2 ? call->args[2].i : 0;
    if (from < 0)
        return out_of_range(call, from);
    if (wanted.n == 0)
        return cel_int((uint64_t)from > in.n ? (int64_t)in.n : from);
    for (size_t i = (size_t)from; (uint64_t)from < in.n && i + wanted.n <= in.n; i++) {
        ++*call->cost;
        if (runes_match(in.at + i, wanted))
            return cel_int((int64_t)i);
    }
    return cel_int(-1);
}

static struct cel_value run_last_index_of(struct expression_call *call)
{
    if (!expression_args_are(call, "ss") && !expression_args_are(call, "ssi"))
        return cel_no_overload();
    struct runes in = runes_of(call, call->args[0].text);
    struct runes wanted = runes_of(call, call->args[1].text);
    bool has_from = call->n > 2;
    int64_t from = has_from ? call->args[2].i : (int64_t)in.n - 1;
    if (has_from && from < 0)
        return out_of_range(call, from);
    if (wanted.n == 0)
        return cel_int(!has_from || (uint64_t)from > in.n ? (int64_t)in.n : from);
    if (wanted.n > in.n || from >= (int64_t)in.n)
        return cel_int(-1);
    int64_t last = (int64_t)(in.n - wanted.n);
    for (int64_t i = from < last ? from : last; i >= 0; i--) {
        ++*call->cost;
        if (runes_match(in.at + i, wanted))
            return cel_int(i);
    }
    return cel_int(-1);
}

static struct cel_value run_reverse(struct expression_call *call)
{
    if (expression_args_are(call, "l")) {
        struct cel_value list = call->args[0];
        struct cel_value *items = arena_array(call->arena, struct cel_value, list.items.n + 1);
        for (size_t i = 0; i < list.items.n; i++)
            items[i] = list.items.at[list.items.n - 1 - i];
        return cel_list(items, list.items.n);
    }
    if (!expression_args_are(call, "s"))
        return cel_no_overload();
    struct runes runes = runes_of(call, call->args[0].text);
    for (size_t i = 0; i < runes.n / 2; i++) {
        uint32_t other = runes.at[runes.n - 1 - i];
        runes.at[runes.n - 1 - i] = runes.at[i];
        runes.at[i] = other;
    }
    return text_of_runes(call, runes.at, runes.n);
}

/* ---- parts ---- */

static struct cel_value run_contains(struct expression_call *call)
{
    return expression_args_are(call, "ss")
               ? cel_bool(str_contains(call->args[0].text, call->args[1].text))
               : cel_no_overload();
}

static struct cel_value run_starts_with(struct expression_call *call)
{
    return expression_args_are(call, "ss")
               ? cel_bool(str_has_prefix(call->args[0].text, call->args[1].text))
               : cel_no_overload();
}

static struct cel_value run_ends_with(struct expression_call *call)
{
    return expression_args_are(call, "ss")
               ? cel_bool(str_has_suffix(call->args[0].text, call->args[1].text))
               : cel_no_overload();
}

static struct cel_value run_lower_ascii(struct expression_call *call)
{
    return expression_args_are(call, "s") ? cel_string(str_lower(call->arena, call->args[0].text))
                                          : cel_no_overload();
}

static struct cel_value run_upper_ascii(struct expression_call *call)
{
    return expression_args_are(call, "s") ? cel_string(str_upper(call->arena, call->args[0].text))
                                          : cel_no_overload();
}

static struct cel_value run_trim(struct expression_call *call)
{
    return expression_args_are(call, "s") ? cel_string(str_trim_unicode(call->args[0].text))
                                          : cel_no_overload();
}

/* Go's strings.Replace: before and behind each character where nothing is to be replaced. */
static struct cel_value run_replace(struct expression_call *call)
{
    if (!expression_args_are(call, "sss") && !expression_args_are(call, "sssi"))
        return cel_no_overload();
    struct str rest = call->args[0].text, from = call->args[1].text, to = call->args[2].text;
    int64_t left = call->n > 3 ? call->args[3].i : -1;
    struct strbuf out = strbuf_in(call->arena);
    for (bool is_first = true; left != 0; left--, is_first = false) {
        size_t size = 0;
        ptrdiff_t at = str_find(rest, from);
        if (from.len == 0 && !is_first) {
            if (rest.len == 0)
                break;
            utf8_decode(rest, 0, &size);
            at = (ptrdiff_t)size;
        }
        if (at < 0 || out.len > 4 * 1024 * 1024)
            break;
        strbuf_add(&out, str_slice(rest, 0, (size_t)at));
        strbuf_add(&out, to);
        rest = str_slice(rest, (size_t)at + from.len, rest.len);
        ++*call->cost;
    }
    strbuf_add(&out, rest);
    return cel_string(strbuf_str(&out));
}

/* Go's strings.SplitN. */
static struct cel_value run_split(struct expression_call *call)
{
    if (!expression_args_are(call, "ss") && !expression_args_are(call, "ssi"))
        return cel_no_overload();
    struct str rest = call->args[0].text, separator = call->args[1].text;
    int64_t most = call->n > 2 ? call->args[2].i : -1;
    struct cel_value *items = arena_array(call->arena, struct cel_value, rest.len + 2);
    size_t n = 0;
    if (most == 0 || (separator.len == 0 && rest.len == 0))
        return cel_list(items, 0);
    while (most < 0 || (int64_t)n + 1 < most) {
        size_t size = 0;
        ptrdiff_t at = separator.len ? str_find(rest, separator) : -1;
        if (separator.len == 0 && rest.len) {
            utf8_decode(rest, 0, &size);
            at = size < rest.len ? (ptrdiff_t)size : -1;
        }
        if (at < 0)
            break;
        items[n++] = cel_string(str_slice(rest, 0, (size_t)at));
        rest = str_slice(rest, (size_t)at + separator.len, rest.len);
    }
    items[n++] = cel_string(rest);
    return cel_list(items, n);
}

static struct cel_value run_join(struct expression_call *call)
{
    if (!expression_args_are(call, "l") && !expression_args_are(call, "ls"))
        return cel_no_overload();
    struct cel_value list = call->args[0];
    struct strbuf out = strbuf_in(call->arena);
    for (size_t i = 0; i < list.items.n; i++) {
        if (list.items.at[i].kind != CEL_STRING)
            return cel_error(call->arena, "join: an element is no text");
        if (i && call->n > 1)
            strbuf_add(&out, call->args[1].text);
        strbuf_add(&out, list.items.at[i].text);
        *call->cost += 1 + list.items.at[i].text.len / 64;
    }
    return cel_string(strbuf_str(&out));
}

static struct cel_value run_quote(struct expression_call *call)
{
    static const char escapes[] = "\aa\bb\ff\nn\rr\tt\vv\\\\\"\"";
    if (!expression_args_are(call, "s"))
        return cel_no_overload();
    struct str text = call->args[0].text;
    struct strbuf out = strbuf_in(call->arena);
    size_t size;
    strbuf_add_char(&out, '"');
    for (size_t at = 0; at < text.len; at += size) {
        uint32_t rune = utf8_decode(text, at, &size);
        const char *escape = NULL;
        for (const char *e = escapes; *e && !escape; e += 2)
            escape = (uint32_t)(unsigned char)*e == rune ? e : NULL;
        if (escape) {
            strbuf_add_char(&out, '\\');
            strbuf_add_char(&out, escape[1]);
        } else {
            strbuf_add_rune(&out, rune);
        }
    }
    strbuf_add_char(&out, '"');
    return cel_string(strbuf_str(&out));
}

/* ---- the table ---- */

const struct expression_function_row expression_texts[] = {
    {DT_FUNCTION_CHAR_AT, run_char_at},
    {DT_FUNCTION_CONTAINS, run_contains},
    {DT_FUNCTION_ENDS_WITH, run_ends_with},
    {DT_FUNCTION_FORMAT, expression_format},
    {DT_FUNCTION_INDEX_OF, run_index_of},
    {DT_FUNCTION_JOIN, run_join},
    {DT_FUNCTION_LAST_INDEX_OF, run_last_index_of},
    {DT_FUNCTION_LOWER_ASCII, run_lower_ascii},
    {DT_FUNCTION_QUOTE, run_quote},
    {DT_FUNCTION_REPLACE, run_replace},
    {DT_FUNCTION_REVERSE, run_reverse},
    {DT_FUNCTION_SPLIT, run_split},
    {DT_FUNCTION_STARTS_WITH, run_starts_with},
    {DT_FUNCTION_SUBSTRING, run_substring},
    {DT_FUNCTION_TRIM, run_trim},
    {DT_FUNCTION_UPPER_ASCII, run_upper_ascii},
    {0},
};
