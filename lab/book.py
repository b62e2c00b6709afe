"""POST /plan, the interface of the book's own server: a maze in, the values after each sweep out."""

import json
from contextlib import aclosing, suppress

import tornado.web
from tornado.iostream import StreamClosedError

from lab.errors import Busy, TooLong, error_message
from lab.http import SecureHeaders
from lab.planning import plan_grids
from lab.protocol.base import parse_object
from lab.protocol.plan import plan_request

LARGEST_LOG = 2_000_000  # values in an answer
LARGEST_LOGS = 300_000_000  # characters of all answers that are being made or sent


class Plan(SecureHeaders, tornado.web.RequestHandler):
    """Answers {"plan": "value", "grid": [[…]], "prob": 0.8} by {"log": [grid of values after each sweep]}."""

    def initialize(self, runner, sizes):
        self.runner = runner
        self.sizes = sizes  # {handler: characters that it holds}
        self.left = False

    def on_connection_close(self):
        self.left = True

    async def post(self):
        log = []
        try:
            request = plan_request(book_message(self.request.body))
            most = LARGEST_LOG // request.env.num_states
            texts = map(json.dumps, plan_grids(request))  # in the worker: a long log as JSON takes a second
            async with aclosing(self.runner.batches(texts, most)) as batches:
                async for grids in batches:
                    log += grids
                    self.sizes[self] = self.sizes.get(self, 0) + sum(map(len, grids))
                    if sum(self.sizes.values()) > LARGEST_LOGS:
                        raise Busy("long_answers")
                    if self.left:
                        return
            self.set_header("Content-Type", "application/json; charset=UTF-8")
            with suppress(StreamClosedError):
                await self.finish(f'{{"log": [{", ".join(log)}]}}')
        except (ValueError, Busy, TooLong) as error:
            self.set_status(503 if isinstance(error, Busy) else 400)
            told = error_message(error)
            self.finish({"error": told["message"], "code": told["code"], "args": told["args"]})
        finally:
            self.sizes.pop(self, None)


def book_message(body):
    """The message in a request's body. The book's page sends ``prob`` as a text, as its input field holds it."""
    message = parse_object(body)
    with suppress(TypeError, ValueError):
        if isinstance(message.get("prob"), str):
            message["prob"] = float(message["prob"])
    return message
