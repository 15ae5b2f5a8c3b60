/* Whether some request fits what is known of it. Formulas are taken apart until only matchers are
 * left, which hold or do not; those that look at the same thing are then held against each other.
 */
#include "lint/conditions.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "lint/conditions_private.h"

struct literal {
    const struct condition *atom;
    bool is_false;
    uint32_t before; /* the one before with the same name, from 1; 0 for none */
};

/* A formula that is still to be taken apart. */
struct goal {
    const struct condition *condition;
    bool is_false;
    uint32_t since;
    struct goal *next;
};

struct solver {
    struct arena *arena;
    const struct request_question *question;
    long *effort;
    VEC(struct literal) literals;
    struct map last; /* name → the last literal with it, from 1 */
};

/* Every matcher of a kind (and name) that was collected: those that hold, those that do not. */
struct same {
    const struct condition **inside, **outside;
    size_t n_inside, n_outside;
};

static uint32_t last_of(const struct solver *solver, struct str name)
{
    return (uint32_t)(uintptr_t)map_get(&solver->last, name);
}

static void set_last(struct solver *solver, struct str name, uint32_t place)
{
    map_put(&solver->last, name, (void *)(uintptr_t)place);
}

static void add_literal(struct solver *solver, const struct condition *atom, bool is_false)
{
    struct literal literal = {atom, is_false, last_of(solver, atom->name)};
    vec_push(solver->arena, &solver->literals, literal);
    set_last(solver, atom->name, (uint32_t)solver->literals.n);
}

static void drop_literals(struct solver *solver, size_t n_left)
{
    while (solver->literals.n > n_left) {
        const struct literal *last = &solver->literals.at[--solver->literals.n];
        set_last(solver, last->atom->name, last->before);
    }
}

static struct same collect(struct solver *solver, enum condition_kind kind, struct str name)
{
    struct same same = {0};
    size_t n = 0, n_seen = 0;
    const struct literal *literal;
    for (uint32_t i = last_of(solver, name); i; i = literal->before, n_seen++) {
        literal = &solver->literals.at[i - 1];
        n += literal->atom->kind == kind;
    }
    same.inside = arena_array(solver->arena, const struct condition *, n);
    same.outside = arena_array(solver->arena, const struct condition *, n);
    for (uint32_t i = last_of(solver, name); i; i = literal->before) {
        literal = &solver->literals.at[i - 1];
        if (literal->atom->kind != kind)
            continue;
        if (literal->is_false)
            same.outside[same.n_outside++] = literal->atom;
        else
            same.inside[same.n_inside++] = literal->atom;
    }
    *solver->effort -= (long)n_seen + 1;
    return same;
}

/* --- texts --- */

static bool texts_exist(struct solver *solver, const struct same *same, enum text_domain domain)
{
    struct arena *arena = solver->arena;
    const struct text_set **inside = arena_array(arena, const struct text_set *, same->n_inside);
    const struct text_set **outside = arena_array(arena, const struct text_set *, same->n_outside);
    for (size_t i = 0; i < same->n_inside; i++)
        inside[i] = &same->inside[i]->texts;
    for (size_t i = 0; i < same->n_outside; i++)
        outside[i] = &same->outside[i]->texts;
    struct text_question question = {domain, inside, outside, same->n_inside, same->n_outside};
    return text_exists(&question, solver->effort);
}

static bool path_exists(struct solver *solver, const struct condition *atom)
{
    const struct request_question *question = solver->question;
    struct same same = collect(solver, CONDITION_PATH, atom->name);
    enum text_domain domain = TEXTS_PATHS;
    if (question->any_path || question->changed[ATTRIBUTE_PATH] > 0)
        domain = TEXTS_REWRITTEN;
    if (question->only_rooted)
        domain = TEXTS_ROOTED;
    return texts_exist(solver, &same, domain);
}

/* --- hosts --- */

/* Whether every host of the pattern <narrow> is one of <wide>; both are in lower case. */
static bool host_covers(struct str wide, struct str narrow)
{
    if (str_index(wide, '*') < 0)
        return str_eq(wide, narrow);
    for (;;) {
        struct str a, b;
        bool more = str_cut(wide, STR("."), &a, &wide);
        if (str_cut(narrow, STR("."), &b, &narrow) != more || (!str_is(a, "*") && !str_eq(a, b)))
            return false;
        if (!more)
            return true;
    }
}

