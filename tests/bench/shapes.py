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


SHAPES = {f.__name__: f for f in (
    sites, hosts, ports, port_sites, plain_sites, matchers, directives, equal_routes, handle_paths,
    rewrites, nesting, snippet_imports, snippets, snippet_chain, tls_internal, tls_emails, tls_versions,
    tls_same_versions, tls_files, wildcards, client_auth, logs, log_hosts, unlogged, map_lines,
    header_lines, upstreams, path_words, set_lines, variables, placeholders, named_routes,
    error_handlers, comments, quoted, continued, mistakes, twice)}


def text(name, n):
    return "".join(SHAPES[name](n))


if __name__ == "__main__":
    sys.stdout.write(text(sys.argv[1], int(sys.argv[2])))
