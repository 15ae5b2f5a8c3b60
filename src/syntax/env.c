/* {$ENV} and {$ENV:default}: replaced in the bytes, before there are tokens. */
#include "syntax/env.h"

#include "base/vec.h"

#include <stdlib.h>

typedef VEC(struct splice) splice_vec;

/* The value; .ptr NULL where the variable is unset. */
static struct str look_up(struct sources *sources, struct str name)
{
    /* what no variable can be called is unset, whatever the C library makes of it */
    if (name.len == 0 || str_index(name, '=') >= 0 || str_index(name, '\0') >= 0)
        return (struct str){0};
    const char *c_name = str_dup(sources->arena, name).ptr;
    const struct source_hooks *hooks = sources->hooks;
    if (hooks && hooks->get_env)
        return str_from(hooks->get_env(hooks->user, c_name));
    return str_from(getenv(c_name));
}

/* Offset of the first {$ from <at> on, or -1. */
static ptrdiff_t find_open(struct str raw, size_t at)
{
    for (size_t i = at + 1; i < raw.len; i++) { /* dollars are rarer than braces */
        ptrdiff_t dollar = str_index(str_slice(raw, i, raw.len), '$');
        if (dollar < 0)
            break;
        i += (size_t)dollar;
        if (raw.ptr[i - 1] == '{')
            return (ptrdiff_t)i - 1;
    }
    return -1;
}

/* --- values for variables that are unset --- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static size_t line_begin(struct str raw, size_t at)
{
    while (at > 0 && raw.ptr[at - 1] != '\n')
        at--;
    return at;
}

static bool is_alone_on_its_line(struct str raw, size_t begin, size_t end)
{
    while (begin > 0 && is_blank(raw.ptr[begin - 1]))
        begin--;
    while (end < raw.len && is_blank(raw.ptr[end]))
        end++;
    return (begin == 0 || raw.ptr[begin - 1] == '\n') && (end == raw.len || raw.ptr[end] == '\n');
}

/* Whether nothing but comments and empty lines stands before. */
static bool is_first_word(struct str raw, size_t begin)
{
    for (size_t at = 0, next; at < line_begin(raw, begin); at = next) {
        ptrdiff_t end = str_index(str_slice(raw, at, raw.len), '\n');
        next = at + (size_t)end + 1;
        struct str line = str_trim(str_slice(raw, at, next));
        if (line.len && line.ptr[0] != '#')
            return false;
    }
    return true;
}

/* Whether the next line that says something begins no block: the address of the only site of a file
 * stands so, and not lines that may be left away. */
static bool is_address_without_block(struct str raw, size_t begin, size_t end)
{
    if (line_begin(raw, begin) != begin)
        return false;
    for (size_t at = end; at < raw.len;) {
        ptrdiff_t length = str_index(str_slice(raw, at, raw.len), '\n');
        size_t next = length < 0 ? raw.len : at + (size_t)length + 1;
        struct str line = str_trim(str_slice(raw, at, next));
        if (line.len && line.ptr[0] != '#')
            return !str_has_suffix(line, STR("{"));
        at = next;
    }
    return false;
}

/* Ports that differ as the names do. */
static struct str port_for(struct arena *arena, struct str name)
{
    unsigned sum = 0;
    for (size_t i = 0; i < name.len; i++)
        sum = sum * 31 + (unsigned char)name.ptr[i];
    return str_printf(arena, "%u", 20000 + sum % 10000);
}

/* A name of a host that is neither public nor private, made of the variable's. */
static struct str host_for(struct arena *arena, struct str name)
{
    struct strbuf host = strbuf_in(arena);
    struct str lower = str_lower(arena, name);
    for (size_t i = 0; i < lower.len; i++) {
        char c = lower.ptr[i];
        bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (fits || (host.len && host.ptr[host.len - 1] != '-'))
            strbuf_add(&host, fits ? str_make(&c, 1) : STR("-"));
    }
    return str_printf(arena, "v" STR_FMT "v.invalid", STR_ARG(strbuf_str(&host)));
}

/* What could stand there: whole lines of configuration are left away, behind a colon belongs a
 * port, and most other things can be the name of a host. */
static struct str assume(struct arena *arena, struct str raw, size_t begin, size_t end,
                         struct str name)
{
    if (is_alone_on_its_line(raw, begin, end) && !is_first_word(raw, begin) &&
        !is_address_without_block(raw, begin, end))
        return STR("");
    if (begin > 0 && raw.ptr[begin - 1] == ':')
        return port_for(arena, name);
    struct str host = host_for(arena, name);
    return str_contains(str_lower(arena, name), STR("mail")) ? str_printf(arena, "x@" STR_FMT, STR_ARG(host))
                                                             : host;
}

/* --- all of a text --- */

void env_splice(struct sources *sources, struct source *source, bool has_nul)
{
    struct str raw = source->raw;
    struct strbuf out = strbuf_in(sources->arena);
    splice_vec splices = {0};
    size_t copied = 0, at = 0;

    for (;;) {
        ptrdiff_t open = find_open(raw, at);
        if (open < 0)
            break;
        size_t begin = (size_t)open;
        ptrdiff_t close = str_index(str_slice(raw, begin + 2, raw.len), '}');
        if (close < 0)
            break;
        size_t end = begin + 2 + (size_t)close + 1;
        at = end;
        if (close == 0)
            continue;
        struct str name, fallback = {0};
        bool has_default =
            str_cut(str_slice(raw, begin + 2, end - 1), STR(":"), &name, &fallback);
        struct str value = look_up(sources, name);
        bool is_assumed = !value.ptr && !has_default && sources->assumes_values;
        if (is_assumed)
            value = assume(sources->arena, raw, begin, end, name);
        else if (!value.ptr)
            value = fallback;
        strbuf_add(&out, str_slice(raw, copied, begin));
        struct splice splice = {(uint32_t)begin, (uint32_t)end, (uint32_t)out.len, 0, is_assumed};
        strbuf_add(&out, value);
        splice.spliced_end = (uint32_t)out.len;
        vec_push(sources->arena, &splices, splice);
        copied = end;
    }
    source->spliced = raw;
    if (copied || !has_nul) {
        strbuf_reserve(&out, raw.len - copied + 1);
        strbuf_add(&out, str_slice(raw, copied, raw.len));
        strbuf_cstr(&out);
        source->spliced = strbuf_str(&out);
    }
    source->splices = splices.at;
    source->n_splices = (uint32_t)splices.n;
}
