"""The WebSocket server of websocket.py, of the library `websockets`: websocket_server.py PORT [CERT KEY]"""
import asyncio, ssl, sys

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

ends = []  # what became of the connections


async def session(ws):
    path = ws.request.path
    try:
        if path == "/ends":
            await ws.send(" ".join(ends))
            ends.clear()
            return
        if path.startswith("/close/"):
            await ws.close(int(path[7:]), "because")
            return
        if path == "/ping":
            latency = await asyncio.wait_for(await ws.ping(b"are you there"), 10)
            await ws.send("pong" if latency >= 0 else "?")
        if path == "/pieces":
            async def pieces():
                for i in range(100):
                    yield b"%06d" % i * 1000
            await ws.send(pieces())
        if path == "/headers":
            await ws.send("\n".join(f"{name}: {value}" for name, value in ws.request.headers.raw_items()))
        async for message in ws:
            await ws.send(message)
    except ConnectionClosed:
        pass
    finally:
        if path != "/ends":
            ends.append(f"{path}:{ws.close_code}:{ws.close_reason or ''}")


async def main():
    context = None
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*sys.argv[2:4])
    compression = None if "--plain" in sys.argv else "deflate"
    async with serve(session, "127.0.0.1", int(sys.argv[1]), ssl=context, max_size=None, ping_interval=None,
                     select_subprotocol=lambda _, offered: "two" if "two" in offered else None, compression=compression, backlog=2000):
        await asyncio.get_running_loop().create_future()


asyncio.run(main())
