#ifndef DIALTONE_SYNTAX_ADDRESS_H
#define DIALTONE_SYNTAX_ADDRESS_H

#include <stdbool.h>

#include "base/str.h"

struct arena;
struct diag;
struct diags;
struct token;

enum address_host {
    HOST_EMPTY,
    HOST_NAME,
    HOST_IPV4,
    HOST_IPV6,
    HOST_PLACEHOLDER, /* holds a {placeholder}: known only at run time */
    HOST_PATH,        /* unix…/path */
    HOST_FD           /* fd…/3 */
};

/* What is wrong with an address as far as zones (RFC 4007) go. Everything else is the business of
 * whoever reads the address the way Caddy does. */
enum address_problem {
    ADDRESS_FINE,
    ADDRESS_BRACKET_UNCLOSED,
    ADDRESS_ZONE_MISSING, /* a link-local address that names no interface */
    ADDRESS_ZONE_EMPTY,
    ADDRESS_ZONE_TOO_LONG,  /* Linux: 15 bytes */
    ADDRESS_ZONE_CHARACTER, /* one that no interface name has */
    ADDRESS_ZONE_ZERO,      /* interface number 0 is no interface */
    ADDRESS_ZONE_ON_IPV4,
    ADDRESS_ZONE_ON_NAME,
    ADDRESS_ZONE_UNBRACKETED,
    ADDRESS_ZONE_NETWORK, /* tcp4/ and the like */
    N_ADDRESS_PROBLEMS
};

#define ADDRESS_ZONE_MAX 15 /* IFNAMSIZ less the NUL */

/* An address taken apart. All texts are slices of <text>; an empty one may still tell by its .ptr
 * where it would stand. */
struct address {
    struct str text;
    struct str scheme;   /* before :// */
    struct str network;  /* before the first / of an address without a scheme */
    struct str userinfo; /* before @, with a scheme only */
    struct str host;     /* without brackets and zone */
    struct str zone;     /* as written after % or %25 */
    struct str port;     /* after the last colon: a number, a range, a placeholder, or nonsense */
    struct str path, query, fragment; /* with their leading / ? #; with a scheme only */
    enum address_host kind;
    bool has_scheme, has_network, has_brackets, has_port;
    bool has_zone;        /* there is a % where a zone begins */
    bool is_zone_escaped; /* that % is spelled %25 */
    bool is_zone_literal; /* has a zone, and no placeholder in it */
    uint8_t ip[16];       /* HOST_IPV6: the address */
    enum address_problem problem;
    size_t problem_begin, problem_end; /* offsets in <text> */
};

/* Takes <text> apart; never fails, allocates nothing. Where the text has several problems the first
 * that matters is reported. */
void address_scan(struct str text, struct address *address);

/* IPv6 text as Go's netip reads it, without brackets and zone. */
bool ipv6_parse(struct str text, uint8_t ip[16]);
/* Four decimal numbers without leading zeros. */
bool ipv4_is(struct str text);
#define IPV6_TEXT_MAX 46
/* The canonical text of RFC 5952, in <out>; returns it as a str. */
struct str ipv6_format(const uint8_t ip[16], char out[IPV6_TEXT_MAX]);
bool ipv6_is_link_local(const uint8_t ip[16]); /* fe80::/10: has meaning only with a zone */
bool ipv6_is_scoped(const uint8_t ip[16]);     /* link-local or multicast: a zone makes sense */

/* The zone with the escapes of RFC 6874 undone. */
struct str address_zone(struct arena *arena, const struct address *address);
/* The text without its zone (and without the % before it). */
struct str address_without_zone(struct arena *arena, const struct address *address);
/* The text with its zone spelled plainly, %25 become %; the text itself where nothing changes. */
struct str address_plain(struct arena *arena, const struct address *address);
/* "tcp6/[<canonical address>%<zone>]:<port>"; of an address with a zone on IPv6. */
struct str address_dial(struct arena *arena, const struct address *address, struct str port);

/* Where an address stands: it decides what is reported, and what the messages recommend. */
enum address_use {
    ADDRESS_UPSTREAM, /* dialled; a missing port is 80, or 443 with https:// */
    ADDRESS_LISTENER  /* bound to; needs no brackets where it has no port */
};

/* Scans <text>, which is the part of <token> that begins <offset> bytes into its text, and reports
 * every problem with its zone on the very characters, with what to write instead; also warns of
 * zones that have no effect and of old spellings. False after an error. <address> is filled in
 * either way. */
bool address_check(struct diags *diags, const struct token *token, size_t offset, struct str text,
                   enum address_use use, struct address *address);

#endif
