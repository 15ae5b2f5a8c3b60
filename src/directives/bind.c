/* bind, and the global option default_bind: the addresses that sites listen on. */
#include "directives/bind.h"

#include "directives/option_takes.h"

const struct option bind_options[] = {
    {.name = "protocols",
     .doc = "the HTTP versions to serve on these addresses",
     .arguments = "h1|h2|h2c|h3...",
     .key = "protocols",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = take_strings,
     .since = "2.9"},
    {0},
};

json_t *bind_take(struct scope *scope, struct cursor *in)
{
    json_t *bind = document_object(scope->document, cursor_token(in));
    struct token_list words = cursor_remaining(in);
    document_set(scope->document, bind, "addresses", strings_from(scope, words));
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
