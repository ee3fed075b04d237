"""Passes connections on to another port, and can send the last request again."""

import http.client
import socket
import threading
from urllib.parse import urlsplit


class Tap:
    def __init__(self, endpoint):
        address = urlsplit(endpoint)
        self.to = (address.hostname, address.port)
        self.request = b""
        self.is_answered = False
        self.server = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:  # the tap was closed
                return
            service = socket.create_connection(self.to)
            for source, target, note in ((client, service, self.sent), (service, client, self.answered)):
                threading.Thread(target=self.copy, args=(source, target, note), daemon=True).start()

    def copy(self, source, target, note):
        try:
            while data := source.recv(65536):
                note(data)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:  # the other side closed the connection
            target.close()

    def sent(self, data):
        self.request = data if self.is_answered else self.request + data
        self.is_answered = False

    def answered(self, _):
        self.is_answered = True

    def replay(self):
        """Returns the HTTP status and the body of the reply to the same bytes."""
        with socket.create_connection(self.to) as connection:
            connection.sendall(self.request)
            reply = http.client.HTTPResponse(connection)
            reply.begin()
            return reply.status, reply.read()

    def close(self):
        self.server.close()
