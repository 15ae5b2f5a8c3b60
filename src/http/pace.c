/* How long a client may keep a request or an answer waiting. */
#include <stdint.h>

#include "http/http_private.h"

static const int64_t SECOND_NS = 1000000000;

/* Nanoseconds at <rate> bytes a second. */
static int64_t duration_of(uint64_t bytes, int64_t rate)
{
    uint64_t whole = bytes / (uint64_t)rate, rest = bytes % (uint64_t)rate;
    if (whole > (uint64_t)(INT64_MAX / SECOND_NS / 4))
        return INT64_MAX / 4;
    return (int64_t)whole * SECOND_NS + (int64_t)((double)rest * 1e9 / (double)rate);
}

/* Nanoseconds until a pace is broken: 0 and less if it is, INT64_MAX if it never will be. */
static int64_t pace_left(const struct http_pace *pace, const struct http_progress *progress,
                         int64_t now)
{
    int64_t left = INT64_MAX;
    if (pace->idle_ns > 0 && pace->min_rate > 0)
        left = progress->started_ns + pace->idle_ns + duration_of(progress->bytes, pace->min_rate) -
               now;
    else if (pace->idle_ns > 0)
        left = progress->moved_ns + pace->idle_ns - now;
    if (pace->limit_ns > 0 && progress->started_ns + pace->limit_ns - now < left)
        left = progress->started_ns + pace->limit_ns - now;
    return left;
}

static int64_t least_left(const struct http_pace *usual, const struct http_pace *own,
                          const struct http_progress *progress, int64_t now)
{
    int64_t left = pace_left(usual, progress, now);
    int64_t own_left = own ? pace_left(own, progress, now) : INT64_MAX;
    return own_left < left ? own_left : left;
}

int64_t request_read_left(const struct http_server_config *config,
                          const struct http_request *request, int64_t moved_ns, int64_t now)
{
    struct http_progress progress = {request->started_ns, moved_ns, request->body_read};
    return least_left(&config->read, request->read_pace, &progress, now);
}

int64_t request_write_left(const struct http_server_config *config,
                           const struct http_request *request, size_t unsent, int64_t moved_ns,
                           int64_t now)
{
    uint64_t sent = request->body_sent > unsent ? request->body_sent - unsent : 0;
    struct http_progress progress = {request->started_ns, moved_ns, sent};
    return least_left(&config->write, request->write_pace, &progress, now);
}

int64_t request_reply_left(const struct http_server_config *config,
                           const struct http_request *request, int64_t now)
{
    struct http_pace limit = {.limit_ns = config->write.limit_ns};
    struct http_progress progress = {.started_ns = request->started_ns};
    return pace_left(&limit, &progress, now);
}
