/* Heads on their way out: lines that stand in memory as they are written go out in one piece, and
 * nobody can tell. */
#include "base/arena.h"
#include "http/http_private.h"
#include "random.h"
#include "test.h"

/* A writer without a stream, whose first room is <room> bytes of <scratch>. */
static struct head_writer writer_in(char *scratch, size_t room)
{
    return (struct head_writer){.begin = scratch, .at = scratch, .end = scratch + room};
}

static struct str written(const struct head_writer *writer)
{
    return str_make(writer->begin, (size_t)(writer->at - writer->begin));
}

/* What is to be written, said in another way: a field after the other, a byte after the other. */
static struct str one_by_one(struct arena *arena, const struct http_headers *headers,
                             uint64_t left_out)
{
    struct strbuf out = strbuf_in(arena);
    for (uint32_t i = 0; i < headers->n; i++) {
        const struct http_header *header = &headers->at[i];
        if (header_bit(header->id) & left_out)
            continue;
        strbuf_add(&out, header->name);
        strbuf_puts(&out, ": ");
        for (size_t k = 0; k < header->value.len; k++) {
            char c = header->value.ptr[k];
            strbuf_add_char(&out, c == '\r' || c == '\n' || c == '\0' ? ' ' : c);
        }
        strbuf_puts(&out, "\r\n");
    }
    return strbuf_str(&out);
}

/* --- random heads --- */

static const char *some_name(void)
{
    static const char *const names[] = {
        "Accept",       "cookie",         "X-Y",
        "Via",          "Set-Cookie",     "x",
        "Content-Type", "Content-Length", "Sec-Fetch-Destination-Of-Something"};
    return names[below(sizeof(names) / sizeof(names[0]))];
}

static void add_value(struct strbuf *out)
{
    static const char bytes[] = "abcdefghij klmnop;=\t,\"/\xc3\xa4";
    size_t len = below(4) ? below(20) : below(300);
    for (size_t i = 0; i < len; i++)
        strbuf_add_char(out, bytes[below(sizeof(bytes) - 1)]);
}

/* An answer's head, most lines of which are as they are written. */
static struct str some_head(struct arena *arena)
{
    static const char *const before[] = {" ", " ", " ", " ", " ", "", "\t", "  "};
    static const char *const after[] = {"", "", "", "", " ", "\t", "  "};
    struct strbuf out = strbuf_in(arena);
    strbuf_puts(&out, "HTTP/1.1 200 OK\r\n");
    for (unsigned n = below(12); n > 0; n--) {
        strbuf_puts(&out, some_name());
        strbuf_add_char(&out, ':');
        strbuf_puts(&out, before[below(8)]);
        add_value(&out);
        strbuf_puts(&out, after[below(7)]);
        strbuf_puts(&out, below(6) ? "\r\n" : "\n");
    }
    strbuf_puts(&out, below(6) ? "\r\n" : "\n");
    return strbuf_str(&out);
}

static struct http_headers parsed(struct arena *arena, struct str text)
{
    struct http_header room[16];
    struct h1_head head = {.headers = room, .cap = 16};
    char *bytes = arena_zalloc(arena, text.len + H1_SLACK_BYTES);
    memcpy(bytes, text.ptr, text.len);
    CHECK_INT(h1_parse_response(&head, bytes, text.len), H1_DONE);
    return head_keep(arena, &head, bytes);
}

