/* Which files an import names: paths and glob patterns as Go's filepath has them on Unix. */
#include "syntax/import_files.h"

#include "base/arena.h"
#include "base/vec.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct str file_path_clean(struct arena *arena, struct str path)
{
    bool is_rooted = path.len && path.ptr[0] == '/';
    struct strbuf out = strbuf_in(arena);
    size_t floor = 0; /* what cannot be taken back: the root, or leading .. */
    strbuf_reserve(&out, path.len + 2);
    if (is_rooted) {
        strbuf_add_char(&out, '/');
        floor = 1;
    }
    for (size_t i = 0; i < path.len;) {
        size_t begin = i;
        while (i < path.len && path.ptr[i] != '/')
            i++;
        struct str part = str_slice(path, begin, i++);
        if (part.len == 0 || str_is(part, "."))
            continue;
        if (str_is(part, "..")) {
            if (out.len > floor) {
                while (out.len > floor && out.ptr[out.len - 1] != '/')
                    out.len--;
                if (out.len > floor)
                    out.len--;
                continue;
            }
            if (is_rooted)
                continue;
        }
        if (out.len && out.ptr[out.len - 1] != '/')
            strbuf_add_char(&out, '/');
        strbuf_add(&out, part);
        if (str_is(part, ".."))
            floor = out.len;
    }
    if (out.len == 0)
        strbuf_add_char(&out, '.');
    strbuf_cstr(&out);
    return strbuf_str(&out);
}

static struct str path_join(struct arena *arena, struct str directory, struct str name)
{
    struct strbuf path = strbuf_in(arena);
    strbuf_add(&path, directory);
    strbuf_add_char(&path, '/');
    strbuf_add(&path, name);
    return file_path_clean(arena, strbuf_str(&path));
}

struct str path_absolute(struct arena *arena, struct str path)
{
    if (path.len && path.ptr[0] == '/')
        return file_path_clean(arena, path);
    char *here = getcwd(NULL, 0);
    if (!here && errno == ENOMEM)
        arena_exhausted();
    struct str absolute = path_join(arena, str_from(here ? here : "/"), path);
    free(here);
    return absolute;
}

struct str path_beside(struct arena *arena, struct str file, struct str pattern)
{
    if (pattern.len && pattern.ptr[0] == '/')
        return pattern;
    struct str absolute = path_absolute(arena, file);
    ptrdiff_t slash = str_last_index(absolute, '/');
    return path_join(arena, str_slice(absolute, 0, (size_t)(slash + 1)), pattern);
}

/* No path is as long; it bounds the depth of the walk. */
#define MAX_PATTERN 16384

enum match { MATCH_NO, MATCH_YES, MATCH_BAD_PATTERN };

/* Where a pattern's first piece ends: at a star that is neither escaped nor behind a [. */
static size_t piece_end(struct str pattern)
{
    bool in_class = false;
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.ptr[i];
        if (c == '\\' && i + 1 < pattern.len)
            i++;
        else if (c == '[')
            in_class = true;
        else if (c == ']')
            in_class = false;
        else if (c == '*' && !in_class)
            return i;
    }
    return pattern.len;
}

/* Matches a piece without stars at the beginning of <name>; *rest is what follows it. */
static enum match match_piece(struct str piece, struct str name, struct str *rest)
{
    bool failed = false;
    for (size_t i = 0; i < piece.len; i++) {
        char c = piece.ptr[i];
        failed = failed || name.len == 0;
        if (c == '[') /* an import's pattern never has the ] to it */
            return MATCH_BAD_PATTERN;
        if (c == '?') {
            size_t size;
            if (failed)
                continue;
            failed = name.ptr[0] == '/';
            utf8_decode(name, 0, &size);
            name = str_slice(name, size, name.len);
            continue;
        }
        if (c == '\\') {
            if (++i == piece.len)
                return MATCH_BAD_PATTERN;
            c = piece.ptr[i];
        }
        if (failed)
            continue;
        failed = name.ptr[0] != c;
        name = str_slice(name, 1, name.len);
    }
    *rest = name;
    return failed ? MATCH_NO : MATCH_YES;
}

