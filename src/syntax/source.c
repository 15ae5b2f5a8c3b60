/* Loaded text: reads files, keeps raw and spliced bytes, and maps offsets to files, lines and
 * columns. */
#include "syntax/source.h"

#include "base/arena.h"
#include "base/vec.h"
#include "syntax/env.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a value may add at most, so that offsets in the spliced text stay in 32 bits. */
#define MAX_SOURCE_BYTES (1u << 30)

struct sources sources_in(struct arena *arena, const struct source_hooks *hooks)
{
    /* 0 stays free: it is "no place" */
    return (struct sources){.arena = arena, .hooks = hooks, .next_base = 1};
}

static void find_lines(struct arena *arena, struct source *source)
{
    VEC(uint32_t) lines = {0};
    vec_push(arena, &lines, str_has_prefix(source->raw, STR("\xef\xbb\xbf")) ? 3 : 0);
    const char *at = source->raw.ptr, *end = at + source->raw.len;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        at++;
        vec_push(arena, &lines, (uint32_t)(at - source->raw.ptr));
    }
    source->lines = lines.at;
    source->n_lines = (uint32_t)lines.n;
}

/* <has_nul>: there is a NUL behind the text. */
static struct source *add(struct sources *sources, struct str path, struct str raw, bool has_nul)
{
    if (raw.len >= MAX_SOURCE_BYTES || sources->next_base > UINT32_MAX - raw.len - 1)
        return NULL;
    struct source *source = arena_new(sources->arena, struct source);
    source->path = str_dup(sources->arena, path);
    source->raw = raw.ptr ? raw : STR("");
    source->base = sources->next_base;
    sources->next_base += (uint32_t)raw.len + 1;
    find_lines(sources->arena, source);
    env_splice(sources, source, has_nul);
    if (sources->n == sources->cap) {
        uint32_t cap = sources->cap ? sources->cap * 2 : 4;
        struct source **at = arena_array(sources->arena, struct source *, cap);
        if (sources->n)
            memcpy(at, sources->at, sources->n * sizeof(struct source *));
        sources->at = at;
        sources->cap = cap;
    }
    sources->at[sources->n++] = source;
    return source;
}

struct source *source_add(struct sources *sources, struct str path, struct str raw)
{
    return add(sources, path, raw, false);
}

struct source *source_plain(struct arena *arena, struct str text)
{
    struct source *source = arena_new(arena, struct source);
    source->raw = source->spliced = str_dup(arena, text); /* the scanner stops at the NUL */
    source->base = 1;
    return source;
}

static int read_stream(struct arena *arena, int fd, struct str *text)
{
    struct strbuf buf = strbuf_in(arena);
    struct stat stat;
    if (fstat(fd, &stat) < 0)
        return -errno;
    if (S_ISDIR(stat.st_mode))
        return -EISDIR;
    strbuf_reserve(&buf, stat.st_size > 0 && stat.st_size < MAX_SOURCE_BYTES
                             ? (size_t)stat.st_size + 2
                             : 4096);
    for (;;) {
        if (buf.len == buf.cap)
            strbuf_reserve(&buf, buf.len);
        ssize_t n = read(fd, buf.ptr + buf.len, buf.cap - buf.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        buf.len += (size_t)n;
        if (buf.len >= MAX_SOURCE_BYTES)
            return -EFBIG;
    }
    strbuf_cstr(&buf);
    *text = strbuf_str(&buf);
    return 0;
}

int source_read(struct sources *sources, const char *path, struct str *text)
{
    const struct source_hooks *hooks = sources->hooks;
    if (hooks && hooks->read_file)
        return hooks->read_file(hooks->user, sources->arena, path, text);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int error = read_stream(sources->arena, fd, text);
    close(fd);
    return error;
}

int source_list_directory(struct sources *sources, const char *path, struct str **names, size_t *n)
{
    const struct source_hooks *hooks = sources->hooks;
    if (hooks && hooks->list_directory)
        return hooks->list_directory(hooks->user, sources->arena, path, names, n);
    if (hooks && hooks->read_file)
        return -ENOENT;
    DIR *dir = opendir(path);
    if (!dir && errno == ENOMEM)
        arena_exhausted(); /* else the directory would seem to be empty */
    if (!dir)
        return -errno;
    VEC(struct str) found = {0};
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        struct str name = str_from(entry->d_name);
        if (!str_is(name, ".") && !str_is(name, ".."))
            vec_push(sources->arena, &found, str_dup(sources->arena, name));
    }
    closedir(dir);
    *names = found.at;
    *n = found.n;
    return 0;
}

struct source *source_load(struct sources *sources, const char *path, int *error)
{
    struct str raw = {0};
    *error = source_read(sources, path, &raw);
    if (*error)
        return NULL;
    bool is_file = !sources->hooks || !sources->hooks->read_file;
    struct source *source = add(sources, str_from(path), raw, is_file);
    if (!source)
        *error = -EFBIG;
    return source;
}

