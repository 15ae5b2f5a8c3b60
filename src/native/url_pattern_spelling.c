/* How the components of URLs are spelled: what their parser escapes, resolves and lowers. */
#include <string.h>

#include "base/arena.h"
#include "base/parse.h"
#include "base/punycode.h"
#include "native/url_pattern_private.h"

static void add_encoded(struct strbuf *out, struct str text, const char *more)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= 0x20 || c >= 0x7F || strchr(more, c))
            strbuf_printf(out, "%%%02X", c);
        else
            strbuf_add_char(out, (char)c);
    }
}

struct str url_encoded(struct arena *arena, struct str text, const char *more)
{
    struct strbuf out = strbuf_in(arena);
    add_encoded(&out, text, more);
    return strbuf_str(&out);
}

/* "." and "..", also with the dots escaped: how many dots; 0 for all else. */
static int dots_of(struct str segment)
{
    int n = 0;
    while (segment.len > 0) {
        if (segment.ptr[0] == '.')
            segment = str_slice(segment, 1, segment.len);
        else if (segment.len >= 3 && str_eq_nocase(str_slice(segment, 0, 3), STR("%2e")))
            segment = str_slice(segment, 3, segment.len);
        else
            return 0;
        n++;
    }
    return n <= 2 ? n : 0;
}

struct str url_spell_pathname(struct arena *arena, struct str text)
{
    struct strbuf out = strbuf_in(arena);
    bool is_absolute = text.len && text.ptr[0] == '/';
    if (text.len == 0)
        return text;
    text = str_replace(arena, text, STR("\\"), STR("/"));
    text = STR_JOIN(arena, is_absolute ? STR("") : STR("/-"), text);
    text = str_slice(text, 1, text.len);
    for (bool more = true; more;) {
        struct str segment;
        more = str_cut(text, STR("/"), &segment, &text);
        int dots = dots_of(segment);
        if (dots == 2) {
            ptrdiff_t last = str_last_index(strbuf_str(&out), '/');
            out.len = last < 0 ? 0 : (size_t)last;
        }
        if (dots == 0 || !more)
            strbuf_add_char(&out, '/');
        if (dots == 0)
            add_encoded(&out, segment, "\"#<>?^`{}");
    }
    struct str path = strbuf_str(&out);
    return is_absolute ? path : str_slice(path, path.len < 2 ? path.len : 2, path.len);
}

bool url_spell_hostname(struct arena *arena, struct str *text, bool is_ip6)
{
    struct str lower = str_lower(arena, *text);
    for (size_t i = 0; i < lower.len; i++) {
        unsigned char c = (unsigned char)lower.ptr[i];
        bool is_hex = hex_digit((char)c) >= 0 || c == ':' || c == '[' || c == ']';
        if (is_ip6 ? !is_hex : c <= 0x20 || c == 0x7F || strchr("#/:<>?@[\\]^|%", c) != NULL)
            return false;
    }
    return punycode_host(arena, lower, text);
}

bool url_spell_port(struct arena *arena, struct str *text)
{
    uint64_t port;
    if (text->len == 0)
        return true;
    if (parse_go_uint(*text, 16, &port) != PARSE_OK)
        return false;
    *text = str_printf(arena, "%u", (unsigned)port);
    return true;
}

static bool spell_protocol(struct arena *arena, struct str *text)
{
    for (size_t i = 0; i < text->len; i++) {
        unsigned char c = (unsigned char)text->ptr[i];
        bool is_letter = (c | 32) >= 'a' && (c | 32) <= 'z';
        if (!is_letter && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
            return false;
    }
    *text = str_lower(arena, *text);
    return true;
}

bool url_spell(struct arena *arena, const struct component_rules *rules, struct str *text)
{
    switch (rules->component) {
    case URL_PROTOCOL:
        return spell_protocol(arena, text);
    case URL_USERNAME:
    case URL_PASSWORD:
        *text = url_encoded(arena, *text, "\"#<>?^`{}/:;=@[\\]|");
        return true;
    case URL_HOSTNAME:
        return url_spell_hostname(arena, text, rules->is_ip6);
    case URL_PORT:
        return url_spell_port(arena, text);
    case URL_PATHNAME:
        *text = rules->is_opaque ? url_encoded(arena, *text, "") : url_spell_pathname(arena, *text);
        return true;
    case URL_SEARCH:
        *text = url_encoded(arena, *text, "\"#<>");
        return true;
    case URL_HASH:
        *text = url_encoded(arena, *text, "\"<>`");
        return true;
    case N_URL_COMPONENTS:
        break;
    }
    return false;
}