/* One of the things that happen to a list of fields on its way. */
static void change(struct arena *arena, struct http_headers *headers)
{
    struct strbuf text = strbuf_in(arena);
    struct http_header *one = headers->n ? &headers->at[below(headers->n)] : NULL;
    unsigned kind = below(8);
    if (kind >= 2 && !one)
        return;
    switch (kind) {
    case 0:
        headers_add_named(headers, str_from(some_name()), STR("new\r\nX-Smuggled: 1"));
        return;
    case 1:
        headers_add_line(headers, HEADER_VIA, STR("Via: 1.1 Caddy\r\n"));
        return;
    case 2:
        headers_remove(headers, one->id);
        return;
    case 3: {
        struct http_header *other = &headers->at[below(headers->n)], held = *one;
        *one = *other;
        *other = held;
        return;
    }
    case 4:
        add_value(&text);
        strbuf_puts(&text, below(2) ? "\nX-Smuggled: 1" : "");
        one->value = strbuf_str(&text);
        return;
    case 5:
        one->name = STR("Renamed");
        return;
    case 6:
        one->value = str_slice(one->value, 0, one->value.len ? below((unsigned)one->value.len) : 0);
        return;
    case 7:
        one->value = str_slice(one->value, below(3), one->value.len);
        return;
    }
}

static void test_lists(void)
{
    struct arena arena = ARENA_INIT;
    for (unsigned round = 0; round < 20000; round++) {
        char scratch[4096];
        struct http_headers headers = parsed(&arena, some_head(&arena));
        for (unsigned n = below(4); n > 0; n--)
            change(&arena, &headers);
        uint64_t left_out = below(2) ? header_bit(HEADER_CONTENT_LENGTH) : 0;
        struct head_writer writer = writer_in(scratch, below(8) ? sizeof(scratch) : below(200));
        struct http_headers others = headers;
        struct str first = {0};
        if (headers.n && header_is_line(&headers.at[0]) && below(2)) {
            const char *begin = headers.at[0].name.ptr;
            first = str_make(begin, (size_t)(header_line_end(&headers.at[0]) - begin));
            others.at++;
            others.n--;
        }
        if (first.ptr)
            left_out = 0;
        head_list(&writer, first, &others, left_out);
        CHECK(str_eq(written(&writer), one_by_one(&arena, &headers, left_out)));
        free(writer.heap);
        arena_reset(&arena);
    }
    arena_free(&arena);
}

/* What came as it would be written is known, and nothing else is taken for it. */
static void test_lines(void)
{
    static const struct {
        const char *line;
        bool is_line;
    } rows[] = {
        {"A: b\r\n", true},   {"A: b c\td\r\n", true}, {"A: \r\n", true},    {"A:b\r\n", false},
        {"A:\tb\r\n", false}, {"A:  b\r\n", false},    {"A: b \r\n", false}, {"A: b\n", false},
        {"A: b \n", false},   {"A: b\t\n", false},     {"A:\r\n", false},    {"A: \n", false},
        {"A:  \n", false},
    };
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str text =
            STR_JOIN(&arena, STR("HTTP/1.1 200 OK\r\n"), str_from(rows[i].line), STR("\r\n"));
        struct http_headers headers = parsed(&arena, text);
        CHECK_INT(headers.n, 1);
        if (header_is_line(&headers.at[0]) && !rows[i].is_line)
            fprintf(stderr, "taken for a line: %s", rows[i].line);
        CHECK(!header_is_line(&headers.at[0]) || rows[i].is_line);
    }
    CHECK(header_is_line(&parsed(&arena, STR("HTTP/1.1 200 OK\r\nA: b\r\n\r\n")).at[0]));
    arena_free(&arena);
}

static void test_numbers(void)
{
    static const struct {
        uint64_t number;
        const char *text;
    } rows[] = {
        {0, "Content-Length: 0\r\n"},
        {9, "Content-Length: 9\r\n"},
        {10, "Content-Length: 10\r\n"},
        {12345, "Content-Length: 12345\r\n"},
        {UINT64_MAX, "Content-Length: 18446744073709551615\r\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char scratch[64];
        const char *end = put_length(scratch, rows[i].number);
        CHECK_STR(str_make(scratch, (size_t)(end - scratch)), rows[i].text);
    }
}

static const struct test tests[] = {
    {"lists", test_lists},
    {"lines", test_lines},
    {"numbers", test_numbers},
};

TESTS_MAIN(tests)
