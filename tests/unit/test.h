#ifndef DIALTONE_TESTS_TEST_H
#define DIALTONE_TESTS_TEST_H

/* The whole test framework: checks that count, and a table of tests that main runs. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static int checks_done, checks_failed;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        checks_done++;                                                                             \
        if (!(condition)) {                                                                        \
            checks_failed++;                                                                       \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);                \
        }                                                                                          \
    } while (0)

#define CHECK_INT(got, want)                                                                       \
    do {                                                                                           \
        long long check_got = (long long)(got), check_want = (long long)(want);                    \
        checks_done++;                                                                             \
        if (check_got != check_want) {                                                             \
            checks_failed++;                                                                       \
            fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #got, check_got,  \
                    check_want);                                                                   \
        }                                                                                          \
    } while (0)

/* <got> is a struct str, <want> a C string. */
#define CHECK_STR(got, want)                                                                       \
    do {                                                                                           \
        struct str check_got = (got), check_want = str_from(want);                                 \
        checks_done++;                                                                             \
        if (!str_eq(check_got, check_want)) {                                                      \
            checks_failed++;                                                                       \
            fprintf(stderr, "%s:%d: %s is \"" STR_FMT "\", not \"" STR_FMT "\"\n", __FILE__,       \
                    __LINE__, #got, STR_ARG(check_got), STR_ARG(check_want));                      \
        }                                                                                          \
    } while (0)

struct test {
    const char *name;
    void (*run)(void);
};

#define TESTS_MAIN(table)                                                                          \
    int main(void)                                                                                 \
    {                                                                                              \
        int tests_failed = 0;                                                                      \
        for (size_t i = 0; i < sizeof(table) / sizeof((table)[0]); i++) {                          \
            int before = checks_failed;                                                            \
            (table)[i].run();                                                                      \
            if (checks_failed != before) {                                                         \
                tests_failed++;                                                                    \
                fprintf(stderr, "FAILED %s\n", (table)[i].name);                                   \
            }                                                                                      \
        }                                                                                          \
        printf("%s: %d checks: %d passed, %d failed\n", __FILE__, checks_done,                    \
               (int)(sizeof(table) / sizeof((table)[0])) - tests_failed, tests_failed);            \
        return tests_failed != 0;                                                                  \
    }

#endif
