/* Diagnostics as people see them: excerpts with several places, places of several lines,
 * corrections as diffs, narrow terminals, wide characters. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/cells.h"
#include "syntax/diag.h"
#include "test.h"

/* A text that one diagnostic is about. */
struct fixture {
    struct arena arena;
    struct sources sources;
    struct diags diags;
    struct source *source;
    struct diag *diag;
};

static void fixture_begin(struct fixture *fixture, const char *text)
{
    *fixture = (struct fixture){0};
    fixture->sources = sources_in(&fixture->arena, NULL);
    fixture->diags = diags_in(&fixture->arena);
    fixture->source = source_add(&fixture->sources, STR("Caddyfile"), str_from(text));
}

/* The first <words> of the text. */
static struct span at(const struct fixture *fixture, const char *words)
{
    ptrdiff_t found = str_find(fixture->source->raw, str_from(words));
    CHECK(found >= 0);
    uint32_t begin = fixture->source->base + (uint32_t)found;
    return (struct span){begin, begin + (uint32_t)strlen(words)};
}

static void report(struct fixture *fixture, const char *words)
{
    fixture->diag =
        diag_at(&fixture->diags, DIAG_BAD_VALUE, at(fixture, words), NULL, "something is wrong");
}

static void label(struct fixture *fixture, const char *words, const char *text)
{
    diag_label(&fixture->diags, fixture->diag, at(fixture, words), "%s", text);
}

static void correct(struct fixture *fixture, const char *words, const char *replacement)
{
    diag_help(&fixture->diags, fixture->diag, at(fixture, words), str_from(replacement),
              "write this");
}

/* Checks what is printed, head and place left out. */
static void check_printed(struct fixture *fixture, struct diag_style style, const char *want)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    struct str head, rest;
    diags_print(&fixture->diags, &fixture->sources, style, memory);
    fclose(memory);
    str_cut(str_make(text, len), STR("\n"), &head, &rest);
    if (!style.colour)
        CHECK_STR(head, "error[DT120]: something is wrong");
    str_cut(rest, STR("\n"), &head, &rest);
    CHECK_STR(rest, want);
    free(text);
    arena_free(&fixture->arena);
}

static const struct diag_style plain = {0};

static void test_one_place(void)
{
    struct fixture fixture;
    fixture_begin(&fixture, "a {\r\n\tb\tccc d\r\n}\r\n");
    report(&fixture, "ccc");
    label(&fixture, "ccc", "this one");
    check_printed(&fixture, plain,
                  "   |\n"
                  " 2 |     b   ccc d\n"
                  "   |         ^^^ this one\n\n");
    fixture_begin(&fixture, "a {");
    fixture.diag = diag_at(&fixture.diags, DIAG_BAD_VALUE,
                           (struct span){at(&fixture, "{").end, at(&fixture, "{").end}, NULL,
                           "something is wrong");
    check_printed(&fixture, plain,
                  "   |\n"
                  " 1 | a {\n"
                  "   |    ^\n\n");
}

static void test_places_in_one_line(void)
{
    struct fixture fixture;
    fixture_begin(&fixture, "first second third\n");
    report(&fixture, "second");
    label(&fixture, "second", "here");
    label(&fixture, "first", "not here");
    label(&fixture, "third", "nor here");
    check_printed(&fixture, plain,
                  "   |\n"
                  " 1 | first second third\n"
                  "   | ----- ^^^^^^ ----- nor here\n"
                  "   | |     |\n"
                  "   | |     here\n"
                  "   | not here\n\n");
    fixture_begin(&fixture, "first second third\n");
    report(&fixture, "second");
    label(&fixture, "second third", "inside");
    label(&fixture, "first second", "before");
    check_printed(&fixture, plain,
                  "   |\n"
                  " 1 | first second third\n"
                  "   | ------^^^^^^ inside\n"
                  "   | |\n"
                  "   | before\n\n");
    fixture_begin(&fixture, "first second third\n");
    report(&fixture, "third");
    label(&fixture, "first", "because of this");
    check_printed(&fixture, plain,
                  "   |\n"
                  " 1 | first second third\n"
                  "   | -----        ^^^^^\n"
                  "   | |\n"
                  "   | because of this\n\n");
}

