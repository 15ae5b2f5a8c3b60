/* The proxy as a program: arguments, start, signals and the end. What is served is in the tables;
 * an emitted program and `dialtone run` call the same dt_proxy_main. */

#include "dialtone/proxy.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "proxy/admin.h"
#include "proxy/certificates.h"
#include "proxy/check.h"
#include "proxy/command_line.h"
#include "proxy/control.h"
#include "proxy/core.h"
#include "proxy/environment.h"
#include "proxy/hosts.h"
#include "proxy/log.h"
#include "proxy/media_type.h"
#include "proxy/password.h"
#include "proxy/privileges.h"
#include "proxy/regexp.h"
#include "proxy/sockets.h"
#include "proxy/surroundings.h"
#include "proxy/tls_setup.h"
#include "proxy/upstream.h"
#include "proxy/worker.h"

enum exit_code { EXIT_FINE, EXIT_FAILED, EXIT_USAGE, EXIT_INTERNAL };
static void print_version(const struct dt_tables *tables)
{
    const struct dt_build *build = &tables->build;
    printf("dialtone %s\n", dt_chars(tables, build->version));
    if (build->source.len > 0)
        printf("source %s\n", dt_chars(tables, build->source));
    if (build->digest.len > 0)
        printf("sha256 %s\n", dt_chars(tables, build->digest));
    printf("tables %u\n", tables->abi);
}

/* --- the core --- */

static struct str data_directory(struct core *core, const struct options *options)
{
    const char *home = getenv("HOME"), *data = getenv("XDG_DATA_HOME");
    if (options->data_directory)
        return str_from(options->data_directory);
    if (core->tables->application.storage.len > 0)
        return table_text(core->tables, core->tables->application.storage);
    if (data && *data)
        return str_printf(core->arena, "%s/dialtone", data);
    if (home && *home)
        return str_printf(core->arena, "%s/.local/share/dialtone", home);
    return STR("/var/lib/dialtone");
}

static struct str go_architecture(const char *machine)
{
    static const struct {
        const char *machine;
        struct str go;
    } names[] = {
        {"x86_64", STR_INIT("amd64")},    {"aarch64", STR_INIT("arm64")},
        {"i686", STR_INIT("386")},        {"ppc64le", STR_INIT("ppc64le")},
        {"riscv64", STR_INIT("riscv64")}, {"s390x", STR_INIT("s390x")},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i].machine, machine) == 0)
            return names[i].go;
    return strncmp(machine, "arm", 3) == 0 ? STR("arm") : str_from(machine);
}

static void describe_system(struct core *core)
{
    struct utsname system;
    char directory[4096];
    if (uname(&system) == 0) {
        core->hostname = str_dup(core->arena, str_from(system.nodename));
        core->architecture = str_dup(core->arena, go_architecture(system.machine));
    }
    if (getcwd(directory, sizeof(directory)))
        core->working_directory = str_dup(core->arena, str_from(directory));
    core->environment = arena_new(core->arena, struct environment);
    environment_read(core->environment, core->arena, getenv);
}

static void *aligned_zero(size_t n, size_t size)
{
    void *memory = aligned_alloc(64, (n * size + 63) / 64 * 64 + 64);
    if (!memory)
        abort();
    memset(memory, 0, n * size);
    return memory;
}

static uint32_t find_variable(const struct dt_tables *tables, struct str name)
{
    for (uint32_t i = 0; i < tables->n_variables; i++)
        if (str_eq(table_text(tables, tables->variables[i].name), name))
            return i;
    return DT_NONE;
}

