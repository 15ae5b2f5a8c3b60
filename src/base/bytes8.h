#ifndef DIALTONE_BASE_BYTES8_H
#define DIALTONE_BASE_BYTES8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Questions to eight bytes at once, for scanners that nearly always hear the same answer. */

#define BYTES8_ALL(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t bytes8_load(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

/* The first byte is the lowest, so that the flags of those behind it cannot reach it. */
static inline uint64_t bytes8_load_little(const char *bytes)
{
    uint64_t word = bytes8_load(bytes);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* True where one of them may be below 0x20; sure to be true where one is. */
static inline bool bytes8_have_control(const char *bytes)
{
    uint64_t word = bytes8_load(bytes);
    return ((word - BYTES8_ALL(0x20)) & ~word & BYTES8_ALL(0x80)) != 0;
}

/* The same of four bytes. */
static inline bool bytes4_have_control(const char *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof(word));
    return ((word - 0x20202020u) & ~word & 0x80808080u) != 0;
}

/* Copies a text, mostly a short one, without a call: in words, the last of which may overlap the
 * one before. */
static inline void bytes_copy(char *to, const char *from, size_t len)
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

/* Whether two short texts are the same, without a call: in words, the last of which may overlap the
 * one before. */
static inline bool bytes_equal(const char *a, const char *b, size_t len)
{
    size_t i = 0;
    if (len < 8) {
        while (i < len && a[i] == b[i])
            i++;
        return i == len;
    }
    for (; i + 8 < len; i += 8)
        if (bytes8_load(a + i) != bytes8_load(b + i))
            return false;
    return bytes8_load(a + len - 8) == bytes8_load(b + len - 8);
}

/* A-Z become a-z, where the bytes are. */
static inline void bytes_lower(char *bytes, size_t len)
{
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t word = bytes8_load(bytes + i), low = word & BYTES8_ALL(0x7F);
        uint64_t from_a = low + BYTES8_ALL(0x80 - 'A'), past_z = low + BYTES8_ALL(0x7F - 'Z');
        word |= (from_a & ~past_z & ~word & BYTES8_ALL(0x80)) >> 2;
        memcpy(bytes + i, &word, sizeof(word));
    }
    for (; i < len; i++)
        if (bytes[i] >= 'A' && bytes[i] <= 'Z')
            bytes[i] = (char)(bytes[i] | 0x20);
}

#endif
