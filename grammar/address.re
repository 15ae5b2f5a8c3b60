/* Upstream and listener addresses, zones included: re2c cuts the text into pieces, a few steps of
 * plain code put them in their places. Nothing is allocated and nothing can fail. */
#include "syntax/address.h"

enum piece_kind {
    PIECE_END,
    PIECE_SCHEME_END,  /* :// */
    PIECE_SLASH,
    PIECE_OPEN,        /* [ */
    PIECE_CLOSE,       /* ] */
    PIECE_COLON,
    PIECE_AT,
    PIECE_QUESTION,
    PIECE_HASH,
    PIECE_PERCENT,     /* %, or %25 where it can be the escape of one */
    PIECE_PLACEHOLDER, /* {…} */
    PIECE_TEXT
};

struct piece {
    enum piece_kind kind;
    size_t begin, end;
};

static struct piece next_piece(struct str text, size_t at)
{
    const char *cursor = text.ptr + at;
    const char *limit = text.ptr + text.len;
    const char *marker = cursor;
    struct piece piece = {PIECE_END, at, at};

#define TAKE(what) return piece.kind = (what), piece.end = (size_t)(cursor - text.ptr), piece

    /*!re2c
        re2c:api:style = free-form;
        re2c:flags:input = custom;
        re2c:define:YYCTYPE = "unsigned char";
        re2c:define:YYPEEK = "(cursor < limit ? (unsigned char)*cursor : 0)";
        re2c:define:YYSKIP = "++cursor;";
        re2c:define:YYBACKUP = "marker = cursor;";
        re2c:define:YYRESTORE = "cursor = marker;";
        re2c:define:YYLESSTHAN = "cursor >= limit";
        re2c:yyfill:enable = 0;
        re2c:eof = 0;

        special     = [:/[\]@?#%{];

        $                  { return piece; }
        "://"              { TAKE(PIECE_SCHEME_END); }
        ":"                { TAKE(PIECE_COLON); }
        "/"                { TAKE(PIECE_SLASH); }
        "["                { TAKE(PIECE_OPEN); }
        "]"                { TAKE(PIECE_CLOSE); }
        "@"                { TAKE(PIECE_AT); }
        "?"                { TAKE(PIECE_QUESTION); }
        "#"                { TAKE(PIECE_HASH); }
        "%" "25"?          { TAKE(PIECE_PERCENT); }
        "{" [^{}]* "}"     { TAKE(PIECE_PLACEHOLDER); }
        "{"                { TAKE(PIECE_TEXT); }
        ([^] \ special)+   { TAKE(PIECE_TEXT); }
        *                  { TAKE(PIECE_TEXT); }
    */
#undef TAKE
}

/* What a piece of each kind begins with. */
static const char first_bytes[] = {
    [PIECE_SCHEME_END] = ':', [PIECE_SLASH] = '/',   [PIECE_OPEN] = '[',
    [PIECE_CLOSE] = ']',      [PIECE_COLON] = ':',   [PIECE_PERCENT] = '%',
    [PIECE_PLACEHOLDER] = '{',
};

/* The first piece of <kind> in [begin, end), or one of kind PIECE_END at <end>. */
static struct piece find_piece(struct str text, size_t begin, size_t end, enum piece_kind kind)
{
    struct str within = str_slice(text, 0, end);
    if (str_index(str_slice(within, begin, end), first_bytes[kind]) < 0)
        return (struct piece){PIECE_END, end, end};
    for (struct piece piece = next_piece(within, begin); piece.kind != PIECE_END;
         piece = next_piece(within, piece.end))
        if (piece.kind == kind)
            return piece;
    return (struct piece){PIECE_END, end, end};
}

static bool has_piece(struct str text, enum piece_kind kind)
{
    return find_piece(text, 0, text.len, kind).kind == kind;
}

/* Keeps the first problem that is found. */
static void complain(struct address *address, enum address_problem problem, size_t begin,
                     size_t end)
{
    if (address->problem != ADDRESS_FINE)
        return;
    address->problem = problem;
    address->problem_begin = begin;
    address->problem_end = end;
}

