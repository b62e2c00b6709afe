"""The WebSocket between a page and its jobs.

A page begins jobs of the kinds in lab/protocol, each under an id that it chooses, and sends messages to them by that
id; their answers come back under it. A job may outlive its line: who closes a laptop for half a minute, or looks at
another tab on a phone, finds the lesson as it was.
"""

import asyncio
import json
import re
from dataclasses import dataclass

import tornado.websocket
from tornado.log import app_log

from lab.errors import BadRequest, Busy, LabError, error_message, shown
from lab.http import SecureHeaders, is_own_page
from lab.planning import walk_message
from lab.protocol import KINDS
from lab.protocol.base import Kind, message_id, parse_message
from lab.protocol.plan import walk_request

KEPT_SECONDS = 60  # that a page's jobs wait for it to come back
MOST_KEPT = 100  # pages whose jobs wait


def known_types():
    """The types of all messages that a page may send."""
    to_jobs = [type for kind in KINDS.values() for type in kind.receives]
    return list(dict.fromkeys(["hello", *KINDS, "cancel", "walk", *to_jobs]))


class Visits:
    """Who is here: the lines that are open, and the pages that live, with or without one.

    Args:
        most: how many lines may be open.
    """

    def __init__(self, most):
        self.most = most
        self.lines = set()
        self.pages = {}  # {what the page calls itself: Visit}

    def make_room(self):
        """End the oldest of the pages that are away, where too many are."""
        away = [visit for visit in self.pages.values() if visit.line is None]
        if len(away) > MOST_KEPT:
            away[0].end()


@dataclass(frozen=True, eq=False)
class Running:
    """A job that is under way."""

    kind: Kind
    request: object
    job: object
    task: asyncio.Task


class Visit:
    """One page, while it lives: its jobs by their ids, and its line, which may drop and come back."""

    def __init__(self, visits, line):
        self.visits, self.line = visits, line
        self.page = None  # what the page calls itself, once it has said so
        self.jobs = {}  # {id: Running}
        self.has_line = asyncio.Event()
        self.has_line.set()
        self.timer = None

    async def begin(self, kind, message, runner):
        """Begin a job. It replaces one of the same id or kind, which is told "cancelled".

        Raises:
            BadRequest: the message is malformed.
        """
        request = kind.request(message)
        replaced = [job_id for job_id, old in self.jobs.items() if job_id == request.id or old.kind is kind]
        for job_id in replaced:
            await self.cancel(job_id)
        if self.line is None:  # it was lost meanwhile, and nobody waits for this job
            return

        async def send(answer):
            return await self.send({**answer, "id": request.id} if isinstance(answer, dict) else answer)

        job = kind.job(request, runner, send)
        task = asyncio.create_task(self.run(request.id, job, send))
        self.jobs[request.id] = Running(kind, request, job, task)

    async def run(self, job_id, job, send):
        """Run a job to its end; tell the page of its error."""
        try:
            await job.run()
        except (ValueError, LabError) as error:
            await send(error_message(error, over=True))
        except Exception:  # a bug; without a word the page would wait for ever
            app_log.exception("A job has failed")
            await send(error_message(BadRequest("fault"), over=True))
        del self.jobs[job_id]

    def receive(self, kind, message):
        """Hand a message to the job that it names."""
        running = self.jobs.get(message_id(message))
        if running is None or kind not in running.kind.receives:
            raise BadRequest("no_job", type=kind)
        running.job.receive(kind, running.kind.receives[kind](message, running.request))

    async def cancel(self, job_id):
        """Stop a job, if it is under way, and say so in any case."""
        if running := self.jobs.pop(job_id, None):
            running.task.cancel()
            await asyncio.wait([running.task])
        if self.line:
            await self.line.send({"type": "cancelled", "id": job_id})

    async def send(self, message):
        """Send a job's message, a dict, text or bytes, and wait until the line has taken it.

        Where there is no line, or it is lost meanwhile, wait for the next one and return False: the page may have
        missed other messages, too, and this one may be out of date.
        """
        line = self.line
        if line and await line.send(message):
            return True
        if line and self.line is line:
            self.leave()
        await self.has_line.wait()
        return False

    def leave(self):
        """The line is lost: end what does not survive it, and the rest after a minute."""
        self.line = None
        self.has_line.clear()
        for job_id, running in list(self.jobs.items()):
            if not (self.page and running.kind.survives):
                running.task.cancel()
                del self.jobs[job_id]
        if self.jobs:
            self.timer = asyncio.get_running_loop().call_later(KEPT_SECONDS, self.end)
            self.visits.make_room()
        else:
            self.end()

    def come_back(self, line):
        """The page has a new line; its jobs show everything again."""
        if self.timer:
            self.timer.cancel()
        old, self.line = self.line, line
        if old:  # the network has changed, and nobody has told the old line
            old.cut()
        self.has_line.set()
        for running in self.jobs.values():
            if running.kind.survives:
                running.job.resume()

    def end(self):
        """The page will not come back: end all jobs, without a word."""
        for running in self.jobs.values():
            running.task.cancel()
        self.jobs.clear()
        if self.visits.pages.get(self.page) is self:
            del self.visits.pages[self.page]


