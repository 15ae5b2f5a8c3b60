/* The certificates and the trust of a running core, read and made as a whole: either all of it is
 * fine, or what was there before stays. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "acme/paths.h"
#include "proxy/tls_state.h"

struct loading {
    struct core *core;
    struct tls_set *set;
    const struct tls_set *before;
    bool only_due;
    uint32_t row; /* of certificates */
    bool is_fine;
};

/* --- paths --- */

static bool known_value(const struct core *core, struct str name, struct str *out)
{
    if (str_has_prefix(name, STR("env."))) {
        char text[256];
        struct str key = str_slice(name, 4, name.len);
        if (key.len >= sizeof(text))
            return false;
        memcpy(text, key.ptr, key.len);
        text[key.len] = '\0';
        const char *value = getenv(text);
        *out = str_from(value ? value : "");
        return true;
    }
    if (str_eq(name, STR("system.hostname")))
        *out = core->hostname;
    else if (str_eq(name, STR("system.wd")))
        *out = core->working_directory;
    else
        return false;
    return true;
}

const char *tls_path(const struct core *core, struct arena *arena, struct dt_text path)
{
    struct str rest = table_text(core->tables, path), before, name, after, value;
    struct strbuf out = strbuf_in(arena);
    while (str_cut(rest, STR("{"), &before, &after)) {
        strbuf_add(&out, before);
        if (str_cut(after, STR("}"), &name, &rest) && known_value(core, name, &value)) {
            strbuf_add(&out, value);
            continue;
        }
        strbuf_add_char(&out, '{');
        rest = after;
    }
    strbuf_add(&out, rest);
    return strbuf_cstr(&out);
}

const char *tls_stored_path(const struct core *core, struct arena *arena, struct dt_text path)
{
    return arena_printf(arena, STR_FMT "/%s", STR_ARG(core->data_directory),
                        tls_path(core, arena, path));
}

/* Calls back with every file below the folder whose name ends in .pem, in the order of the names.
 */
static bool each_pem(struct arena *arena, const char *folder,
                     bool (*found)(void *ctx, const char *path), void *ctx,
                     char error[TLS_ERROR_BYTES])
{
    struct dirent **names = NULL;
    int n = scandir(folder, &names, NULL, alphasort);
    bool is_fine = n >= 0;
    if (!is_fine)
        snprintf(error, TLS_ERROR_BYTES, "%.180s: %s", folder, strerror(errno));
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        const char *path = arena_printf(arena, "%s/%s", folder, name);
        size_t len = strlen(name);
        struct stat stat;
        bool is_folder = lstat(path, &stat) == 0 && S_ISDIR(stat.st_mode);
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && is_folder && is_fine)
            is_fine = each_pem(arena, path, found, ctx, error);
        else if (!is_folder && len >= 4 && strcasecmp(name + len - 4, ".pem") == 0 && is_fine)
            is_fine = found(ctx, path);
        free(names[i]);
    }
    free(names);
    return is_fine;
}

/* --- trust --- */

struct leaf_folder {
    struct tls_trust *trust;
    char *error;
};

static bool on_leaf_file(void *ctx, const char *path)
{
    struct leaf_folder *folder = ctx;
    return tls_trust_add_leaf_file(folder->trust, path, folder->error);
}

static bool add_leafs(struct core *core, struct arena *arena, const struct dt_leaf_verifier *row,
                      struct tls_trust *trust, char error[TLS_ERROR_BYTES])
{
    const struct dt_tables *tables = core->tables;
    struct leaf_folder folder = {trust, error};
    bool is_fine = true;
    tls_trust_begin_leafs(trust);
    for (uint32_t i = 0; is_fine && i < row->certificates.n; i++)
        is_fine = tls_trust_add_leaf_inline(
            trust, table_text(tables, tables->texts[row->certificates.first + i]), error);
    for (uint32_t i = 0; is_fine && i < row->files.n; i++)
        is_fine = tls_trust_add_leaf_file(
            trust, tls_path(core, arena, tables->texts[row->files.first + i]), error);
    for (uint32_t i = 0; is_fine && i < row->folders.n; i++)
        is_fine = each_pem(arena, tls_path(core, arena, tables->texts[row->folders.first + i]),
                           on_leaf_file, &folder, error);
    for (uint32_t i = 0; is_fine && i < row->pems.n; i++)
        is_fine = tls_trust_add_leaf_pem(
            trust, table_text(tables, tables->texts[row->pems.first + i]), error);
    for (uint32_t i = 0; is_fine && i < row->stored.n; i++)
        is_fine = tls_trust_add_leaf_file(
            trust, tls_stored_path(core, arena, tables->texts[row->stored.first + i]), error);
    return is_fine;
}

