/* URL patterns: a constructor string is cut into components, each becomes parts, and these an
 * expression in RE2's syntax. */
#include "native/url_pattern.h"

#include <string.h>

#include "base/arena.h"
#include "native/url_pattern_private.h"

/* ---- tokens ---- */

static bool is_name(unsigned char c, bool is_first)
{
    bool is_letter = (c | 32) >= 'a' && (c | 32) <= 'z';
    return is_letter || c == '_' || c == '$' || c >= 0x80 || (!is_first && c >= '0' && c <= '9');
}

/* The length of "(…)" that <text> begins with, or 0. */
static size_t regexp_len(struct str text)
{
    int depth = 1;
    for (size_t i = 1; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c >= 0x80 || (i == 1 && c == '?'))
            return 0;
        if (c == '\\') {
            if (++i >= text.len || (unsigned char)text.ptr[i] >= 0x80)
                return 0;
        } else if (c == ')') {
            if (--depth == 0)
                return i > 1 ? i + 1 : 0;
        } else if (c == '(') {
            depth++;
            if (i + 1 >= text.len || text.ptr[i + 1] != '?')
                return 0;
        }
    }
    return 0;
}

static struct url_token next_token(struct str input, size_t at, size_t *len)
{
    struct str rest = str_slice(input, at, input.len);
    struct url_token token = {TOKEN_CHAR, at, str_slice(rest, 0, 1)};
    size_t n = 1;
    switch (rest.ptr[0]) {
    case '*':
        token.kind = TOKEN_ASTERISK;
        break;
    case '+':
    case '?':
        token.kind = TOKEN_MODIFIER;
        break;
    case '{':
        token.kind = TOKEN_OPEN;
        break;
    case '}':
        token.kind = TOKEN_CLOSE;
        break;
    case '\\':
        if (rest.len > 1)
            utf8_decode(rest, 1, &n);
        token.kind = rest.len > 1 ? TOKEN_ESCAPED : TOKEN_INVALID;
        token.value = rest.len > 1 ? str_slice(rest, 1, 1 + n) : token.value;
        n += rest.len > 1;
        break;
    case ':':
        while (n < rest.len && is_name((unsigned char)rest.ptr[n], n == 1))
            n++;
        token.kind = n > 1 ? TOKEN_NAME : TOKEN_INVALID;
        token.value = n > 1 ? str_slice(rest, 1, n) : token.value;
        break;
    case '(':
        n = regexp_len(rest);
        token.kind = n ? TOKEN_REGEXP : TOKEN_INVALID;
        token.value = n ? str_slice(rest, 1, n - 1) : token.value;
        n = n ? n : 1;
        break;
    default:
        utf8_decode(rest, 0, &n);
        token.value = str_slice(rest, 0, n);
    }
    *len = n;
    return token;
}

bool url_tokenize(struct arena *arena, struct str input, bool is_strict, token_list *out)
{
    size_t n;
    for (size_t at = 0; at < input.len; at += n) {
        struct url_token token = next_token(input, at, &n);
        if (token.kind == TOKEN_INVALID && is_strict)
            return false;
        vec_push(arena, out, token);
    }
    vec_push(arena, out, ((struct url_token){TOKEN_END, input.len, STR("")}));
    return true;
}

/* ---- parts of a component ---- */

enum part_kind { PART_FIXED, PART_REGEXP, PART_SEGMENT, PART_ANYTHING };

struct url_part {
    enum part_kind kind;
    char modifier; /* '?', '*', '+'; 0: none */
    struct str value, name, prefix, suffix;
};

struct component_parser {
    struct arena *arena;
    const struct component_rules *rules;
    token_list tokens;
    size_t at;
    VEC(struct url_part) parts;
    struct strbuf pending; /* fixed text */
    unsigned n_nameless;
    const char *problem;
};

static const struct url_token *take_token(struct component_parser *parser, enum token_kind kind)
{
    const struct url_token *token = &parser->tokens.at[parser->at];
    if (token->kind != kind)
        return NULL;
    parser->at++;
    return token;
}

