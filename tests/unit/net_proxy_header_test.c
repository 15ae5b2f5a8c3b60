/* PROXY headers of both versions: what is one, what it says, and that what is written is read. */
#include <arpa/inet.h>
#include <stdlib.h>

#include "net/proxy_header.h"
#include "test.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define IP6_A     "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
#define IP6_B     "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2"
#define MAPPED    "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1"
#define BYTES(literal) (literal), sizeof(literal) - 1

struct row {
    const char *bytes;
    size_t len;
    enum proxy_header_result result;
    const char *source, *destination; /* NULL: local; "" for no address */
    size_t header_len;                /* 0: all of it */
};

static const struct row lines[] = {
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 1234 443\r\n"), PROXY_HEADER_DONE, "192.0.2.1:1234",
     "198.51.100.2:443", 0},
    {BYTES("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\nGET / HTTP/1.1\r\n"), PROXY_HEADER_DONE, "0.0.0.0:0",
     "0.0.0.0:0", 32},
    {BYTES("PROXY TCP6 2001:db8::1 ::2 65535 1\r\n"), PROXY_HEADER_DONE, "[2001:db8::1]:65535",
     "[::2]:1", 0},
    {BYTES("PROXY TCP6 ::ffff:192.0.2.1 ::2 1 2\r\n"), PROXY_HEADER_DONE, "192.0.2.1:1", "[::2]:2",
     0},
    {BYTES("PROXY UNKNOWN\r\n"), PROXY_HEADER_DONE, NULL, NULL, 0},
    {BYTES("PROXY UNKNOWN what \0 ever\r\nmore"), PROXY_HEADER_DONE, NULL, NULL, 27},
    {BYTES("PROXY UNKNOWN\n"), PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES("PROXY UNKNOWNS\r\n"), PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 1234 443\n"), PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 1234 443 \r\n"), PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES("PROXY  TCP4 192.0.2.1 198.51.100.2 1234 443\r\n"), PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 65536 443\r\n"), PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 01 443\r\n"), PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 -1 443\r\n"), PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.01 198.51.100.2 1 443\r\n"), PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES("PROXY TCP4 ::1 ::2 1 443\r\n"), PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES("PROXY TCP6 192.0.2.1 198.51.100.2 1 443\r\n"), PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES("PROXY TCP6 fe80::1%eth0 ::2 1 443\r\n"), PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES("PROXY TCP5 192.0.2.1 198.51.100.2 1 443\r\n"), PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES("PROXYtown\r\n"), PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES("PROXY TCP4 192.0.2.1"), PROXY_HEADER_PARTIAL, NULL, NULL, 0},
    {BYTES("PROXY"), PROXY_HEADER_PARTIAL, NULL, NULL, 0},
    {BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
     PROXY_HEADER_DONE, NULL, NULL, 0},
    {BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535 \r\n"),
     PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES("PROX"), PROXY_HEADER_MAYBE, NULL, NULL, 0},
    {BYTES(""), PROXY_HEADER_MAYBE, NULL, NULL, 0},
    {BYTES("PROPFIND / HTTP/1.1\r\n"), PROXY_HEADER_NONE, NULL, NULL, 0},
    {BYTES("GET / HTTP/1.1\r\n"), PROXY_HEADER_NONE, NULL, NULL, 0},
    {BYTES("\x16\x03\x01"), PROXY_HEADER_NONE, NULL, NULL, 0},
    {BYTES("\r\n\r\nGET"), PROXY_HEADER_NONE, NULL, NULL, 0},
};

static const struct row blocks[] = {
    {BYTES(SIGNATURE "\x21\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\2\4\xd2\1\xbb"), PROXY_HEADER_DONE,
     "192.0.2.1:1234", "198.51.100.2:443", 0},
    {BYTES(SIGNATURE "\x21\x12\0\x0c\xc0\0\2\1\xc6\x33\x64\2\4\xd2\1\xbbGET"), PROXY_HEADER_DONE,
     "192.0.2.1:1234", "198.51.100.2:443", 28},
    {BYTES(SIGNATURE "\x21\x21\0\x24" IP6_A IP6_B "\0\x50\1\xbb"), PROXY_HEADER_DONE,
     "[2001:db8::1]:80", "[2001:db8::2]:443", 0},
    {BYTES(SIGNATURE "\x21\x21\0\x24" MAPPED IP6_B "\0\x50\1\xbb"), PROXY_HEADER_DONE,
     "192.0.2.1:80", "[2001:db8::2]:443", 0},
    /* extensions are skipped, even those that are cut off inside */
    {BYTES(SIGNATURE "\x21\x11\0\x12\xc0\0\2\1\xc6\x33\x64\2\4\xd2\1\xbb\1\0\3h2!rest"),
     PROXY_HEADER_DONE, "192.0.2.1:1234", "198.51.100.2:443", 34},
    {BYTES(SIGNATURE "\x21\x11\0\x0e\xc0\0\2\1\xc6\x33\x64\2\4\xd2\1\xbb\1\xff"),
     PROXY_HEADER_DONE, "192.0.2.1:1234", "198.51.100.2:443", 0},
    {BYTES(SIGNATURE "\x20\0\0\0"), PROXY_HEADER_DONE, NULL, NULL, 0},
    {BYTES(SIGNATURE "\x20\x11\0\0more"), PROXY_HEADER_DONE, NULL, NULL, 16},
    {BYTES(SIGNATURE "\x20\0\0\3abcmore"), PROXY_HEADER_DONE, NULL, NULL, 19},
    {BYTES(SIGNATURE "\x20\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\2\4\xd2\1\xbb"), PROXY_HEADER_DONE, NULL,
     NULL, 0},
    {BYTES(SIGNATURE "\x21\0\0\0"), PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES(SIGNATURE "\x21\x13\0\x0c\xc0\0\2\1\xc6\x33\x64\2\4\xd2\1\xbb"), PROXY_HEADER_BAD, NULL,
     NULL, 0},
    {BYTES(SIGNATURE "\x20\x13\0\0"), PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES(SIGNATURE "\x22\x11\0\0"), PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES(SIGNATURE "\x11\x11\0\0"), PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES(SIGNATURE "\x21\x11\0\x0b\xc0\0\2\1\xc6\x33\x64\2\4\xd2\1"), PROXY_HEADER_BAD, NULL,
     NULL, 0},
    {BYTES(SIGNATURE "\x21\x11\x10\1"), PROXY_HEADER_BAD, NULL, NULL, 0},
    {BYTES(SIGNATURE "\x21\x11\x10\0"), PROXY_HEADER_PARTIAL, NULL, NULL, 0},
    {BYTES(SIGNATURE "\x21"), PROXY_HEADER_PARTIAL, NULL, NULL, 0},
    {BYTES(SIGNATURE), PROXY_HEADER_PARTIAL, NULL, NULL, 0},
    {BYTES("\r\n\r\n\0\r\nQUIT"), PROXY_HEADER_MAYBE, NULL, NULL, 0},
    {BYTES("\r\n\r\n\0\r\nQUIT!"), PROXY_HEADER_NONE, NULL, NULL, 0},
};