static bool add_authorities(struct core *core, struct dt_range rows, bool is_root,
                            struct tls_trust *trust, char error[TLS_ERROR_BYTES])
{
    for (uint32_t i = 0; i < rows.n; i++) {
        struct local_ca *ca =
            tls_authority(core, core->tables->numbers[rows.first + i].value, error);
        if (!ca)
            return false;
        tls_trust_add_authority(trust, ca, is_root);
    }
    return true;
}

static bool add_pool(struct core *core, struct arena *arena, const struct dt_trust_pool *pool,
                     struct tls_trust *trust, char error[TLS_ERROR_BYTES])
{
    const struct dt_tables *tables = core->tables;
    bool is_fine = !pool->uses_system || tls_trust_add_system(trust, error);
    for (uint32_t i = 0; is_fine && i < pool->files.n; i++)
        is_fine = tls_trust_add_file(
            trust, tls_path(core, arena, tables->texts[pool->files.first + i]), error);
    for (uint32_t i = 0; is_fine && i < pool->certificates.n; i++)
        is_fine = tls_trust_add_inline(
            trust, table_text(tables, tables->texts[pool->certificates.first + i]), error);
    for (uint32_t i = 0; is_fine && i < pool->stored.n; i++)
        is_fine = tls_trust_add_file(
            trust, tls_stored_path(core, arena, tables->texts[pool->stored.first + i]), error);
    return is_fine && add_authorities(core, pool->roots, true, trust, error) &&
           add_authorities(core, pool->intermediates, false, trust, error);
}

struct tls_trust *tls_pool(struct core *core, uint32_t pool, struct dt_range leafs, uint32_t origin)
{
    const struct dt_tables *tables = core->tables;
    struct arena arena = ARENA_INIT;
    char error[TLS_ERROR_BYTES] = "";
    struct tls_trust *trust = tls_trust_new();
    bool is_fine = pool == DT_NONE
                       ? tls_trust_add_system(trust, error)
                       : add_pool(core, &arena, &tables->trust_pools[pool], trust, error);
    for (uint32_t i = 0; is_fine && i < leafs.n; i++)
        is_fine = add_leafs(core, &arena, &tables->leaf_verifiers[leafs.first + i], trust, error);
    if (!is_fine) {
        tls_complain(core, origin, "trusted certificates", error);
        tls_trust_unref(trust);
        trust = NULL;
    }
    arena_free(&arena);
    return trust;
}

/* --- certificates --- */

/* The same certificate twice is one, with all tags. Takes the reference over. */
static void add_entry(struct loading *load, struct tls_identity *identity)
{
    struct tls_set *set = load->set;
    const struct tls_identity_facts *facts = tls_identity_facts(identity);
    for (size_t i = 0; i < set->entries.n; i++) {
        if (!tls_identity_same(set->entries.at[i].identity, identity))
            continue;
        vec_push(&set->arena, &set->entries.at[i].rows, load->row);
        tls_identity_unref(identity);
        return;
    }
    struct tls_entry entry = {.identity = identity};
    vec_push(&set->arena, &entry.rows, load->row);
    vec_push(&set->arena, &set->entries, entry);
    for (size_t i = 0; i < facts->n_names; i++) {
        struct tls_entry_list *list = map_get(&set->names, facts->names[i]);
        if (!list) {
            list = arena_new(&set->arena, struct tls_entry_list);
            map_put(&set->names, str_dup(&set->arena, facts->names[i]), list);
        }
        vec_push(&set->arena, &list->at, (uint32_t)(set->entries.n - 1));
    }
}

static const struct dt_certificate *row_of(const struct loading *load)
{
    return &load->core->tables->certificates[load->row];
}

static void fail(struct loading *load, const char *what, const char *why)
{
    load->is_fine = tls_complain(load->core, row_of(load)->origin, what, why);
}

static char *read_small_file(const char *path, size_t *len)
{
    enum { MAX_RESPONSE = 1 << 20 };
    FILE *in = fopen(path, "re");
    char *bytes = in ? malloc(MAX_RESPONSE) : NULL;
    if (bytes)
        *len = fread(bytes, 1, MAX_RESPONSE, in);
    if (in)
        fclose(in);
    return bytes;
}

