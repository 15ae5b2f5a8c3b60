/* What a server tells its handler of requests, as they come over a connection of sockets. */
#include "http/server.h"

#include <sys/socket.h>
#include <unistd.h>

#include "net/loop.h"
#include "test.h"

enum { MOST_REQUESTS = 16 };

static struct loop *loop;
static unsigned n_requests;
static bool same_host[MOST_REQUESTS];

static void on_request(struct http_request *request, void *ctx)
{
    struct http_head head = {.status = 204};
    (void)ctx;
    if (n_requests < MOST_REQUESTS)
        same_host[n_requests++] = request->same_host;
    http_reply(request, &head, str_make(NULL, 0));
}

/* The client reads until the server has closed. */
static void client_ready(struct watch *watch, unsigned events)
{
    char answers[4096];
    ssize_t got = 1;
    (void)events;
    while (got > 0)
        got = read(watch->fd, answers, sizeof(answers));
    if (got == 0)
        loop_stop(loop);
}

/* Runs a server until it has read all of <input>, which comes at once and is the client's last. */
static void serve(const char *input)
{
    int ends[2];
    struct address peer = {.family = AF_UNIX};
    struct http_server_config config = {.on_request = on_request};
    struct watch client = {.ready = client_ready};
    n_requests = 0;
    loop = loop_new();
    struct http_server *server = http_server_new(loop, &config);
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    CHECK_INT(write(ends[0], input, strlen(input)), (long long)strlen(input));
    http_server_connection(server, ends[1], &peer, 0);
    shutdown(ends[0], SHUT_WR);
    client.fd = ends[0];
    CHECK_INT(loop_watch(loop, &client), 0);
    loop_run(loop);
    http_server_free(server);
    loop_free(loop);
    close(ends[0]);
}

#define LONG_HOST                                                                                  \
    "long.example.long.example.long.example.long.example.long.example.long.example.long.example"

static void test_same_host(void)
{
    static const struct {
        const char *input;
        unsigned n;
        bool same[MOST_REQUESTS];
    } rows[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
         "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
         "GET / HTTP/1.1\r\nHost: b\r\n\r\n"
         "GET / HTTP/1.1\r\nhost:b\r\n\r\n"
         "GET / HTTP/1.1\r\nHost: B\r\n\r\n"
         "GET / HTTP/1.1\r\nHost: B:80\r\n\r\n",
         6,
         {false, true, false, true, false, false}},
        /* the target's authority counts */
        {"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"
         "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"
         "GET / HTTP/1.1\r\nHost: b\r\n\r\n"
         "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
         4,
         {false, false, true, false}},
        /* also of what no handler is asked for */
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
         "OPTIONS * HTTP/1.1\r\nHost: b\r\n\r\n"
         "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
         2,
         {false, false}},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
         "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
         "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
         3,
         {false, false, false}},
        /* too long to be remembered */
        {"GET / HTTP/1.1\r\nHost: " LONG_HOST "\r\n\r\n"
         "GET / HTTP/1.1\r\nHost: " LONG_HOST "\r\n\r\n",
         2,
         {false, false}},
        /* a host is looked at, though others were good */
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
         "GET / HTTP/1.1\r\nHost: a/\r\n\r\n"
         "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
         1,
         {false}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        serve(rows[i].input);
        CHECK_INT(n_requests, rows[i].n);
        for (unsigned k = 0; k < rows[i].n; k++)
            CHECK_INT(same_host[k], rows[i].same[k]);
    }
}

static const struct test tests[] = {
    {"whether the host is the last request's", test_same_host},
};

TESTS_MAIN(tests)
