"""Who may ask the simulator's server."""

from types import SimpleNamespace

import pytest

from lab.http import is_own_page

HOST = "127.0.0.1:8888"


def is_own(host=HOST, origin=None, arrived_at="127.0.0.1"):
    stream = SimpleNamespace(closed=lambda: False, socket=SimpleNamespace(getsockname=lambda: (arrived_at, 8888)))
    headers = {} if origin is None else {"Origin": origin}
    return is_own_page(SimpleNamespace(host=host, headers=headers, connection=SimpleNamespace(stream=stream)))


@pytest.mark.parametrize("host", [HOST, "localhost:8888", "[::1]:8888", "127.0.0.1"])
def test_the_page_itself_may_ask_and_so_may_a_program(host):
    assert is_own(host, f"http://{host}")
    assert is_own(host)


@pytest.mark.parametrize(
    "origin",
    [
        f"http://{HOST}.evil.example",
        f"http://{HOST}0",
        f"http://{HOST}@evil.example",
        f"http://{HOST}/evil",
        f"http://evil.example/http://{HOST}",
        f"https://{HOST}",
        "http://127.0.0.1:888",
        "http://127.0.0.1",
        "http://localhost:8888",
        "null",
        "",
    ],
)
def test_an_origin_that_only_looks_like_ours_is_refused(origin):
    assert not is_own(HOST, origin)


@pytest.mark.parametrize(
    "host", ["127.0.0.1.evil.example:8888", "evil.example", "localhost.evil.example", "127.0.0.2", ""]
)
def test_a_name_that_was_rebound_to_this_computer_is_refused(host):
    assert not is_own(host)
    assert not is_own(host, f"http://{host}")


def test_in_a_class_the_address_at_which_a_reader_arrived_is_ours_and_no_other_one():
    host = "192.168.1.20:8888"
    assert is_own(host, f"http://{host}", arrived_at="192.168.1.20")
    assert not is_own(host, arrived_at="192.168.1.21")
    assert not is_own("evil.example:8888", arrived_at="192.168.1.20")
    assert not is_own(host, "http://192.168.1.21:8888", arrived_at="192.168.1.20")
