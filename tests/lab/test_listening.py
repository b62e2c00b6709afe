"""Where the server listens, and what becomes of those who ask by half, or are too many."""

import asyncio
import errno
import json
import socket
from contextlib import closing, contextmanager
from unittest.mock import patch

import pytest
from tornado.iostream import IOStream, StreamClosedError
from tornado.testing import bind_unused_port, gen_test

from lab.listening import Listener, Server, listen, most_connections, network_addresses
from tests.lab.test_server import LabTestCase


@contextmanager
def listening(*arguments, **options):
    sockets = listen(*arguments, **options)
    try:
        yield sockets
    finally:
        for sock in sockets:
            sock.spare.close()
            sock.close()


class ServerTestCase(LabTestCase):
    most, patience = 2, 600

    def get_http_server(self):
        return Server(self._app, most=self.most, patience=self.patience)

    async def opened(self):
        """A stream to the server that has said nothing."""
        stream = IOStream(socket.socket())
        await stream.connect(("127.0.0.1", self.get_http_port()))
        return stream


class TestTooMany(ServerTestCase):
    @gen_test
    async def test_a_connection_too_many_gets_503_and_one_sentence_and_those_who_leave_make_room(self):
        async def get(stream):
            await stream.write(b"GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
            return await stream.read_until_close()

        first, second = await self.opened(), await self.opened()
        head, body = (await get(await self.opened())).split(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert "try again when one has left" in json.loads(body)["error"]
        with patch("lab.listening.MOST_REFUSED", 0):  # as many as may be are being told so
            assert await (await self.opened()).read_until_close() == b""
        first.close()
        second.close()
        assert (await get(await self.opened())).startswith(b"HTTP/1.1 200 ")

    @gen_test
    async def test_when_it_ends_it_lets_go_of_those_who_are_here(self):
        stream = await self.opened()
        while not self.http_server.streams:
            await asyncio.sleep(0)
        await self.http_server.end()
        assert await stream.read_until_close() == b""


class TestImpatient(ServerTestCase):
    patience = 0.05

    @gen_test
    async def test_a_request_that_is_sent_by_half_is_ended(self):
        for half in (
            b"",
            b"GET / HTTP/1.1\r\nHost: 127.0",
            b"POST /plan HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n\r\n{",
        ):
            stream = await self.opened()
            await stream.write(half)
            with pytest.raises(StreamClosedError):
                await stream.read_until(b"never")


def test_listens_to_this_computer_alone_by_both_protocols():
    with listening(0) as sockets:
        addresses = {sock.getsockname()[0] for sock in sockets}
        assert "127.0.0.1" in addresses
        assert addresses <= {"127.0.0.1", "::1"}
        assert len({sock.getsockname()[1] for sock in sockets}) == 1


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_a_port_whose_other_half_is_taken_is_taken():
    """Else http://localhost/ would lead to the other program."""
    try:
        other = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")
    with closing(other), pytest.raises(ValueError, match="cannot be used"):
        listen(other.getsockname()[1])


def test_a_computer_without_ipv6_is_no_trouble():
    from tornado.netutil import bind_sockets as bind

    def without_ipv6(port, address):
        if address == "::1":
            raise OSError(errno.EADDRNOTAVAIL, "none")
        return bind(port, address)

    with patch("lab.listening.bind_sockets", without_ipv6), listening(0) as sockets:
        assert [sock.getsockname()[0] for sock in sockets] == ["127.0.0.1"]


def test_the_next_free_port_is_taken_where_several_may_be_tried():
    taken, port = bind_unused_port()
    with closing(taken), listening(port, tries=20) as sockets:
        assert port < sockets[0].getsockname()[1] < port + 20


def test_where_no_more_files_can_be_opened_newcomers_are_turned_away_without_an_error():
    bound, port = bind_unused_port()
    listener = Listener(bound)
    accept = socket.socket.accept
    answers = iter([OSError(errno.EMFILE, "too many"), accept])

    def scarce(self):
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer(self)

    with closing(listener), socket.create_connection(("127.0.0.1", port)) as newcomer:
        with patch.object(socket.socket, "accept", scarce), pytest.raises(BlockingIOError):
            listener.accept()
        newcomer.settimeout(5)
        assert newcomer.recv(1) == b""  # turned away
        with socket.create_connection(("127.0.0.1", port)):
            listener.setblocking(True)
            listener.accept()[0].close()  # the next one comes in
        listener.spare.close()


def test_there_is_room_for_a_class():
    assert most_connections() >= 60


def test_a_computer_in_no_network_gets_one_sentence():
    with (
        patch("socket.socket.connect", side_effect=OSError),
        patch("socket.gethostbyname_ex", return_value=("me", [], ["127.0.1.1"])),
        pytest.raises(ValueError, match="in no network"),
    ):
        network_addresses()


def test_addresses_of_this_computer_are_those_that_others_can_reach():
    with patch("socket.gethostbyname_ex", return_value=("me", [], ["127.0.1.1", "10.0.0.5", "10.0.0.5"])):
        addresses = network_addresses()
    assert addresses.count("10.0.0.5") == 1
    assert not [address for address in addresses if address.startswith("127.")]


def test_an_asked_for_port_is_not_exchanged_for_another():
    taken, port = bind_unused_port()
    with closing(taken), pytest.raises(ValueError, match=f"port {port} cannot be used"):
        listen(port)
