"""Day 6: a person plays Windy Catcher, and with the same moves the dream of a world model beside it.

The dream begins with what V sees of the real game. From then on nobody shows it anything: M says what follows, one of
the possible things is drawn by lot at a temperature, and V paints it (Ha & Schmidhuber 2018). Reality and dream part,
and may be made to agree again at any moment.
"""

import asyncio
import base64
import time
from importlib.util import find_spec
from pathlib import Path

import gymnasium as gym
import numpy as np

import environment  # noqa: F401  (it registers Windy Catcher)
from framework.runs.folder import runs_of
from lab.aside import AsideJob
from lab.errors import BadRequest, Busy
from lab.jobs import SLICE_SECONDS
from worlds.windy_catcher import is_visible

LEFT, WAIT, RIGHT = range(3)
ROUND = 300  # steps, as long as a real game may take; the dream of it takes no longer
FUTURES, AHEAD = 30, 15  # so many futures are looked at, of so many steps: a fruit is hidden for thirteen
CHANGE = 0.25  # how probable it is that random play changes its action, as in what the world model learnt from
MOST_STEPS = 40_000  # of one page's rounds: more than half an hour at the ordinary pace
MOST_SECONDS = 900.0  # of computing
IDLE_SECONDS = 300  # without a step, after which the process is free for others
WORLD, FILE = "WindyCatcher-v0", "IM/trained/windy_catcher.npz"
MODEL = Path(__file__).parents[1] / FILE
CONTROLLERS = ("windy_catcher_controller.npz", "dream/agent.npz")  # beside the model of the course, and of a run


class Reality:
    """The real game, as V sees it and M remembers it.

    Attributes:
        z, state: what V makes of the picture, [1, Z]; M's state, of which a dream can take over.
        caught, missed, over: how the game stands.
    """

    def __init__(self, model):
        self.model, self.env = model, gym.make(WORLD)

    def begin(self, seed, rng):
        self.picture, _ = self.env.reset(seed=seed)
        self.caught, self.missed, self.action, self.over = 0, 0, WAIT, False
        self.state = self.model.mdn_rnn.initial(1)
        self.see(rng)

    def see(self, rng):
        mean, log_var = self.model.vae.encode(self.picture[None])
        self.z = self.model.vae.sample(mean, log_var, rng.standard_normal(mean.shape, np.float32))

    def step(self, action, rng):
        self.state = self.model.mdn_rnn.step(self.z, np.array([action]), self.state)
        self.picture, reward, terminated, truncated, _ = self.env.step(action)
        self.caught += reward > 0
        self.missed += reward < 0
        self.action, self.over = action, terminated or truncated
        self.see(rng)

    @property
    def hidden(self):
        """Whether there is a fruit in the air that cannot be seen."""
        return not is_visible(self.env.unwrapped.state)[0]


class Dream:
    """What M takes for the game.

    Attributes:
        z, state: as those of `Reality`, but made up.
        reward: what the dream has paid, in expectation, and before it what reality had paid.
        over, out: whether it has ended; whether because the time was up, and not because M says so.
        alone: steps since it was last shown the real game.
    """

    def __init__(self, model):
        self.model = model

    def follow(self, reality):
        """Begin with the real game as it stands."""
        self.z, self.state = reality.z, reality.state
        self.reward, self.action, self.alone = float(reality.caught - reality.missed), WAIT, 0
        self.over = self.out = False

    def step(self, action, temperature, rng):
        self.z, self.state, reward, end = imagine(self.model, self.z, self.state, action, temperature, rng)
        self.reward += float(reward[0])
        self.action, self.over = action, bool(rng.random() < end[0])
        self.alone += 1

    def futures(self, temperature, rng):
        """What may come if nobody pushes, [H, W, C]: `AHEAD` steps in one exposure, the mean of `FUTURES` of them."""
        z, *state = (part.repeat(FUTURES, axis=0) for part in (self.z, *self.state))
        dreamt = []
        for _ in range(AHEAD):
            z, state, _, _ = imagine(self.model, z, tuple(state), WAIT, temperature, rng)
            dreamt.append(z)
        pictures = self.model.vae.decode(np.concatenate(dreamt[::2]))  # of every other one: a fruit's overlap
        return pictures.reshape(-1, FUTURES, *pictures.shape[1:]).max(axis=0).mean(axis=0)


def imagine(model, z, state, action, temperature, rng):
    """One step of B dreams: z [B, Z], state, the expected reward [B], the probability of the end [B]."""
    uniform, normal = rng.random(z.shape, np.float32), rng.standard_normal(z.shape, np.float32)
    z, *rest = model.mdn_rnn.imagine(z, np.full(len(z), action), state, temperature, uniform, normal)
    return np.clip(z, model.low, model.high), *rest


