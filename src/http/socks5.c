/* SOCKS 5: the three messages of a client, and what proxies answer to them. */
#include "http/socks5.h"

#include <string.h>

#include "net/address.h"

enum { VERSION = 5, LOGIN_VERSION = 1 };
enum { METHOD_NONE = 0, METHOD_LOGIN = 2 };
enum { COMMAND_CONNECT = 1 };
enum { KIND_IP4 = 1, KIND_NAME = 3, KIND_IP6 = 4 };
enum { HEAD_BYTES = 4, PORT_BYTES = 2 };

static enum socks5_result read_reply(const uint8_t *bytes, size_t len, size_t *needed)
{
    *needed = HEAD_BYTES + 1;
    if (len < *needed)
        return SOCKS5_MORE;
    if (bytes[0] != VERSION || bytes[2] != 0)
        return SOCKS5_BAD;
    if (bytes[1] != 0)
        return SOCKS5_REFUSED;
    switch (bytes[3]) {
    case KIND_IP4:
        *needed = HEAD_BYTES + 4 + PORT_BYTES;
        break;
    case KIND_IP6:
        *needed = HEAD_BYTES + 16 + PORT_BYTES;
        break;
    case KIND_NAME:
        *needed = HEAD_BYTES + 1 + (size_t)bytes[4] + PORT_BYTES;
        break;
    default:
        return SOCKS5_BAD;
    }
    return len < *needed ? SOCKS5_MORE : SOCKS5_NEXT;
}

enum socks5_result socks5_read(enum socks5_step step, const uint8_t *bytes, size_t len,
                               size_t *needed)
{
    if (step == SOCKS5_REPLY)
        return read_reply(bytes, len, needed);
    *needed = 2;
    if (len < *needed)
        return SOCKS5_MORE;
    if (bytes[0] != (step == SOCKS5_METHOD ? VERSION : LOGIN_VERSION))
        return SOCKS5_BAD;
    if (step == SOCKS5_METHOD && bytes[1] == METHOD_LOGIN)
        return SOCKS5_ASKS;
    return bytes[1] == METHOD_NONE ? SOCKS5_NEXT : SOCKS5_REFUSED;
}

size_t socks5_methods(bool has_login, uint8_t out[static SOCKS5_MESSAGE_BYTES])
{
    static const uint8_t one[] = {VERSION, 1, METHOD_NONE};
    static const uint8_t two[] = {VERSION, 2, METHOD_NONE, METHOD_LOGIN};
    size_t len = has_login ? sizeof(two) : sizeof(one);
    memcpy(out, has_login ? two : one, len);
    return len;
}

/* A text behind its length. */
static size_t put_text(uint8_t *out, struct str text)
{
    size_t len = text.len > SOCKS5_LONGEST ? SOCKS5_LONGEST : text.len;
    out[0] = (uint8_t)len;
    if (len)
        memcpy(out + 1, text.ptr, len);
    return len + 1;
}

size_t socks5_login(struct str user, struct str password,
                    uint8_t out[static SOCKS5_MESSAGE_BYTES])
{
    out[0] = LOGIN_VERSION;
    size_t len = 1 + put_text(out + 1, user);
    return len + put_text(out + len, password);
}

size_t socks5_connect(struct str host, uint16_t port, uint8_t out[static SOCKS5_MESSAGE_BYTES])
{
    struct address address;
    size_t len = HEAD_BYTES;
    out[0] = VERSION;
    out[1] = COMMAND_CONNECT;
    out[2] = 0;
    if (!address_parse(host, &address)) {
        out[3] = KIND_NAME;
        len += put_text(out + len, host);
    } else if (address.family == AF_INET) {
        out[3] = KIND_IP4;
        memcpy(out + len, &address.in.sin_addr, 4);
        len += 4;
    } else {
        out[3] = KIND_IP6;
        memcpy(out + len, &address.in6.sin6_addr, 16);
        len += 16;
    }
    out[len] = (uint8_t)(port >> 8);
    out[len + 1] = (uint8_t)port;
    return len + PORT_BYTES;
}
