/* URL patterns: a constructor string is cut into components, each becomes parts, and these an
 * expression in RE2's syntax. */
#include "native/url_pattern.h"

#include <string.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/parse.h"
#include "base/punycode.h"
#include "base/vec.h"

/* ---- tokens ---- */

enum token_kind {
    TOKEN_END,
    TOKEN_CHAR,
    TOKEN_ESCAPED,
    TOKEN_NAME,
    TOKEN_REGEXP,
    TOKEN_ASTERISK,
    TOKEN_MODIFIER, /* + or ? */
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_INVALID, /* only where the policy is lenient */
};

struct url_token {
    enum token_kind kind;
    size_t at; /* in the input */
    struct str value;
};

typedef VEC(struct url_token) token_list;

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

/* False where a token is invalid and the policy is strict. */
static bool tokenize(struct arena *arena, struct str input, bool is_strict, token_list *out)
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

/* ---- percent-encoding and other spellings of fixed text ---- */

static void add_encoded(struct strbuf *out, struct str text, const char *more)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= 0x20 || c >= 0x7F || strchr(more, c))
            strbuf_printf(out, "%%%02X", c);
        else
            strbuf_add_char(out, (char)c);
    }
}

static struct str encoded(struct arena *arena, struct str text, const char *more)
{
    struct strbuf out = strbuf_in(arena);
    add_encoded(&out, text, more);
    return strbuf_str(&out);
}

/* "." and "..", also with the dots escaped: how many dots; 0 for all else. */
static int dots_of(struct str segment)
{
    int n = 0;
    while (segment.len > 0) {
        if (segment.ptr[0] == '.')
            segment = str_slice(segment, 1, segment.len);
        else if (segment.len >= 3 && str_eq_nocase(str_slice(segment, 0, 3), STR("%2e")))
            segment = str_slice(segment, 3, segment.len);
        else
            return 0;
        n++;
    }
    return n <= 2 ? n : 0;
}

/* As a URL's parser reads a path: dots are resolved, '\' is '/'. */
static struct str spell_pathname(struct arena *arena, struct str text)
{
    struct strbuf out = strbuf_in(arena);
    bool is_absolute = text.len && text.ptr[0] == '/';
    if (text.len == 0)
        return text;
    text = str_replace(arena, text, STR("\\"), STR("/"));
    text = STR_JOIN(arena, is_absolute ? STR("") : STR("/-"), text);
    text = str_slice(text, 1, text.len);
    for (bool more = true; more;) {
        struct str segment;
        more = str_cut(text, STR("/"), &segment, &text);
        int dots = dots_of(segment);
        if (dots == 2) {
            ptrdiff_t last = str_last_index(strbuf_str(&out), '/');
            out.len = last < 0 ? 0 : (size_t)last;
        }
        if (dots == 0 || !more)
            strbuf_add_char(&out, '/');
        if (dots == 0)
            add_encoded(&out, segment, "\"#<>?^`{}");
    }
    struct str path = strbuf_str(&out);
    return is_absolute ? path : str_slice(path, path.len < 2 ? path.len : 2, path.len);
}

static bool spell_hostname(struct arena *arena, struct str *text, bool is_ip6)
{
    struct str lower = str_lower(arena, *text);
    for (size_t i = 0; i < lower.len; i++) {
        unsigned char c = (unsigned char)lower.ptr[i];
        bool is_hex = hex_digit((char)c) >= 0 || c == ':' || c == '[' || c == ']';
        if (is_ip6 ? !is_hex : c <= 0x20 || c == 0x7F || strchr("#/:<>?@[\\]^|%", c) != NULL)
            return false;
    }
    return punycode_host(arena, lower, text);
}

static bool spell_port(struct arena *arena, struct str *text)
{
    uint64_t port;
    if (text->len == 0)
        return true;
    if (parse_go_uint(*text, 16, &port) != PARSE_OK)
        return false;
    *text = str_printf(arena, "%u", (unsigned)port);
    return true;
}

