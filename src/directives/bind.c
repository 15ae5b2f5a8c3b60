/* bind, and the global option default_bind: the addresses that sites listen on. */
#include "directives/bind.h"

#include "adapt/adapter.h"
#include "directives/option_takes.h"
#include "syntax/address.h"

const struct option bind_options[] = {
    {.name = "protocols",
     .doc = "the HTTP versions to serve on these addresses",
     .arguments = "h1|h2|h2c|h3...",
     .key = "protocols",
     .json = "$.apps.http.servers.*.listen_protocols",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = take_strings,
     .flags = OPTION_OPEN_WORDS,
     .since = "2.9"},
    {0},
};

json_t *bind_take(struct scope *scope, struct cursor *in)
{
    json_t *bind = document_object(scope->document, cursor_token(in));
    json_t *addresses = document_array(scope->document, cursor_token(in));
    document_set(scope->document, bind, "addresses", addresses);
    while (cursor_next_arg(in)) {
        const struct token *word = cursor_token(in);
        struct address address;
        struct str text = word->text;
        if (!address_check(scope->diags, word, 0, text, ADDRESS_LISTENER, &address))
            text = STR(""); /* reported: no more of it, and not the default in its place */
        else if (address.has_zone && !scope->adapter->options.no_normalize)
            text = address_plain(scope->arena, &address); /* the old spelling is not the interface */
        document_add(scope->document, addresses, document_string(scope->document, text, word));
    }
    return options_parse(scope, in, bind_options, bind, NULL) ? bind : NULL;
}

bool bind_adapt(struct scope *scope)
{
    cursor_next(scope->in);
    json_t *bind = bind_take(scope, scope->in);
    if (bind)
        scope_push(scope, RESULT_BIND, bind);
    return bind != NULL;
}
