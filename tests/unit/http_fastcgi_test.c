/* FastCGI's records and the heads of scripts' answers. */
#include "http/fastcgi.h"

#include <stdlib.h>

#include "base/arena.h"
#include "test.h"

static void test_lengths(void)
{
    static const struct {
        size_t name, value, n;
        const char *bytes;
    } rows[] = {
        {0, 0, 2, "\0\0"},
        {1, 127, 2, "\x01\x7f"},
        {127, 128, 5, "\x7f\x80\0\0\x80"},
        {256, 3, 5, "\x80\0\x01\0\x03"},
        {70000, 70000, 8, "\x80\x01\x11\x70\x80\x01\x11\x70"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[FASTCGI_LENGTHS_BYTES];
        CHECK_INT(fastcgi_lengths(out, rows[i].name, rows[i].value), rows[i].n);
        CHECK(memcmp(out, rows[i].bytes, rows[i].n) == 0);
    }
}

static void test_headers(void)
{
    static const struct {
        size_t content, padding;
        const char *bytes;
    } rows[] = {
        {0, 0, "\x01\x05\0\x01\0\0\0\0"},
        {1, 7, "\x01\x05\0\x01\0\x01\x07\0"},
        {8, 0, "\x01\x05\0\x01\0\x08\0\0"},
        {300, 4, "\x01\x05\0\x01\x01\x2c\x04\0"},
        {FASTCGI_MOST_CONTENT, 0, "\x01\x05\0\x01\xff\xf8\0\0"},
    };
    char out[FASTCGI_HEADER_BYTES], begin[FASTCGI_BEGIN_BYTES];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK_INT(fastcgi_header(out, FASTCGI_STDIN, rows[i].content), rows[i].padding);
        CHECK(memcmp(out, rows[i].bytes, sizeof(out)) == 0);
    }
    fastcgi_begin(begin);
    CHECK(memcmp(begin, "\x01\x01\0\x01\0\x08\0\0\0\x01\0\0\0\0\0\0", sizeof(begin)) == 0);
}

/* What records hold: "out", then the other events as letters. */
static struct str decode(struct arena *arena, struct str input, size_t step, bool *may_end)
{
    struct fastcgi_reader reader = {0};
    struct strbuf out = strbuf_in(arena);
    for (size_t at = 0; at < input.len; at += step) {
        struct str piece, rest = str_slice(input, at, at + step);
        enum fastcgi_event event;
        while ((event = fastcgi_next(&reader, &rest, &piece)) == FASTCGI_OUTPUT ||
               event == FASTCGI_ERRORS) {
            if (event == FASTCGI_OUTPUT)
                strbuf_add(&out, piece);
            for (size_t i = 0; event == FASTCGI_ERRORS && i < piece.len; i++)
                strbuf_add_char(&out, '!');
        }
        if (event == FASTCGI_MORE)
            continue;
        strbuf_puts(&out, event == FASTCGI_END ? " END" : " BAD");
        break;
    }
    *may_end = fastcgi_may_end(&reader);
    return strbuf_str(&out);
}

static void test_records(void)
{
    static const struct {
        struct str input;
        const char *output;
        bool may_end;
    } rows[] = {
        {STR_INIT(""), "", true},
        {STR_INIT("\x01\x06\0\x01\0\x03\0\0abc"), "abc", true},
        {STR_INIT("\x01\x06\0\x01\0\x03\x02\0abc\xff\xff\x01\x06\0\x01\0\x01\0\0d"), "abcd", true},
        {STR_INIT("\x01\x06\0\x01\0\0\0\0\x01\x06\0\x01\0\x01\0\0x"), "x", true},
        {STR_INIT("\x01\x07\0\x01\0\x02\x01\0xy\0\x01\x06\0\x01\0\x01\0\0z"), "!!z", true},
        {STR_INIT("\x01\x06\0\x01\0\x01\0\0a\x01\x03\0\x01\0\x08\0\0\0\0\0\0\0\0\0\0"), "a END",
         true},
        /* what comes after the end, or is cut there, does not count */
        {STR_INIT("\x01\x03\0\x01\0\x08\0\0"), " END", true},
        /* Caddy: other kinds and other requests belong to the answer */
        {STR_INIT("\x01\x0b\0\x07\0\x02\0\0zz"), "zz", true},
        {STR_INIT("\x02\x06\0\x01\0\x01\0\0a"), " BAD", true},
        {STR_INIT("HTTP/1.1 200 OK\r\n"), " BAD", true},
        {STR_INIT("\x01\x06\0\x01\0"), "", false},
        {STR_INIT("\x01\x06\0\x01\xff\xff\0\0ab"), "ab", true},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t step = 1; step < 20; step += 6) {
            bool may_end;
            struct str got = decode(&arena, rows[i].input, step, &may_end);
            CHECK_STR(got, rows[i].output);
            CHECK(may_end == rows[i].may_end);
        }
    }
    arena_free(&arena);
}

