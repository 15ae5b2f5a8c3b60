/* Placeholders that need no request, and what is expanded once at the start: accounts, address
 * ranges, addresses to listen on. */

#include "proxy/surroundings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/ip.h"
#include "http/date.h"
#include "proxy/text.h"

enum { MAX_FILE_BYTES = 1024 * 1024 };

/* --- values --- */

/* Without the last line's end; nothing where it cannot be read. */
static struct str file_content(const struct core *core, struct arena *arena, struct dt_text path)
{
    /* a text of the tables has a NUL behind it */
    int fd = open(dt_chars(core->tables, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct strbuf out = strbuf_in(arena);
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0 && out.len < MAX_FILE_BYTES) {
        size_t room = MAX_FILE_BYTES - out.len < 65536 ? MAX_FILE_BYTES - out.len : 65536;
        strbuf_reserve(&out, room);
        n = read(fd, out.ptr + out.len, room);
        out.len += n > 0 ? (size_t)n : 0;
        if (n < 0 && errno == EINTR)
            n = 1;
    }
    if (fd >= 0)
        close(fd);
    if (n < 0)
        return STR("");
    return str_trim_suffix(str_trim_suffix(strbuf_str(&out), STR("\n")), STR("\r"));
}

static struct str time_text(const struct core *core, struct arena *arena, enum dt_part_kind kind,
                            int64_t wall_ns)
{
    time_t seconds = (time_t)(wall_ns / 1000000000);
    struct strbuf now = strbuf_in(arena);
    struct tm local;
    char text[64];
    localtime_r(&seconds, &local);
    switch ((unsigned)kind) {
    case DT_PART_NOW:
        text_add_time(&now, wall_ns, wall_ns - core->started_wall_ns);
        return strbuf_str(&now);
    case DT_PART_NOW_HTTP:
        http_date_format(seconds, text);
        return str_dup(arena, str_make(text, HTTP_DATE_BYTES));
    case DT_PART_NOW_COMMON_LOG:
        strftime(text, sizeof(text), "%d/%b/%Y:%H:%M:%S %z", &local);
        return str_dup(arena, str_from(text));
    case DT_PART_NOW_YEAR:
        return text_int(arena, local.tm_year + 1900);
    case DT_PART_NOW_UNIX:
        return text_int(arena, seconds);
    default:
        return text_int(arena, wall_ns / 1000000);
    }
}

bool surroundings_value(const struct core *core, struct arena *arena, const struct dt_part *part,
                        int64_t wall_ns, struct str *out)
{
    const char *variable;
    switch (part->kind) {
    case DT_PART_LITERAL:
        *out = table_text(core->tables, part->text);
        return true;
    case DT_PART_ENV:
        variable = getenv(dt_chars(core->tables, part->text));
        *out = str_from(variable ? variable : "");
        return true;
    case DT_PART_FILE_CONTENT:
        *out = file_content(core, arena, part->text);
        return true;
    case DT_PART_HOSTNAME:
        *out = core->hostname;
        return true;
    case DT_PART_SLASH:
        *out = STR("/");
        return true;
    case DT_PART_OS:
        *out = STR("linux");
        return true;
    case DT_PART_WORKING_DIRECTORY:
        *out = core->working_directory;
        return true;
    case DT_PART_ARCH:
        *out = core->architecture;
        return true;
    case DT_PART_NOW:
    case DT_PART_NOW_HTTP:
    case DT_PART_NOW_COMMON_LOG:
    case DT_PART_NOW_YEAR:
    case DT_PART_NOW_UNIX:
    case DT_PART_NOW_UNIX_MS:
        *out = time_text(core, arena, part->kind, wall_ns);
        return true;
    default:
        return false;
    }
}

/* --- at the start --- */

/* The tables while rows of them are replaced. */
struct settling {
    struct core *core;
    struct dt_tables *tables;
    struct strbuf strings;
    int64_t wall_ns;
    bool is_fine;
};

static struct str expand(struct settling *settling, uint32_t row)
{
    const struct core *core = settling->core;
    const struct dt_template *template = &core->tables->templates[row];
    struct strbuf out = strbuf_in(core->arena);
    strbuf_add(&out, table_text(core->tables, template->literal));
    for (uint32_t i = 0; i < template->parts.n; i++) {
        const struct dt_part *part = &core->tables->parts[template->parts.first + i];
        struct str value;
        if (surroundings_value(core, core->arena, part, settling->wall_ns, &value))
            strbuf_add(&out, value);
    }
    strbuf_cstr(&out);
    return strbuf_str(&out);
}

static struct dt_text keep(struct settling *settling, struct str text)
{
    struct dt_text kept = {(uint32_t)settling->strings.len, (uint32_t)text.len};
    strbuf_add(&settling->strings, text);
    strbuf_add_char(&settling->strings, '\0');
    return kept;
}

static void complain(struct settling *settling, uint32_t origin, const char *what, struct str text)
{
    const struct dt_tables *tables = settling->core->tables;
    fprintf(stderr, "%s: ", settling->core->name);
    if (origin != DT_NONE && origin < tables->n_origins)
        fprintf(stderr, "%s:%u: ", dt_chars(tables, tables->origins[origin].file),
                tables->origins[origin].line);
    fprintf(stderr, "'%.*s' %s\n", (int)text.len, text.ptr ? text.ptr : "", what);
    settling->is_fine = false;
}

static void *copy_of(struct settling *settling, const void *rows, size_t bytes)
{
    void *copy = arena_alloc(settling->core->arena, bytes + 1);
    if (bytes > 0)
        memcpy(copy, rows, bytes);
    return copy;
}

static void settle_account(struct settling *settling, struct dt_account *row)
{
    struct str name = {0}, written = {0}, hash = {0};
    if (row->name_template != DT_NONE) {
        name = expand(settling, row->name_template);
        row->name = keep(settling, name);
    }
    if (row->hash_template != DT_NONE) {
        written = hash = expand(settling, row->hash_template);
        if (hash.len > 0 && hash.ptr[0] != '$' &&
            !base64_decode(settling->core->arena, hash, BASE64_PADDED, &hash))
            complain(settling, DT_NONE, "is no hash of a password", written);
        row->hash = keep(settling, hash);
    }
    if (row->name.len == 0 || row->hash.len == 0)
        complain(settling, DT_NONE, "is an account without a name, or without a password", name);
}

static void settle_range(struct settling *settling, struct dt_ip_range *row)
{
    struct str text = expand(settling, row->template), address, zone;
    struct ip_prefix prefix;
    /* Caddy takes the zone from behind the prefix length: fe80::/10%eth0 */
    str_cut(text, STR("%"), &address, &zone);
    bool is_range = str_index(address, '/') >= 0
                        ? ip_prefix_parse(address, &prefix) == IP_OK
                        : ip_parse(address, &prefix.ip) == IP_OK;
    if (!is_range) {
        complain(settling, DT_NONE, "is no IP address or range", text);
        return;
    }
    if (str_index(address, '/') < 0)
        prefix.bits = prefix.ip.is_v6 ? 128 : 32;
    row->family = prefix.ip.is_v6 ? 6 : 4;
    row->bits = (uint8_t)prefix.bits;
    ip_prefix_mask(prefix, row->ip);
    row->zone = keep(settling, zone);
}

static void settle_listener(struct settling *settling, struct dt_listener *row)
{
    static const char *const networks[DT_N_NETWORKS] = {
        [DT_NETWORK_NONE] = "", [DT_NETWORK_TCP] = "",       [DT_NETWORK_TCP4] = "tcp4/",
        [DT_NETWORK_TCP6] = "tcp6/", [DT_NETWORK_UNIX] = "unix/", [DT_NETWORK_FD] = "fd/",
    };
    struct arena *arena = settling->core->arena;
    struct str host = expand(settling, row->host_template);
    struct ip ip = {0};
    if (host.len == 0)
        complain(settling, row->origin, "to listen on: the placeholder in it is empty",
                 table_text(settling->core->tables, row->address));
    row->host_kind = row->network == DT_NETWORK_UNIX ? DT_HOST_PATH : DT_HOST_NAME;
    if (row->host_kind == DT_HOST_NAME && ip_parse(host, &ip) == IP_OK) {
        row->host_kind = ip.is_v6 ? DT_HOST_IP6 : DT_HOST_IP4;
        row->zone = keep(settling, ip.zone);
        memcpy(row->ip, ip.bytes, sizeof(row->ip));
    }
    struct strbuf address = strbuf_in(arena);
    strbuf_puts(&address, networks[row->network]);
    strbuf_printf(&address, ip.is_v6 ? "[" STR_FMT "]" : STR_FMT, STR_ARG(host));
    if (row->host_kind != DT_HOST_PATH)
        strbuf_printf(&address, ":%u", row->port);
    row->address = keep(settling, strbuf_str(&address));
    ip.zone = STR("");
    row->host = keep(settling, row->host_kind == DT_HOST_IP6 ? ip_format(arena, ip) : host);
}

/* Where any row of <array> has a template in a column, all rows are copied and those settled. */
#define SETTLE(array, type, column, other, settle)                                                 \
    do {                                                                                           \
        struct type *rows = NULL;                                                                  \
        for (uint32_t i = 0; i < tables->n_##array; i++) {                                         \
            if (tables->array[i].column == DT_NONE && tables->array[i].other == DT_NONE)           \
                continue;                                                                          \
            if (!rows)                                                                             \
                rows = copy_of(&settling, tables->array, tables->n_##array * sizeof(*rows));       \
            settle(&settling, &rows[i]);                                                           \
        }                                                                                          \
        if (rows)                                                                                  \
            settling.tables->array = rows;                                                         \
        is_changed |= rows != NULL;                                                                \
    } while (0)

bool surroundings_settle(struct core *core)
{
    const struct dt_tables *tables = core->tables;
    struct settling settling = {.core = core, .is_fine = true, .strings = strbuf_in(core->arena)};
    bool is_changed = false;
    settling.wall_ns = clock_wall_ns();
    settling.tables = copy_of(&settling, tables, sizeof(*tables));
    strbuf_add(&settling.strings, str_make(tables->strings, tables->strings_len));
    SETTLE(accounts, dt_account, name_template, hash_template, settle_account);
    SETTLE(ip_ranges, dt_ip_range, template, template, settle_range);
    SETTLE(listeners, dt_listener, host_template, host_template, settle_listener);
    if (!is_changed)
        return settling.is_fine;
    settling.tables->strings = strbuf_str(&settling.strings).ptr;
    settling.tables->strings_len = (uint32_t)settling.strings.len;
    core->tables = settling.tables;
    return settling.is_fine;
}
