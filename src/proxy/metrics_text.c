/* Metrics as text: families in the order of their names, series in that of their labels, numbers as
 * Go writes them. */

#include "proxy/metrics_text.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/number.h"
#include "proxy/metrics.h"
#include "proxy/upstream.h"
#include "proxy/worker.h"

struct writing {
    const struct core *core;
    const struct metrics_request *request;
    struct strbuf *out;
    struct arena *arena;
    struct series *requests, *answers; /* of all workers, by labels */
    size_t n_requests, n_answers;
};

/* --- lines --- */

static void add_number(const struct writing *writing, double value)
{
    struct strbuf *out = writing->out;
    size_t begin = out->len;
    number_add_short(out, value);
    struct str text = str_slice(strbuf_str(out), begin, out->len);
    if (writing->request->is_open && str_index(text, '.') < 0 && str_index(text, 'e') < 0)
        strbuf_puts(out, ".0");
}

static void add_label(const struct writing *writing, char separator, const char *name,
                      struct str value)
{
    struct strbuf *out = writing->out;
    strbuf_printf(out, "%c%s=\"", separator, name);
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c == '\\' || c == '"' || c == '\n')
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, c == '\n' ? 'n' : c);
    }
    strbuf_add_char(out, '"');
}

/* The labels of a series, but for the closing brace. */
static void add_labels(const struct writing *writing, const struct series *series)
{
    const struct metric_labels *labels = &series->labels;
    bool is_answer = series->kind == METRIC_ANSWERS;
    bool has_host = writing->core->tables->meters[0].is_per_host;
    char code[16];
    if (is_answer) {
        snprintf(code, sizeof(code), "%u", labels->code);
        add_label(writing, '{', "code", str_from(code));
    }
    add_label(writing, is_answer ? ',' : '{', "handler", labels->handler);
    if (has_host)
        add_label(writing, ',', "host", labels->host);
    if (is_answer)
        add_label(writing, ',', "method", labels->method);
    add_label(writing, ',', "server", labels->server);
}

/* A metric: false where it is not wanted. */
static bool begin(const struct writing *writing, const char *name, const char *type,
                  const char *help)
{
    const struct metrics_request *request = writing->request;
    struct str family = str_from(name);
    bool is_wanted = request->n == 0;
    for (size_t i = 0; i < request->n; i++)
        is_wanted |= str_eq(request->names[i], family);
    if (request->is_open && strcmp(type, "counter") == 0)
        family = str_trim_suffix(family, STR("_total"));
    if (is_wanted)
        strbuf_printf(writing->out, "# HELP " STR_FMT " %s\n# TYPE " STR_FMT " %s\n",
                      STR_ARG(family), help, STR_ARG(family), type);
    return is_wanted;
}

static void add_plain(const struct writing *writing, const char *name, const char *type,
                      const char *help, double value)
{
    if (!begin(writing, name, type, help))
        return;
    strbuf_printf(writing->out, "%s ", name);
    add_number(writing, value);
    strbuf_add_char(writing->out, '\n');
}

/* --- series of all workers --- */

