#ifndef DIALTONE_BASE_BYTES16_H
#define DIALTONE_BASE_BYTES16_H

#include "base/bytes8.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Questions to sixteen bytes at once. Each answer is a mask: its lowest bit is the first byte's.
 * Where there is no SSE2 two words of eight bytes answer them; these forms are compiled everywhere,
 * so that tests can hold one against the other. */

enum { BYTES16_ALL = 0xFFFF };

/* The highest bit of those bytes of <word> that are within <first>..<last>, all three in ASCII. */
static inline uint64_t word8_within(uint64_t word, unsigned char first, unsigned char last)
{
    uint64_t low = word & BYTES8_ALL(0x7F);
    uint64_t from_first = low + BYTES8_ALL(0x80u - first),
             past_last = low + BYTES8_ALL(0x7Fu - last);
    return from_first & ~past_last & ~word & BYTES8_ALL(0x80);
}

/* A mask of eight bits, of the highest bits of eight bytes. */
static inline unsigned word8_mask(uint64_t flags)
{
    return (unsigned)((flags >> 7) * UINT64_C(0x0102040810204080) >> 56);
}

static inline uint64_t word8_colons(uint64_t word)
{
    return word8_within(word, ':', ':');
}
static inline uint64_t word8_controls(uint64_t word)
{
    return word8_within(word, 0, 0x1F) | word8_within(word, 0x7F, 0x7F);
}
static inline uint64_t word8_hidden(uint64_t word)
{
    return ~word8_within(word, 0x21, 0x7E) & BYTES8_ALL(0x80);
}
static inline uint64_t word8_words(uint64_t word)
{
    return word8_within(word | BYTES8_ALL(0x20), 'a', 'z') | word8_within(word, '0', '9') |
           word8_within(word, '-', '-');
}
static inline uint64_t word8_path(uint64_t word)
{
    return word8_within(word | BYTES8_ALL(0x20), 'a', 'z') | word8_within(word, '&', ';') |
           word8_within(word, '_', '_');
}

static inline uint64_t word8_plain(uint64_t word)
{
    return word8_within(word | BYTES8_ALL(0x20), 'a', 'z') | word8_within(word, '+', ';') |
           word8_within(word, '_', '_') | word8_within(word, '=', '=');
}

static inline unsigned bytes16_portable(const char *bytes, uint64_t (*ask)(uint64_t word))
{
    return word8_mask(ask(bytes8_load_little(bytes))) |
           word8_mask(ask(bytes8_load_little(bytes + 8))) << 8;
}

#ifdef __SSE2__
static inline __m128i bytes16_load(const char *bytes)
{
    return _mm_loadu_si128((const __m128i *)bytes);
}
/* All bits of those bytes that are within <first>..<last>. */
static inline __m128i bytes16_within(__m128i bytes, char first, char last)
{
    __m128i above = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
    return _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8((char)(last - first))), above);
}
static inline __m128i bytes16_letters(__m128i bytes)
{
    return bytes16_within(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z');
}
#endif

static inline unsigned bytes16_colons(const char *bytes)
{
#ifdef __SSE2__
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes16_load(bytes), _mm_set1_epi8(':')));
#else
    return bytes16_portable(bytes, word8_colons);
#endif
}

/* Those below 0x20, and 0x7f. */
static inline unsigned bytes16_controls(const char *bytes)
{
#ifdef __SSE2__
    __m128i word = bytes16_load(bytes);
    return (unsigned)_mm_movemask_epi8(
        _mm_or_si128(bytes16_within(word, 0, 0x1F), _mm_cmpeq_epi8(word, _mm_set1_epi8(0x7F))));
#else
    return bytes16_portable(bytes, word8_controls);
#endif
}

/* Those that are not within 0x21..0x7e. */
static inline unsigned bytes16_hidden(const char *bytes)
{
#ifdef __SSE2__
    return (unsigned)_mm_movemask_epi8(bytes16_within(bytes16_load(bytes), 0x21, 0x7E)) ^
           BYTES16_ALL;
#else
    return bytes16_portable(bytes, word8_hidden);
#endif
}

/* Those that most names are made of: A-Z, a-z, 0-9 and '-'. */
static inline unsigned bytes16_words(const char *bytes)
{
#ifdef __SSE2__
    __m128i word = bytes16_load(bytes);
    __m128i others =
        _mm_or_si128(bytes16_within(word, '0', '9'), _mm_cmpeq_epi8(word, _mm_set1_epi8('-')));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(bytes16_letters(word), others));
