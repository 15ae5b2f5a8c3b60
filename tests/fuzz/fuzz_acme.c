/* Any bytes as what an authority answers, from the directory to the certificate and the time of its
 * renewal, and as what the storage holds: a conversation ends, and gives no certificate that does
 * not fit its key. */
#include <stdlib.h>

#include <sys/eventfd.h>
#include <unistd.h>

#include "acme/https.h"
#include "acme/jose.h"
#include "acme/order.h"
#include "acme/store.h"
#include "acme/tokens.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str input;
static unsigned n_requests;

enum { REQUESTS_MAX = 64 }; /* more than any conversation needs that does not wait */

static struct str next_line(void)
{
    struct str line, rest;
    if (!str_cut(input, STR("\n"), &line, &rest)) {
        line = input;
        rest = (struct str){0};
    }
    input = rest;
    return line;
}

/* In the place of acme/https.c. Answers are lines: one of status, type and location, one of the
 * body. */
bool https_request(struct https *https, struct arena *arena, const char *method, struct str url,
                   struct str content_type, struct str body, struct https_response *out,
                   struct str *error)
{
    (void)https, (void)method, (void)url, (void)content_type, (void)body;
    if (n_requests++ > REQUESTS_MAX)
        abort();
    *out = (struct https_response){0};
    if (input.len == 0) {
        *error = STR("no more answers");
        return false;
    }
    struct str status = next_line();
    out->status = status.len > 0 ? 100u + (unsigned char)status.ptr[0] * 2u : 200;
    out->content_type = status.len > 1 && status.ptr[1] == 'p' ? STR("application/problem+json")
                                                               : STR("application/json");
    if (status.len > 2)
        out->location = str_dup(arena, str_slice(status, 2, status.len));
    out->nonce = STR("nonce");
    out->retry_after_s = status.len;
    out->body = str_dup(arena, next_line());
    return true;
}

bool https_open(struct https *https, const struct str *roots, size_t n_roots,
                const struct https_means *means, struct arena *arena, struct str *error)
{
    (void)roots, (void)n_roots, (void)arena, (void)error;
    *https = (struct https){NULL, means};
    return true;
}

void https_close(struct https *https)
{
    (void)https;
}

static void talk_to(struct arena *arena, EVP_PKEY *key, int stop_fd, bool by_http)
{
    struct acme_challenges challenges;
    struct acme_account account = {.key = key};
    struct acme_result result;
    struct str error = {0};
    const struct acme_authority authority = {.directory = STR("https://acme.zerossl.com/v2/DV90"),
                                             .email = STR("a+b@example.org"),
                                             .profile = STR("short"),
                                             .shares_no_challenges = true};
    const struct acme_wish wish = {
        .subject = STR("a.test"), .by_http = by_http, .by_alpn = !by_http, .replaces = STR("a.b")};
    const struct acme_means means = {&challenges, STR("/nowhere"), {.stop_fd = stop_fd}};
    acme_challenges_init(&challenges);
    n_requests = 0;
    if (acme_order(&authority, &account, &wish, &means, arena, &result)) {
        struct acme_stored stored = {0};
        if (!acme_chain_read(arena, result.chain, result.key, &stored))
            abort();
    } else if (result.error.len == 0) {
        abort();
    }
    if (acme_challenges_are_open(&challenges)) /* nothing is left of a conversation */
        abort();
    acme_challenges_free(&challenges);
    struct acme_stored stored = {.renewal = {.id = STR("a.b")}};
    if (acme_ask_renewal(&authority, &means.https, arena, &stored, &error) &&
        (stored.renewal.selected_ns < stored.renewal.start_ns ||
         stored.renewal.selected_ns >= stored.renewal.end_ns))
        abort();
}

static void read_stored(struct arena *arena, struct str text)
{
    struct acme_stored stored = {.renewal = {.id = STR("a.b")}};
    struct acme_token token;
    acme_about_read(arena, text, &stored);
    json_t *again = acme_renewal_json(arena, &stored.renewal);
    struct acme_renewal renewal = {0};
    if (again)
        acme_renewal_load(arena, again, &renewal);
    if (again && renewal.end_ns != stored.renewal.end_ns)
        abort();
    json_decref(again);
    acme_chain_read(arena, text, text, &stored);
    if (acme_token_read(arena, text, ACME_HTTP, &token) && token.token.len == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static EVP_PKEY *key;
    static int stop_fd = -1;
    if (!key) {
        key = jose_new_key(STR("p256"));
        stop_fd = eventfd(1, EFD_CLOEXEC); /* readable: nothing waits */
    }
    struct arena arena = ARENA_INIT;
    struct str all = str_make((const char *)data, size);
    read_stored(&arena, all);
    for (int by_http = 0; by_http < 2; by_http++) {
        input = all;
        talk_to(&arena, key, stop_fd, by_http);
    }
    arena_free(&arena);
    return 0;
}
