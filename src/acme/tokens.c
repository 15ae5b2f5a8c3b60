/* Challenges as JSON files. */
#include "acme/tokens.h"

#include <arpa/inet.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "acme/files.h"
#include "acme/jose.h"
#include "acme/member.h"
#include "acme/paths.h"

static const char *const type_names[] = {[ACME_HTTP] = "http-01", [ACME_ALPN] = "tls-alpn-01"};

struct str acme_alpn_name(struct arena *arena, struct str name)
{
    unsigned char bytes[16];
    char *text = arena_strndup(arena, name.ptr, name.len);
    struct strbuf out = strbuf_in(arena);
    if (inet_pton(AF_INET, text, bytes) == 1)
        return str_printf(arena, "%u.%u.%u.%u.in-addr.arpa", bytes[3], bytes[2], bytes[1],
                          bytes[0]);
    if (inet_pton(AF_INET6, text, bytes) != 1)
        return name;
    for (size_t i = 16; i-- > 0;)
        strbuf_printf(&out, "%x.%x.", bytes[i] & 15u, bytes[i] >> 4);
    strbuf_puts(&out, "ip6.arpa");
    return strbuf_finish(&out);
}

static const char *path_of(struct arena *arena, struct str root, struct str directory,
                           enum acme_challenge_kind kind, struct str identifier)
{
    if (kind == ACME_ALPN)
        identifier = acme_alpn_name(arena, identifier);
    return acme_token_path(arena, root, directory, identifier);
}

bool acme_token_save(struct arena *arena, struct str root, struct str directory,
                     const struct acme_token *token, struct str *error)
{
    bool is_ip = !str_eq(acme_alpn_name(arena, token->name), token->name);
    json_t *about =
        json_pack("{s:s,s:s%,s:s,s:s%,s:s%,s:{s:s,s:s%}}", "type", type_names[token->kind], "url",
                  token->url.ptr, token->url.len, "status", "pending", "token", token->token.ptr,
                  token->token.len, "keyAuthorization", token->key_authorization.ptr,
                  token->key_authorization.len, "identifier", "type", is_ip ? "ip" : "dns", "value",
                  token->name.ptr, token->name.len);
    char *text = about ? json_dumps(about, JSON_COMPACT) : NULL;
    struct acme_file file = {path_of(arena, root, directory, token->kind, token->name),
                             str_from(text)};
    bool saved = text && acme_files_save(arena, &file, 1, error);
    if (!text)
        *error = STR("the challenge is no text");
    free(text);
    json_decref(about);
    return saved;
}

void acme_token_drop(struct arena *arena, struct str root, struct str directory,
                     const struct acme_token *token)
{
    unlink(path_of(arena, root, directory, token->kind, token->name));
}

bool acme_token_read(struct arena *arena, struct str text, enum acme_challenge_kind kind,
                     struct acme_token *token)
{
    json_t *about = json_loadb(text.ptr ? text.ptr : "", text.len, 0, NULL);
    *token = (struct acme_token){
        .kind = kind,
        .name = acme_member_text(arena, json_object_get(about, "identifier"), "value"),
        .token = acme_member_text(arena, about, "token"),
        .key_authorization = acme_member_text(arena, about, "keyAuthorization"),
        .url = acme_member_text(arena, about, "url"),
    };
    bool fits = str_is(acme_member_text(arena, about, "type"), type_names[kind]) &&
                token->name.len > 0 && token->token.len > 0 &&
                str_has_prefix(token->key_authorization, STR_JOIN(arena, token->token, STR(".")));
    json_decref(about);
    return fits;
}

bool acme_token_load(struct arena *arena, struct str root, struct str directory,
                     enum acme_challenge_kind kind, struct str identifier, struct acme_token *token)
{
    struct str text;
    return acme_file_load(arena, path_of(arena, root, directory, kind, identifier), &text) &&
           acme_token_read(arena, text, kind, token) &&
           (str_eq_nocase(token->name, identifier) ||
            str_eq_nocase(acme_alpn_name(arena, token->name), identifier));
}

struct str acme_alpn_answer(struct arena *arena, struct str subject, struct str key_authorization)
{
    struct str answer = {0};
    EVP_PKEY *key = jose_new_key(STR("p256"));
    X509 *certificate = key ? jose_alpn_certificate(key, subject, key_authorization) : NULL;
    if (certificate)
        answer =
            STR_JOIN(arena, jose_certificate_pem(arena, certificate), jose_key_pem(arena, key));
    X509_free(certificate);
    EVP_PKEY_free(key);
    return answer;
}