/* The hosts that are of both patterns, as a pattern; false for none. A label `*` is any label. */
static bool host_meet(struct arena *arena, struct str left, struct str right, struct str *both)
{
    struct strbuf out = strbuf_in(arena);
    for (;;) {
        struct str a, b;
        bool more = str_cut(left, STR("."), &a, &left);
        if (str_cut(right, STR("."), &b, &right) != more)
            return false;
        if (!str_is(a, "*") && !str_is(b, "*") && !str_eq(a, b))
            return false;
        strbuf_add(&out, str_is(a, "*") ? b : a);
        if (!more)
            break;
        strbuf_add_char(&out, '.');
    }
    *both = strbuf_str(&out);
    return true;
}

static bool is_host_outside(struct solver *solver, const struct same *same, struct str host)
{
    for (size_t i = 0; i < same->n_outside; i++) {
        const struct condition *atom = same->outside[i];
        if (atom->exact && map_find(atom->exact, host))
            return true;
        *solver->effort -= (long)atom->n_names;
        for (size_t k = 0; k < atom->n_names; k++)
            if (!(atom->exact && str_index(atom->names[k], '*') < 0) &&
                host_covers(atom->names[k], host))
                return true;
    }
    return false;
}

/* A host of <host> (empty: any) that is in the sets from <next> on. Labels `*` can be chosen so
 * that they are none that any pattern spells out, so only patterns that cover all of <host> exclude
 * it. */
static bool host_exists_in(struct solver *solver, const struct same *same, size_t next,
                           struct str host, bool is_any)
{
    if (next == same->n_inside)
        return !is_host_outside(solver, same, host);
    const struct condition *atom = same->inside[next];
    bool is_exact = !is_any && str_index(host, '*') < 0;
    if (is_exact && atom->exact && map_find(atom->exact, host))
        return host_exists_in(solver, same, next + 1, host, false);
    for (size_t i = 0; i < atom->n_names; i++) {
        struct str both = atom->names[i];
        if (--*solver->effort <= 0)
            return true;
        if (is_exact && atom->exact && str_index(both, '*') < 0)
            continue;
        if ((is_any || host_meet(solver->arena, host, atom->names[i], &both)) &&
            host_exists_in(solver, same, next + 1, both, false))
            return true;
    }
    return false;
}

static bool host_exists(struct solver *solver, const struct condition *atom)
{
    struct same same = collect(solver, CONDITION_HOST, atom->name);
    for (size_t i = 1; i < same.n_inside; i++)
        if (same.inside[i]->n_names < same.inside[0]->n_names) {
            const struct condition *fewer = same.inside[i];
            same.inside[i] = same.inside[0];
            same.inside[0] = fewer;
        }
    return same.n_inside == 0 || host_exists_in(solver, &same, 0, STR(""), true);
}

/* --- names --- */

static bool has_name(struct solver *solver, const struct condition *atom, struct str name)
{
    *solver->effort -= (long)atom->n_names;
    for (size_t i = 0; i < atom->n_names; i++)
        if (str_eq(atom->names[i], name))
            return true;
    return false;
}

static bool method_exists(struct solver *solver, const struct condition *atom)
{
    struct same same = collect(solver, CONDITION_METHOD, atom->name);
    if (same.n_inside == 0)
        return true; /* there always is one more method */
    for (size_t i = 0; i < same.inside[0]->n_names; i++) {
        struct str name = same.inside[0]->names[i];
        bool fits = true;
        for (size_t k = 1; k < same.n_inside; k++)
            fits &= has_name(solver, same.inside[k], name);
        for (size_t k = 0; k < same.n_outside; k++)
            fits &= !has_name(solver, same.outside[k], name);
        if (fits || *solver->effort <= 0)
            return true;
    }
    return false;
}

/* A parameter may stand in a query many times: each matcher that holds needs a value that none of
 * those takes that do not hold. */
static bool parameter_exists(struct solver *solver, const struct condition *atom)
{
    struct same same = collect(solver, CONDITION_QUERY, atom->name);
    struct same empty = collect(solver, CONDITION_QUERY_EMPTY, STR(""));
    if (same.n_inside && empty.n_inside)
        return false;
    for (size_t i = 0; i < same.n_inside; i++) {
        bool fits = false;
        for (size_t k = 0; k < same.inside[i]->n_names && !fits; k++) {
            struct str value = same.inside[i]->names[k];
            fits = true;
            for (size_t m = 0; m < same.n_outside; m++)
                fits &= !has_name(solver, same.outside[m], value) &&
                        !has_name(solver, same.outside[m], STR("*"));
            if (*solver->effort <= 0)
                return true;
        }
        if (!fits)
            return false;
    }
    return true;
}

static bool no_parameter_exists(struct solver *solver)
{
    bool is_empty = false, has_any = false, is_not_empty = false;
    for (size_t i = 0; i < solver->literals.n; i++) {
        const struct literal *literal = &solver->literals.at[i];
        bool is_about_all = literal->atom->kind == CONDITION_QUERY_EMPTY;
        has_any |= literal->atom->kind == CONDITION_QUERY && !literal->is_false;
        is_empty |= is_about_all && !literal->is_false;
        is_not_empty |= is_about_all && literal->is_false;
    }
    return !(is_empty && (has_any || is_not_empty));
}

