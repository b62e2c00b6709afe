"""The simulator under load: 50 clients planning at once, then 10,000 malformed requests; or a class of 60 readers.

    python bench/lab_load.py                takes about half a minute
    python bench/lab_load.py --class        takes about half a minute, too

Starts the real server as a process of its own and talks to it. It reports the time from asking to the first sweep
(50 clients ask for an 8×8 maze at the same moment), what was dropped, the answers to malformed requests (half over
HTTP, half over one WebSocket each hundred), and the server's memory before and after.

For a class it starts the server with --class, and talks to it by the address that it prints: 60 readers load the page
at the same moment, plan, and then all learn at 30 steps a second, with the 61st turned away meanwhile.
"""

import asyncio
import json
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import websocket_connect

from bench.machine import machine, save
from bench.planning import maze
from environment import BOOK_MAZE
from framework.cli import run
from lab.http import STATIC
from lab.server import CLASS_SIZE

SERVER = Path(__file__).parents[1] / "DP" / "run_server.py"
PAGE = [path for path in STATIC.rglob("*") if path.suffix in (".js", ".css", ".svg")]
MALFORMED = [
    "",
    "{",
    "[]",
    "null",
    "{}",
    '{"type": "shout"}',
    '{"prob": NaN}',
    '{"plan": "magic", "grid": [[0, 0], [0, 0]]}',
    '{"type": "plan", "plan": "value", "grid": [[0, 0], [0]]}',
    '{"type": "plan", "plan": "value", "grid": [[0, 0], [0, 0]], "prob": 5}',
    '{"type": "plan", "plan": "value", "grid": [[0, 0], [0, 0]], "prob": 1e999}',
    json.dumps({"type": "plan", "plan": "value", "grid": [[0] * 100] * 100}),
    json.dumps({"type": "plan", "plan": "value", "grid": [["x"] * 8] * 8}),
    json.dumps({"type": "plan", "plan": "value", "grid": [[0, 0], []]}),
    json.dumps({"type": "plan", "plan": "value", "grid": [[0, 10**4000], [0, 0]]}),
    '{"type": "learn", "learners": [{"name": "magic"}], "grid": [[0, 0], [0, 0]]}',
    '{"type": "band", "learner": "sarsa", "seeds": 1e9, "grid": [[0, 0], [0, 0]]}',
    '{"type": "play", "grid": [[9, 9], [9, 9]]}',
    '{"type": "card", "card": "joker", "answer": 1}',
    '{"type": "hello", "page": 1}',
    '{"type": "set", "id": 9, "settings": {"epsilon": 5}}',
    " " * 150_000,
    "[" * 5000,
]


async def connect(address):
    """A line to the server whose page is at ``address``."""
    return await websocket_connect(f"{address.replace('http:', 'ws:')}live")


async def first_sweep(address, request):
    """Seconds from asking to the first sweep, and whether the answer came to its end."""
    line = await connect(address)
    began = time.perf_counter()
    await line.write_message(request)
    seconds = None
    while text := await line.read_message():
        kind = re.match(r'\{"type": "(\w+)"', text).group(1)  # reading all of it would keep the other clients waiting
        if kind == "sweeps" and seconds is None:
            seconds = time.perf_counter() - began
        if kind in ("done", "error"):
            line.close()
            return seconds, kind == "done"
    return seconds, False


async def many_clients(address, clients):
    request = json.dumps({"type": "plan", "id": 1, "plan": "value", "grid": maze(8, "walls").tolist(), "gamma": 0.99})
    answers = await asyncio.gather(*(first_sweep(address, request) for _ in range(clients)))
    seconds = [first for first, _ in answers if first is not None]
    return seconds, sum(not complete for _, complete in answers)


