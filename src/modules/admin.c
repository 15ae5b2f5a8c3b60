/* The whole configuration, the admin endpoint, storage, file systems and events. */
#include "modules/tables.h"

const struct module_object module_nothing = {
    .name = "nothing",
    .noun = "an object without fields",
    .fields = FIELDS{{0}},
};

static const struct module_object config_settings = {
    .name = "config_settings",
    .noun = "the settings of how configurations are kept",
    .fields = FIELDS{
        FIELD("persist", ONE(BOOL), "whether the running configuration is saved; true by default"),
        FIELD("load", MODULE("caddy.config_loaders", "module"),
              "where another configuration is pulled from", .since = "2.4"),
        FIELD("load_delay", ONE(DURATION), "how long to wait before that one is pulled",
              .since = "2.5"),
        {0},
    },
};

static const struct module_object identity = {
    .name = "identity",
    .noun = "an identity",
    .fields = FIELDS{
        FIELD("identifiers", LIST(STRING), "names or addresses this server is known by",
              .since = "2.4"),
        FIELD("issuers", MODULES("tls.issuance", "module"), "who issues its certificate",
              .since = "2.4"),
        {0},
    },
};

static const struct module_object admin_permissions = {
    .name = "admin_permissions",
    .noun = "an admin permission",
    .fields = FIELDS{
        FIELD("paths", LIST(STRING), "paths of the endpoint, each with all below it"),
        FIELD("methods", LIST(STRING), "HTTP methods"),
        {0},
    },
};

static const struct module_object admin_access = {
    .name = "admin_access",
    .noun = "an admin access rule",
    .fields = FIELDS{
        FIELD("public_keys", LIST(STRING), "certificates of the clients, in base64 DER"),
        FIELD("permissions", OBJECTS(admin_permissions), "what they may do"),
        {0},
    },
};

static const struct module_object remote_admin = {
    .name = "remote_admin",
    .noun = "a remote admin endpoint",
    .fields = FIELDS{
        FIELD("listen", ONE(STRING), "where it listens; :2021 by default"),
        FIELD("access_control", OBJECTS(admin_access), "who may do what"),
        {0},
    },
};

static const struct module_object admin = {
    .name = "admin",
    .noun = "the admin endpoint",
    .fields = FIELDS{
        FIELD("disabled", ONE(BOOL), "turns the endpoint off"),
        FIELD("listen", ONE(STRING), "where it listens; localhost:2019 by default"),
        FIELD("enforce_origin", ONE(BOOL), "requires an allowed Host or Origin header"),
        FIELD("origins", LIST(STRING), "the allowed origins"),
        FIELD("config", OBJECT(config_settings), "how configurations are kept"),
        FIELD("identity", OBJECT(identity), "who this server is to others", .since = "2.4"),
        FIELD("remote", OBJECT(remote_admin), "a second endpoint with client certificates",
              .since = "2.4"),
        {0},
    },
};

static const struct module_object log_sampling = {
    .name = "log_sampling",
    .noun = "the sampling of a log",
    .fields = FIELDS{
        FIELD("interval", ONE(NANOSECONDS), "the window in which entries are counted"),
        FIELD("first", ONE(INTEGER), "entries of the same kind that pass in each window"),
        FIELD("thereafter", ONE(INTEGER), "after those, one in so many passes"),
        {0},
    },
};

#define LEVELS .values = "debug|info|warn|error|panic|fatal", .any_case = true

static const struct module_object base_log = {
    .name = "base_log",
    .noun = "a log",
    .fields = FIELDS{
        FIELD("writer", MODULE("caddy.logging.writers", "output"), "where entries go"),
        FIELD("encoder", MODULE("caddy.logging.encoders", "format"), "what entries look like"),
        FIELD("core", MODULE("caddy.logging.cores", "module"),
              "what takes entries in place of writer and encoder", .since = "2.9"),
        FIELD("level", ONE(STRING), "the least severe level that is kept", LEVELS,
              .is_strict = true),
        FIELD("sampling", OBJECT(log_sampling), "keeps only some of many equal entries"),
        FIELD("with_caller", ONE(BOOL), "adds the place in the code", .since = "2.8"),
        FIELD("with_caller_skip", ONE(INTEGER), "callers to leave out for that", .since = "2.8"),
        FIELD("with_stacktrace", ONE(STRING), "adds a stack trace from this level on",
              .since = "2.8", LEVELS),
        {0},
    },
};

static const struct module_object sink_log = {
    .name = "sink_log",
    .noun = "the sink log",
    .fields = FIELDS{{0}},
    .inherited = &base_log,
};

