/* apps.pki: the certificate authorities of our own. */
#include <stdlib.h>

#include "native/lower_private.h"

#define DAY_NS INT64_C(86400000000000)
enum { RENEWAL_PERMILLE = 200 };
static const int64_t INTERMEDIATE_LIFETIME_NS = 7 * DAY_NS;
static const int64_t ROOT_LIFETIME_NS = 3600 * DAY_NS; /* of those that the core makes, as Caddy */

struct pair_json {
    struct dt_text certificate, key;
    struct str format;
};

static const struct field pair_fields[] = {
    {"certificate", FIELD_TEXT, offsetof(struct pair_json, certificate)},
    {"private_key", FIELD_TEXT, offsetof(struct pair_json, key)},
    {"format", FIELD_STR, offsetof(struct pair_json, format)},
    {0},
};

static void lower_pair(struct lowering *lo, const json_t *pair, struct dt_text *certificate,
                       struct dt_text *key)
{
    struct pair_json in = {0};
    const struct token *before = enter(lo, pair);
    read_object(lo, pair, "a certificate authority's certificate", pair_fields, &in);
    if (in.format.len && !str_is(in.format, "pem_file"))
        reject(lo, "'" STR_FMT "' is no format of a certificate: pem_file is the only one",
               STR_ARG(in.format));
    if (pair && !in.certificate.len)
        reject(lo, "a certificate authority's certificate needs its file");
    *certificate = in.certificate;
    *key = in.key;
    leave(lo, before);
}

static void lower_authority(struct lowering *lo, struct str id, const json_t *authority)
{
    struct authority_json {
        struct dt_authority row;
        const json_t *root, *intermediate, *renewal;
    } in = {0};
#define ROW(member) offsetof(struct authority_json, row.member)
    static const struct field fields[] = {
        {"name", FIELD_TEXT, ROW(name)},
        {"root_common_name", FIELD_TEXT, ROW(root_common_name)},
        {"intermediate_common_name", FIELD_TEXT, ROW(intermediate_common_name)},
        {"intermediate_lifetime", FIELD_DURATION, ROW(intermediate_lifetime_ns)},
        {"install_trust", FIELD_IGNORED, 0}, /* the core never touches the system's store */
        {"root", FIELD_JSON, offsetof(struct authority_json, root)},
        {"intermediate", FIELD_JSON, offsetof(struct authority_json, intermediate)},
        {"maintenance_interval", FIELD_IGNORED, 0}, /* the core wakes up when something is due */
        {"renewal_window_ratio", FIELD_JSON, offsetof(struct authority_json, renewal)},
        {"storage", FIELD_REFUSED, 0},
        {0},
    };
#undef ROW
    const struct token *before = enter(lo, authority);
    read_object(lo, authority, "a certificate authority", fields, &in);
    struct dt_authority row = in.row;
    row.id = intern(lo, id);
    row.origin = origin_here(lo);
    row.renewal_permille = lower_permille(lo, in.renewal, "renewal_window_ratio", RENEWAL_PERMILLE);
    if (row.intermediate_lifetime_ns == 0)
        row.intermediate_lifetime_ns = INTERMEDIATE_LIFETIME_NS;
    if (row.intermediate_lifetime_ns < 0 ||
        (!in.root && row.intermediate_lifetime_ns >= ROOT_LIFETIME_NS))
        reject(lo, "an intermediate certificate must live shorter than its root (3600 days)");
    lower_pair(lo, in.root, &row.root_certificate, &row.root_key);
    lower_pair(lo, in.intermediate, &row.intermediate_certificate, &row.intermediate_key);
    if (in.intermediate && !row.intermediate_key.len)
        reject_at(lo, in.intermediate, "an intermediate certificate without its key signs nothing");
    if (in.root && !row.root_key.len && !in.intermediate)
        reject_at(lo, in.root, "a root certificate without its key needs an intermediate one");
    map_put(&lo->authority_rows, id, (void *)(uintptr_t)(push_authorities(lo, row) + 1));
    leave(lo, before);
}

static int by_id(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

void lower_pki(struct lowering *lo, const json_t *pki)
{
    struct pki_json {
        const json_t *authorities;
    } in = {0};
    static const struct field fields[] = {
        {"certificate_authorities", FIELD_JSON, offsetof(struct pki_json, authorities)},
        {0},
    };
    const struct token *before = enter(lo, pki);
    read_object(lo, pki, "the pki app", fields, &in);
    size_t n = json_object_size(in.authorities), at = 0;
    struct str *ids = arena_array(lo->arena, struct str, n + 1);
    const json_t *walked = in.authorities;
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i))
        ids[at++] = str_make(json_object_iter_key(i), json_object_iter_key_len(i));
    qsort(ids, n, sizeof(*ids), by_id);
    for (size_t i = 0; i < n; i++)
        lower_authority(lo, ids[i], json_object_find(in.authorities, ids[i].ptr, ids[i].len));
    leave(lo, before);
}

uint32_t authority_of(struct lowering *lo, struct str id)
{
    if (!id.len)
        id = STR("local");
    uintptr_t found = (uintptr_t)map_get(&lo->authority_rows, id);
    if (!found && !str_is(id, "local")) {
        reject(lo, "there is no certificate authority '" STR_FMT "'", STR_ARG(id));
        return DT_NONE;
    }
    if (!found) {
        struct dt_authority row = {.id = intern(lo, id),
                                   .intermediate_lifetime_ns = INTERMEDIATE_LIFETIME_NS,
                                   .renewal_permille = RENEWAL_PERMILLE,
                                   .origin = origin_here(lo)};
        found = (uintptr_t)push_authorities(lo, row) + 1;
        map_put(&lo->authority_rows, id, (void *)found);
    }
    return (uint32_t)(found - 1);
}
