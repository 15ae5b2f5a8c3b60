/* Heads of HTTP/1: what the looks at words and at sixteen bytes take for usual, against the rules
 * alone, on random heads, whole and in pieces. The bytes lie before memory that nobody may read. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtype-limits"
#pragma GCC diagnostic ignored "-Wunused-variable"
#include "http1.c"
#pragma GCC diagnostic pop

#include <sys/mman.h>

#include "http/http_private.h"
#include "test.h"

enum { PAGE_BYTES = 4096, MOST_HEADERS = 40, HEADS = 40000 };

static uint64_t random_state = 1;

static unsigned random_below(unsigned n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (unsigned)(random_state >> 33) % n;
}

static bool one_in(unsigned n)
{
    return random_below(n) == 0;
}

static const char *choose(const char *const *words, unsigned n)
{
    return words[random_below(n)];
}
#define CHOOSE(words) choose(words, sizeof(words) / sizeof((words)[0]))

/* ---- Random heads. */

static void add(char **at, const char *text)
{
    size_t len = strlen(text);
    memcpy(*at, text, len);
    *at += len;
}

/* One of the list or another one, in any case. */
static void add_name(char **at)
{
    static const char *const others[] = {
        "Accept-Language",
        "sec-ch-ua-platform",
        "Upgrade-Insecure-Requests",
        "DNT",
        "X",
        "X-Request-Id",
        "Hosts",
        "Hose",
        "Te-",
        "Cookie2",
        "Access-Control-Request-Headers-Which-Nobody-Knows",
        "x_odd",
        "a.b",
        "Ho\rst",
        "Sec\rWebSocket-Key",
        "content-lengt\b",
        "host ",
        "sec-websocket-protoco\x0c",
        "H\xc3\xb6st",
        "",
    };
    char *begin = *at;
    if (one_in(3))
        add(at, CHOOSE(others));
    else
        add(at, header_names[1 + random_below(N_HEADER_IDS - 1)].ptr);
    unsigned how = random_below(3);
    for (char *c = begin; c < *at && how; c++)
        if (((*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z')) && (how == 1 || one_in(2)))
            *c |= 0x20;
}

static void add_value(char **at)
{
    static const char *const values[] = {
        "",     "a",    "127.0.0.1:8080", "gzip, deflate, br",
        "x\ty", "\x7f", "caf\xc3\xa9",    "max-age=0, no-cache, must-revalidate, private"};
    static const char *const blanks[] = {"", "", "  ", "\t", " \t "};
    add(at, one_in(8) ? CHOOSE(blanks) : " ");
    add(at, CHOOSE(values));
    for (unsigned n = one_in(2) ? random_below(70) : 0; n; n--)
        *(*at)++ = (char)(' ' + random_below('~' - ' ' + 1));
    if (one_in(8))
        add(at, CHOOSE(blanks));
}

/* A line that says how the message ends, or whom it is for. */
static void add_framing(char **at)
{
    static const char *const lines[] = {
        "Host: a",
        "Host: a",
        "Host: a/b",
        "host:",
        "Connection: keep-alive",
        "connection: Keep-Alive",
        "Connection: close",
        "Connection: keep-alive, Upgrade",
        "Content-Length: 12",
        "content-length: 12",
        "Content-Length: 0",
        "Content-Length: 1x",
        "Transfer-Encoding: chunked",
        "Expect: 100-continue",
    };
    add(at, CHOOSE(lines));
}

static void add_request_line(char **at)
{
    static const char bytes[] = "abcXYZ019-._~/:;,+&=%?@!$'()*[]{}\"#|\\^`<>\x7f\xc3 ";
    add(at, one_in(3) ? "POST " : "GET ");
    add(at, one_in(20) ? "http://a" : "/");
    bool is_plain = one_in(2);
    for (unsigned n = random_below(50); n; n--)
        *(*at)++ = bytes[random_below(is_plain ? 14 : sizeof(bytes) - 1)];
    if (one_in(3))
        add(at, "?a=b&c=d%20");
    add(at, one_in(10) ? " HTTP/1.0" : " HTTP/1.1");
}

static size_t random_head(char *bytes, bool is_response)
{
    static const char *const requests[] = {
        "GET / HTTP/1.1",      "GET /a?b=c HTTP/1.1",
        "POST /form HTTP/1.0", "OPTIONS * HTTP/1.1",
        "G / HTTP/1.1",        "GET /",
        "GET / HTTP/2.0",      "PUT /a/rather/long/path/to/nowhere HTTP/1.3"};
    static const char *const responses[] = {"HTTP/1.1 200 OK", "HTTP/1.0 404 Not Found",
                                            "HTTP/1.1 200",    "HTTP/1.1 20 OK",
                                            "HTTP/1.1 301 ",   "HTTP/1.1 200 Okay"};
    static const char *const ends[] = {"\r\n", "\n", "\r", "\r\n ", "\r\r\n"};
    char *at = bytes;
    if (!is_response && one_in(2))
        add_request_line(&at);
    else
        add(&at, is_response ? CHOOSE(responses) : CHOOSE(requests));
    add(&at, one_in(20) ? CHOOSE(ends) : "\r\n");
    for (unsigned n = random_below(8); n; n--) {
        if (one_in(2)) {
            add_framing(&at);
            add(&at, "\r\n");
            continue;
        }
        add_name(&at);
        if (!one_in(40))
            add(&at, ":");
        add_value(&at);
        add(&at, one_in(30) ? CHOOSE(ends) : "\r\n");
    }
    add(&at, one_in(20) ? CHOOSE(ends) : "\r\n");
    for (unsigned n = one_in(4) ? 1 + random_below(3) : 0; n; n--)
        bytes[random_below((unsigned)(at - bytes))] = (char)random_below(256);
    if (one_in(5)) /* the rest stays behind it */
        at = bytes + random_below((unsigned)(at - bytes));
    else if (one_in(2))
        memset(at, ':', H1_SLACK_BYTES);
    return (size_t)(at - bytes);
}

/* ---- The comparison. */

static enum h1_result by_rules(struct h1_head *head, const char *bytes, size_t len,
                               bool is_response)
{
    choose_text(head, bytes);
    enum h1_result result =
        is_response ? status_line(head, bytes, len) : request_line(head, bytes, len);
    enum line line = LINE_FIELD;
    if (result != H1_DONE)
        return result;
    while (line == LINE_FIELD)
        line = line_by_rules(head, bytes, is_response);
    return no_field(head, bytes, len, line);
}

static bool is_same_text(struct str a, struct str b)
{
    return a.ptr == b.ptr && a.len == b.len;
}

static bool is_same_field(const struct http_header *a, const struct http_header *b)
{
    return is_same_text(a->name, b->name) && is_same_text(a->value, b->value) && a->id == b->id &&
           a->is_line == b->is_line;
}

static bool is_same_head(const struct h1_head *a, const struct h1_head *b)
{
    bool is_same = a->n == b->n && a->version == b->version && is_same_text(a->method, b->method) &&
                   is_same_text(a->target, b->target) && a->status == b->status &&
                   a->reason.len == b->reason.len && a->problem == b->problem && a->len == b->len &&
                   a->line == b->line;
    for (uint32_t i = 0; i < a->n && is_same; i++)
        is_same = is_same_field(&a->headers[i], &b->headers[i]);
    return is_same;
}

static enum h1_result parse(struct h1_head *head, const char *bytes, size_t len, bool is_response)
{
    return is_response ? h1_parse_response(head, bytes, len) : h1_parse_request(head, bytes, len);
}

static void check_names(const struct h1_head *head)
{
    uint64_t names = 0, repeated = 0;
    for (uint32_t i = 0; i < head->n; i++) {
        repeated |= names & HEADER_BIT(head->headers[i].id);
        names |= HEADER_BIT(head->headers[i].id);
    }
    CHECK(head->names == names && head->repeated == repeated);
}

static unsigned n_paths[2]; /* that had to be looked at, and that had not */

/* What is known of a target is what its parser says of it. */
static void check_target(const struct h1_head *head)
{
    struct h1_target target;
    struct http_request request = {0};
    enum h1_problem problem = h1_parse_target(head->method, head->target, &target);
    n_paths[head->path_len != 0]++;
    if (!head->path_len)
        return;
    request_set_usual_target(&request, head->target, head->path_len);
    CHECK_INT(problem, H1_NO_PROBLEM);
    CHECK(!target.unusual && target.authority.len == 0);
    CHECK(is_same_text(request.path, target.path) && is_same_text(request.query, target.query));
    CHECK_INT(request.has_query, target.has_query);
}

static unsigned n_problems[N_H1_PROBLEMS];

/* The same where each line is looked at. */
static void check_framing(const struct h1_head *head, bool is_response)
{
    struct h1_head all = *head;
    struct h1_framing framing, wanted;
    enum h1_problem problem, wanted_problem;
    bool to_head = one_in(2);
    all.repeated = ~UINT64_C(0);
    if (is_response) {
        problem = h1_response_framing(head, to_head, &framing);
        wanted_problem = h1_response_framing(&all, to_head, &wanted);
    } else {
        problem = h1_request_framing(head, one_in(2) ? STR("a") : str_make("", 0), &framing);
        wanted_problem = h1_request_framing(&all, str_make("", 0), &wanted);
    }
    n_problems[problem]++;
    CHECK_INT(problem, wanted_problem);
    CHECK(problem ||
          (framing.content_length == wanted.content_length && framing.chunked == wanted.chunked &&
           framing.keep_alive == wanted.keep_alive &&
           framing.expects_continue == wanted.expects_continue &&
           framing.upgrade == wanted.upgrade));
}

static unsigned n_results[H1_BAD + 1];

static void check_head(char *bytes, size_t len, bool is_response)
{
    struct http_header headers[3][MOST_HEADERS];
    uint32_t cap = one_in(10) ? random_below(4) : MOST_HEADERS;
    struct h1_head rules = {.headers = headers[0], .cap = cap};
    struct h1_head whole = {.headers = headers[1], .cap = cap};
    struct h1_head pieces = {.headers = headers[2], .cap = cap};
    enum h1_result wanted = by_rules(&rules, bytes, len, is_response), result = H1_MORE;
    CHECK_INT(parse(&whole, bytes, len, is_response), wanted);
    CHECK(is_same_head(&whole, &rules));
    for (size_t n = 1; n <= len && result == H1_MORE; n++) {
        char next = bytes[n];
        bytes[n] = '\0';
        result = parse(&pieces, bytes, n, is_response);
        bytes[n] = next;
    }
    if (len) {
        CHECK_INT(result, wanted);
        CHECK(is_same_head(&pieces, &rules));
    }
    check_names(&whole);
    check_names(&pieces);
    if (wanted == H1_DONE)
        check_framing(&whole, is_response);
    if (wanted == H1_DONE && !is_response)
        check_target(&whole);
    n_results[wanted]++;
}

static void test_random_heads(void)
{
    static char text[PAGE_BYTES];
    char *pages =
        mmap(NULL, 2 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED && mprotect(pages + PAGE_BYTES, PAGE_BYTES, PROT_NONE) == 0);
    for (unsigned i = 0; i < HEADS; i++) {
        bool is_response = i % 2;
        size_t len = random_head(text, is_response);
        char *bytes = pages + PAGE_BYTES - len - H1_SLACK_BYTES;
        memcpy(bytes, text, len + H1_SLACK_BYTES);
        bytes[len] = '\0';
        int before = checks_failed;
        check_head(bytes, len, is_response);
        if (checks_failed != before)
            fprintf(stderr, "head %u of %zu bytes:\n%s\n", i, len, bytes);
    }
    munmap(pages, 2 * PAGE_BYTES);
    for (int result = H1_DONE; result <= H1_BAD; result++)
        CHECK(n_results[result] > HEADS / 100);
    CHECK(n_paths[0] > HEADS / 50 && n_paths[1] > HEADS / 50);
    CHECK(n_problems[H1_NO_PROBLEM] > HEADS / 20);
    for (int problem = H1_PROBLEM_NO_HOST; problem <= H1_PROBLEM_EXPECT; problem++)
        CHECK(n_problems[problem] > 0);
}

/* ---- Heads that are read into an arena. */

static bool is_copy(struct str text, const char *from, struct str copy, const char *to)
{
    return text.len == copy.len && (text.len == 0 || text.ptr - from == copy.ptr - to);
}

/* <kept> says of its copy what <whole> says of <bytes>. */
static bool is_kept(const struct h1_head *whole, const char *bytes, const struct h1_head *kept)
{
    const char *copy = kept->text;
    bool is_same = whole->n == kept->n && whole->len == kept->len && kept->cap >= kept->n &&
                   whole->names == kept->names && whole->status == kept->status &&
                   memcmp(copy, bytes, kept->len) == 0 && copy[kept->len] == '\0' &&
                   is_copy(whole->method, bytes, kept->method, copy) &&
                   is_copy(whole->target, bytes, kept->target, copy) &&
                   is_copy(whole->reason, bytes, kept->reason, copy);
    for (uint32_t i = 0; i < whole->n && is_same; i++) {
        const struct http_header *a = &whole->headers[i], *b = &kept->headers[i];
        is_same = is_copy(a->name, bytes, b->name, copy) && a->id == b->id &&
                  is_copy(a->value, bytes, b->value, copy) && a->is_line == b->is_line;
    }
    return is_same;
}

/* Whatever was looked at before: a head does not end where it is said that it may not. */
static void check_end(const char *bytes, size_t len, bool is_response)
{
    static struct http_header headers[4096];
    static char text[40000];
    struct h1_head head;
    enum h1_result result = H1_MORE;
    for (size_t n = 1, scanned = 0; n <= len && result == H1_MORE; n += 1 + random_below(8)) {
        memcpy(text, bytes, n);
        text[n] = '\0';
        head = (struct h1_head){.headers = headers, .cap = 4096};
        result = parse(&head, text, n, is_response);
        CHECK(result != H1_DONE || scanned == 0 || head_may_end(str_make(text, n), scanned));
        scanned = n;
    }
}

static void check_read(const char *bytes, size_t len, bool is_response)
{
    static struct http_header headers[4096];
    static struct header_scratch scratch;
    struct arena arena = ARENA_INIT;
    arena_alloc(&arena, 1 + random_below(300));
    struct h1_head whole = {.headers = headers, .cap = 4096}, kept;
    enum h1_result wanted = parse(&whole, bytes, len, is_response);
    const unsigned char *before = arena.at;
    const struct arena_chunk *chunk = arena.chunk;
    enum h1_result result = head_read(&kept, is_response ? h1_parse_response : h1_parse_request,
                                      &arena, &scratch, str_make(bytes, len));
    CHECK_INT(result, wanted);
    CHECK_INT(kept.problem, whole.problem);
    check_end(bytes, len, is_response);
    if (result == H1_DONE)
        CHECK(is_kept(&whole, bytes, &kept));
    else
        CHECK(arena.chunk != chunk || arena.at - before < ARENA_ALIGNMENT);
    arena_free(&arena);
}

static void test_reading(void)
{
    static char text[40000];
    for (unsigned i = 0; i < HEADS / 4; i++) {
        size_t len = random_head(text, i % 2);
        text[len] = '\0';
        check_read(text, len, i % 2);
    }
    /* more fields, and more bytes, than are usual; and what stands behind a head */
    for (unsigned n = 0; n < 200; n += 1 + n / 8) {
        char *at = text;
        add(&at, "GET / HTTP/1.1\r\nHost: a\r\n");
        for (unsigned i = 0; i < n; i++) {
            add_name(&at);
            add(&at, ": 0123456789012345678901234567890123456789\r\n");
        }
        add(&at, "\r\nGET /next HTTP/1.1\r\n\r\n");
        *at = '\0';
        check_read(text, (size_t)(at - text), false);
        at = text + random_below((unsigned)(at - text));
        *at = '\0';
        check_read(text, (size_t)(at - text), false);
    }
}

/* Every name of the list, in lower case, in upper case and as it is written. */
static void test_names(void)
{
    for (int id = 1; id < N_HEADER_IDS; id++) {
        struct str name = header_names[id];
        for (int how = 0; how < 3; how++) {
            char text[256];
            int len = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" STR_FMT ": x\r\n\r\n",
                               STR_ARG(name));
            for (char *c = text + sizeof("GET / HTTP/1.1\r\n") - 1; *c != ':' && how; c++)
                if (*c >= 'A')
                    *c = (char)(how == 1 ? *c | 0x20 : *c & ~0x20);
            struct http_header header;
            struct h1_head head = {.headers = &header, .cap = 1};
            CHECK_INT(h1_parse_request(&head, text, (size_t)len), H1_DONE);
            CHECK_INT(header.id, id);
            CHECK_INT(header_id_of(header.name), id);
            CHECK_STR(header.value, "x");
        }
    }
    CHECK_INT(header_id_of(STR("")), HEADER_OTHER);
    CHECK_INT(header_id_of(STR("Hos")), HEADER_OTHER);
    CHECK_INT(header_id_of(STR("Haut")), HEADER_OTHER);
}

static const struct test tests[] = {
    {"random heads", test_random_heads},
    {"reading into an arena", test_reading},
    {"names of the list", test_names},
};

TESTS_MAIN(tests)
