"""Where the server listens, and to how many at once."""

import asyncio
import errno
import json
import socket
from contextlib import suppress

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets

from lab.errors import Busy, error_message

MOST_CONNECTIONS = 440  # a browser opens up to seven, a class has 60; the select of Windows takes 512
MOST_REFUSED = 10  # connections that are being told that there is no room
OTHER_FILES = 40  # that the server has open besides its connections, those that it refuses among them
PATIENCE = 30  # seconds for the rest of a request


class Server(HTTPServer):
    """An HTTP server that answers 503 where too many connections are open, and waits for no request for ever."""

    def initialize(self, app, most=MOST_CONNECTIONS, patience=PATIENCE, **options):
        super().initialize(app, idle_connection_timeout=patience, body_timeout=patience, **options)
        self.most = most
        self.streams = set()

    def handle_stream(self, stream, address):
        """Serve a connection, or refuse it where too many are open: with a 503, but not to a flood."""
        self.streams = {stream for stream in self.streams if not stream.closed()}
        if len(self.streams) >= self.most + MOST_REFUSED:
            stream.close()
            return
        self.streams.add(stream)
        if len(self.streams) <= self.most:
            super().handle_stream(stream, address)
            return
        body = json.dumps({"error": error_message(Busy("full", readers=self.most))["message"]})
        head = f"HTTP/1.1 503 Service Unavailable\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        stream.write(f"{head}{body}".encode())
        with suppress(OSError):  # gone already
            stream.socket.shutdown(socket.SHUT_WR)
        IOLoop.current().call_later(1, stream.close)  # at once, the system would throw the answer away

    async def end(self):
        """Let nobody in any more, and let go of those who are here, so that nothing waits to be sent to them."""
        self.stop()
        for stream in self.streams:
            stream.close()
        await asyncio.sleep(0.1)  # for those who waited to take note


class Listener(socket.socket):
    """A listening socket that turns newcomers away where this process may open no more files.

    It keeps a spare one to that end. Otherwise a newcomer would stay at the door, and the server would fail to let
    it in again and again.
    """

    def __init__(self, bound):
        super().__init__(fileno=bound.detach())
        self.setblocking(False)
        self.spare = socket.socket()

    def accept(self):
        """The next connection. One for which there is no file left is closed at once."""
        try:
            return super().accept()
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
        self.spare.close()
        try:
            super().accept()[0].close()
        finally:
            self.spare = socket.socket()
        raise BlockingIOError  # to Tornado: nobody else is there at the moment


def listen(port, tries=1, network=False):
    """Sockets that listen at a port, or at the first of those after it that is free.

    Args:
        port: 0 takes any.
        tries: how many ports to try.
        network: True listens to everybody in the network, else to this computer alone.

    Raises:
        ValueError: none of them can be used.
    """
    for candidate in range(port, min(port + tries, 65536)):
        try:
            return [Listener(bound) for bound in bind(candidate, network)]
        except OSError as error:
            reason = error.strerror
    raise ValueError(f"port {port} cannot be used ({reason}); choose another with --port")


def bind(port, network):
    """Bound sockets of one port, by IPv4 and, where there is one, by the loopback address of IPv6."""
    if network:
        return bind_sockets(port, "0.0.0.0")
    sockets = bind_sockets(port, "127.0.0.1")
    try:
        return sockets + bind_sockets(sockets[0].getsockname()[1], "::1")
    except OSError as error:
        if error.errno != errno.EADDRINUSE:  # this computer has no IPv6
            return sockets
        sockets[0].close()  # http://localhost/ would lead to whoever has it
        raise


def most_connections():
    """How many connections fit into the open files that the system allows; asks it for more where they do not."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return MOST_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft) - OTHER_FILES)


def network_addresses():
    """This computer's IPv4 addresses in its networks, the one that leads outside first.

    Raises:
        ValueError: it is in no network.
    """
    addresses = []
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # an address for documentation; nothing is sent to it
        addresses.append(probe.getsockname()[0])
    with suppress(OSError):  # a name that leads nowhere
        addresses += socket.gethostbyname_ex(socket.gethostname())[2]
    addresses = [address for address in dict.fromkeys(addresses) if not address.startswith("127.")]
    if not addresses:
        raise ValueError("this computer is in no network, so --class has nobody to open the simulator to")
    return addresses
