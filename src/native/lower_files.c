/* The file matcher and the file server: what they read below their roots. */
#include "base/parse.h"
#include "native/lower_private.h"

/* Templates in a row, of a list of strings. */
static struct dt_range template_list(struct lowering *lo, const json_t *list, const char *what)
{
    size_t n = elements(lo, list, what);
    struct dt_range range = {0, (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        uint32_t row = template_of(lo, json_str(json_array_get(list, i)), UNKNOWN_IS_EMPTY);
        if (i == 0)
            range.first = row;
    }
    return range;
}

static uint32_t root_template(struct lowering *lo, struct str root)
{
    return template_of(lo, root.len ? root : STR("{http.vars.root}"), UNKNOWN_IS_EMPTY);
}

static uint32_t filesystem_template(struct lowering *lo, struct str name)
{
    return name.len ? template_of(lo, name, UNKNOWN_IS_EMPTY) : DT_NONE;
}

/* ---- the matcher ---- */

static const struct {
    const char *name;
    enum dt_try_policy policy;
} policies[] = {
    {"", DT_TRY_FIRST},
    {"first_exist", DT_TRY_FIRST},
    {"first_exist_fallback", DT_TRY_FIRST_OR_LAST},
    {"smallest_size", DT_TRY_SMALLEST},
    {"largest_size", DT_TRY_LARGEST},
    {"most_recently_modified", DT_TRY_NEWEST},
};

static uint32_t lower_try_policy(struct lowering *lo, struct str name)
{
    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
        if (str_is(name, policies[i].name))
            return policies[i].policy;
    }
    reject(lo, "'" STR_FMT "' is no policy for files to try", STR_ARG(name));
    return DT_TRY_FIRST;
}

/* Whether what the configuration itself says of the path holds wildcards. */
static bool is_pattern(const struct lowering *lo, uint32_t template)
{
    const struct dt_template *row = &lo->templates.at[template];
    for (uint32_t i = 0; i < row->parts.n; i++) {
        const struct dt_part *part = &lo->parts.at[row->parts.first + i];
        struct str text = text_of(lo, part->text);
        for (size_t k = 0; part->kind == DT_PART_LITERAL && k < text.len; k++) {
            if (strchr("*?[\\", text.ptr[k]))
                return true;
        }
    }
    struct str text = text_of(lo, row->literal);
    for (size_t k = 0; k < text.len; k++) {
        if (strchr("*?[\\", text.ptr[k]))
            return true;
    }
    return false;
}

static struct dt_try_file try_file(struct lowering *lo, struct str text, uint32_t policy)
{
    int64_t status;
    struct dt_try_file row = {.template = DT_NONE};
    bool is_first = policy == DT_TRY_FIRST || policy == DT_TRY_FIRST_OR_LAST;
    if (is_first && text.len > 1 && text.ptr[0] == '=' &&
        parse_go_int(str_slice(text, 1, text.len), &status) == PARSE_OK && status >= 100 &&
        status <= 999) {
        row.status = (uint32_t)status;
        return row;
    }
    row.template = template_of(lo, text, UNKNOWN_IS_EMPTY);
    row.is_directory = text.len > 0 && text.ptr[text.len - 1] == '/';
    row.is_pattern = is_pattern(lo, row.template);
    return row;
}

void lower_file_matcher(struct lowering *lo, const json_t *value, struct dt_matcher *out)
{
    struct file_json {
        struct str root, policy, filesystem;
        const json_t *tries, *splits;
    } in = {0};
    static const struct field fields[] = {
        {"fs", FIELD_STR, offsetof(struct file_json, filesystem)},
        {"root", FIELD_STR, offsetof(struct file_json, root)},
        {"try_files", FIELD_JSON, offsetof(struct file_json, tries)},
        {"try_policy", FIELD_STR, offsetof(struct file_json, policy)},
        {"split_path", FIELD_JSON, offsetof(struct file_json, splits)},
        {0},
    };
    read_object(lo, value, "a file matcher", fields, &in);
    struct dt_file_matcher row = {.root = root_template(lo, in.root)};
    row.filesystem = filesystem_template(lo, in.filesystem);
    row.policy = lower_try_policy(lo, in.policy);
    size_t n = elements(lo, in.tries, "the files to try");
    size_t n_splits = elements(lo, in.splits, "the places to split at");
    row.tries = (struct dt_range){reserve_try_files(lo, n ? (uint32_t)n : 1), n ? (uint32_t)n : 1};
    if (!in.tries)
        lo->try_files.at[row.tries.first] = try_file(lo, STR("{http.request.uri.path}"), row.policy);
    else
        row.tries.n = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        struct dt_try_file try = try_file(lo, json_str(json_array_get(in.tries, i)), row.policy);
        lo->try_files.at[row.tries.first + i] = try;
    }
    row.splits = (struct dt_range){reserve_texts(lo, (uint32_t)n_splits), (uint32_t)n_splits};
    for (size_t i = 0; i < n_splits; i++) {
        struct str split = str_lower(lo->arena, json_str(json_array_get(in.splits, i)));
        lo->texts.at[row.splits.first + i] = intern(lo, split);
    }
    out->rows = (struct dt_range){push_file_matchers(lo, row), 1};
}

/* ---- the server ---- */

