/* Any bytes as a request head: parsed whole and byte by byte, both must agree; what is accepted has
 * a target and a framing that can be read. */
#include <stdint.h>
#include <stdlib.h>

#include "http/h1_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_HEADERS = 128 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size + H1_SLACK_BYTES);
    if (!bytes)
        return 0;
    memcpy(bytes, data, size);
    memset(bytes + size, ':', H1_SLACK_BYTES);
    bytes[size] = '\0';

    struct http_header headers[MOST_HEADERS], again[MOST_HEADERS];
    struct h1_head head = {.headers = headers, .cap = MOST_HEADERS};
    enum h1_result result = h1_parse_request(&head, bytes, size);

    struct h1_head slow = {.headers = again, .cap = MOST_HEADERS};
    enum h1_result step = H1_MORE;
    for (size_t n = 1; n <= size && step == H1_MORE; n++) {
        char kept = bytes[n];
        bytes[n] = '\0';
        step = h1_parse_request(&slow, bytes, n);
        bytes[n] = kept;
    }
    if (size && result == H1_DONE && (step != H1_DONE || slow.n != head.n || slow.len != head.len))
        abort();
    if (step == H1_DONE && result != H1_DONE)
        abort();
    if (result == H1_DONE) {
        struct h1_target target;
        struct h1_framing framing;
        if (head.len > size || head.target.len == 0)
            abort();
        if (h1_parse_target(head.method, head.target, &target) == H1_NO_PROBLEM &&
            h1_request_framing(&head, str_make("", 0), &framing) == H1_NO_PROBLEM &&
            framing.chunked && framing.content_length != HTTP_LENGTH_UNKNOWN)
            abort();
    }
    free(bytes);
    return 0;
}
