/* What is said of zones: each problem at its very characters, why it is one, and the address as it
 * should be written. */
#include "syntax/address.h"

#include "base/arena.h"
#include "syntax/diag.h"
#include "syntax/token.h"

struct check {
    struct diags *diags;
    struct arena *arena;
    const struct token *token;
    size_t offset; /* of the address in the token's text */
    const struct address *address;
    enum address_use use;
};

static size_t quote_length(const struct token *token)
{
    return token->quote == QUOTE_DOUBLE || token->quote == QUOTE_BACKTICK ? 1 : 0;
}

/* Whether the token's text stands in the source as it is: nothing was unescaped or filled in, so it
 * is as long as what was typed. */
static bool is_as_typed(const struct token *token)
{
    size_t typed = token->span.end - token->span.begin;
    return token->quote != QUOTE_HEREDOC && typed == token->text.len + 2 * quote_length(token);
}

/* Offsets in the text of a token that is not as typed mean nothing in the source. */
static struct span part_span(const struct check *check, size_t begin, size_t end)
{
    const struct token *token = check->token;
    if (!is_as_typed(token))
        return token->span;
    uint32_t base = token->span.begin + (uint32_t)(quote_length(token) + check->offset);
    return (struct span){base + (uint32_t)begin, base + (uint32_t)end};
}

/* The whole address in other words, and the token with it, so that the line can be shown. */
static void help_write(const struct check *check, struct diag *diag, struct str address)
{
    struct str before = str_slice(check->token->text, 0, check->offset);
    struct str after = str_slice(check->token->text, check->offset + check->address->text.len,
                                 check->token->text.len);
    const char *quote = check->token->quote == QUOTE_DOUBLE     ? "\""
                        : check->token->quote == QUOTE_BACKTICK ? "`"
                                                                : "";
    struct str whole = str_printf(check->arena, "%s" STR_FMT STR_FMT STR_FMT "%s", quote,
                                  STR_ARG(before), STR_ARG(address), STR_ARG(after), quote);
    bool shows_line = is_as_typed(check->token);
    diag_help(check->diags, diag, shows_line ? check->token->span : (struct span){0, 0},
              shows_line ? whole : (struct str){0}, "write " STR_FMT, STR_ARG(address));
}

/* scheme://, network/ or nothing, then [host%zone], then the port as it was written. */
static struct str compose(const struct check *check, struct str network, struct str host,
                          struct str zone)
{
    const struct address *address = check->address;
    struct strbuf text = strbuf_in(check->arena);
    if (address->has_scheme)
        strbuf_printf(&text, STR_FMT "://", STR_ARG(address->scheme));
    else if (network.len)
        strbuf_printf(&text, STR_FMT "/", STR_ARG(network));
    bool is_ipv6 = str_index(host, ':') >= 0;
    bool has_port = address->has_port && address->port.len > 0;
    bool brackets = is_ipv6 && (check->use == ADDRESS_UPSTREAM || has_port ||
                                address->has_brackets || address->has_scheme);
    strbuf_printf(&text, brackets ? "[" STR_FMT : STR_FMT, STR_ARG(host));
    if (zone.len)
        strbuf_printf(&text, "%%" STR_FMT, STR_ARG(zone));
    if (brackets)
        strbuf_add_char(&text, ']');
    if (has_port)
        strbuf_printf(&text, ":" STR_FMT, STR_ARG(address->port));
    return strbuf_str(&text);
}

static struct str zone_or_example(const struct check *check)
{
    const struct address *address = check->address;
    if (!address->has_zone || address->zone.len == 0 || address->problem == ADDRESS_ZONE_TOO_LONG ||
        address->problem == ADDRESS_ZONE_CHARACTER || address->problem == ADDRESS_ZONE_ZERO)
        return STR("eth0");
    return address_zone(check->arena, address);
}

static void help_corrected(const struct check *check, struct diag *diag)
{
    help_write(
        check, diag,
        compose(check, check->address->network, check->address->host, zone_or_example(check)));
}

static const char *verb(const struct check *check)
{
    return check->use == ADDRESS_LISTENER ? "bind(2)" : "connect(2)";
}

