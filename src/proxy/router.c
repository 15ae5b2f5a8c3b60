/* The order in which routes and handlers run. As in Caddy every route that matches runs and then
 * the next one is tried, matchers look at the request as it is by then, and what fails goes to the
 * innermost error routes. */

#include "proxy/router.h"

#include "proxy/body.h"
#include "proxy/handlers.h"
#include "proxy/log.h"
#include "proxy/match.h"
#include "proxy/metrics.h"
#include "proxy/response.h"

/* --- frames --- */

static struct frame *frame_new(struct transaction *tx, struct dt_range routes, struct frame *outer)
{
    struct frame *frame = arena_new(tx->arena, struct frame);
    frame->outer = outer;
    frame->first = routes.first;
    frame->n = routes.n;
    return frame;
}

/* Points the frame at the routes for the host, behind those that were already looked at. */
static void frame_follow_host(struct transaction *tx, struct frame *frame, uint32_t next_route)
{
    struct dt_range routes = transaction_host_routes(tx);
    const struct dt_number *numbers = &tx->tables->numbers[routes.first];
    frame->numbers = &numbers->value;
    frame->n = routes.n;
    frame->at = 0;
    while (frame->at < routes.n && numbers[frame->at].value < next_route)
        frame->at++;
    tx->host_changed = false;
}

static struct frame *frames_copy(struct transaction *tx, const struct frame *frame)
{
    if (!frame)
        return NULL;
    struct frame *copy = arena_new(tx->arena, struct frame);
    *copy = *frame;
    copy->outer = frames_copy(tx, frame->outer);
    return copy;
}

void router_start(struct transaction *tx)
{
    struct dt_range routes = tx->server->routes;
    struct frame *frame = &tx->server_routes;
    *frame = (struct frame){.first = routes.first, .n = routes.n};
    tx->frame = frame;
    if (tx->server->host_index != DT_NONE) {
        frame->follows_host_index = true;
        frame_follow_host(tx, frame, 0);
    }
}

void router_enter_routes(struct transaction *tx, struct dt_range routes)
{
    tx->frame = frame_new(tx, routes, tx->frame);
}

void router_only(struct transaction *tx, struct dt_range routes)
{
    tx->frame = frame_new(tx, routes, NULL);
}

void router_enter(struct transaction *tx, const struct dt_subroute *subroute)
{
    if (subroute->error_routes.n > 0) {
        struct catcher *catcher = arena_new(tx->arena, struct catcher);
        catcher->outer = tx->catcher;
        catcher->routes = subroute->error_routes;
        catcher->next = frames_copy(tx, tx->frame);
        catcher->deferred = tx->deferred;
        catcher->late_fields = tx->late_fields;
        catcher->spans = tx->spans;
        tx->catcher = catcher;
    }
    tx->frame = frame_new(tx, subroute->routes, tx->frame);
}

/* --- routes --- */

/* False where the route's group already had its turn; else it has it now. */
static bool take_group(struct transaction *tx, uint32_t group)
{
    if (group == DT_NONE)
        return true;
    if (!tx->groups)
        tx->groups = arena_array(tx->arena, uint64_t, tx->server->n_groups / 64 + 1);
    uint64_t bit = UINT64_C(1) << group % 64;
    bool taken = tx->groups[group / 64] & bit;
    tx->groups[group / 64] |= bit;
    return !taken;
}

/* Most routes are those of a site, to which the host has led, or ask for nothing. */
static bool route_matches(struct transaction *tx, const struct dt_route *route, bool *failed)
{
    struct dt_range sets = route->matcher_sets;
    if (sets.n == 0 || (sets.n == 1 && match_is_known(tx, sets.first)))
        return true;
    return match_any_set(tx, sets, failed);
}

/* Looks for the frame's next route that matches; its handlers are due. STEP_TAKEN: not before the
 * request's body is there. */
static enum step enter_route(struct transaction *tx, struct frame *frame)
{
    while (frame->at < frame->n) {
        uint32_t at = frame->at + 1 < frame->n ? match_pass_over(tx, frame) : frame->at;
        if (at > frame->at) {
            frame->at = at;
            frame->next_route = frame_route(frame, at - 1) + 1;
            continue;
        }
        uint32_t row = frame_route(frame, at);
        const struct dt_route *route = &tx->tables->routes[row];
        bool failed = false;
        if (route->needs_body && body_wait(tx))
            return STEP_TAKEN;
        if (route->needs_body && body_is_too_long(tx))
            return transaction_fail(tx, 413, body_text(tx));
        frame->at++;
        frame->next_route = row + 1;
        bool matches = route_matches(tx, route, &failed);
        if (failed)
            return STEP_FAILED;
        if (!matches || !take_group(tx, route->group))
            continue;
        frame->handler = &tx->tables->handlers[route->handlers.first];
        frame->handlers_end = frame->handler + route->handlers.n;
        frame->is_terminal = route->is_terminal;
        if (route->is_measured)
            metrics_enter(tx, route);
        break;
    }
    return STEP_NEXT;
}

