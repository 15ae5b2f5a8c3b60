/* Structured logs: which of them take a line, how many of the same, and how lines get to their
 * outputs. Workers collect lines and hand them over when many have come or a moment has passed. */

#include "proxy/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/loop.h"
#include "proxy/log_output.h"
#include "proxy/surroundings.h"
#include "proxy/worker.h"

enum {
    /* What a worker collects at most. A file system takes fewer large pieces for less, and each of
     * them pushes out of the caches what the next requests want. */
    BUFFER_BYTES = 64 * 1024,
    FILE_BUFFER_BYTES = 1024 * 1024,
    USUAL_LINE_BYTES = 4096, /* a line of no more is made where it is collected */
    N_LEVELS = DT_LOG_FATAL + 1,
    N_COUNTERS = 4096,
};
static const int64_t flush_after_ns = 100 * 1000000;

/* How often a message came lately. As in Caddy's logger, messages whose hashes are alike share one.
 */
struct counter {
    _Atomic int64_t reset_ns;
    _Atomic uint64_t n;
};

struct log_sink {
    const struct dt_log *row;
    struct log_output *output; /* shared */
    uint32_t buffer;           /* of the workers' buffers, one an output */
    uint32_t buffer_bytes;     /* of each of these */
    struct log_format format;
    struct counter (*counters)[N_COUNTERS]; /* by level; NULL where there is no sampling */
};

/* --- opening --- */

/* A path with what the process knows filled in. */
static struct str path_of(const struct core *core, const struct dt_log *row)
{
    struct strbuf out = strbuf_in(core->arena);
    if (row->file == DT_NONE)
        return STR("");
    const struct dt_template *template = &core->tables->templates[row->file];
    strbuf_add(&out, table_text(core->tables, template->literal));
    for (uint32_t i = 0; i < template->parts.n; i++) {
        const struct dt_part *part = &core->tables->parts[template->parts.first + i];
        struct str value = {0};
        if (part->kind == DT_PART_LITERAL)
            value = table_text(core->tables, part->text);
        else
            surroundings_value(core, core->arena, part, 0, &value);
        strbuf_add(&out, value);
    }
    strbuf_cstr(&out);
    return strbuf_str(&out);
}

/* A new output, or that of an earlier log with the same one. */
static bool open_output(struct core *core, uint32_t log, struct str *paths, uint32_t *n_outputs)
{
    struct log_sink *sink = &core->sinks[log];
    for (uint32_t i = 0; i < log; i++) {
        if (!log_output_is_same(core->tables, core->sinks[i].row, paths[i], sink->row, paths[log]))
            continue;
        sink->output = core->sinks[i].output;
        sink->buffer = core->sinks[i].buffer;
        return true;
    }
    const struct log_output_config config = {
        .tables = core->tables, .row = sink->row, .path = paths[log], .arena = core->arena};
    if (sink->row->output == DT_LOG_FILE && paths[log].len == 0) {
        fprintf(stderr, "%s: a log file without a name\n", core->name);
        return false;
    }
    sink->output = log_output_open(&config, core->name);
    sink->buffer = (*n_outputs)++;
    return sink->output != NULL;
}

bool log_open(struct core *core)
{
    const struct dt_tables *tables = core->tables;
    struct str *paths = arena_array(core->arena, struct str, tables->n_logs);
    uint32_t n_outputs = 0;
    core->sinks = arena_array(core->arena, struct log_sink, tables->n_logs);
    for (uint32_t i = 0; i < tables->n_logs; i++) {
        struct log_sink *sink = &core->sinks[i];
        sink->row = &tables->logs[i];
        sink->buffer_bytes = sink->row->output == DT_LOG_FILE ? FILE_BUFFER_BYTES : BUFFER_BYTES;
        paths[i] = path_of(core, sink->row);
        bool is_stream = sink->row->output == DT_LOG_STDERR || sink->row->output == DT_LOG_STDOUT;
        /* Caddy asks stderr for both */
        log_format_open(&sink->format, core, sink->row, is_stream && isatty(STDERR_FILENO));
        if (sink->row->sampling_interval_ns > 0)
            sink->counters =
                arena_zalloc(core->arena, N_LEVELS * N_COUNTERS * sizeof(struct counter));
        if (!open_output(core, i, paths, &n_outputs))
            return false;
    }
    return true;
}

