/* Whether sets of texts have something in common. A text that shows it is mostly guessed; where
 * none is, the patterns run as automata side by side, over all texts at once. */
#include "lint/language.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"

static bool text_is_in(const struct text_set *set, struct str text)
{
    for (size_t i = 0; i < set->n; i++)
        if (path_pattern_match(&set->patterns[i], text, NULL))
            return true;
    return false;
}

/* --- guessing --- */

static bool is_in_domain(enum text_domain domain, struct str text)
{
    if (domain == TEXTS_ALL)
        return true;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z')
            return false;
    if (text.len && text.ptr[0] == '/')
        return path_is_clean(text);
    return (domain == TEXTS_PATHS && (str_is(text, ".") || str_is(text, "*"))) ||
           (domain == TEXTS_REWRITTEN && text.len > 0);
}

static bool is_answer(const struct text_question *question, struct str text)
{
    if (!is_in_domain(question->domain, text))
        return false;
    for (size_t i = 0; i < question->n_inside; i++)
        if (!text_is_in(question->inside[i], text))
            return false;
    for (size_t i = 0; i < question->n_outside; i++)
        if (text_is_in(question->outside[i], text))
            return false;
    return true;
}

/* The texts that a pattern starts and ends its texts with, as far as they are fixed. */
static void ends_of(const struct path_pattern *pattern, struct str *start, struct str *end)
{
    *start = *end = STR("");
    switch (pattern->kind) {
    case PATH_EXACT:
    case PATH_PREFIX:
        *start = pattern->text;
        break;
    case PATH_SUFFIX:
    case PATH_CONTAINS:
        *end = pattern->text;
        break;
    case PATH_ANY:
    case PATH_GLOB:
    case PATH_ESCAPED:
        break;
    }
}

enum { MAX_GUESS = 512, TRIED_PATTERNS = 24 };

static bool is_guess(const struct text_question *question, struct str start, const char *between,
                     struct str end, bool roots)
{
    char text[MAX_GUESS];
    size_t n = 0, len = strlen(between);
    if (start.len + end.len + len + 1 > MAX_GUESS)
        return false;
    if (roots && (start.len == 0 || start.ptr[0] != '/'))
        text[n++] = '/';
    memcpy(text + n, start.ptr, start.len);
    memcpy(text + n + start.len, between, len);
    memcpy(text + n + start.len + len, end.ptr, end.len);
    return is_answer(question, str_make(text, n + start.len + len + end.len));
}

/* Texts made of a start and an end, by themselves and with something between that is in no usual
 * pattern. */
static bool try_ends(const struct text_question *question, struct str start, struct str end)
{
    static const char *const between[] = {"", "~", "~/~", "/~"};
    for (size_t i = 0; i < sizeof(between) / sizeof(between[0]); i++)
        if (is_guess(question, start, between[i], end, false) ||
            (question->domain != TEXTS_ALL && is_guess(question, start, between[i], end, true)))
            return true;
    return false;
}

static bool try_glob(const struct text_question *question, struct str glob)
{
    char text[MAX_GUESS];
    if (glob.len > MAX_GUESS)
        return false;
    for (size_t i = 0; i < glob.len; i++)
        text[i] = glob.ptr[i] == '*' || glob.ptr[i] == '?' ? '~' : glob.ptr[i];
    return is_answer(question, str_make(text, glob.len));
}

/* Whether a text is found by guessing, for one pattern that it must match and what else it must. */
static bool guess_from(const struct text_question *question, const struct path_pattern *pattern)
{
    struct str start, end, other_start, other_end;
    if (pattern->kind == PATH_EXACT)
        return is_answer(question, pattern->text);
    if (pattern->kind == PATH_GLOB && try_glob(question, pattern->text))
        return true;
    ends_of(pattern, &start, &end);
    if (try_ends(question, start, end) ||
        (pattern->kind == PATH_CONTAINS && try_ends(question, end, STR("~"))))
        return true;
    for (size_t i = 0; i < question->n_inside; i++) {
        const struct text_set *set = question->inside[i];
        for (size_t k = 0; k < set->n && k < TRIED_PATTERNS; k++) {
            ends_of(&set->patterns[k], &other_start, &other_end);
            if (try_ends(question, start.len >= other_start.len ? start : other_start,
                         end.len >= other_end.len ? end : other_end))
                return true;
        }
    }
    return false;
}

/* The set with the fewest patterns that a text must be in; NULL for none. */
static const struct text_set *smallest(const struct text_question *question)
{
    const struct text_set *best = NULL;
    for (size_t i = 0; i < question->n_inside; i++)
        if (!best || question->inside[i]->n < best->n)
            best = question->inside[i];
    return best;
}

