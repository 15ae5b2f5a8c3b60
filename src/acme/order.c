/* RFC 8555 from the directory to the certificate. */
#include "acme/order.h"

#include <jansson.h>
#include <poll.h>
#include <string.h>

#include "acme/jose.h"
#include "acme/store.h"
#include "acme/tokens.h"
#include "base/clock.h"

enum {
    NONCE_TRIES = 8,   /* an authority may refuse any nonce, and gives a new one with that */
    POLL_MAX_S = 15,   /* between two looks */
    ORDER_MAX_S = 300, /* for one authorization, or for the order itself */
};

#define ZEROSSL_PREFIX "https://acme.zerossl.com/"
#define ZEROSSL_API    "https://api.zerossl.com/acme/eab-credentials-email"

struct conversation {
    struct https https;
    struct arena *arena;
    const struct acme_authority *authority;
    struct acme_account *account;
    const struct acme_means *means;
    struct acme_result *result;
    struct str new_nonce, new_account, new_order; /* URLs */
    struct str renewal_info;                      /* the same; empty: it has none */
    struct str nonce;
    struct https_response response; /* the last one */
    json_t *answer;                 /* its body; owned; NULL: no JSON */
    bool account_is_unknown;
};

static bool failed(struct conversation *talk, const char *what, struct str why)
{
    talk->result->error = str_printf(talk->arena, "%s: " STR_FMT, what, STR_ARG(why));
    return false;
}

static struct str member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? str_from(text) : (struct str){0};
}

static struct str kept(struct conversation *talk, const json_t *object, const char *name)
{
    return str_dup(talk->arena, member(object, name));
}

static void read_answer(struct conversation *talk)
{
    struct str type = talk->response.content_type;
    json_decref(talk->answer);
    talk->answer = NULL;
    if (str_has_prefix(type, STR("application/json")) ||
        str_has_prefix(type, STR("application/problem+json")))
        talk->answer = json_loadb(talk->response.body.ptr ? talk->response.body.ptr : "",
                                  talk->response.body.len, JSON_REJECT_DUPLICATES, NULL);
    if (talk->response.nonce.len > 0)
        talk->nonce = talk->response.nonce;
}

/* What a problem document says (RFC 7807, RFC 8555 6.7), or the status. */
static struct str problem_text(struct conversation *talk, const json_t *problem)
{
    struct str type = member(problem, "type"), detail = member(problem, "detail");
    struct strbuf text = strbuf_in(talk->arena);
    if (type.len + detail.len == 0)
        return str_printf(talk->arena, "the authority answers with status %u",
                          talk->response.status);
    strbuf_printf(&text, STR_FMT "%s" STR_FMT,
                  STR_ARG(str_trim_prefix(type, STR("urn:ietf:params:acme:error:"))),
                  type.len && detail.len ? ": " : "", STR_ARG(detail));
    size_t i;
    json_t *part;
    json_array_foreach(json_object_get(problem, "subproblems"), i, part)
        strbuf_printf(&text, "; " STR_FMT, STR_ARG(member(part, "detail")));
    return strbuf_finish(&text);
}

static bool problem(struct conversation *talk, const char *what)
{
    talk->result->retry_after_s = talk->response.retry_after_s;
    return failed(talk, what, problem_text(talk, talk->answer));
}

static bool is_fine(const struct conversation *talk)
{
    return talk->response.status >= 200 && talk->response.status < 300;
}

static bool get_nonce(struct conversation *talk)
{
    struct str error = {0};
    if (talk->nonce.len > 0)
        return true;
    if (!https_request(&talk->https, talk->arena, "HEAD", talk->new_nonce, (struct str){0},
                       (struct str){0}, &talk->response, &error))
        return failed(talk, "asking for a nonce", error);
    talk->nonce = talk->response.nonce;
    return talk->nonce.len > 0 || failed(talk, "asking for a nonce", STR("there is none"));
}