static const char *consequence(const struct check *check)
{
    return check->use == ADDRESS_LISTENER ? "the server would not start"
                                          : "every request would be answered with 502";
}

typedef void report_fn(const struct check *check, struct span at);

static void report_unclosed(const struct check *check, struct span at)
{
    struct diag *diag = diag_at(check->diags, DIAG_BRACKET_UNCLOSED, at, check->token->via,
                                "this '[' is never closed");
    help_corrected(check, diag);
}

static void report_missing(const struct check *check, struct span at)
{
    const struct address *address = check->address;
    struct diag *diag =
        diag_at(check->diags, DIAG_ZONE_MISSING, at, check->token->via,
                "link-local address '" STR_FMT "' needs a zone", STR_ARG(address->host));
    diag_note(check->diags, diag,
              "every interface has its own fe80::/10 network, so without the name of one %s fails "
              "with EINVAL and %s",
              verb(check), consequence(check));
    diag_note(check->diags, diag,
              "the zone is the interface that leads to the address: `ip -br link` lists them");
    help_corrected(check, diag);
}

static void report_empty(const struct check *check, struct span at)
{
    const struct address *address = check->address;
    struct diag *diag = diag_at(check->diags, DIAG_ZONE_EMPTY, at, check->token->via,
                                "no zone after '%s'", address->is_zone_escaped ? "%25" : "%");
    if (address->is_zone_escaped)
        diag_note(check->diags, diag,
                  "%%25 is how URLs once spelled the '%%' before a zone (RFC 6874), so this is not "
                  "interface number 25; name the interface instead");
    help_corrected(check, diag);
}

static void report_too_long(const struct check *check, struct span at)
{
    struct diag *diag = diag_at(check->diags, DIAG_ZONE_INVALID, at, check->token->via,
                                "zone '" STR_FMT "' is too long", STR_ARG(check->address->zone));
    diag_note(check->diags, diag, "an interface name has at most %d bytes (IFNAMSIZ)",
              ADDRESS_ZONE_MAX);
    help_corrected(check, diag);
}

static void report_character(const struct check *check, struct span at)
{
    const struct address *address = check->address;
    struct str bad = str_slice(address->text, address->problem_begin, address->problem_end);
    unsigned char byte = (unsigned char)bad.ptr[0];
    struct diag *diag;
    if (byte == ' ')
        diag = diag_at(check->diags, DIAG_ZONE_INVALID, at, check->token->via,
                       "a zone cannot contain blanks");
    else if (byte < ' ' || byte == 0x7f)
        diag = diag_at(check->diags, DIAG_ZONE_INVALID, at, check->token->via,
                       "a zone cannot contain control characters");
    else
        diag = diag_at(check->diags, DIAG_ZONE_INVALID, at, check->token->via,
                       "a zone cannot contain '" STR_FMT "'", STR_ARG(bad));
    diag_note(check->diags, diag,
              "a zone is the name or the number of an interface, and none is named like that");
    help_corrected(check, diag);
}

static void report_zero(const struct check *check, struct span at)
{
    struct diag *diag =
        diag_at(check->diags, DIAG_ZONE_INVALID, at, check->token->via, "zone 0 is no interface");
    diag_note(check->diags, diag,
              "interface numbers begin at 1; with 0 %s fails with EINVAL and %s", verb(check),
              consequence(check));
    help_corrected(check, diag);
}

static void report_on_ipv4(const struct check *check, struct span at)
{
    const struct address *address = check->address;
    struct diag *diag = diag_at(check->diags, DIAG_ZONE_ON_IPV4, at, check->token->via,
                                "an IPv4 address has no zone");
    diag_note(check->diags, diag, "zones belong to IPv6 addresses (RFC 4007)");
    help_write(check, diag, compose(check, address->network, address->host, STR("")));
}

static void report_on_name(const struct check *check, struct span at)
{
    const struct address *address = check->address;
    struct diag *diag =
        diag_at(check->diags, DIAG_ZONE_ON_HOST, at, check->token->via,
                "'" STR_FMT "' is not an IPv6 address, so it has no zone", STR_ARG(address->host));
    if (str_index(address->host, ':') >= 0) {
        diag_note(check->diags, diag, "the part before the '%%' is not a valid IPv6 address");
        return;
    }
    diag_note(check->diags, diag,
              "a zone is part of an IPv6 literal (RFC 4007); names that resolve to link-local "
              "addresses get theirs from the resolver");
    if (address->host.len)
        help_write(check, diag, compose(check, address->network, address->host, STR("")));
}

