/* printf into a buffer. Each conversion goes to the C library by itself, but for texts with a length,
 * which the library would cut at a NUL byte. */
#include "base/str.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

static void add_printed(struct strbuf *buf, const char *conversion, ...)
{
    va_list args;
    va_start(args, conversion);
    strbuf_reserve(buf, 32);
    va_list again;
    va_copy(again, args);
    size_t room = buf->cap - buf->len;
    int len = vsnprintf(buf->ptr + buf->len, room, conversion, args);
    va_end(args);
    if (len < 0)
        arena_exhausted();
    if ((size_t)len >= room) {
        strbuf_reserve(buf, (size_t)len + 1);
        vsnprintf(buf->ptr + buf->len, (size_t)len + 1, conversion, again);
    }
    va_end(again);
    buf->len += (size_t)len;
}

enum length { LENGTH_INT, LENGTH_LONG, LENGTH_LONG_LONG, LENGTH_SIZE };

static void add_integer(struct strbuf *buf, const char *conversion, enum length length,
                        va_list *args)
{
    switch (length) {
    case LENGTH_INT:
        add_printed(buf, conversion, va_arg(*args, int));
        return;
    case LENGTH_LONG:
        add_printed(buf, conversion, va_arg(*args, long));
        return;
    case LENGTH_LONG_LONG:
        add_printed(buf, conversion, va_arg(*args, long long));
        return;
    case LENGTH_SIZE:
        add_printed(buf, conversion, va_arg(*args, size_t));
        return;
    }
}

/* Adds the conversion that <format> begins with, its '%' included, and returns what follows it. */
static const char *add_conversion(struct strbuf *buf, const char *format, va_list *args)
{
    char conversion[48];
    size_t n = 0;
    enum length length = LENGTH_INT;
    do {
        if (*format == '*')
            n += (size_t)snprintf(conversion + n, 12, "%d", va_arg(*args, int));
        else
            conversion[n++] = *format;
        if (*format == 'l')
            length = length == LENGTH_LONG ? LENGTH_LONG_LONG : LENGTH_LONG;
        else if (*format == 'z')
            length = LENGTH_SIZE;
        format++;
        assert(n < sizeof(conversion) - 16);
    } while (*format && strchr("-+ #.*0123456789lz", *format));
    conversion[n] = *format;
    conversion[n + 1] = '\0';
    if (*format == 's')
        add_printed(buf, conversion, va_arg(*args, const char *));
    else if (strchr("eEfFgG", *format))
        add_printed(buf, conversion, va_arg(*args, double));
    else if (*format == '%')
        strbuf_add(buf, STR("%"));
    else
        add_integer(buf, conversion, length, args);
    return format + 1;
}

void strbuf_vprintf(struct strbuf *buf, const char *format, va_list args)
{
    va_list left;
    va_copy(left, args);
    while (*format) {
        const char *percent = strchrnul(format, '%');
        strbuf_add(buf, str_make(format, (size_t)(percent - format)));
        format = percent;
        if (strncmp(format, STR_FMT, strlen(STR_FMT)) == 0) {
            int len = va_arg(left, int);
            const char *text = va_arg(left, const char *);
            strbuf_add(buf, str_make(text, (size_t)len));
            format += strlen(STR_FMT);
        } else if (*format) {
            format = add_conversion(buf, format, &left);
        }
    }
    va_end(left);
    strbuf_cstr(buf);
}
