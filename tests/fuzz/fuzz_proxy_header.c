/* Any bytes as a PROXY header: no prefix of it is judged otherwise than it is, and what it says is
 * read again when it is written in either version. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* From memory of just that size, with the sentinel behind. */
static enum proxy_header_result parse(const uint8_t *data, size_t size, struct proxy_header *out)
{
    char *copy = malloc(size + 1);
    memcpy(copy, data, size);
    copy[size] = '\0';
    enum proxy_header_result result = proxy_header_parse(str_make(copy, size), out);
    free(copy);
    return result;
}

static bool same_address(const struct address *a, const struct address *b)
{
    char left[ADDRESS_TEXT_BYTES], right[ADDRESS_TEXT_BYTES];
    return address_text(a, left) == address_text(b, right) && strcmp(left, right) == 0;
}

static void write_and_read(int version, const struct proxy_header *header)
{
    char out[PROXY_HEADER_WRITTEN_BYTES + 1];
    struct proxy_header again;
    size_t len = proxy_header_write(version, &header->source, &header->destination, out);
    if (len > PROXY_HEADER_WRITTEN_BYTES)
        abort();
    if (parse((const uint8_t *)out, len, &again) != PROXY_HEADER_DONE || again.len != len)
        abort();
    if (header->source.family == AF_UNSPEC ? !again.is_local
                                           : !same_address(&header->source, &again.source) ||
                                                 !same_address(&header->destination,
                                                               &again.destination))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proxy_header whole, part;
    enum proxy_header_result result = parse(data, size, &whole);
    for (size_t n = 0; n <= size && n < 400; n++) {
        enum proxy_header_result early = parse(data, n, &part);
        bool is_open = early == PROXY_HEADER_MAYBE || early == PROXY_HEADER_PARTIAL;
        if (!is_open && (early != result || part.len != whole.len))
            abort();
        if (early == PROXY_HEADER_PARTIAL && result != PROXY_HEADER_PARTIAL &&
            result != PROXY_HEADER_BAD && result != PROXY_HEADER_DONE)
            abort();
    }
    if (result != PROXY_HEADER_DONE)
        return 0;
    if (whole.len > size || whole.len > PROXY_HEADER_BYTES)
        abort();
    if (!whole.is_local) {
        write_and_read(1, &whole);
        write_and_read(2, &whole);
    }
    return 0;
}
