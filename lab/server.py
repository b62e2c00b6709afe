"""The simulator's server: draw a maze in the browser, plan it, and watch.

    python DP/run_server.py                  then open http://127.0.0.1:8888/
    python DP/run_server.py --port 9000      another port (also by the environment variable PORT)
    python DP/run_server.py --open           opens the browser as well

It listens to this computer alone. Ctrl-C stops it.

    GET  /        the page, from lab/static
    POST /plan    {"plan": "value", "grid": [[…]], "prob": 0.8}: {"log": [grid of values after each sweep]}
    GET  /live    a WebSocket: "plan", "walk" and "cancel" in; "started", "sweeps", "done", "walk" … out
"""

import asyncio
import os
import webbrowser
from contextlib import aclosing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from urllib.parse import urlsplit

import tornado.web
import tornado.websocket
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from DP.planner import PLANNERS
from environment import GridWorld
from framework.cli import run
from lab.jobs import Busy, JobRunner, TooLong
from lab.planning import plan_grids, plan_messages, walk_message
from lab.protocol import BadRequest, message_id, parse_object, plan_request, walk_request

STATIC = Path(__file__).parent / "static"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LARGEST_LOG = 2_000_000  # values in an answer of POST /plan
LARGEST_MESSAGE = 100_000  # bytes; a 20×20 maze and its policy take 3,000
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


def is_own_page(request):
    """Whether a request was meant for this server, and comes from its own page or from no page at all.

    The Host header keeps out names that were rebound to the loopback address, Origin other sites' scripts.
    """
    if urlsplit(f"//{request.host}").hostname not in LOOPBACK:
        return False
    origin = request.headers.get("Origin")
    return origin is None or origin == f"http://{request.host}"


class SecureHeaders:
    """Headers for every answer: the page may load from here and talk to here, and nobody may frame it."""

    def set_default_headers(self):
        self.clear_header("Server")
        self.set_header(
            "Content-Security-Policy",
            f"default-src 'self'; connect-src 'self' ws://{self.request.host}; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        )
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("X-Frame-Options", "DENY")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "no-cache")

    def prepare(self):
        if not is_own_page(self.request):
            raise tornado.web.HTTPError(403, reason="Only this server's own page may ask")

    def write_error(self, status_code, **kwargs):
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish({"error": f"{self._reason}."})


class Page(SecureHeaders, tornado.web.StaticFileHandler):
    """Files of lab/static; their types do not depend on what Windows' registry thinks of .js."""

    def get_content_type(self):
        return f"{TYPES.get(Path(self.absolute_path).suffix, 'application/octet-stream')}; charset=utf-8"


class NotFound(SecureHeaders, tornado.web.RequestHandler):
    """Anything else."""

    def prepare(self):
        raise tornado.web.HTTPError(404)


class Plan(SecureHeaders, tornado.web.RequestHandler):
    """The book's interface: a maze in, the values after each sweep out."""

    def initialize(self, runner):
        self.runner = runner
        self.left = False

    def on_connection_close(self):
        self.left = True

    async def post(self):
        log = []
        try:
            request = plan_request(parse_object(self.request.body))
            most = LARGEST_LOG // request.env.num_states
            async with aclosing(self.runner.batches(plan_grids(request), most)) as batches:
                async for grids in batches:
                    log += grids
                    if self.left:
                        return
        except Busy as error:
            self.set_status(503)
            self.finish({"error": str(error)})
        except (ValueError, TooLong) as error:
            self.set_status(400)
            self.finish({"error": str(error)})
        else:
            self.finish({"log": log})


