/* file_server: the file that a request path names below the root. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/glob.h"
#include "base/parse.h"
#include "http/date.h"
#include "proxy/browse.h"
#include "proxy/coding.h"
#include "proxy/file_content.h"
#include "proxy/file_path.h"
#include "proxy/handlers.h"
#include "proxy/media_type.h"
#include "proxy/template.h"
#include "proxy/text.h"
#include "proxy/worker.h"

/* One request for a file. */
struct serving {
    struct transaction *tx;
    const struct dt_file_server *server;
    struct str root, path; /* the file chosen so far */
    struct stat status;
    int fd;        /* of <path>, open already; -1: not yet */
    bool is_index; /* <path> was found by a name that the request does not say */
};

static enum step not_found(const struct serving *serving)
{
    if (serving->server->passes_through)
        return STEP_NEXT;
    return transaction_fail(serving->tx, 404, (struct str){0});
}

static enum step refused(struct transaction *tx, unsigned status, struct str path, int error)
{
    return transaction_fail(
        tx, status, str_printf(tx->arena, STR_FMT ": %s", STR_ARG(path), strerrordesc_np(error)));
}

/* --- hidden files --- */

static struct str absolute(struct transaction *tx, struct str path)
{
    if (path.len > 0 && path.ptr[0] == '/')
        return file_path_tidy(tx->arena, path);
    return file_path_join(tx->arena, tx->core->working_directory, path);
}

static bool hides(struct transaction *tx, struct str pattern, struct str path)
{
    if (str_index(pattern, '/') < 0) {
        for (bool more = true; more;) {
            struct str component;
            more = str_cut(path, STR("/"), &component, &path);
            if (glob_match(pattern, component))
                return true;
        }
        return false;
    }
    pattern = absolute(tx, pattern);
    return (str_has_prefix(path, pattern) && path.len > pattern.len &&
            path.ptr[pattern.len] == '/') ||
           glob_match(pattern, path);
}

static bool is_hidden(const struct serving *serving, struct str path)
{
    struct dt_range hidden = serving->server->hidden;
    if (hidden.n == 0)
        return false;
    path = absolute(serving->tx, path);
    for (uint32_t i = 0; i < hidden.n; i++)
        if (hides(serving->tx, template_expand(serving->tx, hidden.first + i), path))
            return true;
    return false;
}

/* --- redirects --- */

/* Go's page with a link, for those who do not follow by themselves. */
static enum step redirect(struct transaction *tx, struct str to)
{
    struct str target, query;
    while (str_has_prefix(to, STR("//")))
        to = str_slice(to, 1, to.len); /* not another host's name */
    if (tx->url.query.len > 0)
        to = STR_JOIN(tx->arena, to, STR("?"), tx->url.query);
    /* Go: a '?' of the path begins the query here, too */
    ptrdiff_t mark = str_index(to, '?');
    target = str_slice(to, 0, mark < 0 ? to.len : (size_t)mark);
    query = str_slice(to, target.len, to.len);
    bool ends_in_slash = str_has_suffix(target, STR("/"));
    target = file_path_tidy(tx->arena, target);
    if (ends_in_slash && !str_has_suffix(target, STR("/")))
        target = STR_JOIN(tx->arena, target, STR("/"));
    target = STR_JOIN(tx->arena, target, query);

    struct strbuf location = strbuf_in(tx->arena), page = strbuf_in(tx->arena);
    for (size_t i = 0; i < target.len; i++) {
        unsigned char c = (unsigned char)target.ptr[i];
        if (c >= 0x80)
            strbuf_printf(&location, "%%%02x", c);
        else
            strbuf_add_char(&location, (char)c);
    }
    headers_set(&tx->response, HEADER_LOCATION, strbuf_str(&location));
    bool is_get = str_eq(tx->method, STR("GET")), is_head = str_eq(tx->method, STR("HEAD"));
    bool has_type = headers_find(&tx->response, HEADER_CONTENT_TYPE) != NULL;
    if (!has_type && (is_get || is_head))
        headers_set(&tx->response, HEADER_CONTENT_TYPE, STR("text/html; charset=utf-8"));
    if (!has_type && is_get) {
        strbuf_puts(&page, "<a href=\"");
        text_add_html(&page, target);
        strbuf_puts(&page, "\">Permanent Redirect</a>.\n\n");
    }
    transaction_reply(tx, 308, strbuf_str(&page));
    return STEP_TAKEN;
}