/* Whether every text of <pattern> is in a set to be outside of, as far as beginnings tell. */
static bool is_plainly_outside(const struct text_question *question,
                               const struct path_pattern *pattern)
{
    struct str start, end;
    ends_of(pattern, &start, &end);
    for (size_t i = 0; i < question->n_outside; i++) {
        const struct text_set *set = question->outside[i];
        for (size_t k = 0; k < set->n; k++)
            if (set->patterns[k].kind == PATH_ANY || (set->patterns[k].kind == PATH_PREFIX &&
                                                      str_has_prefix(start, set->patterns[k].text)))
                return true;
    }
    return false;
}

/* --- automata --- */

struct byte_set {
    uint64_t bits[4];
};

static bool byte_is_in(const struct byte_set *set, unsigned byte)
{
    return set->bits[byte / 64] >> byte % 64 & 1;
}

static void byte_add(struct byte_set *set, unsigned byte)
{
    set->bits[byte / 64] |= UINT64_C(1) << byte % 64;
}

static struct byte_set bytes_from(unsigned first)
{
    struct byte_set set = {0};
    for (unsigned byte = first; byte < 256; byte++)
        byte_add(&set, byte);
    return set;
}

/* One step of a pattern: a byte of a set, or (a loop) any number of them; the last is its end. */
struct element {
    struct byte_set bytes;
    bool loops, is_end;
};

enum { MAX_ELEMENTS = 1024, WORDS = MAX_ELEMENTS / 64 };

/* Where all patterns are at once: a bit for each element, and the state of the domain. */
struct state {
    uint64_t bits[WORDS];
    uint64_t domain;
};

struct automata {
    struct arena arena;
    enum text_domain domain;
    struct element elements[MAX_ELEMENTS];
    size_t n, n_words;
    bool is_full; /* the patterns are too many */
    /* The ends of the patterns of each set, as bits, and all bits of each. */
    struct group {
        uint64_t ends[WORDS], all[WORDS];
    } *inside, *outside;
    unsigned char letters[256]; /* one byte of each kind that patterns tell apart */
    size_t n_letters;
};

static void add_element(struct automata *automata, struct byte_set bytes, bool loops)
{
    if (automata->n == MAX_ELEMENTS) {
        automata->is_full = true;
        return;
    }
    automata->elements[automata->n++] = (struct element){.bytes = bytes, .loops = loops};
}

static void add_text(struct automata *automata, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        struct byte_set one = {0};
        byte_add(&one, (unsigned char)text.ptr[i]);
        add_element(automata, one, false);
    }
}

/* Without '/', and for the smaller reading without what is beyond ASCII. */
static struct byte_set bytes_of_segment(bool widely)
{
    struct byte_set set = bytes_from(0);
    set.bits['/' / 64] &= ~(UINT64_C(1) << '/' % 64);
    if (!widely)
        set.bits[2] = set.bits[3] = 0;
    return set;
}

/* A rune is several bytes beyond ASCII. Where a pattern is to be matched it is read as any number
 * of them, which is too much; where it is not, as none, which is too little: both err on the side
 * of texts existing. */
static void add_rune(struct automata *automata, struct byte_set bytes, bool widely)
{
    if (widely)
        bytes.bits[2] = bytes.bits[3] = UINT64_MAX;
    add_element(automata, bytes, false);
    if (widely)
        add_element(automata, bytes_from(0x80), true);
}

static void add_glob(struct automata *automata, struct str glob, bool widely)
{
    for (size_t i = 0; i < glob.len; i++) {
        size_t at = i + 1, after = at;
        struct byte_set class = {0};
        switch (glob.ptr[i]) {
        case '*':
            add_element(automata, bytes_of_segment(true), true);
            break;
        case '?':
            add_rune(automata, bytes_of_segment(widely), widely);
            break;
        case '[':
            for (unsigned byte = 0; byte < 0x80; byte++) {
                bool is_in = false;
                after = at;
                if (glob_class_read(glob, &after, byte, &is_in) && is_in)
                    byte_add(&class, byte);
            }
            add_rune(automata, class, widely);
            i = after - 1;
            break;
        case '\\':
            i = at;
            add_text(automata, str_slice(glob, i, i + 1));
            break;
        default:
            add_text(automata, str_slice(glob, i, at));
        }
    }
}

