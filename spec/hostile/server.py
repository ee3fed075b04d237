"""Plays the rows of the hostile servers. Reads a JSON list from the first line of its input: for each row the list of its
steps; an empty list may be an object. Listens on a free port of 127.0.0.1 for each row, prints the ports, and ends with its input."""

import json
import os
import socket
import ssl
import struct
import sys
import threading
import time

PATIENCE = 60  # seconds after which a connection ends by itself
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS, DATA, END_STREAM = 1, 0, 1


def latin1(text):
    return text.encode("latin-1")


class Player:
    """Plays the steps of one row on one connection."""

    def __init__(self, sock, certificates):
        self.sock, self.certificates, self.unread = sock, certificates, b""

    def receive(self):
        data = self.sock.recv(65536)
        if not data:
            raise EOFError
        self.unread += data

    def take(self, count):
        while len(self.unread) < count:
            self.receive()
        taken, self.unread = self.unread[:count], self.unread[count:]
        return taken

    def request(self):
        """Reads a request of HTTP/1, or of HTTP/2 up to the end of its stream."""
        if self.unread[:3] == b"":
            self.receive()
        if PREFACE.startswith(self.unread[:3]):
            self.take(len(PREFACE))
            self.h2_request()
            return
        while b"\r\n\r\n" not in self.unread:
            self.receive()
        head, _, self.unread = self.unread.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                self.take(int(value))

    def h2_request(self):
        """Reads HTTP/2 frames up to the end of a request."""
        while True:
            head = self.take(9)
            self.take(int.from_bytes(head[:3], "big"))
            if head[3] in (HEADERS, DATA) and head[4] & END_STREAM:
                return

    def read(self, count):
        self.take(count)

    def send(self, text):
        self.sock.sendall(latin1(text))

    def drip(self, text, pause):
        for byte in text:
            self.send(byte)
            time.sleep(pause)

    def forever(self, text, pause=0):
        while True:
            self.send(text)
            time.sleep(pause)

    def pause(self, seconds):
        time.sleep(seconds)

    def hold(self):
        """Keeps the connection, until the client closes it. Reads what it gets."""
        while self.sock.recv(65536):
            pass

    def ignore(self):
        """Keeps the connection without reading from it."""
        time.sleep(8)

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def close(self):
        self.sock.shutdown(socket.SHUT_WR)
        self.sock.settimeout(2)
        self.hold()

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.sock.detach())

    def tls(self, certificate="good", alpn=None, newest=None, ca=None, ciphers=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{self.certificates}/{certificate}.pem", f"{self.certificates}/key.pem")
        if alpn:
            context.set_alpn_protocols([alpn])
        if newest:
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.maximum_version = ssl.TLSVersion[newest]
            context.set_ciphers("ALL:@SECLEVEL=0")
        if ciphers:
            context.set_ciphers(ciphers)
        if ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(f"{self.certificates}/{ca}.pem")
        self.sock = context.wrap_socket(self.sock, server_side=True, suppress_ragged_eofs=True)

    def plain(self, text):
        """Sends bytes without TLS on a connection with TLS."""
        self.detach().sendall(latin1(text))

    def detach(self):
        self.sock = socket.socket(fileno=self.sock.detach())
        return self.sock

    def cut_tls(self):
        """Closes the connection without the alert that ends TLS."""
        self.detach()


def play(sock, steps, certificates):
    sock.settimeout(PATIENCE)
    player = Player(sock, certificates)
    try:
        for step in steps:
            name, *arguments = step if isinstance(step, list) else [step]
            if arguments and isinstance(arguments[0], dict):
                getattr(player, name)(**arguments[0])
            else:
                getattr(player, name)(*arguments)
        player.close()
    except (OSError, EOFError):
        pass
    finally:
        player.sock.close()


def accept(listener, steps, certificates):
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=play, args=(sock, steps, certificates), daemon=True).start()


def fill(listener, kept):
    """Fills the queue of a listener that accepts no connection, so that the next connection gets no answer."""
    for _ in range(4):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(listener.getsockname())
        kept.append(sock)


def main():
    certificates = sys.argv[1]
    ports, kept = [], []
    for steps in json.loads(sys.stdin.buffer.readline().decode("latin-1"), strict=False):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        ports.append(listener.getsockname()[1])
        kept.append(listener)
        if steps == ["unaccepted"]:
            listener.listen(0)
            fill(listener, kept)
        elif steps != ["refused"]:  # a port that is bound, and not listened to, refuses connections
            listener.listen(64)
            threading.Thread(target=accept, args=(listener, steps, certificates), daemon=True).start()
    print(json.dumps(ports), flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


main()
