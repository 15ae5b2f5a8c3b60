/* Heads and chunks on their way out, built where they are sent from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes8.h"
#include "http/http_private.h"

void head_begin(struct head_writer *writer, struct stream *stream, size_t bytes)
{
    writer->stream = stream;
    writer->heap = NULL;
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

/* Copies a short text without a call: in words, the last of which may overlap the one before. */
static inline void copy_text(char *to, const char *from, size_t len)
{
    if (len > 32) {
        memcpy(to, from, len);
    } else if (len >= 8) {
        uint64_t last = bytes8_load(from + len - 8);
        for (size_t i = 0; i + 8 < len; i += 8)
            memcpy(to + i, from + i, 8);
        memcpy(to + len - 8, &last, 8);
    } else if (len >= 4) {
        uint32_t first, last;
        memcpy(&first, from, 4);
        memcpy(&last, from + len - 4, 4);
        memcpy(to, &first, 4);
        memcpy(to + len - 4, &last, 4);
    } else {
        for (size_t i = 0; i < len; i++)
            to[i] = from[i];
    }
}

static inline bool may_have_line_ends(const char *begin, size_t len)
{
    if (len >= 8) {
        for (size_t i = 0; i + 8 < len; i += 8)
            if (bytes8_have_control(begin + i))
                return true;
        return bytes8_have_control(begin + len - 8);
    }
    if (len >= 4)
        return bytes4_have_control(begin) || bytes4_have_control(begin + len - 4);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)begin[i] < 0x20)
            return true;
    return false;
}

/* A value made of configuration and request must not become a second header. */
static __attribute__((cold, noinline)) void blank_line_ends(char *begin, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (begin[i] == '\r' || begin[i] == '\n' || begin[i] == '\0')
            begin[i] = ' ';
}

void head_field(struct head_writer *writer, struct str name, struct str value)
{
    char *at = head_room(writer, name.len + value.len + 4);
    copy_text(at, name.ptr, name.len);
    at += name.len;
    memcpy(at, ": ", 2);
    at += 2;
    copy_text(at, value.ptr, value.len);
    if (may_have_line_ends(at, value.len))
        blank_line_ends(at, value.len);
    memcpy(at + value.len, "\r\n", 2);
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
