/* The address scanner on any bytes: every part lies in the text, in order, and texts made of the
 * parts are read alike. */
#include "syntax/address.h"

#include <assert.h>

#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_part(const struct address *address, struct str part)
{
    if (!part.ptr)
        return;
    assert(part.ptr >= address->text.ptr || part.len == 0);
    assert(part.ptr + part.len <= address->text.ptr + address->text.len || part.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct address address, again;
    address_scan(str_make((const char *)data, size), &address);

    const struct str parts[] = {address.scheme, address.network, address.userinfo,
                                address.host,   address.zone,    address.port,
                                address.path,   address.query,   address.fragment};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        check_part(&address, parts[i]);
    assert(address.problem_begin <= address.problem_end && address.problem_end <= size);
    assert(address.problem < N_ADDRESS_PROBLEMS);
    assert(address.has_zone || address.zone.len == 0);

    bool has_nul = memchr(data, 0, size) != NULL;
    if (address.problem == ADDRESS_FINE && address.has_zone && address.kind == HOST_IPV6 &&
        !has_nul) {
        struct str dial = address_dial(&arena, &address, STR("80"));
        address_scan(dial, &again);
        assert(again.has_zone && again.kind == HOST_IPV6 && again.problem == ADDRESS_FINE);
        assert(memcmp(address.ip, again.ip, sizeof(address.ip)) == 0);
    }
    if (address.kind == HOST_IPV6) {
        char text[IPV6_TEXT_MAX];
        uint8_t ip[16];
        assert(ipv6_parse(ipv6_format(address.ip, text), ip));
        assert(memcmp(address.ip, ip, sizeof(ip)) == 0);
    }
    address_without_zone(&arena, &address);
    address_plain(&arena, &address);
    arena_free(&arena);
    return 0;
}
