/* The pump between the tokens of an expression and its grammar, and what the grammar builds. */
#include "cel/cel_private.h"

#include "cel_parser.h"

#include <stdarg.h>
#include <stdlib.h>

enum {
    MAX_DEPTH = 120,   /* Caddy gives up a little beyond it */
    MAX_TEXT = 100000, /* Caddy reads no longer ones */
};

/* ---- problems ---- */

static void add_problem(struct cel_compiler *compiler, enum cel_problem_kind kind, uint32_t begin,
                        uint32_t end, const char *hint, const char *format, va_list args)
{
    struct strbuf out = strbuf_in(compiler->arena);
    strbuf_vprintf(&out, format, args);
    struct cel_problem problem = {kind, begin, end, strbuf_cstr(&out), hint};
    vec_push(compiler->arena, &compiler->out->problems, problem);
    compiler->out->n_wrong += kind == CEL_WRONG;
}

void cel_wrong(struct cel_compiler *compiler, uint32_t begin, uint32_t end, const char *hint,
               const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_problem(compiler, CEL_WRONG, begin, end, hint, format, args);
    va_end(args);
}

void cel_outside(struct cel_compiler *compiler, const struct cel_node *node, const char *format,
                 ...)
{
    va_list args;
    va_start(args, format);
    add_problem(compiler, CEL_OUTSIDE, node->begin, node->end, NULL, format, args);
    va_end(args);
    compiler->is_outside = true;
}

/* ---- what the grammar builds ---- */

static struct str text_of(const struct cel_compiler *compiler, struct cel_token token)
{
    return str_slice(compiler->source.text, token.begin, token.end);
}

static uint32_t written_begin(const struct cel_compiler *compiler, uint32_t at)
{
    return cel_written_begin(&compiler->source, at);
}

static uint32_t written_end(const struct cel_compiler *compiler, uint32_t at)
{
    return cel_written_end(&compiler->source, at);
}

static void set_token(struct cel_compiler *compiler, struct cel_node *node, struct cel_token token)
{
    node->at = written_begin(compiler, token.begin);
    node->at_end = written_end(compiler, token.end);
}

struct cel_node *cel_make(struct cel_compiler *compiler, enum cel_node_kind kind,
                          struct cel_token first)
{
    struct cel_node *node = arena_new(compiler->arena, struct cel_node);
    node->kind = kind;
    if (first.end > first.begin) {
        set_token(compiler, node, first);
        node->begin = node->at;
        node->end = node->at_end;
    }
    return node;
}

struct cel_node *cel_literal(struct cel_compiler *compiler, struct cel_token token)
{
    struct cel_node *node = cel_make(compiler, CEL_NODE_LITERAL, token);
    if (!cel_read_literal(compiler, token, &node->literal))
        node->kind = CEL_NODE_BROKEN;
    return node;
}

static bool is_reserved(struct str name)
{
    static const char *const words[] = {
        "as",  "break", "const",   "continue",  "else",   "for", "function", "if",    "import",
        "let", "loop",  "package", "namespace", "return", "var", "void",     "while", NULL};
    return str_is_one_of(name, words);
}

/* False after the report that the name means something else. */
static bool can_be_name(struct cel_compiler *compiler, struct cel_token name)
{
    struct str text = text_of(compiler, name);
    if (!is_reserved(text))
        return true;
    cel_wrong(compiler, written_begin(compiler, name.begin), written_end(compiler, name.end), NULL,
              "'" STR_FMT "' is a reserved word", STR_ARG(text));
    return false;
}

struct cel_node *cel_ident(struct cel_compiler *compiler, struct cel_token dot,
                           struct cel_token name)
{
    struct cel_node *node = cel_make(compiler, CEL_NODE_IDENT, name);
    if (!can_be_name(compiler, name))
        node->kind = CEL_NODE_BROKEN;
    node->name = text_of(compiler, name);
    if (dot.end > dot.begin) {
        node->name = STR_JOIN(compiler->arena, STR("."), node->name);
        node->begin = written_begin(compiler, dot.begin);
    }
    return node;
}

static struct cel_node *operation(struct cel_compiler *compiler, const char *name,
                                  struct cel_token sign)
{
    struct cel_node *node = cel_make(compiler, CEL_NODE_CALL, sign);
    node->name = str_from(name);
    return node;
}