static void core_init(struct core *core, const struct options *options)
{
    const struct dt_tables *tables = core->tables;
    core->header_ids = arena_array(core->arena, enum header_id, tables->n_header_names + 1);
    for (uint32_t i = 0; i < tables->n_header_names; i++)
        core->header_ids[i] = header_id_of(table_text(tables, tables->header_names[i].canonical));
    core->states = aligned_zero(tables->n_states + 1, sizeof(struct upstream_state));
    core->pools = aligned_zero(tables->n_pools + 1, sizeof(struct pool_state));
    core->healths = arena_array(core->arena, struct upstream_health, tables->n_upstreams + 1);
    core->paces = arena_array(core->arena, struct http_pace, tables->n_paces * 2 + 1);
    for (uint32_t i = 0; i < tables->n_paces; i++) {
        const struct dt_pace *row = &tables->paces[i];
        core->paces[2 * i] = (struct http_pace){row->read_idle_ns, row->read_min_rate, 0};
        core->paces[2 * i + 1] = (struct http_pace){row->write_idle_ns, row->write_min_rate, 0};
    }
    core->is_debugging = log_wants(core, DT_LOG_DEBUG);
    upstream_make_backends(core);
    if (tables->n_sources > 0)
        core->hosts = hosts_new();
    core->data_directory = data_directory(core, options);
    core->start_time_variable = find_variable(tables, STR("start_time"));
    core->uuid_variable = find_variable(tables, STR("uuid"));
    core->filesystem_variable = find_variable(tables, STR("fs"));
    if (tables->n_logins > 0)
        core->passwords = passwords_new();
    core->media_types = map_in(core->arena);
    if (tables->n_file_servers > 0)
        media_types_load(&core->media_types);
    core->n_workers = (unsigned)options->n_workers;
    if (core->n_workers == 0) {
        long n = sysconf(_SC_NPROCESSORS_ONLN);
        core->n_workers = n > 0 && n < MAX_WORKERS ? (unsigned)n : 1;
    }
}

/* What a large message took goes back to the system, whatever was large before: left to itself the
 * C library learns from it to keep such blocks. */
static void keep_memory_small(void)
{
#ifdef M_MMAP_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    mallopt(M_TRIM_THRESHOLD, 512 * 1024);
#endif
}

/* Descriptors are for clients, for upstreams, and a few for everything else. */
static unsigned limit_connections(const struct options *options)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        limit.rlim_cur = 1024;
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
            getrlimit(RLIMIT_NOFILE, &limit);
    }
    rlim_t most = limit.rlim_cur / 5 * 2;
    if (options->max_connections > 0)
        return (unsigned)options->max_connections;
    return most < INT32_MAX ? (unsigned)most : INT32_MAX;
}

/* What the command line says of the admin endpoint, else the configuration. */
static struct str admin_path(const struct core *core, const struct options *options)
{
    if (!options->admin)
        return table_text(core->tables, core->tables->application.admin);
    return strcmp(options->admin, "off") == 0 ? STR("") : str_from(options->admin);
}

