/* Proxies on the way to upstreams: what their URLs say. */

#include "proxy/forward.h"

#include "acme/https.h"
#include "base/parse.h"
#include "http/client.h"
#include "net/tls.h"
#include "proxy/core.h"
#include "proxy/environment.h"
#include "proxy/sendable.h"
#include "proxy/text.h"
#include "proxy/url.h"

static const struct scheme {
    struct str name;
    enum http_forward_kind kind;
    uint16_t port;
    bool is_tls;
} schemes[] = {
    {STR_INIT("http"), HTTP_FORWARD_HTTP, 80, false},
    {STR_INIT("https"), HTTP_FORWARD_HTTP, 443, true},
    {STR_INIT("socks5"), HTTP_FORWARD_SOCKS5, 1080, false},
    {STR_INIT("socks5h"), HTTP_FORWARD_SOCKS5, 1080, false},
};

static const struct scheme *scheme_of(struct str name)
{
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (str_eq_nocase(schemes[i].name, name))
            return &schemes[i];
    return NULL;
}

/* RFC 7617 */
static struct str basic_authorization(struct arena *arena, struct str user, struct str password)
{
    struct str both = STR_JOIN(arena, user, STR(":"), password);
    return STR_JOIN(arena, STR("Basic "), text_base64(arena, both));
}

/* "user:password", with %-escapes. */
static bool set_login(struct http_forward *forward, struct str text, struct arena *arena)
{
    struct str user = text, password = {0};
    (void)str_cut(text, STR(":"), &user, &password);
    if (!url_unescape(user, URL_PATH, arena, &forward->user) ||
        !url_unescape(password, URL_PATH, arena, &forward->password))
        return false;
    forward->has_login = true;
    if (forward->kind == HTTP_FORWARD_HTTP)
        forward->authorization = basic_authorization(arena, forward->user, forward->password);
    return true;
}

/* Host and port of the proxy become what is dialed. */
static bool set_target(struct dial_target *target, struct str text, uint16_t default_port)
{
    struct str host, port = {0}, before, zone;
    int64_t number = default_port;
    if (!url_split_host_port(text, &host, &port))
        host = text;
    if (host.len > 1 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
        host = str_slice(host, 1, host.len - 1);
    if (port.len > 0 && (parse_go_int(port, &number) != PARSE_OK || number < 1 || number > 65535))
        return false;
    *target = (struct dial_target){.network = DIAL_TCP, .host = host, .port = (uint16_t)number};
    if (str_cut(host, STR("%25"), &before, &zone)) {
        target->host = before;
        target->zone = zone;
    }
    return host.len > 0;
}

struct str forward_by_environment(const struct core *core, const struct dt_transport *transport,
                                  const struct dial_target *target, bool is_tls,
                                  struct str *problem)
{
    bool is_h2c = (transport->versions & DT_PROTOCOL_H2C) && !is_tls;
    if (target->network == DIAL_UNIX || transport->fastcgi != DT_NONE || is_h2c ||
        transport->ignores_environment)
        return STR("");
    return environment_proxy(core->environment, is_tls, target->host, target->port, problem);
}

/* What the URL says of the proxy: kind and login, <*proxy> and how it is spoken to. */
static bool read_url(struct http_forward *forward, struct dial_target *proxy, bool *is_tls,
                     struct str url, struct arena *arena, struct str *problem)
{
    struct str name = {0}, rest = {0}, path;
    const struct scheme *scheme = NULL;
    if (str_cut(url, STR("://"), &name, &rest))
        scheme = scheme_of(name);
    (void)str_cut(rest, STR("/"), &rest, &path);
    *problem = STR("the URL of the proxy on the way is none, or of another scheme than http, "
                   "https, socks5 and socks5h");
    if (!scheme)
        return false;
    forward->kind = scheme->kind;
    *is_tls = scheme->is_tls;
    if (forward->to_tls && scheme->kind == HTTP_FORWARD_HTTP &&
        !sendable_host(forward->authority)) {
        *problem = STR("the upstream's address cannot be sent to the proxy on the way");
        return false;
    }
    ptrdiff_t at = str_last_index(rest, '@');
    if (at >= 0 && !set_login(forward, str_slice(rest, 0, (size_t)at), arena))
        return false;
    if (!set_target(proxy, str_slice(rest, (size_t)(at + 1), rest.len), scheme->port))
        return false;
    *problem = STR("TLS to an upstream does not go through a proxy that is spoken to by TLS");
    return !scheme->is_tls || !forward->to_tls;
}

bool forward_set(struct http_pool_config *config, struct str url, struct str host,
                 struct str hostport, const struct core *core, uint32_t transport,
                 struct arena *arena, struct str *problem)
{
    bool is_tls;
    config->forward = (struct http_forward){
        .to_tls = config->tls != NULL,
        .host = host,
        .port = config->target.port,
        .authority = hostport,
    };
    if (!read_url(&config->forward, &config->target, &is_tls, url, arena, problem))
        return false;
    if (is_tls) {
        config->tls = core->transport_tls[transport];
        config->server_name = config->target.host;
    }
    return true;
}

bool forward_way(const struct core *core, struct str host, uint16_t port, struct arena *arena,
                 struct https_way *out, struct str *problem)
{
    struct dial_target proxy = {0};
    struct str trouble = {0};
    bool is_tls, is_v6 = str_index(host, ':') >= 0;
    struct str url = environment_proxy(core->environment, true, host, port, &trouble);
    *out = (struct https_way){.forward = {.kind = HTTP_FORWARD_NONE}};
    if (url.len == 0)
        return true;
    out->forward = (struct http_forward){
        .to_tls = true,
        .host = host,
        .port = port,
        .authority =
            str_printf(arena, is_v6 ? "[" STR_FMT "]:%u" : STR_FMT ":%u", STR_ARG(host), port),
    };
    if (!read_url(&out->forward, &proxy, &is_tls, url, arena, problem))
        return false;
    out->host = proxy.zone.len == 0 ? proxy.host
                                    : str_printf(arena, STR_FMT "%%" STR_FMT, STR_ARG(proxy.host),
                                                 STR_ARG(proxy.zone));
    out->port = proxy.port;
    return true;
}
