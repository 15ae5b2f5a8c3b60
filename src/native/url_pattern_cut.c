/* The constructor string of a URL pattern, and its base, cut into components. */
#include "base/arena.h"
#include "native/url_pattern_private.h"

enum cut_state {
    CUT_INIT,      /* is there a protocol? */
    CUT_PROTOCOL,  /* up to its ':' */
    CUT_AUTHORITY, /* is there a user? */
    CUT_USERNAME,
    CUT_PASSWORD,
    CUT_HOSTNAME,
    CUT_PORT,
    CUT_PATHNAME,
    CUT_SEARCH,
    CUT_HASH,
    CUT_DONE,
};

static const struct {
    enum url_component component;
    bool is_component;
} cut_components[] = {
    [CUT_INIT] = {0, false},
    [CUT_PROTOCOL] = {URL_PROTOCOL, true},
    [CUT_AUTHORITY] = {0, false},
    [CUT_USERNAME] = {URL_USERNAME, true},
    [CUT_PASSWORD] = {URL_PASSWORD, true},
    [CUT_HOSTNAME] = {URL_HOSTNAME, true},
    [CUT_PORT] = {URL_PORT, true},
    [CUT_PATHNAME] = {URL_PATHNAME, true},
    [CUT_SEARCH] = {URL_SEARCH, true},
    [CUT_HASH] = {URL_HASH, true},
    [CUT_DONE] = {0, false},
};

struct cutter {
    struct arena *arena;
    struct str input;
    token_list tokens;
    struct url_parts parts;
    enum cut_state state;
    size_t start, at, step;
    int depth, ip6_depth;
    bool is_special;
};

static const struct url_token *token_at(const struct cutter *cutter, size_t at)
{
    return &cutter->tokens.at[at < cutter->tokens.n ? at : cutter->tokens.n - 1];
}

static bool is_plain(const struct cutter *cutter, size_t at, const char *value)
{
    const struct url_token *token = token_at(cutter, at);
    return str_is(token->value, value) &&
           (token->kind == TOKEN_CHAR || token->kind == TOKEN_ESCAPED ||
            token->kind == TOKEN_INVALID);
}

static bool begins_search(const struct cutter *cutter)
{
    if (is_plain(cutter, cutter->at, "?"))
        return true;
    if (!str_is(token_at(cutter, cutter->at)->value, "?"))
        return false;
    if (cutter->at == 0)
        return true;
    enum token_kind before = token_at(cutter, cutter->at - 1)->kind;
    return before != TOKEN_NAME && before != TOKEN_REGEXP && before != TOKEN_CLOSE &&
           before != TOKEN_ASTERISK;
}

void url_set_missing(struct url_parts *parts, enum url_component component, struct str value)
{
    if (!parts->at[component].ptr)
        parts->at[component] = value;
}

static void change_state(struct cutter *cutter, enum cut_state next, size_t skip)
{
    struct url_parts *parts = &cutter->parts;
    size_t begin = token_at(cutter, cutter->start)->at, end = token_at(cutter, cutter->at)->at;
    if (cut_components[cutter->state].is_component)
        parts->at[cut_components[cutter->state].component] =
            STR_JOIN(cutter->arena, STR(""), str_slice(cutter->input, begin, end));
    if (cutter->state != CUT_INIT && next != CUT_DONE) {
        if (cutter->state <= CUT_PASSWORD && next >= CUT_PORT)
            url_set_missing(parts, URL_HOSTNAME, STR(""));
        if (cutter->state <= CUT_PORT && next >= CUT_SEARCH)
            url_set_missing(parts, URL_PATHNAME, cutter->is_special ? STR("/") : STR(""));
        if (cutter->state <= CUT_PATHNAME && next == CUT_HASH)
            url_set_missing(parts, URL_SEARCH, STR(""));
    }
    cutter->state = next;
    cutter->at += skip;
    cutter->start = cutter->at;
    cutter->step = 0;
}

static void rewind_to(struct cutter *cutter, enum cut_state state)
{
    cutter->at = cutter->start;
    cutter->step = 0;
    cutter->state = state;
}

bool url_is_special_protocol(struct arena *arena, struct str pattern)
{
    static const char *const special[] = {"http", "https", "ws", "wss", "ftp"};
    if (str_index(pattern, '*') >= 0 || str_index(pattern, '(') >= 0 ||
        str_index(pattern, ':') >= 0 || str_index(pattern, '{') >= 0)
        return true;
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
        if (str_is(str_lower(arena, pattern), special[i]))
            return true;
    }
    return false;
}

static void cut_protocol(struct cutter *cutter)
{
    size_t begin = token_at(cutter, cutter->start)->at, end = token_at(cutter, cutter->at)->at;
    bool has_slashes =
        is_plain(cutter, cutter->at + 1, "/") && is_plain(cutter, cutter->at + 2, "/");
    cutter->is_special =
        url_is_special_protocol(cutter->arena, str_slice(cutter->input, begin, end));
    if (has_slashes)
        change_state(cutter, CUT_AUTHORITY, 3);
    else
        change_state(cutter, cutter->is_special ? CUT_AUTHORITY : CUT_PATHNAME, 1);
}

/* What comes behind the authority, if it comes now. */
static bool cut_rest(struct cutter *cutter)
{
    if (cutter->state < CUT_PATHNAME && is_plain(cutter, cutter->at, "/"))
        change_state(cutter, CUT_PATHNAME, 0);
    else if (cutter->state < CUT_SEARCH && begins_search(cutter))
        change_state(cutter, CUT_SEARCH, 1);
    else if (cutter->state < CUT_HASH && is_plain(cutter, cutter->at, "#"))
        change_state(cutter, CUT_HASH, 1);
    else
        return false;
    return true;
}

