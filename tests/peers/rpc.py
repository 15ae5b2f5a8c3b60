#!/usr/bin/env python3
"""gRPC, a real server behind h2c:// and real clients before dialtone, with TLS and without: rpc.py BUILD"""
import os, queue, sys, threading, time
from concurrent.futures import ThreadPoolExecutor

import grpc

from peers import HERE, Suite, certificate, folder, free_port, running, until

CONFIG = """
{{
	auto_https disable_redirects
	servers :{clear} {{
		protocols h1 h2c
	}}
}}
http://localhost:{clear} {{
	reverse_proxy h2c://127.0.0.1:{server}
}}
https://localhost:{secure} {{
	tls {cert} {key}
	reverse_proxy h2c://127.0.0.1:{server}
}}
https://localhost:{dead} {{
	tls {cert} {key}
	reverse_proxy h2c://127.0.0.1:{nobody}
}}
"""
LARGE = [("grpc.max_receive_message_length", -1)]
suite = Suite("gRPC")
ports = {name: free_port() for name in ("clear", "secure", "dead", "server", "nobody")}
channels = []


class Calls:
    """The methods of grpc_server.py over a channel."""

    def __init__(self, channel):
        for name, kind in (("Echo", "unary_unary"), ("Tell", "unary_unary"), ("Fail", "unary_unary"),
                           ("Ends", "unary_unary"), ("Count", "unary_stream"), ("Drip", "unary_stream"),
                           ("Halfway", "unary_stream"), ("Add", "stream_unary"), ("Converse", "stream_stream")):
            setattr(self, name.lower(), getattr(channel, kind)(f"/peer.Service/{name}"))


def open_channels(cert):
    with open(cert, "rb") as f:
        trust = grpc.ssl_channel_credentials(f.read())
    clear = grpc.insecure_channel(f"localhost:{ports['clear']}", options=LARGE)
    secure = grpc.secure_channel(f"localhost:{ports['secure']}", trust, options=LARGE)
    dead = grpc.secure_channel(f"localhost:{ports['dead']}", trust, options=LARGE)
    channels.extend((clear, secure, dead))
    return Calls(clear), Calls(secure), Calls(dead)


def test_unary(all_calls):
    for calls in all_calls:
        for message in (b"", b"x", os.urandom(70000), os.urandom(8 << 20)):
            assert calls.echo(message, timeout=60) == message


def test_metadata(all_calls):
    for calls in all_calls:
        answer, call = calls.tell.with_call(b"", timeout=60, metadata=(("x-mine", "1"), ("x-mine", "2"),
                                                                      ("x-raw-bin", b"\0\xfe")))
        first, last = dict(call.initial_metadata()), dict(call.trailing_metadata())
        assert b"x-mine=1" in answer and b"x-mine=2" in answer and b"x-raw-bin=b'\\x00\\xfe'" in answer, answer
        assert b"x-forwarded-proto=" in answer and b"x-forwarded-for=" in answer, answer
        assert first["x-begin"] == "1" and first["x-bytes-bin"] == b"\0\1\2\xff", first
        assert last == {"x-end": "2", "x-end-bin": b"\xff\0"}, last


def refused(call):
    try:
        call()
    except grpc.RpcError as error:
        return error
    raise AssertionError("it succeeds")


def test_failures(all_calls):
    for calls in all_calls:
        error = refused(lambda: calls.fail(b"", timeout=60))
        assert error.code() == grpc.StatusCode.FAILED_PRECONDITION and error.details() == "not like this: ü%\n", error
        assert dict(error.trailing_metadata())["x-why"] == "asked for"
        got = []
        error = refused(lambda: got.extend(calls.halfway(b"", timeout=60)))
        assert got == [b"one"] or got == [], got
        assert error.code() == grpc.StatusCode.DATA_LOSS and error.details() == "the rest is gone", error


def test_an_upstream_that_is_not_there(dead):
    error = refused(lambda: dead.echo(b"", timeout=60))
    assert error.code() == grpc.StatusCode.UNAVAILABLE and "502" in error.details(), error


def test_a_stream_from_the_server(all_calls):
    for calls in all_calls:
        assert list(calls.count(b"2000", timeout=60)) == [b"%d" % i for i in range(2000)]


def test_messages_come_one_by_one(all_calls):
    for calls in all_calls:
        call = calls.drip(b"one by one", timeout=60)
        started = time.monotonic()
        for i in range(10):
            assert next(call) == b"%d" % i
        assert 0.1 < time.monotonic() - started < 10
        call.cancel()


def test_a_client_that_cancels(all_calls):
    for i, calls in enumerate(all_calls):
        call = calls.drip(b"cancelled-%d" % i, timeout=60)
        next(call)
        call.cancel()
        error = refused(lambda: list(calls.drip(b"late-%d" % i, timeout=2)))
        assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error
        for word in (b"cancelled-%d" % i, b"late-%d" % i):
            assert until(lambda: word in calls.ends(b"", timeout=60).split()), (word, calls.ends(b""))


def test_a_stream_from_the_client(all_calls):
    for calls in all_calls:
        sizes = [0, 1, 16383, 16384, 70000] * 20
        assert calls.add(iter([b"x" * size for size in sizes]), timeout=60) == b"%d" % sum(sizes)


def test_a_conversation(all_calls):
    """Each message is answered before the next is said."""
    for calls in all_calls:
        says = queue.Queue()
        answers = calls.converse(iter(says.get, None), timeout=60)
        for i in range(100):
            says.put(b"%d" % i)
            assert next(answers) == b"re: %d" % i
        says.put(None)
        assert list(answers) == []
        assert answers.code() == grpc.StatusCode.OK


def test_many_at_once(all_calls):
    def one(i):
        calls = all_calls[i % 2]
        message = os.urandom(i * 37)
        if i % 3 == 0:
            return list(calls.converse(iter([message] * 5), timeout=60)) == [b"re: " + message] * 5
        if i % 3 == 1:
            return calls.echo(message, timeout=60) == message
        return len(list(calls.count(b"%d" % i, timeout=60))) == i
    with ThreadPoolExecutor(100) as pool:
        assert all(pool.map(one, range(600)))


def test_more_streams_than_a_connection_may_have(all_calls):
    """The client waits for the limit; nothing fails."""
    calls = all_calls[1]
    held = [calls.drip(b"held", timeout=60) for _ in range(150)]
    for call in held:
        next(call)
    threads = [threading.Thread(target=lambda: results.append(calls.echo(b"x", timeout=60))) for _ in range(150)]
    results = []
    for thread in threads:
        thread.start()
    for call in held:
        call.cancel()
    for thread in threads:
        thread.join()
    assert results == [b"x"] * 150


def main():
    with folder() as where:
        cert, key = certificate(where)
        with running(sys.executable, os.path.join(HERE, "grpc_server.py"), ports["server"], port=ports["server"]), \
                suite.proxy(CONFIG.format(cert=cert, key=key, **ports), ports["clear"]) as (proxy, _):
            clear, secure, dead = open_channels(cert)
            suite.run(globals(), all_calls=(clear, secure), dead=dead)
            for channel in channels:
                channel.close()
            proxy.terminate()
            suite.ends(proxy)
    return suite.end()


sys.exit(main())