/* Text as a JSON string, quotes included. */
static struct str quoted(struct conversation *talk, struct str text)
{
    json_t *string = json_stringn(text.ptr ? text.ptr : "", text.len);
    char *dump = string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;
    struct str copy = dump ? str_dup(talk->arena, str_from(dump)) : STR("\"\"");
    free(dump);
    json_decref(string);
    return copy;
}

static bool is_problem(const struct conversation *talk, const char *type)
{
    return str_is(str_trim_prefix(member(talk->answer, "type"), STR("urn:ietf:params:acme:error:")),
                  type);
}

/* POST, signed by the account; an empty payload is POST-as-GET. False where there was no answer; a
 * refusal is one. */
static bool post(struct conversation *talk, struct str url, struct str payload)
{
    struct str error = {0};
    for (unsigned tries = 0; tries < NONCE_TRIES; tries++) {
        if (!get_nonce(talk))
            return false;
        struct str who =
            talk->account->url.len > 0
                ? STR_JOIN(talk->arena, STR("\"kid\":"), quoted(talk, talk->account->url))
                : STR_JOIN(talk->arena, STR("\"jwk\":"), jose_jwk(talk->arena, talk->account->key));
        struct str header =
            STR_JOIN(talk->arena, who, STR(",\"nonce\":"), quoted(talk, talk->nonce),
                     STR(",\"url\":"), quoted(talk, url));
        struct str body = jose_sign(talk->arena, talk->account->key, header, payload);
        if (body.len == 0)
            return failed(talk, "signing", STR("OpenSSL refuses"));
        talk->nonce = (struct str){0};
        if (!https_request(&talk->https, talk->arena, "POST", url, STR("application/jose+json"),
                           body, &talk->response, &error))
            return failed(talk, "asking the authority", error);
        read_answer(talk);
        if (!is_problem(talk, "badNonce"))
            return true;
    }
    return failed(talk, "asking the authority", STR("it takes no nonce"));
}

static bool get_directory(struct conversation *talk)
{
    struct str error = {0};
    if (!https_request(&talk->https, talk->arena, "GET", talk->authority->directory,
                       (struct str){0}, (struct str){0}, &talk->response, &error))
        return failed(talk, "asking for the directory", error);
    read_answer(talk);
    if (!is_fine(talk))
        return problem(talk, "asking for the directory");
    talk->new_nonce = kept(talk, talk->answer, "newNonce");
    talk->new_account = kept(talk, talk->answer, "newAccount");
    talk->new_order = kept(talk, talk->answer, "newOrder");
    talk->renewal_info = kept(talk, talk->answer, "renewalInfo");
    if (talk->new_nonce.len == 0 || talk->new_account.len == 0 || talk->new_order.len == 0)
        return failed(talk, "asking for the directory", STR("it is no ACME directory"));
    return true;
}

/* text in a form (application/x-www-form-urlencoded) */
static struct str form_escaped(struct arena *arena, struct str text)
{
    struct strbuf out = strbuf_in(arena);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            (c != '\0' && strchr("-._", c)))
            strbuf_add_char(&out, c);
        else
            strbuf_printf(&out, "%%%02X", (unsigned char)c);
    }
    return strbuf_finish(&out);
}

/* ZeroSSL knows accounts by keys that it gives to anybody with an address, as Caddy asks for them.
 */
static bool ask_zerossl(struct conversation *talk, struct str *key_id, struct str *mac_key)
{
    static const char what[] = "asking ZeroSSL for the key of an account";
    struct str error = {0};
    if (talk->authority->email.len == 0)
        return failed(talk, what, STR("it gives one for an email address only, and there is none"));
    struct str form =
        STR_JOIN(talk->arena, STR("email="), form_escaped(talk->arena, talk->authority->email));
    if (!https_request(&talk->https, talk->arena, "POST", STR(ZEROSSL_API),
                       STR("application/x-www-form-urlencoded"), form, &talk->response, &error))
        return failed(talk, what, error);
    json_t *answer = json_loadb(talk->response.body.ptr ? talk->response.body.ptr : "",
                                talk->response.body.len, 0, NULL);
    *key_id = kept(talk, answer, "eab_kid");
    *mac_key = kept(talk, answer, "eab_hmac_key");
    struct str type = kept(talk, json_object_get(answer, "error"), "type");
    json_decref(answer);
    if (is_fine(talk) && key_id->len > 0 && mac_key->len > 0)
        return true;
    return failed(
        talk, what,
        type.len > 0 ? type
                     : str_printf(talk->arena, "it answers with status %u", talk->response.status));
}

