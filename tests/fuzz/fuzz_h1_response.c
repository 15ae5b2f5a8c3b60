/* Any bytes as a response head; the framing of what is accepted never reads past it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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
    struct http_header headers[MOST_HEADERS];
    struct h1_head head = {.headers = headers, .cap = MOST_HEADERS};
    if (h1_parse_response(&head, bytes, size) == H1_DONE) {
        struct h1_framing framing;
        if (head.len > size || head.status < 100 || head.status > 999)
            abort();
        h1_response_framing(&head, false, &framing);
        if (h1_response_framing(&head, true, &framing) == H1_NO_PROBLEM && framing.chunked &&
            framing.content_length > 0)
            abort();
    }
    struct h1_head trailers = {.headers = headers, .cap = MOST_HEADERS};
    h1_parse_trailers(&trailers, bytes, size);
    free(bytes);
    return 0;
}