static size_t offset_of(const struct address *address, struct str part)
{
    return (size_t)(part.ptr - address->text.ptr);
}

static void complain_about(struct address *address, enum address_problem problem, struct str part)
{
    size_t begin = offset_of(address, part);
    complain(address, problem, begin, begin + part.len);
}

static bool is_digits(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return text.len > 0;
}

static bool is_all(struct str text, char c)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != c)
            return false;
    return text.len > 0;
}

/* The value of a %XX escape at <at>, or -1. */
static int escape_at(struct str text, size_t at)
{
    if (at + 2 >= text.len || text.ptr[at] != '%')
        return -1;
    int value = 0;
    for (size_t i = at + 1; i <= at + 2; i++) {
        char c = text.ptr[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* Linux refuses '/', ':' and white space in interface names (dev_valid_name); a second '%' would be
 * read as the begin of the zone by half of the programs. */
static bool is_zone_byte(unsigned char c)
{
    return c > ' ' && c != 0x7f && c != '/' && c != ':' && c != '%';
}

static void check_zone(struct address *address)
{
    struct str zone = address->zone;
    size_t begin = offset_of(address, zone);
    size_t percent = begin - (address->is_zone_escaped ? 3 : 1);
    size_t n_bytes = 0;

    if (zone.len == 0) {
        complain(address, ADDRESS_ZONE_EMPTY, percent, begin);
        return;
    }
    for (size_t i = 0; i < zone.len;) {
        struct piece piece = next_piece(zone, i);
        if (piece.kind == PIECE_PLACEHOLDER) {
            address->is_zone_literal = false;
            i = piece.end;
            continue;
        }
        int escaped = address->has_scheme && address->is_zone_escaped ? escape_at(zone, i) : -1;
        size_t size = 1;
        if (escaped < 0)
            utf8_decode(zone, i, &size);
        else
            size = 3;
        unsigned char byte = escaped < 0 ? (unsigned char)zone.ptr[i] : (unsigned char)escaped;
        if (!is_zone_byte(byte)) {
            complain(address, ADDRESS_ZONE_CHARACTER, begin + i, begin + i + size);
            return;
        }
        n_bytes += escaped < 0 ? size : 1;
        i += size;
    }
    if (n_bytes > ADDRESS_ZONE_MAX)
        complain_about(address, ADDRESS_ZONE_TOO_LONG, zone);
    else if (is_all(zone, '0'))
        complain_about(address, ADDRESS_ZONE_ZERO, zone);
}

/* Splits host and zone at the first '%' outside of placeholders. */
static void split_zone(struct address *address, size_t begin, size_t end)
{
    struct piece percent = find_piece(address->text, begin, end, PIECE_PERCENT);
    address->host = str_slice(address->text, begin, percent.begin);
    address->zone = str_slice(address->text, end, end);
    if (percent.kind != PIECE_PERCENT)
        return;
    address->has_zone = address->is_zone_literal = true;
    struct str after = str_slice(address->text, percent.end, end);
    /* Without a scheme nothing is escaped, so %253 is interface 253; but nobody names an interface
     * "25eth0", and one who writes %25 alone has forgotten the zone. */
    address->is_zone_escaped =
        percent.end - percent.begin == 3 && (address->has_scheme || !is_digits(after));
    address->zone = str_slice(address->text, percent.begin + (address->is_zone_escaped ? 3 : 1), end);
}

static void classify_host(struct address *address)
{
    if (address->host.len == 0)
        address->kind = HOST_EMPTY;
    else if (has_piece(address->host, PIECE_PLACEHOLDER))
        address->kind = HOST_PLACEHOLDER;
    else if (ipv6_parse(address->host, address->ip))
        address->kind = HOST_IPV6;
    else if (ipv4_is(address->host))
        address->kind = HOST_IPV4;
    else
        address->kind = HOST_NAME;
}

static void take_port(struct address *address, size_t begin, size_t end)
{
    if (begin >= end || address->text.ptr[begin] != ':')
        return;
    address->has_port = true;
    address->port = str_slice(address->text, begin + 1, end);
}

/* [host%zone]:port in [begin, end). */
static void scan_bracketed(struct address *address, size_t begin, size_t end)
{
    address->has_brackets = true;
    struct piece close = find_piece(address->text, begin + 1, end, PIECE_CLOSE);
    if (close.kind != PIECE_CLOSE) {
        struct piece percent = find_piece(address->text, begin + 1, end, PIECE_PERCENT);
        close = find_piece(address->text, percent.end, end, PIECE_COLON);
        close.end = close.begin;
        /* Without a scheme and a zone Caddy takes an unclosed bracket for closed. */
        if (address->has_scheme || percent.kind == PIECE_PERCENT)
            complain(address, ADDRESS_BRACKET_UNCLOSED, begin, begin + 1);
    }
    split_zone(address, begin + 1, close.begin);
    classify_host(address);
    take_port(address, close.end, end);
}

/* host%zone:port in [begin, end). Several colons without brackets make an IPv6 address without a
 * port, or one that is misspelt; but after a zone the last one can only begin a port. */
static void scan_unbracketed(struct address *address, size_t begin, size_t end)
{
    struct str all = str_slice(address->text, begin, end);
    struct str host = str_slice(all, 0, find_piece(all, 0, all.len, PIECE_PERCENT).begin);
    size_t colon = find_piece(host, 0, host.len, PIECE_COLON).begin;
    bool is_ipv6 = ipv6_parse(host, address->ip);
    bool has_colons = str_index(host, ':') != str_last_index(host, ':');
    if ((is_ipv6 || has_colons) && host.len < all.len) {
        ptrdiff_t last = str_last_index(str_slice(all, host.len, all.len), ':');
        colon = last < 0 ? all.len : host.len + (size_t)last;
    } else if (is_ipv6) {
        colon = all.len;
    } else if (colon == host.len) {
        colon = find_piece(all, 0, all.len, PIECE_COLON).begin;
    }
    split_zone(address, begin, begin + colon);
    classify_host(address);
    take_port(address, begin + colon, end);
}

/* Percent-encoded bytes above ASCII are no zone: http://h%C3%A9 is a host name. */
static bool is_encoded_name(const struct address *address)
{
    struct str name = str_make(address->host.ptr,
                               (size_t)(address->zone.ptr + address->zone.len - address->host.ptr));
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] == '%' && escape_at(name, i) < 0x80)
            return false;
    return true;
}

static bool is_ipv4_network(struct str network)
{
    network = str_trim(network);
    return network.len > 0 && network.ptr[network.len - 1] == '4';
}

static void judge(struct address *address)
{
    if (!address->has_zone) {
        if (address->kind == HOST_IPV6 && ipv6_is_link_local(address->ip))
            complain_about(address, ADDRESS_ZONE_MISSING, address->host);
        return;
    }
    size_t percent = offset_of(address, address->host) + address->host.len;
    size_t zone_end = offset_of(address, address->zone) + address->zone.len;
    switch (address->kind) {
    case HOST_IPV4:
        complain(address, ADDRESS_ZONE_ON_IPV4, percent, zone_end);
        return;
    case HOST_EMPTY:
    case HOST_NAME:
        if (address->has_scheme && !address->has_brackets && is_encoded_name(address)) {
            address->host.len += zone_end - percent;
            address->zone = str_slice(address->text, zone_end, zone_end);
            address->has_zone = address->is_zone_escaped = address->is_zone_literal = false;
            return;
        }
        complain(address, ADDRESS_ZONE_ON_NAME, percent, zone_end);
        return;
    case HOST_IPV6:
        check_zone(address);
        if (!address->has_brackets)
            complain(address, ADDRESS_ZONE_UNBRACKETED, offset_of(address, address->host), zone_end);
        if (is_ipv4_network(address->network))
            complain_about(address, ADDRESS_ZONE_NETWORK, address->network);
        return;
    case HOST_PLACEHOLDER:
        if (address->has_brackets)
            check_zone(address);
        return;
    case HOST_PATH:
    case HOST_FD:
        return;
    }
}

/* Network prefix, as Caddy cuts it: at the first slash. A slash after a bracket is none. */
static size_t scan_network(struct address *address)
{
    struct str text = address->text;
    struct piece slash = find_piece(text, 0, text.len, PIECE_SLASH);
    if (slash.kind != PIECE_SLASH ||
        find_piece(text, 0, slash.begin, PIECE_OPEN).kind == PIECE_OPEN)
        return 0;
    address->has_network = true;
    address->network = str_slice(text, 0, slash.begin);
    return slash.end;
}

/* Takes path, query and fragment off; returns where the authority ends. */
static size_t scan_tail(struct address *address, size_t begin)
{
    struct str text = address->text;
    bool in_brackets = false;
    for (struct piece piece = next_piece(text, begin); piece.kind != PIECE_END;
         piece = next_piece(text, piece.end)) {
        if (piece.kind == PIECE_OPEN)
            in_brackets = find_piece(text, piece.end, text.len, PIECE_CLOSE).kind == PIECE_CLOSE;
        else if (piece.kind == PIECE_CLOSE)
            in_brackets = false;
        else if (!in_brackets && (piece.kind == PIECE_SLASH || piece.kind == PIECE_QUESTION ||
                                  piece.kind == PIECE_HASH)) {
            struct str *tail = piece.kind == PIECE_SLASH      ? &address->path
                               : piece.kind == PIECE_QUESTION ? &address->query
                                                              : &address->fragment;
            *tail = str_slice(text, piece.begin, text.len);
            return piece.begin;
        }
    }
    return text.len;
}

static size_t scan_userinfo(struct address *address, size_t begin, size_t end)
{
    struct str authority = str_slice(address->text, begin, end);
    ptrdiff_t at = str_last_index(authority, '@');
    if (at < 0)
        return begin;
    address->userinfo = str_slice(authority, 0, (size_t)at);
    return begin + (size_t)at + 1;
}

/* A host, a port, or both with a colon between them: most addresses are no more. */
static bool scan_plain(struct address *address)
{
    static const bool specials[256] = {[':'] = true, ['/'] = true, ['['] = true, [']'] = true,
                                       ['@'] = true, ['?'] = true, ['#'] = true, ['%'] = true,
                                       ['{'] = true};
    struct str text = address->text;
    size_t colon = text.len;
    for (size_t i = 0; i < text.len; i++) {
        if (!specials[(unsigned char)text.ptr[i]])
            continue;
        if (text.ptr[i] != ':' || colon < text.len)
            return false;
        colon = i;
    }
    address->host = str_slice(text, 0, colon);
    address->zone = str_slice(text, colon, colon);
    address->port = str_slice(text, text.len, text.len);
    address->kind = colon == 0 ? HOST_EMPTY : ipv4_is(address->host) ? HOST_IPV4 : HOST_NAME;
    take_port(address, colon, text.len);
    return true;
}

void address_scan(struct str text, struct address *address)
{
    *address = (struct address){.text = text.ptr ? text : STR("")};
    text = address->text;
    if (scan_plain(address))
        return;

    size_t begin = 0, end = text.len;
    struct piece scheme_end = find_piece(text, 0, text.len, PIECE_SCHEME_END);
    if (scheme_end.kind == PIECE_SCHEME_END) {
        address->has_scheme = true;
        address->scheme = str_slice(text, 0, scheme_end.begin);
        end = scan_tail(address, scheme_end.end);
        begin = scan_userinfo(address, scheme_end.end, end);
    } else {
        begin = scan_network(address);
        struct str network = str_trim(address->network);
        bool is_path = network.len >= 4 && str_eq_nocase(str_slice(network, 0, 4), STR("unix"));
        if (is_path || (network.len >= 2 && str_eq_nocase(str_slice(network, 0, 2), STR("fd")))) {
            address->host = str_slice(text, begin, end);
            address->kind = is_path ? HOST_PATH : HOST_FD;
            return;
        }
    }
    address->zone = address->port = str_slice(text, end, end);
    if (begin < end && text.ptr[begin] == '[')
        scan_bracketed(address, begin, end);
    else
        scan_unbracketed(address, begin, end);
    judge(address);
}
