/* Which files `file_server` hides by itself: paths and shell patterns as Go reads them. */
#include "directives/hidden_files.h"

#include <unistd.h>

#include "adapt/directive.h"

/* <path> without doubled slashes, `.` and `..` where that can be known: Go's filepath.Clean. */
static struct str clean_path(struct arena *arena, struct str path)
{
    bool rooted = path.len && path.ptr[0] == '/';
    struct strbuf out = strbuf_in(arena);
    size_t kept = rooted; /* `..` cannot take away what is before this */
    if (rooted)
        strbuf_add_char(&out, '/');
    while (path.len) {
        struct str part;
        str_cut(path, STR("/"), &part, &path);
        if (part.len == 0 || str_is(part, "."))
            continue;
        if (str_is(part, "..") && out.len > kept) {
            ptrdiff_t slash = str_last_index(strbuf_str(&out), '/');
            out.len = slash < (ptrdiff_t)kept ? kept : (size_t)slash;
            continue;
        }
        if (str_is(part, "..") && rooted)
            continue;
        if (out.len > rooted)
            strbuf_add_char(&out, '/');
        strbuf_add(&out, part);
        if (str_is(part, ".."))
            kept = out.len;
    }
    return out.len ? strbuf_str(&out) : STR(".");
}

static struct str absolute_path(struct arena *arena, struct str path)
{
    char folder[4096];
    if ((path.len && path.ptr[0] == '/') || !getcwd(folder, sizeof(folder)))
        return clean_path(arena, path);
    return clean_path(arena, str_printf(arena, "%s/" STR_FMT, folder, STR_ARG(path)));
}

/* One rune of a class, escapes done; false where the pattern is malformed. */
static bool class_rune(struct str *pattern, uint32_t *rune)
{
    size_t size;
    if (pattern->len == 0 || pattern->ptr[0] == '-' || pattern->ptr[0] == ']')
        return false;
    if (pattern->ptr[0] == '\\')
        *pattern = str_slice(*pattern, 1, pattern->len);
    if (pattern->len == 0)
        return false;
    *rune = utf8_decode(*pattern, 0, &size);
    *pattern = str_slice(*pattern, size, pattern->len);
    return pattern->len > 0;
}

/* Whether the class at the front of <*pattern> (after its bracket, consumed) holds <rune>. */
static bool class_holds(struct str *pattern, uint32_t rune)
{
    bool negated = pattern->len && pattern->ptr[0] == '^', holds = false;
    size_t n_ranges = 0;
    if (negated)
        *pattern = str_slice(*pattern, 1, pattern->len);
    while (pattern->len && (pattern->ptr[0] != ']' || n_ranges == 0)) {
        uint32_t low, high;
        if (!class_rune(pattern, &low))
            return false;
        high = low;
        if (pattern->ptr[0] == '-') {
            *pattern = str_slice(*pattern, 1, pattern->len);
            if (!class_rune(pattern, &high))
                return false;
        }
        holds |= low <= rune && rune <= high;
        n_ranges++;
    }
    if (pattern->len == 0)
        return false;
    *pattern = str_slice(*pattern, 1, pattern->len);
    return holds != negated;
}

/* Shell patterns as Go's filepath.Match: `*` and `?` do not match a slash; a malformed pattern
 * matches nothing. */
static bool pattern_matches(struct str pattern, struct str name)
{
    struct str after_star = {0}, star_name = {0}; /* where to try again */
    while (pattern.len || name.len) {
        size_t size = 1;
        struct str rest = pattern;
        bool fits = false;
        uint32_t rune = name.len ? utf8_decode(name, 0, &size) : 0;
        char c = rest.len ? rest.ptr[0] : '\0';
        if (rest.len)
            rest = str_slice(rest, 1, rest.len);
        if (pattern.len && c == '*') {
            after_star = rest;
            star_name = name;
            pattern = rest;
            continue;
        }
        if (pattern.len && name.len) {
            if (c == '?') {
                fits = name.ptr[0] != '/';
            } else if (c == '[') {
                fits = class_holds(&rest, rune);
            } else {
                bool escaped = c == '\\';
                if (escaped && rest.len == 0)
                    return false;
                if (escaped) {
                    c = rest.ptr[0];
                    rest = str_slice(rest, 1, rest.len);
                }
                fits = c == name.ptr[0];
                size = 1;
            }
        }
        if (fits) {
            pattern = rest;
            name = str_slice(name, size, name.len);
            continue;
        }
        if (!after_star.ptr || star_name.len == 0 || star_name.ptr[0] == '/')
            return false;
        star_name = str_slice(star_name, 1, star_name.len);
        pattern = after_star;
        name = star_name;
    }
    return true;
}

static bool is_hidden_by(struct str path, struct str hide)
{
    struct str rest = path, part;
    if (str_index(hide, '/') < 0) {
        /* A plain name hides every file and folder of that name. */
        while (rest.len) {
            str_cut(rest, STR("/"), &part, &rest);
            if (pattern_matches(hide, part))
                return true;
        }
    } else if (str_has_prefix(path, hide) && path.len > hide.len && path.ptr[hide.len] == '/') {
        return true;
    }
    return pattern_matches(hide, path);
}

static bool is_hidden(struct arena *arena, struct str file, json_t *hide)
{
    struct str path = absolute_path(arena, file);
    for (size_t i = 0; i < json_array_size(hide); i++) {
        json_t *entry = json_array_get(hide, i);
        if (is_hidden_by(path, str_make(json_string_value(entry), json_string_length(entry))))
            return true;
    }
    return false;
}

void hide_configuration(struct scope *scope, json_t *handler)
{
    const struct token *origin = scope->in->tokens[0];
    struct str_list files = scope_files(scope);
    for (size_t i = 0; i < files.n; i++) {
        struct str file = clean_path(scope->arena, files.at[i]);
        if (is_hidden(scope->arena, file, json_object_get(handler, "hide")))
            continue;
        if (str_index(file, '/') < 0)
            file = str_printf(scope->arena, "./" STR_FMT, STR_ARG(file));
        document_add(scope->document, document_array_at(scope->document, handler, "hide", origin),
                     document_string(scope->document, file, origin));
    }
}