/* The address without the last '/', or with one, where the request says it the other way. */
static bool needs_redirect(const struct serving *serving, struct str *to)
{
    struct transaction *tx = serving->tx;
    struct str asked = tx->original_url.path;
    bool has_slash = asked.len > 0 && asked.ptr[asked.len - 1] == '/';
    if (serving->server->keeps_uris ||
        !str_eq(file_path_base(asked), file_path_base(tx->url.path)) ||
        serving->is_index == has_slash)
        return false;
    *to = has_slash ? str_slice(asked, 0, asked.len - 1) : STR_JOIN(tx->arena, asked, STR("/"));
    return true;
}

/* --- which file --- */

static int open_for_reading(struct str path)
{
    return open(path.ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* As file_stat. Where <path> is likely to be the file that is sent it is opened first, so that it
 * is looked for once: then <fd> is its descriptor. */
static int find(struct serving *serving, struct str path, bool is_likely)
{
    struct transaction *tx = serving->tx;
    if (!is_likely || serving->server->precompressed.n > 0 || memchr(path.ptr, '\0', path.len))
        return file_stat(tx->arena, path, &serving->status);
    int fd = open_for_reading(path);
    if (fd < 0 && errno == ENOENT)
        return -ENOENT;
    if (fd < 0 || fstat(fd, &serving->status) < 0 || !S_ISREG(serving->status.st_mode)) {
        if (fd >= 0)
            close(fd);
        return file_stat(tx->arena, path, &serving->status);
    }
    serving->fd = fd;
    return 0;
}

static void look_for_index(struct serving *serving)
{
    struct transaction *tx = serving->tx;
    struct dt_range index = serving->server->index;
    struct stat directory = serving->status;
    for (uint32_t i = 0; i < index.n; i++) {
        struct str path = file_path_join(tx->arena, serving->path,
                                         template_expand(tx, index.first + i));
        if (is_hidden(serving, path) || find(serving, path, true) < 0)
            continue;
        serving->path = path;
        serving->is_index = true;
        return;
    }
    serving->status = directory;
}

/* --- its headers --- */

static bool has_useful_time(const struct stat *status)
{
    return status->st_mtim.tv_sec != 0 && status->st_mtim.tv_sec != 1;
}

static void add_base36(struct strbuf *out, int64_t value)
{
    char digits[16];
    size_t n = sizeof(digits);
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do
        digits[--n] = "0123456789abcdefghijklmnopqrstuvwxyz"[rest % 36];
    while (rest /= 36);
    if (value < 0)
        digits[--n] = '-';
    strbuf_add(out, str_make(digits + n, sizeof(digits) - n));
}

static struct str etag_of(struct transaction *tx, const struct stat *status)
{
    struct strbuf out = strbuf_in(tx->arena);
    if (!has_useful_time(status))
        return STR("");
    strbuf_add_char(&out, '"');
    add_base36(&out, (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec);
    strbuf_add_char(&out, '-');
    add_base36(&out, status->st_size);
    strbuf_add_char(&out, '"');
    return strbuf_str(&out);
}

enum { MAX_ETAG_BYTES = 1024 };

/* From a file beside it that holds one; false where one is there but cannot be read. */
static bool etag_from_file(const struct serving *serving, struct str path, struct str *etag)
{
    struct transaction *tx = serving->tx;
    struct dt_range list = serving->server->etag_suffixes;
    for (uint32_t i = 0; i < list.n; i++) {
        struct str suffix = table_text(tx->tables, tx->tables->texts[list.first + i]);
        char bytes[MAX_ETAG_BYTES];
        struct strbuf text = strbuf_in(tx->arena);
        int fd = open(STR_JOIN(tx->arena, path, suffix).ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0 && errno == ENOENT)
            continue;
        ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
        if (fd >= 0)
            close(fd);
        for (ssize_t k = 0; k < n; k++)
            if (bytes[k] != '\n')
                strbuf_add_char(&text, bytes[k]);
        *etag = strbuf_str(&text);
        return n >= 0;
    }
    return true;
}

/* --- opening --- */

static const struct str suffixes[] = {
    [DT_ENCODING_GZIP] = STR_INIT(".gz"),
    [DT_ENCODING_ZSTD] = STR_INIT(".zst"),
    [DT_ENCODING_BR] = STR_INIT(".br"),
};

static int open_regular(struct str path, struct stat *status)
{
    int fd = open_for_reading(path);
    if (fd < 0)
        return -errno;
    if (fstat(fd, status) == 0 && S_ISREG(status->st_mode))
        return fd;
    close(fd);
    return -ENXIO;
}

/* The first variant of the file that the client prefers and that is there; -1: none. */
static int open_precompressed(const struct serving *serving, struct stat *status, struct str *path)
{
    struct transaction *tx = serving->tx;
    unsigned rank = CODING_FIRST;
    enum dt_encoding coding;
    while ((coding = coding_next(tx, serving->server->precompressed, &rank))) {
        *path = STR_JOIN(tx->arena, serving->path, suffixes[coding]);
        int fd = open_regular(*path, status);
        if (fd < 0)
            continue;
        headers_set(&tx->response, HEADER_CONTENT_ENCODING, coding_name(coding));
        return fd;
    }
    return -1;
}

/* What the answer says whatever happens; 0: as it comes. */
static bool chosen_status(struct transaction *tx, const struct dt_file_server *server,
                          unsigned *status, struct str *problem)
{
    int64_t number;
    *status = tx->failure.is_set ? tx->failure.status : 0;
    if (server->status_template == DT_NONE) {
        *status = server->status ? server->status : *status;
        return true;
    }
    *problem = template_expand(tx, server->status_template);
    if (parse_go_int(*problem, &number) != PARSE_OK || number < 100 || number > 999)
        return false;
    *status = (unsigned)number;
    return true;
}

static enum step serve_file(struct serving *serving)
{
    struct transaction *tx = serving->tx;
    struct http_headers *headers = &tx->response;
    struct file_content content = {.modified_s = serving->status.st_mtim.tv_sec};
    struct str path = serving->path, etag = headers_get(headers, HEADER_ETAG), problem = {0};
    struct stat status;
    headers_add(headers, HEADER_VARY, STR("Accept-Encoding"));
    content.fd = serving->fd;
    status = serving->status;
    if (content.fd < 0)
        content.fd = open_precompressed(serving, &status, &path);
    if (content.fd < 0) {
        path = serving->path;
        content.fd = open_regular(path, &status);
    }
    if (content.fd == -ENOENT)
        return not_found(serving);
    if (content.fd == -EACCES || content.fd == -EPERM)
        return refused(tx, 403, path, -content.fd);
    if (content.fd < 0) {
        /* perhaps there are too many files open: ask again a little later */
        headers_set_named(headers, STR("Retry-After"),
                          text_int(tx->arena, 2 + worker_random(tx->worker, 3)));
        return refused(tx, 503, path, -content.fd);
    }
    if (etag.len == 0 && !etag_from_file(serving, path, &etag)) {
        close(content.fd);
        return transaction_fail(tx, 500, STR("cannot read the file with the ETag"));
    }
    if (etag.len == 0)
        etag = etag_of(tx, &status);
    bool is_get = str_eq(tx->method, STR("GET")) || str_eq(tx->method, STR("HEAD"));
    if (!is_get && !tx->failure.is_set) {
        close(content.fd);
        headers_add_named(headers, STR("Allow"), STR("GET, HEAD"));
        return transaction_fail(tx, 405, (struct str){0});
    }
    if (etag.len > 0)
        headers_set(headers, HEADER_ETAG, etag);
    struct str type = media_type_of(&tx->core->media_types, serving->path, tx->arena);
    if (headers_get(headers, HEADER_CONTENT_TYPE).len == 0 && type.len > 0)
        headers_set(headers, HEADER_CONTENT_TYPE, type);
    tx->is_untyped = tx->type_is_cleared = type.len == 0;
    if (!chosen_status(tx, serving->server, &content.status, &problem)) {
        close(content.fd);
        return transaction_fail(tx, 500, text_not_a_number(tx->arena, problem));
    }
    content.size = status.st_size;
    if (!has_useful_time(&serving->status))
        content.modified_s = 0;
    file_content_reply(tx, &content);
    return STEP_TAKEN;
}

/* --- directories --- */

static struct str link_target(struct transaction *tx, int directory, const char *name)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(directory, name, target, sizeof(target));
    return n > 0 ? str_dup(tx->arena, str_make(target, (size_t)n)) : STR("");
}

static void add_entry(const struct serving *serving, int directory, const char *name,
                      struct listing *listing)
{
    struct transaction *tx = serving->tx;
    const struct dt_browse *browse = &tx->tables->browses[serving->server->browse];
    struct stat status, target;
    if (is_hidden(serving, str_from(name)) ||
        fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    struct listing_item item = {.size = status.st_size,
                                .modified = status.st_mtim,
                                .mode = status.st_mode,
                                .is_directory = S_ISDIR(status.st_mode),
                                .is_link = S_ISLNK(status.st_mode)};
    if (item.is_link && fstatat(directory, name, &target, 0) == 0) {
        item.size = target.st_size;
        item.is_directory = S_ISDIR(target.st_mode);
    }
    if (item.is_link && browse->reveals_links)
        item.target = link_target(tx, directory, name);
    item.name = str_printf(tx->arena, "%s%s", name, item.is_directory ? "/" : "");
    item.lower = str_lower(tx->arena, item.name);
    if (time_is_later(&item.modified, &listing->modified))
        listing->modified = item.modified;
    *(item.is_directory ? &listing->n_directories : &listing->n_files) += 1;
    listing->items[listing->n++] = item;
}

/* Reads as many entries as are listed at most; false with errno set. */
static bool read_directory(const struct serving *serving, struct listing *listing)
{
    struct transaction *tx = serving->tx;
    uint32_t limit = tx->tables->browses[serving->server->browse].max_files, n = 0, cap = 0;
    struct dirent *entry;
    DIR *directory = opendir(serving->path.ptr);
    if (!directory)
        return false;
    while (n < limit && (entry = readdir(directory))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        n++;
        if (listing->n == cap) {
            uint32_t more = cap ? cap * 2 : 64;
            listing->items =
                arena_grow(tx->arena, listing->items, cap * sizeof(struct listing_item),
                           more * sizeof(struct listing_item));
            cap = more;
        }
        add_entry(serving, dirfd(directory), entry->d_name, listing);
    }
    closedir(directory);
    return true;
}

static struct str accepted_types(struct transaction *tx)
{
    struct strbuf all = strbuf_in(tx->arena);
    for (uint32_t i = 0; i < tx->headers.n; i++) {
        if (tx->headers.at[i].id != HEADER_ACCEPT)
            continue;
        strbuf_add_char(&all, ',');
        strbuf_add(&all, tx->headers.at[i].value);
    }
    return str_lower(tx->arena, strbuf_str(&all));
}

static enum step reply_listing(struct transaction *tx, const struct listing *listing)
{
    struct strbuf body = strbuf_in(tx->arena);
    struct str accepted = accepted_types(tx), type = STR("text/html; charset=utf-8");
    char *date = arena_alloc(tx->arena, HTTP_DATE_BYTES);
    http_date_format(listing->modified.tv_sec, date);
    headers_set(&tx->response, HEADER_LAST_MODIFIED, str_make(date, HTTP_DATE_BYTES));
    if (str_contains(accepted, STR("application/json"))) {
        type = STR("application/json; charset=utf-8");
        listing_as_json(listing, &body);
    } else if (str_contains(accepted, STR("text/plain"))) {
        type = STR("text/plain; charset=utf-8");
        listing_as_text(listing, &body);
    } else {
        struct str nonce = text_uuid(tx->arena);
        listing_as_html(tx, listing, nonce, &body);
        headers_set_named(&tx->response, STR("Content-Security-Policy"),
                          str_printf(tx->arena,
                                     "default-src 'none'; base-uri 'none'; form-action 'none'; "
                                     "frame-ancestors 'self'; style-src 'nonce-" STR_FMT "'",
                                     STR_ARG(nonce)));
    }
    headers_set(&tx->response, HEADER_CONTENT_TYPE, type);
    transaction_reply(tx, 200, strbuf_str(&body));
    return STEP_TAKEN;
}

static enum step list_directory(const struct serving *serving)
{
    struct transaction *tx = serving->tx;
    struct str asked = tx->original_url.path;
    struct listing listing = {.modified = serving->status.st_mtim};
    const struct http_header *since = headers_find_named(&tx->headers, STR("If-Modified-Since"));
    int64_t date;
    if ((tx->url.path.len == 0 || str_eq(file_path_base(asked), file_path_base(tx->url.path))) &&
        !str_has_suffix(asked, STR("/")))
        return redirect(tx, STR_JOIN(tx->arena, asked, STR("/")));
    if (!read_directory(serving, &listing))
        return refused(tx, errno == EACCES ? 403 : 500, serving->path, errno);
    headers_add(&tx->response, HEADER_VARY, STR("Accept, Accept-Encoding"));
    if (since && http_date_parse(since->value, &date) && listing.modified.tv_sec <= date) {
        transaction_reply(tx, 304, STR(""));
        return STEP_TAKEN;
    }
    listing.path = url_escaped_path(&tx->url, tx->arena);
    listing_arrange(tx, &tx->tables->browses[serving->server->browse], &listing);
    return reply_listing(tx, &listing);
}

/* --- all of it --- */

enum step handle_files(struct transaction *tx, const struct dt_handler *handler)
{
    struct serving serving = {
        .tx = tx, .server = &tx->tables->file_servers[handler->row], .fd = -1};
    struct str to;
    if (!file_system_exists(tx, serving.server->filesystem))
        return transaction_fail(tx, 404, STR("filesystem not found"));
    serving.root = file_root(tx, serving.server->root);
    serving.path = file_path_join(tx->arena, serving.root, tx->url.path);
    if (str_has_suffix(serving.path, STR("/")))
        serving.path = str_dup(tx->arena, str_slice(serving.path, 0, serving.path.len - 1));
    bool hidden = is_hidden(&serving, serving.path);
    int error =
        find(&serving, serving.path, !hidden && !str_has_suffix(tx->url.path, STR("/")));
    if (error == -ENOENT)
        return not_found(&serving);
    if (error == -EACCES || error == -EPERM)
        return refused(tx, 403, serving.path, -error);
    if (error < 0) /* not a name that a file can have */
        return refused(tx, 400, serving.path, -error);
    if (S_ISDIR(serving.status.st_mode))
        look_for_index(&serving);
    hidden = hidden && !serving.is_index;
    if (S_ISDIR(serving.status.st_mode) && serving.server->browse != DT_NONE && !hidden)
        return list_directory(&serving);
    if (S_ISDIR(serving.status.st_mode) || hidden)
        return not_found(&serving);
    if (needs_redirect(&serving, &to)) {
        if (serving.fd >= 0)
            close(serving.fd);
        return redirect(tx, to);
    }
    return serve_file(&serving);
}