/* "externalAccountBinding" (RFC 8555 7.3.4), with the comma before it; empty where there is none.
 */
static bool external_binding(struct conversation *talk, struct str *out)
{
    const struct acme_authority *authority = talk->authority;
    struct str key, key_id = authority->eab_key_id, mac_key = authority->eab_mac_key;
    *out = (struct str){0};
    if (key_id.len == 0 && !str_has_prefix(authority->directory, STR(ZEROSSL_PREFIX)))
        return true;
    if (key_id.len == 0 && !ask_zerossl(talk, &key_id, &mac_key))
        return false;
    if (!jose_base64url_read(talk->arena, mac_key, &key))
        return failed(talk, "the key of the external account", STR("is not base64url"));
    struct str header = STR_JOIN(talk->arena, STR("\"kid\":"), quoted(talk, key_id),
                                 STR(",\"url\":"), quoted(talk, talk->new_account));
    struct str bound =
        jose_sign_hmac(talk->arena, key, header, jose_jwk(talk->arena, talk->account->key));
    if (bound.len == 0)
        return failed(talk, "signing", STR("OpenSSL refuses"));
    *out = STR_JOIN(talk->arena, STR(",\"externalAccountBinding\":"), bound);
    return true;
}

static bool register_account(struct conversation *talk)
{
    struct str contact = {0}, binding;
    if (talk->account->url.len > 0)
        return true;
    if (talk->authority->email.len > 0)
        contact = STR_JOIN(
            talk->arena, STR(",\"contact\":["),
            quoted(talk, STR_JOIN(talk->arena, STR("mailto:"), talk->authority->email)), STR("]"));
    if (!external_binding(talk, &binding))
        return false;
    struct str payload =
        STR_JOIN(talk->arena, STR("{\"termsOfServiceAgreed\":true"), contact, binding, STR("}"));
    if (!post(talk, talk->new_account, payload))
        return false;
    if (!is_fine(talk))
        return problem(talk, "registering an account");
    if (talk->response.location.len == 0)
        return failed(talk, "registering an account", STR("it has no URL"));
    talk->account->url = talk->response.location;
    talk->account->is_new = true;
    return true;
}

/* Waits; false where all is to end. */
static bool pause_for(struct conversation *talk, int64_t seconds)
{
    struct pollfd fd = {talk->https.means->stop_fd, POLLIN, 0};
    if (seconds < 1)
        seconds = 1;
    if (seconds > POLL_MAX_S)
        seconds = POLL_MAX_S;
    if (poll(&fd, 1, (int)seconds * 1000) > 0)
        return failed(talk, "given up", STR("shutting down"));
    return true;
}

/* Asks again until the status is none of those that go on; the last answer stays. */
static bool await_status(struct conversation *talk, struct str url, const char *const *passing,
                         const char *what)
{
    int64_t begin_ns = clock_monotonic_ns();
    for (;;) {
        if (!post(talk, url, (struct str){0}))
            return false;
        if (!is_fine(talk))
            return problem(talk, what);
        if (!str_is_one_of(member(talk->answer, "status"), passing))
            return true;
        if ((clock_monotonic_ns() - begin_ns) / 1000000000 > ORDER_MAX_S)
            return failed(talk, what, STR("the authority takes too long"));
        if (!pause_for(talk, talk->response.retry_after_s))
            return false;
    }
}

