/* Loaded text, {$ENV} splicing, and offsets ↔ file, line, column. */
#include "syntax/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/vec.h"

/* <raw> was replaced by <spliced>; offsets in the two texts of one source. */
struct splice {
    uint32_t raw_begin, raw_end;
    uint32_t spliced_begin, spliced_end;
};

typedef VEC(struct splice) splice_list;
typedef VEC(uint32_t) line_list;

struct sources sources_in(struct arena *arena, const struct source_hooks *hooks)
{
    /* 0 is left out, so that the span {0, 0} is no place */
    return (struct sources){.arena = arena, .hooks = hooks, .next_base = 1};
}

static const char *get_env(const struct sources *sources, const char *name)
{
    if (strchr(name, '='))
        return NULL; /* no variable is called so, but getenv could find one */
    const struct source_hooks *hooks = sources->hooks;
    return hooks && hooks->get_env ? hooks->get_env(hooks->user, name) : getenv(name);
}

static void splice_environment(const struct sources *sources, struct source *source)
{
    struct str raw = source->raw;
    struct strbuf out = strbuf_in(sources->arena);
    splice_list splices = {0};
    size_t copied = 0, at = 0;
    for (;;) {
        ptrdiff_t found = str_find(str_slice(raw, at, raw.len), STR("{$"));
        if (found < 0)
            break;
        size_t begin = at + (size_t)found;
        ptrdiff_t close = str_index(str_slice(raw, begin + 2, raw.len), '}');
        if (close < 0)
            break;
        size_t end = begin + 2 + (size_t)close + 1;
        at = end;
        struct str name, fallback;
        bool has_default = str_cut(str_slice(raw, begin + 2, end - 1), STR(":"), &name, &fallback);
        if (end - begin == 3)
            continue; /* Caddy: {$} stays as it is */
        const char *value = memchr(name.ptr, '\0', name.len)
                                ? NULL
                                : get_env(sources, str_dup(sources->arena, name).ptr);
        struct str text = value ? str_from(value) : has_default ? fallback : STR("");
        strbuf_add(&out, str_slice(raw, copied, begin));
        struct splice splice = {(uint32_t)begin, (uint32_t)end, (uint32_t)out.len, 0};
        strbuf_add(&out, text);
        splice.spliced_end = (uint32_t)out.len;
        vec_push(sources->arena, &splices, splice);
        copied = end;
    }
    source->splices = splices.at;
    source->n_splices = (uint32_t)splices.n;
    if (splices.n == 0) {
        source->spliced = raw;
        return;
    }
    strbuf_add(&out, str_slice(raw, copied, raw.len));
    strbuf_cstr(&out);
    source->spliced = strbuf_str(&out);
}

static void find_lines(struct arena *arena, struct source *source)
{
    line_list lines = {0};
    vec_push(arena, &lines, 0);
    for (size_t i = 0; i < source->raw.len; i++)
        if (source->raw.ptr[i] == '\n')
            vec_push(arena, &lines, (uint32_t)i + 1);
    source->lines = lines.at;
    source->n_lines = (uint32_t)lines.n;
}

struct source *source_add(struct sources *sources, struct str path, struct str raw)
{
    if (raw.len >= UINT32_MAX - sources->next_base - 2)
        return NULL;
    struct source *source = arena_new(sources->arena, struct source);
    source->path = str_dup(sources->arena, path);
    source->raw = raw;
    source->base = sources->next_base;
    sources->next_base += (uint32_t)raw.len + 1;
    splice_environment(sources, source);
    if (source->spliced.len >= UINT32_MAX)
        return NULL;
    find_lines(sources->arena, source);
    if (sources->n == sources->cap) {
        sources->cap = sources->cap ? sources->cap * 2 : 8;
        struct source **bigger = arena_array(sources->arena, struct source *, sources->cap);
        if (sources->n)
            memcpy(bigger, sources->at, sources->n * sizeof(*bigger));
        sources->at = bigger;
    }
    sources->at[sources->n++] = source;
    return source;
}

