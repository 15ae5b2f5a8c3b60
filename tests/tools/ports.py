#!/usr/bin/env python3
"""Ports for the servers of a test: ports.py [N] prints N of them.

A port that the kernel picks (bind to 0) and that is closed again can be anybody's a moment later: the next
client's, or that of a suite that runs at the same time. So these are outside of the range that clients get,
and the last ones are held by abstract unix sockets, which other suites see, until this process ends.
"""
import collections, errno, random, socket, sys

FIRST, END = 10000, 65500
chosen = random.SystemRandom()
held = collections.deque(maxlen=64)  # older ones have their servers, or had them


def client_range():
    """What the kernel takes for connections and for binding to port 0."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
            low, high = map(int, f.read().split())
    except (OSError, ValueError):
        low, high = 32768, 60999
    return range(low, high + 1)


def is_odd(port):
    """Nothing that is written anywhere for another reason, as 20000 and 16384: tests look for their ports in texts."""
    return port % 5 != 0 and port & (port - 1) != 0 and port != 54321


def candidates():
    clients, odd = client_range(), [port for port in range(FIRST, END) if is_odd(port)]
    outside = [port for port in odd if port not in clients]
    return outside if len(outside) > 1000 else odd


def hold(port):
    """Whether no other test has it; they are told from now on."""
    holder = socket.socket(socket.AF_UNIX)
    try:
        holder.bind(f"\0dialtone-test-port-{port}")
    except OSError:
        holder.close()
        return False
    held.append(holder)
    return True


def is_free(port):
    """Whether it can be bound everywhere, by TCP and by UDP."""
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            try:
                with socket.socket(family, kind) as s:
                    if family == socket.AF_INET6:
                        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    s.bind((address, port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    return False  # all else means that there is no such family here
    return True


def free_ports(n):
    ports, found = candidates(), []
    while len(found) < n:
        port = chosen.choice(ports)
        ports.remove(port)
        if hold(port) and is_free(port):
            found.append(port)
    return found


def free_port():
    return free_ports(1)[0]


if __name__ == "__main__":
    print(*free_ports(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