/* The challenge of a type, or NULL. */
static const json_t *challenge_of(const json_t *authorization, const char *type)
{
    size_t i;
    json_t *challenge;
    json_array_foreach(json_object_get(authorization, "challenges"), i,
                       challenge) if (str_is(member(challenge, "type"), type)) return challenge;
    return NULL;
}

/* What a failed authorization says of its challenges. */
static struct str challenge_error(struct conversation *talk)
{
    size_t i;
    json_t *challenge;
    json_array_foreach(
        json_object_get(talk->answer, "challenges"), i,
        challenge) if (json_object_get(challenge,
                                       "error")) return problem_text(talk,
                                                                     json_object_get(challenge,
                                                                                     "error"));
    return STR("the authority does not say why");
}

static bool put_alpn(struct conversation *talk, struct str subject, struct str key_authorization)
{
    struct str answer = acme_alpn_answer(talk->arena, subject, key_authorization);
    return answer.len > 0 && acme_challenges_put(talk->means->challenges, ACME_ALPN,
                                                 acme_alpn_name(talk->arena, subject), answer);
}

static void drop(struct conversation *talk, const struct acme_token *token)
{
    acme_challenges_drop(talk->means->challenges, token->kind,
                         token->kind == ACME_HTTP ? token->token
                                                  : acme_alpn_name(talk->arena, token->name));
}

/* Our own listeners answer, and those of others who find the challenge in the storage. */
static bool present(struct conversation *talk, const struct acme_token *token)
{
    const struct acme_means *means = talk->means;
    bool is_http = token->kind == ACME_HTTP;
    struct str error;
    bool put = is_http ? acme_challenges_put(means->challenges, ACME_HTTP, token->token,
                                             token->key_authorization)
                       : put_alpn(talk, token->name, token->key_authorization);
    if (!put)
        return failed(talk, "the challenge", STR("cannot be answered"));
    if (talk->authority->shares_no_challenges ||
        acme_token_save(talk->arena, means->storage, talk->authority->directory, token, &error))
        return true;
    drop(talk, token);
    return failed(talk, "the challenge cannot be kept", error);
}

static void withdraw(struct conversation *talk, const struct acme_token *token)
{
    const struct acme_means *means = talk->means;
    if (!talk->authority->shares_no_challenges)
        acme_token_drop(talk->arena, means->storage, talk->authority->directory, token);
    drop(talk, token);
}

/* Answers one challenge and waits for what the authority makes of it. */
static bool meet(struct conversation *talk, const struct acme_wish *wish,
                 struct str authorization_url, enum acme_challenge_kind kind)
{
    static const char *const passing[] = {"pending", "processing", NULL};
    bool by_http = kind == ACME_HTTP;
    const json_t *challenge = challenge_of(talk->answer, by_http ? "http-01" : "tls-alpn-01");
    struct acme_token token = {.kind = kind,
                               .name = wish->subject,
                               .token = kept(talk, challenge, "token"),
                               .url = kept(talk, challenge, "url")};
    if (token.token.len == 0 || token.url.len == 0)
        return failed(talk, "the challenge", STR("has no token"));
    token.key_authorization = STR_JOIN(talk->arena, token.token, STR("."),
                                       jose_thumbprint(talk->arena, talk->account->key));
    if (!present(talk, &token))
        return false;
    bool met = post(talk, token.url, STR("{}"));
    if (met && !is_fine(talk))
        met = problem(talk, "answering the challenge");
    met = met && await_status(talk, authorization_url, passing, "the authorization");
    withdraw(talk, &token);
    if (met && !str_is(member(talk->answer, "status"), "valid"))
        met = failed(talk, by_http ? "HTTP-01" : "TLS-ALPN-01", challenge_error(talk));
    return met;
}