/* Go checks a pattern only as far as it gets, and so does this. */
static enum match glob_match(struct str pattern, struct str name)
{
    while (pattern.len) {
        size_t n_stars = 0;
        while (n_stars < pattern.len && pattern.ptr[n_stars] == '*')
            n_stars++;
        bool star = n_stars > 0;
        pattern = str_slice(pattern, n_stars, pattern.len);
        size_t end = piece_end(pattern);
        struct str piece = str_slice(pattern, 0, end), rest = name;
        pattern = str_slice(pattern, end, pattern.len);
        if (star && piece.len == 0)
            return str_index(name, '/') < 0 ? MATCH_YES : MATCH_NO;
        enum match match = match_piece(piece, name, &rest);
        if (match == MATCH_BAD_PATTERN)
            return match;
        if (match == MATCH_YES && (rest.len == 0 || pattern.len)) {
            name = rest;
            continue;
        }
        bool found = false;
        for (size_t i = 0; star && !found && i < name.len && name.ptr[i] != '/'; i++) {
            match = match_piece(piece, str_slice(name, i + 1, name.len), &rest);
            if (match == MATCH_BAD_PATTERN)
                return match;
            found = match == MATCH_YES && (rest.len == 0 || pattern.len);
        }
        if (!found)
            return MATCH_NO;
        name = rest;
    }
    return name.len == 0 ? MATCH_YES : MATCH_NO;
}

static bool has_meta(struct str path)
{
    for (size_t i = 0; i < path.len; i++)
        if (path.ptr[i] && strchr("*?[\\", path.ptr[i]))
            return true;
    return false;
}

static bool file_exists(struct sources *sources, struct str path)
{
    struct str text;
    if (str_index(path, '\0') >= 0)
        return false;
    if (sources->hooks && sources->hooks->read_file)
        return source_read(sources, path.ptr, &text) != -ENOENT;
    struct stat stat;
    return lstat(path.ptr, &stat) == 0;
}

static int compare_names(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* Adds the entries of <directory> that match. */
static bool glob_directory(struct sources *sources, struct str directory, struct str pattern,
                           struct path_list *matches)
{
    struct str *names = NULL;
    size_t n = 0;
    if (str_index(directory, '\0') >= 0 ||
        source_list_directory(sources, directory.ptr, &names, &n) != 0)
        return true;
    if (n)
        qsort(names, n, sizeof(*names), compare_names);
    for (size_t i = 0; i < n; i++) {
        enum match match = glob_match(pattern, names[i]);
        if (match == MATCH_BAD_PATTERN)
            return false;
        if (match == MATCH_YES)
            vec_push(sources->arena, matches, path_join(sources->arena, directory, names[i]));
    }
    return true;
}

bool glob_files(struct sources *sources, struct str pattern, struct path_list *matches)
{
    struct arena *arena = sources->arena;
    pattern = str_dup(arena, pattern);
    if (pattern.len > MAX_PATTERN)
        return false;
    if (glob_match(pattern, STR("")) == MATCH_BAD_PATTERN)
        return false;
    if (!has_meta(pattern)) {
        if (file_exists(sources, pattern))
            vec_push(arena, matches, pattern);
        return true;
    }
    ptrdiff_t slash = str_last_index(pattern, '/');
    struct str name = str_slice(pattern, (size_t)(slash + 1), pattern.len);
    struct str directory = slash < 0 ? STR(".") : str_slice(pattern, 0, slash ? (size_t)slash : 1);
    directory = str_dup(arena, directory);
    if (!has_meta(directory))
        return glob_directory(sources, directory, name, matches);
    if (str_eq(directory, pattern))
        return false;
    struct path_list directories = {0};
    if (!glob_files(sources, directory, &directories))
        return false;
    for (size_t i = 0; i < directories.n; i++)
        if (!glob_directory(sources, directories.at[i], name, matches))
            return false;
    return true;
}
