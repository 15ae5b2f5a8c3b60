/* Names of headers as log lines have them. */
#include "proxy/log_request.c"
#include "test.h"

/* A letter behind a hyphen, or the first one, is a capital, and no other is. */
static void write_plainly(char *name, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool is_start = i == 0 || name[i - 1] == '-';
        if (is_start && name[i] >= 'a' && name[i] <= 'z')
            name[i] = (char)(name[i] - 0x20);
        else if (!is_start && name[i] >= 'A' && name[i] <= 'Z')
            name[i] = (char)(name[i] + 0x20);
    }
}

static void test_names(void)
{
    static const char letters[] = "azAZ--_09@[`{\xC1\xE1\xFA";
    struct arena arena = ARENA_INIT;
    uint64_t random = 1;
    for (int i = 0; i < 40000; i++) {
        char name[41], wanted[41];
        size_t len = (size_t)i % sizeof(name);
        for (size_t k = 0; k < len; k++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            name[k] = letters[(random >> 33) % (sizeof(letters) - 1)];
        }
        memcpy(wanted, name, len);
        write_plainly(wanted, len);
        struct str got = canonical_name(&arena, str_make(name, len));
        CHECK(got.len == len && memcmp(got.ptr, wanted, len) == 0);
        CHECK_INT(mark_of(str_make(name, len)), mark_of(str_make(wanted, len)));
    }
    CHECK_STR(canonical_name(&arena, STR("sec-CH-ua-mobile")), "Sec-Ch-Ua-Mobile");
    arena_free(&arena);
}

static const struct test tests[] = {{"names", test_names}};

TESTS_MAIN(tests)