static void check(const struct row *row)
{
    struct proxy_header header;
    char *copy = malloc(row->len + 1), source[ADDRESS_TEXT_BYTES], destination[ADDRESS_TEXT_BYTES];
    memcpy(copy, row->bytes, row->len);
    copy[row->len] = '\0';
    enum proxy_header_result result = proxy_header_parse(str_make(copy, row->len), &header);
    CHECK_INT(result, row->result);
    if (result == PROXY_HEADER_DONE) {
        CHECK_INT(header.len, row->header_len ? row->header_len : row->len);
        CHECK_INT(header.is_local, row->source == NULL);
    }
    if (result == PROXY_HEADER_DONE && row->source) {
        CHECK_STR(str_make(source, address_text(&header.source, source)), row->source);
        CHECK_STR(str_make(destination, address_text(&header.destination, destination)),
                  row->destination);
    }
    free(copy);
}

static void test_lines(void)
{
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        check(&lines[i]);
}

static void test_blocks(void)
{
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
        check(&blocks[i]);
}

/* Addresses of unix sockets are passed over. */
static void test_unix(void)
{
    char bytes[16 + 216 + 1] = SIGNATURE "\x21\x31\0\xd8/run/client.sock";
    struct proxy_header header;
    CHECK_INT(proxy_header_parse(str_make(bytes, 16 + 216), &header), PROXY_HEADER_DONE);
    CHECK_INT(header.len, 16 + 216);
    CHECK(!header.is_local && header.source.family == AF_UNSPEC);
    CHECK_INT(proxy_header_parse(str_make(bytes, 16 + 215), &header), PROXY_HEADER_PARTIAL);
}

static struct address address_of(const char *ip, uint16_t port)
{
    struct address address;
    CHECK(address_parse(str_from(ip), &address));
    if (address.family == AF_INET)
        address.in.sin_port = htons(port);
    else
        address.in6.sin6_port = htons(port);
    return address;
}

static void test_written(void)
{
    static const struct {
        const char *source, *destination;
        const char *line;
    } rows[] = {
        {"192.0.2.1", "0.0.0.0", "PROXY TCP4 192.0.2.1 0.0.0.0 7 9\r\n"},
        {"2001:db8::1", "::", "PROXY TCP6 2001:db8::1 :: 7 9\r\n"},
        {"192.0.2.1", "2001:db8::2", "PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 7 9\r\n"},
    };
    char out[PROXY_HEADER_WRITTEN_BYTES], want[ADDRESS_TEXT_BYTES], got[ADDRESS_TEXT_BYTES];
    struct proxy_header header;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct address source = address_of(rows[i].source, 7);
        struct address destination = address_of(rows[i].destination, 9);
        size_t len = proxy_header_write(1, &source, &destination, out);
        CHECK_STR(str_make(out, len), rows[i].line);
        len = proxy_header_write(2, &source, &destination, out);
        CHECK_INT(proxy_header_parse(str_make(out, len), &header), PROXY_HEADER_DONE);
        CHECK_INT(header.len, len);
        address_text(&source, want);
        address_text(&header.source, got);
        CHECK_STR(str_from(got), want);
        address_text(&destination, want);
        address_text(&header.destination, got);
        CHECK_STR(str_from(got), want);
    }
    struct address unknown = {.family = AF_UNSPEC};
    CHECK_STR(str_make(out, proxy_header_write(1, &unknown, &unknown, out)), "PROXY UNKNOWN\r\n");
    CHECK_INT(proxy_header_write(2, &unknown, &unknown, out), 16);
    CHECK_INT(proxy_header_parse(str_make(out, 16), &header), PROXY_HEADER_DONE);
    CHECK(header.is_local);
}

static const struct test tests[] = {
    {"lines", test_lines},
    {"blocks", test_blocks},
    {"unix", test_unix},
    {"written", test_written},
};

TESTS_MAIN(tests)
