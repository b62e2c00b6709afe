"""What the messages of all pages share: JSON, ids, numbers, settings, worlds; each checked, or one sentence."""

import json
import math
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field

from environment import BLOCK, DANGER, ORDINARY, TREASURE, GridWorld
from lab.errors import BadRequest, shown
from lab.learners import SETTINGS

LARGEST_MESSAGE = 100_000  # bytes; a 20×20 maze and its policy take 3,000
SMALLEST, LARGEST = 2, 20  # cells on a side
LOWEST_PACE, LARGEST_PACE = 0.1, 10_000  # steps a second
HEADER_LENGTH = 4  # bytes in front of a binary message's header


@dataclass(frozen=True)
class Kind:
    """One kind of job that a page may begin; each file of this package gives its own as ``KIND``.

    Attributes:
        request: request(message) checks the message that begins a job, and makes a frozen dataclass of it.
        job: job(request, runner, send) makes the job: ``await job.run()`` runs it to its end, ``job.receive(kind,
            value)`` takes what the page asks meanwhile. `lab.pacing.PacedJob` is such a job. ``await send(message)``
            sends a dict, to which it adds the id of the job, or a text or bytes that hold it; it returns False if the
            line was lost and another one has come instead.
        receives: {type: parse}: the messages that such a job takes; parse(message, request) checks one, and returns
            the value of ``receive``.
        survives: whether a job outlives its line for a minute. It then has ``job.resume()``, called when the page
            is back and may have missed something.
    """

    request: Callable
    job: Callable
    receives: dict = field(default_factory=dict)
    survives: bool = False


class StreamJob:
    """A job that sends what a generator makes, as far as it is no None, and takes nothing but its cancelling.

    Args:
        messages: messages(request) is a generator of dicts and None.
        gather: makes of an iterator of messages, those of one slice, the ones to send.
    """

    def __init__(self, messages, request, runner, send, gather=iter):
        self.messages, self.request, self.runner, self.send, self.gather = messages, request, runner, send, gather

    def receive(self, kind, value):
        raise BadRequest("no_job", type=kind)  # another job of its kind may take it: a plan by hand

    async def run(self):
        async with aclosing(self.runner.batches(self.messages(self.request))) as batches:
            async for batch in batches:
                for message in self.gather(filter(None, batch)):
                    await self.send(message)


def nothing(message, request):
    """The parse of a message that holds nothing but its type and id."""


def parse_message(data):
    """A JSON object from a message: text, or bytes, whose payload behind the header becomes its "payload"."""
    if isinstance(data, str):
        return parse_object(data)
    length = int.from_bytes(data[:HEADER_LENGTH], "little")
    if len(data) < HEADER_LENGTH + length:
        raise BadRequest("not_binary")
    payload = data[HEADER_LENGTH + length :]
    return {**parse_object(data[HEADER_LENGTH : HEADER_LENGTH + length]), "payload": payload}


def parse_object(text):
    """A JSON object from text (str or bytes); NaN and Infinity are not JSON."""

    def refuse(constant):
        raise BadRequest("not_finite", got=constant)

    if len(text) > LARGEST_MESSAGE:
        raise BadRequest("too_large", most=f"{LARGEST_MESSAGE:,}")
    try:
        message = json.loads(text, parse_constant=refuse)
    except BadRequest:
        raise
    except (ValueError, RecursionError):  # json's and Unicode's errors are ValueErrors
        raise BadRequest("not_json") from None
    if not isinstance(message, dict):
        raise BadRequest("not_object", got=shown(message))
    return message


def message_id(message):
    """The id that answers echo: a short text, a whole number, or null."""
    value = message.get("id")
    if value is None or is_whole(value) or (isinstance(value, str) and len(value) <= 64):
        return value
    raise BadRequest("bad_id", got=shown(value))


def choice(message, name, choices, default=None):
    """One of several texts."""
    value = message.get(name, default)
    if not isinstance(value, str) or value not in choices:
        raise BadRequest("choice", name=name, choices=", ".join(choices), got=shown(value))
    return value


def number(message, name, default, low, high):
    """A float from ``low`` to ``high``."""
    value = message.get(name, default)
    if not is_number(value) or not low <= value <= high:
        raise BadRequest("number", name=name, low=low, high=high, got=shown(value))
    return float(value)


def whole(message, name, default, low, high):
    """An int from ``low`` to ``high``."""
    value = message.get(name, default)
    if not is_whole(value) or not low <= value <= high:
        raise BadRequest("whole", name=name, low=low, high=high, got=shown(value))
    return value


def seed(message):
    """A seed, or None where the server is to choose one."""
    value = message.get("seed")
    if value is not None and (not is_whole(value) or not 0 <= value < 2**32):
        raise BadRequest("seed", high=2**32 - 1, got=shown(value))
    return value


