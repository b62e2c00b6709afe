"""The simulator's server: draw a maze in the browser, plan it, and watch.

    python DP/run_server.py                  then open http://127.0.0.1:8888/
    python DP/run_server.py --port 9000      another port (also by the environment variable PORT)
    python DP/run_server.py --open           opens the browser as well

It listens to this computer alone. Ctrl-C stops it.

    GET  /        the page, from lab/static
    POST /plan    {"plan": "value", "grid": [[…]], "prob": 0.8}: {"log": [grid of values after each sweep]}
    GET  /live    a WebSocket: "plan", "walk" and "cancel" in; "started", "sweeps", "done", "walk" … out; for Day 3
                  "learn", "set", "pace" and "step" in; "learning", "frame", "finished" out
"""

import asyncio
import json
import os
import webbrowser
from contextlib import aclosing, suppress
from dataclasses import dataclass
from itertools import groupby

import tornado.web
import tornado.websocket
from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets

from DP.planner import PLANNERS
from environment import GridWorld
from framework.cli import run
from lab.jobs import Busy, JobRunner, TooLong
from lab.pacing import LessonJob
from lab.pages import STATIC, NotFound, Page, SecureHeaders, is_own_page
from lab.planning import plan_grids, plan_messages, walk_message
from lab.protocol import (
    LARGEST_MESSAGE,
    BadRequest,
    learn_request,
    message_id,
    new_pace,
    new_settings,
    parse_object,
    plan_request,
    step_unit,
    walk_request,
)

LARGEST_LOG = 2_000_000  # values in an answer of POST /plan
LARGEST_LOGS = 300_000_000  # characters of all answers of POST /plan that are being made or sent
CUT_OFF = 10 * LARGEST_MESSAGE  # bytes; up to here a sentence says what is too large, beyond it the line is cut


class Plan(SecureHeaders, tornado.web.RequestHandler):
    """The book's interface: a maze in, the values after each sweep out."""

    def initialize(self, runner, sizes):
        self.runner = runner
        self.sizes = sizes  # {handler: characters that it holds}
        self.left = False

    def on_connection_close(self):
        self.left = True

    async def post(self):
        log = []
        try:
            request = plan_request(parse_object(self.request.body))
            most = LARGEST_LOG // request.env.num_states
            texts = map(json.dumps, plan_grids(request))  # in the worker: a long log as JSON takes a second
            async with aclosing(self.runner.batches(texts, most)) as batches:
                async for grids in batches:
                    log += grids
                    self.sizes[self] = self.sizes.get(self, 0) + sum(map(len, grids))
                    if sum(self.sizes.values()) > LARGEST_LOGS:
                        raise Busy("the plans under way are too long to keep together; try again in a moment")
                    if self.left:
                        return
            self.set_header("Content-Type", "application/json; charset=UTF-8")
            with suppress(StreamClosedError):
                await self.finish(f'{{"log": [{", ".join(log)}]}}')
        except Busy as error:
            self.set_status(503)
            self.finish({"error": str(error)})
        except (ValueError, TooLong) as error:
            self.set_status(400)
            self.finish({"error": str(error)})
        finally:
            self.sizes.pop(self, None)


class Live(SecureHeaders, tornado.websocket.WebSocketHandler):
    """A page's line to the server. At most one job runs for it; a new one replaces it, leaving ends it."""

    def initialize(self, runner):
        self.runner = runner
        self.job = None
        self.job_id = None
        self.lesson = None  # the job, where it is a lesson

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
        self.begin_job(request.id, self.run_plan(request))

    async def walk(self, message):
        request = walk_request(message)
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self.runner.pool, walk_message, request)
        await self.send({**answer, "id": request.id})

    async def cancel(self, message):
        await self.end_job()

    async def learn(self, message):
        request = learn_request(message)
        await self.end_job()
        self.lesson = LessonJob(request, self.runner, self.send)
        self.begin_job(request.id, self.lesson.run())

    async def set(self, message):
        settings = new_settings(message)
        self.running_lesson(message).set(settings)

    async def pace(self, message):
        pace = new_pace(message)
        self.running_lesson(message).set_pace(pace)

    async def step(self, message):
        unit = step_unit(message)
        self.running_lesson(message).step(unit)

    ANSWERS = {
        **{"plan": plan, "walk": walk, "cancel": cancel},
        **{"learn": learn, "set": set, "pace": pace, "step": step},
    }

    def running_lesson(self, message):
        """The lesson that a message is for."""
        if self.lesson is None or self.job is None or self.job.done() or message_id(message) != self.job_id:
            raise BadRequest("no lesson with this id is under way; begin one with learn")
        return self.lesson

    def begin_job(self, job_id, job):
        self.job_id = job_id
        self.job = asyncio.create_task(self.guard(job_id, job))

    async def guard(self, job_id, job):
        """Run a job; tell the page of its error in one sentence."""
        try:
            await job
        except (ValueError, Busy, TooLong) as error:
            await self.send({"type": "error", "id": job_id, "message": str(error), "over": True})

    async def end_job(self):
        """Stop the job that runs, if one does, and say so."""
        job, self.job, self.lesson = self.job, None, None
        if job and not job.done():
            job.cancel()
            await asyncio.wait([job])
            await self.send({"type": "cancelled", "id": self.job_id})

    async def run_plan(self, request):
        """Stream the messages of a plan, the sweeps of a slice in one message."""
        async with aclosing(self.runner.batches(plan_messages(request))) as batches:
            async for batch in batches:
                for message in together(batch):
                    await self.send({**message, "id": request.id})

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
            (r"/plan", Plan, {"runner": runner, "sizes": {}}),
            (r"/live", Live, {"runner": runner}),
            (r"/()", Page, {"path": STATIC, "default_filename": "index.html"}),
            (r"/static/(.+)", Page, {"path": STATIC}),
        ],
        default_handler_class=NotFound,
        websocket_ping_interval=20,
        websocket_max_message_size=CUT_OFF,
        debug=False,
    )


def warm_up():
    """Compile the sweeps before the first visitor waits for them."""
    for planner in PLANNERS.values():
        planner(GridWorld(), compile=True).plan()


def port_of(options):
    """The port asked for: the flag, else the environment's PORT, else 8888."""
    text = options.port if options.port is not None else os.environ.get("PORT") or "8888"
    try:
        port = int(text)
    except ValueError:
        port = -1
    if not 0 <= port <= 65535:
        raise ValueError(f"the port must be a whole number from 0 to 65535; got {text!r}")
    return port


async def serve(port, open_browser):
    """Serve until cancelled."""
    runner = JobRunner()
    server = HTTPServer(make_app(runner), max_body_size=CUT_OFF)
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
    port: str | None = None  # read by port_of, which has one sentence for a bad one
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
