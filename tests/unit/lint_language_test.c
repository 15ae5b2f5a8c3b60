/* Whether path patterns have texts in common: each row is what they must match and what they must
 * not. */
#include "lint/language.h"

#include "base/arena.h"
#include "test.h"

enum { MAX_PATTERNS = 8 };

struct sets {
    struct path_pattern patterns[MAX_PATTERNS];
    struct text_set sets[MAX_PATTERNS];
    const struct text_set *pointers[MAX_PATTERNS];
    size_t n;
};

/* Patterns separated by blanks, each a set of its own. */
static void read_sets(const char *text, struct sets *sets)
{
    struct str left = str_from(text), word;
    sets->n = 0;
    while (left.len) {
        str_cut(left, STR(" "), &word, &left);
        sets->patterns[sets->n] = path_pattern_parse(word);
        sets->sets[sets->n] = (struct text_set){&sets->patterns[sets->n], 1};
        sets->pointers[sets->n] = &sets->sets[sets->n];
        sets->n++;
    }
}

static bool exists(enum text_domain domain, const char *in, const char *out)
{
    static struct sets inside, outside;
    long effort = 1000000;
    read_sets(in, &inside);
    read_sets(out, &outside);
    struct text_question question = {domain, inside.pointers, outside.pointers, inside.n,
                                     outside.n};
    return text_exists(&question, &effort);
}

static void test_paths(void)
{
    static const struct {
        const char *inside, *outside;
        bool exists;
    } rows[] = {
        {"/a*", "", true},
        {"/a", "/a", false},
        {"/a/*", "/a*", false},
        {"/a*", "/a/*", true},
        {"/a* *.php", "", true},
        {"/a* *.php", "/a*.php", true}, /* a glob's * ends at a slash */
        {"/a* *.php", "/a*.php /*/*", true}, /* three segments */
        {"/a* *b", "/a* *", false},
        {"/a/* /b/*", "", false},
        {"/abc*", "/a* /b*", false},
        {"*", "/*", false},
        {"*", "/a* /b*", true},
        {"/?", "/[ab] /[^ab]", true}, /* a rune may be several bytes */
        {"/[a-c]", "/a /b /c", true}, /* the same */
        {"/a/../b", "", false},
        {"/a/./b*", "", false},
        {"/a/.", "", false},
        {"/.*", "", true},
        {"a/*", "", false},
        {"*a*", "*a* /x", false},
        {"*ab* *ba*", "*aba* *bab* *abba*", true},
        {"*/", "/ /*/", true},
        {"/*/", "/*/*", false},
        {"/[", "", false},
        {"/*/x *y*", "/y* *z*", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        checks_done++;
        if (exists(TEXTS_ROOTED, rows[i].inside, rows[i].outside) != rows[i].exists) {
            checks_failed++;
            fprintf(stderr, "in %s, not in %s\n", rows[i].inside, rows[i].outside);
        }
    }
}

static void test_domains(void)
{
    CHECK(exists(TEXTS_PATHS, "*", "/*"));
    CHECK(!exists(TEXTS_PATHS, "a*", ""));
    CHECK(exists(TEXTS_REWRITTEN, "a*", ""));
    CHECK(exists(TEXTS_ALL, "*A*", "/* *B*"));
    CHECK(!exists(TEXTS_ALL, "ab*", "*b* a"));
    CHECK(!exists(TEXTS_ROOTED, "*A*", ""));
}

static void test_effort(void)
{
    /* giving up is never the answer that there is none */
    struct sets inside, outside;
    long effort = 3;
    read_sets("*ab*", &inside);
    read_sets("*a*", &outside);
    struct text_question question = {TEXTS_ROOTED, inside.pointers, outside.pointers, 1, 1};
    CHECK(text_exists(&question, &effort));
    effort = 100000;
    CHECK(!text_exists(&question, &effort));
}

static const struct test tests[] = {
    {"paths", test_paths},
    {"domains", test_domains},
    {"effort", test_effort},
};

TESTS_MAIN(tests)