static bool spell_protocol(struct arena *arena, struct str *text)
{
    for (size_t i = 0; i < text->len; i++) {
        unsigned char c = (unsigned char)text->ptr[i];
        bool is_letter = (c | 32) >= 'a' && (c | 32) <= 'z';
        if (!is_letter && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
            return false;
    }
    *text = str_lower(arena, *text);
    return true;
}

/* How one component is compiled. */
struct component_rules {
    enum url_component component;
    char delimiter, prefix; /* 0: none */
    bool ignores_case, is_ip6, is_opaque;
};

/* Fixed text as a URL's parser would have it; false where no URL can hold it. */
static bool spell(struct arena *arena, const struct component_rules *rules, struct str *text)
{
    switch (rules->component) {
    case URL_PROTOCOL:
        return spell_protocol(arena, text);
    case URL_USERNAME:
    case URL_PASSWORD:
        *text = encoded(arena, *text, "\"#<>?^`{}/:;=@[\\]|");
        return true;
    case URL_HOSTNAME:
        return spell_hostname(arena, text, rules->is_ip6);
    case URL_PORT:
        return spell_port(arena, text);
    case URL_PATHNAME:
        *text = rules->is_opaque ? encoded(arena, *text, "") : spell_pathname(arena, *text);
        return true;
    case URL_SEARCH:
        *text = encoded(arena, *text, "\"#<>");
        return true;
    case URL_HASH:
        *text = encoded(arena, *text, "\"<>`");
        return true;
    case N_URL_COMPONENTS:
        break;
    }
    return false;
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
    if (spell(parser->arena, parser->rules, text))
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
    if (!set_name(parser, &part, name ? name->value : STR("")) ||
        !respell(parser, &part.prefix) || !respell(parser, &part.suffix))
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
    *parser = (struct component_parser){
        .arena = arena, .rules = rules, .pending = strbuf_in(arena)};
    if (!tokenize(arena, pattern, true, &parser->tokens)) {
        parser->problem = "has a ':' without a name, a '(' without its end, or a '\\' at its end";
        return false;
    }
    if (!parse_parts(parser))
        return false;
    strbuf_puts(&expression, rules->ignores_case ? "(?i)\\A(?:" : "\\A(?:");
    *out = (struct url_component_pattern){
        .groups = arena_array(arena, struct str, parser->parts.n + 1)};
    for (size_t i = 0; i < parser->parts.n; i++) {
        add_expression(&expression, &parser->parts.at[i]);
        if (parser->parts.at[i].kind != PART_FIXED)
            out->groups[out->n_groups++] = parser->parts.at[i].name;
    }
    strbuf_puts(&expression, ")\\z");
    out->expression = strbuf_str(&expression);
    return true;
}

/* ---- the constructor string ---- */

/* Components as text; .ptr NULL: not said. */
struct url_parts {
    struct str at[N_URL_COMPONENTS];
};

enum cut_state {
    CUT_INIT,      /* is there a protocol? */
    CUT_PROTOCOL,  /* up to its ':' */
    CUT_AUTHORITY, /* is there a user? */
    CUT_USERNAME,
    CUT_PASSWORD,
    CUT_HOSTNAME,
    CUT_PORT,
    CUT_PATHNAME,
    CUT_SEARCH,
    CUT_HASH,
    CUT_DONE,
};

static const struct {
    enum url_component component;
    bool is_component;
} cut_components[] = {
    [CUT_INIT] = {0, false},
    [CUT_PROTOCOL] = {URL_PROTOCOL, true},
    [CUT_AUTHORITY] = {0, false},
    [CUT_USERNAME] = {URL_USERNAME, true},
    [CUT_PASSWORD] = {URL_PASSWORD, true},
    [CUT_HOSTNAME] = {URL_HOSTNAME, true},
    [CUT_PORT] = {URL_PORT, true},
    [CUT_PATHNAME] = {URL_PATHNAME, true},
    [CUT_SEARCH] = {URL_SEARCH, true},
    [CUT_HASH] = {URL_HASH, true},
    [CUT_DONE] = {0, false},
};

struct cutter {
    struct arena *arena;
    struct str input;
    token_list tokens;
    struct url_parts parts;
    enum cut_state state;
    size_t start, at, step;
    int depth, ip6_depth;
    bool is_special;
};

static const struct url_token *token_at(const struct cutter *cutter, size_t at)
{
    return &cutter->tokens.at[at < cutter->tokens.n ? at : cutter->tokens.n - 1];
}

static bool is_plain(const struct cutter *cutter, size_t at, const char *value)
{
    const struct url_token *token = token_at(cutter, at);
    return str_is(token->value, value) &&
           (token->kind == TOKEN_CHAR || token->kind == TOKEN_ESCAPED ||
            token->kind == TOKEN_INVALID);
}

static bool begins_search(const struct cutter *cutter)
{
    if (is_plain(cutter, cutter->at, "?"))
        return true;
    if (!str_is(token_at(cutter, cutter->at)->value, "?"))
        return false;
    if (cutter->at == 0)
        return true;
    enum token_kind before = token_at(cutter, cutter->at - 1)->kind;
    return before != TOKEN_NAME && before != TOKEN_REGEXP && before != TOKEN_CLOSE &&
           before != TOKEN_ASTERISK;
}

static void set_missing(struct url_parts *parts, enum url_component component, struct str value)
{
    if (!parts->at[component].ptr)
        parts->at[component] = value;
}

static void change_state(struct cutter *cutter, enum cut_state next, size_t skip)
{
    struct url_parts *parts = &cutter->parts;
    size_t begin = token_at(cutter, cutter->start)->at, end = token_at(cutter, cutter->at)->at;
    if (cut_components[cutter->state].is_component)
        parts->at[cut_components[cutter->state].component] =
            STR_JOIN(cutter->arena, STR(""), str_slice(cutter->input, begin, end));
    if (cutter->state != CUT_INIT && next != CUT_DONE) {
        if (cutter->state <= CUT_PASSWORD && next >= CUT_PORT)
            set_missing(parts, URL_HOSTNAME, STR(""));
        if (cutter->state <= CUT_PORT && next >= CUT_SEARCH)
            set_missing(parts, URL_PATHNAME, cutter->is_special ? STR("/") : STR(""));
        if (cutter->state <= CUT_PATHNAME && next == CUT_HASH)
            set_missing(parts, URL_SEARCH, STR(""));
    }
    cutter->state = next;
    cutter->at += skip;
    cutter->start = cutter->at;
    cutter->step = 0;
}

static void rewind_to(struct cutter *cutter, enum cut_state state)
{
    cutter->at = cutter->start;
    cutter->step = 0;
    cutter->state = state;
}

/* Whether a pattern of protocols fits one of those whose URLs have hosts and paths. Of expressions
 * of one's own that is taken for granted. */
static bool is_special_protocol(struct arena *arena, struct str pattern)
{
    static const char *const special[] = {"http", "https", "ws", "wss", "ftp"};
    if (str_index(pattern, '*') >= 0 || str_index(pattern, '(') >= 0 ||
        str_index(pattern, ':') >= 0 || str_index(pattern, '{') >= 0)
        return true;
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
        if (str_is(str_lower(arena, pattern), special[i]))
            return true;
    }
    return false;
}

