/* Message bodies on their way in, and what must be kept of the input; for both sides. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/http_private.h"

static void out_of_memory(void)
{
    fputs("dialtone: out of memory\n", stderr);
    abort();
}

void saved_add(struct saved_input *saved, struct str more)
{
    size_t needed = saved->len + more.len + H1_SLACK_BYTES;
    if (needed > saved->cap) {
        size_t cap = saved->cap ? saved->cap * 2 : 1024;
        while (cap < needed)
            cap *= 2;
        char *bigger = realloc(saved->bytes, cap);
        if (!bigger)
            out_of_memory();
        saved->bytes = bigger;
        saved->cap = cap;
    }
    if (more.len)
        memcpy(saved->bytes + saved->len, more.ptr, more.len);
    saved->len += more.len;
    memset(saved->bytes + saved->len, 0, H1_SLACK_BYTES);
}

void saved_keep(struct saved_input *saved, struct str rest)
{
    if (rest.ptr == saved->bytes)
        return;
    memmove(saved->bytes, rest.ptr, rest.len);
    memset(saved->bytes + rest.len, 0, H1_SLACK_BYTES);
    saved->len = rest.len;
}

void saved_clear(struct saved_input *saved)
{
    free(saved->bytes);
    *saved = (struct saved_input){0};
}

void body_begin(struct body_reader *body, const struct h1_framing *framing)
{
    bool is_known = framing->content_length != HTTP_LENGTH_UNKNOWN;
    *body = (struct body_reader){
        .left = is_known ? framing->content_length : 0,
        .chunked = framing->chunked,
        .until_close = !is_known && !framing->chunked,
        .complete = framing->content_length == 0,
    };
}

enum h1_chunk body_next(struct body_reader *body, struct str *input, struct str *piece)
{
    if (body->complete)
        return H1_CHUNK_END;
    if (body->chunked) {
        enum h1_chunk what = h1_chunk_next(&body->chunks, input, piece);
        body->complete = what == H1_CHUNK_END;
        return what;
    }
    if (input->len == 0)
        return H1_CHUNK_MORE;
    struct str whole = *input;
    size_t len = whole.len;
    if (!body->until_close) {
        if ((int64_t)len > body->left)
            len = (size_t)body->left;
        body->left -= (int64_t)len;
        body->complete = body->left == 0;
    }
    *piece = str_make(whole.ptr, len);
    *input = str_slice(whole, len, whole.len);
    return H1_CHUNK_DATA;
}

bool trailers_parse(struct str section, struct http_headers *out)
{
    struct http_header headers[128];
    if (section.len == 0)
        return true;
    struct h1_head head = {.headers = headers, .cap = 128};
    struct strbuf text = strbuf_in(out->arena);
    /* The decoder keeps the last line end for itself: it is put back. */
    strbuf_add(&text, section);
    if (section.ptr[section.len - 1] == '\r')
        strbuf_add_char(&text, '\n');
    else
        strbuf_puts(&text, "\r\n");
    strbuf_reserve(&text, H1_SLACK_BYTES);
    memset(text.ptr + text.len, 0, H1_SLACK_BYTES);
    if (h1_parse_trailers(&head, text.ptr, text.len) != H1_DONE)
        return false;
    for (uint32_t i = 0; i < head.n; i++)
        if (header_fits_in_trailers(&headers[i]))
            headers_add_named(out, headers[i].name, headers[i].value);
    return true;
}

void scratch_grow(struct header_scratch *scratch)
{
    uint32_t cap = scratch->cap ? scratch->cap * 2 : 64;
    struct http_header *bigger = realloc(scratch->at, cap * sizeof(*bigger));
    if (!bigger)
        out_of_memory();
    scratch->at = bigger;
    scratch->cap = cap;
}

static struct str moved(struct str text, const char *from, const char *to)
{
    return text.len ? str_make(to + (text.ptr - from), text.len) : text;
}

struct http_headers head_keep(struct arena *arena, struct h1_head *head, const char *bytes)
{
    enum { SPARE = 8 };
    char *copy = arena_strndup(arena, bytes, head->len);
    struct http_headers headers = {.arena = arena, .n = head->n, .cap = head->n + SPARE};
    headers.names = head->names;
    headers.at = arena_alloc(arena, headers.cap * sizeof(*headers.at));
    for (uint32_t i = 0; i < head->n; i++) {
        headers.at[i].name = moved(head->headers[i].name, bytes, copy);
        headers.at[i].value = moved(head->headers[i].value, bytes, copy);
        headers.at[i].id = head->headers[i].id;
        headers.at[i].is_line = head->headers[i].is_line;
    }
    head->method = moved(head->method, bytes, copy);
    head->target = moved(head->target, bytes, copy);
    head->reason = moved(head->reason, bytes, copy);
    head->text = copy;
    head->headers = headers.at;
    head->cap = headers.cap;
    return headers;
}

/* Readies what is to be parsed. Member by member, for which compilers have better instructions than
 * for zeroing all of it. */
static void head_clear(struct h1_head *head)
{
    head->text = NULL;
    head->n = 0;
    head->names = head->repeated = 0;
    head->version = HTTP_VERSION_NONE;
    head->method = head->target = head->reason = str_make(NULL, 0);
    head->path_len = 0;
    head->status = 0;
    head->problem = H1_NO_PROBLEM;
    head->len = head->line = head->scanned = 0;
    head->past_first_line = head->has_unusual_names = false;
}

/* A head that most likely is there, and small, is parsed into where it is kept. As head_read, but
 * H1_FULL where it has more fields than are usual. */
static enum h1_result read_small(struct h1_head *head, h1_parser *parse, struct arena *arena,
                                 struct str input)
{
    enum { FIELDS = 32, LIST_BYTES = FIELDS * sizeof(struct http_header) };
    size_t size = LIST_BYTES + input.len + 1, used = 0;
    void *block = arena_alloc(arena, size);
    char *copy = (char *)block + LIST_BYTES;
    head_clear(head);
    head->headers = block;
    head->cap = FIELDS;
    head->text = copy;
    enum h1_result result = parse(head, input.ptr, input.len);
    if (result == H1_DONE) {
        memcpy(copy, input.ptr, head->len);
        copy[head->len] = '\0';
        used = LIST_BYTES + head->len + 1;
    }
    arena_trim(arena, block, size, used);
    return result;
}

enum h1_result head_look(struct h1_head *head, h1_parser *parse, struct header_scratch *scratch,
                         struct str input)
{
    if (!scratch->at)
        scratch_grow(scratch);
    for (;;) {
        head_clear(head);
        head->headers = scratch->at;
        head->cap = scratch->cap;
        enum h1_result result = parse(head, input.ptr, input.len);
        if (result != H1_FULL)
            return result;
        scratch_grow(scratch);
    }
}

enum h1_result head_read(struct h1_head *head, h1_parser *parse, struct arena *arena,
                         struct header_scratch *scratch, struct str input)
{
    enum { SMALL_BYTES = 4096 };
    if (input.len <= SMALL_BYTES) {
        enum h1_result result = read_small(head, parse, arena, input);
        if (result != H1_FULL)
            return result;
    }
    enum h1_result result = head_look(head, parse, scratch, input);
    if (result == H1_DONE)
        head_keep(arena, head, input.ptr);
    return result;
}