static const struct url_token *take_regexp(struct component_parser *parser, bool has_name)
{
    const struct url_token *token = take_token(parser, TOKEN_REGEXP);
    return token || has_name ? token : take_token(parser, TOKEN_ASTERISK);
}

static char take_modifier(struct component_parser *parser)
{
    const struct url_token *token = take_token(parser, TOKEN_MODIFIER);
    if (!token)
        token = take_token(parser, TOKEN_ASTERISK);
    return token ? token->value.ptr[0] : 0;
}

static struct str take_text(struct component_parser *parser)
{
    struct strbuf out = strbuf_in(parser->arena);
    for (;;) {
        const struct url_token *token = take_token(parser, TOKEN_CHAR);
        if (!token)
            token = take_token(parser, TOKEN_ESCAPED);
        if (!token)
            return strbuf_str(&out);
        strbuf_add(&out, token->value);
    }
}

static bool respell(struct component_parser *parser, struct str *text)
{
    if (url_spell(parser->arena, parser->rules, text))
        return true;
    parser->problem = "has a component that no URL can have";
    return false;
}

static bool flush_pending(struct component_parser *parser)
{
    struct url_part part = {.kind = PART_FIXED};
    if (parser->pending.len == 0)
        return true;
    part.value = str_dup(parser->arena, strbuf_str(&parser->pending));
    parser->pending.len = 0;
    if (!respell(parser, &part.value))
        return false;
    vec_push(parser->arena, &parser->parts, part);
    return true;
}

static struct str segment_expression(const struct component_rules *rules)
{
    switch (rules->delimiter) {
    case '/':
        return STR("[^\\/]+?");
    case '.':
        return STR("[^\\.]+?");
    default:
        return STR("[^\\x00]+?");
    }
}

static bool set_name(struct component_parser *parser, struct url_part *part, struct str name)
{
    part->name = name.len ? name : str_printf(parser->arena, "%u", parser->n_nameless++);
    for (size_t i = 0; i < parser->parts.n; i++) {
        if (parser->parts.at[i].kind != PART_FIXED &&
            str_eq(parser->parts.at[i].name, part->name)) {
            parser->problem = "has two groups of one name";
            return false;
        }
    }
    return true;
}

/* <part> has its prefix, suffix and modifier. */
static bool add_part(struct component_parser *parser, struct url_part part,
                     const struct url_token *name, const struct url_token *regexp)
{
    if (!name && !regexp && !part.modifier) {
        strbuf_add(&parser->pending, part.prefix);
        return true;
    }
    if (!flush_pending(parser))
        return false;
    if (!name && !regexp) {
        if (part.prefix.len == 0)
            return true;
        part.value = part.prefix;
        part.prefix = STR("");
        if (!respell(parser, &part.value))
            return false;
        vec_push(parser->arena, &parser->parts, part);
        return true;
    }
    part.kind = PART_REGEXP;
    if (!regexp)
        part.kind = PART_SEGMENT;
    else if (regexp->kind == TOKEN_ASTERISK || str_is(regexp->value, ".*"))
        part.kind = PART_ANYTHING;
    else if (str_eq(regexp->value, segment_expression(parser->rules)))
        part.kind = PART_SEGMENT;
    part.value = part.kind == PART_SEGMENT    ? segment_expression(parser->rules)
                 : part.kind == PART_ANYTHING ? STR(".*")
                                              : regexp->value;
    if (!set_name(parser, &part, name ? name->value : STR("")) || !respell(parser, &part.prefix) ||
        !respell(parser, &part.suffix))
        return false;
    vec_push(parser->arena, &parser->parts, part);
    return true;
}

/* What "{…}" holds; the '{' has been taken. */
static bool parse_group(struct component_parser *parser)
{
    struct url_part part = {.prefix = take_text(parser)};
    const struct url_token *name = take_token(parser, TOKEN_NAME);
    const struct url_token *regexp = take_regexp(parser, name != NULL);
    part.suffix = take_text(parser);
    if (!take_token(parser, TOKEN_CLOSE)) {
        parser->problem = "has a '{' that is never closed";
        return false;
    }
    part.modifier = take_modifier(parser);
    return add_part(parser, part, name, regexp);
}

