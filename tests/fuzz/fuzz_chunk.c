/* Any bytes as a chunked body: decoded at once and byte by byte, the data and the verdict agree, and
 * the decoder always moves on. */
#include <stdint.h>
#include <stdlib.h>

#include "http/h1_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    enum h1_chunk end;
    uint64_t data_bytes, hash;
};

static void feed(struct h1_chunked *decoder, struct str input, struct outcome *out)
{
    while (out->end == H1_CHUNK_MORE) {
        struct str piece = {0}, before = input;
        enum h1_chunk kind = h1_chunk_next(decoder, &input, &piece);
        if (kind == H1_CHUNK_MORE)
            return;
        if (kind == H1_CHUNK_END || kind == H1_CHUNK_BAD) {
            out->end = kind;
            return;
        }
        if (input.len >= before.len || piece.len > before.len)
            abort();
        for (size_t i = 0; kind == H1_CHUNK_DATA && i < piece.len; i++, out->data_bytes++)
            out->hash = (out->hash ^ (unsigned char)piece.ptr[i]) * 0x100000001b3u;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct h1_chunked fast = {0}, slow = {0};
    struct outcome whole = {.end = H1_CHUNK_MORE}, bytewise = {.end = H1_CHUNK_MORE};
    feed(&fast, str_make((const char *)data, size), &whole);
    for (size_t i = 0; i < size && bytewise.end == H1_CHUNK_MORE; i++)
        feed(&slow, str_make((const char *)data + i, 1), &bytewise);
    if (whole.end == H1_CHUNK_END &&
        (bytewise.end != H1_CHUNK_END || bytewise.data_bytes != whole.data_bytes ||
         bytewise.hash != whole.hash))
        abort();
    return 0;
}