class Dreaming:
    """Rounds of the real game with its dream; `lab.pacing.PacedJob` runs it.

    Args:
        request: a `lab.protocol.dream.DreamRequest`.
        load: function of nothing that gives (an `IM.world_models.dream.WorldModel`, a controller or None); by default
            `trained`.

    Attributes:
        settings: {"temperature", "player", "seen", "futures"} as the page has them.
    """

    def __init__(self, request, load=None):
        self.model, self.controller = (load or trained)()
        self.settings = dict(request.settings)
        self.reality, self.dream = Reality(self.model), Dream(self.model)
        self.steps = 0
        self.held = None  # the action of the keys that are held now
        self.begin(request.seed)
        self.step()  # TensorFlow traces what it needs while the page waits anyway
        self.begin(request.seed)

    def begin(self, seed):
        """A round: the real game of a seed, and its dream, whose luck is of that seed, too."""
        self.seed, self.rng = seed, np.random.default_rng(seed)
        self.reality.begin(seed, self.rng)
        self.dream.follow(self.reality)
        self.tapped = None  # the action of keys that were held at all since the last step
        self.random_action = WAIT
        self.step_of_round, self.fresh = 0, True

    def started(self):
        return {"type": "dreaming", "seed": self.seed, "controller": self.controller is not None}

    def receive(self, kind, value):
        """Do what the page asks.

        Args:
            kind: "push" (value: the action of the keys held now, or None), "tune" (value: some of the settings),
                "follow" (the dream goes on from the real game as it stands), "again" (value: the seed of a round).
        """
        if kind == "push":
            self.held = value
            self.tapped = self.tapped if value is None else value  # a key let go before the next step counts for it
        elif kind == "tune":
            self.settings |= value
            self.fresh = True
        elif kind == "again":
            self.begin(value)
        elif not self.reality.over:
            self.dream.follow(self.reality)
            self.fresh = True

    def advance(self, most):
        """Up to ``most`` steps, within a slice's time; returns how many."""
        until = time.perf_counter() + SLICE_SECONDS
        for done in range(1, most + 1):  # noqa: B007
            self.step()
            if time.perf_counter() > until:
                break
        self.steps += done
        return done

    @property
    def over(self):
        return self.reality.over and self.dream.over

    def step(self):
        """One step of the real game and one of the dream, of those that are not over."""
        if self.over:
            return
        actions = self.actions()
        if not self.reality.over:
            self.reality.step(actions[0], self.rng)
        if not self.dream.over:
            self.dream.step(actions[1], self.settings["temperature"], self.rng)
        self.step_of_round += 1
        if self.step_of_round >= ROUND and not self.dream.over:
            self.dream.over = self.dream.out = True
        self.fresh = True

    def actions(self):
        """What is done in reality, and in the dream. The controller acts by what it sees there and there."""
        pressed, self.tapped = self.tapped if self.held is None else self.held, None
        player = self.settings["player"]
        if player == "controller" and self.controller:
            seen = [np.concatenate([each.z, each.state[0]], axis=1) for each in (self.reality, self.dream)]
            return self.controller.greedy(np.concatenate(seen)).tolist()
        if player == "random":
            change, drawn = self.rng.random(), int(self.rng.integers(3))
            pressed = self.random_action = drawn if change < CHANGE else self.random_action
        return [WAIT if pressed is None else pressed] * 2

    def frame(self, full):
        """The message "dreamt": both games as they stand; None if nothing moved."""
        if not (full or self.fresh):
            return None
        self.fresh = False
        reality, dream, vae = self.reality, self.dream, self.model.vae
        futures = None
        if self.settings["futures"] and not dream.over:
            luck = np.random.default_rng([self.seed, self.step_of_round])  # of its own: who looks changes nothing
            futures = dream.futures(self.settings["temperature"], luck)
        return {
            "type": "dreamt",
            "seed": self.seed,
            "step": self.step_of_round,
            "over": self.over,
            "real": {
                "picture": packed(reality.picture),
                "caught": reality.caught,
                "missed": reality.missed,
                "hidden": bool(reality.hidden),
                "action": reality.action,
                "over": reality.over,
            },
            "dream": {
                "picture": packed(vae.decode(dream.z)[0]),
                "reward": round(dream.reward, 2),
                "alone": dream.alone,
                "action": dream.action,
                "over": dream.over,
                "out": dream.out,
            },
            "seen": packed(vae.decode(reality.z)[0]) if self.settings["seen"] else None,
            "futures": None if futures is None else packed(futures),
        }


def packed(picture):
    """A picture [H, W, 1] as text: its bytes, a row after the other, in base64."""
    return base64.b64encode(np.asarray(picture).round().astype(np.uint8).tobytes()).decode()


def model_file():
    """The world model that comes with the course, or else that of the newest run; None where there is neither."""
    runs = sorted(runs_of("world_models").glob("*/world_model.npz"), key=lambda file: file.parent.name)
    return MODEL if MODEL.exists() else runs[-1] if runs else None


def trained():
    """(A world model, a controller that has learnt in its dream or None), by `model_file`."""
    # Here, for they need TensorFlow, which the simulator itself does without.
    from framework.agent import read_agent
    from IM.world_models.controller import Config, Controller
    from IM.world_models.dream import WorldModel

    file = model_file()
    model, env = WorldModel.load(file), gym.make(WORLD)
    if model.vae.config.env != WORLD:
        raise ValueError(f"{file} is a model of {model.vae.config.env}; this page plays {WORLD}")
    controllers = [path for name in CONTROLLERS if (path := file.parent / name).exists()]
    if not controllers:
        return model, None
    config, weights = read_agent(controllers[0], Config)
    controller = Controller(env.observation_space, env.action_space, config, model)
    controller.set_weights(weights)
    return model, controller


class DreamJob(AsideJob):
    """A game with its dream, in the one process that may hold TensorFlow.

    Raises (from ``run``), besides what `AsideJob` raises:
        BadRequest: TensorFlow is not installed, or there is no world model.   Busy: nobody has played for long, and
            others may want the process.
    """

    most_steps, most_seconds = MOST_STEPS, MOST_SECONDS

    def __init__(self, request, send):
        super().__init__("lab.dreaming:Dreaming", request, send, request.pace)

    async def run(self):
        if find_spec("tensorflow") is None:
            raise BadRequest("no_tensorflow")
        if model_file() is None:
            raise BadRequest("no_world_model", file=FILE)
        await self.send({"type": "waking"})
        await super().run()

    async def wait(self, began):
        try:
            async with asyncio.timeout(None if self.pace else IDLE_SECONDS):
                await super().wait(began)
        except TimeoutError:
            raise Busy("dream_idle", minutes=IDLE_SECONDS // 60) from None