/* --- fields --- */

static bool field_exists(struct solver *solver, const struct condition *atom)
{
    struct same values = collect(solver, CONDITION_HEADER, atom->name);
    struct same present = collect(solver, CONDITION_HEADER_PRESENT, atom->name);
    struct same absent = collect(solver, CONDITION_HEADER_ABSENT, atom->name);
    bool is_absent = absent.n_inside || present.n_outside;
    bool is_present = present.n_inside || absent.n_outside || values.n_inside;
    if (is_absent && is_present)
        return false;
    /* as with parameters, each may be about another value */
    for (size_t i = 0; i < values.n_inside; i++) {
        struct same one = {&values.inside[i], values.outside, 1, values.n_outside};
        if (!texts_exist(solver, &one, TEXTS_ALL))
            return false;
    }
    return true;
}

/* --- protocols --- */

static bool protocol_exists(struct solver *solver, const struct condition *atom)
{
    struct same same = collect(solver, CONDITION_PROTOCOL, atom->name);
    unsigned left = (1u << 15) - 1;
    for (size_t i = 0; i < same.n_inside; i++)
        left &= same.inside[i]->protocols;
    for (size_t i = 0; i < same.n_outside; i++)
        left &= ~same.outside[i]->protocols;
    return left != 0;
}

/* --- addresses --- */

static bool prefix_contains(const struct ip_prefix *wide, const struct ip_prefix *narrow)
{
    return wide->bits <= narrow->bits && ip_prefix_contains(*wide, narrow->ip);
}

/* Whether all addresses of the prefix are in sets to be outside of. */
static bool is_covered(struct solver *solver, const struct same *same, struct ip_prefix prefix)
{
    bool is_split = false;
    for (size_t i = 0; i < same->n_outside; i++)
        for (size_t k = 0; k < same->outside[i]->n_ranges; k++) {
            const struct range *range = &same->outside[i]->ranges[k];
            --*solver->effort;
            if (range->has_zone)
                continue;
            if (prefix_contains(&range->prefix, &prefix))
                return true;
            is_split |= prefix_contains(&prefix, &range->prefix);
        }
    if (!is_split || *solver->effort <= 0)
        return false;
    struct ip_prefix half = prefix;
    half.bits++;
    /* the address may have bits beyond the prefix: both halves are made of its first bits */
    uint8_t *byte = &half.ip.bytes[prefix.bits / 8], bit = (uint8_t)(0x80 >> prefix.bits % 8);
    *byte &= (uint8_t)~bit;
    if (!is_covered(solver, same, half))
        return false;
    *byte |= bit;
    return is_covered(solver, same, half);
}

static bool address_exists_in(struct solver *solver, const struct same *same, size_t next,
                              const struct ip_prefix *prefix)
{
    if (next == same->n_inside)
        return !is_covered(solver, same, *prefix);
    for (size_t i = 0; i < same->inside[next]->n_ranges; i++) {
        const struct ip_prefix *other = &same->inside[next]->ranges[i].prefix;
        if (--*solver->effort <= 0)
            return true;
        const struct ip_prefix *both = !prefix || prefix_contains(prefix, other) ? other
                                       : prefix_contains(other, prefix)          ? prefix
                                                                                 : NULL;
        if (both && address_exists_in(solver, same, next + 1, both))
            return true;
    }
    return false;
}

/* There always is an address that is none: a client on a unix socket. */
static bool address_exists(struct solver *solver, const struct condition *atom)
{
    struct same same = collect(solver, atom->kind, atom->name);
    return same.n_inside == 0 || address_exists_in(solver, &same, 0, NULL);
}

/* --- what is not understood --- */

static bool is_same_opaque(const struct condition *a, const struct condition *b)
{
    return a == b || (a->kind == b->kind && str_eq(a->name, b->name) &&
                      (a->value == b->value || json_is_equal(a->value, b->value)));
}

static bool opaque_exists(struct solver *solver, const struct condition *atom)
{
    bool holds = false, fails = false;
    const struct literal *literal;
    for (uint32_t i = last_of(solver, atom->name); i; i = literal->before) {
        literal = &solver->literals.at[i - 1];
        --*solver->effort;
        if (!is_same_opaque(literal->atom, atom))
            continue;
        holds |= !literal->is_false;
        fails |= literal->is_false;
    }
    return !(holds && fails);
}

/* --- formulas --- */