static const struct module_object custom_log = {
    .name = "custom_log",
    .noun = "a log",
    .fields = FIELDS{
        FIELD("include", LIST(STRING), "names of the loggers that go here"),
        FIELD("exclude", LIST(STRING), "names of the loggers that do not"),
        {0},
    },
    .inherited = &base_log,
};

static const struct module_object logging = {
    .name = "logging",
    .noun = "the logging settings",
    .fields = FIELDS{
        FIELD("sink", OBJECT(sink_log), "takes what Go's own log package prints"),
        FIELD("logs", OBJECT_MAP(custom_log), "logs by name; `default` takes the rest"),
        {0},
    },
};

const struct module_object module_config = {
    .name = "config",
    .noun = "a Caddy configuration",
    .fields = FIELDS{
        FIELD("admin", OBJECT(admin), "the endpoint through which Caddy is configured"),
        FIELD("logging", OBJECT(logging), "what is logged, how and where to"),
        FIELD("storage", MODULE("caddy.storage", "module"), "where certificates and keys are kept"),
        FIELD("apps", MODULE_MAP(""), "what Caddy does, by app"),
        {0},
    },
};

static const struct module_object loader_tls = {
    .name = "loader_tls",
    .noun = "the TLS settings of a config loader",
    .fields = FIELDS{
        FIELD("use_server_identity", ONE(BOOL), "shows the identity of this server"),
        FIELD("client_certificate_file", ONE(STRING), "PEM file with the client's certificate"),
        FIELD("client_certificate_key_file", ONE(STRING), "PEM file with its key"),
        FIELD("root_ca_pem_files", LIST(STRING), "PEM files of the authorities to trust"),
        {0},
    },
};

static const struct module_object http_loader = {
    .name = "http_loader",
    .noun = "the HTTP config loader",
    .fields = FIELDS{
        FIELD("method", ONE(STRING), "HTTP method; GET by default"),
        FIELD("url", ONE(STRING), "where the configuration is"),
        FIELD("header", MAP_OF_LISTS(STRING), "fields of the request"),
        FIELD("timeout", ONE(DURATION), "how long it may take"),
        FIELD("adapter", ONE(STRING), "makes JSON of the answer, like caddyfile", .since = "2.7"),
        FIELD("tls", OBJECT(loader_tls), "how HTTPS is spoken"),
        {0},
    },
};

static const struct module_object file_storage = {
    .name = "file_storage",
    .noun = "a storage folder",
    .fields = FIELDS{
        FIELD("root", ONE(STRING), "the folder; Caddy's data folder by default"),
        {0},
    },
};

static const struct module_object named_filesystem = {
    .name = "named_filesystem",
    .noun = "a file system",
    .fields = FIELDS{
        FIELD("name", ONE(STRING), "what handlers call it"),
        FIELD("file_system", MODULE("caddy.fs", "backend"), "what it is"),
        {0},
    },
};

static const struct module_object filesystems = {
    .name = "filesystems_app",
    .noun = "the file systems app",
    .fields = FIELDS{
        FIELD("filesystems", POINTERS(named_filesystem), "file systems by name"),
        {0},
    },
};

static const struct module_object subscription = {
    .name = "subscription",
    .noun = "an event subscription",
    .fields = FIELDS{
        FIELD("events", LIST(STRING), "names of events; none: all"),
        FIELD("modules", LIST(STRING), "ids of modules they come from; none: all"),
        FIELD("handlers", MODULES("events.handlers", "handler"), "what is done, in order"),
        {0},
    },
};

static const struct module_object events = {
    .name = "events_app",
    .noun = "the events app",
    .fields = FIELDS{
        FIELD("subscriptions", POINTERS(subscription), "what is done on which events"),
        {0},
    },
};

const struct module modules_admin[] = {
    ROW("admin.api.load", OBJECT(module_nothing), "admin endpoints that load and adapt"),
    ROW("admin.api.metrics", OBJECT(module_nothing), "admin endpoint with metrics", .since = "2.2"),
    ROW("admin.api.pki", OBJECT(module_nothing), "admin endpoints about local authorities",
        .since = "2.5"),
    ROW("admin.api.reverse_proxy", OBJECT(module_nothing), "admin endpoint about upstreams",
        .since = "2.4"),
    ROW("caddy.adapters.caddyfile", OBJECT(module_nothing), "makes JSON of Caddyfiles"),
    ROW("caddy.config_loaders.http", OBJECT(http_loader), "pulls a configuration by HTTP",
        .since = "2.4"),
    ROW("caddy.filesystems", OBJECT(filesystems), "file systems that handlers serve from",
        .since = "2.8"),
    ROW("caddy.storage.file_system", OBJECT(file_storage), "keeps things in a folder"),
    ROW("events", OBJECT(events), "what is done when something happens", .since = "2.6"),
    {0},
};