static uint64_t read_counter(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void add_histogram_up(struct histogram *to, const struct histogram *from)
{
    for (size_t i = 0; i < METRIC_MAX_BUCKETS; i++)
        to->buckets[i] += read_counter(&from->buckets[i]);
    to->sum += read_counter(&from->sum);
}

static void add_up(struct series *to, const struct series *from)
{
    to->in_flight += atomic_load_explicit(&from->in_flight, memory_order_relaxed);
    to->requests += read_counter(&from->requests);
    to->failures += read_counter(&from->failures);
    add_histogram_up(&to->duration, &from->duration);
    add_histogram_up(&to->first_byte, &from->first_byte);
    add_histogram_up(&to->request_size, &from->request_size);
    add_histogram_up(&to->response_size, &from->response_size);
}

/* In the order in which labels are written. */
static int compare_labels(const struct metric_labels *x, const struct metric_labels *y)
{
    char codes[2][16];
    snprintf(codes[0], sizeof(codes[0]), "%u", x->code);
    snprintf(codes[1], sizeof(codes[1]), "%u", y->code);
    int order = strcmp(codes[0], codes[1]);
    order = order ? order : str_compare(x->handler, y->handler);
    order = order ? order : str_compare(x->host, y->host);
    order = order ? order : str_compare(x->method, y->method);
    return order ? order : str_compare(x->server, y->server);
}

static int by_labels(const void *a, const void *b)
{
    const struct series *x = *(const struct series *const *)a,
                        *y = *(const struct series *const *)b;
    return compare_labels(&x->labels, &y->labels);
}

/* One of each kind, whichever workers have it. */
static size_t collect(const struct writing *writing, enum metric_kind kind, struct series **out)
{
    const struct core *core = writing->core;
    size_t n = 0, merged = 0;
    for (unsigned i = 0; i < core->n_workers; i++)
        for (const struct series *one = metrics_series(core->workers[i].metrics); one;
             one = one->earlier)
            n += one->kind == kind;
    const struct series **found = arena_array(writing->arena, const struct series *, n + 1);
    size_t room = n;
    n = 0;
    for (unsigned i = 0; i < core->n_workers; i++)
        for (const struct series *one = metrics_series(core->workers[i].metrics); one && n < room;
             one = one->earlier)
            if (one->kind == kind)
                found[n++] = one;
    qsort(found, n, sizeof(*found), by_labels);
    *out = arena_array(writing->arena, struct series, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || compare_labels(&found[i]->labels, &found[i - 1]->labels) != 0) {
            (*out)[merged].kind = kind;
            (*out)[merged++].labels = found[i]->labels;
        }
        add_up(&(*out)[merged - 1], found[i]);
    }
    return merged;
}

/* --- Caddy's metrics --- */

static void add_histogram(const struct writing *writing, const char *name,
                          const struct series *series, const struct histogram *histogram,
                          bool is_time)
{
    const uint64_t *bounds = is_time ? metric_time_bounds : metric_size_bounds;
    size_t n = is_time ? METRIC_TIMES : METRIC_SIZES;
    double unit = is_time ? 1e9 : 1;
    uint64_t count = 0;
    for (size_t i = 0; i <= n; i++) {
        count += read_counter(&histogram->buckets[i]);
        strbuf_printf(writing->out, "%s_bucket", name);
        add_labels(writing, series);
        strbuf_puts(writing->out, ",le=\"");
        if (i < n)
            add_number(writing, (double)bounds[i] / unit);
        else
            strbuf_puts(writing->out, "+Inf");
        strbuf_printf(writing->out, "\"} %llu\n", (unsigned long long)count);
    }
    strbuf_printf(writing->out, "%s_sum", name);
    add_labels(writing, series);
    strbuf_puts(writing->out, "} ");
    add_number(writing, (double)read_counter(&histogram->sum) / unit);
    strbuf_printf(writing->out, "\n%s_count", name);
    add_labels(writing, series);
    strbuf_printf(writing->out, "} %llu\n", (unsigned long long)count);
}

static bool is_observed(const struct histogram *histogram)
{
    for (size_t i = 0; i < METRIC_MAX_BUCKETS; i++)
        if (read_counter(&histogram->buckets[i]) > 0)
            return true;
    return false;
}

static void add_histograms(const struct writing *writing, const char *name, const char *help,
                           size_t member, bool is_time)
{
    bool is_begun = false;
    for (size_t i = 0; i < writing->n_answers; i++) {
        const struct series *series = &writing->answers[i];
        const struct histogram *histogram =
            (const struct histogram *)((const char *)series + member);
        if (!is_observed(histogram))
            continue;
        if (!is_begun && !begin(writing, name, "histogram", help))
            return;
        is_begun = true;
        add_histogram(writing, name, series, histogram, is_time);
    }
}

/* A line of each series; <skips_zero>: of those that have counted something. */
static void add_counters(const struct writing *writing, const char *name, const char *type,
                         const char *help, double (*value)(const struct series *series),
                         bool skips_zero)
{
    bool is_begun = false;
    for (size_t i = 0; i < writing->n_requests; i++) {
        double n = value(&writing->requests[i]);
        if (skips_zero && n == 0)
            continue;
        if (!is_begun && !begin(writing, name, type, help))
            return;
        is_begun = true;
        strbuf_puts(writing->out, name);
        add_labels(writing, &writing->requests[i]);
        strbuf_puts(writing->out, "} ");
        add_number(writing, n);
        strbuf_add_char(writing->out, '\n');
    }
}

