/* Lists of fields: what is done to them in any order, beside a list that is looked through each
 * time. */
#include "base/arena.h"
#include "http/message.h"
#include "random.h"
#include "test.h"

static const char *const names[] = {"Host",   "Connection", "Via",     "via",  "X-Y",
                                    "x-y",    "Server",     "Vary",    "ETag", "Http2-Settings",
                                    "Cookie", "Set-Cookie", "Unknown", "Te"};
enum { N_NAMES = sizeof(names) / sizeof(names[0]), MOST = 64 };

/* The same list, kept without any of its means. */
struct plain {
    struct {
        struct str name, value;
    } at[MOST];
    unsigned n;
};

static unsigned remove_plain(struct plain *list, struct str name)
{
    unsigned kept = 0, before = list->n;
    for (unsigned i = 0; i < before; i++)
        if (!str_eq_nocase(list->at[i].name, name))
            list->at[kept++] = list->at[i];
    list->n = kept;
    return before - kept;
}

static void add_plain(struct plain *list, struct str name, struct str value)
{
    list->at[list->n].name = name;
    list->at[list->n++].value = value;
}

static void compare(const struct http_headers *headers, const struct plain *list)
{
    bool all_same = headers->n == list->n;
    for (unsigned i = 0; all_same && i < list->n; i++)
        all_same = str_eq_nocase(headers->at[i].name, list->at[i].name) &&
                   str_eq(headers->at[i].value, list->at[i].value) &&
                   headers->at[i].id == header_id_of(list->at[i].name);
    CHECK(all_same);
    bool all_found = true;
    for (int id = 1; id < N_HEADER_IDS; id++) {
        const struct http_header *found = headers_find(headers, (enum header_id)id);
        unsigned first = 0;
        while (first < list->n && header_id_of(list->at[first].name) != (enum header_id)id)
            first++;
        all_found &= found == (first < list->n ? &headers->at[first] : NULL);
        all_found &= !found || (headers->names & header_bit((enum header_id)id));
    }
    CHECK(all_found);
}

/* One step of many: the same with both. */
static void change(struct arena *arena, struct http_headers *headers, struct plain *list)
{
    struct str name = str_from(names[below(N_NAMES)]);
    struct str value = str_printf(arena, "%u", below(1000));
    enum header_id id = header_id_of(name);
    switch (below(7)) {
    case 0:
    case 1:
        headers_add_named(headers, name, value);
        add_plain(list, name, value);
        break;
    case 2:
        headers_set_named(headers, name, value);
        remove_plain(list, name);
        add_plain(list, name, value);
        break;
    case 3:
        CHECK_INT(headers_remove_named(headers, name), remove_plain(list, name));
        break;
    case 4:
        if (id != HEADER_OTHER)
            CHECK_INT(headers_remove(headers, id), remove_plain(list, name));
        break;
    case 5:
        headers_add_line(headers, HEADER_VIA, STR("Via: 1.1 Caddy\r\n"));
        add_plain(list, STR("Via"), STR("1.1 Caddy"));
        break;
    case 6:
        *headers = headers_copy(arena, headers, below(3));
        break;
    }
}

static void test_lists(void)
{
    struct arena arena = ARENA_INIT;
    for (unsigned round = 0; round < 3000; round++) {
        struct http_headers headers = {.arena = &arena};
        struct plain list = {.n = 0};
        for (unsigned n = below(MOST); n > 0; n--)
            change(&arena, &headers, &list);
        compare(&headers, &list);
        arena_reset(&arena);
    }
    arena_free(&arena);
}

static const struct test tests[] = {
    {"lists", test_lists},
};

TESTS_MAIN(tests)