static void report_unbracketed(const struct check *check, struct span at)
{
    struct diag *diag = diag_at(check->diags, DIAG_ZONE_UNBRACKETED, at, check->token->via,
                                "an IPv6 address with a zone stands in brackets");
    help_corrected(check, diag);
}

static void report_network(const struct check *check, struct span at)
{
    const struct address *address = check->address;
    struct str network = str_trim(address->network);
    struct str family =
        str_printf(check->arena, STR_FMT "6", STR_ARG(str_slice(network, 0, network.len - 1)));
    struct diag *diag =
        diag_at(check->diags, DIAG_ZONE_NETWORK, at, check->token->via,
                "network '" STR_FMT "' cannot reach an IPv6 address with a zone", STR_ARG(network));
    diag_label(check->diags, diag,
               part_span(check, (size_t)(address->host.ptr - address->text.ptr),
                         (size_t)(address->zone.ptr + address->zone.len - address->text.ptr)),
               "an IPv6 address");
    help_write(check, diag, compose(check, family, address->host, zone_or_example(check)));
}

static report_fn *const reports[N_ADDRESS_PROBLEMS] = {
    [ADDRESS_BRACKET_UNCLOSED] = report_unclosed,
    [ADDRESS_ZONE_MISSING] = report_missing,
    [ADDRESS_ZONE_EMPTY] = report_empty,
    [ADDRESS_ZONE_TOO_LONG] = report_too_long,
    [ADDRESS_ZONE_CHARACTER] = report_character,
    [ADDRESS_ZONE_ZERO] = report_zero,
    [ADDRESS_ZONE_ON_IPV4] = report_on_ipv4,
    [ADDRESS_ZONE_ON_NAME] = report_on_name,
    [ADDRESS_ZONE_UNBRACKETED] = report_unbracketed,
    [ADDRESS_ZONE_NETWORK] = report_network,
};

/* Nothing is wrong, but something should be known. */
static void remark(const struct check *check)
{
    const struct address *address = check->address;
    size_t zone_begin = (size_t)(address->zone.ptr - address->text.ptr);
    size_t percent = zone_begin - (address->is_zone_escaped ? 3 : 1);
    if (address->kind == HOST_IPV6 && !ipv6_is_scoped(address->ip)) {
        struct diag *diag =
            diag_at(check->diags, DIAG_ZONE_ON_GLOBAL,
                    part_span(check, percent, zone_begin + address->zone.len), check->token->via,
                    "'" STR_FMT "' is not link-local and needs no zone", STR_ARG(address->host));
        diag_note(check->diags, diag,
                  "with a zone the address works on a node only where that interface exists");
        help_write(check, diag, compose(check, address->network, address->host, STR("")));
    }
    if (address->is_zone_escaped) {
        struct diag *diag =
            diag_at(check->diags, DIAG_ZONE_ESCAPED, part_span(check, percent, zone_begin),
                    check->token->via, "%%25 is the old spelling of the '%%' before a zone");
        diag_note(check->diags, diag, "RFC 9844 took it back; a plain '%%' is understood here");
        help_corrected(check, diag);
    }
}

bool address_check(struct diags *diags, const struct token *token, size_t offset, struct str text,
                   enum address_use use, struct address *address)
{
    address_scan(text, address);
    struct check check = {
        .diags = diags,
        .arena = diags->arena,
        .token = token,
        .offset = offset,
        .address = address,
        .use = use,
    };
    bool is_plain_bind = use == ADDRESS_LISTENER && address->problem == ADDRESS_ZONE_UNBRACKETED &&
                         !address->has_port;
    if (address->problem != ADDRESS_FINE && !is_plain_bind) {
        reports[address->problem](&check,
                                  part_span(&check, address->problem_begin, address->problem_end));
        return false;
    }
    if (address->has_zone)
        remark(&check);
    return true;
}
