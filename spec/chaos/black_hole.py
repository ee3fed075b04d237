# A TCP proxy in front of a database: black_hole.py PORT. Prints its own port. After SIGUSR1 the kernel drops all that
# arrives on the newest connection of a client, without an answer, as if a cable were cut. Later connections work.

import ctypes
import signal
import socket
import struct
import sys
import threading

SO_ATTACH_FILTER = 26
RETURN_ZERO = struct.pack("HBBI", 6, 0, 0, 0)  # the filter keeps 0 bytes of each packet

clients = []


def cut(*_):
    while clients:
        client = clients.pop()
        if client.fileno() >= 0:
            program = ctypes.create_string_buffer(RETURN_ZERO, len(RETURN_ZERO))
            client.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", 1, ctypes.addressof(program)))
            return print("cut", flush=True)


def carry(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client):
    try:
        server = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    except OSError:
        return client.close()
    clients.append(client)
    back = threading.Thread(target=carry, args=(server, client), daemon=True)
    back.start()
    carry(client, server)
    back.join()
    client.close()
    server.close()


signal.signal(signal.SIGUSR1, cut)
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
