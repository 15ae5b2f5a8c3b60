/* The line of version 1 of the PROXY protocol. It ends in a line feed, which no rule goes over. */
#include "net/proxy_header.h"

#include <arpa/inet.h>

/*!re2c
    re2c:define:YYCTYPE = "unsigned char";
    re2c:define:YYCURSOR = at;
    re2c:define:YYMARKER = marker;
    re2c:yyfill:enable = 0;
    re2c:sentinel = 10;
    re2c:flags:tags = 1;

    crlf = "\r\n";
    ip4  = [0-9.]+;
    ip6  = [0-9a-fA-F:.]+;
    port = "0" | [1-9] [0-9]{0,4};
*/

typedef const unsigned char *cursor;

/* An address of this family with a port of at most five digits. */
static bool read_end(sa_family_t family, cursor address, cursor address_end, cursor port,
                     struct address *out)
{
    unsigned number = 0;
    while (*port >= '0' && *port <= '9')
        number = number * 10 + (unsigned)(*port++ - '0');
    struct str text = str_make((const char *)address, (size_t)(address_end - address));
    if (number > 65535 || !address_parse(text, out) || out->family != family)
        return false;
    if (family == AF_INET)
        out->in.sin_port = htons((uint16_t)number);
    else
        out->in6.sin6_port = htons((uint16_t)number);
    *out = address_from((struct sockaddr *)&out->in6, sizeof(out->in6));
    return true;
}

bool proxy_header_line(struct str line, struct proxy_header *out)
{
    cursor at = (cursor)line.ptr, marker, a, b, c, d, e, f;
    sa_family_t family;
    /*!stags:re2c format = 'cursor @@;'; */
    /*!re2c
        "PROXY TCP4 " @a ip4 @b " " @c ip4 @d " " @e port " " @f port crlf {
            family = AF_INET;
            goto addresses;
        }
        "PROXY TCP6 " @a ip6 @b " " @c ip6 @d " " @e port " " @f port crlf {
            family = AF_INET6;
            goto addresses;
        }
        "PROXY UNKNOWN" (" " [^\r\n]*)? crlf { out->is_local = true; return true; }
        * { return false; }
    */
addresses:
    out->is_local = false;
    return read_end(family, a, b, e, &out->source) &&
           read_end(family, c, d, f, &out->destination);
}
