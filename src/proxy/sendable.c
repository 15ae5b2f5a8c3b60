/* Texts that would end a line of a head, or begin another, are not sent. */

#include "proxy/sendable.h"

#include <stddef.h>
#include <string.h>

#include "base/parse.h"

static bool is_control(unsigned char c)
{
    return c < ' ' || c == 0x7f;
}

static bool has_only(struct str text, const char *more)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (!byte_is_alphanumeric(c) && (c == '\0' || !strchr(more, c)))
            return false;
    }
    return true;
}

bool sendable_token(struct str text)
{
    return text.len > 0 && has_only(text, "!#$%&'*+-.^_`|~");
}

bool sendable_value(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (is_control((unsigned char)text.ptr[i]) && text.ptr[i] != '\t')
            return false;
    return true;
}

bool sendable_target(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (is_control((unsigned char)text.ptr[i]))
            return false;
    return true;
}

bool sendable_host(struct str text)
{
    return has_only(text, "!$%&'()*+,-.:;=[]_~");
}
