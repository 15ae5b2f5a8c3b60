/* The global option `pki`: certificate authorities that this server runs itself. */
#include "directives/global_pki.h"

#include "directives/option_takes.h"

static bool renewal_ratio(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    (void)state;
    double ratio;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    if (!read_float(in, &ratio))
        return false;
    if (!(ratio > 0 && ratio <= 1))
        return cursor_error(in, DIAG_BAD_VALUE, "the ratio lies between 0 and 1; 1 is allowed");
    document_set(scope->document, object, row->key,
                 document_real(scope->document, ratio, cursor_token(in)));
    return true;
}

static const struct option key_pair_options[] = {
    {.name = "cert",
     .doc = "the certificate's file",
     .arguments = "<path>",
     .key = "certificate",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_string},
    {.name = "key",
     .doc = "the key's file",
     .arguments = "<path>",
     .key = "private_key",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_string},
    {.name = "format",
     .doc = "the files' format",
     .arguments = "pem_file",
     .key = "format",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_string,
     .flags = OPTION_OPEN_WORDS},
    {0},
};

static bool key_pair(struct scope *scope, struct cursor *in, const struct option *row,
                     json_t *object, void *state)
{
    if (!take_block(scope, in, row, object, state))
        return false;
    document_order(scope->document, json_object_get(object, row->key),
                   "certificate private_key format");
    return true;
}

static const struct option authority_options[] = {
    {.name = "name",
     .doc = "the authority's name for people",
     .arguments = "<name>",
     .key = "name",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_string},
    {.name = "root_cn",
     .doc = "the name in the root certificate",
     .arguments = "<name>",
     .key = "root_common_name",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_string},
    {.name = "intermediate_cn",
     .doc = "the name in intermediate certificates",
     .arguments = "<name>",
     .key = "intermediate_common_name",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_string},
    {.name = "intermediate_lifetime",
     .doc = "how long intermediate certificates are valid",
     .arguments = "<duration>",
     .key = "intermediate_lifetime",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration,
     .since = "2.6.3"},
    {.name = "maintenance_interval",
     .doc = "how often to look whether certificates need renewal",
     .arguments = "<duration>",
     .key = "maintenance_interval",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration,
     .since = "2.11"},
    {.name = "renewal_window_ratio",
     .doc = "the part of a certificate's lifetime that is left when it is renewed",
     .arguments = "<ratio>",
     .key = "renewal_window_ratio",
     .type = VALUE_FLOAT,
     .min_args = 1,
     .max_args = 1,
     .parse = renewal_ratio,
     .since = "2.11"},
    {.name = "root",
     .doc = "a root certificate of your own",
     .key = "root",
     .type = VALUE_BLOCK,
     .block = key_pair_options,
     .parse = key_pair},
    {.name = "intermediate",
     .doc = "an intermediate certificate of your own",
     .key = "intermediate",
     .type = VALUE_BLOCK,
     .block = key_pair_options,
     .parse = key_pair},
    {0},
};

static bool authority(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *authorities, void *state)
{
    const struct token *name = cursor_token(in);
    struct str id = STR("local");
    if (cursor_next_arg(in)) {
        if (cursor_val(in).len)
            id = str_dup(scope->arena, cursor_val(in));
        if (cursor_next_arg(in))
            return take_arity_error(in, row);
    }
    json_t *object = document_object(scope->document, name);
    if (!options_parse(scope, in, row->block, object, state))
        return false;
    document_set(scope->document, authorities, id.ptr, object);
    return true;
}

const struct option pki_options[] = {
    {.name = "ca",
     .doc = "one certificate authority",
     .arguments = "[<id>]",
     .json = "*",
     .max_args = 1,
     .block = authority_options,
     .parse = authority,
     .flags = OPTION_ADDS},
    {0},
};

bool pki_option(struct scope *scope, struct cursor *in, const struct option *row, json_t *globals,
                void *state)
{
    json_t *authorities = document_object(scope->document, cursor_token(in));
    if (!options_parse(scope, in, row->block, authorities, state))
        return false;
    document_set(scope->document, globals, row->name, authorities);
    return true;
}
