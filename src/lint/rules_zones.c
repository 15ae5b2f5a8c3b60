/* Rules about zones in upstreams (DT202, DT229), and the correction that makes any Caddy read them:
 * tcp6/[address%zone]:port, with what the scheme stood for written apart. */
#include "lint/zones.h"

#include "base/vec.h"
#include "lint/routes.h"
#include "syntax/address.h"

/* The upstreams of one proxy, on its line and behind `to`. */
struct proxy_upstreams {
    struct lint *lint;
    const struct node *proxy;
    VEC(const struct token *) tokens;
    struct str scheme; /* that they share; empty for none */
};

static bool names_upstreams(const struct node *line)
{
    return str_is(line_name(line), "reverse_proxy") || str_is(line_name(line), "forward_auth") ||
           str_is(line_name(line), "php_fastcgi");
}

/* The proxy that a line names upstreams of, or NULL. */
static const struct node *proxy_of(const struct lint *lint, const struct node *line)
{
    if (str_is(line_name(line), "to"))
        line = line->parent;
    return names_upstreams(line) && line_directive(lint, line) ? line : NULL;
}

static struct proxy_upstreams upstreams_of(struct lint *lint, const struct node *proxy)
{
    struct proxy_upstreams all = {.lint = lint, .proxy = proxy, .scheme = STR("")};
    const struct token *token;
    for (uint32_t i = 0; (token = line_argument(lint, proxy, i)); i++)
        vec_push(lint->arena, &all.tokens, token);
    for (const struct node *to = line_option(proxy, "to"); to; to = line_next_option(to))
        for (uint32_t i = 0; (token = line_word(to, i)); i++)
            vec_push(lint->arena, &all.tokens, token);
    return all;
}

/* --- the upstreams --- */

/* The upstream as it is dialled, without a scheme; .ptr NULL where only a person can tell. */
static struct str without_scheme(const struct proxy_upstreams *all, const struct token *token)
{
    struct arena *arena = all->lint->arena;
    struct address address;
    address_scan(token->text, &address);
    if (address.problem != ADDRESS_FINE || str_contains(token->text, STR("{")) ||
        !str_eq(lint_text(all->lint, token->span), token->text) || address.userinfo.len ||
        address.path.len || address.query.len || address.fragment.len ||
        str_contains(address.port, STR("-")))
        return (struct str){0};
    struct str port = address.port.len                  ? address.port
                      : str_is(address.scheme, "https") ? STR("443")
                                                        : STR("80");
    if (address.has_zone)
        return address_dial(arena, &address, port);
    if (!address.has_scheme)
        return token->text;
    return str_printf(arena, address.has_brackets ? "[" STR_FMT "]:" STR_FMT : STR_FMT ":" STR_FMT,
                      STR_ARG(address.host), STR_ARG(port));
}

/* Finds the scheme that those with one have; false where they differ, or it is none for upstreams. */
static bool find_scheme(struct proxy_upstreams *all)
{
    for (size_t i = 0; i < all->tokens.n; i++) {
        struct address address;
        address_scan(all->tokens.at[i]->text, &address);
        if (!address.has_scheme)
            continue;
        if (all->scheme.len && !str_eq(all->scheme, address.scheme))
            return false;
        all->scheme = address.scheme;
    }
    return all->scheme.len == 0 || str_is(all->scheme, "http") || str_is(all->scheme, "https") ||
           str_is(all->scheme, "h2c");
}

/* --- the transport --- */

/* What one more level of blocks is indented by, where <line> stands. */
static struct str indent_step(const struct lint *lint, const struct node *line)
{
    if (line->body && line->body->words[0]->span.begin > line->open->span.end) {
        struct str inner = line_indent(lint, line->body), indent = line_indent(lint, line);
        if (inner.len > indent.len && str_has_prefix(inner, indent))
            return str_slice(inner, indent.len, inner.len);
    }
    struct str outer = line->parent && line->parent->n_words ? line_indent(lint, line->parent)
                                                             : STR("");
    struct str indent = line_indent(lint, line);
    if (indent.len > outer.len && str_has_prefix(indent, outer))
        return str_slice(indent, outer.len, indent.len);
    return STR("\t");
}

/* Where the line ends that holds <at>, if no more than a comment follows; else <at> itself. */
static uint32_t line_end(const struct lint *lint, uint32_t at)
{
    struct span line = lint_whole_lines(lint, (struct span){at, at});
    struct str rest = lint_text(lint, (struct span){at, line.end});
    size_t blanks = 0;
    while (blanks < rest.len && (rest.ptr[blanks] == ' ' || rest.ptr[blanks] == '\t'))
        blanks++;
    bool is_comment = blanks && blanks < rest.len && rest.ptr[blanks] == '#';
    if (str_trim(rest).len && !is_comment)
        return at;
    rest = str_trim_suffix(str_trim_suffix(rest, STR("\n")), STR("\r"));
    return at + (uint32_t)(is_comment ? rest.len : 0);
}

static void insert(struct lint *lint, struct diag_note *fix, uint32_t at, struct str text)
{
    diag_fix_also(lint_diags(lint), fix, (struct span){at, at}, text);
}

