/* Header lists, known names and status texts. */
#include "http/message.h"

#include <string.h>

const struct str header_names[N_HEADER_IDS] = {
#define X(id, name, first, last) [HEADER_##id] = STR_INIT(name),
    HTTP_HEADERS(X)
#undef X
};

const unsigned char header_slots[N_HEADER_SLOTS] = {
#define X(id, name, first, last) [HEADER_SLOT(sizeof(name) - 1, first, last)] = HEADER_##id,
    HTTP_HEADERS(X)
#undef X
};

enum header_id header_id_of(struct str name)
{
    if (name.len == 0)
        return HEADER_OTHER;
    unsigned first = (unsigned char)name.ptr[0] | 0x20,
             last = (unsigned char)name.ptr[name.len - 1];
    enum header_id id = header_slots[HEADER_SLOT(name.len, first, last | 0x20)];
    return str_eq_nocase(header_names[id], name) ? id : HEADER_OTHER;
}

void headers_grow(struct http_headers *headers)
{
    uint32_t cap = headers->cap ? headers->cap * 2 : 16;
    struct http_header *bigger = arena_alloc(headers->arena, cap * sizeof(*bigger));
    if (headers->n)
        memcpy(bigger, headers->at, headers->n * sizeof(*bigger));
    headers->at = bigger;
    headers->cap = cap;
}

void headers_add_named(struct http_headers *headers, struct str name, struct str value)
{
    headers_add(headers, header_id_of(name), value);
    headers->at[headers->n - 1].name = name;
}

static bool is_named(const struct http_header *header, struct str name)
{
    return header->name.len == name.len && str_eq_nocase(header->name, name);
}

struct http_header *headers_find_named(const struct http_headers *headers, struct str name)
{
    for (uint32_t i = 0; i < headers->n; i++)
        if (is_named(&headers->at[i], name))
            return &headers->at[i];
    return NULL;
}

unsigned headers_remove(struct http_headers *headers, enum header_id id)
{
    uint32_t kept = 0;
    if (!(headers->names & header_bit(id)))
        return 0;
    headers->names &= ~header_bit(id);
    while (kept < headers->n && headers->at[kept].id != id)
        kept++;
    for (uint32_t i = kept + 1; i < headers->n; i++)
        if (headers->at[i].id != id)
            headers->at[kept++] = headers->at[i];
    unsigned removed = headers->n - kept;
    headers->n = kept;
    return removed;
}

unsigned headers_remove_named(struct http_headers *headers, struct str name)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < headers->n; i++)
        if (!is_named(&headers->at[i], name))
            headers->at[kept++] = headers->at[i];
    unsigned removed = headers->n - kept;
    headers->n = kept;
    return removed;
}

void headers_set(struct http_headers *headers, enum header_id id, struct str value)
{
    headers_remove(headers, id);
    headers_add(headers, id, value);
}

void headers_set_named(struct http_headers *headers, struct str name, struct str value)
{
    headers_remove_named(headers, name);
    headers_add_named(headers, name, value);
}

struct http_headers headers_copy(struct arena *arena, const struct http_headers *headers,
                                 unsigned more)
{
    struct http_headers copy = *headers;
    copy.arena = arena;
    copy.cap = headers->n + more;
    copy.at = arena_alloc(arena, copy.cap * sizeof(*copy.at));
    if (copy.n)
        memcpy(copy.at, headers->at, copy.n * sizeof(*copy.at));
    return copy;
}

bool headers_list_token(const struct http_headers *headers, enum header_id id, struct str token)
{
    for (uint32_t i = 0; i < headers->n; i++) {
        if (headers->at[i].id != id)
            continue;
        struct str one, rest = headers->at[i].value;
        do {
            struct str whole = rest;
            str_cut(whole, STR(","), &one, &rest);
            if (str_eq_nocase(str_trim(one), token))
                return true;
        } while (rest.len);
    }
    return false;
}

static const struct {
    unsigned status;
    struct str text;
} statuses[] = {
    {100, STR_INIT("Continue")},
    {101, STR_INIT("Switching Protocols")},
    {102, STR_INIT("Processing")},
    {103, STR_INIT("Early Hints")},
    {200, STR_INIT("OK")},
    {201, STR_INIT("Created")},
    {202, STR_INIT("Accepted")},
    {203, STR_INIT("Non-Authoritative Information")},
    {204, STR_INIT("No Content")},
    {205, STR_INIT("Reset Content")},
    {206, STR_INIT("Partial Content")},
    {207, STR_INIT("Multi-Status")},
    {208, STR_INIT("Already Reported")},
    {226, STR_INIT("IM Used")},
    {300, STR_INIT("Multiple Choices")},
    {301, STR_INIT("Moved Permanently")},
    {302, STR_INIT("Found")},
    {303, STR_INIT("See Other")},
    {304, STR_INIT("Not Modified")},
    {305, STR_INIT("Use Proxy")},
    {307, STR_INIT("Temporary Redirect")},
    {308, STR_INIT("Permanent Redirect")},
    {400, STR_INIT("Bad Request")},
    {401, STR_INIT("Unauthorized")},
    {402, STR_INIT("Payment Required")},
    {403, STR_INIT("Forbidden")},
    {404, STR_INIT("Not Found")},
    {405, STR_INIT("Method Not Allowed")},
    {406, STR_INIT("Not Acceptable")},
    {407, STR_INIT("Proxy Authentication Required")},
    {408, STR_INIT("Request Timeout")},
    {409, STR_INIT("Conflict")},
    {410, STR_INIT("Gone")},
    {411, STR_INIT("Length Required")},
    {412, STR_INIT("Precondition Failed")},
    {413, STR_INIT("Request Entity Too Large")},
    {414, STR_INIT("Request URI Too Long")},
    {415, STR_INIT("Unsupported Media Type")},
    {416, STR_INIT("Requested Range Not Satisfiable")},
    {417, STR_INIT("Expectation Failed")},
    {418, STR_INIT("I'm a teapot")},
    {421, STR_INIT("Misdirected Request")},
    {422, STR_INIT("Unprocessable Entity")},
    {423, STR_INIT("Locked")},
    {424, STR_INIT("Failed Dependency")},
    {425, STR_INIT("Too Early")},
    {426, STR_INIT("Upgrade Required")},
    {428, STR_INIT("Precondition Required")},
    {429, STR_INIT("Too Many Requests")},
    {431, STR_INIT("Request Header Fields Too Large")},
    {451, STR_INIT("Unavailable For Legal Reasons")},
    {500, STR_INIT("Internal Server Error")},
    {501, STR_INIT("Not Implemented")},
    {502, STR_INIT("Bad Gateway")},
    {503, STR_INIT("Service Unavailable")},
    {504, STR_INIT("Gateway Timeout")},
    {505, STR_INIT("HTTP Version Not Supported")},
    {506, STR_INIT("Variant Also Negotiates")},
    {507, STR_INIT("Insufficient Storage")},
    {508, STR_INIT("Loop Detected")},
    {510, STR_INIT("Not Extended")},
    {511, STR_INIT("Network Authentication Required")},
};

struct str http_status_text(unsigned status)
{
    if (status == 200)
        return STR("OK");
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (statuses[i].status == status)
            return statuses[i].text;
    return str_make("", 0);
}
