/* Asks whether any request can get to a place, and if not, finds out whose fault that is: one
 * culprit where one is enough, else a few that do it together. */
#include "base/arena.h"
#include "lint/analysis_private.h"

enum {
    MAX_TOGETHER = 40, /* takers that are looked at together */
    QUESTION_EFFORT = 40000,
};

/* Facts for one question. */
struct facts {
    const struct fact *at[MAX_TOGETHER * 2 + 8];
    size_t n;
};

static void add_fact(struct facts *facts, const struct fact *fact)
{
    if (facts->n < sizeof(facts->at) / sizeof(facts->at[0]))
        facts->at[facts->n++] = fact;
}

static bool exists(struct search *search, const struct facts *facts, const uint32_t *changed,
                   bool only_rooted)
{
    struct request_question question = {.facts = facts->at,
                                        .n_facts = facts->n,
                                        .changed = changed,
                                        .only_rooted = only_rooted,
                                        .any_path = search->any_path};
    long effort = search->effort < QUESTION_EFFORT ? search->effort : QUESTION_EFFORT;
    long before = effort;
    bool found = request_exists(&search->scratch, &question, &effort);
    search->effort -= before - effort;
    arena_reset(&search->scratch);
    return found;
}

/* What <gather> finds. */
struct candidates {
    const struct taker *at[MAX_TOGETHER];
    size_t n;
    int group;
};

static bool take_candidate(void *user, const struct taker *taker)
{
    struct candidates *candidates = user;
    if (taker->group == NO_GROUP || taker->group == candidates->group)
        candidates->at[candidates->n++] = taker;
    return candidates->n < MAX_TOGETHER;
}

static void gather(struct search *search, struct scope *scope, int group,
                   const struct condition *condition, struct candidates *candidates)
{
    for (; scope && candidates->n < MAX_TOGETHER; scope = scope->outer) {
        candidates->group = group;
        takers_find(&search->scratch, &scope->takers, condition, take_candidate, candidates);
        group = scope->outer ? scope->outer->group : NO_GROUP;
    }
    arena_reset(&search->scratch);
}

static void blame(struct missed *missed, enum missed_cause cause, const json_t *route,
                  const json_t *handler)
{
    missed->cause = cause;
    missed->blamed_handler = missed->n_blamed ? NULL : handler;
    if (missed->n_blamed < MAX_BLAMED)
        missed->blamed[missed->n_blamed++] = route;
}

static void blame_known(struct missed *missed, const struct known *known)
{
    static const enum missed_cause causes[] = {
        [KNOWN_AROUND] = MISSED_AROUND, [KNOWN_SET] = MISSED_SET, [KNOWN_TAKEN] = MISSED_TAKEN};
    blame(missed, causes[known->kind], known->blamed, known->blamed_handler);
}

/* --- what is known of all requests that come --- */

/* Whether what is known of the flow leaves nothing of the condition. <facts> begins with it, and
 * has all that is known added. */
static bool is_excluded(struct search *search, const struct flow *flow, struct facts *facts,
                        struct missed *missed)
{
    const struct fact *own = facts->at[0];
    unsigned attributes = 0;
    for (const struct known *known = flow->known; known; known = known->next) {
        add_fact(facts, &known->fact);
        attributes |= known->fact.condition->attributes;
    }
    /* what is known of other attributes excludes nothing */
    if (own->condition->kind == CONDITION_TRUE || !(own->condition->attributes & attributes) ||
        exists(search, facts, flow->changed, false))
        return false;
    for (const struct known *known = flow->known; known; known = known->next) {
        struct facts two = {{own, &known->fact}, 2};
        if (!exists(search, &two, flow->changed, false)) {
            blame_known(missed, known);
            return true;
        }
    }
    for (const struct known *known = flow->known; known; known = known->next)
        if (known->kind != KNOWN_AROUND)
            blame_known(missed, known);
    if (missed->n_blamed == 0)
        blame_known(missed, flow->known);
    return true;
}

/* --- what earlier routes took --- */