static void add_pattern(struct automata *automata, const struct path_pattern *pattern, bool widely)
{
    struct byte_set all = bytes_from(0);
    bool starts = pattern->kind == PATH_SUFFIX || pattern->kind == PATH_CONTAINS;
    bool ends = pattern->kind == PATH_PREFIX || pattern->kind == PATH_CONTAINS;
    if (starts || pattern->kind == PATH_ANY)
        add_element(automata, all, true);
    if (pattern->kind == PATH_GLOB)
        add_glob(automata, pattern->text, widely);
    else if (pattern->kind != PATH_ANY)
        add_text(automata, pattern->text);
    if (ends)
        add_element(automata, all, true);
}

static void set_bit(uint64_t *bits, size_t at)
{
    bits[at / 64] |= UINT64_C(1) << at % 64;
}

static bool get_bit(const uint64_t *bits, size_t at)
{
    return bits[at / 64] >> at % 64 & 1;
}

/* What follows loops may begin at once. */
static void close_state(const struct automata *automata, uint64_t *bits)
{
    for (size_t i = 0; i < automata->n; i++)
        if (automata->elements[i].loops && get_bit(bits, i))
            set_bit(bits, i + 1);
}

static void add_set(struct automata *automata, const struct text_set *set, bool widely,
                    struct group *group, uint64_t *start)
{
    size_t first = automata->n;
    for (size_t i = 0; i < set->n && !automata->is_full; i++) {
        const struct path_pattern *pattern = &set->patterns[i];
        if (pattern->kind == PATH_GLOB && !glob_is_valid(pattern->text))
            continue;
        size_t begin = automata->n;
        add_pattern(automata, pattern, widely);
        add_element(automata, (struct byte_set){0}, false);
        if (automata->is_full)
            return;
        automata->elements[automata->n - 1].is_end = true;
        set_bit(start, begin);
        set_bit(group->ends, automata->n - 1);
    }
    for (size_t i = first; i < automata->n; i++)
        set_bit(group->all, i);
}

/* Bytes that no pattern and no domain tells apart are one letter. */
static void find_letters(struct automata *automata)
{
    static const char special[] = "/.*";
    for (unsigned byte = 0; byte < 256; byte++) {
        bool is_new = true;
        if (automata->domain != TEXTS_ALL && byte >= 'A' && byte <= 'Z')
            continue;
        for (size_t k = 0; k < automata->n_letters && is_new; k++) {
            unsigned letter = automata->letters[k];
            bool differs = memchr(special, (int)byte, 3) || memchr(special, (int)letter, 3);
            for (size_t i = 0; i < automata->n && !differs; i++)
                differs = byte_is_in(&automata->elements[i].bytes, byte) !=
                          byte_is_in(&automata->elements[i].bytes, letter);
            is_new = differs;
        }
        if (is_new)
            automata->letters[automata->n_letters++] = (unsigned char)byte;
    }
}

/* --- the domain as an automaton --- */

enum domain_state {
    DOMAIN_DEAD,
    DOMAIN_START,    /* nothing yet */
    DOMAIN_SLASH,    /* behind a '/' of a rooted path */
    DOMAIN_DOT,      /* the segment is "." so far */
    DOMAIN_DOTS,     /* it is ".." so far */
    DOMAIN_SEGMENT,  /* it is something else */
    DOMAIN_WHOLE,    /* "." or "*" alone */
    DOMAIN_ANYTHING, /* all that follows is fine */
};

static enum domain_state domain_step(enum text_domain domain, enum domain_state state, char c)
{
    switch (state) {
    case DOMAIN_DEAD:
    case DOMAIN_WHOLE:
        return DOMAIN_DEAD;
    case DOMAIN_ANYTHING:
        return DOMAIN_ANYTHING;
    case DOMAIN_START:
        if (c == '/')
            return DOMAIN_SLASH;
        if (domain == TEXTS_REWRITTEN)
            return DOMAIN_ANYTHING;
        return domain == TEXTS_PATHS && (c == '.' || c == '*') ? DOMAIN_WHOLE : DOMAIN_DEAD;
    case DOMAIN_SLASH:
        return c == '/' ? DOMAIN_DEAD : c == '.' ? DOMAIN_DOT : DOMAIN_SEGMENT;
    case DOMAIN_DOT:
        return c == '/' ? DOMAIN_DEAD : c == '.' ? DOMAIN_DOTS : DOMAIN_SEGMENT;
    case DOMAIN_DOTS:
        return c == '/' ? DOMAIN_DEAD : DOMAIN_SEGMENT;
    case DOMAIN_SEGMENT:
        return c == '/' ? DOMAIN_SLASH : DOMAIN_SEGMENT;
    }
    return DOMAIN_DEAD;
}

static bool domain_accepts(enum text_domain domain, enum domain_state state)
{
    return state == DOMAIN_SLASH || state == DOMAIN_SEGMENT || state == DOMAIN_WHOLE ||
           state == DOMAIN_ANYTHING || (domain == TEXTS_ALL && state == DOMAIN_START);
}

