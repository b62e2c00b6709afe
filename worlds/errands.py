"""A small house with errands: walk from thing to thing, and do three deeds that whoever lives there likes.

Six rooms with two things each, in three rows, where a step leads from thing to thing:

    curtains  lamps   | heating   stove
    records   radio   | window    fan
    chairs    table   | pictures  rug

With each thing one can do two deeds, one the opposite of the other: the curtains can be opened or closed. Of each
room there is a wish, one of two opposite words of `PAIRS`, and a deed fits one of the two. So there are 64 kinds of
users, and whoever does not know their wishes does what they like in half of all cases.

A state is a number, 12 × which things are served + where the helper stands. Served are none, one, or two of the
twelve things, 79 sets, in the order of `SERVED`; the last number of all stands for three, whichever they are.
"""

from functools import cache, cached_property
from itertools import combinations

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from worlds.model import TabularModel
from worlds.window import Seen, check_render_mode

PAIRS = (  # of each room: a wish, and its opposite
    ("bright", "dark"),
    ("warm", "cool"),
    ("music", "silence"),
    ("airy", "draughtless"),
    ("full", "empty"),
    ("colourful", "plain"),
)
THINGS = (  # its name; the deed that fits the first wish of its room, and the one that fits the second
    ("curtains", "opened the curtains", "closed the curtains"),
    ("lamps", "switched on the lamps", "switched off the lamps"),
    ("heating", "turned up the heating", "turned down the heating"),
    ("stove", "lit the stove", "put out the stove"),
    ("records", "put on a record", "stopped the record"),
    ("radio", "turned on the radio", "turned off the radio"),
    ("window", "opened the window", "shut the window"),
    ("fan", "started the fan", "stopped the fan"),
    ("chairs", "carried the chairs in", "carried the chairs out"),
    ("table", "set up a table", "took the table away"),
    ("pictures", "hung up pictures", "took the pictures down"),
    ("rug", "laid out a red rug", "rolled up the red rug"),
)
ROWS, COLS, ERRANDS, LIMIT = 3, 4, 3, 30  # things; deeds and steps of an episode
DEEDS = tuple(deed for _, *deeds in THINGS for deed in deeds)  # [24]: deeds 2 i and 2 i + 1 are of thing i
ROOM_OF = np.arange(len(THINGS)) // 2  # [12]
UP, RIGHT, DOWN, LEFT, FIRST, SECOND = range(6)
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))
SERVED = tuple(frozenset(some) for count in range(ERRANDS) for some in combinations(range(len(THINGS)), count))
NUM_STATES = (len(SERVED) + 1) * len(THINGS)  # 960
STARTS = np.arange(len(THINGS))  # anywhere, with nothing served


def checked_wishes(wishes):
    """A wish of each room, a tuple of six words in the order of `PAIRS`; of rooms that are not named, the first one.

    Raises:
        ValueError: there is no such wish, or two are of one room.
    """
    wishes, known = tuple(wishes), [wish for pair in PAIRS for wish in pair]
    for wish in wishes:
        if wish not in known:
            raise ValueError(f"a wish must be one of {', '.join(known)}; got {wish!r}")
    named = [[wish for wish in wishes if wish in pair] for pair in PAIRS]
    for several in named:
        if len(several) > 1:
            raise ValueError(f"there is one wish for each room; got {' and '.join(several)}")
    return tuple(one[0] if one else pair[0] for one, pair in zip(named, PAIRS, strict=True))


def opposite(wishes):
    """The other word of each pair, a tuple of six."""
    return tuple(pair[wish == pair[0]] for wish, pair in zip(checked_wishes(wishes), PAIRS, strict=True))


def likes(wishes):
    """[24]: 1 for a deed that fits the wish of its room, else -1."""
    first = np.array([wish == pair[0] for wish, pair in zip(checked_wishes(wishes), PAIRS, strict=True)])
    sign = np.where(first, 1, -1)[ROOM_OF]  # [12], of the first deed of each thing
    return np.stack([sign, -sign], axis=1).ravel()