/* The OCSP response beside the certificate: <file>.ocsp. One that is too old is left out, for it
 * ages by itself; one that was never right is a mistake. */
static void staple(struct loading *load, struct tls_identity *identity, const char *file)
{
    char error[TLS_ERROR_BYTES];
    size_t len = 0;
    const char *path = arena_printf(&load->set->arena, "%s.ocsp", file);
    char *response = row_of(load)->staples ? read_small_file(path, &len) : NULL;
    if (!response)
        return;
    switch (tls_identity_staple(identity, str_make(response, len), error)) {
    case TLS_STAPLE_OK:
        break;
    case TLS_STAPLE_STALE:
        tls_complain(load->core, row_of(load)->origin, path, error);
        break;
    case TLS_STAPLE_BAD:
        fail(load, path, error);
        break;
    }
    free(response);
}

static void load_pair(struct loading *load, const char *certificate, const char *key)
{
    char error[TLS_ERROR_BYTES];
    struct tls_identity *identity = tls_identity_load(certificate, key, error);
    if (!identity) {
        fail(load, "certificate", error);
        return;
    }
    if (tls_identity_facts(identity)->n_names == 0) {
        fail(load, certificate, "the certificate has no names");
        tls_identity_unref(identity);
        return;
    }
    staple(load, identity, certificate);
    add_entry(load, identity);
}

static bool on_bundle(void *ctx, const char *path)
{
    load_pair(ctx, path, path);
    return true;
}

static void load_pem(struct loading *load)
{
    const struct dt_tables *tables = load->core->tables;
    char error[TLS_ERROR_BYTES];
    struct tls_identity *identity = tls_identity_parse(
        table_text(tables, row_of(load)->certificate), table_text(tables, row_of(load)->key),
        "PEM in the configuration", error);
    if (identity)
        add_entry(load, identity);
    else
        fail(load, "certificate", error);
}

/* Some certificate that was loaded is for the name. */
static bool has_loaded(const struct core *core, const struct tls_set *set, struct arena *arena,
                       struct str name)
{
    const struct dt_tables *tables = core->tables;
    struct strbuf stars = strbuf_in(arena);
    struct str label, rest = str_lower(arena, name), candidate = rest;
    for (bool more = true;;) {
        const struct tls_entry_list *list = map_get(&set->names, candidate);
        for (size_t i = 0; list && i < list->at.n; i++) {
            uint32_t row = set->entries.at[list->at.at[i]].rows.at[0];
            if (tables->certificates[row].kind != DT_CERTIFICATE_INTERNAL &&
                tables->certificates[row].kind != DT_CERTIFICATE_ACME)
                return true;
        }
        if (!more)
            return false;
        more = str_cut(rest, STR("."), &label, &rest);
        strbuf_puts(&stars, more ? "*." : "*");
        candidate = more ? STR_JOIN(arena, strbuf_str(&stars), rest) : strbuf_str(&stars);
    }
}

/* The one of before, as long as it is good: not where the authority's files are read again. */
static struct tls_identity *kept(const struct loading *load)
{
    const struct dt_authority *authority =
        &load->core->tables->authorities[row_of(load)->authority];
    if (!load->only_due &&
        (authority->root_certificate.len || authority->intermediate_certificate.len))
        return NULL;
    int64_t now = (int64_t)time(NULL);
    for (size_t i = 0; load->before && i < load->before->entries.n; i++) {
        const struct tls_entry *entry = &load->before->entries.at[i];
        if (entry->rows.at[0] == load->row && now < tls_identity_facts(entry->identity)->renew_at)
            return tls_identity_ref(entry->identity);
    }
    return NULL;
}

static void make_internal(struct loading *load)
{
    const struct dt_tables *tables = load->core->tables;
    const struct dt_certificate *row = row_of(load);
    char error[TLS_ERROR_BYTES] = "";
    struct tls_issue issue = {
        .name = table_text(tables, row->subject),
        .key_type = table_text(tables, row->key_type),
        .lifetime_ns = row->lifetime_ns,
        .renewal_permille = row->renewal_permille,
        .signs_with_root = row->signs_with_root,
    };
    if (row->unless_loaded && has_loaded(load->core, load->set, &load->set->arena, issue.name))
        return;
    struct tls_identity *identity = kept(load);
    if (!identity) {
        struct local_ca *ca = tls_authority(load->core, row->authority, error);
        identity = ca ? tls_identity_issue(ca, &issue, error) : NULL;
    }
    if (identity)
        add_entry(load, identity);
    else
        fail(load, dt_chars(tables, row->subject), error);
}