void cel_add_item(struct cel_compiler *compiler, struct cel_node *list, struct cel_node *item)
{
    if (list->items.n == 0 && list->end == 0)
        list->begin = item->begin;
    list->end = item->end;
    vec_push(compiler->arena, &list->items, item);
}

struct cel_node *cel_unary(struct cel_compiler *compiler, struct cel_token sign, unsigned n,
                           struct cel_node *operand)
{
    if (n % 2 == 0)
        return operand;
    bool is_not = compiler->source.text.ptr[sign.begin] == '!';
    struct cel_node *node = operation(compiler, is_not ? "!_" : "-_", sign);
    vec_push(compiler->arena, &node->items, operand);
    node->end = operand->end;
    return node;
}

/* The name of a binary operator as a function. */
static const char *operator_name(struct str sign)
{
    static const struct {
        const char *sign, *name;
    } names[] = {
        {"==", "_==_"}, {"!=", "_!=_"}, {"<", "_<_"},   {"<=", "_<=_"}, {">", "_>_"},
        {">=", "_>=_"}, {"&&", "_&&_"}, {"||", "_||_"}, {"+", "_+_"},   {"-", "_-_"},
        {"*", "_*_"},   {"/", "_/_"},   {"%", "_%_"},   {"in", "@in"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (str_is(sign, names[i].sign))
            return names[i].name;
    return "";
}

struct cel_node *cel_binary(struct cel_compiler *compiler, struct cel_node *left,
                            struct cel_token sign, struct cel_node *right)
{
    struct cel_node *node = operation(compiler, operator_name(text_of(compiler, sign)), sign);
    bool is_chain = str_is(node->name, "_&&_") || str_is(node->name, "_||_");
    /* a && b && c is one */
    if (is_chain && left->kind == CEL_NODE_CALL && str_eq(left->name, node->name) &&
        left->is_folded) {
        vec_push(compiler->arena, &left->items, right);
        left->end = right->end;
        return left;
    }
    vec_push(compiler->arena, &node->items, left);
    vec_push(compiler->arena, &node->items, right);
    node->is_folded = is_chain; /* while it is read: not in parentheses */
    node->begin = left->begin;
    node->end = right->end;
    return node;
}

struct cel_node *cel_choice(struct cel_compiler *compiler, struct cel_node *condition,
                            struct cel_token sign, struct cel_node *yes, struct cel_node *no)
{
    struct cel_node *node = operation(compiler, "_?_:_", sign);
    vec_push(compiler->arena, &node->items, condition);
    vec_push(compiler->arena, &node->items, yes);
    vec_push(compiler->arena, &node->items, no);
    node->begin = condition->begin;
    node->end = no->end;
    return node;
}

struct cel_node *cel_select(struct cel_compiler *compiler, struct cel_node *of,
                            struct cel_token name)
{
    struct cel_node *node = cel_make(compiler, CEL_NODE_SELECT, name);
    struct str text = text_of(compiler, name);
    node->name = text.len && text.ptr[0] == '`' ? str_slice(text, 1, text.len - 1) : text;
    node->target = of;
    node->begin = of->begin;
    return node;
}

struct cel_node *cel_at_index(struct cel_compiler *compiler, struct cel_node *of,
                              struct cel_token bracket, struct cel_node *index,
                              struct cel_token end)
{
    struct cel_node *node = operation(compiler, "_[_]", bracket);
    vec_push(compiler->arena, &node->items, of);
    vec_push(compiler->arena, &node->items, index);
    node->begin = of->begin;
    node->end = written_end(compiler, end.end);
    return node;
}

struct cel_node *cel_call(struct cel_compiler *compiler, struct cel_node *target,
                          struct cel_token dot, struct cel_token name, struct cel_node *arguments,
                          struct cel_token end)
{
    struct cel_node *node = cel_make(compiler, CEL_NODE_CALL, name);
    node->name = text_of(compiler, name);
    node->target = target;
    node->items.at = arguments->items.at;
    node->items.n = arguments->items.n;
    node->items.cap = arguments->items.cap;
    node->end = written_end(compiler, end.end);
    if (target) {
        node->begin = target->begin;
    } else if (!can_be_name(compiler, name)) {
        node->kind = CEL_NODE_BROKEN;
        return node;
    } else if (dot.end > dot.begin) {
        /* no macro: those have no dot */
        node->name = STR_JOIN(compiler->arena, STR("."), node->name);
        node->begin = written_begin(compiler, dot.begin);
    }
    cel_expand_macro(compiler, node);
    return node;
}

struct cel_node *cel_message(struct cel_compiler *compiler, struct cel_node *name,
                             struct cel_token brace, struct cel_token end)
{
    struct cel_node *node = cel_make(compiler, CEL_NODE_MESSAGE, brace), *part = name;
    node->begin = name->begin;
    node->end = written_end(compiler, end.end);
    node->target = name;
    while (part->kind == CEL_NODE_SELECT)
        part = part->target;
    if (part->kind != CEL_NODE_IDENT) {
        if (part->kind != CEL_NODE_BROKEN)
            cel_wrong(compiler, node->at, node->at_end, NULL, "'{' is not expected here");
        node->kind = CEL_NODE_BROKEN;
    }
    return node;
}

struct cel_node *cel_nest(struct cel_compiler *compiler, struct cel_node *node,
                          struct cel_token open, struct cel_token end)
{
    node->is_folded = false;
    if (node->kind == CEL_NODE_LIST || node->kind == CEL_NODE_MAP) {
        node->begin = written_begin(compiler, open.begin);
        node->end = written_end(compiler, end.end);
    }
    return node;
}

/* ---- the pump ---- */

static const struct {
    int kind;
    const char *name;
} token_names[] = {
    {CEL_TOKEN_IDENT, "a value"}, {CEL_TOKEN_AND, "an operator"},
    {CEL_TOKEN_RPAREN, "')'"},    {CEL_TOKEN_RBRACKET, "']'"},
    {CEL_TOKEN_RBRACE, "'}'"},    {CEL_TOKEN_COLON, "':'"},
    {CEL_TOKEN_COMMA, "','"},     {0, "the end"},
};

static struct str expected(struct cel_compiler *compiler, const void *parser)
{
    const char *names[sizeof(token_names) / sizeof(*token_names)];
    size_t n = 0;
    struct strbuf list = strbuf_in(compiler->arena);
    for (size_t i = 0; i < sizeof(token_names) / sizeof(*token_names); i++)
        if (CelFits(parser, token_names[i].kind))
            names[n++] = token_names[i].name;
    for (size_t i = 0; i < n; i++) {
        strbuf_puts(&list, i == 0 ? "" : i + 1 == n ? " or " : ", ");
        strbuf_puts(&list, names[i]);
    }
    return strbuf_str(&list);
}

/* What people write who know other languages. */
static const char *hint_for(struct str text)
{
    static const struct {
        const char *sign, *hint;
    } hints[] = {
        {"=", "write == to compare"},
        {"&", "write && for \"and\""},
        {"|", "write || for \"or\""},
        {"and", "write && for \"and\""},
        {"or", "write || for \"or\""},
        {"not", "write ! for \"not\""},
        {"~", "write x.matches('…') to match a regular expression"},
    };
    for (size_t i = 0; i < sizeof(hints) / sizeof(*hints); i++)
        if (str_is(text, hints[i].sign))
            return hints[i].hint;
    return NULL;
}

static void report_unfit(struct cel_compiler *compiler, const void *parser, struct cel_token token,
                         struct cel_token before)
{
    struct str text = text_of(compiler, token), list = expected(compiler, parser);
    const char *hint = hint_for(text);
    if (!hint && before.end > before.begin)
        hint = hint_for(text_of(compiler, before));
    uint32_t begin = written_begin(compiler, token.begin);
    uint32_t end = written_end(compiler, token.end);
    if (token.kind == 0)
        cel_wrong(compiler, begin, (uint32_t)compiler->out->text.len, hint,
                  "the expression ends where " STR_FMT " is expected", STR_ARG(list));
    else
        cel_wrong(compiler, begin, end, hint, "expected " STR_FMT ", found '" STR_FMT "'",
                  STR_ARG(list), STR_ARG(str_slice(text, 0, 40)));
}

static void report_no_token(struct cel_compiler *compiler, struct cel_token token)
{
    struct str text = compiler->source.text, rest = str_slice(text, token.begin, text.len);
    uint32_t begin = written_begin(compiler, token.begin);
    size_t quote = rest.len && strchr("rRbB", rest.ptr[0]) && rest.len > 1 ? 1 : 0;
    char c = rest.len > quote ? rest.ptr[quote] : 0;
    if (c == '"' || c == '\'') {
        cel_wrong(compiler, begin, (uint32_t)compiler->out->text.len,
                  "in a text \\ begins \\n, \\t, \\\\, \\', \\\", \\x41 or \\u0041; r'…' takes it "
                  "as it is",
                  "this text does not end, or has a backslash that means nothing");
        return;
    }
    cel_wrong(compiler, begin, written_end(compiler, token.end), hint_for(text_of(compiler, token)),
              "'" STR_FMT "' means nothing in an expression", STR_ARG(text_of(compiler, token)));
}

static bool ends_value(int kind)
{
    return kind == CEL_TOKEN_RPAREN || kind == CEL_TOKEN_RBRACKET || kind == CEL_TOKEN_RBRACE ||
           kind == CEL_TOKEN_IDENT || kind == CEL_TOKEN_QUOTED_IDENT || kind == CEL_TOKEN_INT ||
           kind == CEL_TOKEN_UINT || kind == CEL_TOKEN_DOUBLE || kind == CEL_TOKEN_STRING ||
           kind == CEL_TOKEN_BYTES || kind == CEL_TOKEN_BOOL || kind == CEL_TOKEN_NULL;
}

/* A minus where a value begins belongs to the number behind it. */
static struct cel_token with_sign(const struct cel_compiler *compiler, struct cel_token minus,
                                  int before)
{
    struct cel_token next = cel_next_token(compiler->source.text, minus.end);
    bool is_number = next.kind == CEL_TOKEN_INT || next.kind == CEL_TOKEN_DOUBLE;
    if (minus.kind != CEL_TOKEN_MINUS || !is_number || ends_value(before) ||
        before == CEL_TOKEN_MINUS)
        return minus;
    for (uint32_t at = minus.end; at < next.begin; at++)
        if (!strchr(" \t\r\n\f", compiler->source.text.ptr[at]))
            return minus; /* a comment: then it is the operator, which gives the same */
    return (struct cel_token){next.kind, minus.begin, next.end};
}

static int depth_change(int kind)
{
    if (kind == CEL_TOKEN_LPAREN || kind == CEL_TOKEN_LBRACKET || kind == CEL_TOKEN_LBRACE)
        return 1;
    return kind == CEL_TOKEN_RPAREN || kind == CEL_TOKEN_RBRACKET || kind == CEL_TOKEN_RBRACE ? -1
                                                                                              : 0;
}

/* Operators and brackets in a row go deep in Caddy's parser, too. */
static bool is_too_deep(struct cel_compiler *compiler, const struct cel_token *token, int *depth,
                        unsigned *n_tokens)
{
    *depth += depth_change(token->kind);
    if (*depth <= MAX_DEPTH && ++*n_tokens <= MAX_TEXT)
        return false;
    struct cel_node *here = cel_make(compiler, CEL_NODE_BROKEN, *token);
    cel_outside(compiler, here, "the proxy core does not look this deep into an expression");
    return true;
}

static bool pump(struct cel_compiler *compiler, void *parser)
{
    struct cel_token token = {0}, before = {0};
    int depth = 0;
    unsigned n_tokens = 0;
    /* the sign before the last: is that minus an operator? */
    int kind_before = 0;
    for (size_t at = 0;; at = token.end) {
        token = cel_next_token(compiler->source.text, at);
        if (token.kind == -1) {
            report_no_token(compiler, token);
            return false;
        }
        bool follows_unary = before.kind == CEL_TOKEN_MINUS && !ends_value(kind_before);
        token = with_sign(compiler, token,
                          before.kind == CEL_TOKEN_MINUS && !follows_unary ? CEL_TOKEN_PLUS
                                                                           : before.kind);
        if (!CelFits(parser, token.kind)) {
            report_unfit(compiler, parser, token, before);
            return false;
        }
        if (is_too_deep(compiler, &token, &depth, &n_tokens))
            return false;
        Cel(parser, token.kind, token, compiler);
        if (token.kind == 0)
            return true;
        kind_before = before.kind;
        before = token;
    }
}

struct cel_node *cel_parse(struct cel_compiler *compiler)
{
    void *parser = CelAlloc(malloc);
    if (!parser)
        arena_exhausted();
    bool read = pump(compiler, parser);
    CelFree(parser, free);
    if (!read)
        compiler->out->root = NULL;
    return compiler->out->root;
}