static void cut_token(struct cutter *cutter)
{
    bool is_end_of_user = is_plain(cutter, cutter->at, "@");
    bool is_colon = is_plain(cutter, cutter->at, ":");
    switch (cutter->state) {
    case CUT_INIT:
        if (is_colon)
            rewind_to(cutter, CUT_PROTOCOL);
        break;
    case CUT_PROTOCOL:
        if (is_colon)
            cut_protocol(cutter);
        break;
    case CUT_AUTHORITY:
        if (is_end_of_user)
            rewind_to(cutter, CUT_USERNAME);
        else if (is_plain(cutter, cutter->at, "/") || begins_search(cutter) ||
                 is_plain(cutter, cutter->at, "#"))
            rewind_to(cutter, CUT_HOSTNAME);
        break;
    case CUT_USERNAME:
        if (is_colon)
            change_state(cutter, CUT_PASSWORD, 1);
        else if (is_end_of_user)
            change_state(cutter, CUT_HOSTNAME, 1);
        break;
    case CUT_PASSWORD:
        if (is_end_of_user)
            change_state(cutter, CUT_HOSTNAME, 1);
        break;
    case CUT_HOSTNAME:
        if (is_plain(cutter, cutter->at, "["))
            cutter->ip6_depth++;
        else if (is_plain(cutter, cutter->at, "]"))
            cutter->ip6_depth--;
        else if (is_colon && cutter->ip6_depth == 0)
            change_state(cutter, CUT_PORT, 1);
        else
            cut_rest(cutter);
        break;
    case CUT_PORT:
    case CUT_PATHNAME:
    case CUT_SEARCH:
        cut_rest(cutter);
        break;
    case CUT_HASH:
    case CUT_DONE:
        break;
    }
}

/* The end of the input; true where something has to be read again. */
static bool cut_end(struct cutter *cutter)
{
    if (cutter->state == CUT_INIT) {
        cutter->at = cutter->start;
        if (is_plain(cutter, cutter->at, "#"))
            change_state(cutter, CUT_HASH, 1);
        else if (begins_search(cutter))
            change_state(cutter, CUT_SEARCH, 1);
        else
            change_state(cutter, CUT_PATHNAME, 0);
        return true;
    }
    if (cutter->state == CUT_AUTHORITY) {
        rewind_to(cutter, CUT_HOSTNAME);
        return true;
    }
    change_state(cutter, CUT_DONE, 0);
    return false;
}

struct url_parts url_cut_constructor(struct arena *arena, struct str input)
{
    struct cutter cutter = {.arena = arena, .input = input};
    url_tokenize(arena, input, false, &cutter.tokens);
    while (cutter.at < cutter.tokens.n) {
        enum token_kind kind = cutter.tokens.at[cutter.at].kind;
        cutter.step = 1;
        if (kind == TOKEN_END) {
            if (!cut_end(&cutter))
                break;
        } else if (kind == TOKEN_OPEN) {
            cutter.depth++;
        } else if (cutter.depth > 0 && kind != TOKEN_CLOSE) {
            cutter.step = 1;
        } else {
            cutter.depth -= cutter.depth > 0;
            cut_token(&cutter);
        }
        cutter.at += cutter.step;
    }
    if (cutter.parts.at[URL_HOSTNAME].ptr)
        url_set_missing(&cutter.parts, URL_PORT, STR(""));
    return cutter.parts;
}

/* ---- the base ---- */

bool url_cut_base(struct arena *arena, struct str base, struct url_parts *out)
{
    struct str rest, authority, host, port = STR(""), path, search, hash, user;
    *out = (struct url_parts){0};
    if (!str_cut(base, STR("://"), &out->at[URL_PROTOCOL], &rest))
        return false;
    str_cut(rest, STR("#"), &rest, &hash);
    str_cut(rest, STR("?"), &rest, &search);
    ptrdiff_t slash = str_index(rest, '/');
    authority = slash < 0 ? rest : str_slice(rest, 0, (size_t)slash);
    path = slash < 0 ? STR("/") : str_slice(rest, (size_t)slash, rest.len);
    if (str_index(authority, '@') >= 0)
        str_cut(authority, STR("@"), &user, &authority);
    ptrdiff_t colon = str_last_index(authority, ':');
    host = authority;
    if (colon >= 0 && str_index(str_slice(authority, (size_t)colon, authority.len), ']') < 0) {
        host = str_slice(authority, 0, (size_t)colon);
        port = str_slice(authority, (size_t)colon + 1, authority.len);
    }
    struct str protocol = out->at[URL_PROTOCOL] = str_lower(arena, out->at[URL_PROTOCOL]);
    if (!url_spell_port(arena, &port) || host.len == 0 ||
        !url_spell_hostname(arena, &host, host.ptr[0] == '['))
        return false;
    if ((str_is(protocol, "http") && str_is(port, "80")) ||
        (str_is(protocol, "https") && str_is(port, "443")))
        port = STR("");
    out->at[URL_HOSTNAME] = host;
    out->at[URL_PORT] = port;
    out->at[URL_PATHNAME] = url_spell_pathname(arena, path);
    out->at[URL_SEARCH] = url_encoded(arena, search, "\"#<>'");
    out->at[URL_HASH] = url_encoded(arena, hash, "\"<>`");
    return true;
}
