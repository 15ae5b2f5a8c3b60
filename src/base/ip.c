/* IPv4 and IPv6 addresses: reading, canonical writing, prefixes and the well-known ranges. */
#include "base/ip.h"

#include "base/arena.h"
#include "base/parse.h"

const char *const ip_private_ranges[] = {
    "192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8", "127.0.0.1/8", "fd00::/8", "::1", NULL,
};

const char *ip_result_text(enum ip_result result)
{
    switch (result) {
    case IP_OK:
        return "it is fine";
    case IP_NOT_AN_ADDRESS:
        return "it is no IP address";
    case IP_MALFORMED:
        return "it is malformed";
    case IP_LEADING_ZERO:
        return "a number in it begins with 0";
    case IP_FIELD_RANGE:
        return "a number in it is too large";
    case IP_TOO_SHORT:
        return "it is too short";
    case IP_TOO_LONG:
        return "it is too long";
    case IP_EMPTY_ZONE:
        return "its zone is empty";
    case IP_ZONE_ON_IPV4:
        return "only IPv6 addresses have zones";
    case IP_ZONE_IN_PREFIX:
        return "a range cannot have a zone";
    case IP_BAD_PREFIX_LENGTH:
        return "the length after '/' is wrong";
    case N_IP_RESULTS:
        break;
    }
    return "";
}

static enum ip_result parse_ipv4(struct str text, uint8_t fields[4])
{
    int value = 0, digits = 0, field = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c >= '0' && c <= '9') {
            if (digits == 1 && value == 0)
                return IP_LEADING_ZERO;
            value = value * 10 + (c - '0');
            digits++;
            if (value > 255)
                return IP_FIELD_RANGE;
        } else if (c == '.') {
            if (digits == 0 || i + 1 == text.len)
                return IP_MALFORMED;
            if (field == 3)
                return IP_TOO_LONG;
            fields[field++] = (uint8_t)value;
            value = digits = 0;
        } else {
            return c == '%' ? IP_ZONE_ON_IPV4 : IP_MALFORMED;
        }
    }
    if (field < 3 || digits == 0)
        return IP_TOO_SHORT;
    fields[3] = (uint8_t)value;
    return IP_OK;
}

/* The hexadecimal field at the front of <text>: its length in <len>. */
static enum ip_result parse_field(struct str text, uint32_t *value, size_t *len)
{
    *value = 0;
    for (*len = 0; *len < text.len && hex_digit(text.ptr[*len]) >= 0; ++*len) {
        if (*len > 3)
            return IP_FIELD_RANGE;
        *value = *value << 4 | (uint32_t)hex_digit(text.ptr[*len]);
    }
    return *len ? IP_OK : IP_MALFORMED;
}

/* Fills the gap that `::` at byte <gap> stands for. */
static enum ip_result expand_gap(uint8_t bytes[16], size_t filled, ptrdiff_t gap)
{
    if (filled == 16)
        return gap >= 0 ? IP_TOO_LONG : IP_OK;
    if (gap < 0)
        return IP_TOO_SHORT;
    size_t tail = filled - (size_t)gap;
    memmove(bytes + 16 - tail, bytes + gap, tail);
    memset(bytes + gap, 0, 16 - filled);
    return IP_OK;
}

static enum ip_result parse_ipv6(struct str text, uint8_t bytes[16])
{
    ptrdiff_t gap = -1;
    size_t n = 0;
    if (str_has_prefix(text, STR("::"))) {
        gap = 0;
        text = str_slice(text, 2, text.len);
        if (text.len == 0)
            return IP_OK;
    }
    while (n < 16) {
        uint32_t field;
        size_t len;
        enum ip_result result = parse_field(text, &field, &len);
        if (result != IP_OK)
            return result;
        if (len < text.len && text.ptr[len] == '.') {
            if (gap < 0 && n != 12)
                return IP_MALFORMED;
            if (n + 4 > 16)
                return IP_TOO_LONG;
            result = parse_ipv4(text, bytes + n);
            if (result != IP_OK)
                return result;
            n += 4;
            text.len = 0;
            break;
        }
        bytes[n++] = (uint8_t)(field >> 8);
        bytes[n++] = (uint8_t)field;
        text = str_slice(text, len, text.len);
        if (text.len == 0)
            break;
        if (text.ptr[0] != ':' || text.len == 1)
            return IP_MALFORMED;
        text = str_slice(text, 1, text.len);
        if (text.ptr[0] != ':')
            continue;
        if (gap >= 0)
            return IP_MALFORMED;
        gap = (ptrdiff_t)n;
        text = str_slice(text, 1, text.len);
        if (text.len == 0)
            break;
    }
    return text.len ? IP_TOO_LONG : expand_gap(bytes, n, gap);
}

enum ip_result ip_parse(struct str text, struct ip *ip)
{
    struct ip parsed = {0};
    enum ip_result result = IP_NOT_AN_ADDRESS;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '.') {
            result = parse_ipv4(text, parsed.bytes);
            break;
        }
        if (text.ptr[i] == ':') {
            struct str digits;
            parsed.is_v6 = true;
            if (str_cut(text, STR("%"), &digits, &parsed.zone) && parsed.zone.len == 0)
                return IP_EMPTY_ZONE;
            result = parse_ipv6(digits, parsed.bytes);
            break;
        }
        if (text.ptr[i] == '%')
            break;
    }
    if (result == IP_OK)
        *ip = parsed;
    return result;
}

