"""A room that is told in words: go to the thing that the sentence names (after Carta et al. 2023, GLAM, in small).

What an agent sees is a text of twenty words, numbers of `WORDS`, such as

    goal go to red ball . blue key 3 left 1 back , red ball 2 right 1 forward .

where places are as seen by who stands there: to the right or to the left, before or behind. All scenes are equally
long, so that nothing has to be filled up. Actions are turn left, turn right, and go forward.
"""

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv

from worlds.vector_form import final_info, seeded
from worlds.window import Seen, check_render_mode

SIDE, LIMIT = 6, 20  # cells; steps of an episode
COLOURS, NOUNS = ("red", "blue", "green"), ("ball", "key", "box", "cup")
NUMBERS = tuple(str(number) for number in range(SIDE))
ACTIONS = ("left", "right", "forward")
WORDS = ("goal", "go", "to", ".", ",", *COLOURS, *NOUNS, *NUMBERS, *ACTIONS, "back")
NUMBER_OF = {word: number for number, word in enumerate(WORDS)}
LENGTH = 20
LEFT, RIGHT, FORWARD = range(3)
HEADINGS = np.array([(0, -1), (1, 0), (0, 1), (-1, 0)])  # up, right, down, left
# Columns of a state [B, 13]: where the agent stands and which way it looks; of the goal, and of the other thing,
# where it is, its colour and its noun; whether the other thing is told first; steps so far.
X, Y, HEADING, GOAL, OTHER, OTHER_FIRST, STEPS = 0, 1, 2, slice(3, 7), slice(7, 11), 11, 12
WIDTH = 13


def relative(state, thing):
    """How far to the right [B] and ahead [B] of who stands there a thing is, `GOAL` or `OTHER`; below 0 elsewhere."""
    ahead = HEADINGS[state[:, HEADING]]
    to = state[:, thing][:, :2] - state[:, :2]
    right = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1)
    return (to * right).sum(axis=1), (to * ahead).sum(axis=1)


def text_room_step(state, action):
    """The next states, rewards [B] and whether the goal was reached [B] of states [B, 13] int and actions [B]."""
    state = state.copy()
    turns = np.array([-1, 1, 0])[action]
    state[:, HEADING] = (state[:, HEADING] + turns) % 4
    move = HEADINGS[state[:, HEADING]] * (action == FORWARD)[:, None]
    state[:, :2] = np.clip(state[:, :2] + move, 0, SIDE - 1)
    state[:, STEPS] += 1
    reached = (state[:, :2] == state[:, GOAL][:, :2]).all(axis=1)
    return state, reached * (1 - 0.5 * state[:, STEPS] / LIMIT), reached


def see_text_room(state):
    """The texts [B, 20] int64 of states [B, 13]."""
    texts = np.empty((len(state), LENGTH), np.int64)
    texts[:, :3] = [NUMBER_OF[word] for word in ("goal", "go", "to")]
    texts[:, 3:5] = _names(state[:, GOAL])
    texts[:, 5] = NUMBER_OF["."]
    first = state[:, OTHER_FIRST, None] == 1
    goal, other = (_places(state, thing) for thing in (GOAL, OTHER))
    texts[:, 6:12], texts[:, 13:19] = np.where(first, other, goal), np.where(first, goal, other)
    texts[:, 12], texts[:, 19] = NUMBER_OF[","], NUMBER_OF["."]
    return texts


def _names(thing):
    return np.stack([thing[:, 2] + NUMBER_OF[COLOURS[0]], thing[:, 3] + NUMBER_OF[NOUNS[0]]], axis=1)


def _places(state, thing):
    """[B, 6]: "red ball 2 right 1 forward"."""
    right, ahead = relative(state, thing)
    sides = np.where(right < 0, NUMBER_OF["left"], NUMBER_OF["right"])
    ways = np.where(ahead < 0, NUMBER_OF["back"], NUMBER_OF["forward"])
    numbers = NUMBER_OF["0"] + np.abs(np.stack([right, ahead]))
    return np.concatenate([_names(state[:, thing]), np.stack([numbers[0], sides, numbers[1], ways], axis=1)], axis=1)


def text_of(text):
    """Words of a text [20], as a person reads it."""
    return " ".join(WORDS[word] for word in text)


def text_room_oracle(state):
    """The first actions [B] of a shortest way to the goal."""
    right, ahead = relative(state, GOAL)
    turn = np.where(right < 0, LEFT, RIGHT)
    return np.where(ahead > 0, FORWARD, turn)


def start_room(rng, nouns):
    """A state [13] to start from: the goal is one of some nouns, the other thing any but that one."""
    state = np.zeros(WIDTH, np.int64)
    cells = rng.choice(SIDE * SIDE, 3, replace=False)
    state[[X, Y]], state[HEADING] = divmod(cells[0], SIDE), rng.integers(4)
    state[3:5], state[7:9] = divmod(cells[1], SIDE), divmod(cells[2], SIDE)
    state[5], state[6] = rng.integers(len(COLOURS)), NOUNS.index(rng.choice(nouns))
    kinds = [(colour, noun) for colour in range(len(COLOURS)) for noun in range(len(NOUNS))]
    kinds.remove((state[5], state[6]))
    state[9:11] = kinds[rng.integers(len(kinds))]
    state[OTHER_FIRST] = rng.integers(2)
    return state