/* Puts lines at the beginning of a line's block, which is made if there is none. */
static void insert_in_block(struct lint *lint, struct diag_note *fix, const struct node *line,
                            struct str lines)
{
    if (line->open) {
        insert(lint, fix, line_end(lint, line->open->span.end), lines);
        return;
    }
    uint32_t end = line->words[line->n_words - 1]->span.end;
    uint32_t below = line_end(lint, end);
    struct str indent = line_indent(lint, line);
    if (below == end) {
        insert(lint, fix, end,
               str_printf(lint->arena, " {" STR_FMT "\n" STR_FMT "}", STR_ARG(lines),
                          STR_ARG(indent)));
        return;
    }
    insert(lint, fix, end, STR(" {"));
    insert(lint, fix, below,
           str_printf(lint->arena, STR_FMT "\n" STR_FMT "}", STR_ARG(lines), STR_ARG(indent)));
}

/* Says in the transport of the proxy what the scheme said: false where a person must do it. */
static bool add_transport(struct lint *lint, struct diag_note *fix, const struct node *proxy,
                          const char *option)
{
    const struct node *transport = line_option(proxy, "transport");
    struct str indent = line_indent(lint, proxy), step = indent_step(lint, proxy);
    if (!transport) {
        struct str lines = str_printf(
            lint->arena,
            "\n" STR_FMT STR_FMT "transport http {\n" STR_FMT STR_FMT STR_FMT "%s\n" STR_FMT STR_FMT "}",
            STR_ARG(indent), STR_ARG(step), STR_ARG(indent), STR_ARG(step), STR_ARG(step), option,
            STR_ARG(indent), STR_ARG(step));
        insert_in_block(lint, fix, proxy, lines);
        return true;
    }
    struct str name = str_from(option), rest;
    str_cut(name, STR(" "), &name, &rest);
    for (const struct node *line = transport->body; line; line = line->next)
        if (str_is(name, "tls") && str_has_prefix(line_name(line), name))
            return true; /* every option of TLS switches it on */
    if (line_option(transport, "versions") && str_is(name, "versions"))
        return false;
    if (transport->words[0]->via != proxy->words[0]->via || !line_word(transport, 0) ||
        !token_is(line_word(transport, 0), "http"))
        return false;
    insert_in_block(lint, fix, transport,
                    str_printf(lint->arena, "\n" STR_FMT STR_FMT "%s",
                               STR_ARG(line_indent(lint, transport)), STR_ARG(step), option));
    return true;
}

/* --- the correction --- */

/* The compiler does not know where the address stands, and offers a plain %, which in a URL is for
 * dialtone alone. */
static void take_help_away(struct diag *diag)
{
    struct diag_note **note = &diag->notes;
    while (*note) {
        if ((*note)->kind == NOTE_HELP)
            *note = (*note)->next;
        else
            note = &(*note)->next;
    }
}

static void offer(struct lint *lint, struct diag *diag, const struct node *proxy,
                  const struct token *token)
{
    struct proxy_upstreams all = upstreams_of(lint, proxy);
    struct str dial = without_scheme(&all, token);
    if (!dial.ptr || !find_scheme(&all))
        return;
    bool is_tls = str_is(all.scheme, "https"), is_h2c = str_is(all.scheme, "h2c");
    if ((is_tls || is_h2c) && str_is(line_name(proxy), "php_fastcgi"))
        return; /* Caddy lets no `transport` stand there */
    take_help_away(diag);
    struct diag_note *fix =
        diag_fix(lint_diags(lint), diag, FIX_SAFE, token->span, dial,
                 is_tls   ? "name the network, and TLS apart"
                 : is_h2c ? "name the network, and the version of HTTP apart"
                          : "name the network");
    for (size_t i = 0; i < all.tokens.n && all.scheme.len; i++) {
        const struct token *other = all.tokens.at[i];
        struct str text = without_scheme(&all, other);
        if (other->span.begin == token->span.begin)
            continue;
        if (!text.ptr)
            fix->fix = FIX_SUGGEST;
        else if (!str_eq(text, other->text))
            diag_fix_also(lint_diags(lint), fix, other->span, text);
    }
    if ((is_tls || is_h2c) && !add_transport(lint, fix, proxy, is_tls ? "tls" : "versions h2c 2"))
        fix->fix = FIX_SUGGEST;
}

/* --- DT202 --- */

void check_zone_in_url(struct lint *lint, const struct node *line)
{
    const struct node *proxy = proxy_of(lint, line);
    const struct token *token;
    for (uint32_t i = 0; proxy && (token = line_argument(lint, line, i)); i++) {
        struct address address;
        address_scan(token->text, &address);
        if (!address.has_scheme || !address.is_zone_literal || address.is_zone_escaped ||
            address.problem != ADDRESS_FINE)
            continue;
        struct diag *diag = lint_report(
            lint, token, "Caddy cannot read this: in a URL it takes the zone's %% for an escape");
        diag_note(lint_diags(lint), diag,
                  "dialtone reads it; the form below works in any Caddy");
        offer(lint, diag, proxy, token);
    }
}

/* --- DT229 --- */

void check_zone_escaped(struct lint *lint, const struct node *line)
{
    const struct node *proxy = proxy_of(lint, line);
    const struct token *token;
    for (uint32_t i = 0; proxy && (token = line_argument(lint, line, i)); i++) {
        struct address address;
        address_scan(token->text, &address);
        if (!address.is_zone_escaped)
            continue;
        for (struct diag *diag = lint_diags(lint)->first; diag; diag = diag->next)
            if (diag->code == DIAG_ZONE_ESCAPED && diag->span.begin >= token->span.begin &&
                diag->span.end <= token->span.end && diag->via == token->via)
                offer(lint, diag, proxy, token);
    }
}
