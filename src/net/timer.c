/* A hashed wheel: a timer sits in the slot of its tick; later rounds leave it where it is. */
#include "net/timer.h"

#include <stddef.h>

#include "net/net_private.h"

/* The first tick that begins at or after <ns>, so that nothing fires early. */
static int64_t tick_of(int64_t ns)
{
    return (ns + ((int64_t)1 << WHEEL_TICK_BITS) - 1) >> WHEEL_TICK_BITS;
}

static void unlink_timer(struct timer *timer)
{
    *timer->link = timer->next;
    if (timer->next)
        timer->next->link = timer->link;
    timer->link = NULL;
}

static void push(struct timer **list, struct timer *timer)
{
    timer->next = *list;
    timer->link = list;
    if (*list)
        (*list)->link = &timer->next;
    *list = timer;
}

static void insert(struct timer_wheel *wheel, struct timer *timer)
{
    int64_t tick = tick_of(timer->due_ns);
    if (tick <= wheel->tick)
        tick = wheel->tick + 1;
    timer->slot_ns = tick << WHEEL_TICK_BITS;
    unsigned slot = (unsigned)tick & (WHEEL_SLOTS - 1);
    push(&wheel->slots[slot], timer);
    wheel->used[slot / 64] |= (uint64_t)1 << (slot % 64);
}

void timer_start(struct loop *loop, struct timer *timer, int64_t delay_ns)
{
    timer->due_ns = loop->now_ns + (delay_ns > 0 ? delay_ns : 1);
    if (timer->link) {
        if (timer->slot_ns <= timer->due_ns)
            return;
        unlink_timer(timer);
    }
    insert(&loop->wheel, timer);
}

void timer_stop(struct timer *timer)
{
    timer->due_ns = 0;
}

void timer_remove(struct timer *timer)
{
    timer->due_ns = 0;
    if (timer->link)
        unlink_timer(timer);
}

static void collect(struct timer_wheel *wheel, unsigned slot, int64_t now_tick)
{
    struct timer *next;
    for (struct timer *timer = wheel->slots[slot]; timer; timer = next) {
        next = timer->next;
        if (timer->slot_ns >> WHEEL_TICK_BITS > now_tick)
            continue;
        unlink_timer(timer);
        push(&wheel->expired, timer);
    }
    if (!wheel->slots[slot])
        wheel->used[slot / 64] &= ~((uint64_t)1 << (slot % 64));
}

void wheel_advance(struct loop *loop)
{
    struct timer_wheel *wheel = &loop->wheel;
    int64_t now_tick = loop->now_ns >> WHEEL_TICK_BITS;
    if (now_tick <= wheel->tick)
        return;
    int64_t from = wheel->tick + 1;
    if (now_tick - from >= WHEEL_SLOTS)
        from = now_tick - WHEEL_SLOTS + 1;
    wheel->tick = now_tick;
    for (int64_t tick = from; tick <= now_tick; tick++) {
        unsigned slot = (unsigned)tick & (WHEEL_SLOTS - 1);
        if (wheel->used[slot / 64] >> (slot % 64) & 1)
            collect(wheel, slot, now_tick);
    }
    while (wheel->expired) {
        struct timer *timer = wheel->expired;
        unlink_timer(timer);
        if (timer->due_ns == 0)
            continue;
        if (timer->due_ns > loop->now_ns) {
            insert(wheel, timer);
            continue;
        }
        timer->due_ns = 0;
        timer->fire(timer);
        loop_settle(loop);
    }
}

int wheel_timeout_ms(const struct loop *loop)
{
    const struct timer_wheel *wheel = &loop->wheel;
    for (int ahead = 1; ahead <= WHEEL_SLOTS;) {
        unsigned slot = (unsigned)(wheel->tick + ahead) & (WHEEL_SLOTS - 1);
        uint64_t word = wheel->used[slot / 64] >> (slot % 64);
        if (word == 0) {
            ahead += 64 - (int)(slot % 64);
            continue;
        }
        ahead += __builtin_ctzll(word);
        int64_t at = (wheel->tick + ahead) << WHEEL_TICK_BITS;
        int64_t left = at - loop->now_ns;
        return left <= 0 ? 0 : (int)((left + 999999) / 1000000);
    }
    return -1;
}