/* Takers of which none can be left away, in their order. */
static void blame_together(struct search *search, const struct flow *flow,
                           const struct facts *known, struct candidates *candidates,
                           struct missed *missed)
{
    for (size_t i = candidates->n; i-- > 0;) {
        struct facts others = *known;
        for (size_t k = 0; k < candidates->n; k++)
            if (k != i)
                add_fact(&others, &candidates->at[k]->fact);
        if (exists(search, &others, flow->changed, missed->is_left_open))
            continue;
        memmove(candidates->at + i, candidates->at + i + 1,
                (candidates->n - i - 1) * sizeof(candidates->at[0]));
        candidates->n--;
    }
    for (size_t i = 0; i < candidates->n; i++)
        blame(missed, MISSED_TAKEN, candidates->at[i]->route, candidates->at[i]->handler);
    missed->cause = MISSED_TAKEN;
}

static bool is_taken(struct search *search, const struct flow *flow, const struct facts *known,
                     const struct candidates *candidates, struct missed *missed)
{
    unsigned attributes = 0;
    for (size_t i = 0; i < known->n; i++)
        attributes |= known->at[i]->condition->attributes;
    for (size_t i = 0; i < candidates->n; i++) {
        const struct condition *condition = candidates->at[i]->fact.condition;
        /* by itself, what looks at other things cannot take all */
        if (condition->kind != CONDITION_TRUE && !(condition->attributes & attributes))
            continue;
        struct facts one = *known;
        add_fact(&one, &candidates->at[i]->fact);
        if (exists(search, &one, flow->changed, missed->is_left_open))
            continue;
        blame(missed, MISSED_TAKEN, candidates->at[i]->route, candidates->at[i]->handler);
        return true;
    }
    if (candidates->n < 2)
        return false;
    struct facts all = *known;
    for (size_t i = 0; i < candidates->n; i++)
        add_fact(&all, &candidates->at[i]->fact);
    if (exists(search, &all, flow->changed, missed->is_left_open))
        return false;
    struct candidates needed = *candidates;
    blame_together(search, flow, known, &needed, missed);
    return true;
}

/* Whether the pattern is of all paths that begin with '/'. */
static bool takes_rooted(const struct condition *condition)
{
    for (size_t i = 0; i < condition->texts.n; i++)
        if (condition->kind == CONDITION_PATH && condition->texts.patterns[i].kind == PATH_PREFIX &&
            str_is(condition->texts.patterns[i].text, "/"))
            return true;
    for (size_t i = 0; i < condition->n_parts; i++)
        if (takes_rooted(condition->parts[i]))
            return true;
    return false;
}

/* A list of hosts does not contradict itself. */
static bool is_always_possible(const struct condition *condition)
{
    return condition->kind == CONDITION_TRUE ||
           (condition->kind == CONDITION_HOST && condition->n_names > 0);
}

bool search_misses(struct search *search, const struct flow *flow, struct scope *scope, int group,
                   const struct condition *condition, uint32_t now, struct missed *missed)
{
    struct fact own = {condition, false, now};
    struct facts facts = {{&own}, 1};
    struct candidates candidates = {0};
    /* all that get into a list get to what is first there */
    if (condition->kind == CONDITION_TRUE && scope->takers.all.n == 0)
        return false;
    if (!is_always_possible(condition) && !exists(search, &facts, flow->changed, false)) {
        missed->cause = MISSED_ITSELF;
        return true;
    }
    if (is_excluded(search, flow, &facts, missed))
        return true;
    gather(search, scope, group, condition, &candidates);
    if (candidates.n == 0)
        return false;
    if (is_taken(search, flow, &facts, &candidates, missed))
        return true;
    for (size_t i = 0; i < candidates.n && !missed->is_left_open; i++)
        missed->is_left_open = takes_rooted(candidates.at[i]->fact.condition);
    if (missed->is_left_open && exists(search, &facts, flow->changed, true) &&
        is_taken(search, flow, &facts, &candidates, missed))
        return true;
    missed->is_left_open = false;
    return false;
}

/* --- what earlier rewrites took away --- */

/* Whether there are requests of the flow that match <condition>, as they were before the rewrite,
 * and all of them match <all> too. */
