#ifndef DIALTONE_NATIVE_URL_PATTERN_PRIVATE_H
#define DIALTONE_NATIVE_URL_PATTERN_PRIVATE_H

/* What the files of URL patterns share. */
#include "base/vec.h"
#include "native/url_pattern.h"

enum token_kind {
    TOKEN_END,
    TOKEN_CHAR,
    TOKEN_ESCAPED,
    TOKEN_NAME,
    TOKEN_REGEXP,
    TOKEN_ASTERISK,
    TOKEN_MODIFIER, /* + or ? */
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_INVALID, /* only where the policy is lenient */
};

struct url_token {
    enum token_kind kind;
    size_t at; /* in the input */
    struct str value;
};

typedef VEC(struct url_token) token_list;

/* False where a token is invalid and the policy is strict. */
bool url_tokenize(struct arena *arena, struct str input, bool is_strict, token_list *out);

/* ---- url_pattern_spelling.c: fixed text as a URL's parser would have it */

/* How one component is compiled. */
struct component_rules {
    enum url_component component;
    char delimiter, prefix; /* 0: none */
    bool ignores_case, is_ip6, is_opaque;
};

/* False where no URL can hold it. */
bool url_spell(struct arena *arena, const struct component_rules *rules, struct str *text);
bool url_spell_hostname(struct arena *arena, struct str *text, bool is_ip6);
bool url_spell_port(struct arena *arena, struct str *text);
/* Dots are resolved, '\' is '/'. */
struct str url_spell_pathname(struct arena *arena, struct str text);
/* Percent-encoded, with what else than blanks, controls and non-ASCII has to be. */
struct str url_encoded(struct arena *arena, struct str text, const char *more);

/* ---- url_pattern_cut.c: strings into components */

/* Components as text; .ptr NULL: not said. */
struct url_parts {
    struct str at[N_URL_COMPONENTS];
};

struct url_parts url_cut_constructor(struct arena *arena, struct str input);
/* "scheme://host:port/path?query#hash"; false where it is none. */
bool url_cut_base(struct arena *arena, struct str base, struct url_parts *out);
void url_set_missing(struct url_parts *parts, enum url_component component, struct str value);
/* Whether a pattern of protocols fits one of those whose URLs have hosts and paths. Of expressions
 * of one's own that is taken for granted. */
bool url_is_special_protocol(struct arena *arena, struct str pattern);

#endif
