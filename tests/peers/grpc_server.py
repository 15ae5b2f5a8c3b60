"""The gRPC server of rpc.py: grpc_server.py PORT. Messages are plain bytes, so that no compiler is needed."""
import sys, time
from concurrent.futures import ThreadPoolExecutor

import grpc

cancelled = []


def echo(request, context):
    return request


def tell(request, context):
    """What of the call's metadata came through, and some of our own at both ends."""
    sent = sorted(f"{key}={value}" for key, value in context.invocation_metadata() if key.startswith("x-"))
    context.send_initial_metadata((("x-begin", "1"), ("x-bytes-bin", b"\0\1\2\xff")))
    context.set_trailing_metadata((("x-end", "2"), ("x-end-bin", b"\xff\0")))
    return "\n".join(sent).encode()


def fail(request, context):
    context.set_trailing_metadata((("x-why", "asked for"),))
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not like this: ü%\n")


def count(request, context):
    for i in range(int(request)):
        yield b"%d" % i


def drip(request, context):
    """A message now and then, until the client has had enough."""
    context.add_callback(lambda: cancelled.append(request.decode()))
    i = 0
    while context.is_active():
        yield b"%d" % i
        i += 1
        time.sleep(0.02)


def add(requests, context):
    return b"%d" % sum(len(request) for request in requests)


def converse(requests, context):
    for request in requests:
        yield b"re: " + request


def halfway(request, context):
    yield b"one"
    context.abort(grpc.StatusCode.DATA_LOSS, "the rest is gone")


def ends(request, context):
    return " ".join(cancelled).encode()


unary, stream = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
methods = {"Echo": unary(echo), "Tell": unary(tell), "Fail": unary(fail), "Ends": unary(ends), "Count": stream(count),
           "Drip": stream(drip), "Halfway": stream(halfway), "Add": grpc.stream_unary_rpc_method_handler(add),
           "Converse": grpc.stream_stream_rpc_method_handler(converse)}
server = grpc.server(ThreadPoolExecutor(200), options=[("grpc.max_receive_message_length", -1)])
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("peer.Service", methods),))
assert server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
server.start()
server.wait_for_termination()
