"""Runs a command in a new network namespace, and fails if a program in it sends anything to an address outside 127.0.0.0/8.

The namespace has a route to all addresses. Its packets reach a device that nothing is connected to, and are recorded.
Usage: unshare --net python3 witness.py COMMAND...
"""

import socket
import subprocess
import sys

SETUP = """
ip link set lo up
ip link add out type veth peer name sink
sysctl -qw net.ipv6.conf.out.disable_ipv6=1 net.ipv6.conf.sink.disable_ipv6=1 2>/dev/null || true
ip address add 192.0.2.1/24 dev out
ip link set out arp off up
ip link set sink arp off up
ip route add default dev out
"""
ALL_PROTOCOLS, IPV4 = 3, b"\x08\x00"


def describe(frame):
    if frame[12:14] != IPV4:
        return f"a frame of type {frame[12:14].hex()}"
    ports = 14 + 4 * (frame[14] & 15)
    return f"{socket.inet_ntoa(frame[30:34])} port {int.from_bytes(frame[ports + 2:ports + 4], 'big')}"


def recorded(listener):
    listener.setblocking(False)
    try:
        while True:
            yield describe(listener.recv(65535))
    except BlockingIOError:
        return


subprocess.run(["sh", "-ec", SETUP], check=True)
listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
listener.bind(("sink", 0))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
    probe.sendto(b"probe", ("100.100.100.200", 9))
if list(recorded(listener)) != ["100.100.100.200 port 9"]:
    sys.exit("failed  the packets to other hosts are not recorded")
status = subprocess.run(sys.argv[1:]).returncode
others = sorted(set(recorded(listener)))
print(f"failed  packets were sent to {', '.join(others)}" if others else "ok      no packet was sent to another host")
sys.exit(1 if others else status)