enum ip_result ip_prefix_parse(struct str text, struct ip_prefix *prefix)
{
    struct ip_prefix parsed;
    ptrdiff_t slash = str_last_index(text, '/');
    if (slash < 0)
        return IP_BAD_PREFIX_LENGTH;
    enum ip_result result = ip_parse(str_slice(text, 0, (size_t)slash), &parsed.ip);
    if (result != IP_OK)
        return result;
    if (parsed.ip.zone.len)
        return IP_ZONE_IN_PREFIX;
    struct str bits = str_slice(text, (size_t)slash + 1, text.len);
    uint64_t n;
    if ((bits.len > 1 && bits.ptr[0] == '0') || parse_go_uint(bits, 64, &n) != PARSE_OK ||
        n > (parsed.ip.is_v6 ? 128 : 32))
        return IP_BAD_PREFIX_LENGTH;
    parsed.bits = (int)n;
    *prefix = parsed;
    return IP_OK;
}

static uint32_t field_of(const struct ip *ip, int i)
{
    return (uint32_t)ip->bytes[2 * i] << 8 | ip->bytes[2 * i + 1];
}

static bool is_mapped_v4(const struct ip *ip)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    return ip->is_v6 && memcmp(ip->bytes, prefix, sizeof(prefix)) == 0;
}

static void format_ipv6(struct strbuf *out, const struct ip *ip)
{
    int gap_begin = 8, gap_end = 8; /* the first longest run of zeros, of two or more */
    for (int i = 0; i < 8; i++) {
        int end = i;
        while (end < 8 && field_of(ip, end) == 0)
            end++;
        if (end - i >= 2 && end - i > gap_end - gap_begin) {
            gap_begin = i;
            gap_end = end;
        }
    }
    for (int i = 0; i < 8; i++) {
        if (i == gap_begin) {
            strbuf_puts(out, "::");
            i = gap_end;
            if (i >= 8)
                break;
        } else if (i > 0) {
            strbuf_add_char(out, ':');
        }
        strbuf_printf(out, "%x", field_of(ip, i));
    }
}

struct str ip_format(struct arena *arena, struct ip ip)
{
    struct strbuf out = strbuf_in(arena);
    if (!ip.is_v6 || is_mapped_v4(&ip)) {
        const uint8_t *b = ip.is_v6 ? ip.bytes + 12 : ip.bytes;
        strbuf_printf(&out, "%s%d.%d.%d.%d", ip.is_v6 ? "::ffff:" : "", b[0], b[1], b[2], b[3]);
    } else {
        format_ipv6(&out, &ip);
    }
    if (ip.zone.len) {
        strbuf_add_char(&out, '%');
        strbuf_add(&out, ip.zone);
    }
    strbuf_cstr(&out);
    return strbuf_str(&out);
}

void ip_prefix_mask(struct ip_prefix prefix, uint8_t bytes[16])
{
    int size = prefix.ip.is_v6 ? 16 : 4;
    memset(bytes, 0, 16);
    for (int i = 0; i < size; i++) {
        int left = prefix.bits - i * 8;
        uint8_t mask = left >= 8 ? 0xff : left <= 0 ? 0 : (uint8_t)(0xff << (8 - left));
        bytes[i] = prefix.ip.bytes[i] & mask;
    }
}

bool ip_equal(struct ip a, struct ip b)
{
    return a.is_v6 == b.is_v6 && memcmp(a.bytes, b.bytes, a.is_v6 ? 16 : 4) == 0 &&
           str_eq(a.zone, b.zone);
}

bool ip_prefix_contains(struct ip_prefix prefix, struct ip ip)
{
    if (prefix.ip.is_v6 != ip.is_v6)
        return false;
    int whole = prefix.bits / 8, rest = prefix.bits % 8;
    if (memcmp(prefix.ip.bytes, ip.bytes, (size_t)whole) != 0)
        return false;
    return rest == 0 || (prefix.ip.bytes[whole] ^ ip.bytes[whole]) >> (8 - rest) == 0;
}

static bool is_in(struct ip ip, const char *range)
{
    struct ip_prefix prefix;
    if (is_mapped_v4(&ip)) {
        ip.is_v6 = false;
        memmove(ip.bytes, ip.bytes + 12, 4);
    }
    return ip_prefix_parse(str_from(range), &prefix) == IP_OK && ip_prefix_contains(prefix, ip);
}

bool ip_is_loopback(struct ip ip)
{
    return is_in(ip, "127.0.0.0/8") || is_in(ip, "::1/128");
}

bool ip_is_unspecified(struct ip ip)
{
    static const uint8_t zeros[16];
    return memcmp(ip.bytes, zeros, ip.is_v6 ? 16 : 4) == 0;
}

bool ip_is_link_local(struct ip ip)
{
    return is_in(ip, "169.254.0.0/16") || is_in(ip, "fe80::/10");
}

bool ip_is_shared(struct ip ip)
{
    return is_in(ip, "100.64.0.0/10");
}

bool ip_is_private(struct ip ip)
{
    return is_in(ip, "10.0.0.0/8") || is_in(ip, "172.16.0.0/12") || is_in(ip, "192.168.0.0/16") ||
           is_in(ip, "fc00::/7");
}