/* Nothing answered: an empty 200, or the failure's status behind error routes. */
static void answer_empty(struct transaction *tx, bool after_failure)
{
    tx->is_unhandled = !after_failure;
    if (!after_failure)
        tx->deferred = NULL; /* Caddy: what waits for the head of an answer waits in vain */
    if (tx->spans && !after_failure)
        metrics_leave(tx, NULL, 200, false); /* Caddy: no handler has written a head */
    transaction_reply(tx, after_failure ? tx->failure.status : 200, (struct str){0});
}

/* Chooses the routes that handle the failure; false where there are none. */
static bool catch_failure(struct transaction *tx)
{
    struct catcher *catcher = tx->catcher;
    if (catcher) {
        tx->catcher = catcher->outer;
        tx->deferred = catcher->deferred;
        tx->frame = frame_new(tx, catcher->routes, catcher->next);
        return true;
    }
    if (tx->in_error_routes || tx->server->error_routes.n == 0)
        return false;
    tx->in_error_routes = true;
    tx->deferred = NULL;
    tx->frame = frame_new(tx, tx->server->error_routes, NULL);
    return true;
}

/* The end of all routing: before error routes the request is as it came. */
static void restore_request(struct transaction *tx)
{
    tx->method = tx->original_method;
    tx->url = tx->original_url;
    tx->uri = (struct str){0};
}

/* The handlers that the failure passes by add their fields to the log; they do not know of it yet.
 */
static void add_late_fields(struct transaction *tx)
{
    const struct late_field *mark = tx->catcher ? tx->catcher->late_fields : NULL;
    struct failure failure = tx->failure;
    if (tx->late_fields == mark)
        return;
    tx->failure = tx->handled_failure;
    log_add_late(tx, mark);
    tx->failure = failure;
}

/* True where routing goes on with error routes. */
static bool handle_failure(struct transaction *tx)
{
    bool was_in_error_routes = tx->in_error_routes;
    tx->interception = NULL;
    if (tx->spans)
        metrics_leave(tx, tx->catcher ? tx->catcher->spans : NULL, tx->failure.status, true);
    if (http_reply_started(tx->request)) {
        http_reply_abort(tx->request);
        return false;
    }
    add_late_fields(tx);
    if (!tx->catcher && !was_in_error_routes) {
        tx->first_failure = tx->failure;
        tx->first_elapsed_ns = transaction_elapsed_ns(tx);
        restore_request(tx);
    }
    tx->handled_failure = tx->failure;
    if (catch_failure(tx))
        return true;
    tx->failed_twice = was_in_error_routes;
    log_failure(tx, was_in_error_routes ? LOG_FAILURE_TWICE : LOG_FAILURE_PLAIN);
    tx->deferred = NULL;
    transaction_reply(tx, tx->first_failure.status, (struct str){0});
    return false;
}

void router_run(struct transaction *tx, enum step step)
{
    for (;;) {
        bool failed = step == STEP_FAILED;
        if (step == STEP_TAKEN) /* the transaction may be gone */
            return;
        struct frame *frame = tx->frame;
        step = STEP_NEXT;
        if (failed) {
            if (!handle_failure(tx))
                return;
        } else if (!frame && tx->interception) {
            response_resume(tx);
            return;
        } else if (!frame) {
            answer_empty(tx, tx->in_error_routes);
            return;
        } else if (frame->handler < frame->handlers_end) {
            if (frame->handler->needs_body && body_wait(tx))
                return;
            step = handler_run(tx, frame->handler++);
        } else if (frame->is_terminal) {
            if (tx->interception)
                response_resume(tx);
            else
                answer_empty(tx, tx->failure.is_set);
            return;
        } else {
            if (tx->host_changed && frame->follows_host_index)
                frame_follow_host(tx, frame, frame->next_route);
            if (frame->at < frame->n)
                step = enter_route(tx, frame);
            else
                tx->frame = frame->outer;
        }
    }
}