static bool parse_parts(struct component_parser *parser)
{
    for (;;) {
        const struct url_token *c = take_token(parser, TOKEN_CHAR);
        const struct url_token *name = take_token(parser, TOKEN_NAME);
        const struct url_token *regexp = take_regexp(parser, name != NULL);
        if (name || regexp) {
            struct url_part part = {.prefix = c ? c->value : STR("")};
            if (c && c->value.ptr[0] != parser->rules->prefix) {
                strbuf_add(&parser->pending, part.prefix);
                part.prefix = STR("");
            }
            if (!flush_pending(parser))
                return false;
            part.modifier = take_modifier(parser);
            if (!add_part(parser, part, name, regexp))
                return false;
            continue;
        }
        if (!c)
            c = take_token(parser, TOKEN_ESCAPED);
        if (c) {
            strbuf_add(&parser->pending, c->value);
        } else if (take_token(parser, TOKEN_OPEN)) {
            if (!parse_group(parser))
                return false;
        } else {
            break;
        }
    }
    if (!flush_pending(parser))
        return false;
    if (take_token(parser, TOKEN_END))
        return true;
    parser->problem = "has a '}', '?' or '+' that belongs to nothing";
    return false;
}

/* ---- the expression ---- */

static void add_quoted(struct strbuf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] && strchr("\\.+*?()|[]{}^$/", text.ptr[i]))
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, text.ptr[i]);
    }
}

static void add_modifier(struct strbuf *out, char modifier)
{
    if (modifier)
        strbuf_add_char(out, modifier);
}

static void add_repeated(struct strbuf *out, const struct url_part *part)
{
    strbuf_puts(out, "(?:");
    add_quoted(out, part->prefix);
    strbuf_printf(out, "((?:" STR_FMT ")(?:", STR_ARG(part->value));
    add_quoted(out, part->suffix);
    add_quoted(out, part->prefix);
    strbuf_printf(out, "(?:" STR_FMT "))*)", STR_ARG(part->value));
    add_quoted(out, part->suffix);
    strbuf_puts(out, part->modifier == '*' ? ")?" : ")");
}

static void add_expression(struct strbuf *out, const struct url_part *part)
{
    bool is_repeated = part->modifier == '*' || part->modifier == '+';
    bool is_bare = part->prefix.len == 0 && part->suffix.len == 0;
    if (part->kind == PART_FIXED) {
        strbuf_puts(out, "(?:");
        add_quoted(out, part->value);
        strbuf_add_char(out, ')');
        add_modifier(out, part->modifier);
    } else if (is_bare && is_repeated) {
        strbuf_printf(out, "((?:" STR_FMT ")%c)", STR_ARG(part->value), part->modifier);
    } else if (is_repeated) {
        add_repeated(out, part);
    } else {
        strbuf_puts(out, "(?:");
        add_quoted(out, part->prefix);
        strbuf_printf(out, "(" STR_FMT ")", STR_ARG(part->value));
        add_quoted(out, part->suffix);
        strbuf_add_char(out, ')');
        add_modifier(out, part->modifier);
    }
}

static bool compile(struct arena *arena, struct str pattern, const struct component_rules *rules,
                    struct component_parser *parser, struct url_component_pattern *out)
{
    struct strbuf expression = strbuf_in(arena);
    *parser =
        (struct component_parser){.arena = arena, .rules = rules, .pending = strbuf_in(arena)};
    if (!url_tokenize(arena, pattern, true, &parser->tokens)) {
        parser->problem = "has a ':' without a name, a '(' without its end, or a '\\' at its end";
        return false;
    }
    if (!parse_parts(parser))
        return false;
    strbuf_puts(&expression, rules->ignores_case ? "(?i)\\A(?:" : "\\A(?:");
    *out = (struct url_component_pattern){.groups =
                                              arena_array(arena, struct str, parser->parts.n + 1)};
    for (size_t i = 0; i < parser->parts.n; i++) {
        add_expression(&expression, &parser->parts.at[i]);
        if (parser->parts.at[i].kind != PART_FIXED)
            out->groups[out->n_groups++] = parser->parts.at[i].name;
    }
    strbuf_puts(&expression, ")\\z");
    out->expression = strbuf_str(&expression);
    return true;
}

