"""The simulator's server: draw a maze in the browser, plan it, learn it, and watch.

    python DP/run_server.py                  then open http://127.0.0.1:8888/
    python DP/run_server.py --port 9000      another port (also by the environment variable PORT)
    python DP/run_server.py --open           opens the browser as well
    python DP/run_server.py --class          opens it to the local network, for a class; prints a QR code

Without --class it listens to this computer alone. Ctrl-C stops it.

    GET  /        the page, from lab/static, and /static/catalogue.js, of what it can do
    POST /plan    {"plan": "value", "grid": [[…]], "prob": 0.8}: {"log": [grid of values after each sweep]}
    GET  /live    a WebSocket: what a page may ask and is told stands in lab/protocol

With --class all of these lie below a random word in the address, without which nothing is answered.
"""

import asyncio
import io
import os
import secrets
import sys
import webbrowser
from dataclasses import dataclass
from typing import Annotated

import tornado.web
import tyro

from DP.planner import PLANNERS
from environment import GridWorld
from framework.cli import run
from lab.book import Plan
from lab.catalogue import catalogue_module
from lab.http import STATIC, Module, NotFound, StaticFile, ToFolder
from lab.jobs import JobRunner
from lab.listening import Server, listen, most_connections, network_addresses
from lab.live import Live, Visits
from lab.protocol.base import LARGEST_MESSAGE

PORT, PORTS_TRIED = 8888, 20  # Jupyter takes the first ones
CLASS_SIZE = 60  # readers
CUT_OFF = 10 * LARGEST_MESSAGE  # bytes; up to here a sentence says what is too large, beyond it the line is cut


def make_app(runner, word="", most_lines=1_000):
    """The Tornado application.

    Args:
        runner: the `JobRunner` for all jobs.
        word: the word that every address begins with; none if empty.
        most_lines: how many pages may be connected.
    """
    below = f"/{word}" if word else ""
    return tornado.web.Application(
        [
            (rf"{below}/plan", Plan, {"runner": runner, "sizes": {}}),
            (rf"{below}/live", Live, {"runner": runner, "visits": Visits(most_lines)}),
            (rf"{below}/()", StaticFile, {"path": STATIC, "default_filename": "index.html"}),
            (rf"{below}/static/catalogue\.js", Module, {"text": catalogue_module()}),
            (rf"{below}/static/(.+)", StaticFile, {"path": STATIC}),
            *([(below, ToFolder, {"url": f"{below}/", "permanent": False})] if word else []),
        ],
        default_handler_class=NotFound,
        websocket_ping_interval=20,
        websocket_max_message_size=CUT_OFF,
        log_function=lambda handler: None,  # what is asked in vain is no news; a fault of ours is logged all the same
        debug=False,
    )


def warm_up():
    """Compile the sweeps before the first visitor waits for them."""
    for planner in PLANNERS.values():
        planner(GridWorld(), compile=True).plan()


def port_of(options):
    """The port asked for, by the flag, else by the environment's PORT; None if none was."""
    text = options.port if options.port is not None else os.environ.get("PORT") or None
    if text is None:
        return None
    try:
        port = int(text)
    except ValueError:
        port = -1
    if not 0 <= port <= 65535:
        raise ValueError(f"the port must be a whole number from 0 to 65535; got {text!r}")
    return port


async def serve(port, open_browser=False, for_class=False):
    """Serve until cancelled. A port of None takes the first free one from 8888 on."""
    addresses = network_addresses() if for_class else ["127.0.0.1"]
    word = secrets.token_hex(8) if for_class else ""
    runner = JobRunner()
    app = make_app(runner, word, CLASS_SIZE) if for_class else make_app(runner)
    server = Server(app, most=most_connections(), max_body_size=CUT_OFF)
    try:
        sockets = listen(PORT, PORTS_TRIED, for_class) if port is None else listen(port, network=for_class)
        server.add_sockets(sockets)
        taken = sockets[0].getsockname()[1]
        if port is None and taken != PORT:
            print(f"Port {PORT} is in use, by Jupyter perhaps, so this is another one.")
        address, *others = (f"http://{host}:{taken}/{word + '/' if word else ''}" for host in addresses)
        print(f"The simulator is at {address} (Ctrl-C stops it)", flush=True)
        if for_class:
            welcome_class(address, others)
        await asyncio.get_running_loop().run_in_executor(runner.pool, warm_up)
        if open_browser:
            webbrowser.open(address)
        await asyncio.Event().wait()
    finally:
        await server.end()
        runner.close()


def welcome_class(address, others):
    """Print the address as a QR code, and what it opens."""
    import segno  # here, since most never need it

    code = io.StringIO()
    segno.make(address, micro=False).terminal(code, compact=True, border=2)
    white_on_black = sys.stdout.isatty() and os.name != "nt"  # also in a window that is black on white
    for line in code.getvalue().splitlines():
        print(f"\033[97;40m{line}\033[0m" if white_on_black else line)
    for other in others:
        print(f"In another of this computer's networks it is at {other}")
    print(
        f"Anyone in this network who has the address, {CLASS_SIZE} readers at most, can use this computer's "
        "simulator until Ctrl-C; nothing else of it can be reached.",
        flush=True,
    )


@dataclass(frozen=True)
class Options:
    port: str | None = None  # read by port_of, which has one sentence for a bad one
    """Port to listen on; by default the environment variable PORT, else the first free one from 8888 on."""
    open: bool = False
    """Open the page in the browser."""
    for_class: Annotated[bool, tyro.conf.arg(name="class")] = False
    """Open the simulator to the local network, below a random word in the address."""


def main():
    def start(options):
        try:
            asyncio.run(serve(port_of(options), options.open, options.for_class))
        except KeyboardInterrupt:
            print("\nThe simulator has stopped.")

    run(start, Options, __doc__)
