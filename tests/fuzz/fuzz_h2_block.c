/* Any fields as a block of HTTP/2: what comes out of it must be safe to be sent on as HTTP/1. The
 * input is a kind, then pairs of length bytes, names and values. */
#include <stdint.h>
#include <stdlib.h>

#include "http/h2_block.h"
#include "http/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_one_line(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '\r' || text.ptr[i] == '\n' || text.ptr[i] == '\0')
            abort();
}

static void must_be_word(struct str text)
{
    must_be_one_line(text);
    if (text.len == 0 || str_index(text, ' ') >= 0 || str_index(text, '\t') >= 0)
        abort();
}

static void check_fields(const struct http_headers *headers)
{
    for (uint32_t i = 0; i < headers->n; i++) {
        const struct http_header *header = &headers->at[i];
        must_be_word(header->name);
        must_be_one_line(header->value);
        if (str_index(header->name, ':') >= 0 || header->id == HEADER_TRANSFER_ENCODING ||
            header->id == HEADER_CONNECTION || header->id != header_id_of(header->name))
            abort();
    }
}

static void check_request(struct h2_block *block, struct arena *arena,
                          const struct http_headers *headers, bool is_all)
{
    struct http_request request = {.arena = arena, .headers = *headers};
    unsigned n_hosts = 0, n_lengths = 0;
    if (h2_block_request(block, &request, is_all) != H2_FINE)
        return;
    must_be_word(request.method);
    must_be_word(request.target);
    must_be_one_line(request.path);
    must_be_one_line(request.query);
    must_be_one_line(request.host);
    check_fields(block->headers);
    for (uint32_t i = 0; i < block->headers->n; i++) {
        n_hosts += block->headers->at[i].id == HEADER_HOST;
        n_lengths += block->headers->at[i].id == HEADER_CONTENT_LENGTH;
    }
    if (n_hosts > 1 || n_lengths > 1 || (is_all && request.content_length != 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct http_headers headers = {.arena = &arena};
    struct h2_block block;
    if (size == 0)
        return 0;
    enum h2_block_kind kind = data[0] % 3;
    bool is_all = data[0] & 4;
    h2_block_begin(&block, kind, &headers, 16704);
    for (size_t at = 1; at + 2 <= size;) {
        size_t name_len = data[at], value_len = data[at + 1];
        at += 2;
        if (name_len > size - at)
            name_len = size - at;
        struct str name = str_make((const char *)data + at, name_len);
        at += name_len;
        if (value_len > size - at)
            value_len = size - at;
        h2_block_add(&block, name, str_make((const char *)data + at, value_len));
        at += value_len;
    }
    if (kind == H2_BLOCK_REQUEST) {
        check_request(&block, &arena, &headers, is_all);
    } else if (kind == H2_BLOCK_RESPONSE) {
        struct http_head head = {0};
        if (h2_block_response(&block, &head, is_all) == H2_FINE &&
            (head.status < 100 || head.status > 999))
            abort();
        if (block.problem == H2_FINE)
            check_fields(&headers);
    } else if (block.problem == H2_FINE) {
        check_fields(&headers);
    }
    arena_free(&arena);
    return 0;
}
