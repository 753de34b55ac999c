#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""echo.py serve PORT... | ask KIND ADDRESS PORT [SOURCE] | refused ADDRESS PORT

serve: echoes TCP and UDP on all addresses, both families, until it is killed; prints "ready".
ask: one exchange, KIND is tcp, tcp-large (4 MB), udp or udp-large (in fragments); exit status 0 if
it came back.
refused: exit status 0 if a datagram is answered by a port unreachable."""
import selectors, socket, sys, threading

def serve(ports):
    events = selectors.DefaultSelector()
    for port in map(int, ports):
        for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
            s = socket.socket(socket.AF_INET6, kind)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            if kind == socket.SOCK_DGRAM:   # answer from the address that was asked
                s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            s.bind(("::", port))
            if kind == socket.SOCK_STREAM:
                s.listen(64)
            events.register(s, selectors.EVENT_READ, kind)
    print("ready", flush=True)
    while True:
        for key, _ in events.select():
            s = key.fileobj
            if key.data == socket.SOCK_DGRAM:
                data, ancillary, _, peer = s.recvmsg(65535, 256)
                s.sendmsg([data], [a for a in ancillary if a[1] == socket.IPV6_PKTINFO], 0, peer)
            elif key.data == socket.SOCK_STREAM:
                events.register(s.accept()[0], selectors.EVENT_READ, "stream")
            else:
                try:
                    data = s.recv(65536)
                    s.sendall(data)
                except OSError:
                    data = b""
                if not data:
                    events.unregister(s)
                    s.close()

def opened(kind, address, port, source=None):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, kind)
    s.settimeout(3)
    if source:
        s.bind((source, 0))
    s.connect((address, int(port)))
    return s

def ask(how, address, port, source=None):
    data = b"weir" * {"udp-large": 1200, "tcp-large": 1 << 20}.get(how, 100)
    s = opened(socket.SOCK_STREAM if how.startswith("tcp") else socket.SOCK_DGRAM, address, port, source)
    threading.Thread(target=s.sendall, args=[data], daemon=True).start()
    back = b""
    while len(back) < len(data):
        more = s.recv(65536)
        if not more:
            break
        back += more
    return back == data

def refused(address, port):
    s = opened(socket.SOCK_DGRAM, address, port)
    s.send(b"weir")
    try:
        s.recv(100)
    except ConnectionRefusedError:
        return True
    return False

try:
    sys.exit(not {"serve": lambda *p: serve(p), "ask": ask, "refused": refused}[sys.argv[1]](*sys.argv[2:]))
except (TimeoutError, socket.timeout):
    sys.exit(1)
