#!/usr/bin/env python3
"""WebSocket through the proxy, a real library at both ends: websocket.py BUILD

By HTTP/1.1, without and with TLS, and to an upstream with TLS. HTTP/2's extended CONNECT (RFC 8441) is not
offered, as in Caddy."""
import asyncio, os, socket, ssl, sys, time

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from peers import HERE, Suite, certificate, folder, free_port, running

CONFIG = """
{{
	auto_https disable_redirects
}}
http://localhost:{plain} {{
	reverse_proxy 127.0.0.1:{upstream}
}}
https://localhost:{secure} {{
	tls {cert} {key}
	handle_path /tls* {{
		reverse_proxy https://localhost:{upstream_tls} {{
			transport http {{
				tls_trust_pool file {cert}
			}}
		}}
	}}
	reverse_proxy 127.0.0.1:{upstream}
}}
"""
suite = Suite("websocket")
ports = {name: free_port() for name in ("plain", "secure", "upstream", "upstream_tls", "mortal")}


def ways(trust):
    """All the ways through the proxy: (base address, TLS context)."""
    return [(f"ws://localhost:{ports['plain']}", None), (f"wss://localhost:{ports['secure']}", trust),
            (f"wss://localhost:{ports['secure']}/tls", trust)]


def dial(base, path, trust, **options):
    options = {"max_size": None, "ping_interval": None, "open_timeout": 60, **options}
    return connect(base + path, ssl=trust, **options)


ends = []


async def ends_at_upstream(path, n=1):
    """How sessions of <path> ended there, n of them; asked directly, as they may end a while later."""
    for _ in range(400):
        async with connect(f"ws://127.0.0.1:{ports['upstream']}/ends", open_timeout=30) as ws:
            ends.extend((await ws.recv()).split(" "))
        found = [end for end in ends if end.startswith(f"{path}:")]
        if len(found) >= n:
            break
        await asyncio.sleep(0.05)
    ends[:] = [end for end in ends if end not in found]
    return found


def in_loop(test):
    """The test as a plain function, bounded in time."""
    def run(trust):
        asyncio.run(asyncio.wait_for(test(trust), 200))
    run.__name__ = test.__name__
    return run


@in_loop
async def test_messages_of_all_sizes(trust):
    for base, context in ways(trust):
        for compression in ("deflate", None):
            async with dial(base, "/echo", context, compression=compression) as ws:
                for size in (0, 1, 125, 126, 65535, 65536, 1 << 20):
                    for message in (b"\xa5" * size, "ü" * size, os.urandom(size)):
                        await ws.send(message)
                        assert await ws.recv() == message, (base, compression, size)
    async with dial(ways(trust)[1][0], "/echo", trust, compression=None) as ws:
        message = os.urandom(32 << 20)
        await ws.send(message)
        assert await ws.recv() == message


@in_loop
async def test_messages_in_pieces(trust):
    for base, context in ways(trust):
        async with dial(base, "/pieces", context) as ws:
            got = [piece async for piece in ws.recv_streaming() if piece]
            assert len(got) == 100 and b"".join(got) == b"".join(b"%06d" % i * 1000 for i in range(100)), len(got)

            async def pieces():
                for i in range(50):
                    yield f"piece {i}, "
                    await asyncio.sleep(0.001)
            await ws.send(pieces())
            assert await ws.recv() == "".join(f"piece {i}, " for i in range(50))


@in_loop
async def test_pings(trust):
    for base, context in ways(trust):
        async with dial(base, "/ping", context) as ws:
            assert await ws.recv() == "pong"
            for i in range(20):
                assert await asyncio.wait_for(await ws.ping(b"%d" % i), 30) >= 0


@in_loop
async def test_compression_is_agreed_on_by_the_ends(trust):
    for base, context in ways(trust):
        async with dial(base, "/echo", context) as ws:
            names = [extension.name for extension in ws.protocol.extensions]
            assert names == ["permessage-deflate"], names
        async with dial(base, "/echo", context, compression=None) as ws:
            assert ws.protocol.extensions == []
        async with dial(base, "/echo", context, subprotocols=["two", "three"]) as ws:
            assert ws.subprotocol == "two"


@in_loop
async def test_headers_upstream(trust):
    base, context = ways(trust)[1]
    async with dial(base, "/headers", context, origin="https://a.example", additional_headers={"X-Mine": "1"}) as ws:
        headers = dict(line.split(": ", 1) for line in (await ws.recv()).split("\n"))
    assert headers["Origin"] == "https://a.example" and headers["X-Mine"] == "1", headers
    assert headers["X-Forwarded-Proto"] == "https" and headers["X-Forwarded-For"] == "127.0.0.1", headers
    assert headers["Connection"] == "Upgrade" and headers["Upgrade"] == "websocket", headers
    assert headers["Sec-WebSocket-Version"] == "13", headers