static double requests_of(const struct series *series)
{
    return (double)read_counter(&series->requests);
}

static double failures_of(const struct series *series)
{
    return (double)read_counter(&series->failures);
}

static double in_flight_of(const struct series *series)
{
    return (double)series->in_flight;
}

static void add_requests(const struct writing *writing)
{
    add_histograms(writing, "caddy_http_request_duration_seconds",
                   "Histogram of round-trip request durations.", offsetof(struct series, duration),
                   true);
    add_counters(writing, "caddy_http_request_errors_total", "counter",
                 "Number of requests resulting in middleware errors.", failures_of, true);
    add_histograms(writing, "caddy_http_request_size_bytes",
                   "Total size of the request. Includes body",
                   offsetof(struct series, request_size), false);
    add_counters(writing, "caddy_http_requests_in_flight", "gauge",
                 "Number of requests currently handled by this server.", in_flight_of, false);
    add_counters(writing, "caddy_http_requests_total", "counter",
                 "Counter of HTTP(S) requests made.", requests_of, true);
    add_histograms(writing, "caddy_http_response_duration_seconds",
                   "Histogram of times to first byte in response bodies.",
                   offsetof(struct series, first_byte), true);
    add_histograms(writing, "caddy_http_response_size_bytes", "Size of the returned response.",
                   offsetof(struct series, response_size), false);
}

struct upstream_row {
    struct str dial;
    bool is_healthy;
};

static int by_dial(const void *a, const void *b)
{
    const struct upstream_row *x = a, *y = b;
    return str_compare(x->dial, y->dial);
}

/* An upstream of several pools is healthy where all of them think so. */
static void add_upstreams(const struct writing *writing)
{
    const struct dt_tables *tables = writing->core->tables;
    struct upstream_row *rows =
        arena_array(writing->arena, struct upstream_row, tables->n_upstreams + 1);
    size_t n = 0;
    for (uint32_t i = 0; i < tables->n_pools; i++) {
        const struct dt_pool *pool = &tables->pools[i];
        for (uint32_t k = 0; k < pool->upstreams.n; k++) {
            uint32_t row = pool->upstreams.first + k;
            rows[n++] =
                (struct upstream_row){table_text(tables, tables->upstreams[row].dial),
                                      upstream_is_healthy(pool, writing->core->backends[row])};
        }
    }
    qsort(rows, n, sizeof(*rows), by_dial);
    if (n == 0 || !begin(writing, "caddy_reverse_proxy_upstreams_healthy", "gauge",
                         "Health status of reverse proxy upstreams."))
        return;
    for (size_t i = 0; i < n;) {
        struct str dial = rows[i].dial;
        bool is_healthy = true;
        for (; i < n && str_eq(rows[i].dial, dial); i++)
            is_healthy &= rows[i].is_healthy;
        strbuf_puts(writing->out, "caddy_reverse_proxy_upstreams_healthy");
        add_label(writing, '{', "upstream", dial);
        strbuf_puts(writing->out, "} ");
        add_number(writing, is_healthy);
        strbuf_add_char(writing->out, '\n');
    }
}

/* --- the process --- */

/* The begin of a file below /proc; NUL-terminated. */
static void read_start(const char *path, char *text, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, room - 1);
    text[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

static unsigned count_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    unsigned n = 0;
    while (directory && readdir(directory))
        n++;
    if (directory)
        closedir(directory);
    return n > 3 ? n - 3 : 0; /* ".", ".." and the directory itself */
}

/* The field of the line "IpExt: …" that the line before it names so. */
static double net_counter(const char *text, const char *name)
{
    const char *names = strstr(text, "IpExt: "),
               *values = names ? strstr(names + 1, "IpExt: ") : NULL;
    size_t len = strlen(name);
    while (names && values && *names && *names != '\n') {
        names = strchr(names, ' ');
        values = strchr(values, ' ');
        if (!names || !values)
            break;
        if (strncmp(++names, name, len) == 0 && (names[len] == ' ' || names[len] == '\n'))
            return strtod(values + 1, NULL);
        values++;
    }
    return 0;
}