@cache
def tables():
    """What follows on each action: the next state [960, 6], and which deed was done [960, 6], -1 where none was."""
    next_state = np.repeat(np.arange(NUM_STATES)[:, None], 6, axis=1)
    deed = np.full((NUM_STATES, 6), -1)
    number = {some: place for place, some in enumerate(SERVED)}
    for some, place in number.items():
        for thing in range(len(THINGS)):
            state = place * len(THINGS) + thing
            for action, (down, right) in enumerate(MOVES):
                row, col = thing // COLS + down, thing % COLS + right
                if 0 <= row < ROWS and 0 <= col < COLS:
                    next_state[state, action] = place * len(THINGS) + row * COLS + col
            if thing not in some:
                after = number.get(some | {thing}, len(SERVED))
                next_state[state, FIRST:] = after * len(THINGS) + thing
                deed[state, FIRST:] = 2 * thing, 2 * thing + 1
    return next_state, deed


def errands_step(state, action):
    """The next states [B], the deeds [B] that were done, -1 where none was, and whether all errands are."""
    next_state, deed = (table[state, action] for table in tables())
    return next_state, deed, is_over(next_state)


def is_over(state):
    """Whether three things are served in states [B]."""
    return np.asarray(state) >= len(SERVED) * len(THINGS)


