/* Keys of session tickets: their rotation, and how one process tells them to another. */
#include "net/tls_tickets.c"

#include "test.h"

static const int64_t INTERVAL_NS = INT64_C(3600) * 1000000000;

static void test_rotation(void)
{
    struct tls_tickets *tickets = tls_tickets_new(3, INTERVAL_NS);
    CHECK(rotate(tickets));
    CHECK_INT(tickets->n, 1);
    struct ticket_key first = tickets->keys[0];
    CHECK(rotate(tickets));
    CHECK_INT(tickets->n, 1); /* it is not due yet */
    tickets->rotated_ns -= 2 * INTERVAL_NS;
    CHECK(rotate(tickets));
    CHECK_INT(tickets->n, 3);
    CHECK(memcmp(&tickets->keys[2], &first, sizeof(first)) == 0);
    CHECK(memcmp(&tickets->keys[0], &first, sizeof(first)) != 0);
    tickets->rotated_ns -= INTERVAL_NS;
    CHECK(rotate(tickets));
    CHECK_INT(tickets->n, 3);
    for (unsigned i = 0; i < 3; i++)
        CHECK(memcmp(&tickets->keys[i], &first, sizeof(first)) != 0);
    tls_tickets_free(tickets);
}

/* The successor opens what its predecessor sealed, and keys die there when they would have here. */
static void test_handing_over(void)
{
    unsigned char bytes[4096];
    struct tls_tickets *old = tls_tickets_new(4, INTERVAL_NS),
                       *new = tls_tickets_new(4, INTERVAL_NS);
    CHECK_INT(tls_tickets_save(old, bytes, sizeof(bytes)), 0); /* nobody came: there is no key */
    rotate(old);
    old->rotated_ns -= 2 * INTERVAL_NS;
    rotate(old);
    size_t len = tls_tickets_save(old, bytes, sizeof(bytes));
    CHECK_INT(len, sizeof(struct saved) + 3 * sizeof(struct ticket_key));
    CHECK(tls_tickets_take(new, bytes, len));
    CHECK_INT(new->n, 3);
    CHECK(memcmp(new->keys, old->keys, 3 * sizeof(struct ticket_key)) == 0);
    CHECK(rotate(new) && new->n == 3);
    new->rotated_ns -= 2 * INTERVAL_NS;
    CHECK(rotate(new) && new->n == 4);
    CHECK(memcmp(&new->keys[2], &old->keys[0], 2 * sizeof(struct ticket_key)) == 0);
    tls_tickets_free(new);

    /* the newest, where there is room for fewer on either side */
    new = tls_tickets_new(2, INTERVAL_NS);
    CHECK(tls_tickets_take(new, bytes, len));
    CHECK_INT(new->n, 2);
    CHECK(memcmp(new->keys, old->keys, 2 * sizeof(struct ticket_key)) == 0);
    len = tls_tickets_save(old, bytes, sizeof(struct saved) + 2 * sizeof(struct ticket_key) - 1);
    CHECK_INT(len, sizeof(struct saved) + sizeof(struct ticket_key));
    CHECK(tls_tickets_take(new, bytes, len));
    CHECK_INT(new->n, 1);
    CHECK_INT(tls_tickets_save(old, bytes, 10), 0);
    tls_tickets_free(new);
    tls_tickets_free(old);
}

static void test_junk(void)
{
    unsigned char bytes[4096], bad[4096];
    struct tls_tickets *old = tls_tickets_new(4, INTERVAL_NS),
                       *new = tls_tickets_new(4, INTERVAL_NS);
    rotate(old);
    size_t len = tls_tickets_save(old, bytes, sizeof(bytes));
    for (size_t i = 0; i < len; i++) /* cut short anywhere */
        CHECK(!tls_tickets_take(new, bytes, i));
    CHECK(!tls_tickets_take(new, bytes, len + 1));
    memcpy(bad, bytes, len);
    bad[0] ^= 1;
    CHECK(!tls_tickets_take(new, bad, len));
    struct saved saved;
    memcpy(&saved, bytes, sizeof(saved));
    memcpy(bad, bytes, len);
    saved.rotated_ns = since_boot_ns() + INTERVAL_NS;
    memcpy(bad, &saved, sizeof(saved));
    CHECK(!tls_tickets_take(new, bad, len));
    saved.rotated_ns = 0;
    saved.n = UINT32_MAX;
    memcpy(bad, &saved, sizeof(saved));
    CHECK(!tls_tickets_take(new, bad, len));
    CHECK_INT(new->n, 0);
    tls_tickets_free(new);
    tls_tickets_free(old);
}

static const struct test tests[] = {
    {"rotation", test_rotation},
    {"handing over", test_handing_over},
    {"junk", test_junk},
};
TESTS_MAIN(tests)
