/* encode: which bodies are compressed, and how. */
#include "native/lower_private.h"

enum { DEFAULT_MIN_LENGTH = 512, DEFAULT_GZIP_LEVEL = 5 };

/* What Caddy compresses unless told otherwise: types that begin with these. */
static const char *const default_types[] = {
    "application/atom+xml",
    "application/eot",
    "application/font",
    "application/geo+json",
    "application/graphql+json",
    "application/graphql-response+json",
    "application/javascript",
    "application/json",
    "application/ld+json",
    "application/manifest+json",
    "application/opentype",
    "application/otf",
    "application/rss+xml",
    "application/truetype",
    "application/ttf",
    "application/vnd.api+json",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/x-httpd-cgi",
    "application/x-javascript",
    "application/x-opentype",
    "application/x-otf",
    "application/x-perl",
    "application/x-protobuf",
    "application/x-ttf",
    "application/xhtml+xml",
    "application/xml",
    "font/ttf",
    "font/otf",
    "image/svg+xml",
    "image/vnd.microsoft.icon",
    "image/x-icon",
    "multipart/bag",
    "multipart/mixed",
    "text/",
};

static uint32_t default_matcher(struct lowering *lo)
{
    uint32_t n = sizeof(default_types) / sizeof(default_types[0]);
    struct dt_condition condition = {
        .kind = DT_CONDITION_VALUES,
        .number = builder_header(lo, STR("Content-Type")),
        .template = DT_NONE,
        .values = {reserve_value_patterns(lo, n), n},
    };
    for (uint32_t i = 0; i < n; i++)
        lo->value_patterns.at[condition.values.first + i] =
            (struct dt_value_pattern){.text = intern(lo, str_from(default_types[i])),
                                      .kind = DT_VALUE_PREFIX,
                                      .template = DT_NONE};
    struct dt_range conditions = {push_conditions(lo, condition), 1};
    return push_response_matchers(lo, (struct dt_response_matcher){.conditions = conditions});
}

static uint32_t gzip_level(struct lowering *lo, const json_t *gzip)
{
    struct gzip_json {
        uint32_t level;
    } in = {0};
    static const struct field fields[] = {
        {"level", FIELD_COUNT, offsetof(struct gzip_json, level)},
        {0},
    };
    read_object(lo, gzip, "the gzip encoder", fields, &in);
    if (in.level > 9)
        reject_at(lo, gzip, "the level of gzip is at most 9");
    return in.level ? in.level : DEFAULT_GZIP_LEVEL;
}

static void lower_zstd(struct lowering *lo, const json_t *zstd, struct dt_encoder *row)
{
    struct zstd_json {
        struct str level;
        int8_t has_checksum;
    } in = {.has_checksum = -1};
    static const struct field fields[] = {
        {"level", FIELD_STR, offsetof(struct zstd_json, level)},
        {"checksum", FIELD_TRISTATE, offsetof(struct zstd_json, has_checksum)},
        {0},
    };
    /* Caddy's levels and about the same work for libzstd */
    static const struct {
        const char *name;
        uint32_t level;
    } levels[] = {{"", 3}, {"fastest", 1}, {"default", 3}, {"better", 7}, {"best", 11}};
    size_t i = 0, n = sizeof(levels) / sizeof(levels[0]);
    read_object(lo, zstd, "the zstd encoder", fields, &in);
    while (i < n && !str_eq_nocase(in.level, str_from(levels[i].name)))
        i++;
    if (i == n)
        reject_at(lo, zstd, "'" STR_FMT "' is no level of zstd", STR_ARG(in.level));
    else
        row->zstd_level = levels[i].level;
    row->zstd_has_checksum = in.has_checksum != 0;
}

/* In the order that is preferred; without a list the better ones first. */
static struct dt_range lower_codings(struct lowering *lo, const json_t *encodings,
                                     const json_t *prefer)
{
    static const struct {
        const char *name;
        enum dt_encoding coding;
    } known[] = {{"zstd", DT_ENCODING_ZSTD}, {"gzip", DT_ENCODING_GZIP}};
    uint32_t found[2];
    size_t n = 0, n_listed = elements(lo, prefer, "the preferred encodings");
    for (size_t i = 0; i < n_listed && n < 2; i++) {
        for (size_t k = 0; k < 2; k++) {
            if (str_is(json_str(json_array_get(prefer, i)), known[k].name))
                found[n++] = known[k].coding;
        }
    }
    for (size_t k = 0; k < 2 && n_listed == 0; k++) {
        if (json_object_get(encodings, known[k].name))
            found[n++] = known[k].coding;
    }
    return numbers_of(lo, found, n);
}

void lower_encode(struct lowering *lo, const json_t *handler, struct dt_handler *out)
{
    struct encode_json {
        const json_t *encodings, *prefer, *matcher;
        uint32_t min_length;
    } in = {0};
    static const struct field fields[] = {
        {"handler", FIELD_IGNORED, 0},
        {"encodings", FIELD_JSON, offsetof(struct encode_json, encodings)},
        {"prefer", FIELD_JSON, offsetof(struct encode_json, prefer)},
        {"minimum_length", FIELD_COUNT, offsetof(struct encode_json, min_length)},
        {"match", FIELD_JSON, offsetof(struct encode_json, matcher)},
        {0},
    };
    struct encodings_json {
        const json_t *gzip, *zstd;
    } encodings = {0};
    static const struct field encoding_fields[] = {
        {"gzip", FIELD_JSON, offsetof(struct encodings_json, gzip)},
        {"zstd", FIELD_JSON, offsetof(struct encodings_json, zstd)},
        {0},
    };
    read_object(lo, handler, "an encode handler", fields, &in);
    read_object(lo, in.encodings, "the encodings", encoding_fields, &encodings);
    struct dt_encoder row = {.min_length = in.min_length ? in.min_length : DEFAULT_MIN_LENGTH};
    row.codings = lower_codings(lo, in.encodings, in.prefer);
    row.gzip_level = gzip_level(lo, encodings.gzip);
    lower_zstd(lo, encodings.zstd, &row);
    row.matcher = in.matcher ? lower_response_matcher(lo, in.matcher) : default_matcher(lo);
    out->row = push_encoders(lo, row);
}
