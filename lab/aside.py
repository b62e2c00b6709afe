"""Runs what a page steps in a process of its own: for what a thread cannot be stopped in, such as TensorFlow.

`lab` itself never imports TensorFlow; what needs it names a class in a module that does, and only the other process
imports it. The process is killed when its page leaves, in the middle of a step if need be.
"""

import asyncio
import multiprocessing
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module

from lab.errors import BadRequest, Busy
from lab.pacing import PacedJob
from worlds.spawning import sendable_error, without_main


class AsideJob(PacedJob):
    """A `PacedJob` whose steps are taken in a process. There is one such process at a time: they are large.

    Args:
        maker: "module:name" of a function or class that the process calls to build what is stepped.
        request: what it is called with; it is pickled.
        send, pace: as for `PacedJob`.

    Raises (from ``run``):
        Busy: another such job is under way.   BadRequest: the process has died.
    """

    under_way = False

    def __init__(self, maker, request, send, pace=0):
        self.maker = maker
        super().__init__(request, None, send, pace)

    async def run(self):
        if AsideJob.under_way:
            raise Busy("aside")
        AsideJob.under_way = True
        try:
            self.runner = Aside(self.maker)
            try:
                await super().run()
            finally:
                self.runner.kill()
        finally:
            AsideJob.under_way = False


class Aside:
    """The process, with what a `PacedJob` asks of its runner."""

    def __init__(self, maker):
        context = multiprocessing.get_context("spawn")
        self.line, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, maker), daemon=True)
        with without_main():
            self.process.start()
        theirs.close()
        self.listener = ThreadPoolExecutor(1, thread_name_prefix="aside")  # it waits for answers and computes nothing
        self.stepped = Stepped()

    def check_room(self):
        """There is always room: whoever has this process has it alone."""

    async def work(self, function, *arguments):
        """Call a method there; returns (its result, seconds). The first call hands over the request instead.

        Raises:
            BadRequest: the process has ended.   What the method raised.
        """
        call = (function.name, arguments) if isinstance(function, Method) else ("make", (function,))
        try:
            self.line.send(call)
            answer = await asyncio.get_running_loop().run_in_executor(self.listener, self.line.recv)
        except (EOFError, OSError):
            raise BadRequest("aside_ended") from None
        result, seconds, self.stepped.steps, error = answer
        if error:
            raise error
        return (self.stepped if call[0] == "make" else result), seconds

    def kill(self):
        self.process.kill()
        self.process.join()
        self.listener.shutdown()
        self.line.close()


@dataclass(frozen=True)
class Method:
    """A method of what is stepped in the other process."""

    name: str


class Stepped:
    """Stands here for what is stepped there."""

    steps = 0

    def __getattr__(self, name):
        return Method(name)


def serve(line, maker):
    """In the other process: build what is stepped, then call its methods until the line ends."""
    module, name = maker.split(":")
    stepped = None
    while True:
        try:
            method, arguments = line.recv()
        except EOFError:
            return
        began, result, error = time.perf_counter(), None, None
        try:
            if method == "make":
                stepped = getattr(import_module(module), name)(*arguments)
            else:
                result = getattr(stepped, method)(*arguments)
        except Exception as raised:
            error = sendable_error(raised)
        line.send((result, time.perf_counter() - began, getattr(stepped, "steps", 0), error))