def errands_oracle(state, wishes):
    """Best actions [B] in states [B] where all errands are not done yet: the liked deed here, or a step to the
    nearest thing that is not served (of several, the first one)."""
    liked, actions = likes(wishes), []
    for number in np.asarray(state).tolist():
        some, thing = SERVED[number // len(THINGS)], number % len(THINGS)
        row, col = divmod(thing, COLS)
        away = {other: abs(other // COLS - row) + abs(other % COLS - col) for other in range(len(THINGS))}
        nearest = min((other for other in away if other not in some), key=away.get)
        if nearest == thing:
            actions.append(FIRST if liked[2 * thing] > 0 else SECOND)
        elif nearest % COLS != col:
            actions.append(RIGHT if nearest % COLS > col else LEFT)
        else:
            actions.append(DOWN if nearest // COLS > row else UP)
    return np.array(actions)


def checked_rewards(rewards):
    """[24] float, what each deed is paid with."""
    try:
        paid = np.array(rewards, float)
    except (TypeError, ValueError):
        paid = np.empty(0)
    if paid.shape != (len(DEEDS),) or not np.isfinite(paid).all():
        raise ValueError(f"rewards must be {len(DEEDS)} finite numbers, one for each deed")
    return paid


ROOM_COLOURS = ("#fdf3d8", "#fbe3da", "#e3ecf7", "#e2f1e7", "#f0e8f5", "#f7efe6")
INK, BLUE, GREY = "#282c34", "#2166ac", "#8a8d93"


def draw_errands(state, deeds=()):
    """A picture [374, 480, 3] uint8 of a state: the rooms, things that are served in blue, and who stands there.

    Args:
        deeds: those so far, numbers of `DEEDS`; they are written below.
    """
    from PIL import Image, ImageDraw, ImageFont  # here, so that only a picture needs it

    cell, tall = 120, 100
    image = Image.new("RGB", (COLS * cell, ROWS * tall + 74), "#f7f6f2")
    pen, font, small = ImageDraw.Draw(image), ImageFont.load_default(19), ImageFont.load_default(16)
    served = SERVED[state // len(THINGS)] if not is_over(state) else {deed // 2 for deed in deeds}
    for thing, (name, *_) in enumerate(THINGS):
        x, y = thing % COLS * cell, thing // COLS * tall
        pen.rectangle([x, y, x + cell, y + tall], fill=ROOM_COLOURS[ROOM_OF[thing]])
        pen.text((x + cell / 2, y + 24), name, fill=BLUE if thing in served else INK, font=font, anchor="mm")
        if thing in served:
            pen.line([(x + 50, y + 42), (x + 57, y + 50), (x + 72, y + 36)], fill=BLUE, width=4)
    for row in range(ROWS):
        pen.line([(0, row * tall), (COLS * cell, row * tall)], fill=GREY, width=2)
    pen.line([(2 * cell, 0), (2 * cell, ROWS * tall)], fill=GREY, width=2)
    pen.line([(0, ROWS * tall), (COLS * cell, ROWS * tall)], fill=GREY, width=2)
    col, row = state % len(THINGS) % COLS, state % len(THINGS) // COLS
    x, y = (col + 0.5) * cell, row * tall + 72
    pen.ellipse([x - 17, y - 17, x + 17, y + 17], fill=INK)
    for place, deed in enumerate(deeds):
        pen.text(
            (12, ROWS * tall + 14 + 22 * place), f"{place + 1}. {DEEDS[deed]}", fill=INK, font=small, anchor="lm"
        )
    return np.asarray(image)


class Errands(Seen, gym.Env):
    """Do three deeds in a house; which of them are liked is for the wishes of who lives there to say.

    ## Action Space
    ``Discrete(6)``: 0 up, 1 right, 2 down, 3 left; 4 and 5 the first and the second deed with the thing that is here.
    A wall holds the helper, and with a thing that was served nothing more is done.
    ## Observation Space
    ``Discrete(960)``: where the helper stands, and which things are served.
    ## Rewards
    1 for a deed that fits the wish of its room, -1 for one that does not; or what ``rewards`` pays for each deed.
    ## Episode End
    Terminated after three deeds; ``gymnasium.make`` truncates after 30 steps. It starts at any of the twelve things.
    ## Info
    ``deed``: what was done, in words; "" where nothing was.

    Args:
        wishes: of the rooms, words of `PAIRS`; a room that is not named has the first of its two.
        rewards: [24], what each deed of `DEEDS` is paid with; by default `likes`.

    Raises:
        ValueError: one sentence that says what is malformed.
    """

    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 3}

    def __init__(self, wishes=(), rewards=None, render_mode=None):
        check_render_mode(render_mode, self.metadata)
        self.wishes, self.render_mode = checked_wishes((wishes,) if isinstance(wishes, str) else wishes), render_mode
        self.rewards = checked_rewards(likes(self.wishes) if rewards is None else rewards)
        self.observation_space, self.action_space = spaces.Discrete(NUM_STATES), spaces.Discrete(6)
        self.initial_state_distrib = np.bincount(STARTS, minlength=NUM_STATES) / len(STARTS)
        self.state, self.deeds = 0, []

    @cached_property
    def P(self):
        """``P[s][a] = [(prob, next_state, reward, terminated)]``, as Gymnasium's toy_text shows it."""
        next_state, deed = tables()
        paid = np.append(self.rewards, 0.0)[deed]  # [S, A]; deed -1 is the last entry, which pays nothing
        rows = zip(next_state.tolist(), paid.tolist(), is_over(next_state).tolist(), strict=True)
        return {s: {a: [(1.0, *each)] for a, each in enumerate(zip(*row, strict=True))} for s, row in enumerate(rows)}

    @cached_property
    def model(self):
        """The same as arrays."""
        return TabularModel.from_P(self.P)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state, self.deeds = int(self.np_random.choice(STARTS)), []
        if self.render_mode == "human":
            self.render()
        return self.state, {}

    def step(self, action):
        if not self.action_space.contains(action):
            raise ValueError(f"actions are 0 up, 1 right, 2 down, 3 left, and the deeds 4 and 5; got {action}")
        next_state, deed, terminated = errands_step(self.state, action)
        self.state, deed = int(next_state), int(deed)
        if deed >= 0:
            self.deeds.append(deed)
        if self.render_mode == "human":
            self.render()
        paid, told = (float(self.rewards[deed]), DEEDS[deed]) if deed >= 0 else (0.0, "")
        return self.state, paid, bool(terminated), False, {"deed": told}

    def _picture(self):
        return draw_errands(self.state, self.deeds)
