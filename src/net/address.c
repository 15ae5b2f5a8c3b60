/* Addresses of connection ends: kernel form, text form, zones as interface names. */
#include "net/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct address address_from(const struct sockaddr *sa, socklen_t len)
{
    struct address address = {.family = AF_UNSPEC};
    if (sa->sa_family == AF_INET && len >= sizeof(address.in)) {
        memcpy(&address.in, sa, sizeof(address.in));
    } else if (sa->sa_family == AF_INET6 && len >= sizeof(address.in6)) {
        struct sockaddr_in6 in6;
        memcpy(&in6, sa, sizeof(in6));
        if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
            address.in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = in6.sin6_port};
            memcpy(&address.in.sin_addr, in6.sin6_addr.s6_addr + 12, 4);
        } else {
            address.in6 = in6;
        }
    } else if (sa->sa_family == AF_UNIX) {
        address.family = AF_UNIX;
    }
    return address;
}

size_t address_host(const struct address *address, bool with_zone, char out[ADDRESS_TEXT_BYTES])
{
    out[0] = '\0';
    if (address->family == AF_UNIX) {
        strcpy(out, "@");
    } else if (address->family == AF_INET) {
        inet_ntop(AF_INET, &address->in.sin_addr, out, ADDRESS_TEXT_BYTES);
    } else if (address->family == AF_INET6) {
        inet_ntop(AF_INET6, &address->in6.sin6_addr, out, ADDRESS_TEXT_BYTES);
        unsigned scope = address->in6.sin6_scope_id;
        if (with_zone && scope) {
            size_t len = strlen(out);
            char name[IF_NAMESIZE];
            if (if_indextoname(scope, name))
                snprintf(out + len, ADDRESS_TEXT_BYTES - len, "%%%s", name);
            else
                snprintf(out + len, ADDRESS_TEXT_BYTES - len, "%%%u", scope);
        }
    }
    return strlen(out);
}

size_t address_text(const struct address *address, char out[ADDRESS_TEXT_BYTES])
{
    char host[ADDRESS_TEXT_BYTES];
    address_host(address, true, host);
    int len;
    if (address->family == AF_INET)
        len = snprintf(out, ADDRESS_TEXT_BYTES, "%.48s:%u", host, address_port(address));
    else if (address->family == AF_INET6)
        len = snprintf(out, ADDRESS_TEXT_BYTES, "[%.64s]:%u", host, address_port(address));
    else
        len = snprintf(out, ADDRESS_TEXT_BYTES, "%.64s", host);
    return (size_t)len;
}

uint16_t address_port(const struct address *address)
{
    if (address->family == AF_INET)
        return ntohs(address->in.sin_port);
    if (address->family == AF_INET6)
        return ntohs(address->in6.sin6_port);
    return 0;
}

unsigned address_zone_index(struct str zone)
{
    char name[IF_NAMESIZE];
    if (zone.len == 0 || zone.len >= sizeof(name) || memchr(zone.ptr, '\0', zone.len))
        return 0;
    memcpy(name, zone.ptr, zone.len);
    name[zone.len] = '\0';
    unsigned index = if_nametoindex(name);
    if (index)
        return index;
    for (size_t i = 0; i < zone.len; i++)
        if (name[i] < '0' || name[i] > '9')
            return 0;
    unsigned long number = strtoul(name, NULL, 10);
    return number <= INT32_MAX ? (unsigned)number : 0;
}

bool address_parse(struct str text, struct address *out)
{
    char host[INET6_ADDRSTRLEN + 1];
    if (text.len == 0 || text.len >= sizeof(host) || memchr(text.ptr, '\0', text.len))
        return false;
    memcpy(host, text.ptr, text.len);
    host[text.len] = '\0';
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, host, &out->in.sin_addr) == 1) {
        out->family = AF_INET;
        return true;
    }
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET6, host, &out->in6.sin6_addr) == 1) {
        out->family = AF_INET6;
        return true;
    }
    return false;
}
