/* basic_auth: the accounts and their hashes. */
#include "base/parse.h"
#include "native/lower_private.h"
#include "syntax/placeholder.h"

struct login_json {
    const json_t *hash, *accounts, *cache;
    struct str realm;
};

static const struct field login_fields[] = {
    {"hash", FIELD_JSON, offsetof(struct login_json, hash)},
    {"accounts", FIELD_JSON, offsetof(struct login_json, accounts)},
    {"realm", FIELD_STR, offsetof(struct login_json, realm)},
    {"hash_cache", FIELD_JSON, offsetof(struct login_json, cache)},
    {0},
};

/* A hash may stand in base64, so that it needs no dollar signs. */
static struct str plain_hash(struct lowering *lo, const json_t *value, struct str hash)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct strbuf out = strbuf_in(lo->arena);
    uint32_t bits = 0;
    int n_bits = 0;
    if (str_has_prefix(hash, STR("$")))
        return hash;
    for (size_t i = 0; i < hash.len && hash.ptr[i] != '='; i++) {
        const char *letter = hash.ptr[i] ? strchr(letters, hash.ptr[i]) : NULL;
        if (!letter) {
            reject_at(lo, value, "the password's hash begins with no '$' and is no base64");
            return STR("");
        }
        bits = bits << 6 | (uint32_t)(letter - letters);
        n_bits += 6;
        if (n_bits < 8)
            continue;
        n_bits -= 8;
        strbuf_add_char(&out, (char)(bits >> n_bits & 0xff));
    }
    return strbuf_str(&out);
}

static struct dt_range lower_accounts(struct lowering *lo, const json_t *list)
{
    struct account_json {
        struct str name, hash;
    };
    static const struct field fields[] = {
        {"username", FIELD_STR, offsetof(struct account_json, name)},
        {"password", FIELD_STR, offsetof(struct account_json, hash)},
        {0},
    };
    size_t n = elements(lo, list, "the accounts");
    struct dt_range range = {reserve_accounts(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        struct account_json in = {0};
        const json_t *value = json_array_get(list, i);
        const struct token *before = enter(lo, value);
        read_object(lo, value, "an account", fields, &in);
        if (has_placeholder(in.name) || has_placeholder(in.hash))
            refuse_at(lo, value, "the proxy core cannot expand placeholders in accounts yet");
        struct str hash = plain_hash(lo, value, in.hash);
        if (hash.len && !str_has_prefix(hash, STR("$2")))
            refuse_at(lo, value, "the proxy core knows only bcrypt's hashes, which begin with $2");
        lo->accounts.at[range.first + i] =
            (struct dt_account){intern(lo, in.name), intern(lo, hash)};
        leave(lo, before);
    }
    return range;
}

void lower_login(struct lowering *lo, const json_t *handler, struct dt_handler *out)
{
    struct authentication_json {
        const json_t *providers;
    } in = {0};
    static const struct field fields[] = {
        {"handler", FIELD_IGNORED, 0},
        {"providers", FIELD_JSON, offsetof(struct authentication_json, providers)},
        {0},
    };
    struct providers_json {
        const json_t *basic;
    } providers = {0};
    static const struct field provider_fields[] = {
        {"http_basic", FIELD_JSON, offsetof(struct providers_json, basic)},
        {0},
    };
    struct login_json login = {0};
    read_object(lo, handler, "an authentication", fields, &in);
    read_object(lo, in.providers, "the providers of users", provider_fields, &providers);
    read_object(lo, providers.basic, "http_basic", login_fields, &login);
    struct str algorithm = member_str(login.hash, "algorithm");
    if (algorithm.len && !str_is(algorithm, "bcrypt"))
        refuse_at(lo, login.hash, "the proxy core cannot check hashes of '" STR_FMT "' yet",
                  STR_ARG(algorithm));
    struct dt_login row = {.caches = login.cache != NULL};
    row.accounts = lower_accounts(lo, login.accounts);
    row.realm = intern(lo, login.realm.len ? login.realm : STR("restricted"));
    out->row = push_logins(lo, row);
}
