/* Heads and chunks on their way out, built where they are sent from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes8.h"
#include "http/http_private.h"

enum { HEAD_ROOM_BYTES = 8 * 1024 }; /* that nearly every head has enough of */

void head_begin(struct head_writer *writer, struct stream *stream)
{
    writer->stream = stream;
    writer->heap = NULL;
    writer->begin = writer->at = stream_reserve(stream, HEAD_ROOM_BYTES);
    writer->end = writer->begin + HEAD_ROOM_BYTES;
}

void head_grow(struct head_writer *writer, size_t more)
{
    size_t len = (size_t)(writer->at - writer->begin), cap = 2 * (len + more);
    char *bigger = malloc(cap);
    if (!bigger) {
        fputs("dialtone: out of memory\n", stderr);
        abort();
    }
    if (len)
        memcpy(bigger, writer->begin, len);
    free(writer->heap);
    writer->begin = writer->heap = bigger;
    writer->at = bigger + len;
    writer->end = bigger + cap;
}

/* Copies a short text without a call: in words, the last of which may overlap the one before. */
static inline void copy_text(char *to, const char *from, size_t len)
{
    if (len > 64) {
        memcpy(to, from, len);
    } else if (len >= 16) {
        memcpy(to, from, 16);
        if (len > 32) {
            memcpy(to + 16, from + 16, 16);
            memcpy(to + len - 32, from + len - 32, 16);
        }
        memcpy(to + len - 16, from + len - 16, 16);
    } else if (len >= 8) {
        memcpy(to, from, 8);
        memcpy(to + len - 8, from + len - 8, 8);
    } else if (len >= 4) {
        memcpy(to, from, 4);
        memcpy(to + len - 4, from + len - 4, 4);
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

/* Several lines in one piece: they came as they are written, and were looked at when they came. */
static inline void head_lines(struct head_writer *writer, struct str lines)
{
    char *at = head_room(writer, lines.len + 2);
    copy_text(at, lines.ptr, lines.len);
    memcpy(at + lines.len, "\r\n", 2);
}

/* Lines that are one behind the other in memory, as those of a head that is passed on mostly are,
 * go out together. What was put between them, or left out, or made anew, ends such a run. */
void head_list(struct head_writer *writer, const struct http_headers *headers, uint64_t left_out)
{
    uint32_t i = 0;
    while (i < headers->n) {
        const struct http_header *header = &headers->at[i++];
        if (header_bit(header->id) & left_out)
            continue;
        if (!header_is_line(header)) {
            head_field(writer, header->name, header->value);
            continue;
        }
        const char *begin = header->name.ptr, *end = header->value.ptr + header->value.len;
        for (; i < headers->n; i++) {
            header = &headers->at[i];
            if (header->name.ptr != end + 2 || !header_is_line(header) ||
                (header_bit(header->id) & left_out))
                break;
            end = header->value.ptr + header->value.len;
        }
        head_lines(writer, str_make(begin, (size_t)(end - begin)));
    }
}

enum { MOST_DIGITS = 20 };

/* Puts the digits in front of <end>; where they begin. */
static inline char *put_digits(char *end, uint64_t number)
{
    do {
        *--end = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    return end;
}

void head_number(struct head_writer *writer, uint64_t number)
{
    char digits[MOST_DIGITS], *end = digits + sizeof(digits);
    const char *begin = put_digits(end, number);
    head_text(writer, str_make(begin, (size_t)(end - begin)));
}

void head_length(struct head_writer *writer, uint64_t length)
{
    char digits[MOST_DIGITS], *end = digits + sizeof(digits);
    const char *begin = put_digits(end, length);
    size_t n = (size_t)(end - begin);
    head_text(writer, STR("Content-Length: "));
    char *at = head_room(writer, n + 2);
    copy_text(at, begin, n);
    memcpy(at + n, "\r\n", 2);
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
    head_begin(&writer, stream);
    head_text(&writer, STR("0\r\n"));
    if (trailers)
        head_list(&writer, trailers, 0);
    head_text(&writer, STR("\r\n"));
    head_end(&writer);
}
