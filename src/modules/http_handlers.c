/* HTTP handlers but for the proxy, and what they are built of. */
#include "modules/tables.h"

static const struct module_object replacement = {
    .name = "replacement",
    .noun = "a replacement in a header field",
    .fields = FIELDS{
        FIELD("search", ONE(STRING), "text that is looked for"),
        FIELD("search_regexp", ONE(STRING), "or the regular expression"),
        FIELD("replace", ONE(STRING), "what stands in its place"),
        {0},
    },
};

const struct module_object module_header_ops = {
    .name = "header_ops",
    .noun = "a list of header changes",
    .fields = FIELDS{
        FIELD("add", MAP_OF_LISTS(STRING), "values that are added"),
        FIELD("set", MAP_OF_LISTS(STRING), "values that replace what is there"),
        FIELD("delete", LIST(STRING), "fields that are taken away; * for any text"),
        FIELD("replace", OBJECT_LISTS(replacement), "changes within values, by field"),
        {0},
    },
};

const struct module_object module_response_matcher = {
    .name = "response_matcher",
    .noun = "a response matcher",
    .fields = FIELDS{
        FIELD("status_code", LIST(INTEGER), "codes; a single digit is its hundred"),
        FIELD("headers", MAP_OF_LISTS(STRING), "fields; * for any text"),
        {0},
    },
};

static const struct module_object response_header_ops = {
    .name = "response_header_ops",
    .noun = "a list of response header changes",
    .fields = FIELDS{
        FIELD("require", OBJECT(module_response_matcher), "only on responses like these"),
        FIELD("deferred", ONE(BOOL), "waits until the head is written"),
        {0},
    },
    .inherited = &module_header_ops,
};

const struct module_object module_headers = {
    .name = "headers",
    .noun = "the headers handler",
    .fields = FIELDS{
        FIELD("request", OBJECT(module_header_ops), "changes to the request"),
        FIELD("response", OBJECT(response_header_ops), "changes to the response"),
        {0},
    },
};

const struct module_object module_response_handler = {
    .name = "response_handler",
    .noun = "a response handler",
    .fields = FIELDS{
        FIELD("match", OBJECT(module_response_matcher), "which responses"),
        FIELD("status_code", ONE(TEXT_OR_NUMBER), "the code that is sent in place of theirs"),
        FIELD("routes", OBJECTS(module_http_route), "or what is done in their place"),
        {0},
    },
};

static const struct module_object substring = {
    .name = "substring",
    .noun = "a substring replacement",
    .fields = FIELDS{
        FIELD("find", ONE(STRING), "text that is looked for"),
        FIELD("replace", ONE(STRING), "what stands in its place"),
        FIELD("limit", ONE(INTEGER), "how often at most; 0: always"),
        {0},
    },
};

static const struct module_object path_regexp = {
    .name = "path_replacement",
    .noun = "a path replacement",
    .fields = FIELDS{
        FIELD("find", ONE(STRING), "regular expression that is looked for", .is_required = true),
        FIELD("replace", ONE(STRING), "what stands in its place"),
        {0},
    },
};

static const struct module_object query_argument = {
    .name = "query_argument",
    .noun = "a query change",
    .fields = FIELDS{
        FIELD("key", ONE(STRING), "name of the parameter"),
        FIELD("val", ONE(STRING), "its value, or its new name"),
        {0},
    },
};

static const struct module_object query_replacement = {
    .name = "query_replacement",
    .noun = "a query replacement",
    .fields = FIELDS{
        FIELD("key", ONE(STRING), "name of the parameter; *: all"),
        FIELD("search", ONE(STRING), "text that is looked for"),
        FIELD("search_regexp", ONE(STRING), "or the regular expression"),
        FIELD("replace", ONE(STRING), "what stands in its place"),
        {0},
    },
};

static const struct module_object query_ops = {
    .name = "query_ops",
    .noun = "a list of query changes",
    .fields = FIELDS{
        FIELD("rename", OBJECTS(query_argument), "parameters that get another name"),
        FIELD("set", OBJECTS(query_argument), "parameters that replace what is there"),
        FIELD("add", OBJECTS(query_argument), "parameters that are added"),
        FIELD("replace", POINTERS(query_replacement), "changes within values"),
        FIELD("delete", LIST(STRING), "parameters that are taken away"),
        {0},
    },
};

