#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""tun.py DEV: what a peer behind the tun device DEV sends, told by lines on standard input:

	udp SOURCE DESTINATION PORT BYTES LINEAR

LINEAR: how many bytes of the packet the driver leaves in one piece (0: all of it, as it likes).
Prints "ready", then "sent" for each line."""
import fcntl, socket, struct, sys

def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff

def udp4(source, destination, port, size):
    datagram = struct.pack("!HHHH", 4000, port, size - 20, 0) + bytes(size - 28)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, size, 1, 0, 64, 17, 0,
                     socket.inet_aton(source), socket.inet_aton(destination))
    return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + datagram

tun = open("/dev/net/tun", "r+b", buffering=0)
IFF_TUN, IFF_NO_PI, IFF_VNET_HDR, TUNSETIFF = 1, 0x1000, 0x4000, 0x400454ca
fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", sys.argv[1].encode(), IFF_TUN | IFF_NO_PI | IFF_VNET_HDR))
print("ready", flush=True)
for line in sys.stdin:
    kind, source, destination, port, size, linear = line.split()
    header = struct.pack("<BBHHHH", 0, 0, int(linear), 0, 0, 0)
    tun.write(header + udp4(source, destination, int(port), int(size)))
    print("sent", flush=True)
