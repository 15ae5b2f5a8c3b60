/* Names of files, as Caddy's storage has them. */
#include "acme/paths.h"

#include <string.h>

/* A name for a file, as Caddy's storage has it. */
static struct str safe(struct arena *arena, struct str text)
{
    struct strbuf out = strbuf_in(arena);
    text = str_lower(arena, str_trim(text));
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '*')
            strbuf_puts(&out, "wildcard_");
        else if (c == '+')
            strbuf_puts(&out, "_plus_");
        else if (c == ':')
            strbuf_add_char(&out, '-');
        else if (c == ' ')
            strbuf_add_char(&out, '_');
        else if (c == '.' && i + 1 < text.len && text.ptr[i + 1] == '.')
            i++;
        else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("_@.-", c))
            strbuf_add_char(&out, c);
    }
    return strbuf_finish(&out);
}

/* An authority's folder: host and path of its directory. */
static struct str authority_name(struct arena *arena, struct str directory)
{
    struct str rest = str_trim_prefix(str_trim_prefix(directory, STR("https://")), STR("http://"));
    return safe(arena, str_replace(arena, rest, STR("/"), STR("-")));
}

struct acme_paths acme_paths_of(struct arena *arena, struct str root, struct str directory,
                                struct str subject)
{
    struct str name = safe(arena, subject), authority = authority_name(arena, directory);
    struct str base = str_printf(arena, STR_FMT "/certificates/" STR_FMT "/" STR_FMT "/" STR_FMT,
                                 STR_ARG(root), STR_ARG(authority), STR_ARG(name), STR_ARG(name));
    return (struct acme_paths){
        .certificate = arena_printf(arena, STR_FMT ".crt", STR_ARG(base)),
        .key = arena_printf(arena, STR_FMT ".key", STR_ARG(base)),
        .about = arena_printf(arena, STR_FMT ".json", STR_ARG(base)),
    };
}

struct str acme_account_base(struct arena *arena, struct str root, struct str directory,
                             struct str email)
{
    struct str user, rest;
    if (email.len == 0)
        email = STR("default");
    str_cut(email, STR("@"), &user, &rest);
    return str_printf(arena, STR_FMT "/acme/" STR_FMT "/users/" STR_FMT "/" STR_FMT, STR_ARG(root),
                      STR_ARG(authority_name(arena, directory)), STR_ARG(safe(arena, email)),
                      STR_ARG(safe(arena, user)));
}

const char *acme_lock_path(struct arena *arena, struct str root, struct str name)
{
    return arena_printf(arena, STR_FMT "/locks/" STR_FMT ".lock", STR_ARG(root),
                        STR_ARG(safe(arena, name)));
}

const char *acme_token_path(struct arena *arena, struct str root, struct str directory,
                            struct str identifier)
{
    return arena_printf(arena, STR_FMT "/acme/" STR_FMT "/challenge_tokens/" STR_FMT ".json",
                        STR_ARG(root), STR_ARG(authority_name(arena, directory)),
                        STR_ARG(safe(arena, identifier)));
}