static void test_places_in_many_lines(void)
{
    struct fixture fixture;
    fixture_begin(&fixture, "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n");
    report(&fixture, "three");
    label(&fixture, "ten", "the last");
    label(&fixture, "one", "the first");
    check_printed(&fixture, plain,
                  "    |\n"
                  "  1 | one\n"
                  "    | --- the first\n"
                  "  2 | two\n"
                  "  3 | three\n"
                  "    | ^^^^^\n"
                  "...\n"
                  " 10 | ten\n"
                  "    | --- the last\n\n");
}

static void test_places_of_many_lines(void)
{
    struct fixture fixture;
    fixture_begin(&fixture, "a {\n\troute {\n\t\tx\n\t\ty\n\t}\n}\n");
    report(&fixture, "route {\n\t\tx\n\t\ty\n\t}");
    label(&fixture, "y", "in it");
    check_printed(&fixture, plain,
                  "   |\n"
                  " 2 | /     route {\n"
                  " 3 | |         x\n"
                  " 4 | |         y\n"
                  "   | |         - in it\n"
                  " 5 | |     }\n"
                  "   | |_____^\n\n");
    fixture_begin(&fixture, "respond <<A\n1\n2\n3\n4\n5\n6\nA\nb\n");
    report(&fixture, "<<A\n1\n2\n3\n4\n5\n6\nA\n");
    label(&fixture, "<<A\n1\n2\n3\n4\n5\n6\nA\n", "all of this");
    check_printed(&fixture, plain,
                  "   |\n"
                  " 1 |   respond <<A\n"
                  "   |  _________^\n"
                  "...  |\n"
                  " 8 | | A\n"
                  "   | |_^ all of this\n\n");
    fixture_begin(&fixture, "a {\nb {\nc\n}\n}\n");
    report(&fixture, "a {\nb {\nc\n}\n}");
    label(&fixture, "b {\nc\n}", "inside");
    check_printed(&fixture, plain,
                  "   |\n"
                  " 1 | /   a {\n"
                  " 2 | | / b {\n"
                  " 3 | | | c\n"
                  " 4 | | | }\n"
                  "   | | |_- inside\n"
                  " 5 | |   }\n"
                  "   | |___^\n\n");
}

static void test_corrections(void)
{
    struct fixture fixture;
    fixture_begin(&fixture, "x\n\trevers_proxy a\n");
    report(&fixture, "a");
    correct(&fixture, "revers_proxy", "reverse_proxy");
    check_printed(&fixture, plain,
                  "   |\n"
                  " 2 |     revers_proxy a\n"
                  "   |                  ^\n"
                  "   |\n"
                  "   = help: write this\n"
                  " 2 |     reverse_proxy a\n"
                  "   |           +\n\n");
    fixture_begin(&fixture, "say one; two\n");
    report(&fixture, "one; two");
    correct(&fixture, "one; two", "\"one; two\"");
    check_printed(&fixture, plain,
                  "   |\n"
                  " 1 | say one; two\n"
                  "   |     ^^^^^^^^\n"
                  "   |\n"
                  "   = help: write this\n"
                  " 1 | say \"one; two\"\n"
                  "   |     +        +\n\n");
    fixture_begin(&fixture, "say blue\n");
    report(&fixture, "blue");
    correct(&fixture, "blue", "red");
    check_printed(&fixture, plain,
                  "   |\n"
                  " 1 | say blue\n"
                  "   |     ^^^^\n"
                  "   |\n"
                  "   = help: write this\n"
                  " 1 - say blue\n"
                  " 1 + say red\n\n");
}

static void test_corrections_of_lines(void)
{
    struct fixture fixture;
    fixture_begin(&fixture, "a {\n\tb\n\tc\n}\n");
    report(&fixture, "b");
    correct(&fixture, "\tb\n", "");
    check_printed(&fixture, plain,
                  "   |\n"
                  " 2 |     b\n"
                  "   |     ^\n"
                  "   |\n"
                  "   = help: write this\n"
                  " 2 -     b\n\n");
    fixture_begin(&fixture, "a {\n\tb\n\tc\n}\n");
    report(&fixture, "b");
    correct(&fixture, "b", "b {\n\t\td\n\t}");
    check_printed(&fixture, plain,
                  "   |\n"
                  " 2 |     b\n"
                  "   |     ^\n"
                  "   |\n"
                  "   = help: write this\n"
                  " 2 -     b\n"
                  " 2 +     b {\n"
                  " 3 +         d\n"
                  " 4 +     }\n\n");
    fixture_begin(&fixture, "one\ntwo\nthree\nfour\n");
    report(&fixture, "two");
    struct diag_note *fix = diag_fix(&fixture.diags, fixture.diag, FIX_SAFE, at(&fixture, "four"),
                                     STR("4"), "write this");
    diag_fix_also(&fixture.diags, fix, at(&fixture, "one"), STR("1"));
    check_printed(&fixture, plain,
                  "   |\n"
                  " 2 | two\n"
                  "   | ^^^\n"
                  "   |\n"
                  "   = help: write this\n"
                  " 1 - one\n"
                  " 1 + 1\n"
                  "...\n"
                  " 4 - four\n"
                  " 4 + 4\n\n");
}

