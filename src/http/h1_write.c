/* Heads and chunks on their way out, built where they are sent from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void head_text(struct head_writer *writer, struct str text)
{
    if (text.len > (size_t)(writer->end - writer->at))
        abort(); /* the bound given to head_begin was wrong */
    if (text.len)
        memcpy(writer->at, text.ptr, text.len);
    writer->at += text.len;
}

void head_field(struct head_writer *writer, struct str name, struct str value)
{
    head_text(writer, name);
    head_text(writer, STR(": "));
    char *begin = writer->at;
    head_text(writer, value);
    head_text(writer, STR("\r\n"));
    /* A value made of configuration and request must not become a second header. */
    for (size_t i = 0; i < value.len; i++)
        if (begin[i] == '\r' || begin[i] == '\n' || begin[i] == '\0')
            begin[i] = ' ';
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