const struct module_object module_rewrite = {
    .name = "rewrite",
    .noun = "the rewrite handler",
    .fields = FIELDS{
        FIELD("method", ONE(STRING), "another method"),
        FIELD("uri", ONE(STRING), "another path, query, or both"),
        FIELD("strip_path_prefix", ONE(STRING), "taken away from the beginning of the path"),
        FIELD("strip_path_suffix", ONE(STRING), "taken away from its end"),
        FIELD("uri_substring", OBJECTS(substring), "changes within path and query"),
        FIELD("path_regexp", POINTERS(path_regexp), "changes of the path by regular expressions",
              .since = "2.4"),
        FIELD("query", OBJECT(query_ops), "changes of the query", .since = "2.8"),
        {0},
    },
};

static const struct module_object account = {
    .name = "account",
    .noun = "an account",
    .fields = FIELDS{
        FIELD("username", ONE(STRING), "the name", .is_required = true),
        FIELD("password", ONE(STRING),
              "the hash of the password, as `caddy hash-password` prints it", .is_required = true),
        {0},
    },
};

static const struct module_object http_basic = {
    .name = "http_basic",
    .noun = "the http_basic provider",
    .fields = FIELDS{
        FIELD("hash", MODULE("http.authentication.hashes", "algorithm"),
              "how passwords are hashed"),
        FIELD("accounts", OBJECTS(account), "who may come in"),
        FIELD("realm", ONE(STRING), "what browsers show; restricted by default"),
        FIELD("hash_cache", OBJECT(module_nothing), "remembers passwords that were right",
              .since = "2.1"),
        {0},
    },
};

static const struct module_object authentication = {
    .name = "authentication",
    .noun = "the authentication handler",
    .fields = FIELDS{
        FIELD("providers", MODULE_MAP("http.authentication.providers"), "one of them must agree"),
        {0},
    },
};

static const struct module_object status = {
    .name = "copy_response",
    .noun = "the copy_response handler",
    .fields = FIELDS{
        FIELD("status_code", ONE(TEXT_OR_NUMBER), "another status code"),
        {0},
    },
};

static const struct module_object copy_headers = {
    .name = "copy_response_headers",
    .noun = "the copy_response_headers handler",
    .fields = FIELDS{
        FIELD("include", LIST(STRING), "only these fields"),
        FIELD("exclude", LIST(STRING), "all but these fields"),
        {0},
    },
};

static const struct module_object gzip = {
    .name = "gzip",
    .noun = "the gzip encoder",
    .fields = FIELDS{
        FIELD("level", ONE(INTEGER), "1 is fast, 9 is small; 5 by default"),
        {0},
    },
};

static const struct module_object zstd = {
    .name = "zstd",
    .noun = "the zstd encoder",
    .fields = FIELDS{
        FIELD("level", ONE(STRING), "how hard it tries; default by default", .since = "2.8",
              .values = "fastest|default|better|best", .any_case = true, .is_strict = true),
        FIELD("checksum", ONE(BOOL), "whether a checksum is added", .since = "2.11"),
        {0},
    },
};

static const struct module_object encode = {
    .name = "encode_handler",
    .noun = "the encode handler",
    .fields = FIELDS{
        FIELD("encodings", MODULE_MAP("http.encoders"), "how bodies may be compressed"),
        FIELD("prefer", LIST(STRING), "the server's order of them", .since = "2.4"),
        FIELD("minimum_length", ONE(INTEGER), "bytes below which nothing is done; 512 by default"),
        FIELD("match", OBJECT(module_response_matcher),
              "which responses; text and the like by default",
              .since = "2.4"),
        {0},
    },
};

static const struct module_object error = {
    .name = "error_handler",
    .noun = "the error handler",
    .fields = FIELDS{
        FIELD("error", ONE(STRING), "the message"),
        FIELD("status_code", ONE(TEXT_OR_NUMBER), "the code; 500 by default"),
        {0},
    },
};

static const struct module_object browse = {
    .name = "browse",
    .noun = "the browse settings",
    .fields = FIELDS{
        FIELD("template_file", ONE(STRING), "template of the listing"),
        FIELD("reveal_symlinks", ONE(BOOL), "shows where symbolic links lead", .since = "2.8"),
        FIELD("sort", LIST(STRING), "order of the listing", .since = "2.9",
              .values = "name|namedirfirst|size|time|asc|desc", .is_strict = true),
        FIELD("file_limit", ONE(INTEGER), "how many files are shown at most", .since = "2.9"),
        {0},
    },
};