static bool authorize(struct conversation *talk, const struct acme_wish *wish, struct str url)
{
    if (!post(talk, url, (struct str){0}))
        return false;
    if (!is_fine(talk))
        return problem(talk, "asking for the authorization");
    if (str_is(member(talk->answer, "status"), "valid"))
        return true;
    if (wish->by_http && challenge_of(talk->answer, "http-01"))
        return meet(talk, wish, url, ACME_HTTP);
    if (wish->by_alpn && challenge_of(talk->answer, "tls-alpn-01"))
        return meet(talk, wish, url, ACME_ALPN);
    return failed(talk, "the authorization",
                  STR("the authority offers no challenge that can be met here: HTTP-01 needs a "
                      "listener on the HTTP port, TLS-ALPN-01 one on the HTTPS port"));
}

static bool finalize(struct conversation *talk, const struct acme_wish *wish, struct str order,
                     struct str url, EVP_PKEY *key)
{
    static const char *const passing[] = {"pending", "processing", NULL};
    struct str request = jose_request(talk->arena, key, wish->subject, wish->must_staple);
    if (request.len == 0)
        return failed(talk, "the request", STR("cannot be made"));
    struct str payload =
        STR_JOIN(talk->arena, STR("{\"csr\":\""), jose_base64url(talk->arena, request), STR("\"}"));
    if (!post(talk, url, payload))
        return false;
    if (!is_fine(talk))
        return problem(talk, "finalizing the order");
    if (!await_status(talk, order, passing, "the order"))
        return false;
    if (!str_is(member(talk->answer, "status"), "valid"))
        return failed(talk, "the order",
                      problem_text(talk, json_object_get(talk->answer, "error")));
    return true;
}

static bool download(struct conversation *talk, EVP_PKEY *key)
{
    struct acme_result *result = talk->result;
    result->stored.url = kept(talk, talk->answer, "certificate");
    if (!post(talk, result->stored.url, (struct str){0}))
        return false;
    if (!is_fine(talk))
        return problem(talk, "fetching the certificate");
    if (!str_contains(talk->response.body, STR("-----BEGIN CERTIFICATE-----")))
        return failed(talk, "fetching the certificate", STR("there is none in the answer"));
    result->chain = talk->response.body;
    result->key = jose_key_pem(talk->arena, key);
    if (result->key.len == 0)
        return failed(talk, "the key", STR("cannot be written"));
    if (!acme_chain_read(talk->arena, result->chain, result->key, &result->stored))
        return failed(talk, "fetching the certificate", STR("it does not fit the key"));
    result->stored.authority = talk->authority->directory;
    result->stored.account = talk->account->url;
    return true;
}

/* --- renewal information --- */

static bool ask_renewal(struct conversation *talk, struct acme_stored *stored, struct str *error)
{
    struct acme_renewal before = stored->renewal;
    struct str url =
        STR_JOIN(talk->arena, str_trim_suffix(talk->renewal_info, STR("/")), STR("/"), before.id);
    if (!https_request(&talk->https, talk->arena, "GET", url, (struct str){0}, (struct str){0},
                       &talk->response, error))
        return false;
    read_answer(talk);
    if (!is_fine(talk)) {
        *error = problem_text(talk, talk->answer);
        return false;
    }
    if (acme_renewal_read(talk->arena, talk->answer, &before, talk->response.retry_after_s,
                          &stored->renewal))
        return true;
    stored->renewal = before;
    *error = STR("the authority tells no window of time");
    return false;
}

/* --- orders --- */

static struct str order_text(struct conversation *talk, const struct acme_wish *wish,
                             struct str replaces)
{
    bool is_ip = str_index(wish->subject, ':') >= 0 ||
                 strspn(wish->subject.ptr, "0123456789.") == wish->subject.len;
    struct str profile = talk->authority->profile;
    struct strbuf text = strbuf_in(talk->arena);
    strbuf_printf(&text, "{\"identifiers\":[{\"type\":\"%s\",\"value\":" STR_FMT "}]",
                  is_ip ? "ip" : "dns", STR_ARG(quoted(talk, wish->subject)));
    if (profile.len > 0)
        strbuf_printf(&text, ",\"profile\":" STR_FMT, STR_ARG(quoted(talk, profile)));
    if (replaces.len > 0)
        strbuf_printf(&text, ",\"replaces\":" STR_FMT, STR_ARG(quoted(talk, replaces)));
    strbuf_puts(&text, "}");
    return strbuf_finish(&text);
}

