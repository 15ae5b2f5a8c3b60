/* IP literals and the texts that are made of a scanned address. The scanner itself is
 * grammar/address.re. */
#include "syntax/address.h"

#include "base/arena.h"
#include "base/parse.h"

#include <stdio.h>

static bool ipv4_parse(struct str text, uint8_t ip[4])
{
    size_t at = 0;
    for (int field = 0; field < 4; field++) {
        if (field && (at >= text.len || text.ptr[at++] != '.'))
            return false;
        size_t begin = at;
        unsigned value = 0;
        while (at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9' && at - begin < 4)
            value = value * 10 + (unsigned)(text.ptr[at++] - '0');
        size_t n_digits = at - begin;
        if (n_digits == 0 || value > 255 || (n_digits > 1 && text.ptr[begin] == '0'))
            return false;
        ip[field] = (uint8_t)value;
    }
    return at == text.len;
}

bool ipv4_is(struct str text)
{
    uint8_t ip[4];
    return ipv4_parse(text, ip);
}

/* One group of up to four hexadecimal digits; returns how many there are. */
static size_t read_group(struct str text, size_t at, unsigned *value)
{
    size_t n = 0;
    *value = 0;
    while (at + n < text.len && n < 5 && hex_digit(text.ptr[at + n]) >= 0) {
        *value = *value * 16 + (unsigned)hex_digit(text.ptr[at + n]);
        n++;
    }
    return n;
}

bool ipv6_parse(struct str text, uint8_t ip[16])
{
    uint8_t bytes[16] = {0};
    size_t n = 0, at = 0;
    size_t gap = 17; /* where "::" stands in bytes; 17: nowhere */

    if (str_has_prefix(text, STR("::"))) {
        gap = 0;
        at = 2;
    }
    while (at < text.len && n < 16) {
        unsigned value;
        size_t n_digits = read_group(text, at, &value);
        if (n_digits == 0 || n_digits > 4)
            return false;
        if (at + n_digits < text.len && text.ptr[at + n_digits] == '.') {
            bool fits = n == 12 || (gap < 17 && n < 12);
            if (!fits || !ipv4_parse(str_slice(text, at, text.len), bytes + n))
                return false;
            n += 4;
            at = text.len;
            break;
        }
        bytes[n++] = (uint8_t)(value >> 8);
        bytes[n++] = (uint8_t)value;
        at += n_digits;
        if (at == text.len)
            break;
        if (text.ptr[at++] != ':' || at == text.len)
            return false;
        if (text.ptr[at] == ':') {
            if (gap < 17)
                return false;
            gap = n;
            at++;
        }
    }
    if (at != text.len || (n < 16) != (gap < 17))
        return false;
    if (n < 16) {
        memmove(bytes + 16 - (n - gap), bytes + gap, n - gap);
        memset(bytes + gap, 0, 16 - n);
    }
    memcpy(ip, bytes, 16);
    return true;
}

struct str ipv6_format(const uint8_t ip[16], char out[IPV6_TEXT_MAX])
{
    static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};
    size_t len = 0;
    if (memcmp(ip, mapped_prefix, sizeof(mapped_prefix)) == 0) {
        len = (size_t)snprintf(out, IPV6_TEXT_MAX, "::ffff:%u.%u.%u.%u", ip[12], ip[13], ip[14],
                               ip[15]);
        return str_make(out, len);
    }

    /* RFC 5952 4.2: the longest run of two or more zero groups, the first of equals. */
    int best = -1, best_len = 1;
    for (int i = 0; i < 8; i++) {
        int run = 0;
        while (i + run < 8 && ip[(i + run) * 2] == 0 && ip[(i + run) * 2 + 1] == 0)
            run++;
        if (run > best_len) {
            best = i;
            best_len = run;
        }
        i += run > 0 ? run - 1 : 0;
    }
    for (int i = 0; i < 8; i++) {
        if (i == best) {
            len += (size_t)snprintf(out + len, IPV6_TEXT_MAX - len, "::");
            i += best_len - 1;
            continue;
        }
        const char *colon = i == 0 || i == best + best_len ? "" : ":";
        if (best < 0 && i > 0)
            colon = ":";
        len += (size_t)snprintf(out + len, IPV6_TEXT_MAX - len, "%s%x", colon,
                                (unsigned)(ip[i * 2] << 8 | ip[i * 2 + 1]));
    }
    return str_make(out, len);
}

bool ipv6_is_link_local(const uint8_t ip[16])
{
    return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

bool ipv6_is_scoped(const uint8_t ip[16])
{
    return ipv6_is_link_local(ip) || ip[0] == 0xff;
}

struct str address_zone(struct arena *arena, const struct address *address)
{
    struct str zone = address->zone;
    if (!address->has_scheme || !address->is_zone_escaped || str_index(zone, '%') < 0)
        return zone;
    struct strbuf plain = strbuf_in(arena);
    for (size_t i = 0; i < zone.len; i++) {
        if (zone.ptr[i] == '%' && i + 2 < zone.len && hex_digit(zone.ptr[i + 1]) >= 0 &&
            hex_digit(zone.ptr[i + 2]) >= 0) {
            int byte = hex_digit(zone.ptr[i + 1]) * 16 + hex_digit(zone.ptr[i + 2]);
            strbuf_add_char(&plain, (char)byte);
            i += 2;
        } else {
            strbuf_add_char(&plain, zone.ptr[i]);
        }
    }
    return strbuf_str(&plain);
}

/* The text with everything from the % to the end of the zone replaced. */
static struct str replace_zone(struct arena *arena, const struct address *address, struct str by)
{
    struct str text = address->text;
    size_t percent = (size_t)(address->host.ptr - text.ptr) + address->host.len;
    size_t end = (size_t)(address->zone.ptr - text.ptr) + address->zone.len;
    return str_printf(arena, STR_FMT STR_FMT STR_FMT, (int)percent, text.ptr, STR_ARG(by),
                      (int)(text.len - end), text.ptr + end);
}

struct str address_without_zone(struct arena *arena, const struct address *address)
{
    return address->has_zone ? replace_zone(arena, address, STR("")) : address->text;
}

struct str address_plain(struct arena *arena, const struct address *address)
{
    if (!address->is_zone_escaped)
        return address->text;
    struct str zone = address_zone(arena, address);
    return replace_zone(arena, address, str_printf(arena, "%%" STR_FMT, STR_ARG(zone)));
}

struct str address_dial(struct arena *arena, const struct address *address, struct str port)
{
    char text[IPV6_TEXT_MAX];
    struct str host = ipv6_format(address->ip, text);
    struct str zone = address_zone(arena, address);
    return str_printf(arena, "tcp6/[" STR_FMT "%%" STR_FMT "]:" STR_FMT, STR_ARG(host),
                      STR_ARG(zone), STR_ARG(port));
}