class Live(SecureHeaders, tornado.websocket.WebSocketHandler):
    """A page's line to the server. At most one job runs for it; a new one replaces it, leaving ends it."""

    def initialize(self, runner):
        self.runner = runner
        self.job = None
        self.job_id = None

    def check_origin(self, origin):
        return is_own_page(self.request)

    async def on_message(self, text):
        known_id = None
        try:
            message = parse_object(text)
            known_id = message_id(message)
            answer = self.ANSWERS.get(message.get("type") if isinstance(message.get("type"), str) else None)
            if answer is None:
                raise BadRequest(f"type must be one of {', '.join(self.ANSWERS)}")
            await answer(self, message)
        except BadRequest as error:
            await self.send({"type": "error", "id": known_id, "message": str(error)})

    def on_close(self):
        if self.job:
            self.job.cancel()

    async def plan(self, message):
        request = plan_request(message)
        await self.end_job()
        self.job_id = request.id
        self.job = asyncio.create_task(self.run_plan(request))

    async def walk(self, message):
        request = walk_request(message)
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self.runner.pool, walk_message, request)
        await self.send({**answer, "id": request.id})

    async def cancel(self, message):
        await self.end_job()

    ANSWERS = {"plan": plan, "walk": walk, "cancel": cancel}

    async def end_job(self):
        """Stop the job that runs, if one does, and say so."""
        job, self.job = self.job, None
        if job and not job.done():
            job.cancel()
            await asyncio.wait([job])
            await self.send({"type": "cancelled", "id": self.job_id})

    async def run_plan(self, request):
        """Stream the messages of a plan, the sweeps of a slice in one message."""
        try:
            async with aclosing(self.runner.batches(plan_messages(request))) as batches:
                async for batch in batches:
                    for message in together(batch):
                        await self.send({**message, "id": request.id})
        except (ValueError, Busy, TooLong) as error:
            await self.send({"type": "error", "id": request.id, "message": str(error)})

    async def send(self, message):
        """Send, and wait until the line has taken it; a page that left is no error."""
        try:
            await self.write_message(message)
        except tornado.websocket.WebSocketClosedError:
            if self.job:
                self.job.cancel()


def together(messages):
    """Generator of the same messages, but sweeps that follow each other as one message "sweeps"."""
    for kind, group in groupby(messages, key=lambda message: message["type"]):
        if kind == "sweep":
            yield {"type": "sweeps", "sweeps": list(group)}
        else:
            yield from group


def make_app(runner):
    """The Tornado application."""
    return tornado.web.Application(
        [
            (r"/plan", Plan, {"runner": runner}),
            (r"/live", Live, {"runner": runner}),
            (r"/()", Page, {"path": STATIC, "default_filename": "index.html"}),
            (r"/static/(.+)", Page, {"path": STATIC}),
        ],
        default_handler_class=NotFound,
        websocket_ping_interval=20,
        websocket_max_message_size=LARGEST_MESSAGE,
        debug=False,
    )


def warm_up():
    """Compile the sweeps before the first visitor waits for them."""
    for planner in PLANNERS.values():
        planner(GridWorld(), compile=True).plan()


def port_of(options):
    """The port asked for: the flag, else the environment's PORT, else 8888."""
    port = options.port if options.port is not None else os.environ.get("PORT", "8888")
    try:
        port = int(port)
    except ValueError:
        port = -1
    if not 0 <= port <= 65535:
        raise ValueError(f"the port must be a whole number from 0 to 65535; got {options.port or os.environ['PORT']}")
    return port


async def serve(port, open_browser):
    """Serve until cancelled."""
    runner = JobRunner()
    server = HTTPServer(make_app(runner), max_body_size=LARGEST_MESSAGE)
    try:
        sockets = bind_sockets(port, "127.0.0.1")
    except OSError as error:
        raise ValueError(f"port {port} cannot be used ({error.strerror}); choose another with --port") from None
    try:
        server.add_sockets(sockets)
        address = f"http://127.0.0.1:{sockets[0].getsockname()[1]}/"
        print(f"The simulator is at {address} (Ctrl-C stops it)", flush=True)
        await asyncio.get_running_loop().run_in_executor(runner.pool, warm_up)
        if open_browser:
            webbrowser.open(address)
        await asyncio.Event().wait()
    finally:
        server.stop()
        runner.close()


@dataclass(frozen=True)
class Options:
    port: int | None = None
    """Port to listen on; by default the environment variable PORT, or 8888."""
    open: bool = False
    """Open the page in the browser."""


def main():
    def start(options):
        try:
            asyncio.run(serve(port_of(options), options.open))
        except KeyboardInterrupt:
            print("\nThe simulator has stopped.")

    run(start, Options, __doc__)
