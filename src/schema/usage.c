/* Usage texts as structure. */
#include "schema/usage.h"

#include "base/vec.h"

struct reader {
    struct arena *arena;
    struct str rest;
    struct usage *usage;
    struct usage_form form; /* under construction */
    unsigned depth;
    bool is_opening; /* after `[`: what comes next may be left out */
};

static char peek(const struct reader *in)
{
    return in->rest.len ? in->rest.ptr[0] : '\0';
}

static bool take(struct reader *in, struct str text)
{
    if (!str_has_prefix(in->rest, text))
        return false;
    in->rest = str_slice(in->rest, text.len, in->rest.len);
    return true;
}

static struct str take_bytes(struct reader *in, size_t n)
{
    struct str taken = str_slice(in->rest, 0, n);
    in->rest = str_slice(in->rest, n, in->rest.len);
    return taken;
}

static bool is_mark(char c)
{
    return c && strchr("+-?<>!~", c) != NULL;
}

/* The characters of `[+|-]<`, single and separated by bars; empty where it is another bracket. */
static struct str take_prefixes(struct reader *in)
{
    size_t i = 1;
    for (; i + 2 < in->rest.len; i += 2) {
        char c = in->rest.ptr[i], after = in->rest.ptr[i + 1];
        if (is_mark(c) && after == ']' && in->rest.ptr[i + 2] == '<') {
            struct str prefixes = str_slice(in->rest, 1, i + 1);
            take_bytes(in, i + 2);
            return prefixes;
        }
        if (!is_mark(c) || after != '|')
            break;
    }
    return STR("");
}

static void add_choice(struct arena *arena, struct str *list, struct str one)
{
    *list = list->len ? str_printf(arena, STR_FMT "|" STR_FMT, STR_ARG(*list), STR_ARG(one)) : one;
}

/* `<name>`, `<name...>` or a word. */
static bool read_choice(struct reader *in, struct usage_argument *argument)
{
    if (take(in, STR("<"))) {
        ptrdiff_t end = str_index(in->rest, '>');
        if (end <= 0)
            return false;
        struct str name = take_bytes(in, (size_t)end);
        take(in, STR(">"));
        struct str plain = str_trim_suffix(name, STR("..."));
        argument->is_repeated |= plain.len < name.len;
        add_choice(in->arena, &argument->names, plain);
        return true;
    }
    size_t n = 0;
    while (n < in->rest.len && !strchr(" |[]{}<", in->rest.ptr[n]) &&
           !str_has_prefix(str_slice(in->rest, n, in->rest.len), STR("...")))
        n++;
    add_choice(in->arena, &argument->words, take_bytes(in, n));
    return n > 0;
}

static bool read_argument(struct reader *in, struct str prefixes)
{
    struct usage_argument argument = {
        .prefixes = prefixes, .is_optional = in->is_opening, .depth = in->depth};
    in->is_opening = false;
    if (in->rest.len > 1 && is_mark(peek(in)) && peek(in) != '<' && in->rest.ptr[1] == '<')
        argument.mark = take_bytes(in, 1);
    do {
        if (!read_choice(in, &argument))
            return false;
    } while (take(in, STR("|")));
    argument.is_repeated |= take(in, STR("..."));
    vec_push(in->arena, &in->form, argument);
    return true;
}

/* Arguments that may be left out before one that may not: two forms, with them and without. */
static void add_form(struct reader *in, struct usage_form form)
{
    size_t begin = 0, end;
    while (begin < form.n && form.at[begin].depth == 0)
        begin++;
    for (end = begin; end < form.n && form.at[end].depth > 0;)
        end++;
    if (end == form.n) {
        vec_push(in->arena, in->usage, form);
        return;
    }
    struct usage_form without = {.is_open = form.is_open}, with = {.is_open = form.is_open};
    for (size_t i = 0; i < form.n; i++) {
        struct usage_argument argument = form.at[i];
        if (i < begin || i >= end)
            vec_push(in->arena, &without, argument);
        if (i >= begin && i < end)
            argument.depth--;
        argument.is_optional &= argument.depth > 0;
        vec_push(in->arena, &with, argument);
    }
    add_form(in, without);
    add_form(in, with);
}

static void end_form(struct reader *in)
{
    add_form(in, in->form);
    in->form = (struct usage_form){0};
}

static bool read_item(struct reader *in)
{
    if (take(in, STR(" | "))) {
        end_form(in);
        return in->depth == 0;
    }
    if (take(in, STR(" ")))
        return true;
    if (take(in, STR("..."))) {
        in->form.is_open = true;
        return true;
    }
    if (take(in, STR("]")))
        return in->depth-- > 0;
    struct str prefixes = peek(in) == '[' ? take_prefixes(in) : STR("");
    if (prefixes.len == 0 && take(in, STR("["))) {
        in->depth++;
        in->is_opening = true;
        return true;
    }
    return read_argument(in, prefixes);
}

static void count(struct usage *usage)
{
    usage->min_args = -1;
    for (size_t i = 0; i < usage->n; i++) {
        const struct usage_form *form = &usage->at[i];
        bool has_end = !form->is_open;
        size_t least = 0;
        while (least < form->n && !form->at[least].is_optional)
            least++;
        for (size_t k = 0; k < form->n; k++)
            has_end &= !form->at[k].is_repeated;
        if (usage->min_args < 0 || (int)least < usage->min_args)
            usage->min_args = (int)least;
        if (!has_end)
            usage->max_args = -1;
        else if (usage->max_args >= 0 && (int)form->n > usage->max_args)
            usage->max_args = (int)form->n;
    }
}

bool usage_parse(struct arena *arena, const char *text, struct usage *usage)
{
    *usage = (struct usage){0};
    struct reader in = {.arena = arena, .rest = str_from(text), .usage = usage};
    while (in.rest.len && peek(&in) != '{')
        if (!read_item(&in))
            return false;
    if (in.depth)
        return false;
    end_form(&in);
    count(usage);
    return true;
}