static int read_whole(struct arena *arena, const char *path, struct str *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    struct stat info;
    int error = 0;
    struct strbuf buf = strbuf_in(arena);
    if (fstat(fd, &info) != 0)
        error = -errno;
    else if (S_ISDIR(info.st_mode))
        error = -EISDIR;
    else if (info.st_size > 0 && info.st_size < UINT32_MAX)
        strbuf_reserve(&buf, (size_t)info.st_size + 1);
    while (!error) {
        strbuf_reserve(&buf, 4096);
        ssize_t n = read(fd, buf.ptr + buf.len, buf.cap - buf.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            error = -errno;
        if (n <= 0)
            break;
        buf.len += (size_t)n;
        if (buf.len >= UINT32_MAX)
            error = -EFBIG;
    }
    close(fd);
    *text = strbuf_str(&buf);
    return error;
}

struct source *source_load(struct sources *sources, const char *path, int *error)
{
    struct str raw;
    const struct source_hooks *hooks = sources->hooks;
    *error = hooks && hooks->read_file ? hooks->read_file(hooks->user, sources->arena, path, &raw)
                                       : read_whole(sources->arena, path, &raw);
    if (*error)
        return NULL;
    struct source *source = source_add(sources, str_from(path), raw);
    if (!source)
        *error = -EFBIG;
    return source;
}

static const struct source *source_at(const struct sources *sources, uint32_t offset)
{
    uint32_t low = 0, high = sources->n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (sources->at[middle]->base <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? sources->at[low - 1] : NULL;
}

const struct source *source_of(const struct sources *sources, struct span span)
{
    return source_at(sources, span.begin);
}

struct position source_position(const struct sources *sources, uint32_t offset)
{
    const struct source *source = source_at(sources, offset);
    if (!source)
        return (struct position){.path = STR("")};
    uint32_t at = offset - source->base;
    if (at > source->raw.len)
        at = (uint32_t)source->raw.len;
    uint32_t low = 0, high = source->n_lines;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (source->lines[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    struct position position = {source->path, low + 1, 1, at - source->lines[low] + 1};
    struct str before = str_slice(source->raw, source->lines[low], at);
    for (size_t i = 0, size; i < before.len; i += size) {
        utf8_decode(before, i, &size);
        position.column++;
    }
    return position;
}

struct str source_line(const struct source *source, uint32_t line)
{
    if (line == 0 || line > source->n_lines)
        return STR("");
    size_t begin = source->lines[line - 1];
    size_t end = line < source->n_lines ? source->lines[line] : source->raw.len;
    struct str text = str_slice(source->raw, begin, end);
    text = str_trim_suffix(text, STR("\n"));
    return str_trim_suffix(text, STR("\r"));
}

struct str source_text(const struct sources *sources, struct span span)
{
    const struct source *source = source_of(sources, span);
    if (!source || span.end < span.begin)
        return STR("");
    return str_slice(source->raw, span.begin - source->base, span.end - source->base);
}

/* Offset in the spliced text → offset in the raw text; inside of a splice, its begin or end. */
static uint32_t unsplice(const struct source *source, uint32_t offset, bool is_end)
{
    uint32_t low = 0, high = source->n_splices;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct splice *splice = &source->splices[middle];
        if (is_end ? splice->spliced_begin < offset : splice->spliced_begin <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return offset;
    const struct splice *splice = &source->splices[low - 1];
    if (offset < splice->spliced_end || (is_end && offset == splice->spliced_end))
        return is_end ? splice->raw_end : splice->raw_begin;
    return offset - splice->spliced_end + splice->raw_end;
}

struct span source_span(const struct source *source, uint32_t begin, uint32_t end)
{
    uint32_t raw_begin = unsplice(source, begin, false);
    uint32_t raw_end = end > begin ? unsplice(source, end, true) : raw_begin;
    return (struct span){source->base + raw_begin, source->base + raw_end};
}
