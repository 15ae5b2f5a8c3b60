/* Heads and chunks on their way out, built where they are sent from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes8.h"
#include "http/http_private.h"

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
    bytes_copy(at, name.ptr, name.len);
    at += name.len;
    memcpy(at, ": ", 2);
    at += 2;
    bytes_copy(at, value.ptr, value.len);
    if (may_have_line_ends(at, value.len))
        blank_line_ends(at, value.len);
    memcpy(at + value.len, "\r\n", 2);
}

/* Several lines in one piece: they came as they are written, and were looked at when they came.
 * <end>: behind the last one's CR LF, in place of which something else may be. */
static inline void head_lines(struct head_writer *writer, const char *begin, const char *end)
{
    size_t len = (size_t)(end - begin);
    char *at = head_room(writer, len);
    bytes_copy(at, begin, len - 2);
    memcpy(at + len - 2, "\r\n", 2);
}

/* Lines that are one behind the other in memory, as those of a head that is passed on mostly are,
 * go out together. What was put between them, or left out, or made anew, ends such a run. */
void head_list(struct head_writer *writer, struct str first, const struct http_headers *headers,
               uint64_t left_out)
{
    const char *begin = first.ptr, *end = begin ? begin + first.len : NULL; /* of the run */
    const struct http_header *header = headers->at;
    left_out &= headers->names;
    for (uint32_t n = headers->n; n > 0; n--, header++) {
        if (left_out && (header_bit(header->id) & left_out))
            continue;
        bool is_line = header_is_line(header);
        if (is_line && header->name.ptr == end) {
            end = header_line_end(header);
            continue;
        }
        if (begin)
            head_lines(writer, begin, end);
        begin = is_line ? header->name.ptr : NULL;
        end = is_line ? header_line_end(header) : NULL;
        if (!is_line)
            head_field(writer, header->name, header->value);
    }
    if (begin)
        head_lines(writer, begin, end);
}

void head_request_line(struct head_writer *writer, struct str method, struct str target)
{
    static const char version[] = " HTTP/1.1\r\n";
    char *at = head_room(writer, method.len + 1 + target.len + sizeof(version) - 1);
    bytes_copy(at, method.ptr, method.len);
    at += method.len;
    *at++ = ' ';
    bytes_copy(at, target.ptr, target.len);
    memcpy(at + target.len, version, sizeof(version) - 1);
}

/* Puts the digits at <at>; where they end. */
static inline char *put_number(char *at, uint64_t number)
{
    size_t n = 1;
    for (uint64_t least = 10; n < MOST_DIGITS && number >= least; least *= 10)
        n++;
    for (size_t i = n; i-- > 0; number /= 10)
        at[i] = (char)('0' + number % 10);
    return at + n;
}

void head_number(struct head_writer *writer, uint64_t number)
{
    char *at = head_room(writer, MOST_DIGITS);
    writer->at = put_number(at, number);
}

char *put_length(char *at, uint64_t length)
{
    static const char name[] = "Content-Length: ";
    memcpy(at, name, sizeof(name) - 1);
    at = put_number(at + sizeof(name) - 1, length);
    memcpy(at, "\r\n", 2);
    return at + 2;
}

void head_end_large(struct head_writer *writer)
{
    stream_write(writer->stream, str_make(writer->heap, (size_t)(writer->at - writer->begin)));
    free(writer->heap);
    writer->heap = NULL;
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
        head_list(&writer, (struct str){0}, trailers, 0);
    head_text(&writer, STR("\r\n"));
    head_end(&writer);
}