static const struct {
    const char *name;
    enum dt_encoding encoding;
} encodings[] = {
    {"gzip", DT_ENCODING_GZIP},
    {"zstd", DT_ENCODING_ZSTD},
    {"br", DT_ENCODING_BR},
};

/* Only what is in the map counts; the list says in which order it is preferred. */
static struct dt_range lower_precompressed(struct lowering *lo, const json_t *map,
                                           const json_t *order)
{
    uint32_t found[sizeof(encodings) / sizeof(encodings[0])];
    size_t n_found = 0, n = elements(lo, order, "the order of encodings");
    const json_t *walked = map;
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i)) {
        size_t k = 0, n_known = sizeof(encodings) / sizeof(encodings[0]);
        while (k < n_known && strcmp(encodings[k].name, json_object_iter_key(i)) != 0)
            k++;
        if (k == n_known)
            refuse(lo, "the proxy core does not know the encoding '%s'", json_object_iter_key(i));
    }
    for (size_t i = 0; i < n; i++) {
        struct str name = json_str(json_array_get(order, i));
        for (size_t k = 0; k < sizeof(encodings) / sizeof(encodings[0]); k++) {
            if (str_is(name, encodings[k].name) && json_object_get(map, encodings[k].name) &&
                n_found < sizeof(found) / sizeof(found[0]))
                found[n_found++] = encodings[k].encoding;
        }
    }
    return numbers_of(lo, found, n_found);
}

static struct dt_range default_index(struct lowering *lo)
{
    struct dt_range range = {template_of(lo, STR("index.html"), UNKNOWN_IS_EMPTY), 2};
    template_of(lo, STR("index.txt"), UNKNOWN_IS_EMPTY);
    return range;
}

enum { DEFAULT_MAX_FILES = 10000 };

static uint32_t lower_browse(struct lowering *lo, const json_t *browse)
{
    struct browse_json {
        uint32_t reveals_links, max_files;
        const json_t *sort;
    } in = {0};
    static const struct field fields[] = {
        {"template_file", FIELD_IGNORED, 0}, /* refused already */
        {"reveal_symlinks", FIELD_FLAG32, offsetof(struct browse_json, reveals_links)},
        {"sort", FIELD_JSON, offsetof(struct browse_json, sort)},
        {"file_limit", FIELD_COUNT, offsetof(struct browse_json, max_files)},
        {0},
    };
    const struct token *before = enter(lo, browse);
    const json_t *template = json_object_get(browse, "template_file");
    if (template)
        refuse_at(lo, template,
                  "the proxy core cannot show listings by templates of one's own: as for the "
                  "handler 'templates' they are programs in Go's template language");
    read_object(lo, browse, "a directory listing", fields, &in);
    struct dt_browse row = {.max_files = in.max_files ? in.max_files : DEFAULT_MAX_FILES,
                            .reveals_links = in.reveals_links};
    if (elements(lo, in.sort, "the order of a listing") > 0)
        row.sort = intern(lo, json_str(json_array_get(in.sort, 0)));
    if (elements(lo, in.sort, "the order of a listing") > 1)
        row.order = intern(lo, json_str(json_array_get(in.sort, 1)));
    leave(lo, before);
    return push_browses(lo, row);
}

void lower_file_server(struct lowering *lo, const json_t *handler, struct dt_handler *out)
{
    struct server_json {
        struct str root, filesystem;
        const json_t *hidden, *index, *status, *precompressed, *order, *browse;
        struct dt_file_server row;
        int8_t is_canonical;
    } in = {.is_canonical = -1};
    static const struct field fields[] = {
        {"handler", FIELD_IGNORED, 0},
        {"fs", FIELD_STR, offsetof(struct server_json, filesystem)},
        {"root", FIELD_STR, offsetof(struct server_json, root)},
        {"hide", FIELD_JSON, offsetof(struct server_json, hidden)},
        {"index_names", FIELD_JSON, offsetof(struct server_json, index)},
        {"browse", FIELD_JSON, offsetof(struct server_json, browse)},
        {"canonical_uris", FIELD_TRISTATE, offsetof(struct server_json, is_canonical)},
        {"status_code", FIELD_JSON, offsetof(struct server_json, status)},
        {"pass_thru", FIELD_FLAG, offsetof(struct server_json, row.passes_through)},
        {"precompressed", FIELD_JSON, offsetof(struct server_json, precompressed)},
        {"precompressed_order", FIELD_JSON, offsetof(struct server_json, order)},
        {"etag_file_extensions", FIELD_TEXTS, offsetof(struct server_json, row.etag_suffixes)},
        {0},
    };
    read_object(lo, handler, "a file_server", fields, &in);
    struct dt_file_server row = in.row;
    row.root = root_template(lo, in.root);
    row.filesystem = filesystem_template(lo, in.filesystem);
    row.hidden = template_list(lo, in.hidden, "the hidden files");
    row.index = in.index ? template_list(lo, in.index, "the index files") : default_index(lo);
    row.status_template = DT_NONE;
    lower_status(lo, in.status, &row.status, &row.status_template);
    row.keeps_uris = in.is_canonical == 0;
    row.browse = in.browse ? lower_browse(lo, in.browse) : DT_NONE;
    row.precompressed = lower_precompressed(lo, in.precompressed, in.order);
    out->row = push_file_servers(lo, row);
}