#else
    return bytes16_portable(bytes, word8_words);
#endif
}

/* Those that most paths of URLs are made of: A-Z, a-z, 0-9, '_' and &'()*+,-./:; */
static inline unsigned bytes16_path(const char *bytes)
{
#ifdef __SSE2__
    __m128i word = bytes16_load(bytes);
    __m128i others =
        _mm_or_si128(bytes16_within(word, '&', ';'), _mm_cmpeq_epi8(word, _mm_set1_epi8('_')));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(bytes16_letters(word), others));
#else
    return bytes16_portable(bytes, word8_path);
#endif
}

/* Of those that stand for themselves in a path, as Go writes it, the usual ones: A-Z, a-z, 0-9, '_'
 * and '=', and +,-./:; */
static inline unsigned bytes16_plain(const char *bytes)
{
#ifdef __SSE2__
    __m128i word = bytes16_load(bytes);
    __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(word, _mm_set1_epi8('_')),
                                 _mm_cmpeq_epi8(word, _mm_set1_epi8('=')));
    __m128i others = _mm_or_si128(bytes16_within(word, '+', ';'), marks);
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(bytes16_letters(word), others));
#else
    return bytes16_portable(bytes, word8_plain);
#endif
}

/* The highest bit of those bytes that a JSON string does not take as they are, and of all that are
 * not ASCII. */
static inline uint64_t word8_not_json(uint64_t word)
{
    return (word8_within(word, 0, 0x1F) | word8_within(word, '"', '"') |
            word8_within(word, '\\', '\\') | word) &
           BYTES8_ALL(0x80);
}
#ifdef __SSE2__
/* The bytes are signed: those that are not ASCII are below 0x20, too. */
static inline unsigned bytes16_not_json_of(__m128i bytes)
{
    __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                 _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    return (unsigned)_mm_movemask_epi8(
        _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)), marks));
}
#endif
static inline unsigned bytes16_not_json(const char *bytes)
{
#ifdef __SSE2__
    return bytes16_not_json_of(bytes16_load(bytes));
#else
    return bytes16_portable(bytes, word8_not_json);
#endif
}
/* The same of two words of eight bytes, which may overlap. */
static inline unsigned bytes8_not_json_portable(const char *first, const char *last)
{
    return word8_mask(word8_not_json(bytes8_load_little(first))) |
           word8_mask(word8_not_json(bytes8_load_little(last))) << 8;
}
static inline unsigned bytes8_not_json(const char *first, const char *last)
{
#ifdef __SSE2__
    return bytes16_not_json_of(_mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)first),
                                                  _mm_loadl_epi64((const __m128i *)last)));
#else
    return bytes8_not_json_portable(first, last);
#endif
}

/* The highest bit of those bytes that are not the ones of <name>, which is letters, digits and
 * hyphens, in any case: letters are those with 0x40. */
static inline uint64_t word8_unlike(uint64_t word, uint64_t name)
{
    uint64_t letters = (name & BYTES8_ALL(0x40)) >> 1;
    return ~word8_within((word ^ name) & ~letters, 0, 0) & BYTES8_ALL(0x80);
}
static inline unsigned bytes16_unlike_portable(const char *bytes, const char *name)
{
    return word8_mask(word8_unlike(bytes8_load_little(bytes), bytes8_load_little(name))) |
           word8_mask(word8_unlike(bytes8_load_little(bytes + 8), bytes8_load_little(name + 8)))
               << 8;
}
static inline unsigned bytes16_unlike(const char *bytes, const char *name)
{
#ifdef __SSE2__
    __m128i wanted = bytes16_load(name), letters = _mm_and_si128(wanted, _mm_set1_epi8(0x40));
    __m128i difference =
        _mm_andnot_si128(_mm_srli_epi16(letters, 1), _mm_xor_si128(bytes16_load(bytes), wanted));
    __m128i alike = _mm_cmpeq_epi8(difference, _mm_setzero_si128());
    return (unsigned)_mm_movemask_epi8(alike) ^ BYTES16_ALL;
#else
    return bytes16_unlike_portable(bytes, name);
#endif
}

/* Which is the first that the mask names, where it names one. */
static inline unsigned bytes16_first(unsigned mask)
{
    return (unsigned)__builtin_ctz(mask);
}
/* How many there are before it: 16 if it names none. */
static inline unsigned bytes16_before(unsigned mask)
{
    return bytes16_first(mask | (BYTES16_ALL + 1));
}

#endif