static bool is_first_of_output(const struct core *core, uint32_t log)
{
    for (uint32_t i = 0; i < log; i++)
        if (core->sinks[i].output == core->sinks[log].output)
            return false;
    return true;
}

void log_reopen(struct core *core)
{
    for (uint32_t i = 0; i < core->tables->n_logs; i++)
        if (is_first_of_output(core, i))
            log_output_reopen(core->sinks[i].output);
}

void log_close(struct core *core)
{
    for (uint32_t i = 0; core->sinks && i < core->tables->n_logs; i++)
        if (core->sinks[i].output && is_first_of_output(core, i))
            log_output_close(core->sinks[i].output);
}

/* --- buffers --- */

static void flush_buffer(struct worker *worker, uint32_t log)
{
    const struct log_sink *sink = &worker->core->sinks[log];
    struct log_buffer *buffer = &worker->log_buffers[sink->buffer];
    if (buffer->len > 0)
        log_output_write(sink->output, str_make(buffer->ptr, buffer->len), buffer->line_ending);
    buffer->len = 0;
}

void log_flush(struct worker *worker)
{
    for (uint32_t i = 0; i < worker->core->tables->n_logs; i++)
        flush_buffer(worker, i);
}

static void flush_due(struct timer *timer)
{
    log_flush((struct worker *)((char *)timer - offsetof(struct worker, log_timer)));
}

/* What the worker collects for the log's output, where it can. */
static struct log_buffer *buffer_of(struct worker *worker, const struct log_sink *sink)
{
    struct log_buffer *buffer = worker ? &worker->log_buffers[sink->buffer] : NULL;
    if (buffer && !buffer->ptr)
        buffer->ptr = malloc(sink->buffer_bytes);
    return buffer && buffer->ptr ? buffer : NULL;
}

/* Makes sure that <more> bytes of lines with the log's ending can be added. */
static void buffer_make_room(struct worker *worker, uint32_t log, struct log_buffer *buffer,
                             size_t more)
{
    const struct log_sink *sink = &worker->core->sinks[log];
    struct str ending = sink->format.line_ending;
    bool is_other = buffer->len > 0 && buffer->line_ending.ptr != ending.ptr &&
                    !str_eq(buffer->line_ending, ending);
    if (buffer->len + more > sink->buffer_bytes || is_other)
        flush_buffer(worker, log);
    buffer->line_ending = ending;
}

/* The line is at the end of the buffer, or comes there. */
static void collect(struct worker *worker, struct log_buffer *buffer, struct str line)
{
    if (line.ptr != buffer->ptr + buffer->len)
        memmove(buffer->ptr + buffer->len, line.ptr, line.len);
    buffer->len += line.len;
    if (timer_running(&worker->log_timer))
        return;
    worker->log_timer.fire = flush_due;
    timer_start(worker->loop, &worker->log_timer, flush_after_ns);
}

/* --- which logs --- */

/* The length of the longest of the names that is the logger's, or above it; 0 for none. */
static size_t longest_above(const struct dt_tables *tables, struct dt_range names,
                            struct str logger)
{
    size_t longest = 0;
    for (uint32_t i = 0; i < names.n; i++) {
        struct str name = table_text(tables, tables->texts[names.first + i]);
        if (name.len > longest && str_has_prefix(logger, name) &&
            (logger.len == name.len || logger.ptr[name.len] == '.'))
            longest = name.len;
    }
    return longest;
}

bool log_takes(const struct core *core, uint32_t log, struct str logger)
{
    const struct dt_tables *tables = core->tables;
    const struct dt_log *row = &tables->logs[log];
    size_t taken = longest_above(tables, row->include, logger);
    if (row->output == DT_LOG_DISCARD || (row->include.n > 0 && taken == 0))
        return false;
    for (uint32_t i = 0; i < row->exclude.n; i++)
        if (str_is(table_text(tables, tables->texts[row->exclude.first + i]), "*"))
            return false;
    size_t left = longest_above(tables, row->exclude, logger);
    return taken > left || (row->include.n == 0 && left == 0);
}

