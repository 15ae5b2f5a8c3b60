/* Heads and chunks on their way out, built where they are sent from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes8.h"
#include "http/http_private.h"

void head_begin(struct head_writer *writer, struct stream *stream, size_t bytes)
{
    memset(writer, 0, sizeof(*writer));
    writer->stream = stream;
    writer->begin = stream_reserve(stream, bytes);
    if (!writer->begin) {
        writer->begin = writer->heap = malloc(bytes);
        if (!writer->heap) {
            fputs("dialtone: out of memory\n", stderr);
            abort();
        }
    }
    writer->at = writer->begin;
    writer->end = writer->begin + bytes;
}

/* Where <bytes> more go, which head_begin was told of. */
static char *room_for(struct head_writer *writer, size_t bytes)
{
    char *at = writer->at;
    if (bytes > (size_t)(writer->end - at))
        abort(); /* the bound given to head_begin was wrong */
    writer->at = at + bytes;
    return at;
}

void head_text(struct head_writer *writer, struct str text)
{
    char *at = room_for(writer, text.len);
    if (text.len)
        memcpy(at, text.ptr, text.len);
}

static bool may_have_line_ends(const char *begin, size_t len)
{
    if (len < 8)
        return len > 0 &&
               (len < 4 || bytes4_have_control(begin) || bytes4_have_control(begin + len - 4));
    for (size_t i = 0; i + 8 <= len; i += 8)
        if (bytes8_have_control(begin + i))
            return true;
    return bytes8_have_control(begin + len - 8);
}

/* A value made of configuration and request must not become a second header. */
static void blank_line_ends(char *begin, size_t len)
{
    if (!may_have_line_ends(begin, len))
        return;
    for (size_t i = 0; i < len; i++)
        if (begin[i] == '\r' || begin[i] == '\n' || begin[i] == '\0')
            begin[i] = ' ';
}

void head_field(struct head_writer *writer, struct str name, struct str value)
{
    char *at = room_for(writer, name.len + value.len + 4);
    memcpy(at, name.ptr, name.len);
    at += name.len;
    *at++ = ':';
    *at++ = ' ';
    if (value.len) {
        memcpy(at, value.ptr, value.len);
        blank_line_ends(at, value.len);
    }
    at += value.len;
    *at++ = '\r';
    *at = '\n';
}

void head_number(struct head_writer *writer, uint64_t number)
{
    char digits[20];
    size_t n = sizeof(digits);
    do {
        digits[--n] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    head_text(writer, str_make(digits + n, sizeof(digits) - n));
}

void head_end(struct head_writer *writer)
{
    size_t len = (size_t)(writer->at - writer->begin);
    if (writer->heap) {
        stream_write(writer->stream, str_make(writer->heap, len));
        free(writer->heap);
        writer->heap = NULL;
    } else {
        stream_commit(writer->stream, len);
    }
}

size_t headers_bytes(const struct http_headers *headers)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < headers->n; i++)
        bytes += headers->at[i].name.len + headers->at[i].value.len + 4;
    return bytes;
}

void chunk_write(struct stream *stream, struct str data)
{
    char size[24];
    if (data.len == 0)
        return;
    int len = snprintf(size, sizeof(size), "%zx\r\n", data.len);
    struct str pieces[] = {str_make(size, (size_t)len), data, STR("\r\n")};
    stream_write_pieces(stream, pieces, 3);
}

void last_chunk_write(struct stream *stream, const struct http_headers *trailers)
{
    struct head_writer writer;
    head_begin(&writer, stream, 16 + (trailers ? headers_bytes(trailers) : 0));
    head_text(&writer, STR("0\r\n"));
    for (uint32_t i = 0; trailers && i < trailers->n; i++)
        head_field(&writer, trailers->at[i].name, trailers->at[i].value);
    head_text(&writer, STR("\r\n"));
    head_end(&writer);
}
