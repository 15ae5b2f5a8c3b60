/* Any bytes as what a SOCKS 5 proxy answers: no answer is complete before the bytes it asks for are
 * there, and none asks for more than a message can hold. */
#include <stdlib.h>
#include <string.h>

#include "http/socks5.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* From memory of just that size. */
static enum socks5_result read_copy(enum socks5_step step, const uint8_t *data, size_t size,
                                    size_t *needed)
{
    uint8_t *copy = malloc(size + !size);
    if (size)
        memcpy(copy, data, size);
    enum socks5_result result = socks5_read(step, copy, size, needed);
    free(copy);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    enum socks5_step step = data[0] % 3;
    data++, size--;
    /* as the core reads: never more than was asked for */
    size_t have = 0, needed = 0;
    for (;;) {
        enum socks5_result result = read_copy(step, data, have, &needed);
        if (needed > SOCKS5_MESSAGE_BYTES)
            abort();
        if (result != SOCKS5_MORE) {
            if ((result == SOCKS5_NEXT || result == SOCKS5_ASKS) && have != needed)
                abort();
            return 0;
        }
        if (needed <= have)
            abort();
        if (needed > size)
            return 0;
        have = needed;
    }
}