static const struct module_object file_server = {
    .name = "file_server",
    .noun = "the file_server handler",
    .fields = FIELDS{
        FIELD("fs", ONE(STRING), "the file system; the disk by default", .since = "2.8"),
        FIELD("root", ONE(STRING), "the folder; {http.vars.root} by default"),
        FIELD("hide", LIST(STRING), "files that seem not to be there"),
        FIELD("index_names", LIST(STRING), "files that answer for their folder"),
        FIELD("browse", OBJECT(browse), "lists folders without one; {} is enough"),
        FIELD("canonical_uris", ONE(BOOL), "whether / at the end is put right by redirects"),
        FIELD("status_code", ONE(TEXT_OR_NUMBER), "another status code", .since = "2.4"),
        FIELD("pass_thru", ONE(BOOL), "what is not there is left to the next handler"),
        FIELD("precompressed", MODULE_MAP("http.precompressed"),
              "compressed files beside the originals", .since = "2.4"),
        FIELD("precompressed_order", LIST(STRING), "the server's order of them", .since = "2.4"),
        FIELD("etag_file_extensions", LIST(STRING),
              "ends of files that hold the ETag of their original",
              .since = "2.8"),
        {0},
    },
};

static const struct module_object intercept = {
    .name = "intercept",
    .noun = "the intercept handler",
    .fields = FIELDS{
        FIELD("handle_response", OBJECTS(module_response_handler),
              "what is done with which responses"),
        {0},
    },
};

static const struct module_object invoke = {
    .name = "invoke",
    .noun = "the invoke handler",
    .fields = FIELDS{
        FIELD("name", ONE(STRING), "of a route in the server's named_routes"),
        {0},
    },
};

static const struct module_object log_append = {
    .name = "log_append",
    .noun = "the log_append handler",
    .fields = FIELDS{
        FIELD("key", ONE(STRING), "the field in the access log"),
        FIELD("value", ONE(STRING), "a variable's name, a placeholder or text"),
        FIELD("early", ONE(BOOL),
              "takes the value before the handlers behind run", .since = "2.11"),
        {0},
    },
};

static const struct module_object mapping = {
    .name = "mapping",
    .noun = "a mapping",
    .fields = FIELDS{
        FIELD("input", ONE(STRING), "the source's value"),
        FIELD("input_regexp", ONE(STRING), "or a regular expression for it"),
        FIELD("outputs", LIST(ANY), "what the destinations get, in order; null: their default"),
        {0},
    },
};

static const struct module_object map = {
    .name = "map_handler",
    .noun = "the map handler",
    .fields = FIELDS{
        FIELD("source", ONE(STRING), "placeholders that are looked up", .since = "2.2"),
        FIELD("destinations", LIST(STRING), "placeholders that are set", .since = "2.3"),
        FIELD("mappings", OBJECTS(mapping),
              "from what to what, the first that fits", .since = "2.3"),
        FIELD("defaults", LIST(STRING), "what they get where nothing fits", .since = "2.4"),
        {0},
    },
};

static const struct module_object metrics = {
    .name = "metrics_handler",
    .noun = "the metrics handler",
    .fields = FIELDS{
        FIELD("disable_openmetrics", ONE(BOOL), "only the old format", .since = "2.3"),
        {0},
    },
};

static const struct module_object push_resource = {
    .name = "push_resource",
    .noun = "a pushed resource",
    .fields = FIELDS{
        FIELD("method", ONE(STRING), "GET or HEAD"),
        FIELD("target", ONE(STRING), "its path"),
        {0},
    },
};

static const struct module_object push = {
    .name = "push_handler",
    .noun = "the push handler",
    .fields = FIELDS{
        FIELD("resources", OBJECTS(push_resource), "what is pushed"),
        FIELD("headers", OBJECT(module_header_ops), "header changes of the pushed requests"),
        {0},
    },
};

static const struct module_object request_body = {
    .name = "request_body",
    .noun = "the request_body handler",
    .fields = FIELDS{
        FIELD("max_size", ONE(INTEGER), "bytes that are read at most"),
        FIELD("set", ONE(STRING), "another body", .since = "2.10"),
        {0},
    },
};

static const struct module_object static_response = {
    .name = "static_response",
    .noun = "the static_response handler",
    .fields = FIELDS{
        FIELD("status_code", ONE(TEXT_OR_NUMBER), "the code; 200 by default"),
        FIELD("headers", MAP_OF_LISTS(STRING), "fields of the response"),
        FIELD("body", ONE(STRING), "its body"),
        FIELD("close", ONE(BOOL), "closes the connection after it"),
        FIELD("abort", ONE(BOOL), "closes the connection in its place", .since = "2.4"),
        {0},
    },
};

static const struct module_object subroute = {
    .name = "subroute",
    .noun = "the subroute handler",
    .fields = FIELDS{
        FIELD("errors", OBJECT(module_http_routes), "what is done when one of its handlers fails"),
        {0},
    },
    .inherited = &module_http_routes,
};