bool tls_wants_certificate(struct core *core, uint32_t row)
{
    const struct dt_certificate *certificate = &core->tables->certificates[row];
    struct arena arena = ARENA_INIT;
    struct str name = table_text(core->tables, certificate->subject);
    bool is_loaded = certificate->unless_loaded && has_loaded(core, core->tls->set, &arena, name);
    arena_free(&arena);
    return !is_loaded;
}

/* What was got so far: of several issuers', what holds longest. None yet, or one that is broken, is
 * nothing to end for: a new one is on its way. */
static void load_ordered(struct loading *load)
{
    const struct core *core = load->core;
    const struct dt_tables *tables = core->tables;
    const struct dt_certificate *row = row_of(load);
    struct arena *arena = &load->set->arena;
    struct str name = table_text(tables, row->subject);
    struct tls_identity *best = NULL;
    if (row->unless_loaded && has_loaded(core, load->set, arena, name))
        return;
    for (uint32_t i = 0; i < row->issuers.n; i++) {
        uint32_t issuer = tables->numbers[row->issuers.first + i].value;
        struct acme_paths paths =
            acme_paths_of(arena, core->data_directory,
                          table_text(tables, tables->acme_issuers[issuer].directory), name);
        char error[TLS_ERROR_BYTES];
        if (access(paths.certificate, F_OK) != 0)
            continue;
        struct tls_identity *identity = tls_identity_load(paths.certificate, paths.key, error);
        if (!identity) {
            tls_complain(load->core, row->origin, "certificate", error);
        } else if (best &&
                   tls_identity_facts(best)->not_after >= tls_identity_facts(identity)->not_after) {
            tls_identity_unref(identity);
        } else {
            tls_identity_unref(best);
            best = identity;
        }
    }
    if (best)
        add_entry(load, best);
}

static void keep_loaded(struct loading *load)
{
    for (size_t i = 0; i < load->before->entries.n; i++) {
        const struct tls_entry *entry = &load->before->entries.at[i];
        for (size_t k = 0; k < entry->rows.n; k++)
            if (entry->rows.at[k] == load->row)
                add_entry(load, tls_identity_ref(entry->identity));
    }
}

static void load_certificate(struct loading *load)
{
    const struct dt_certificate *row = row_of(load);
    struct core *core = load->core;
    struct arena *arena = &load->set->arena;
    char error[TLS_ERROR_BYTES];
    switch ((enum dt_certificate_kind)row->kind) {
    case DT_CERTIFICATE_FILES:
        load_pair(load, tls_path(core, arena, row->certificate), tls_path(core, arena, row->key));
        break;
    case DT_CERTIFICATE_STORED:
        load_pair(load, tls_stored_path(core, arena, row->certificate),
                  tls_stored_path(core, arena, row->key));
        break;
    case DT_CERTIFICATE_FOLDER:
        if (!each_pem(arena, tls_path(core, arena, row->certificate), on_bundle, load, error))
            fail(load, "certificates", error);
        break;
    case DT_CERTIFICATE_PEM:
        load_pem(load);
        break;
    case DT_CERTIFICATE_INTERNAL:
        make_internal(load);
        break;
    case DT_CERTIFICATE_ACME:
        load_ordered(load);
        break;
    case DT_CERTIFICATE_NONE:
    case DT_N_CERTIFICATE_KINDS:
        fail(load, "certificate", "of an unknown kind");
        break;
    }
}

/* --- what a policy's selection lets in --- */

static bool has_text(const struct dt_tables *tables, struct dt_range texts, struct str text)
{
    for (uint32_t i = 0; i < texts.n; i++)
        if (str_eq(table_text(tables, tables->texts[texts.first + i]), text))
            return true;
    return false;
}

static bool has_tag(const struct dt_tables *tables, const struct tls_entry *entry, struct str tag)
{
    for (size_t i = 0; i < entry->rows.n; i++)
        if (has_text(tables, tables->certificates[entry->rows.at[i]].tags, tag))
            return true;
    return false;
}

static uint32_t count_tags(const struct dt_tables *tables, const struct tls_entry *entry,
                           struct dt_range tags)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < tags.n; i++)
        n += has_tag(tables, entry, table_text(tables, tables->texts[tags.first + i]));
    return n;
}

