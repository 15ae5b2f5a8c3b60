/* Unified diffs: hunks, ranges, missing line ends, long texts. */
#include "base/line_diff.h"
#include "base/arena.h"
#include "test.h"

static const struct row {
    const char *old_text, *new_text, *diff;
} rows[] = {
    {"a\n", "a\n", ""},
    {"", "", ""},
    {"", "a\n", "--- f\n+++ f\n@@ -0,0 +1 @@\n+a\n"},
    {"a\n", "", "--- f\n+++ f\n@@ -1 +0,0 @@\n-a\n"},
    {"a", "a\n", "--- f\n+++ f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
    {"a\nb", "c\nb",
     "--- f\n+++ f\n@@ -1,2 +1,2 @@\n-a\n+c\n b\n\\ No newline at end of file\n"},
    {"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
     "--- f\n+++ f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n"},
    /* six lines between two changes are shown once, seven part the hunks */
    {"a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
     "--- f\n+++ f\n@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n"},
    {"a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
     "--- f\n+++ f\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n"},
    {"x\n}\n\n}\n", "x\n}\n}\n", "--- f\n+++ f\n@@ -1,4 +1,3 @@\n x\n }\n-\n }\n"},
};

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena = ARENA_INIT;
        struct strbuf out = strbuf_in(&arena);
        line_diff(&out, STR("f"), str_from(rows[i].old_text), STR("f"), str_from(rows[i].new_text));
        CHECK_STR(strbuf_str(&out), rows[i].diff);
        arena_free(&arena);
    }
}

static void test_names(void)
{
    struct arena arena = ARENA_INIT;
    struct strbuf out = strbuf_in(&arena);
    line_diff(&out, STR("my sites"), STR("a\n"), STR("b"), STR("b\n"));
    CHECK_STR(strbuf_str(&out), "--- my sites\t\n+++ b\n@@ -1 +1 @@\n-a\n+b\n");
    arena_free(&arena);
}

/* More edits than are looked ahead: still a diff that leads from one text to the other. */
static void test_many_edits(void)
{
    struct arena arena = ARENA_INIT;
    struct strbuf old_text = strbuf_in(&arena), new_text = strbuf_in(&arena);
    struct strbuf out = strbuf_in(&arena);
    for (int i = 0; i < 3000; i++) {
        strbuf_puts(&old_text, i % 3 ? "}\n" : "a\n}\n");
        strbuf_puts(&new_text, i % 2 ? "}\n" : "}\na\n");
    }
    line_diff(&out, STR("f"), strbuf_str(&old_text), STR("f"), strbuf_str(&new_text));
    size_t n_old = 0, n_new = 0;
    struct str left = strbuf_str(&out), line;
    while (left.len) {
        str_cut(left, STR("\n"), &line, &left);
        n_old += line.ptr[0] == ' ' || line.ptr[0] == '-';
        n_new += line.ptr[0] == ' ' || line.ptr[0] == '+';
    }
    CHECK(n_old > 3000 && n_new > 3000);
    CHECK_INT(n_new - n_old, 500); /* 4500 lines and 4000; either counts a line of the head */
    arena_free(&arena);
}

static const struct test tests[] = {
    {"rows", test_rows},
    {"names", test_names},
    {"many edits", test_many_edits},
};

TESTS_MAIN(tests)