static void cut_protocol(struct cutter *cutter)
{
    size_t begin = token_at(cutter, cutter->start)->at, end = token_at(cutter, cutter->at)->at;
    bool has_slashes =
        is_plain(cutter, cutter->at + 1, "/") && is_plain(cutter, cutter->at + 2, "/");
    cutter->is_special =
        is_special_protocol(cutter->arena, str_slice(cutter->input, begin, end));
    if (has_slashes)
        change_state(cutter, CUT_AUTHORITY, 3);
    else
        change_state(cutter, cutter->is_special ? CUT_AUTHORITY : CUT_PATHNAME, 1);
}

/* What comes behind the authority, if it comes now. */
static bool cut_rest(struct cutter *cutter)
{
    if (cutter->state < CUT_PATHNAME && is_plain(cutter, cutter->at, "/"))
        change_state(cutter, CUT_PATHNAME, 0);
    else if (cutter->state < CUT_SEARCH && begins_search(cutter))
        change_state(cutter, CUT_SEARCH, 1);
    else if (cutter->state < CUT_HASH && is_plain(cutter, cutter->at, "#"))
        change_state(cutter, CUT_HASH, 1);
    else
        return false;
    return true;
}

static void cut_token(struct cutter *cutter)
{
    bool is_end_of_user = is_plain(cutter, cutter->at, "@");
    bool is_colon = is_plain(cutter, cutter->at, ":");
    switch (cutter->state) {
    case CUT_INIT:
        if (is_colon)
            rewind_to(cutter, CUT_PROTOCOL);
        break;
    case CUT_PROTOCOL:
        if (is_colon)
            cut_protocol(cutter);
        break;
    case CUT_AUTHORITY:
        if (is_end_of_user)
            rewind_to(cutter, CUT_USERNAME);
        else if (is_plain(cutter, cutter->at, "/") || begins_search(cutter) ||
                 is_plain(cutter, cutter->at, "#"))
            rewind_to(cutter, CUT_HOSTNAME);
        break;
    case CUT_USERNAME:
        if (is_colon)
            change_state(cutter, CUT_PASSWORD, 1);
        else if (is_end_of_user)
            change_state(cutter, CUT_HOSTNAME, 1);
        break;
    case CUT_PASSWORD:
        if (is_end_of_user)
            change_state(cutter, CUT_HOSTNAME, 1);
        break;
    case CUT_HOSTNAME:
        if (is_plain(cutter, cutter->at, "["))
            cutter->ip6_depth++;
        else if (is_plain(cutter, cutter->at, "]"))
            cutter->ip6_depth--;
        else if (is_colon && cutter->ip6_depth == 0)
            change_state(cutter, CUT_PORT, 1);
        else
            cut_rest(cutter);
        break;
    case CUT_PORT:
    case CUT_PATHNAME:
    case CUT_SEARCH:
        cut_rest(cutter);
        break;
    case CUT_HASH:
    case CUT_DONE:
        break;
    }
}