static const struct module_object templates = {
    .name = "templates",
    .noun = "the templates handler",
    .fields = FIELDS{
        FIELD("file_root", ONE(STRING), "where included files are"),
        FIELD("mime_types", LIST(STRING), "which responses; HTML, Markdown and text by default"),
        FIELD("delimiters", LIST(STRING), "two words in place of {{ and }}"),
        FIELD("match", MODULE_MAP("http.handlers.templates.functions"), "more functions",
              .since = "2.8"),
        {0},
    },
};

static const struct module_object timeouts = {
    .name = "timeouts",
    .noun = "the timeouts handler",
    .fields = FIELDS{
        FIELD("read_timeout", ONE(NANOSECONDS), "longest pause while the body is read"),
        FIELD("read_min_rate", ONE(INTEGER), "bytes a second the client must send at least"),
        FIELD("write_timeout", ONE(NANOSECONDS), "longest pause while the response is written"),
        FIELD("write_min_rate", ONE(INTEGER), "bytes a second the client must take at least"),
        FIELD("max_write_chunk", ONE(INTEGER), "bytes written at once"),
        {0},
    },
};

static const struct module_object tracing = {
    .name = "tracing",
    .noun = "the tracing handler",
    .fields = FIELDS{
        FIELD("span", ONE(STRING), "name of the span"),
        FIELD("span_attributes", MAP(STRING), "attributes of the span", .since = "2.11"),
        {0},
    },
};

const struct module modules_http_handlers[] = {
    ROW("http.authentication.hashes.argon2id", OBJECT(module_nothing), "argon2id hashes",
        .since = "2.11"),
    ROW("http.authentication.hashes.bcrypt", OBJECT(module_nothing), "bcrypt hashes"),
    ROW("http.authentication.providers.http_basic", OBJECT(http_basic),
        "HTTP basic authentication"),
    ROW("http.encoders.gzip", OBJECT(gzip), "gzip"),
    ROW("http.encoders.zstd", OBJECT(zstd), "Zstandard"),
    ROW("http.handlers.authentication", OBJECT(authentication), "lets only known people pass"),
    ROW("http.handlers.copy_response", OBJECT(status), "sends the upstream's response",
        .since = "2.5"),
    ROW("http.handlers.copy_response_headers", OBJECT(copy_headers),
        "takes over fields of the upstream's response", .since = "2.5"),
    ROW("http.handlers.encode", OBJECT(encode), "compresses responses"),
    ROW("http.handlers.error", OBJECT(error), "fails, so that error routes run"),
    ROW("http.handlers.file_server", OBJECT(file_server), "serves files"),
    ROW("http.handlers.headers", OBJECT(module_headers), "changes header fields"),
    ROW("http.handlers.intercept", OBJECT(intercept), "replaces responses of handlers behind it",
        .since = "2.8"),
    ROW("http.handlers.invoke", OBJECT(invoke), "runs a named route", .since = "2.7"),
    ROW("http.handlers.log_append", OBJECT(log_append), "adds a field to the access log",
        .since = "2.8"),
    ROW("http.handlers.map", OBJECT(map), "sets placeholders from others by a table",
        .since = "2.1.1"),
    ROW("http.handlers.metrics", OBJECT(metrics), "shows metrics", .since = "2.2"),
    ROW("http.handlers.push", OBJECT(push), "pushes resources by HTTP/2", .since = "2.2"),
    ROW("http.handlers.request_body", OBJECT(request_body), "limits or replaces request bodies"),
    ROW("http.handlers.rewrite", OBJECT(module_rewrite), "changes method, path and query"),
    ROW("http.handlers.static_response", OBJECT(static_response), "answers with a fixed response"),
    ROW("http.handlers.subroute", OBJECT(subroute), "routes within a route"),
    ROW("http.handlers.templates", OBJECT(templates), "runs responses as templates"),
    ROW("http.handlers.timeouts", OBJECT(timeouts), "limits how slow clients may be",
        .since = "2.11.5"),
    ROW("http.handlers.tracing", OBJECT(tracing), "sends OpenTelemetry traces", .since = "2.5"),
    ROW("http.handlers.vars", MAP(ANY), "sets variables"),
    ROW("http.precompressed.br", OBJECT(module_nothing), "files with .br", .since = "2.4"),
    ROW("http.precompressed.gzip", OBJECT(gzip), "files with .gz", .since = "2.4"),
    ROW("http.precompressed.zstd", OBJECT(zstd), "files with .zst", .since = "2.4"),
    {0},
};
