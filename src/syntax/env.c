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
        str_cut(str_slice(raw, begin + 2, end - 1), STR(":"), &name, &fallback);
        struct str value = look_up(sources, name);
        if (!value.ptr)
            value = fallback;
        strbuf_add(&out, str_slice(raw, copied, begin));
        struct splice splice = {(uint32_t)begin, (uint32_t)end, (uint32_t)out.len, 0};
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
