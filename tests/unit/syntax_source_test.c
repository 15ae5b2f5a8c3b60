/* Positions: lines and columns, in long lines too. */
#include "syntax/source.h"

#include "base/arena.h"
#include "test.h"

static uint32_t count_column(struct str text, size_t at)
{
    size_t begin = at;
    while (begin > 0 && text.ptr[begin - 1] != '\n')
        begin--;
    uint32_t column = 1;
    for (size_t i = begin, size; i < at; i += size, column++)
        utf8_decode(str_slice(text, 0, at), i, &size);
    return column;
}

/* Lines of 1, 2- and 3-byte characters and of bytes that are none, up to some pages long. */
static void test_long_lines(void)
{
    static const char *const parts[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xff", "\xc3"};
    static const size_t lengths[] = {3, 5000, 1, 20000, 4095, 4096, 4097, 0, 12289};
    struct arena arena = ARENA_INIT;
    struct sources sources = sources_in(&arena, NULL);
    struct strbuf text = strbuf_in(&arena);
    uint32_t dice = 1;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        for (size_t k = 0; k < lengths[i]; k++) {
            dice = dice * 1103515245 + 12345;
            strbuf_puts(&text, parts[(dice >> 16) % 5]);
        }
        strbuf_add_char(&text, '\n');
    }
    const struct source *source = source_add(&sources, STR("long"), strbuf_str(&text));
    uint32_t line = 1, begin = 0;
    for (uint32_t at = 0; at < source->raw.len; at++) {
        if (at % 97 == 0 || at - begin < 3) {
            struct position position = source_position(&sources, source->base + at);
            CHECK_INT(position.line, line);
            CHECK_INT(position.byte_column, at - begin + 1);
            CHECK_INT(position.column, count_column(source->raw, at));
        }
        if (source->raw.ptr[at] == '\n') {
            line++;
            begin = at + 1;
        }
    }
    arena_free(&arena);
}

static const struct test tests[] = {
    {"long lines", test_long_lines},
};

TESTS_MAIN(tests)
