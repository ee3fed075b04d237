"""Passes connections on to another port, and can send the last request again."""

import http.client
import socket
import threading
from urllib.parse import urlsplit


class Connection:
    """One connection of a client. `request` is its last request: what the client has sent since the last reply."""

    def __init__(self, tap, client):
        self.tap, self.client, self.service = tap, client, socket.create_connection(tap.to)
        self.request, self.is_answered = b"", False
        for work in (self.send, self.answer):
            threading.Thread(target=work, daemon=True).start()

    def send(self):
        try:
            while data := self.client.recv(65536):
                self.request = data if self.is_answered else self.request + data
                self.is_answered, self.tap.last = False, self
                self.service.sendall(data)
            self.service.shutdown(socket.SHUT_WR)
        except OSError:  # the service closed the connection
            self.client.close()

    def answer(self):
        try:
            while data := self.service.recv(65536):
                self.is_answered = True
                self.client.sendall(data)
            self.client.shutdown(socket.SHUT_WR)
        except OSError:  # the client closed the connection
            self.service.close()


class Tap:
    def __init__(self, endpoint):
        address = urlsplit(endpoint)
        self.to = (address.hostname, address.port)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                Connection(self, self.server.accept()[0])
        except OSError:  # the tap was closed
            pass

    def replay(self):
        """Returns the HTTP status and the body of the reply to the same bytes."""
        with socket.create_connection(self.to) as connection:
            connection.sendall(self.last.request)
            reply = http.client.HTTPResponse(connection)
            reply.begin()
            return reply.status, reply.read()

    def close(self):
        self.server.close()
