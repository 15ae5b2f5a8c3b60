"""Large Caddyfiles of one shape each, for the benchmark and for looking at how time grows.

    shapes.py NAME N       prints the file
"""
import sys


def sites(n):
    """sites with a matcher, two handles and two upstreams each"""
    for i in range(n):
        yield f"""site{i}.example.com {{
	@api{i} path /api/{i}/* /v{i}/*
	handle @api{i} {{
		reverse_proxy backend{i}a.internal:8080 backend{i}b.internal:8080 {{
			header_up X-Site {i}
		}}
	}}
	handle {{
		respond "this is site {i}" 200
	}}
}}
"""


def hosts(n):
    """one site with many addresses"""
    yield ",\n".join(f"host{i}.example.com" for i in range(n)) + " {\n\trespond hello\n}\n"


def ports(n):
    """one site on many ports"""
    yield ",\n".join(f"localhost:{2000 + i}" for i in range(n)) + " {\n\trespond hello\n}\n"


def port_sites(n):
    """sites with a port each, so a server each"""
    for i in range(n):
        yield f":{2000 + i} {{\n\trespond hello\n}}\n"


def plain_sites(n):
    """http:// sites, which automatic HTTPS must skip, beside one that wants it"""
    for i in range(n):
        yield f"http://site{i}.example.com:8443 {{\n\trespond {i}\n}}\n"
    yield "https://last.example.com:8443 {\n\trespond hello\n}\n"


def matchers(n):
    """one site with many named matchers, each used by a handle"""
    yield "example.com {\n"
    for i in range(n):
        yield f"\t@m{i} {{\n\t\tpath /a{i}/*\n\t\tmethod GET\n\t}}\n\thandle @m{i} {{\n\t\trespond {i}\n\t}}\n"
    yield "}\n"


def directives(n):
    """one site with many directives"""
    yield "example.com {\n"
    for i in range(n):
        yield f"\theader /p{i % 997}/* X-{i} {i}\n"
    yield "}\n"


def equal_routes(n):
    """one site with directives that become one route"""
    yield "example.com {\n"
    for i in range(n):
        yield f"\theader X-{i} {i}\n"
    yield "}\n"


def handle_paths(n):
    """one site with paths, none of which says anything of the others"""
    yield "example.com {\n"
    for i in range(n):
        yield f"\thandle_path /p{i}/* {{\n\t\treverse_proxy localhost:{1 + i % 60000}\n\t}}\n"
    yield "}\n"


def rewrites(n):
    """one site with rewrites and redirects"""
    yield "example.com {\n"
    for i in range(n):
        yield f"\trewrite /old{i} /new{i}\n\tredir /from{i} /to{i} 301\n"
    yield "}\n"


