#ifndef DIALTONE_HTTP_MESSAGE_H
#define DIALTONE_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* What a request and a response are, whatever the protocol version. */

enum http_version { HTTP_VERSION_NONE, HTTP_1_0, HTTP_1_1, HTTP_2, HTTP_3, N_HTTP_VERSIONS };

/* Header names that are compared by number; grammar/http1.re recognises the same list. Behind each
 * name are its first and last letter, for HEADER_SLOT. */
#define HTTP_HEADERS(X)                                                                            \
    X(HOST, "Host", 'h', 't')                                                                      \
    X(CONNECTION, "Connection", 'c', 'n')                                                          \
    X(CONTENT_LENGTH, "Content-Length", 'c', 'h')                                                  \
    X(TRANSFER_ENCODING, "Transfer-Encoding", 't', 'g')                                            \
    X(EXPECT, "Expect", 'e', 't')                                                                  \
    X(UPGRADE, "Upgrade", 'u', 'e')                                                                \
    X(TE, "Te", 't', 'e')                                                                          \
    X(TRAILER, "Trailer", 't', 'r')                                                                \
    X(KEEP_ALIVE, "Keep-Alive", 'k', 'e')                                                          \
    X(PROXY_CONNECTION, "Proxy-Connection", 'p', 'n')                                              \
    X(PROXY_AUTHENTICATE, "Proxy-Authenticate", 'p', 'e')                                          \
    X(PROXY_AUTHORIZATION, "Proxy-Authorization", 'p', 'n')                                        \
    X(ALT_SVC, "Alt-Svc", 'a', 'c')                                                                \
    X(DATE, "Date", 'd', 'e')                                                                      \
    X(SERVER, "Server", 's', 'r')                                                                  \
    X(VIA, "Via", 'v', 'a')                                                                        \
    X(USER_AGENT, "User-Agent", 'u', 't')                                                          \
    X(ACCEPT, "Accept", 'a', 't')                                                                  \
    X(ACCEPT_ENCODING, "Accept-Encoding", 'a', 'g')                                                \
    X(AUTHORIZATION, "Authorization", 'a', 'n')                                                    \
    X(COOKIE, "Cookie", 'c', 'e')                                                                  \
    X(SET_COOKIE, "Set-Cookie", 's', 'e')                                                          \
    X(CONTENT_TYPE, "Content-Type", 'c', 'e')                                                      \
    X(CONTENT_ENCODING, "Content-Encoding", 'c', 'g')                                              \
    X(LOCATION, "Location", 'l', 'n')                                                              \
    X(RANGE, "Range", 'r', 'e')                                                                    \
    X(VARY, "Vary", 'v', 'y')                                                                      \
    X(ETAG, "Etag", 'e', 'g')                                                                      \
    X(LAST_MODIFIED, "Last-Modified", 'l', 'd')                                                    \
    X(EARLY_DATA, "Early-Data", 'e', 'a')                                                          \
    X(FORWARDED, "Forwarded", 'f', 'd')                                                            \
    X(X_FORWARDED_FOR, "X-Forwarded-For", 'x', 'r')                                                \
    X(X_FORWARDED_PROTO, "X-Forwarded-Proto", 'x', 'o')                                            \
    X(X_FORWARDED_HOST, "X-Forwarded-Host", 'x', 't')                                              \
    X(X_FRAME_OPTIONS, "X-Frame-Options", 'x', 's')                                                \
    X(SEC_WEBSOCKET_KEY, "Sec-WebSocket-Key", 's', 'y')                                            \
    X(SEC_WEBSOCKET_ACCEPT, "Sec-WebSocket-Accept", 's', 't')                                      \
    X(SEC_WEBSOCKET_VERSION, "Sec-WebSocket-Version", 's', 'n')                                    \
    X(SEC_WEBSOCKET_PROTOCOL, "Sec-WebSocket-Protocol", 's', 'l')                                  \
    X(SEC_WEBSOCKET_EXTENSIONS, "Sec-WebSocket-Extensions", 's', 's')                              \
    X(HTTP2_SETTINGS, "Http2-Settings", 'h', 's')

enum header_id {
    HEADER_OTHER, /* none of the list */
#define X(id, name, first, last) HEADER_##id,
    HTTP_HEADERS(X)
#undef X
        N_HEADER_IDS
};

/* A name's bit in a set of them; the macro is for tables. */
#define HEADER_BIT(id) (UINT64_C(1) << (id))
_Static_assert(N_HEADER_IDS <= 64, "a bit for each name");
static inline uint64_t header_bit(enum header_id id)
{
    return HEADER_BIT(id);
}

/* Where a name is looked for, by its length and its first and last byte in lower case. The factors
 * are such that no two names of the list meet; where a new one would, the compiler tells of a row
 * that is overridden. */
#define HEADER_SLOT(len, first, last) ((32 * (len) + (first) + 2 * (last)) % N_HEADER_SLOTS)
enum { N_HEADER_SLOTS = 128 };
/* The one name of the list, or none, that a slot's names may be: an enum header_id. */
extern const unsigned char header_slots[N_HEADER_SLOTS];