def settings(message, default=None):
    """{name: value}: any of `SETTINGS`; without a default at least one."""
    values = message.get("settings", default)
    if not isinstance(values, dict) or (default is None and not values):
        raise BadRequest("settings", got=shown(values))
    checked = {}
    for name in values:
        if name not in SETTINGS:
            raise BadRequest("setting", choices=", ".join(SETTINGS), got=shown(name))
        setting = SETTINGS[name]
        check = whole if setting.whole else number
        checked[name] = check(values, name, setting.default, setting.low, setting.high)
    return checked


def pace(message, default=None):
    """Steps a second: 0 pauses, infinity is full speed."""
    value = message.get("pace", default)
    if value == "full":
        return math.inf
    if not is_number(value) or not (value == 0 or LOWEST_PACE <= value <= LARGEST_PACE):
        raise BadRequest("pace", low=LOWEST_PACE, high=LARGEST_PACE, got=shown(value))
    return float(value)


def push(message, request):
    """The parse of a paddle's "push": the action of the keys that are held, 0 to 2; None where none is."""
    return None if message.get("action") is None else whole(message, "action", None, 0, 2)


def action(message, name="action"):
    """An action, 0 to 3."""
    return checked_action(message.get(name))


def checked_action(value):
    if not is_whole(value) or not 0 <= value <= 3:
        raise BadRequest("action", got=shown(value))
    return value


def world(message):
    """The `GridWorld` of a message's world fields."""
    grid = _grid(message)
    rows, cols = len(grid), len(grid[0])
    start = message.get("start")
    if start is not None and not (isinstance(start, list) and len(start) == 2 and all(map(is_whole, start))):
        raise BadRequest("start", got=shown(start))
    if start is None:
        start = [rows - 1, 0]
        if grid[-1][0] == BLOCK:  # the book's page knows no start, and a plan needs none
            free = [[i, j] for i, row in enumerate(grid) for j, cell in enumerate(row) if cell != BLOCK]
            start = (free or [start])[0]
    row, col = start
    if not (0 <= row < rows and 0 <= col < cols):
        raise BadRequest("start_outside", row=row, col=col, rows=rows, cols=cols)
    if grid[row][col] == BLOCK:
        raise BadRequest("start_on_block", row=row, col=col)
    move_prob = number(message, "prob", 0.8, 0, 1)
    step_reward = number(message, "step_reward", -0.04, -10, 10)
    return GridWorld(grid, move_prob, step_reward, start, rewards=_rewards(message, grid))


def changed_world(message, request):
    """The worlds of a message that changes those of a job: as many, and of the same size."""
    worlds = [world(message) for _ in request.worlds]
    rows, cols = request.worlds[0].shape
    if worlds[0].shape != (rows, cols):
        raise BadRequest("other_size", rows=rows, cols=cols)
    return worlds


def _grid(message):
    grid = message.get("grid")
    if not isinstance(grid, list) or not all(isinstance(row, list) for row in grid):
        raise BadRequest("grid", got=shown(grid))
    if (
        not SMALLEST <= len(grid) <= LARGEST
        or not all(len(row) <= LARGEST for row in grid)
        or len(grid[0]) < SMALLEST
    ):
        raise BadRequest("grid_size", low=SMALLEST, high=LARGEST)
    for i, row in enumerate(grid):
        if len(row) != len(grid[0]):
            raise BadRequest("grid_ragged", cells=len(grid[0]), row=i, got=len(row))
        for j, cell in enumerate(row):
            if not is_whole(cell) or cell not in (ORDINARY, TREASURE, DANGER, BLOCK):
                raise BadRequest("cell", row=i, col=j, got=shown(cell))
    return grid


def _rewards(message, grid):
    """{(row, column): reward} of the cells that have one of their own, or None."""
    entries = message.get("rewards")
    if entries is None or entries == []:
        return None
    if not isinstance(entries, list):
        raise BadRequest("rewards", got=shown(entries))
    rewards = {}
    for entry in entries:
        if not isinstance(entry, list) or len(entry) != 3:
            raise BadRequest("rewards", got=shown(entry))
        row, col, value = entry
        if not (is_whole(row) and is_whole(col) and is_number(value) and -1 <= value <= 1) or (row, col) in rewards:
            raise BadRequest("rewards", got=shown(entry))
        if not (0 <= row < len(grid) and 0 <= col < len(grid[0])):
            raise BadRequest("reward_outside", row=row, col=col, rows=len(grid), cols=len(grid[0]))
        if grid[row][col] == BLOCK:
            raise BadRequest("reward_on_block", row=row, col=col)
        rewards[row, col] = float(value)
    return rewards


def is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_whole(value):
    """Whether a value is a whole number that a page can hold; a thousand digits would only fill the answer."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 2**53
