"""Day 7: a person at the pumps of the quadruple tank, beside controllers of the same plant."""

from dataclasses import dataclass
from functools import partial

from lab.errors import BadRequest, shown
from lab.protocol.base import Kind, choice, is_number, message_id, number, pace, whole
from lab.protocol.dream import seed_or_any
from lab.tanks import Shift, TankJob
from worlds.quadruple_tank import ASKED, MOST_UPPER, MOST_VOLTS, SETTINGS, WORLDS, is_feasible

NAMES = {  # {what a page calls it: the world}
    "seen": "QuadrupleTank-v0",
    "unseen": "QuadrupleTank/Unseen-v0",
    "minimum": "QuadrupleTank/MinimumPhase-v0",
}
ORDINARY_PACE, MOST_LEAK = 4, 5  # steps a second; cm³/s


@dataclass(frozen=True)
class TankRequest:
    """Work at a plant. See `lab.tanks.Shift`; ``world`` is an id of `worlds.quadruple_tank.WORLDS`."""

    id: int | str | None
    world: str
    seed: int
    pace: float


def tank_request(message):
    """A `TankRequest` from the socket's "tank". Without a seed it gets one."""
    world = NAMES[choice(message, "world", tuple(NAMES), "seen")]
    return TankRequest(message_id(message), world, seed_or_any(message), pace(message, ORDINARY_PACE))


def pumps(message, request):
    """The volts [2] to which the person turns the pumps."""
    volts = message.get("volts")
    if (
        not isinstance(volts, list)
        or len(volts) != 2
        or not all(is_number(each) and 0 <= each <= MOST_VOLTS for each in volts)
    ):
        raise BadRequest("pumps", most=f"{MOST_VOLTS:g}", got=shown(volts))
    return tuple(map(float, volts))


def leak(message, request):
    """(tank, flow in cm³/s) of a leak that is opened, or closed by 0."""
    return whole(message, "tank", None, 1, 4), number(message, "flow", None, 0, MOST_LEAK)


def set_points(message, request):
    """The set-points [2], in cm, that the plant can hold."""
    pair = [number(message, name, None, *ASKED) for name in ("first", "second")]
    if not is_feasible(SETTINGS[WORLDS[request.world]["setting"]], pair):
        raise BadRequest("infeasible", first=f"{pair[0]:g}", second=f"{pair[1]:g}", most=f"{MOST_UPPER:g}")
    return tuple(pair)


def tank_job(request, runner, send):
    return TankJob(partial(Shift, request), runner, send, request.pace)


KIND = Kind(
    tank_request,
    tank_job,
    {
        "pace": lambda message, request: pace(message),
        "pumps": pumps,
        "leak": leak,
        "ask": set_points,
        "again": lambda message, request: seed_or_any(message),
    },
    survives=True,
)