def nesting(n):
    """blocks as deep as they may be, again and again"""
    yield "example.com {\n"
    for i in range(max(n // 60, 1)):
        yield "".join("\t" * (1 + d) + f"handle /a{i}/{d}* {{\n" for d in range(60))
        yield "\t" * 61 + "respond deep\n"
        yield "".join("\t" * (60 - d) + "}\n" for d in range(60))
    yield "}\n"


def snippet_imports(n):
    """one snippet, imported often"""
    yield "(common) {\n\theader X-{args[0]} {args[1]}\n\tencode gzip\n}\n"
    for i in range(n):
        yield f"site{i}.example.com {{\n\timport common {i} value\n\trespond {i}\n}}\n"


def snippets(n):
    """many snippets, imported once each"""
    for i in range(n):
        yield f"(s{i}) {{\n\theader X-{i} {i}\n}}\n"
    for i in range(n):
        yield f"site{i}.example.com {{\n\timport s{i}\n}}\n"


def snippet_chain(n):
    """snippets that import the one before"""
    yield "(s0) {\n\trespond hello\n}\n"
    for i in range(1, n):
        yield f"(s{i}) {{\n\theader /{i} X-{i} {i}\n}}\n"
    yield "example.com {\n" + "".join(f"\timport s{i}\n" for i in range(n)) + "}\n"


def tls_internal(n):
    """sites whose policies say the same"""
    for i in range(n):
        yield f"site{i}.example.com {{\n\ttls internal\n}}\n"


def tls_emails(n):
    """sites whose policies all differ"""
    for i in range(n):
        yield f"site{i}.example.com {{\n\ttls user{i}@example.com\n}}\n"


def tls_versions(n):
    """sites with connection policies of their own"""
    for i in range(n):
        yield f"site{i}.example.com {{\n\ttls {{\n\t\talpn proto{i}\n\t}}\n}}\n"


def tls_same_versions(n):
    """sites with connection policies that say the same"""
    for i in range(n):
        yield f"site{i}.example.com {{\n\ttls {{\n\t\tprotocols tls1.3\n\t}}\n}}\n"


def tls_files(n):
    """sites with certificates of their own"""
    for i in range(n):
        yield f"site{i}.example.com {{\n\ttls cert{i}.pem key{i}.pem\n}}\n"


def wildcards(n):
    """wildcard sites with their special cases"""
    for i in range(n):
        yield f"*.d{i}.example.com {{\n\ttls internal\n}}\na.d{i}.example.com {{\n\trespond {i}\n}}\n"


def client_auth(n):
    """wildcards that ask for certificates beside names that do not"""
    for i in range(n):
        yield (f"*.d{i}.example.com {{\n\ttls {{\n\t\tclient_auth {{\n\t\t\tmode require\n\t\t}}\n\t}}\n}}\n"
               f"a.d{i}.example.com {{\n\trespond {i}\n}}\n")


def logs(n):
    """sites with a log each"""
    for i in range(n):
        yield f"site{i}.example.com {{\n\tlog {{\n\t\toutput file /var/log/{i}.log\n\t}}\n}}\n"


def log_hosts(n):
    """one log for many names"""
    yield ",\n".join(f"host{i}.example.com" for i in range(n)) + " {\n\tlog\n}\nother.example.com {\n\trespond 1\n}\n"


def unlogged(n):
    """sites without a log beside one that has one"""
    for i in range(n):
        yield f"site{i}.example.com {{\n\trespond {i}\n}}\n"
    yield "logged.example.com {\n\tlog\n}\n"


def map_lines(n):
    """one map with many lines"""
    yield "example.com {\n\tmap {path} {target} {\n"
    for i in range(n):
        yield f"\t\t/old{i} /new{i}\n"
    yield "\t}\n\tredir {target}\n}\n"


def header_lines(n):
    """one header block with many lines"""
    yield "example.com {\n\theader {\n" + "".join(f"\t\tX-{i} {i}\n" for i in range(n)) + "\t}\n}\n"


def upstreams(n):
    """one proxy with many upstreams"""
    yield "example.com {\n\treverse_proxy {\n" + "".join(f"\t\tto app{i}:8080\n" for i in range(n)) + "\t}\n}\n"


def path_words(n):
    """one matcher with many paths"""
    yield "example.com {\n\t@m path " + " ".join(f"/p{i}/*" for i in range(n)) + "\n\trespond @m hello\n}\n"


def set_lines(n):
    """one matcher set with many lines of each kind"""
    yield "example.com {\n\t@m {\n"
    for i in range(n):
        yield f"\t\theader X-{i} {i}\n\t\tquery q{i}=1\n\t\tremote_ip 10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}\n"
    yield "\t}\n\trespond @m hello\n}\n"


def variables(n):
    """environment variables with defaults"""
    yield "example.com {\n" + "".join(f"\theader X-{i} {{$NOT_SET_{i}:{i}}}\n" for i in range(n)) + "}\n"


def placeholders(n):
    """shorthands in long values"""
    yield "example.com {\n\trespond \"" + " ".join("{host}{path.0}{header.X-%d}" % i for i in range(n)) + "\"\n}\n"


def named_routes(n):
    """named routes, each invoked"""
    for i in range(n):
        yield f"&(r{i}) {{\n\trespond {i}\n}}\n"
    yield "example.com {\n" + "".join(f"\thandle /{i} {{\n\t\tinvoke r{i}\n\t}}\n" for i in range(n)) + "}\n"


def error_handlers(n):
    """sites with handlers of errors"""
    for i in range(n):
        yield f"site{i}.example.com {{\n\thandle_errors {400 + i % 100} {{\n\t\trespond {i}\n\t}}\n}}\n"


def comments(n):
    """comments and empty lines"""
    yield "".join(f"# line {i}\n\n" for i in range(n)) + "example.com {\n" + "".join(f"\t# {i}\n" for i in range(n)) + "}\n"


def quoted(n):
    """long words: quotes, backticks, heredocs"""
    yield "example.com {\n\trespond /q \"" + "a \\\"b\\\" c\n" * n + "\"\n\trespond /b `" + "a b c\n" * n
    yield "`\n\trespond /h <<END\n" + "\t\ta line\n" * n + "\t\tEND\n}\n"


def continued(n):
    """one line, continued often"""
    yield "example.com {\n\trespond /x" + "".join(" \\\n\t\t\"\"" for _ in range(0)) + " hello\n\t@m path"
    yield "".join(f" \\\n\t\t/p{i}" for i in range(n)) + "\n\trespond @m hi\n}\n"


def mistakes(n):
    """a mistake in every site"""
    for i in range(n):
        yield f"site{i}.example.com {{\n\trevers_proxy localhost:{i}\n\theader {{\n}}\n"


def twice(n):
    """every site twice"""
    for i in range(n):
        yield f"site{i % max(n // 2, 1)}.example.com {{\n\trespond {i}\n}}\n"


def one_matcher(n):
    """one named matcher, used by many directives"""
    yield "example.com {\n\t@m path /a/*\n" + "".join(f"\theader @m X-{i} {i}\n" for i in range(n)) + "}\n"


def host_matchers(n):
    """a wildcard site with a handle for each host"""
    yield "*.example.com {\n\ttls internal\n"
    for i in range(n):
        yield f"\t@h{i} host h{i}.example.com\n\thandle @h{i} {{\n\t\treverse_proxy localhost:{2000 + i}\n\t}}\n"
    yield "}\n"


def field_matchers(n):
    """handles that look at fields, the query and methods"""
    yield "example.com {\n"
    for i in range(n):
        kind = (f"header X-Kind k{i}", f"query q=v{i}", f"method M{i}", f"remote_ip 10.{i >> 8 & 255}.{i & 255}.0/24")
        yield f"\t@m{i} {kind[i % 4]}\n\thandle @m{i} {{\n\t\trespond {i}\n\t}}\n"
    yield "}\n"


def regexps(n):
    """matchers with regular expressions, and what they capture"""
    yield "example.com {\n"
    for i in range(n):
        yield f"\t@r{i} path_regexp r{i} ^/a{i}/(\\d+)/(.*)$\n\trewrite @r{i} /b/{{re.r{i}.1}}?rest={{re.r{i}.2}}\n"
    yield "}\n"


def expressions(n):
    """matchers with expressions"""
    yield "example.com {\n"
    for i in range(n):
        yield f"\t@e{i} expression `{{path}}.startsWith(\"/a{i}\")`\n\trespond @e{i} {i}\n"
    yield "}\n"


def negations(n):
    """matchers that exclude each other's paths"""
    yield "example.com {\n"
    for i in range(n):
        yield f"\t@n{i} {{\n\t\tnot path /a{i}/*\n\t\tnot method POST\n\t}}\n\theader @n{i} X-{i} {i}\n"
    yield "}\n"


def map_regexps(n):
    """one map with many regular expressions"""
    yield "example.com {\n\tmap {path} {target} {\n"
    for i in range(n):
        yield f"\t\t~^/old{i}/(.*)$ /new{i}/${{1}}\n"
    yield "\t}\n\tredir {target}\n}\n"


def imports_in_one(n):
    """one site with many imports, each with arguments"""
    yield "(h) {\n\thandle /{args[0]}/* {\n\t\trespond {args[1]}\n\t}\n}\nexample.com {\n"
    yield "".join(f"\timport h p{i} {i}\n" for i in range(n)) + "}\n"


def import_blocks(n):
    """imports with blocks"""
    yield "(wrap) {\n\thandle {args[0]} {\n\t\t{block}\n\t}\n}\nexample.com {\n"
    yield "".join(f"\timport wrap /p{i} {{\n\t\trespond {i}\n\t}}\n" for i in range(n)) + "}\n"


def imported_finding(n):
    """a mistake in a snippet that many sites import"""
    yield "(bad) {\n\ttls internal\n\treverse_proxy 10.0.0.1:443\n\theader Host\n}\n"
    yield "".join(f"site{i}.example.com {{\n\timport bad\n}}\n" for i in range(n))


def local_proxies(n):
    """sites on this machine that proxy to each other"""
    for i in range(n):
        yield f"localhost:{2000 + i} {{\n\treverse_proxy localhost:{2000 + (i + 1) % n}\n}}\n"


def redirects(n):
    """sites that only redirect to HTTPS, and those that they redirect to"""
    for i in range(n):
        yield f"http://site{i}.example.com {{\n\tredir https://{{host}}{{uri}}\n}}\nsite{i}.example.com {{\n\trespond {i}\n}}\n"


def file_servers(n):
    """handles with roots and file servers"""
    yield "example.com {\n"
    for i in range(n):
        yield f"\thandle /p{i}/* {{\n\t\troot * /srv/{i}\n\t\ttry_files {{path}} /index.html\n\t\tfile_server\n\t}}\n"
    yield "}\n"


def guards(n):
    """passwords for many folders"""
    yield "example.com {\n"
    for i in range(n):
        yield f"\tbasic_auth /admin{i}/* {{\n\t\tbob $2a$14$Bjy6C77P.UOn1WrQeF3yOuUVOTVJ7XXDc6Y25d616tLEMi5kvALvO\n\t}}\n"
    yield "\treverse_proxy app:80\n}\n"


def loose_guards(n):
    """passwords for one path each, and what is below them"""
    yield "example.com {\n"
    for i in range(n):
        yield f"\tforward_auth /admin{i} auth:9091 {{\n\t\turi /verify\n\t}}\n\treverse_proxy /admin{i}/* app:80\n"
    yield "}\n"


def shadowed(n):
    """a route that takes the requests of all that follow"""
    yield "example.com {\n\troute {\n\t\thandle /a* {\n\t\t\trespond first\n\t\t}\n"
    for i in range(n):
        yield f"\t\thandle /a/b{i} {{\n\t\t\trespond {i}\n\t\t}}\n"
    yield "\t}\n}\n"


def status_handlers(n):
    """one site with handlers of errors for many statuses"""
    yield "example.com {\n\treverse_proxy app:80\n"
    yield "".join(f"\thandle_errors {400 + i % 100} {{\n\t\trespond {i}\n\t}}\n" for i in range(n)) + "}\n"


def suppressed(n):
    """comments that switch findings off"""
    for i in range(n):
        yield (f"# dialtone: ignore[DT403] our own\nsite{i}.example.com {{\n\ttls internal\n"
               f"\t# dialtone: ignore[DT303,DT606] {i}\n\treverse_proxy 10.0.0.1:443\n}}\n")


def idle_comments(n):
    """comments that switch nothing off"""
    yield "example.com {\n"
    for i in range(n):
        yield f"\t# dialtone: ignore[DT606]\n\theader X-{i} {i}\n"
    yield "}\n"


def old_names(n):
    """directives of other servers"""
    yield "example.com {\n" + "".join(f"\tproxy_pass http://app{i}\n\tgzip\n" for i in range(n)) + "}\n"


def bad_values(n):
    """mistakes of many kinds"""
    yield "example.com {\n"
    for i in range(n):
        yield (f"\treverse_proxy app:80 {{\n\t\tlb_try_duration {i}\n\t\tlb_polcy first\n\t}}\n"
               f"\trespond @nobody{i}\n\timport missing{i}\n\troot * a b c\n")
    yield "}\n"


def header_findings(n):
    """fields that are set to nothing, twice, or unquoted"""
    yield "example.com {\n\treverse_proxy app:80\n"
    for i in range(n):
        yield f"\theader X-{i}\n\theader Access-Control-Allow-Origin https://a{i}.example\n\theader X-{i} a; b{i};\n"
    yield "}\n"


def open_braces(n):
    """blocks that are never closed"""
    yield "example.com {\n" + "".join(f"\thandle /a{i} {{\n" for i in range(n))


def stray_braces(n):
    """braces that close nothing"""
    yield "example.com {\n\trespond a\n}\n" + "}\n" * n


def quotes(n):
    """words in quotes, glued and escaped"""
    yield "example.com {\n" + "".join(f"\theader X-{i} \"a \\\" {i}\" `b {i}` \\\n\t\t\"c\"\n" for i in range(n)) + "}\n"


def heredocs(n):
    """many heredocs"""
    yield "example.com {\n" + "".join(f"\trespond /{i} <<END{i}\n\t\ta {i}\n\t\tEND{i}\n" for i in range(n)) + "}\n"


SHAPES = {f.__name__: f for f in (
    sites, hosts, ports, port_sites, plain_sites, matchers, directives, equal_routes, handle_paths,
    rewrites, nesting, snippet_imports, snippets, snippet_chain, tls_internal, tls_emails, tls_versions,
    tls_same_versions, tls_files, wildcards, client_auth, logs, log_hosts, unlogged, map_lines,
    header_lines, upstreams, path_words, set_lines, variables, placeholders, named_routes,
    error_handlers, comments, quoted, continued, mistakes, twice, one_matcher, host_matchers,
    field_matchers, regexps, expressions, negations, map_regexps, imports_in_one, import_blocks,
    imported_finding, local_proxies, redirects, file_servers, guards, loose_guards, shadowed,
    status_handlers, suppressed, idle_comments, old_names, bad_values, header_findings, open_braces,
    stray_braces, quotes, heredocs)}


def text(name, n):
    return "".join(SHAPES[name](n))


if __name__ == "__main__":
    sys.stdout.write(text(sys.argv[1], int(sys.argv[2])))