/* --- running them --- */

static bool meets(const uint64_t *a, const uint64_t *b, size_t n_words)
{
    for (size_t i = 0; i < n_words; i++)
        if (a[i] & b[i])
            return true;
    return false;
}

static bool is_accepted(const struct automata *automata, const struct text_question *question,
                        const struct state *state)
{
    for (size_t i = 0; i < question->n_inside; i++)
        if (!meets(state->bits, automata->inside[i].ends, automata->n_words))
            return false;
    for (size_t i = 0; i < question->n_outside; i++)
        if (meets(state->bits, automata->outside[i].ends, automata->n_words))
            return false;
    return domain_accepts(automata->domain, (enum domain_state)state->domain);
}

/* The state behind one more letter; false where nothing can come of it. */
static bool step(const struct automata *automata, const struct text_question *question,
                 const struct state *from, unsigned char letter, struct state *to)
{
    *to = (struct state){0};
    to->domain = automata->domain == TEXTS_ALL
                     ? DOMAIN_ANYTHING
                     : domain_step(automata->domain, (enum domain_state)from->domain, (char)letter);
    if (to->domain == DOMAIN_DEAD)
        return false;
    for (size_t i = 0; i < automata->n; i++) {
        const struct element *element = &automata->elements[i];
        if (get_bit(from->bits, i) && !element->is_end && byte_is_in(&element->bytes, letter))
            set_bit(to->bits, element->loops ? i : i + 1);
    }
    close_state(automata, to->bits);
    for (size_t i = 0; i < question->n_inside; i++)
        if (!meets(to->bits, automata->inside[i].all, automata->n_words))
            return false;
    return true;
}

/* Walks every state that some text leads to. */
static bool search(struct automata *automata, const struct text_question *question,
                   const struct state *start, long *effort)
{
    VEC(struct state *) states = {0};
    struct map seen = map_in(&automata->arena);
    struct state *first = arena_new(&automata->arena, struct state), next;
    *first = *start;
    vec_push(&automata->arena, &states, first);
    for (size_t i = 0; i < states.n; i++) {
        if (is_accepted(automata, question, states.at[i]))
            return true;
        for (size_t k = 0; k < automata->n_letters; k++) {
            *effort -= (long)automata->n / 32 + 1;
            if (*effort <= 0)
                return true;
            if (!step(automata, question, states.at[i], automata->letters[k], &next) ||
                map_find(&seen, str_make((const char *)&next, sizeof(next))))
                continue;
            struct state *kept = arena_new(&automata->arena, struct state);
            *kept = next;
            map_put(&seen, str_make((const char *)kept, sizeof(*kept)), NULL);
            vec_push(&automata->arena, &states, kept);
        }
    }
    return false;
}

static bool run_automata(const struct text_question *question, long *effort)
{
    struct arena arena = ARENA_INIT;
    struct automata *automata = arena_new(&arena, struct automata);
    struct state start = {.domain = DOMAIN_START};
    automata->domain = question->domain;
    automata->inside = arena_array(&arena, struct group, question->n_inside + 1);
    automata->outside = arena_array(&arena, struct group, question->n_outside + 1);
    for (size_t i = 0; i < question->n_inside; i++)
        add_set(automata, question->inside[i], true, &automata->inside[i], start.bits);
    for (size_t i = 0; i < question->n_outside; i++)
        add_set(automata, question->outside[i], false, &automata->outside[i], start.bits);
    bool exists = true;
    if (!automata->is_full) {
        automata->n_words = (automata->n + 63) / 64;
        find_letters(automata);
        close_state(automata, start.bits);
        exists = search(automata, question, &start, effort);
    }
    arena_free(&automata->arena);
    arena_free(&arena);
    return exists;
}

bool text_exists(const struct text_question *question, long *effort)
{
    const struct text_set *set = smallest(question);
    bool is_exact = set != NULL, is_outside = set != NULL;
    if (!set)
        return try_ends(question, STR("/~"), STR("~")) || run_automata(question, effort);
    for (size_t i = 0; i < set->n; i++) {
        const struct path_pattern *pattern = &set->patterns[i];
        is_exact &= pattern->kind == PATH_EXACT;
        if (is_plainly_outside(question, pattern))
            continue;
        is_outside &= pattern->kind == PATH_EXACT;
        *effort -= (long)(question->n_inside + question->n_outside);
        if ((pattern->kind == PATH_EXACT || i < TRIED_PATTERNS) && guess_from(question, pattern))
            return true;
    }
    /* texts that are spelled out were all tried */
    return !is_exact && !is_outside && run_automata(question, effort);
}
