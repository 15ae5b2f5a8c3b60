/* basic_auth: user names and passwords. */
#include "directives/module_spaces.h"
#include "directives/values.h"
#include "directives/vocabulary_private.h"

static const struct option hash_algorithms[] = {
    {.name = "bcrypt", .doc = "bcrypt"},
    {.name = "argon2id", .doc = "Argon2id", .since = "2.11"},
    {0},
};

const struct module_space hash_algorithm_space = {
    .name = "http.authentication.hashes",
    .key = "algorithm",
    .doc = "how passwords are hashed",
    .modules = hash_algorithms,
};

static bool parse_account(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *provider, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in), *password = NULL;
    if (cursor_next_arg(in))
        password = cursor_token(in);
    if (cursor_next_arg(in))
        return cursor_arg_error(in, "<user name> <password hash>");
    if (name->text.len == 0 || !password || password->text.len == 0)
        return cursor_error(in, DIAG_WRONG_ARGUMENTS,
                            "an account needs a user name and the hash of a password");
    json_t *account = document_object(scope->document, name);
    document_set(scope->document, account, "username", value_string(scope, name));
    document_set(scope->document, account, "password", value_string(scope, password));
    document_add(scope->document, document_array_at(scope->document, provider, row->key, name),
                 account);
    return true;
}

static const struct option basic_auth_options[] = {
    {.name = "<user_name>",
     .doc = "a user, and the hash of the password",
     .arguments = "<password_hash>",
     .key = "accounts",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_account,
     .flags = OPTION_ADDS},
    {0},
};

static json_t *adapt_basic_auth(struct scope *scope)
{
    struct document *document = scope->document;
    struct cursor *in = scope->in;
    cursor_next(in);
    const struct token *origin = cursor_token(in);
    json_t *handler = handler_new(scope, "authentication");
    json_t *providers = document_object_at(document, handler, "providers", origin);
    json_t *provider = document_object_at(document, providers, "http_basic", origin);
    struct token_list words = cursor_remaining(in);
    if (words.n > 2) {
        cursor_arg_error(in, "basic_auth [<matcher>] [<hash algorithm> [<realm>]]");
        return NULL;
    }
    const struct token *algorithm = words.n ? words.at[0] : NULL;
    if (algorithm && !option_find(hash_algorithms, algorithm->text)) {
        value_refuse_name(in, algorithm, hash_algorithms);
        return NULL;
    }
    json_t *hash = document_object_at(document, provider, "hash", algorithm ? algorithm : origin);
    document_set(document, hash, "algorithm",
                 algorithm ? value_string(scope, algorithm)
                           : document_text(document, "bcrypt", origin));
    if (words.n == 2)
        value_set(scope, provider, "realm", value_string(scope, words.at[1]), words.at[1]);
    document_object_at(document, provider, "hash_cache", origin);
    return options_parse(scope, in, basic_auth_options, provider, NULL) ? handler : NULL;
}

const struct directive auth_directives[] = {
    {.name = "basic_auth",
     .doc = "asks for a user name and a password",
     .arguments = "[<hash_algorithm> [<realm>]]",
     .makes = "http.handlers.authentication http.authentication.providers.http_basic",
     .json = "providers.http_basic",
     .handler = adapt_basic_auth,
     .options = basic_auth_options,
     .space = &hash_algorithm_space,
     .since = "2.8"},
    {.name = "basicauth",
     .doc = "the old name of basic_auth",
     .arguments = "[<hash_algorithm> [<realm>]]",
     .makes = "http.handlers.authentication http.authentication.providers.http_basic",
     .json = "providers.http_basic",
     .handler = adapt_basic_auth,
     .options = basic_auth_options,
     .space = &hash_algorithm_space,
     .deprecated = "basic_auth"},
    {0},
};