static const struct source *source_at(const struct sources *sources, uint32_t offset)
{
    uint32_t low = 0, high = sources->n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct source *source = sources->at[middle];
        if (offset < source->base)
            high = middle;
        else if (offset > source->base + (uint32_t)source->raw.len)
            low = middle + 1;
        else
            return source;
    }
    return NULL;
}

const struct source *source_of(const struct sources *sources, struct span span)
{
    return span.begin == 0 ? NULL : source_at(sources, span.begin);
}

/* Index of the line that holds <offset> of the raw text. */
static uint32_t line_of(const struct source *source, uint32_t offset)
{
    uint32_t low = 0, high = source->n_lines;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (source->lines[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* A place in a long line, so that its columns need not be counted from the beginning each time. */
struct column_mark {
    uint32_t at;     /* offset in the raw text, where a code point begins */
    uint32_t column; /* of that one, counted from 0 */
};

enum { MARK_EVERY = 4096 }; /* bytes */

/* One mark for each stretch of MARK_EVERY bytes, at its first code point. */
static void mark_columns(struct arena *arena, struct source *source)
{
    uint32_t n = (uint32_t)(source->raw.len / MARK_EVERY) + 1, column = 0;
    struct column_mark *marks = arena_array(arena, struct column_mark, n);
    uint32_t next = 0;
    for (size_t at = 0, size; at < source->raw.len && next < n; at += size) {
        utf8_decode(source->raw, at, &size);
        if (at >= (size_t)next * MARK_EVERY)
            marks[next++] = (struct column_mark){(uint32_t)at, column};
        column = source->raw.ptr[at] == '\n' || at < source->lines[0] ? 0 : column + 1;
    }
    source->marks = marks;
}

/* The column of an offset in the line that begins at <begin>, counted from 0. */
static uint32_t column_of(const struct sources *sources, const struct source *source,
                          uint32_t begin, uint32_t at)
{
    uint32_t column = 0;
    if (at - begin > MARK_EVERY) {
        if (!source->marks)
            mark_columns(sources->arena, (struct source *)source);
        const struct column_mark *mark = &source->marks[at / MARK_EVERY];
        if (mark->at > at)
            mark--;
        if (mark->at > begin) {
            begin = mark->at;
            column = mark->column;
        }
    }
    struct str before = str_slice(source->raw, begin, at);
    for (size_t i = 0, size; i < before.len; i += size, column++)
        utf8_decode(before, i, &size);
    return column;
}

struct position source_position(const struct sources *sources, uint32_t offset)
{
    const struct source *source = offset ? source_at(sources, offset) : NULL;
    if (!source)
        return (struct position){0};
    uint32_t at = offset - source->base;
    uint32_t line = line_of(source, at);
    uint32_t begin = source->lines[line];
    if (at < begin)
        at = begin; /* at a byte order mark */
    return (struct position){.path = source->path,
                             .line = line + 1,
                             .column = column_of(sources, source, begin, at) + 1,
                             .byte_column = at - begin + 1};
}

struct str source_line(const struct source *source, uint32_t line)
{
    if (line == 0 || line > source->n_lines)
        return STR("");
    size_t begin = source->lines[line - 1];
    size_t end = line < source->n_lines ? source->lines[line] - 1 : source->raw.len;
    if (end > begin && source->raw.ptr[end - 1] == '\r')
        end--;
    return str_slice(source->raw, begin, end);
}

struct str source_text(const struct sources *sources, struct span span)
{
    const struct source *source = source_of(sources, span);
    if (!source || span.end < span.begin)
        return STR("");
    return str_slice(source->raw, span.begin - source->base, span.end - source->base);
}

bool source_is_assumed(const struct sources *sources, struct span span)
{
    const struct source *source = sources->assumes_values ? source_of(sources, span) : NULL;
    for (uint32_t i = 0; source && i < source->n_splices; i++) {
        const struct splice *splice = &source->splices[i];
        if (splice->is_assumed && source->base + splice->raw_begin < span.end &&
            span.begin < source->base + splice->raw_end)
            return true;
    }
    return false;
}

/* Where <offset> of the spliced text lies in the raw text. Inside a replaced {$ENV} it is that
 * one's begin or end, whichever <is_end> asks for. */
static uint32_t raw_offset(const struct source *source, uint32_t offset, bool is_end)
{
    uint32_t low = 0, high = source->n_splices;
    while (low < high) { /* the first splice that begins after <offset> */
        uint32_t middle = low + (high - low) / 2;
        if (source->splices[middle].spliced_begin <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (is_end) /* an end that touches the begin of a value stays before it */
        while (low > 0 && source->splices[low - 1].spliced_begin == offset)
            low--;
    if (low == 0)
        return offset;
    const struct splice *splice = &source->splices[low - 1];
    if (offset < splice->spliced_end)
        return is_end ? splice->raw_end : splice->raw_begin;
    return splice->raw_end + (offset - splice->spliced_end);
}

struct span source_span(const struct source *source, uint32_t begin, uint32_t end)
{
    struct span span = {source->base + raw_offset(source, begin, false),
                        source->base + raw_offset(source, end, true)};
    if (span.end < span.begin)
        span.end = span.begin;
    return span;
}
