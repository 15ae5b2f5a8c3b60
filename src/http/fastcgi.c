/* FastCGI's records: an eight byte header, content, padding. */
#include "http/fastcgi.h"

enum { VERSION = 1, RESPONDER = 1, ALIGNMENT = 8, SHORT_LENGTH = 127 };
/* Where in a header they are. */
enum { AT_VERSION, AT_TYPE, AT_ID, AT_CONTENT = 4, AT_PADDING = 6 };

size_t fastcgi_header(char out[FASTCGI_HEADER_BYTES], enum fastcgi_type type, size_t content)
{
    size_t padding = -content & (ALIGNMENT - 1);
    memset(out, 0, FASTCGI_HEADER_BYTES);
    out[AT_VERSION] = VERSION;
    out[AT_TYPE] = (char)type;
    out[AT_ID + 1] = FASTCGI_REQUEST_ID;
    out[AT_CONTENT] = (char)(content >> 8);
    out[AT_CONTENT + 1] = (char)content;
    out[AT_PADDING] = (char)padding;
    return padding;
}

void fastcgi_begin(char out[FASTCGI_BEGIN_BYTES])
{
    char *role = out + FASTCGI_HEADER_BYTES;
    fastcgi_header(out, FASTCGI_BEGIN_REQUEST, FASTCGI_BEGIN_BYTES - FASTCGI_HEADER_BYTES);
    memset(role, 0, FASTCGI_BEGIN_BYTES - FASTCGI_HEADER_BYTES);
    role[1] = RESPONDER;
}

static size_t put_length(char *out, size_t length)
{
    if (length <= SHORT_LENGTH) {
        out[0] = (char)length;
        return 1;
    }
    out[0] = (char)(length >> 24 | 0x80);
    out[1] = (char)(length >> 16);
    out[2] = (char)(length >> 8);
    out[3] = (char)length;
    return 4;
}

size_t fastcgi_lengths(char out[FASTCGI_LENGTHS_BYTES], size_t name, size_t value)
{
    size_t n = put_length(out, name);
    return n + put_length(out + n, value);
}

static bool take_header(struct fastcgi_reader *reader, struct str *input)
{
    while (reader->n_header < FASTCGI_HEADER_BYTES && input->len > 0) {
        reader->header[reader->n_header++] = (unsigned char)input->ptr[0];
        *input = str_slice(*input, 1, input->len);
    }
    if (reader->n_header < FASTCGI_HEADER_BYTES)
        return false;
    reader->content_left =
        (uint16_t)(reader->header[AT_CONTENT] << 8 | reader->header[AT_CONTENT + 1]);
    reader->padding_left = reader->header[AT_PADDING];
    return true;
}

static struct str take(struct str *input, size_t most)
{
    struct str piece = str_slice(*input, 0, most);
    *input = str_slice(*input, piece.len, input->len);
    return piece;
}

enum fastcgi_event fastcgi_next(struct fastcgi_reader *reader, struct str *input, struct str *piece)
{
    for (;;) {
        if (reader->n_header < FASTCGI_HEADER_BYTES) {
            if (!take_header(reader, input))
                return FASTCGI_MORE;
            if (reader->header[AT_VERSION] != VERSION)
                return FASTCGI_BAD;
            if (reader->header[AT_TYPE] == FASTCGI_END_REQUEST)
                return FASTCGI_END;
        }
        if (reader->content_left > 0) {
            *piece = take(input, reader->content_left);
            reader->content_left = (uint16_t)(reader->content_left - piece->len);
            if (piece->len == 0)
                return FASTCGI_MORE;
            /* Caddy: whatever is neither the end nor an error belongs to the answer */
            return reader->header[AT_TYPE] == FASTCGI_STDERR ? FASTCGI_ERRORS : FASTCGI_OUTPUT;
        }
        reader->padding_left =
            (uint8_t)(reader->padding_left - take(input, reader->padding_left).len);
        if (reader->padding_left > 0)
            return FASTCGI_MORE;
        reader->n_header = 0;
    }
}

bool fastcgi_may_end(const struct fastcgi_reader *reader)
{
    return reader->n_header == 0 || reader->n_header == FASTCGI_HEADER_BYTES;
}