/* The answer is the order. */
static bool place_order(struct conversation *talk, const struct acme_wish *wish)
{
    struct str replaces = talk->renewal_info.len > 0 ? wish->replaces : (struct str){0};
    if (!post(talk, talk->new_order, order_text(talk, wish, replaces)))
        return false;
    /* RFC 9773 5: another order has said so before */
    if (replaces.len > 0 && is_problem(talk, "alreadyReplaced") &&
        !post(talk, talk->new_order, order_text(talk, wish, (struct str){0})))
        return false;
    talk->account_is_unknown = is_problem(talk, "accountDoesNotExist");
    return is_fine(talk) || problem(talk, "ordering");
}

static bool order(struct conversation *talk, const struct acme_wish *wish, EVP_PKEY *key)
{
    struct str authorizations[8];
    size_t n = 0, i;
    json_t *url;
    if (!place_order(talk, wish))
        return false;
    struct str place = talk->response.location, end = kept(talk, talk->answer, "finalize");
    json_array_foreach(json_object_get(talk->answer, "authorizations"), i,
                       url) if (n < sizeof(authorizations) / sizeof(authorizations[0]) &&
                                json_string_value(url)) authorizations[n++] =
        str_dup(talk->arena, str_from(json_string_value(url)));
    if (place.len == 0 || end.len == 0)
        return failed(talk, "ordering", STR("the order has no URL"));
    for (i = 0; i < n; i++)
        if (!authorize(talk, wish, authorizations[i]))
            return false;
    return finalize(talk, wish, place, end, key) && download(talk, key);
}

bool acme_order(const struct acme_authority *authority, struct acme_account *account,
                const struct acme_wish *wish, const struct acme_means *means, struct arena *arena,
                struct acme_result *result)
{
    struct conversation talk = {
        .arena = arena,
        .authority = authority,
        .account = account,
        .means = means,
        .result = result,
    };
    struct str ignored = {0};
    *result = (struct acme_result){0};
    if (!https_open(&talk.https, authority->roots, authority->n_roots, &means->https, arena,
                    &result->error))
        return false;
    EVP_PKEY *key = jose_new_key(wish->key_type);
    bool done = key ? get_directory(&talk) && register_account(&talk) && order(&talk, wish, key)
                    : failed(&talk, "the key", STR("cannot be made"));
    if (!done && talk.account_is_unknown) { /* the authority has forgotten us */
        account->url = (struct str){0};
        talk.account_is_unknown = false;
        done = register_account(&talk) && order(&talk, wish, key);
    }
    if (done && talk.renewal_info.len > 0 && result->stored.renewal.id.len > 0)
        ask_renewal(&talk, &result->stored, &ignored); /* it will be asked again */
    EVP_PKEY_free(key);
    json_decref(talk.answer);
    https_close(&talk.https);
    return done;
}

bool acme_ask_renewal(const struct acme_authority *authority, const struct https_means *means,
                      struct arena *arena, struct acme_stored *stored, struct str *error)
{
    struct acme_result result = {0};
    struct conversation talk = {.arena = arena, .authority = authority, .result = &result};
    *error = (struct str){0};
    if (!https_open(&talk.https, authority->roots, authority->n_roots, means, arena, error))
        return false;
    bool done = get_directory(&talk);
    if (!done)
        *error = result.error;
    done = done && talk.renewal_info.len > 0 && stored->renewal.id.len > 0 &&
           ask_renewal(&talk, stored, error);
    json_decref(talk.answer);
    https_close(&talk.https);
    return done;
}
