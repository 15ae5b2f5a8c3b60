/* PROXY headers: version 2's bytes, which version it is, and how they are written. */
#include "net/proxy_header.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const char SIGNATURE_1[] = "PROXY";
static const char SIGNATURE_2[] = "\r\n\r\n\0\r\nQUIT\n";
enum { SIGNATURE_1_BYTES = sizeof(SIGNATURE_1) - 1, SIGNATURE_2_BYTES = sizeof(SIGNATURE_2) - 1 };

enum { COMMAND_LOCAL = 0x20, COMMAND_PROXY = 0x21 };

/* Families with their transports: id, byte, bytes of the addresses. */
#define FAMILIES(X)                                                                                \
    X(UNSPEC, 0x00, 0)                                                                             \
    X(TCP4, 0x11, 12)                                                                              \
    X(UDP4, 0x12, 12)                                                                              \
    X(TCP6, 0x21, 36)                                                                              \
    X(UDP6, 0x22, 36)                                                                              \
    X(UNIX_STREAM, 0x31, 216)                                                                      \
    X(UNIX_DATAGRAM, 0x32, 216)

#define X(id, byte, bytes) FAMILY_##id = byte,
enum family { FAMILIES(X) };
#undef X

/* False where the byte is not defined, which makes the header malformed (2.2). */
static bool address_bytes(uint8_t family, size_t *bytes)
{
#define X(id, byte, n) {byte, n},
    static const struct {
        uint8_t family;
        uint8_t bytes;
    } known[] = {FAMILIES(X)};
#undef X
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].family == family) {
            *bytes = known[i].bytes;
            return true;
        }
    return false;
}

static size_t shorter(size_t a, size_t b)
{
    return a < b ? a : b;
}

static struct address address_4(const char *ip, const char *port)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    memcpy(&in.sin_addr, ip, sizeof(in.sin_addr));
    memcpy(&in.sin_port, port, sizeof(in.sin_port));
    return address_from((struct sockaddr *)&in, sizeof(in));
}

static struct address address_6(const char *ip, const char *port)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    memcpy(&in6.sin6_addr, ip, sizeof(in6.sin6_addr));
    memcpy(&in6.sin6_port, port, sizeof(in6.sin6_port));
    return address_from((struct sockaddr *)&in6, sizeof(in6));
}

static void read_addresses(uint8_t family, const char *bytes, struct proxy_header *out)
{
    switch ((enum family)family) {
    case FAMILY_TCP4:
    case FAMILY_UDP4:
        out->source = address_4(bytes, bytes + 8);
        out->destination = address_4(bytes + 4, bytes + 10);
        break;
    case FAMILY_TCP6:
    case FAMILY_UDP6:
        out->source = address_6(bytes, bytes + 32);
        out->destination = address_6(bytes + 16, bytes + 34);
        break;
    case FAMILY_UNSPEC:
    case FAMILY_UNIX_STREAM:
    case FAMILY_UNIX_DATAGRAM:
        break;
    }
}

static enum proxy_header_result parse_2(struct str input, struct proxy_header *out)
{
    const unsigned char *bytes = (const unsigned char *)input.ptr;
    size_t at = SIGNATURE_2_BYTES, need = 0;
    if (input.len > at && bytes[at] != COMMAND_LOCAL && bytes[at] != COMMAND_PROXY)
        return PROXY_HEADER_BAD;
    if (input.len > at + 1 && (!address_bytes(bytes[at + 1], &need) ||
                               (bytes[at] == COMMAND_PROXY && bytes[at + 1] == FAMILY_UNSPEC)))
        return PROXY_HEADER_BAD;
    if (input.len < PROXY_HEADER_FIXED_BYTES)
        return PROXY_HEADER_PARTIAL;
    size_t payload = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
    /* LOCAL: its addresses count for nothing, so they may be missing (2.2) */
    bool is_local = bytes[at] == COMMAND_LOCAL;
    if (payload > PROXY_HEADER_PAYLOAD_BYTES || (payload < need && !is_local))
        return PROXY_HEADER_BAD;
    if (input.len < PROXY_HEADER_FIXED_BYTES + payload)
        return PROXY_HEADER_PARTIAL;
    out->len = PROXY_HEADER_FIXED_BYTES + payload;
    out->is_local = is_local;
    if (!is_local)
        read_addresses(bytes[at + 1], input.ptr + PROXY_HEADER_FIXED_BYTES, out);
    return PROXY_HEADER_DONE;
}