static bool is_subset(struct search *search, const struct flow *flow,
                      const struct rewritten *rewritten, const struct condition *condition,
                      const struct condition *all, uint32_t now)
{
    struct fact in = {condition, false, now}, out = {all, true, now};
    struct facts facts = {{&in}, 1};
    for (const struct known *known = flow->known; known; known = known->next)
        if (known->fact.since <= rewritten->since)
            add_fact(&facts, &known->fact);
    uint32_t changed[N_ATTRIBUTES];
    memcpy(changed, flow->changed, sizeof(changed));
    changed[ATTRIBUTE_PATH] = rewritten->before[ATTRIBUTE_PATH];
    if (!exists(search, &facts, changed, true))
        return false;
    add_fact(&facts, &out);
    return !exists(search, &facts, changed, true);
}

static bool matches_target(struct search *search, const struct flow *flow,
                           const struct condition *condition, struct str target, uint32_t now)
{
    struct arena arena = ARENA_INIT;
    struct fact in = {condition, false, now};
    struct fact path = {condition_of_path(&arena, target), false, now};
    struct facts facts = {{&in, &path}, 2};
    bool matches = exists(search, &facts, flow->changed, false);
    arena_free(&arena);
    return matches;
}

/* All that is below a folder, and itself. */
static const struct condition *below(struct arena *arena, struct str prefix)
{
    struct condition *condition = arena_new(arena, struct condition);
    struct path_pattern *patterns = arena_array(arena, struct path_pattern, 2);
    patterns[0] = (struct path_pattern){.kind = PATH_EXACT, .text = prefix};
    patterns[1] = (struct path_pattern){
        .kind = PATH_PREFIX,
        .text = str_has_suffix(prefix, STR("/")) ? prefix
                                                 : str_printf(arena, STR_FMT "/", STR_ARG(prefix))};
    *condition = (struct condition){
        .kind = CONDITION_PATH, .attributes = 1u << ATTRIBUTE_PATH, .texts = {patterns, 2}};
    return condition;
}

static bool is_stripped(struct search *search, const struct flow *flow,
                        const struct rewritten *rewritten, const struct condition *condition,
                        uint32_t now)
{
    struct arena arena = ARENA_INIT;
    bool is = is_subset(search, flow, rewritten, condition, below(&arena, rewritten->prefix), now);
    arena_free(&arena);
    return is;
}

static bool is_rewritten(struct search *search, const struct flow *flow,
                         const struct rewritten *rewritten, const struct condition *condition,
                         uint32_t now, struct missed *missed)
{
    for (size_t i = 0; i < rewritten->n_targets; i++)
        if (matches_target(search, flow, condition, rewritten->targets[i], now))
            return false;
    missed->target = rewritten->n_targets ? rewritten->targets[rewritten->n_targets - 1] : STR("");
    return true;
}

/* Whether what else the condition looks at is still as it was then. */
static bool is_current(const struct flow *flow, const struct rewritten *rewritten)
{
    for (int i = 0; rewritten->condition && i < N_ATTRIBUTES; i++)
        if (i != ATTRIBUTE_PATH && rewritten->condition->attributes & 1u << i &&
            flow->changed[i] > rewritten->since)
            return false;
    return true;
}

bool search_rewritten(struct search *search, const struct flow *flow,
                      const struct condition *condition, uint32_t now, struct missed *missed)
{
    if (!(condition->attributes & 1u << ATTRIBUTE_PATH))
        return false;
    for (const struct rewritten *rewritten = flow->rewritten; rewritten;
         rewritten = rewritten->next) {
        if (flow->changed[ATTRIBUTE_PATH] > rewritten->since)
            break; /* paths were changed again: who knows how */
        if (!is_current(flow, rewritten))
            continue;
        if (rewritten->condition &&
            !is_subset(search, flow, rewritten, condition, rewritten->condition, now))
            continue;
        bool strips = rewritten->prefix.len > 0;
        missed->target = rewritten->prefix;
        if (strips ? !is_stripped(search, flow, rewritten, condition, now)
                   : !is_rewritten(search, flow, rewritten, condition, now, missed))
            continue;
        blame(missed, strips ? MISSED_STRIPPED : MISSED_REWRITTEN, rewritten->route, NULL);
        return true;
    }
    return false;
}
