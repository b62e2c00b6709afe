"""The simulator under load: 50 clients planning at once, then 10,000 malformed requests.

    python bench/lab_load.py                takes about half a minute

Starts the real server as a process of its own and talks to it over the loopback address. It reports the time from
asking to the first sweep (50 clients ask for an 8×8 maze at the same moment), what was dropped, the answers to
malformed requests (half over HTTP, half over one WebSocket each hundred), and the server's memory before and after.
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

import numpy as np
from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import websocket_connect

from bench.machine import machine, save
from bench.planning import maze
from framework.cli import run

SERVER = Path(__file__).parents[1] / "DP" / "run_server.py"
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
    " " * 150_000,
    "[" * 5000,
]


async def first_sweep(port, request):
    """Seconds from asking to the first sweep, and whether the answer came to its end."""
    line = await websocket_connect(f"ws://127.0.0.1:{port}/live")
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


async def many_clients(port, clients):
    request = json.dumps({"type": "plan", "id": 1, "plan": "value", "grid": maze(8, "walls").tolist(), "gamma": 0.99})
    answers = await asyncio.gather(*(first_sweep(port, request) for _ in range(clients)))
    seconds = [first for first, _ in answers if first is not None]
    return seconds, sum(not complete for _, complete in answers)


async def many_malformed(port, count):
    """Counts of what came back: HTTP status codes, and types of WebSocket answers."""
    answers = Counter()
    client = AsyncHTTPClient(max_clients=20)

    async def post(body):
        answer = await client.fetch(f"http://127.0.0.1:{port}/plan", method="POST", body=body, raise_error=False)
        answers[f"HTTP {answer.code}"] += 1

    for first in range(0, count // 2, 100):
        await asyncio.gather(*(post(MALFORMED[i % len(MALFORMED)]) for i in range(first, first + 100)))
        line = await websocket_connect(f"ws://127.0.0.1:{port}/live")
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


@dataclass(frozen=True)
class Options:
    clients: int = 50
    """Clients that plan at the same moment."""
    rounds: int = 5
    """How often they do."""
    malformed: int = 10_000
    """Malformed requests in all."""
    save: bool = True
    """Write bench/results/lab_load.json."""


def main(options):
    server = subprocess.Popen(
        [sys.executable, SERVER, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        port = int(re.search(r":(\d+)/", server.stdout.readline()).group(1))
        asyncio.run(many_clients(port, 1))  # a server that has just started is still compiling
        rounds = [asyncio.run(many_clients(port, options.clients)) for _ in range(options.rounds)]
        p95 = [float(np.percentile(seconds, 95)) for seconds, _ in rounds]
        dropped = sum(lost for _, lost in rounds)
        print(f"{options.clients} clients: p95 of the first sweep {1000 * statistics.median(p95):.0f} ms", end="")
        print(f" (rounds: {', '.join(f'{1000 * p:.0f}' for p in p95)} ms), {dropped} dropped")

        asyncio.run(many_malformed(port, options.malformed // 10))  # so that pools and caches have their size
        before = resident_megabytes(server)
        answers = asyncio.run(many_malformed(port, options.malformed))
        after = resident_megabytes(server)
        print(f"{options.malformed} malformed requests: {dict(answers)}; memory {before:.1f} → {after:.1f} MB")
    finally:
        server.terminate()
        server.wait()
    if options.save:
        result = {
            "machine": machine("tornado", "numba", "numpy"),
            "clients": options.clients,
            "p95_seconds_of_each_round": p95,
            "p95_seconds": statistics.median(p95),
            "dropped": dropped,
            "malformed": dict(answers),
            "megabytes_before": before,
            "megabytes_after": after,
        }
        save("lab_load", result)


if __name__ == "__main__":
    run(main, Options, __doc__)
