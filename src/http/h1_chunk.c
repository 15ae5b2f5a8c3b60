/* The chunked coding, one byte at a time where it is framing and in whole pieces where it is data. */
#include "http/h1_parse.h"

#include "base/parse.h"

enum {
    LARGEST_SIZE_DIGITS = 16,
    EXCESS_LIMIT = 16 * 1024, /* Go's: more framing than this, beyond 16 bytes a chunk, is abuse */
};

enum chunk_state {
    CHUNK_SIZE,        /* the first digit of a size */
    CHUNK_SIZE_MORE,   /* further digits, or what ends them */
    CHUNK_BLANK,       /* blanks behind a size, before ';' or the line end */
    CHUNK_EXTENSION,   /* skipped to the line end */
    CHUNK_SIZE_LF,     /* the LF of the size line */
    CHUNK_BYTES,       /* data */
    CHUNK_BYTES_CR,    /* the line end behind the data */
    CHUNK_BYTES_LF,
    CHUNK_LINE,        /* the first byte of a trailer line, or of the last line */
    CHUNK_LINE_MORE,   /* the rest of a trailer line */
    CHUNK_LINE_LF,
    CHUNK_LAST_LF,     /* the very last byte */
    CHUNK_OVER,
};

static bool is_text(unsigned char c)
{
    return c == '\t' || (c >= 0x20 && c != 0x7f);
}

/* The size line is complete: judges it and chooses what comes next. */
static bool size_complete(struct h1_chunked *decoder)
{
    if (decoder->left > INT64_MAX)
        return false;
    uint64_t allowance = 16 + 2 * (decoder->left < EXCESS_LIMIT ? decoder->left : EXCESS_LIMIT);
    decoder->excess -= (int64_t)allowance;
    if (decoder->excess < 0)
        decoder->excess = 0;
    decoder->state = decoder->left ? CHUNK_BYTES : CHUNK_LINE;
    decoder->digits = 0;
    return decoder->excess <= EXCESS_LIMIT;
}

/* One byte of framing; false where it may not stand. */
static bool framing_byte(struct h1_chunked *decoder, unsigned char c)
{
    int digit;
    switch ((enum chunk_state)decoder->state) {
    case CHUNK_SIZE:
    case CHUNK_SIZE_MORE:
        decoder->excess++;
        digit = hex_digit(c);
        if (digit >= 0) {
            decoder->left = decoder->left << 4 | (unsigned)digit;
            decoder->state = CHUNK_SIZE_MORE;
            return ++decoder->digits <= LARGEST_SIZE_DIGITS;
        }
        if (decoder->state == CHUNK_SIZE)
            return false;
        /* fall through */
    case CHUNK_BLANK:
        decoder->excess++;
        decoder->state = c == '\r' ? CHUNK_SIZE_LF : c == ';' ? CHUNK_EXTENSION : CHUNK_BLANK;
        return (c == '\r' || c == ';' || c == ' ' || c == '\t') &&
               decoder->excess <= EXCESS_LIMIT * 2;
    case CHUNK_EXTENSION:
        decoder->excess++;
        if (c == '\r')
            decoder->state = CHUNK_SIZE_LF;
        return (c == '\r' || is_text(c)) && decoder->excess <= EXCESS_LIMIT * 2;
    case CHUNK_SIZE_LF:
        return c == '\n' && size_complete(decoder);
    case CHUNK_BYTES_CR:
        decoder->state = CHUNK_BYTES_LF;
        return c == '\r';
    case CHUNK_BYTES_LF:
        decoder->state = CHUNK_SIZE;
        return c == '\n';
    case CHUNK_LAST_LF:
        decoder->state = CHUNK_OVER;
        return c == '\n';
    case CHUNK_BYTES:
    case CHUNK_LINE:
    case CHUNK_LINE_MORE:
    case CHUNK_LINE_LF:
    case CHUNK_OVER:
        break;
    }
    return false;
}

/* A byte of the trailer section, which is handed on for parsing as well. */
static bool trailer_byte(struct h1_chunked *decoder, unsigned char c)
{
    if (++decoder->trailer_bytes > H1_TRAILER_BYTES)
        return false;
    switch (decoder->state) {
    case CHUNK_LINE:
        decoder->state = c == '\r' ? CHUNK_LAST_LF : CHUNK_LINE_MORE;
        return c == '\r' || is_text(c);
    case CHUNK_LINE_MORE:
        if (c == '\r')
            decoder->state = CHUNK_LINE_LF;
        return c == '\r' || is_text(c);
    default:
        decoder->state = CHUNK_LINE;
        return c == '\n';
    }
}

static bool in_trailers(const struct h1_chunked *decoder)
{
    return decoder->state >= CHUNK_LINE && decoder->state <= CHUNK_LINE_LF;
}

enum h1_chunk h1_chunk_next(struct h1_chunked *decoder, struct str *input, struct str *piece)
{
    struct str whole = *input;
    if (decoder->state == CHUNK_OVER)
        return H1_CHUNK_END;
    if (decoder->state == CHUNK_BYTES && whole.len) {
        size_t len = whole.len < decoder->left ? whole.len : (size_t)decoder->left;
        *piece = str_make(whole.ptr, len);
        *input = str_slice(whole, len, whole.len);
        decoder->left -= len;
        if (decoder->left == 0)
            decoder->state = CHUNK_BYTES_CR;
        return H1_CHUNK_DATA;
    }
    size_t at = 0;
    while (at < whole.len && !in_trailers(decoder)) {
        if (!framing_byte(decoder, (unsigned char)whole.ptr[at++]))
            return H1_CHUNK_BAD;
        if (decoder->state == CHUNK_BYTES || decoder->state == CHUNK_OVER) {
            *input = str_slice(whole, at, whole.len);
            return h1_chunk_next(decoder, input, piece);
        }
    }
    size_t begin = at;
    while (at < whole.len && in_trailers(decoder))
        if (!trailer_byte(decoder, (unsigned char)whole.ptr[at++]))
            return H1_CHUNK_BAD;
    *input = str_slice(whole, at, whole.len);
    if (at > begin) {
        *piece = str_make(whole.ptr + begin, at - begin);
        return H1_CHUNK_TRAILER;
    }
    return H1_CHUNK_MORE;
}