async def many_malformed(address, count):
    """Counts of what came back: HTTP status codes, and types of WebSocket answers."""
    answers = Counter()
    client = AsyncHTTPClient(max_clients=20)

    async def post(body):
        answer = await client.fetch(f"{address}plan", method="POST", body=body, raise_error=False)
        answers[f"HTTP {answer.code}"] += 1

    for first in range(0, count // 2, 100):
        await asyncio.gather(*(post(MALFORMED[i % len(MALFORMED)]) for i in range(first, first + 100)))
        line = await connect(address)
        for i in range(first, first + 100):
            await line.write_message(MALFORMED[i % len(MALFORMED)])
            answers[f"WebSocket {json.loads(await line.read_message())['type']}"] += 1
        line.close()
    return answers


def resident_megabytes(process):
    """What the server holds in memory now, in MB; nan where the system does not tell."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return float("nan")
    return int(re.search(r"VmRSS:\s+(\d+) kB", status.read_text()).group(1)) / 1e3


async def page_load(address, files):
    """Seconds to load the page, six files at a time, as a browser does."""
    client = AsyncHTTPClient(force_instance=True, max_clients=6)
    began = time.perf_counter()
    await asyncio.gather(*(client.fetch(f"{address}{file}") for file in files))
    client.close()
    return time.perf_counter() - began


async def lesson(address, seconds, all_begin):
    """Learn at 30 steps a second; returns the frames a second, and the longest time between two of them."""
    line = await connect(address)
    request = {"type": "learn", "id": 1, "learners": [{"name": "q_learning"}], "pace": 0, "grid": BOOK_MAZE}
    await line.write_message(json.dumps(request))
    while json.loads(await line.read_message())["type"] != "frame":
        pass
    await all_begin.wait()
    await line.write_message('{"type": "pace", "id": 1, "pace": 30}')
    began, times = time.perf_counter(), []
    while not times or times[-1] < began + seconds:
        await line.read_message()
        times.append(time.perf_counter())
    line.close()
    return len(times) / (times[-1] - began), float(np.diff(times).max())


async def whole_class(address, readers, seconds):
    """What a class sees, a dict."""
    files = ["", "static/catalogue.js", *(f"static/{path.relative_to(STATIC).as_posix()}" for path in PAGE)]
    loads = await asyncio.gather(*(page_load(address, files) for _ in range(readers)))
    sweeps, dropped = await many_clients(address, readers)
    all_begin = asyncio.Event()
    lessons = asyncio.gather(*(lesson(address, seconds, all_begin) for _ in range(readers)))
    refused = None
    while refused is None:  # until all are there
        await asyncio.sleep(1)
        line = await connect(address)
        await line.write_message('{"type": "hello", "page": 1}')
        answer = json.loads(await line.read_message())
        refused = answer["message"] if answer["code"] == "full" else None
        line.close()
    all_begin.set()
    rates, gaps = zip(*await lessons, strict=True)
    return {
        "readers": readers,
        "files": len(files),
        "p95_seconds_to_load_the_page": float(np.percentile(loads, 95)),
        "p95_seconds_to_the_first_sweep": float(np.percentile(sweeps, 95)),
        "dropped": dropped,
        "frames_per_second": {"lowest": min(rates), "median": statistics.median(rates)},
        "longest_seconds_between_frames": max(gaps),
        "one_too_many_is_told": refused,
    }


@dataclass(frozen=True)
class Options:
    clients: int = 50
    """Clients that plan at the same moment."""
    rounds: int = 5
    """How often they do."""
    malformed: int = 10_000
    """Malformed requests in all."""
    for_class: Annotated[bool, tyro.conf.arg(name="class")] = False
    """A class of 60 readers instead; the options above do not act."""
    seconds: int = 10
    """How long the class learns."""
    save: bool = True
    """Write bench/results/lab_load.json, or lab_class.json."""


def main(options):
    flags = ["--class"] if options.for_class else []
    server = subprocess.Popen(
        [sys.executable, SERVER, "--port", "0", *flags], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        address = re.search(r"http://\S+/", server.stdout.readline()).group(0)
        asyncio.run(many_clients(address, 1))  # a server that has just started is still compiling
        if options.for_class:
            name, result = "lab_class", asyncio.run(whole_class(address, CLASS_SIZE, options.seconds))
            result["megabytes"] = resident_megabytes(server)
            print(json.dumps(result, indent=2))
        else:
            name, result = "lab_load", under_load(server, address, options)
    finally:
        server.terminate()
        server.wait()
    if options.save:
        save(name, {"machine": machine("tornado", "numba", "numpy"), **result})


def under_load(server, address, options):
    """What many clients and malformed requests see, a dict."""
    rounds = [asyncio.run(many_clients(address, options.clients)) for _ in range(options.rounds)]
    p95 = [float(np.percentile(seconds, 95)) for seconds, _ in rounds]
    dropped = sum(lost for _, lost in rounds)
    print(f"{options.clients} clients: p95 of the first sweep {1000 * statistics.median(p95):.0f} ms", end="")
    print(f" (rounds: {', '.join(f'{1000 * p:.0f}' for p in p95)} ms), {dropped} dropped")

    asyncio.run(many_malformed(address, options.malformed // 10))  # so that pools and caches have their size
    before = resident_megabytes(server)
    answers = asyncio.run(many_malformed(address, options.malformed))
    after = resident_megabytes(server)
    print(f"{options.malformed} malformed requests: {dict(answers)}; memory {before:.1f} → {after:.1f} MB")
    return {
        "clients": options.clients,
        "p95_seconds_of_each_round": p95,
        "p95_seconds": statistics.median(p95),
        "dropped": dropped,
        "malformed": dict(answers),
        "megabytes_before": before,
        "megabytes_after": after,
    }


if __name__ == "__main__":
    run(main, Options, __doc__)
