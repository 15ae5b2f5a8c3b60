#ifndef DIALTONE_HTTP_H1_PARSE_H
#define DIALTONE_HTTP_H1_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "http/message.h"

/* HTTP/1 as a language: heads (grammar/http1.re), framing rules (h1_framing.c) and the chunked
 * coding (h1_chunk.c). Pure: no I/O, no allocation. */

enum h1_result {
    H1_DONE,
    H1_MORE, /* the head is not complete: call again with more */
    H1_FULL, /* no room in headers[]: start again with a larger array */
    H1_BAD,  /* malformed; see problem */
};

/* What is wrong with a head, and how a server answers it. */
#define H1_PROBLEMS(X)                                                                             \
    X(REQUEST_LINE, 400, "malformed request line")                                                 \
    X(TARGET, 400, "malformed request target")                                                     \
    X(ESCAPE, 400, "invalid percent-encoding in path")                                             \
    X(VERSION, 505, "unsupported protocol version")                                                \
    X(HEADER, 400, "malformed header field")                                                       \
    X(FOLDED, 400, "folded header field")                                                          \
    X(NO_HOST, 400, "missing Host header")                                                         \
    X(MANY_HOSTS, 400, "more than one Host header")                                                \
    X(BAD_HOST, 400, "invalid Host header")                                                        \
    X(CONTENT_LENGTH, 400, "invalid Content-Length")                                               \
    X(MANY_LENGTHS, 400, "more than one Content-Length")                                           \
    X(LENGTH_AND_CODING, 400, "Content-Length and Transfer-Encoding together")                     \
    X(CODING_IN_1_0, 400, "Transfer-Encoding in HTTP/1.0")                                         \
    X(CODING, 501, "unsupported transfer encoding")                                                \
    X(EXPECT, 417, "unsupported expectation")                                                      \
    X(TOO_LARGE, 431, "")                                                                          \
    X(STATUS_LINE, 502, "malformed status line")

enum h1_problem {
    H1_NO_PROBLEM,
#define X(id, status, text) H1_PROBLEM_##id,
    H1_PROBLEMS(X)
#undef X
        N_H1_PROBLEMS
};

unsigned h1_problem_status(enum h1_problem problem);
struct str h1_problem_text(enum h1_problem problem);

/* A head being parsed. Zero it, give it headers[] and <cap>; the text points into the bytes, or to
 * where they are in a copy at <text>, which is made when the head is there. */
struct h1_head {
    const char *text; /* NULL: the bytes themselves */
    struct http_header *headers;
    uint32_t n, cap;
    uint64_t names, repeated;  /* HEADER_BITs of those that came, and of those that came twice */
    enum http_version version; /* 1.2 and above count as 1.1 */
    struct str method, target; /* of a request */
    /* The target is a path of so many bytes that all may stand there, and perhaps a query:
     * h1_parse_target would say no more. 0: it is not known to be such. */
    size_t path_len;
    unsigned status;           /* of a response */
    struct str reason;
    enum h1_problem problem;
    size_t len;     /* H1_DONE: bytes of the head, with the empty line */
    size_t line;    /* where the next line begins */
    size_t scanned; /* no line end between <line> and here */
    bool past_first_line;
    bool has_unusual_names; /* not only letters, digits and hyphens, perhaps */
};

/* What must be readable behind the bytes of a head: a NUL, then anything. */
enum { H1_SLACK_BYTES = 16 };

/* <bytes> is everything received so far, with H1_SLACK_BYTES behind <len>. Each byte is looked at a bounded
 * number of times however the head is split, as long as <bytes> stays where it is between calls
 * (when it moves, zero the head and start again). Lines end in CRLF, and nothing else. */
enum h1_result h1_parse_request(struct h1_head *head, const char *bytes, size_t len);
/* Responses: a bare LF ends a line, too (RFC 9112 2.2; small devices send such heads). */
enum h1_result h1_parse_response(struct h1_head *head, const char *bytes, size_t len);
/* Header lines alone, ended by an empty line: the trailers of a chunked body. */
enum h1_result h1_parse_trailers(struct h1_head *head, const char *bytes, size_t len);

/* A request target taken apart. */
struct h1_target {
    struct str path, query, authority;
    bool has_query;
    bool unusual; /* the path holds bytes that must be escaped before it is sent on */
};
enum h1_problem h1_parse_target(struct str method, struct str target, struct h1_target *out);
/* True for what may stand in a Host header: a name or an address with an optional port. */
bool h1_host_is_valid(struct str host);

/* How a message ends, by its headers. */
struct h1_framing {
    int64_t content_length; /* 0: no body; HTTP_LENGTH_UNKNOWN: chunked or until close */
    bool chunked;
    bool keep_alive;
    bool expects_continue;
    bool upgrade; /* "Connection: upgrade" */
    bool has_valid_host; /* a request's Host is the one that was known to be valid */
};
/* RFC 9112 6, refusing whatever is ambiguous. <valid_host>: a host that h1_host_is_valid is true
 * of, and need not be looked at again; or empty. */
enum h1_problem h1_request_framing(const struct h1_head *head, struct str valid_host,
                                   struct h1_framing *out);
/* <to_head>: the request was HEAD. */
enum h1_problem h1_response_framing(const struct h1_head *head, bool to_head,
                                    struct h1_framing *out);

/* A decoder of the chunked coding; zero it. */
struct h1_chunked {
    uint64_t left;  /* of the running chunk */
    int64_t excess; /* bytes that are not data, less a fair allowance */
    uint32_t trailer_bytes;
    uint8_t state, digits;
};

enum h1_chunk {
    H1_CHUNK_MORE,    /* all bytes are used */
    H1_CHUNK_DATA,    /* a piece of the body */
    H1_CHUNK_TRAILER, /* a piece of the trailer section, for h1_parse_trailers */
    H1_CHUNK_END,     /* the body is complete; what follows is the next message */
    H1_CHUNK_BAD,
};
/* Takes the next piece off <input>. */
enum h1_chunk h1_chunk_next(struct h1_chunked *decoder, struct str *input, struct str *piece);
enum { H1_TRAILER_BYTES = 16 * 1024 };

#endif