/* Whether the collected matchers can still all be as they must, after <atom> was added. */
static bool is_consistent(struct solver *solver, const struct condition *atom)
{
    switch (atom->kind) {
    case CONDITION_HOST:
        return host_exists(solver, atom);
    case CONDITION_PATH:
        return path_exists(solver, atom);
    case CONDITION_METHOD:
        return method_exists(solver, atom);
    case CONDITION_PROTOCOL:
        return protocol_exists(solver, atom);
    case CONDITION_REMOTE:
    case CONDITION_CLIENT:
        return address_exists(solver, atom);
    case CONDITION_HEADER:
    case CONDITION_HEADER_PRESENT:
    case CONDITION_HEADER_ABSENT:
        return field_exists(solver, atom);
    case CONDITION_QUERY:
        return parameter_exists(solver, atom);
    case CONDITION_QUERY_EMPTY:
        return no_parameter_exists(solver);
    case CONDITION_OPAQUE:
        return opaque_exists(solver, atom);
    case CONDITION_TRUE:
    case CONDITION_FALSE:
    case CONDITION_ALL:
    case CONDITION_ANY:
    case CONDITION_NOT:
    case CONDITION_UNKNOWN:
        break;
    }
    return true;
}

/* Whether the attributes it looks at are still what they were. */
static bool is_current(const struct solver *solver, const struct condition *atom, uint32_t since)
{
    for (int i = 0; i < N_ATTRIBUTES; i++)
        if (atom->attributes & 1u << i && solver->question->changed[i] > since)
            return false;
    return true;
}

static void push(struct solver *solver, struct goal **goals, const struct condition *condition,
                 bool is_false, uint32_t since)
{
    struct goal *goal = arena_new(solver->arena, struct goal);
    *goal = (struct goal){condition, is_false, since, *goals};
    *goals = goal;
}

/* Takes all of <goals> apart that is no choice, as long as there is effort left; the choices are put
 * before <*choices>. False where the matchers contradict each other. */
static bool take_apart(struct solver *solver, struct goal *goals, struct goal **choices)
{
    while (goals && *solver->effort > 0) {
        struct goal goal = *goals;
        const struct condition *condition = goal.condition;
        goals = goal.next;
        switch (condition->kind) {
        case CONDITION_TRUE:
        case CONDITION_FALSE:
            if ((condition->kind == CONDITION_TRUE) == goal.is_false)
                return false;
            break;
        case CONDITION_NOT:
            push(solver, &goals, condition->parts[0], !goal.is_false, goal.since);
            break;
        case CONDITION_ALL:
        case CONDITION_ANY:
            if ((condition->kind == CONDITION_ALL) == goal.is_false)
                push(solver, choices, condition, goal.is_false, goal.since);
            else
                for (size_t i = condition->n_parts; i-- > 0;)
                    push(solver, &goals, condition->parts[i], goal.is_false, goal.since);
            break;
        case CONDITION_UNKNOWN:
            break;
        case CONDITION_HOST:
        case CONDITION_PATH:
        case CONDITION_METHOD:
        case CONDITION_PROTOCOL:
        case CONDITION_REMOTE:
        case CONDITION_CLIENT:
        case CONDITION_HEADER:
        case CONDITION_HEADER_PRESENT:
        case CONDITION_HEADER_ABSENT:
        case CONDITION_QUERY:
        case CONDITION_QUERY_EMPTY:
        case CONDITION_OPAQUE:
            if (!is_current(solver, condition, goal.since))
                break;
            add_literal(solver, condition, goal.is_false);
            if (!is_consistent(solver, condition))
                return false;
        }
    }
    return true;
}

static bool solve(struct solver *solver, struct goal *goals, struct goal *choices)
{
    size_t n_literals = solver->literals.n;
    bool exists = take_apart(solver, goals, &choices);
    if (exists && choices && *solver->effort > 0) {
        const struct condition *choice = choices->condition;
        exists = false;
        for (size_t i = 0; i < choice->n_parts && !exists; i++) {
            struct goal *goal = NULL;
            push(solver, &goal, choice->parts[i], choices->is_false, choices->since);
            *solver->effort -= 4;
            exists = solve(solver, goal, choices->next);
        }
    }
    drop_literals(solver, n_literals);
    return exists;
}

bool request_exists(struct arena *scratch, const struct request_question *question, long *effort)
{
    struct solver solver = {
        .arena = scratch, .question = question, .effort = effort, .last = map_in(scratch)};
    struct goal *goals = NULL;
    if (*effort <= 0)
        return true;
    for (size_t i = question->n_facts; i-- > 0;)
        push(&solver, &goals, question->facts[i]->condition, question->facts[i]->is_false,
             question->facts[i]->since);
    return solve(&solver, goals, NULL);
}
