/* basic_auth: the accounts and their hashes. */
#include "base/base64.h"
#include "native/lower_private.h"

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
    struct str plain = {0};
    if (str_has_prefix(hash, STR("$")))
        return hash;
    if (!base64_decode(lo->arena, hash, BASE64_PADDED, &plain))
        reject_at(lo, value, "the password's hash begins with no '$' and is no base64");
    return plain;
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
    struct map names = map_in(lo->arena);
    size_t n = elements(lo, list, "the accounts");
    struct dt_range range = {reserve_accounts(lo, (uint32_t)n), (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        struct account_json in = {0};
        const json_t *value = json_array_get(list, i);
        const struct token *before = enter(lo, value);
        read_object(lo, value, "an account", fields, &in);
        struct dt_account row = {.name_template =
                                     start_template_of(lo, &in.name, UNKNOWN_IS_KEPT_AT_START)};
        row.hash_template = start_template_of(lo, &in.hash, UNKNOWN_IS_KEPT_AT_START);
        row.name = intern(lo, in.name);
        if (row.hash_template == DT_NONE)
            row.hash = intern(lo, plain_hash(lo, value, in.hash));
        bool lacks_name = in.name.len == 0 && row.name_template == DT_NONE;
        if (lacks_name || (in.hash.len == 0 && row.hash_template == DT_NONE))
            reject_at(lo, value, "an account needs a name and the hash of a password");
        else if (row.name_template == DT_NONE && map_get(&names, in.name))
            reject_at(lo, value, "there are two accounts of the name '" STR_FMT "'",
                      STR_ARG(in.name));
        map_put(&names, str_dup(lo->arena, in.name), &names);
        lo->accounts.at[range.first + i] = row;
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
    struct dt_login row = {.caches = login.cache != NULL};
    if (str_is(algorithm, "argon2id"))
        row.hash = DT_HASH_ARGON2ID;
    else if (algorithm.len && !str_is(algorithm, "bcrypt"))
        refuse_at(lo, login.hash, "the proxy core does not know hashes of '" STR_FMT "'",
                  STR_ARG(algorithm));
    row.accounts = lower_accounts(lo, login.accounts);
    row.realm = intern(lo, login.realm.len ? login.realm : STR("restricted"));
    out->row = push_logins(lo, row);
}
