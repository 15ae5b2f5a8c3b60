#ifndef DIALTONE_BASE_IP_H
#define DIALTONE_BASE_IP_H

#include "base/str.h"

struct arena;

enum ip_result {
    IP_OK,
    IP_NOT_AN_ADDRESS, /* neither dots nor colons: a name, perhaps */
    IP_MALFORMED,
    IP_LEADING_ZERO, /* 010.0.0.1 */
    IP_FIELD_RANGE,  /* 300.0.0.1, 12345:: */
    IP_TOO_SHORT,
    IP_TOO_LONG,
    IP_EMPTY_ZONE,
    IP_ZONE_ON_IPV4,
    IP_ZONE_IN_PREFIX,
    IP_BAD_PREFIX_LENGTH,
    N_IP_RESULTS
};
/* What is wrong, as the end of a sentence. */
const char *ip_result_text(enum ip_result result);

struct ip {
    bool is_v6;
    uint8_t bytes[16]; /* IPv4 uses the first four */
    struct str zone;   /* of IPv6; part of the parsed text; empty for none */
};

struct ip_prefix {
    struct ip ip;
    int bits;
};

/* Parses as Go's netip.ParseAddr: no brackets, no leading zeros, at most one `::`, a zone of any
 * text after `%` on IPv6. */
enum ip_result ip_parse(struct str text, struct ip *ip);
/* "10.0.0.0/8"; a zone is refused. */
enum ip_result ip_prefix_parse(struct str text, struct ip_prefix *prefix);
/* Canonical text (RFC 5952), with the zone; IPv4-mapped addresses keep their dots. */
struct str ip_format(struct arena *arena, struct ip ip);

/* The address of the network; bytes behind it are 0. */
void ip_prefix_mask(struct ip_prefix prefix, uint8_t bytes[16]);
bool ip_equal(struct ip a, struct ip b);
bool ip_prefix_contains(struct ip_prefix prefix, struct ip ip);
bool ip_is_loopback(struct ip ip);
bool ip_is_unspecified(struct ip ip);
bool ip_is_link_local(struct ip ip); /* unicast: 169.254.0.0/16, fe80::/10 */
bool ip_is_shared(struct ip ip);     /* RFC 6598, 100.64.0.0/10: providers, and overlay networks */
bool ip_is_private(struct ip ip);    /* RFC 1918 and fc00::/7, without loopback */

/* What Caddy puts in place of the word `private_ranges`; ends with NULL. */
extern const char *const ip_private_ranges[];

#endif