enum { ROOM = 4 };

/* "Name=value;" for each header, or what it is instead. */
static struct str parse(struct arena *arena, const char *text, size_t step, bool is_all)
{
    struct http_header headers[ROOM];
    struct h1_head head = {.headers = headers, .cap = ROOM};
    struct strbuf out = strbuf_in(arena);
    size_t len = strlen(text), scanned = 0, given = 0;
    char *bytes = arena_strndup(arena, text, len);
    enum h1_result result = H1_MORE;
    while (result == H1_MORE && given < len) {
        given = len - given > step ? given + step : len;
        result = cgi_parse_head(&head, bytes, given, &scanned, is_all && given == len);
    }
    if (result != H1_DONE)
        return result == H1_MORE ? STR("more") : result == H1_FULL ? STR("full") : STR("bad");
    for (uint32_t i = 0; i < head.n; i++)
        strbuf_printf(&out, STR_FMT "=" STR_FMT ";", STR_ARG(headers[i].name),
                      STR_ARG(headers[i].value));
    strbuf_printf(&out, "%zu left", len - head.len);
    return strbuf_str(&out);
}

static void test_heads(void)
{
    static const struct {
        const char *text, *read;
        bool is_all;
    } rows[] = {
        {"A: b\r\n\r\nbody", "A=b;4 left", false},
        {"A: b\nB:c \n\nbody", "A=b;B=c;4 left", false},
        {"\r\nbody", "4 left", false},
        {"A: b\r\n", "more", false},
        {"A: b\r\n\r", "more", false},
        {"A: b\r\n", "A=b;0 left", true},
        {"A: b", "A=b;0 left", true},
        {"A: one\r\n  two\r\n\tthree\r\nB: c\r\n\r\n", "A=one two three;B=c;0 left", false},
        {"A:\r\n \r\n b\n\n", "A=b;0 left", false},
        {"A: x \r\n   \r\n\r\n", "A=x;0 left", false},
        {" A: b\n\n", "bad", false},
        {"no colon\n\n", "bad", false},
        {": b\n\n", "bad", false},
        {"A\x01: b\n\n", "bad", false},
        {"A: b\x01\n\n", "bad", false},
        {"A: b\rc\n\n", "bad", false},
        {"A : b\nC: d\n\n", "C=d;0 left", false},
        {"A: b\xe9\n\n", "A=b\xe9;0 left", false},
        {"A: b\n\x01\n\n", "bad", false},
        {"A:1\nB:2\nC:3\nD:4\n\n", "A=1;B=2;C=3;D=4;0 left", false},
        {"A:1\nB:2\nC:3\nD:4\nE:5\n\n", "full", false},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (size_t step = 1; step < 40; step += 12)
            CHECK_STR(parse(&arena, rows[i].text, step, rows[i].is_all), rows[i].read);
    arena_free(&arena);
}

static void test_larger_room(void)
{
    char bytes[] = "A: one\n two\nB: three\n \t four  \nC: d\n\n";
    struct http_header headers[3];
    struct h1_head head = {.headers = headers, .cap = 2};
    size_t scanned = 0, len = sizeof(bytes) - 1;
    CHECK_INT(cgi_parse_head(&head, bytes, len, &scanned, false), H1_FULL);
    head = (struct h1_head){.headers = headers, .cap = 3};
    CHECK_INT(cgi_parse_head(&head, bytes, len, &scanned, false), H1_DONE);
    CHECK_INT(head.n, 3);
    CHECK_STR(headers[0].value, "one two");
    CHECK_STR(headers[1].value, "three four");
    CHECK_STR(headers[2].value, "d");

    char known[] = "Content-Type: a/b\r\nX: y\r\nSet-Cookie: c\r\nSet-Cookie: d\r\n\r\n";
    struct http_header fields[4];
    head = (struct h1_head){.headers = fields, .cap = 4};
    scanned = 0;
    CHECK_INT(cgi_parse_head(&head, known, sizeof(known) - 1, &scanned, false), H1_DONE);
    CHECK(head.names == (header_bit(HEADER_OTHER) | header_bit(HEADER_CONTENT_TYPE) |
                         header_bit(HEADER_SET_COOKIE)));
    CHECK(head.repeated == header_bit(HEADER_SET_COOKIE));
}

static void test_statuses(void)
{
    static const struct {
        const char *value;
        int status; /* -1: refused */
        const char *reason;
    } rows[] = {
        {NULL, 0, ""},
        {"", 0, ""},
        {"200 OK", 200, "OK"},
        {"404", 404, ""},
        {"599 a b", 599, "a b"},
        {"+302", 302, ""},
        {"abc", -1, ""},
        {"404Not", -1, ""},
        {"99", -1, ""},
        {"1000", -1, ""},
        {"-200", -1, ""},
        {"101 Switching", -1, ""},
        {"103 Early", 200, "Early"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct http_header header = {.name = STR("status"), .value = str_from(rows[i].value)};
        struct h1_head head = {.headers = &header, .n = rows[i].value ? 1 : 0};
        unsigned status;
        struct str reason;
        bool is_good = cgi_status(&head, &status, &reason);
        CHECK_INT(is_good ? (int)status : -1, rows[i].status);
        if (is_good)
            CHECK_STR(reason, rows[i].reason);
    }
}

static void test_framing(void)
{
    static const struct {
        const char *length, *second, *coding;
        int content_length; /* -2: refused */
        bool chunked;
    } rows[] = {
        {NULL, NULL, NULL, -1, false},   {"12", NULL, NULL, 12, false},
        {"0", NULL, NULL, 0, false},     {"abc", NULL, NULL, -1, false},
        {"-3", NULL, NULL, -1, false},   {"3", "3", NULL, 3, false},
        {"3", "4", NULL, -2, false},     {NULL, NULL, "chunked", -1, true},
        {"9", NULL, "chunked", 9, true}, {NULL, NULL, "gzip, chunked", -1, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct http_header headers[3];
        struct h1_head head = {.headers = headers};
        struct h1_framing framing;
        const char *lengths[] = {rows[i].length, rows[i].second};
        for (size_t k = 0; k < 2; k++)
            if (lengths[k])
                headers[head.n++] = (struct http_header){.name = STR("Content-Length"),
                                                         .value = str_from(lengths[k]),
                                                         .id = HEADER_CONTENT_LENGTH};
        if (rows[i].coding)
            headers[head.n++] = (struct http_header){.name = STR("Transfer-Encoding"),
                                                     .value = str_from(rows[i].coding),
                                                     .id = HEADER_TRANSFER_ENCODING};
        CHECK_INT(cgi_framing(&head, &framing) ? (int)framing.content_length : -2,
                  rows[i].content_length);
        CHECK(rows[i].content_length == -2 || framing.chunked == rows[i].chunked);
    }
}

static const struct test tests[] = {
    {"lengths", test_lengths}, {"headers", test_headers},         {"records", test_records},
    {"heads", test_heads},     {"larger room", test_larger_room}, {"statuses", test_statuses},
    {"framing", test_framing},
};

TESTS_MAIN(tests)