@in_loop
async def test_close_codes(trust):
    for base, context in ways(trust)[:2]:
        for code in (1000, 1001, 1008, 3000, 4999):
            async with dial(base, f"/close/{code}", context) as ws:
                try:
                    await ws.recv()
                    raise AssertionError("it does not close")
                except ConnectionClosed:
                    assert (ws.close_code, ws.close_reason) == (code, "because"), (ws.close_code, ws.close_reason)
        for code in (1000, 1001, 4001):
            ws = await dial(base, f"/c{code}", context)
            await ws.close(code, "enough")
            assert ws.close_code == code
        for code in (1000, 1001, 4001):
            got = await ends_at_upstream(f"/c{code}")
            assert got == [f"/c{code}:{code}:enough"], got


@in_loop
async def test_a_thousand_at_once(trust):
    sockets = []

    async def one(i):
        base, context = ways(trust)[i % 2]
        sockets.append(await dial(base, "/echo", context, compression=None))
    for first in range(0, 1000, 50):
        await asyncio.gather(*[one(i) for i in range(first, first + 50)])
    assert len(sockets) == 1000

    async def talk(i, ws):
        for n in range(5):
            await ws.send(f"{i}/{n}")
        for n in range(5):
            assert await ws.recv() == f"{i}/{n}"
    await asyncio.gather(*[talk(i, ws) for i, ws in enumerate(sockets)])
    await asyncio.gather(*[ws.close() for ws in sockets])
    assert all(ws.close_code == 1000 for ws in sockets)


def shake_hands(port, path):
    s = socket.create_connection(("127.0.0.1", port), timeout=30)
    s.sendall((f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
               "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode())
    head = b""
    while b"\r\n\r\n" not in head:
        more = s.recv(4096)
        assert more, head
        head += more
    assert head.startswith(b"HTTP/1.1 101 "), head
    return s


@in_loop
async def test_a_client_that_goes_is_gone_at_the_upstream(trust):
    for how in ("half", "reset", "close"):
        s = await asyncio.to_thread(shake_hands, ports["plain"], f"/{how}")
        if how == "half":
            s.shutdown(socket.SHUT_WR)
        elif how == "reset":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            s.close()
        else:
            s.close()
        got = await ends_at_upstream(f"/{how}")
        assert got == [f"/{how}:1006:"], (how, got)
        if how == "half":  # as Caddy: either end ends both directions
            assert await asyncio.to_thread(s.recv, 10) == b""
            s.close()


def test_an_upstream_that_dies(mortal):
    async def run():
        sockets = [await connect(f"ws://localhost:{ports['plain']}/mortal/{i}", open_timeout=30) for i in range(20)]
        await sockets[0].send("alive?")
        assert await sockets[0].recv() == "alive?"
        mortal.kill()
        started = time.monotonic()
        for ws in sockets:
            try:
                await asyncio.wait_for(ws.recv(), 30)
                raise AssertionError("a message of the dead")
            except ConnectionClosed:
                assert ws.close_code == 1006, ws.close_code
        assert time.monotonic() - started < 15
    asyncio.run(run())


def test_a_proxy_that_stops():
    """It says so to both ends, as Caddy."""
    port = free_port()
    config = f"{{\n\tauto_https off\n}}\nhttp://localhost:{port} {{\n\treverse_proxy 127.0.0.1:{ports['upstream']}\n}}\n"

    async def run(proxy):
        sockets = [await connect(f"ws://localhost:{port}/stops", open_timeout=30) for _ in range(10)]
        await sockets[0].send("alive?")
        assert await sockets[0].recv() == "alive?"
        proxy.terminate()
        for ws in sockets:
            try:
                await asyncio.wait_for(ws.recv(), 30)
                raise AssertionError("a message of its own")
            except ConnectionClosed:
                assert ws.close_code == 1001, ws.close_code
        got = await ends_at_upstream("/stops", 10)
        assert got == ["/stops:1001:"] * 10, got
    with suite.proxy(config, port) as (proxy, _):
        asyncio.run(run(proxy))
        assert proxy.wait(30) == 0


def main():
    server = os.path.join(HERE, "websocket_server.py")
    with folder() as where:
        cert, key = certificate(where)
        trust = ssl.create_default_context(cafile=cert)
        config = CONFIG.format(cert=cert, key=key, **ports).replace(
            "\treverse_proxy 127.0.0.1", f"\treverse_proxy /mortal/* 127.0.0.1:{ports['mortal']}\n\treverse_proxy 127.0.0.1", 1)
        with running(sys.executable, server, ports["upstream"], port=ports["upstream"]), \
                running(sys.executable, server, ports["upstream_tls"], cert, key, port=ports["upstream_tls"]), \
                running(sys.executable, server, ports["mortal"], port=ports["mortal"]) as mortal, \
                suite.proxy(config, ports["plain"]) as (proxy, _):
            suite.run(globals(), trust=trust, mortal=mortal)
            proxy.terminate()
            suite.ends(proxy)
    return suite.end()


sys.exit(main())