bool log_wants(const struct core *core, enum dt_log_level level)
{
    for (uint32_t i = 0; i < core->tables->n_logs; i++)
        if (core->tables->logs[i].level <= level)
            return true;
    return false;
}

static uint64_t count(struct counter *counter, int64_t now_ns, int64_t interval_ns)
{
    int64_t reset = atomic_load(&counter->reset_ns);
    if (reset > now_ns)
        return atomic_fetch_add(&counter->n, 1) + 1;
    atomic_store(&counter->n, 1);
    /* another thread may have begun the interval just now */
    if (atomic_compare_exchange_strong(&counter->reset_ns, &reset, now_ns + interval_ns))
        return 1;
    return atomic_fetch_add(&counter->n, 1) + 1;
}

static bool is_sampled(const struct log_sink *sink, const struct log_entry *entry)
{
    const struct dt_log *row = sink->row;
    if (!sink->counters)
        return true;
    uint32_t hash = dt_hash(entry->message.ptr, (uint32_t)entry->message.len);
    struct counter *counter = &sink->counters[entry->level][hash % N_COUNTERS];
    uint64_t n = count(counter, entry->time_ns, row->sampling_interval_ns);
    return n <= row->sampling_first || (row->sampling_thereafter > 0 &&
                                        (n - row->sampling_first) % row->sampling_thereafter == 0);
}

/* --- lines --- */

void log_write(struct core *core, struct worker *worker, struct arena *arena, uint32_t log,
               const struct log_entry *entry)
{
    const struct log_sink *sink = &core->sinks[log];
    if (sink->row->level > entry->level || sink->row->output == DT_LOG_DISCARD ||
        !is_sampled(sink, entry))
        return;
    struct log_buffer *buffer = buffer_of(worker, sink);
    struct strbuf line = strbuf_in(arena);
    if (!buffer || buffer->is_taken) { /* by a line that this one came up in */
        log_encode(core, &sink->format, entry, NULL, &line);
        if (buffer)
            flush_buffer(worker, log);
        log_output_write(sink->output, strbuf_str(&line), sink->format.line_ending);
        return;
    }
    buffer_make_room(worker, log, buffer, USUAL_LINE_BYTES);
    line.ptr = buffer->ptr + buffer->len;
    line.cap = USUAL_LINE_BYTES;
    buffer->is_taken = true;
    log_encode(core, &sink->format, entry, &buffer->head, &line);
    buffer->is_taken = false;
    if (line.ptr != buffer->ptr + buffer->len)
        buffer_make_room(worker, log, buffer, line.len);
    if (line.len <= sink->buffer_bytes)
        collect(worker, buffer, strbuf_str(&line));
    else
        log_output_write(sink->output, strbuf_str(&line), sink->format.line_ending);
}

struct pairs {
    const struct log_pair *at;
    size_t n;
};

static void write_pairs(const struct log_view *view, const void *ctx)
{
    const struct pairs *pairs = ctx;
    for (size_t i = 0; i < pairs->n; i++)
        log_put(view, pairs->at[i].key, pairs->at[i].value);
}

void log_line(struct core *core, struct worker *worker, enum dt_log_level level, struct str logger,
              struct str message, const struct log_pair *pairs, size_t n)
{
    struct arena arena = ARENA_INIT;
    const struct pairs fields = {pairs, n};
    const struct log_entry entry = {
        .level = level,
        .time_ns = worker ? loop_wall_ns(worker->loop) : clock_wall_ns(),
        .logger = logger,
        .message = message,
        .write = write_pairs,
        .ctx = &fields,
    };
    for (uint32_t i = 0; i < core->tables->n_logs; i++)
        if (log_takes(core, i, logger))
            log_write(core, worker, &arena, i, &entry);
    arena_free(&arena);
}

struct log_value log_process_value(const struct core *core, struct arena *arena,
                                   const struct dt_part *part, int64_t now_ns)
{
    struct str text = {0};
    if (part->kind == DT_PART_NOW)
        return (struct log_value){.kind = LOG_TIME, .number = now_ns};
    if (!surroundings_value(core, arena, part, now_ns, &text))
        return (struct log_value){.kind = LOG_NULL};
    return LOG_TEXT_OF(text);
}