def draw_text_room(state):
    """Pictures [B, 384, 384, 3] uint8: who stands there is a triangle, the goal has a frame."""
    from PIL import Image, ImageDraw, ImageFont  # here, so that only a picture needs it

    cell, colours, pictures = 64, ("#b2182b", "#2166ac", "#1b7837"), []
    font = ImageFont.load_default(20)
    for row in state:
        image = Image.new("RGB", (SIDE * cell, SIDE * cell), "#f7f7f5")
        pen = ImageDraw.Draw(image)
        for line in range(SIDE + 1):
            pen.line([(line * cell, 0), (line * cell, SIDE * cell)], fill="#cccccc")
            pen.line([(0, line * cell), (SIDE * cell, line * cell)], fill="#cccccc")
        for thing in (OTHER, GOAL):
            x, y, colour, noun = row[thing]
            box = [x * cell + 8, y * cell + 8, (x + 1) * cell - 8, (y + 1) * cell - 8]
            pen.rounded_rectangle(box, 8, fill=colours[colour], outline="black" if thing == GOAL else None, width=4)
            pen.text(((x + 0.5) * cell, (y + 0.5) * cell), NOUNS[noun], fill="white", font=font, anchor="mm")
        ahead = HEADINGS[row[HEADING]]
        side = np.array([-ahead[1], ahead[0]])
        middle = (row[:2] + 0.5) * cell
        corners = [middle + 24 * ahead, middle - 18 * ahead + 16 * side, middle - 18 * ahead - 16 * side]
        pen.polygon([tuple(map(float, corner)) for corner in corners], fill="#222222")
        pictures.append(np.asarray(image))
    return np.stack(pictures)


OBSERVATIONS = spaces.Box(0, len(WORDS) - 1, (LENGTH,), np.int64)


class TextRoom(Seen, gym.Env):
    """Go to the thing that the sentence names.

    ## Action Space
    ``Discrete(3)``: 0 turn left, 1 turn right, 2 go forward.
    ## Observation Space
    [20] int64, numbers of `WORDS`; `text_of` reads them.
    ## Rewards
    1 - 0.5 × steps / 20 where the goal is reached, else 0.
    ## Episode End
    Terminated at the goal; ``gymnasium.make`` truncates after 20 steps.

    Args:
        nouns: those that a goal may have; by default a ball.
    """

    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 4}
    observation_space, action_space = OBSERVATIONS, spaces.Discrete(3)

    def __init__(self, nouns=("ball",), render_mode=None):
        check_render_mode(render_mode, self.metadata)
        self.nouns, self.render_mode = _checked(nouns), render_mode
        self.state = np.zeros((1, WIDTH), np.int64)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = start_room(self.np_random, self.nouns)[None]
        if self.render_mode == "human":
            self.render()
        return see_text_room(self.state)[0], {}

    def step(self, action):
        if not self.action_space.contains(action):
            raise ValueError(f"actions are 0 turn left, 1 turn right and 2 go forward; got {action}")
        self.state, reward, reached = text_room_step(self.state, np.array([action]))
        if self.render_mode == "human":
            self.render()
        return see_text_room(self.state)[0], float(reward[0]), bool(reached[0]), False, {}

    def _picture(self):
        return draw_text_room(self.state)[0]


class TextRoomVector(VectorEnv):
    """``num_envs`` of `TextRoom` stepped at once; room i of ``reset(seed=n)`` equals one that was reset with n + i.

    A room whose episode is over starts anew in the same step (Gymnasium's SAME_STEP).
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 4, "autoreset_mode": AutoresetMode.SAME_STEP}
    single_observation_space, single_action_space = OBSERVATIONS, spaces.Discrete(3)

    def __init__(self, num_envs=1, nouns=("ball",), max_episode_steps=LIMIT, render_mode=None):
        if num_envs < 1:
            raise ValueError(f"num_envs must be at least 1; got {num_envs}")
        check_render_mode(render_mode, self.metadata)
        self.num_envs, self.max_episode_steps, self.render_mode = num_envs, max_episode_steps, render_mode
        self.nouns = _checked(nouns)
        self.observation_space = gym.vector.utils.batch_space(OBSERVATIONS, num_envs)
        self.action_space = gym.vector.utils.batch_space(self.single_action_space, num_envs)
        self.rngs = [None] * num_envs
        self.state = np.zeros((num_envs, WIDTH), np.int64)

    def reset(self, *, seed=None, options=None):
        """Start every room anew. seed: None, an int (room i gets seed + i) or a list of one per room."""
        self.rngs = seeded(self.rngs, seed, "rooms")
        self._start(range(self.num_envs))
        return see_text_room(self.state), {}

    def _start(self, rooms):
        for i in rooms:
            self.state[i] = start_room(self.rngs[i], self.nouns)

    def step(self, actions):
        """Step every room; observations [B, 20], rewards [B], terminated [B], truncated [B], info."""
        if not self.action_space.contains(np.asarray(actions)):
            raise ValueError(f"actions must be {self.num_envs} numbers from 0 to 2, one for each room; got {actions}")
        self.state, reward, terminated = text_room_step(self.state, np.asarray(actions))
        truncated = ~terminated & (self.state[:, STEPS] >= self.max_episode_steps)
        ended, info = np.flatnonzero(terminated | truncated), {}
        if len(ended):
            info = final_info(ended, see_text_room(self.state[ended]), self.num_envs)
            self._start(ended)
        return see_text_room(self.state), reward, terminated, truncated, info

    def render(self):
        return tuple(draw_text_room(self.state)) if self.render_mode == "rgb_array" else None


def _checked(nouns):
    nouns = (nouns,) if isinstance(nouns, str) else tuple(nouns)
    if not nouns or set(nouns) - set(NOUNS):
        raise ValueError(f"nouns must be some of {', '.join(NOUNS)}; got {', '.join(map(str, nouns)) or 'none'}")
    return nouns