struct http_header {
    struct str name, value; /* the name as it came; value without surrounding blanks */
    enum header_id id;
    /* The line came as "name: value" and CR LF, and <name> and <value> point into it: as long as
     * value.ptr is name.ptr + name.len + 2, it can be sent on as it is. */
    bool is_line;
};

/* True where "name: value" stands in memory. In there is nothing that a field must not hold; behind
 * it is CR LF, unless the value was made shorter. */
static inline bool header_is_line(const struct http_header *header)
{
    return header->is_line && header->value.ptr == header->name.ptr + header->name.len + 2;
}

/* Behind its CR LF, of a field that is a line. */
static inline const char *header_line_end(const struct http_header *header)
{
    return header->value.ptr + header->value.len + 2;
}

/* A list in an arena, in order of arrival; names may repeat. */
struct http_headers {
    struct arena *arena;
    struct http_header *at;
    uint32_t n, cap;
    uint64_t names; /* a header_bit of each that is in the list, and perhaps of some that were */
};

/* "Content-Length"; empty for HEADER_OTHER. */
extern const struct str header_names[N_HEADER_IDS];
static inline struct str header_name(enum header_id id)
{
    return header_names[id];
}
/* Without regard to case. */
enum header_id header_id_of(struct str name);
/* Room for one more, where there is none. */
void headers_grow(struct http_headers *headers);
/* Appends; the text is not copied. Give HEADER_OTHER only for names that are not in the list (or
 * use headers_add_named). */
static inline void headers_add(struct http_headers *headers, enum header_id id, struct str value)
{
    if (headers->n == headers->cap)
        headers_grow(headers);
    headers->names |= header_bit(id);
    headers->at[headers->n++] =
        (struct http_header){.name = header_names[id], .value = value, .id = id};
}
/* The field that a whole line is, "Via: 1.1 Caddy" and CR LF, which is sent as it is: it must be of
 * our own making, out of texts that were looked at. */
static inline struct http_header header_of_line(enum header_id id, struct str line)
{
    size_t name_len = header_names[id].len;
    return (struct http_header){
        .name = str_make(line.ptr, name_len),
        .value = str_make(line.ptr + name_len + 2, line.len - name_len - 4),
        .id = id,
        .is_line = true,
    };
}
static inline void headers_add_line(struct http_headers *headers, enum header_id id,
                                    struct str line)
{
    if (headers->n == headers->cap)
        headers_grow(headers);
    headers->names |= header_bit(id);
    headers->at[headers->n++] = header_of_line(id, line);
}
void headers_add_named(struct http_headers *headers, struct str name, struct str value);
/* The first with that name, or NULL. */
static inline struct http_header *headers_find(const struct http_headers *headers,
                                               enum header_id id)
{
    if (!(headers->names & header_bit(id)))
        return NULL;
    for (uint32_t i = 0; i < headers->n; i++)
        if (headers->at[i].id == id)
            return &headers->at[i];
    return NULL;
}
struct http_header *headers_find_named(const struct http_headers *headers, struct str name);
/* The first value, or empty. */
static inline struct str headers_get(const struct http_headers *headers, enum header_id id)
{
    const struct http_header *header = headers_find(headers, id);
    return header ? header->value : str_make("", 0);
}
/* Removes all of that name; returns how many there were. */
unsigned headers_remove(struct http_headers *headers, enum header_id id);
unsigned headers_remove_named(struct http_headers *headers, struct str name);
/* Replaces all of that name by one. */
void headers_set(struct http_headers *headers, enum header_id id, struct str value);
void headers_set_named(struct http_headers *headers, struct str name, struct str value);
/* A copy of the list (not of the text) with room for <more>. */
struct http_headers headers_copy(struct arena *arena, const struct http_headers *headers,
                                 unsigned more);
/* True if one of the comma-separated tokens in any header <id> equals <token> (any case). */
bool headers_list_token(const struct http_headers *headers, enum header_id id, struct str token);
static inline bool headers_have_token(const struct http_headers *headers, enum header_id id,
                                      struct str token)
{
    return headers_find(headers, id) && headers_list_token(headers, id, token);
}

/* "Not Found"; empty for statuses that have no name. */
struct str http_status_text(unsigned status);
/* Neither body nor framing headers: 1xx, 204, 304. */
static inline bool http_status_has_no_body(unsigned status)
{
    return status < 200 || status == 204 || status == 304;
}

enum { HTTP_LENGTH_UNKNOWN = -1 };

/* A response head, on its way out or as it came from an upstream. */
struct http_head {
    unsigned status;
    enum http_version version; /* of the upstream's message; 0 on the way out */
    struct str reason;         /* empty: the standard text */
    struct http_headers headers;
    /* Of the body: 0 none, HTTP_LENGTH_UNKNOWN chunked or until close. For HEAD and 304 it is what
     * Content-Length says though no body follows. */
    int64_t content_length;
};

#endif