/* ---- all of it ---- */

static struct str escaped_pattern(struct arena *arena, struct str text)
{
    struct strbuf out = strbuf_in(arena);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] && strchr("\\+*?(){}:", text.ptr[i]))
            strbuf_add_char(&out, '\\');
        strbuf_add_char(&out, text.ptr[i]);
    }
    strbuf_cstr(&out);
    return strbuf_str(&out);
}

/* What the pattern does not say comes from the base, up to the first that it says. */
static void inherit(struct arena *arena, const struct url_parts *base, struct url_parts *parts)
{
    static const enum url_component order[] = {URL_PROTOCOL, URL_HOSTNAME, URL_PORT,
                                               URL_PATHNAME, URL_SEARCH,   URL_HASH};
    struct str path = parts->at[URL_PATHNAME];
    bool is_absolute = path.len && (path.ptr[0] == '/' || str_has_prefix(path, STR("\\/")) ||
                                    str_has_prefix(path, STR("{/")));
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (parts->at[order[i]].ptr)
            break;
        parts->at[order[i]] = STR_JOIN(arena, STR(""), escaped_pattern(arena, base->at[order[i]]));
    }
    if (!path.ptr || is_absolute)
        return;
    struct str base_path = escaped_pattern(arena, base->at[URL_PATHNAME]);
    size_t end = (size_t)(str_last_index(base_path, '/') + 1);
    parts->at[URL_PATHNAME] = STR_JOIN(arena, str_slice(base_path, 0, end), path);
}

bool url_pattern_parse(struct arena *arena, struct str pattern, struct str base, bool ignores_case,
                       struct url_component_pattern out[N_URL_COMPONENTS], const char **problem)
{
    struct url_parts parts = url_cut_constructor(arena, pattern), of_base;
    *problem = NULL;
    if (base.len && !url_cut_base(arena, base, &of_base))
        *problem = "has a base that is no URL";
    else if (!base.len && !parts.at[URL_PROTOCOL].ptr)
        *problem = "says no protocol, and there is no base that does";
    if (*problem)
        return false;
    if (base.len)
        inherit(arena, &of_base, &parts);
    for (size_t i = 0; i < N_URL_COMPONENTS; i++)
        url_set_missing(&parts, (enum url_component)i, STR("*"));
    struct str protocol = str_lower(arena, parts.at[URL_PROTOCOL]), host = parts.at[URL_HOSTNAME];
    struct str port = parts.at[URL_PORT];
    if ((str_is(protocol, "http") && str_is(port, "80")) ||
        (str_is(protocol, "https") && str_is(port, "443")))
        parts.at[URL_PORT] = STR("");
    bool is_special = url_is_special_protocol(arena, protocol);
    for (size_t i = 0; i < N_URL_COMPONENTS; i++) {
        struct component_rules rules = {.component = (enum url_component)i};
        struct component_parser parser;
        if (i == URL_HOSTNAME) {
            rules.delimiter = '.';
            rules.is_ip6 = host.len && (host.ptr[0] == '[' || str_has_prefix(host, STR("{[")) ||
                                        str_has_prefix(host, STR("\\[")));
        }
        if (i == URL_PATHNAME && is_special)
            rules.delimiter = rules.prefix = '/';
        rules.is_opaque = !is_special;
        rules.ignores_case = ignores_case && i >= URL_PATHNAME;
        if (!compile(arena, parts.at[i], &rules, &parser, &out[i])) {
            *problem = parser.problem;
            return false;
        }
    }
    return true;
}