/* Of the main thread, which waits for them in control.c; no other thread gets any. */
static void block_signals(void)
{
    static const int signals[] = {SIGTERM, SIGINT,  SIGQUIT, SIGHUP,
                                  SIGUSR1, SIGUSR2, SIGPIPE};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaddset(&set, signals[i]);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* --- serving --- */

static void stop_all(struct core *core, unsigned n_running)
{
    for (unsigned i = 0; i < n_running; i++)
        if (!core->workers[i].is_over)
            worker_stop(&core->workers[i]);
    for (unsigned i = 0; i < n_running; i++)
        pthread_join(core->workers[i].thread, NULL);
}

/* With the protocols that the configuration names and the core speaks: never HTTP/3. */
static void say_server(struct core *core, const struct dt_server *server)
{
    static const struct {
        enum dt_protocols bit;
        struct str name;
    } spoken[] = {{DT_PROTOCOL_H1, STR_INIT("h1")},
                  {DT_PROTOCOL_H2, STR_INIT("h2")},
                  {DT_PROTOCOL_H2C, STR_INIT("h2c")}};
    struct str protocols[sizeof(spoken) / sizeof(spoken[0])];
    uint32_t n = 0;
    for (size_t i = 0; i < sizeof(spoken) / sizeof(spoken[0]); i++)
        if (server->protocols & spoken[i].bit)
            protocols[n++] = spoken[i].name;
    const struct log_pair fields[] = {
        {STR("name"), LOG_TEXT_OF(table_text(core->tables, server->name))},
        {STR("protocols"), {.kind = LOG_TEXTS, .texts = protocols, .n_texts = n}},
    };
    log_line(core, NULL, DT_LOG_INFO, STR("http.log"), STR("server running"), fields,
             sizeof(fields) / sizeof(fields[0]));
}

static void say_serving(struct core *core)
{
    const struct dt_tables *tables = core->tables;
    for (uint32_t i = 0; i < tables->n_servers; i++)
        say_server(core, &tables->servers[i]);
    struct str *listeners = arena_array(core->arena, struct str, tables->n_listeners + 1);
    for (uint32_t i = 0; i < tables->n_listeners; i++)
        listeners[i] = table_text(tables, tables->listeners[i].address);
    const struct log_pair fields[] = {
        {STR("listeners"),
         {.kind = LOG_TEXTS, .texts = listeners, .n_texts = tables->n_listeners}},
        {STR("workers"), LOG_INT_OF(core->n_workers)},
    };
    log_line(core, NULL, DT_LOG_INFO, STR(""), STR("serving"), fields,
             sizeof(fields) / sizeof(fields[0]));
}

/* Everything that root may be needed for; then that is over. */
static bool open_all(struct core *core, const struct options *options, unsigned *n_open)
{
    struct privileges privileges;
    if (!privileges_find(&privileges, options->user, core->name) || !handover_take(core) ||
        !privileges_borrow(&privileges, core->name) || !log_open(core) ||
        !control_open(core, options->pid_file) ||
        !certificates_setup(core) || !tls_setup(core) || !sockets_open(core))
        return false;
    core->workers = arena_array(core->arena, struct worker, core->n_workers);
    for (; *n_open < core->n_workers; ++*n_open)
        if (!worker_open(&core->workers[*n_open], core, *n_open))
            return false;
    return privileges_drop(&privileges, core->name);
}

static enum exit_code serve(struct core *core, const struct options *options)
{
    unsigned n_open = 0, n_running = 0;
    enum exit_code code = EXIT_FAILED;
    if (!open_all(core, options, &n_open)) {
        log_close(core);
        return EXIT_FAILED;
    }
    for (; n_running < n_open; n_running++) {
        int error = worker_run(&core->workers[n_running]);
        if (error == 0)
            continue;
        fprintf(stderr, "%s: cannot start a thread: %s\n", core->name, strerror(-error));
        goto stop;
    }
    say_serving(core);
    certificates_begin(core);
    control_run(core);
    code = EXIT_FINE;
stop:
    if (core->passwords)
        passwords_stop(core->passwords);
    stop_all(core, n_running);
    certificates_end(core); /* the workers look into it */
    for (unsigned i = 0; i < n_open; i++)
        worker_close(&core->workers[i]);
    control_close(core);
    log_close(core);
    tls_teardown(core);
    return code;
}

int dt_proxy_main(const struct dt_tables *tables, int argc, char **argv)
{
    struct arena arena = ARENA_INIT;
    struct core core = {.tables = tables, .name = argv[0], .arena = &arena};
    struct options options = {0};
    enum exit_code code = EXIT_FAILED;
    if (!command_line_parse(&options, argc, argv))
        return EXIT_USAGE;
    if (options.help) {
        command_line_help(argv[0]);
        return EXIT_FINE;
    }
    if (!check_tables(&core))
        return EXIT_FAILED;
    if (options.version) {
        print_version(tables);
        return EXIT_FINE;
    }
    core.admin = admin_path(&core, &options);
    if (options.replace)
        return admin_ask_to_replace(argv[0], core.admin.ptr, options.pid_file);
    block_signals();
    keep_memory_small();
    core.limit.max = limit_connections(&options);
    handover_remember(&core);
    describe_system(&core);
    core.started_ns = clock_monotonic_ns();
    core.started_wall_ns = clock_wall_ns();
    if (!surroundings_settle(&core)) {
        arena_free(&arena);
        return EXIT_FAILED;
    }
    core_init(&core, &options);
    if (!regexps_open(&core))
        code = EXIT_FAILED;
    else if (options.check)
        code = check_surroundings(&core) > 0 ? EXIT_FAILED : EXIT_FINE;
    else
        code = serve(&core, &options);
    if (core.passwords)
        passwords_free(core.passwords);
    regexps_close(&core);
    hosts_free(core.hosts);
    free(core.states);
    free(core.pools);
    arena_free(&arena);
    return code;
}