/* The end of the input; true where something has to be read again. */
static bool cut_end(struct cutter *cutter)
{
    if (cutter->state == CUT_INIT) {
        cutter->at = cutter->start;
        if (is_plain(cutter, cutter->at, "#"))
            change_state(cutter, CUT_HASH, 1);
        else if (begins_search(cutter))
            change_state(cutter, CUT_SEARCH, 1);
        else
            change_state(cutter, CUT_PATHNAME, 0);
        return true;
    }
    if (cutter->state == CUT_AUTHORITY) {
        rewind_to(cutter, CUT_HOSTNAME);
        return true;
    }
    change_state(cutter, CUT_DONE, 0);
    return false;
}

static struct url_parts cut_constructor(struct arena *arena, struct str input)
{
    struct cutter cutter = {.arena = arena, .input = input};
    tokenize(arena, input, false, &cutter.tokens);
    while (cutter.at < cutter.tokens.n) {
        enum token_kind kind = cutter.tokens.at[cutter.at].kind;
        cutter.step = 1;
        if (kind == TOKEN_END) {
            if (!cut_end(&cutter))
                break;
        } else if (kind == TOKEN_OPEN) {
            cutter.depth++;
        } else if (cutter.depth > 0 && kind != TOKEN_CLOSE) {
            cutter.step = 1;
        } else {
            cutter.depth -= cutter.depth > 0;
            cut_token(&cutter);
        }
        cutter.at += cutter.step;
    }
    if (cutter.parts.at[URL_HOSTNAME].ptr)
        set_missing(&cutter.parts, URL_PORT, STR(""));
    return cutter.parts;
}

/* ---- the base ---- */

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

/* "scheme://host:port/path?query#hash"; false where it is none. */
static bool cut_base(struct arena *arena, struct str base, struct url_parts *out)
{
    struct str rest, authority, host, port = STR(""), path, search, hash, user;
    *out = (struct url_parts){0};
    if (!str_cut(base, STR("://"), &out->at[URL_PROTOCOL], &rest))
        return false;
    str_cut(rest, STR("#"), &rest, &hash);
    str_cut(rest, STR("?"), &rest, &search);
    ptrdiff_t slash = str_index(rest, '/');
    authority = slash < 0 ? rest : str_slice(rest, 0, (size_t)slash);
    path = slash < 0 ? STR("/") : str_slice(rest, (size_t)slash, rest.len);
    if (str_index(authority, '@') >= 0)
        str_cut(authority, STR("@"), &user, &authority);
    ptrdiff_t colon = str_last_index(authority, ':');
    host = authority;
    if (colon >= 0 && str_index(str_slice(authority, (size_t)colon, authority.len), ']') < 0) {
        host = str_slice(authority, 0, (size_t)colon);
        port = str_slice(authority, (size_t)colon + 1, authority.len);
    }
    struct str protocol = out->at[URL_PROTOCOL] = str_lower(arena, out->at[URL_PROTOCOL]);
    if (!spell_port(arena, &port) || host.len == 0 ||
        !spell_hostname(arena, &host, host.ptr[0] == '['))
        return false;
    if ((str_is(protocol, "http") && str_is(port, "80")) ||
        (str_is(protocol, "https") && str_is(port, "443")))
        port = STR("");
    out->at[URL_HOSTNAME] = host;
    out->at[URL_PORT] = port;
    out->at[URL_PATHNAME] = spell_pathname(arena, path);
    out->at[URL_SEARCH] = encoded(arena, search, "\"#<>'");
    out->at[URL_HASH] = encoded(arena, hash, "\"<>`");
    return true;
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
        parts->at[order[i]] =
            STR_JOIN(arena, STR(""), escaped_pattern(arena, base->at[order[i]]));
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
    struct url_parts parts = cut_constructor(arena, pattern), of_base;
    *problem = NULL;
    if (base.len && !cut_base(arena, base, &of_base))
        *problem = "has a base that is no URL";
    else if (!base.len && !parts.at[URL_PROTOCOL].ptr)
        *problem = "says no protocol, and there is no base that does";
    if (*problem)
        return false;
    if (base.len)
        inherit(arena, &of_base, &parts);
    for (size_t i = 0; i < N_URL_COMPONENTS; i++)
        set_missing(&parts, (enum url_component)i, STR("*"));
    struct str protocol = str_lower(arena, parts.at[URL_PROTOCOL]), host = parts.at[URL_HOSTNAME];
    struct str port = parts.at[URL_PORT];
    if ((str_is(protocol, "http") && str_is(port, "80")) ||
        (str_is(protocol, "https") && str_is(port, "443")))
        parts.at[URL_PORT] = STR("");
    bool is_special = is_special_protocol(arena, protocol);
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