static bool is_chosen(const struct dt_tables *tables, const struct dt_connection_policy *policy,
                      const struct tls_entry *entry)
{
    static const enum tls_key_algorithm algorithms[] = {
        [DT_KEY_RSA] = TLS_KEY_RSA, [DT_KEY_DSA] = TLS_KEY_DSA, [DT_KEY_ECDSA] = TLS_KEY_ECDSA};
    const struct tls_identity_facts *facts = tls_identity_facts(entry->identity);
    bool has_organization = policy->organizations.n == 0;
    for (size_t i = 0; i < facts->n_organizations && !has_organization; i++)
        has_organization = has_text(tables, policy->organizations, facts->organizations[i]);
    if (!has_organization)
        return false;
    if (policy->serial_numbers.n && !has_text(tables, policy->serial_numbers, facts->serial))
        return false;
    if (policy->key_algorithm && algorithms[policy->key_algorithm] != facts->algorithm)
        return false;
    if (policy->any_tags.n && count_tags(tables, entry, policy->any_tags) == 0)
        return false;
    return count_tags(tables, entry, policy->all_tags) == policy->all_tags.n;
}

static void load_trust(struct loading *load, uint32_t row)
{
    const struct dt_tables *tables = load->core->tables;
    const struct dt_connection_policy *policy = &tables->connection_policies[row];
    struct tls_trust **trust = &load->set->trust[row];
    bool has_trust = policy->client_pool != DT_NONE || policy->client_leafs.n > 0 ||
                     policy->client_auth >= DT_CLIENT_AUTH_VERIFY_IF_GIVEN;
    if (!has_trust || policy->client_auth == DT_CLIENT_AUTH_NONE)
        return;
    bool may_change = policy->client_pool != DT_NONE &&
                      tables->trust_pools[policy->client_pool].intermediates.n > 0;
    if (!load->only_due || may_change)
        *trust = tls_pool(load->core, policy->client_pool, policy->client_leafs, policy->origin);
    if (!*trust && load->only_due)
        *trust = tls_trust_ref(load->before->trust[row]);
    load->is_fine &= *trust != NULL;
}

static void load_selection(struct loading *load, uint32_t row)
{
    struct tls_set *set = load->set;
    const struct dt_tables *tables = load->core->tables;
    const struct dt_connection_policy *policy = &tables->connection_policies[row];
    if (!policy->has_selection)
        return;
    set->chosen[row] = arena_array(&set->arena, bool, set->entries.n + 1);
    for (size_t i = 0; i < set->entries.n; i++)
        set->chosen[row][i] = is_chosen(tables, policy, &set->entries.at[i]);
}

/* --- the whole --- */

struct tls_set *tls_set_load(struct core *core, const struct tls_set *before, bool only_due)
{
    const struct dt_tables *tables = core->tables;
    struct tls_set *set = calloc(1, sizeof(*set));
    if (!set)
        abort();
    struct loading load = {
        .core = core, .set = set, .before = before, .only_due = only_due, .is_fine = true};
    set->n_policies = tables->n_connection_policies;
    set->names = map_in(&set->arena);
    set->trust = arena_array(&set->arena, struct tls_trust *, tables->n_connection_policies + 1);
    set->chosen = arena_array(&set->arena, bool *, tables->n_connection_policies + 1);
    for (; load.row < tables->n_certificates; load.row++) {
        if (only_due && tables->certificates[load.row].kind != DT_CERTIFICATE_INTERNAL)
            keep_loaded(&load);
        else
            load_certificate(&load);
    }
    for (uint32_t i = 0; i < tables->n_connection_policies; i++) {
        load_trust(&load, i);
        load_selection(&load, i);
    }
    if (load.is_fine)
        return set;
    tls_set_free(set);
    return NULL;
}

void tls_set_free(struct tls_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->entries.n; i++)
        tls_identity_unref(set->entries.at[i].identity);
    for (uint32_t i = 0; i < set->n_policies; i++)
        tls_trust_unref(set->trust[i]);
    arena_free(&set->arena);
    free(set);
}

int64_t tls_set_due(const struct tls_set *set)
{
    int64_t due = 0;
    for (size_t i = 0; i < set->entries.n; i++) {
        int64_t at = tls_identity_facts(set->entries.at[i].identity)->renew_at;
        if (at && (!due || at < due))
            due = at;
    }
    return due;
}
