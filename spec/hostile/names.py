"""A hostile name server on port 53 of 127.0.0.1. Reads a JSON list from the first line of its input: for each name
rowN.test its steps, or false for a name that does not exist; an empty list may be an object. Prints a line when it listens, and ends with its input. A step:
  ["reply", {...}]  a reply. Fields: flags, id_offset, question, counts, raw; a and aaaa: records for questions of that type
  ["pause", S]      waits
  ["tcp", STEPS]    the steps of a question that comes over TCP; they must stand last"""

import json
import os
import socket
import struct
import sys
import threading
import time

A, AAAA = 1, 28


def latin1(text):
    return text.encode("latin-1")


def parse(packet):
    """Returns the number of the row in a question, its type, and the question."""
    at, labels = 12, []
    while packet[at]:
        labels.append(packet[at + 1 : at + 1 + packet[at]].decode("latin-1").lower())
        at += packet[at] + 1
    kind = struct.unpack(">H", packet[at + 1 : at + 3])[0]
    row = int(labels[0][3:]) if labels[0].startswith("row") and labels[-1] == "test" else 0
    return row, kind, packet[12 : at + 5]


def build(packet, kind, question, fields):
    if "raw" in fields:
        return latin1(fields["raw"])
    records = fields.get({A: "a", AAAA: "aaaa"}.get(kind), []) or []
    number = (struct.unpack(">H", packet[:2])[0] + fields.get("id_offset", 0)) % 65536
    counts = fields.get("counts", [1, len(records), 0, 0])
    head = struct.pack(">H", number) + latin1(fields.get("flags", "\x81\x80")) + struct.pack(">4H", *counts)
    return head + latin1(fields["question"] if "question" in fields else question.decode("latin-1")) + b"".join(map(latin1, records))


def play(rows, packet, is_tcp, send):
    try:
        row, kind, question = parse(packet)
        steps = rows[row - 1] if 0 < row <= len(rows) else False
        if steps is False:
            steps = [["reply", {"flags": "\x81\x83"}]]
        if is_tcp:
            steps = steps[-1][1] if steps and steps[-1][0] == "tcp" else []
        for name, argument in steps:
            if name == "pause":
                time.sleep(argument)
            elif name == "reply":
                send(build(packet, kind, question, argument))
    except (OSError, EOFError):
        pass


def play_tcp(rows, sock):
    """Answers questions until the client closes. Closes after a question whose steps send nothing."""
    with sock:
        try:
            while True:
                sent = []

                def send(reply):
                    sent.append(reply)
                    sock.sendall(struct.pack(">H", len(reply)) + reply)

                head = sock.recv(2, socket.MSG_WAITALL)
                packet = sock.recv(struct.unpack(">H", head)[0], socket.MSG_WAITALL)
                play(rows, packet, True, send)
                if not sent:
                    return
        except (OSError, struct.error):
            pass


def serve_udp(rows, sock):
    while True:
        packet, peer = sock.recvfrom(4096)

        def send(reply, peer=peer):
            sock.sendto(reply, peer)

        threading.Thread(target=play, args=(rows, packet, False, send), daemon=True).start()


def serve_tcp(rows, listener):
    while True:
        threading.Thread(target=play_tcp, args=(rows, listener.accept()[0]), daemon=True).start()


def main():
    rows = json.loads(sys.stdin.buffer.readline().decode("latin-1"), strict=False)
    udp, tcp = socket.socket(type=socket.SOCK_DGRAM), socket.socket()
    udp.bind(("127.0.0.1", 53))
    tcp.bind(("127.0.0.1", 53))
    tcp.listen(64)
    threading.Thread(target=serve_udp, args=(rows, udp), daemon=True).start()
    threading.Thread(target=serve_tcp, args=(rows, tcp), daemon=True).start()
    print("ready", flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


main()
