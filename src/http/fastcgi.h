#ifndef DIALTONE_HTTP_FASTCGI_H
#define DIALTONE_HTTP_FASTCGI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "http/h1_parse.h"

/* FastCGI as a language: records (fastcgi.c) and the heads of answers (cgi_head.c). Pure: no I/O,
 * no allocation. */

enum fastcgi_type {
    FASTCGI_BEGIN_REQUEST = 1,
    FASTCGI_ABORT_REQUEST,
    FASTCGI_END_REQUEST,
    FASTCGI_PARAMS,
    FASTCGI_STDIN,
    FASTCGI_STDOUT,
    FASTCGI_STDERR,
};

enum {
    FASTCGI_HEADER_BYTES = 8,
    FASTCGI_MOST_CONTENT = 65528, /* of one record; the largest that needs no padding */
    FASTCGI_MOST_PADDING = 7,     /* of those that are written here */
    FASTCGI_REQUEST_ID = 1,       /* there is one request on a connection */
};

/* A record's header; returns how much padding belongs behind its <content> bytes. */
size_t fastcgi_header(char out[FASTCGI_HEADER_BYTES], enum fastcgi_type type, size_t content);
/* The whole record that begins a request: a responder is asked, and closes the connection. */
enum { FASTCGI_BEGIN_BYTES = 2 * FASTCGI_HEADER_BYTES };
void fastcgi_begin(char out[FASTCGI_BEGIN_BYTES]);
/* Lengths of a name and a value, which follow; returns how many bytes. */
enum { FASTCGI_LENGTHS_BYTES = 8 };
size_t fastcgi_lengths(char out[FASTCGI_LENGTHS_BYTES], size_t name, size_t value);

/* Takes what a responder sends apart; zero it. */
struct fastcgi_reader {
    unsigned char header[FASTCGI_HEADER_BYTES];
    uint8_t n_header; /* bytes of it that have come; all: within the record */
    uint8_t padding_left;
    uint16_t content_left;
};

enum fastcgi_event {
    FASTCGI_MORE,   /* all bytes are used */
    FASTCGI_OUTPUT, /* a piece of the answer */
    FASTCGI_ERRORS, /* a piece of what it complains of */
    FASTCGI_END,    /* the request is over; what follows does not count */
    FASTCGI_BAD,    /* no FastCGI */
};

/* Takes the next piece off <input>. */
enum fastcgi_event fastcgi_next(struct fastcgi_reader *reader, struct str *input,
                                struct str *piece);
/* Whether the input can end here: Go looks at headers only, so a record may be cut short. */
bool fastcgi_may_end(const struct fastcgi_reader *reader);

/* Header lines to the empty line, as scripts write them and as Go's textproto reads them: a line
 * ends in LF or CRLF, one that begins with a blank continues the last, which is changed in place to
 * be one line. <is_all>: no more will come, so the lines that are there are all. Start again with
 * the same bytes and more when it says H1_MORE; <scanned> then is where it goes on (0 at first).
 * Only the headers, <n>, <len> and <problem> of <head> are set. */
enum h1_result cgi_parse_head(struct h1_head *head, char *bytes, size_t len, size_t *scanned,
                              bool is_all);
/* What "Status" says, 0 where there is none; false where it is no status, or that of a switch to
 * another protocol. One of an interim answer, which a script cannot send, is 200. */
bool cgi_status(const struct h1_head *head, unsigned *status, struct str *reason);
/* How the answer's body ends, in spite of the end of the request: by "chunked" or after a length.
 * An unusable length counts as none; false where there are two. <content_length> is
 * HTTP_LENGTH_UNKNOWN without one. */
bool cgi_framing(const struct h1_head *head, struct h1_framing *out);

#endif