static enum proxy_header_result parse_1(struct str input, struct proxy_header *out)
{
    const char *end = memchr(input.ptr, '\n', shorter(input.len, PROXY_HEADER_LINE_BYTES));
    if (!end)
        return input.len < PROXY_HEADER_LINE_BYTES ? PROXY_HEADER_PARTIAL : PROXY_HEADER_BAD;
    struct str line = str_slice(input, 0, (size_t)(end + 1 - input.ptr));
    out->len = line.len;
    if (!proxy_header_line(line, out))
        return PROXY_HEADER_BAD;
    return PROXY_HEADER_DONE;
}

enum proxy_header_result proxy_header_parse(struct str input, struct proxy_header *out)
{
    *out = (struct proxy_header){0};
    if (input.len == 0)
        return PROXY_HEADER_MAYBE;
    if (memcmp(input.ptr, SIGNATURE_1, shorter(input.len, SIGNATURE_1_BYTES)) == 0)
        return input.len < SIGNATURE_1_BYTES ? PROXY_HEADER_MAYBE : parse_1(input, out);
    if (memcmp(input.ptr, SIGNATURE_2, shorter(input.len, SIGNATURE_2_BYTES)) == 0)
        return input.len < SIGNATURE_2_BYTES ? PROXY_HEADER_MAYBE : parse_2(input, out);
    return PROXY_HEADER_NONE;
}

/* ---- writing ---- */

static bool is_ip(const struct address *address)
{
    return address->family == AF_INET || address->family == AF_INET6;
}

/* An IPv4 address as IPv6 writes it. */
static struct in6_addr ip_6(const struct address *address)
{
    struct in6_addr ip = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
    if (address->family == AF_INET6)
        return address->in6.sin6_addr;
    memcpy(ip.s6_addr + 12, &address->in.sin_addr, sizeof(address->in.sin_addr));
    return ip;
}

static size_t write_1(const struct address *source, const struct address *destination, bool is_4,
                      char *out)
{
    char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
    if (is_4) {
        inet_ntop(AF_INET, &source->in.sin_addr, from, sizeof(from));
        inet_ntop(AF_INET, &destination->in.sin_addr, to, sizeof(to));
    } else {
        struct in6_addr a = ip_6(source), b = ip_6(destination);
        inet_ntop(AF_INET6, &a, from, sizeof(from));
        inet_ntop(AF_INET6, &b, to, sizeof(to));
    }
    return (size_t)snprintf(out, PROXY_HEADER_WRITTEN_BYTES, "PROXY TCP%c %s %s %u %u\r\n",
                            is_4 ? '4' : '6', from, to, address_port(source),
                            address_port(destination));
}

static size_t write_2(const struct address *source, const struct address *destination, bool is_4,
                      char *out)
{
    uint16_t ports[2] = {htons(address_port(source)), htons(address_port(destination))};
    char *at = out + SIGNATURE_2_BYTES;
    *at++ = COMMAND_PROXY;
    *at++ = is_4 ? FAMILY_TCP4 : FAMILY_TCP6;
    *at++ = 0;
    *at++ = is_4 ? 12 : 36;
    if (is_4) {
        memcpy(at, &source->in.sin_addr, 4);
        memcpy(at + 4, &destination->in.sin_addr, 4);
        at += 8;
    } else {
        struct in6_addr a = ip_6(source), b = ip_6(destination);
        memcpy(at, &a, sizeof(a));
        memcpy(at + sizeof(a), &b, sizeof(b));
        at += 2 * sizeof(a);
    }
    memcpy(at, ports, sizeof(ports));
    return (size_t)(at - out) + sizeof(ports);
}

size_t proxy_header_write(int version, const struct address *source,
                          const struct address *destination,
                          char out[static PROXY_HEADER_WRITTEN_BYTES])
{
    static const char unknown[] = "PROXY UNKNOWN\r\n";
    static const char local[] = {COMMAND_LOCAL, FAMILY_UNSPEC, 0, 0};
    bool has_addresses = is_ip(source) && is_ip(destination);
    bool is_4 = source->family == AF_INET && destination->family == AF_INET;
    if (version == 1 && has_addresses)
        return write_1(source, destination, is_4, out);
    if (version == 1) {
        memcpy(out, unknown, sizeof(unknown) - 1);
        return sizeof(unknown) - 1;
    }
    memcpy(out, SIGNATURE_2, SIGNATURE_2_BYTES);
    if (has_addresses)
        return write_2(source, destination, is_4, out);
    memcpy(out + SIGNATURE_2_BYTES, local, sizeof(local));
    return PROXY_HEADER_FIXED_BYTES;
}