static double boot_time(void)
{
    char text[4096];
    int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
    double seconds = 0;
    size_t kept = 0;
    ssize_t n = fd < 0 ? 0 : 1;
    while (n > 0 && seconds == 0) {
        n = read(fd, text + kept, sizeof(text) - 1 - kept);
        size_t len = kept + (n > 0 ? (size_t)n : 0);
        text[len] = '\0';
        const char *line = strstr(text, "btime ");
        if (line)
            seconds = strtod(line + 6, NULL);
        kept = len < 64 ? len : 64; /* the line may have been cut */
        memmove(text, text + len - kept, kept);
    }
    if (fd >= 0)
        close(fd);
    return seconds;
}

static double limit_of(int resource)
{
    struct rlimit limit;
    return getrlimit(resource, &limit) == 0 ? (double)limit.rlim_cur : 0;
}

static void add_process(const struct writing *writing)
{
    char stat[1024], net[8192];
    unsigned long long user = 0, system = 0, start = 0, size = 0;
    long long pages = 0;
    double ticks = (double)sysconf(_SC_CLK_TCK);
    read_start("/proc/self/stat", stat, sizeof(stat));
    read_start("/proc/self/net/netstat", net, sizeof(net));
    const char *behind_name = strrchr(stat, ')');
    if (behind_name)
        sscanf(behind_name + 1,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d "
               "%llu %llu %lld",
               &user, &system, &start, &size, &pages);
    add_plain(writing, "process_cpu_seconds_total", "counter",
              "Total user and system CPU time spent in seconds.", (double)(user + system) / ticks);
    add_plain(writing, "process_max_fds", "gauge", "Maximum number of open file descriptors.",
              limit_of(RLIMIT_NOFILE));
    add_plain(writing, "process_network_receive_bytes_total", "counter",
              "Number of bytes received by the process over the network.",
              net_counter(net, "InOctets"));
    add_plain(writing, "process_network_transmit_bytes_total", "counter",
              "Number of bytes sent by the process over the network.",
              net_counter(net, "OutOctets"));
    add_plain(writing, "process_open_fds", "gauge", "Number of open file descriptors.",
              count_descriptors());
    add_plain(writing, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
              (double)pages * (double)sysconf(_SC_PAGESIZE));
    add_plain(writing, "process_start_time_seconds", "gauge",
              "Start time of the process since unix epoch in seconds.",
              boot_time() + (double)start / ticks);
    add_plain(writing, "process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.",
              (double)size);
    add_plain(writing, "process_virtual_memory_max_bytes", "gauge",
              "Maximum amount of virtual memory available in bytes.", limit_of(RLIMIT_AS));
}

static void add_scrapes(const struct writing *writing)
{
    const struct core *core = writing->core;
    static const char name[] = "promhttp_metric_handler_requests_total";
    add_plain(writing, "promhttp_metric_handler_requests_in_flight", "gauge",
              "Current number of scrapes being served.", 1);
    if (!begin(writing, name, "counter", "Total number of scrapes by HTTP status code."))
        return;
    strbuf_printf(writing->out, "%s{code=\"200\"} ", name);
    add_number(writing, (double)atomic_load(&core->n_scrapes));
    strbuf_printf(writing->out, "\n%s{code=\"500\"} ", name);
    add_number(writing, 0);
    strbuf_printf(writing->out, "\n%s{code=\"503\"} ", name);
    add_number(writing, 0);
    strbuf_add_char(writing->out, '\n');
}

/* Wall clock, in nanoseconds. */
static int64_t started_at(const struct core *core)
{
    return clock_wall_ns() - (clock_monotonic_ns() - core->started_ns);
}

void metrics_write(const struct core *core, const struct metrics_request *request,
                   struct strbuf *out)
{
    struct writing writing = {.core = core, .request = request, .out = out, .arena = out->arena};
    if (core->tables->n_meters > 0) {
        writing.n_requests = collect(&writing, METRIC_REQUESTS, &writing.requests);
        writing.n_answers = collect(&writing, METRIC_ANSWERS, &writing.answers);
    }
    add_plain(&writing, "caddy_config_last_reload_success_timestamp_seconds", "gauge",
              "Timestamp of the last successful configuration reload.",
              (double)started_at(core) / 1e9);
    add_plain(&writing, "caddy_config_last_reload_successful", "gauge",
              "Whether the last configuration reload attempt was successful.", 1);
    add_requests(&writing);
    add_upstreams(&writing);
    add_process(&writing);
    add_scrapes(&writing);
    if (request->is_open)
        strbuf_puts(out, "# EOF\n");
}