static void test_narrow_terminal(void)
{
    struct fixture fixture;
    struct diag_style narrow = {.columns = 44};
    fixture_begin(&fixture,
                  "a line that is too long for this terminal, far too long indeed, alas\n");
    report(&fixture, "far");
    label(&fixture, "far", "how far is it");
    diag_note(&fixture.diags, fixture.diag,
              "notes are broken between words and indented like this");
    check_printed(&fixture, narrow,
                  "   |\n"
                  " 1 | … terminal, far too long indeed, alas\n"
                  "   |             ^^^ how far is it\n"
                  "   |\n"
                  "   = note: notes are broken between words\n"
                  "           and indented like this\n\n");
    fixture_begin(&fixture, "here is a short line\n");
    report(&fixture, "here is a short line");
    label(&fixture, "here is a short line", "a label with many words in it");
    check_printed(&fixture, narrow,
                  "   |\n"
                  " 1 | here is a short line\n"
                  "   | ^^^^^^^^^^^^^^^^^^^^\n"
                  "   | |\n"
                  "   | a label with many words in it\n\n");
    fixture_begin(&fixture,
                  "begin, then a line that is too long for this terminal, far too long, end\n");
    report(&fixture, "begin");
    label(&fixture, "end", "out of sight");
    check_printed(&fixture, narrow,
                  "   |\n"
                  " 1 | begin, then a line that is too long …\n"
                  "   | ^^^^^                               - out of sight\n\n");
}

static void test_wide_characters(void)
{
    struct fixture fixture;
    fixture_begin(&fixture, "\xe6\x97\xa5\xe6\x9c\xac x e\xcc\x81 y\n");
    report(&fixture, "y");
    label(&fixture, "x", "behind two wide ones");
    check_printed(&fixture, plain,
                  "   |\n"
                  " 1 | \xe6\x97\xa5\xe6\x9c\xac x e\xcc\x81 y\n"
                  "   |      -   ^\n"
                  "   |      |\n"
                  "   |      behind two wide ones\n\n");
    CHECK_INT(cells_of('a'), 1);
    CHECK_INT(cells_of(0xe9), 1);
    CHECK_INT(cells_of(0x301), 0);
    CHECK_INT(cells_of(0x65e5), 2);
    CHECK_INT(cells_of(0x1f600), 2);
    CHECK_INT(cells_of(0xfe0f), 0);
    CHECK_INT(cells_of(0x10ffff), 1);
}

static void test_colours(void)
{
    struct fixture fixture;
    fixture_begin(&fixture, "say blue\n");
    report(&fixture, "blue");
    label(&fixture, "say", "who");
    check_printed(&fixture, (struct diag_style){.colour = true},
                  "\033[1;34m   |\033[0m\n"
                  "\033[1;34m 1 |\033[0m say blue\n"
                  "\033[1;34m   |\033[0m \033[1;34m--- \033[0m\033[1;31m^^^^\033[0m\n"
                  "\033[1;34m   |\033[0m \033[1;34m|\033[0m\n"
                  "\033[1;34m   |\033[0m \033[1;34mwho\033[0m\n\n");
}

static const struct test tests[] = {
    {"one place", test_one_place},
    {"places in one line", test_places_in_one_line},
    {"places in many lines", test_places_in_many_lines},
    {"places of many lines", test_places_of_many_lines},
    {"corrections", test_corrections},
    {"corrections of lines", test_corrections_of_lines},
    {"narrow terminal", test_narrow_terminal},
    {"wide characters", test_wide_characters},
    {"colours", test_colours},
};

TESTS_MAIN(tests)
