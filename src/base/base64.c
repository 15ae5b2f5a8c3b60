/* Base64, strictly: nothing but the alphabet, padding only where it belongs. */
#include "base/base64.h"

#include "base/arena.h"
#include "base/parse.h"

bool base64_decode(struct arena *arena, struct str text, enum base64_form form, struct str *out)
{
    size_t padding = 0, n = 0;
    uint32_t bits = 0;
    int n_bits = 0;
    if (form == BASE64_PADDED && text.len % 4 != 0)
        return false;
    while (form == BASE64_PADDED && padding < 2 && text.len > 0 && text.ptr[text.len - 1] == '=') {
        text.len--;
        padding++;
    }
    if (text.len % 4 == 1)
        return false;
    char *bytes = arena_alloc(arena, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        int value = base64_digit(text.ptr[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        n_bits += 6;
        if (n_bits < 8)
            continue;
        n_bits -= 8;
        bytes[n++] = (char)(bits >> n_bits & 0xff);
    }
    if (form == BASE64_RAW && (bits & ((1u << n_bits) - 1)) != 0)
        return false;
    bytes[n] = '\0';
    *out = str_make(bytes, n);
    return true;
}
