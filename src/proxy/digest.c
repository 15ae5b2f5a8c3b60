/* Hashes: xxHash64 for rendezvous hashing, HMAC-SHA256 (RFC 2104, FIPS 180-4) for sticky cookies, and
 * SHA-256 for logs. */

#include "proxy/digest.h"

/* --- xxHash64 --- */

static const uint64_t prime1 = 0x9E3779B185EBCA87, prime2 = 0xC2B2AE3D27D4EB4F,
                      prime3 = 0x165667B19E3779F9, prime4 = 0x85EBCA77C2B2AE63,
                      prime5 = 0x27D4EB2F165667C5;

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static uint64_t round64(uint64_t acc, uint64_t input)
{
    return rotate(acc + input * prime2, 31) * prime1;
}

/* The byte at <i> of two texts laid end to end. */
static uint8_t byte_at(struct str a, struct str b, size_t i)
{
    return (uint8_t)(i < a.len ? a.ptr[i] : b.ptr[i - a.len]);
}

static uint64_t little_endian(struct str a, struct str b, size_t i, int n)
{
    uint64_t value = 0;
    for (int k = n - 1; k >= 0; k--)
        value = value << 8 | byte_at(a, b, i + (size_t)k);
    return value;
}

uint64_t digest_xxh64(struct str a, struct str b)
{
    size_t len = a.len + b.len, i = 0;
    uint64_t hash = prime5;
    if (len >= 32) {
        uint64_t lanes[4] = {prime1 + prime2, prime2, 0, -prime1};
        for (; i + 32 <= len; i += 32)
            for (int k = 0; k < 4; k++)
                lanes[k] = round64(lanes[k], little_endian(a, b, i + 8 * (size_t)k, 8));
        hash =
            rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) + rotate(lanes[3], 18);
        for (int k = 0; k < 4; k++)
            hash = (hash ^ round64(0, lanes[k])) * prime1 + prime4;
    }
    hash += len;
    for (; i + 8 <= len; i += 8)
        hash = rotate(hash ^ round64(0, little_endian(a, b, i, 8)), 27) * prime1 + prime4;
    for (; i + 4 <= len; i += 4)
        hash = rotate(hash ^ little_endian(a, b, i, 4) * prime1, 23) * prime2 + prime3;
    for (; i < len; i++)
        hash = rotate(hash ^ byte_at(a, b, i) * prime5, 11) * prime1;
    hash = (hash ^ hash >> 33) * prime2;
    hash = (hash ^ hash >> 29) * prime3;
    return hash ^ hash >> 32;
}

/* --- SHA-256 --- */

struct sha256 {
    uint32_t state[8];
    uint8_t block[64];
    uint64_t len;
};

static const uint32_t sha256_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t right(uint32_t x, int by)
{
    return x >> by | x << (32 - by);
}

static void sha256_block(struct sha256 *sha)
{
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)sha->block[4 * i] << 24 | (uint32_t)sha->block[4 * i + 1] << 16 |
               (uint32_t)sha->block[4 * i + 2] << 8 | sha->block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (right(a, 7) ^ right(a, 18) ^ a >> 3) + w[i - 7] +
               (right(b, 17) ^ right(b, 19) ^ b >> 10);
    }
    memcpy(s, sha->state, sizeof(s));
    for (int i = 0; i < 64; i++) {
        uint32_t mix = s[7] + (right(s[4], 6) ^ right(s[4], 11) ^ right(s[4], 25)) +
                       ((s[4] & s[5]) ^ (~s[4] & s[6])) + sha256_constants[i] + w[i];
        uint32_t sum = (right(s[0], 2) ^ right(s[0], 13) ^ right(s[0], 22)) +
                       ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof(*s));
        s[4] += mix;
        s[0] = mix + sum;
    }
    for (int i = 0; i < 8; i++)
        sha->state[i] += s[i];
}

static void sha256_add(struct sha256 *sha, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        sha->block[sha->len++ % 64] = bytes[i];
        if (sha->len % 64 == 0)
            sha256_block(sha);
    }
}

static struct sha256 sha256_start(void)
{
    return (struct sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                                     0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

static void sha256_finish(struct sha256 *sha, uint8_t out[32])
{
    static const uint8_t padding[64] = {0x80};
    uint64_t bits = sha->len * 8;
    uint8_t length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    sha256_add(sha, padding, 1 + (119 - sha->len % 64) % 64);
    sha256_add(sha, length, 8);
    for (int i = 0; i < 32; i++)
        out[i] = (uint8_t)(sha->state[i / 4] >> (24 - 8 * (i % 4)));
}

static void to_hex(const uint8_t bytes[32], char out[DIGEST_HEX_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < 32; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

void digest_sha256_hex(struct str message, char out[DIGEST_HEX_BYTES])
{
    struct sha256 sha = sha256_start();
    uint8_t bytes[32];
    sha256_add(&sha, message.ptr, message.len);
    sha256_finish(&sha, bytes);
    to_hex(bytes, out);
}

void digest_hmac_sha256_hex(struct str key, struct str message, char out[DIGEST_HEX_BYTES])
{
    uint8_t block[64] = {0}, inner[32], outer[32];
    struct sha256 sha;
    if (key.len > sizeof(block)) {
        sha = sha256_start();
        sha256_add(&sha, key.ptr, key.len);
        sha256_finish(&sha, block);
    } else if (key.len > 0) {
        memcpy(block, key.ptr, key.len);
    }
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] ^= 0x36;
    sha = sha256_start();
    sha256_add(&sha, block, sizeof(block));
    sha256_add(&sha, message.ptr, message.len);
    sha256_finish(&sha, inner);
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] ^= 0x36 ^ 0x5c;
    sha = sha256_start();
    sha256_add(&sha, block, sizeof(block));
    sha256_add(&sha, inner, sizeof(inner));
    sha256_finish(&sha, outer);
    to_hex(outer, out);
}