class Live(SecureHeaders, tornado.websocket.WebSocketHandler):
    """A page's line to the server."""

    def initialize(self, runner, visits):
        self.runner, self.visits = runner, visits
        self.visit = Visit(visits, self)

    def check_origin(self, origin):
        return is_own_page(self.request)

    async def open(self):
        if len(self.visits.lines) >= self.visits.most:
            await self.send(error_message(Busy("full", readers=self.visits.most), over=True))
            self.close(1013, "full")
            return
        self.visits.lines.add(self)

    def on_close(self):
        self.visits.lines.discard(self)
        if self.visit.line is self:
            self.visit.leave()

    async def on_message(self, data):
        known_id = None
        try:
            message = parse_message(data)
            known_id = message_id(message)
            await self.answer(message)
        except LabError as error:
            await self.send({**error_message(error), "id": known_id})

    async def answer(self, message):
        """Do what a message asks. Raises `LabError` if that cannot be done."""
        kind = message.get("type")
        if not isinstance(kind, str) or kind not in known_types():
            raise BadRequest("choice", name="type", choices=", ".join(known_types()), got=shown(kind))
        job_id = message_id(message)
        if kind == "hello":
            await self.hello(message)
        elif kind in KINDS:
            await self.visit.begin(KINDS[kind], message, self.runner)
        elif kind == "cancel":
            for named in list(self.visit.jobs) if job_id is None else [job_id]:
                await self.visit.cancel(named)
        elif kind == "walk" and job_id not in self.visit.jobs:
            told, _ = await self.runner.work(walk_message, walk_request(message))
            await self.send({**told, "id": job_id})
        else:
            self.visit.receive(kind, message)

    async def hello(self, message):
        """The page says who it is; its jobs that are still alive go on here."""
        page = message.get("page")
        if not isinstance(page, str) or not re.fullmatch("[0-9a-f]{32}", page):
            raise BadRequest("bad_page", got=shown(page))
        if self.visit.page or self.visit.jobs:
            raise BadRequest("late_hello")
        known = self.visits.pages.get(page)
        if known:
            self.visit = known
            known.come_back(self)
        else:
            self.visit.page = page
            self.visits.pages[page] = self.visit
        await self.send({"type": "welcome", "jobs": list(self.visit.jobs)})

    def cut(self):
        """Close the line at once; what waits to be sent on it will not be."""
        if self.ws_connection:
            self.ws_connection.stream.close()

    async def send(self, message):
        """Send a dict, text or bytes, and wait until the line has taken it; False if it is closed.

        Raises:
            BadRequest: a value of the dict is no finite number.
        """
        if isinstance(message, dict):
            try:
                message = json.dumps(message, allow_nan=False)
            except ValueError:
                raise BadRequest("no_bound") from None
        try:
            # Shielded, since Tornado complains in the terminal about a write that is cancelled with its job.
            await asyncio.shield(self.write_message(message, binary=isinstance(message, bytes)))
        except tornado.websocket.WebSocketClosedError:
            return False
        return True
