"""Day 6: a person plays Catcher; a student learns from every step at once, and plays the same fruits beside.

Cloning: the person's keys move the person's paddle, and each step is a label, (what was seen, what was pressed).
DAgger by hand (Ross et al. 2011), ``driver`` "student": the student moves the one paddle, and what is pressed
meanwhile says what should have been done where the student has led; where nothing is pressed, nothing is said. The
oracle can take the person's place in both.
"""

import asyncio
import time
from collections import deque
from importlib.util import find_spec

import gymnasium as gym
import numpy as np

import environment  # noqa: F401  (it registers Catcher)
from lab.aside import AsideJob
from lab.errors import BadRequest, Busy
from lab.jobs import SLICE_SECONDS
from worlds.catcher import FRUIT_X, FRUIT_Y, LIVES, LIVES_LEFT, PADDLE_V, PADDLE_X, catcher_oracle

LEFT, WAIT, RIGHT = range(3)
FIT_STEPS = 4  # gradient steps after each step of the games
MOST_STEPS = 40_000  # of a student's life, and so of its labels: half an hour at the ordinary pace
MOST_SECONDS = 900.0  # of computing
RECENT = 200  # labels over which agreement is counted
REST = 20  # steps for which one sees how a game has ended; fewer than a fruit falls for
IDLE_SECONDS = 300  # without a step, after which the student's process is free for others


class Game:
    """One paddle and its fruits.

    Attributes:
        result: the return, once all lives or all fruits are gone; that of the first try, where there are several.
        out: for how many steps it has been over.
    """

    def __init__(self):
        self.env = gym.make("CatcherState-v0")

    def begin(self, seed):
        self.obs, _ = self.env.reset(seed=seed)
        self.result = None
        self.start()

    def start(self):
        self.caught, self.missed, self.action, self.over, self.out = 0, 0, WAIT, False, 0

    def join(self, other):
        """Try again from where the other game is, with all lives; the same fruits follow."""
        state = other.state.copy()
        state[0, LIVES_LEFT] = LIVES
        self.env.unwrapped.state = state  # its luck is that of the other: no fruit has landed since it was over
        self.obs = other.obs.copy()
        self.obs[LIVES_LEFT] = 1.0  # all of them; see `worlds.catcher`
        self.start()

    def step(self, action):
        self.obs, reward, terminated, truncated, _ = self.env.step(action)
        self.caught += reward > 0
        self.missed += reward < 0
        self.action, self.over = action, terminated or truncated
        if self.over and self.result is None:
            self.result = self.caught - self.missed

    @property
    def state(self):
        """[1, 6]; see `worlds.catcher`."""
        return self.env.unwrapped.state

    def told(self):
        """What a page draws: positions and speeds in pixels of the game's 64."""
        state = self.state[0].tolist()
        return {
            "paddle": state[PADDLE_X],
            "speed": state[PADDLE_V],
            "fruit": [state[FRUIT_X], state[FRUIT_Y]],
            "lives": int(state[LIVES_LEFT]),
            "caught": self.caught,
            "missed": self.missed,
            "action": self.action,
            "over": self.over,
        }


class Catching:
    """Rounds of two games with the same fruits; `lab.pacing.PacedJob` runs it.

    Args:
        request: a `lab.protocol.catch.CatchRequest`.
        make_student: make_student(space of observations, space of actions, seed), or None for `network_student`.

    Attributes:
        mine, theirs: the teacher's `Game` and the student's; with the student as driver only the latter is played.
        num_labels: how many labels the student has had since it was new.
    """

    def __init__(self, request, make_student=None):
        self.seed, self.teacher, self.driver = request.seed, request.teacher, request.driver
        self.make_student = make_student or network_student
        self.mine, self.theirs = Game(), Game()
        self.learns = request.student == "learns"
        self.held = self.tapped = None  # actions: of the keys held now; of those held at all since the last step
        self.round = self.steps = 0
        self.ended = []  # rounds that no frame has told of yet
        self.forget()
        self.begin()

    def forget(self):
        """The student begins anew, and knows nothing."""
        env = self.mine.env
        self.student = None
        if self.learns:
            self.student = self.make_student(env.observation_space, env.action_space, self.seed)
        self.num_labels, self.loss, self.agreed = 0, None, deque(maxlen=RECENT)

    def begin(self):
        """The next round: both games start with the same fruits."""
        for game in (self.mine, self.theirs):
            game.begin((self.seed + self.round) % 2**32)
        self.round += 1
        self.step_of_round = self.rest = 0
        self.tapped = self.said = None  # said: the latest label
        self.fresh = True  # no frame has shown this moment yet

    def games(self):
        """The games that are played, the teacher's first."""
        mine = [] if self.driver == "student" else [self.mine]
        return [*mine, *([self.theirs] if self.student else [])]

    def started(self):
        return {"type": "catching", "seed": self.seed, "student": self.student is not None}

    def receive(self, kind, value):
        """Do what the page asks.

        Args:
            kind: "push" (value: the action of the keys held now, or None), "roles" (value: who teaches, who drives;
                another driver begins another round, for its boards show other games), "next" (a round), "forget".
        """
        if kind == "push":
            self.held = value
            self.tapped = self.tapped if value is None else value  # a key let go before the next step counts for it
        elif kind == "roles":
            before, self.teacher, self.driver = self.driver, value["teacher"], value["driver"]
            self.held = self.tapped = None
            if self.driver != before:
                self.begin()
        elif kind == "forget":
            self.forget()
            self.begin()
        else:
            self.begin()

    def advance(self, most):
        """Up to ``most`` steps, within a slice's time; returns how many."""
        until = time.perf_counter() + SLICE_SECONDS
        for done in range(1, most + 1):  # noqa: B007
            self.step()
            if time.perf_counter() > until:
                break
        self.steps += done
        return done

    def step(self):
        """One step of each game that is not over, one label, and some gradient steps."""
        self.fresh = True
        if self.rest:
            self.rest -= 1
            if not self.rest:
                self.begin()
            return
        chosen = self.chosen()
        taught = self.theirs if self.driver == "student" else self.mine
        self.said = label = None if taught.over else self.label(taught)
        if label is not None and self.student:
            self.learn(taught.obs, label, chosen[taught])
        for game in self.games():
            if not game.over:
                game.step(label if game is self.mine else chosen[game])
        self.step_of_round += 1
        if self.num_labels:
            self.loss = self.student.fit(FIT_STEPS)
        if all(game.result is not None for game in self.games()):
            self.end()
        elif self.theirs.over and self.student:
            self.theirs.out += 1
            if self.theirs.out == REST:
                self.theirs.join(self.mine)

    def chosen(self):
        """{game: the student's action there}; nothing without a student."""
        games = self.games()
        actions = self.student.act(np.stack([game.obs for game in games])).tolist() if self.student else []
        return dict(zip(games, actions, strict=False))

    def label(self, game):
        """What the teacher would do in a game; None where a person who only corrects says nothing."""
        if self.teacher == "oracle":
            return int(catcher_oracle(game.state)[0])
        pressed, self.tapped = self.tapped if self.held is None else self.held, None
        return WAIT if pressed is None and self.driver == "teacher" else pressed

    def learn(self, obs, label, chosen):
        self.agreed.append(label == chosen)
        self.student.add(obs[None], [label])
        self.num_labels += 1

    def end(self):
        """Both games of the round are over."""
        self.ended.append(
            {
                "round": self.round,
                "teacher": self.teacher,
                "driver": self.driver,
                "returns": [
                    None if self.driver == "student" else self.mine.result,
                    self.theirs.result if self.student else None,
                ],
                "labels": self.num_labels,
            }
        )
        self.rest = REST

    def frame(self, full):
        """The message "caught": how the games stand, and what has ended since the last one; None if nothing moved."""
        if not (full or self.fresh):
            return None
        self.fresh, ended, self.ended = False, self.ended, []
        return {
            "type": "caught",
            "round": self.round,
            "step": self.step_of_round,
            "teacher": self.teacher,
            "driver": self.driver,
            "mine": None if self.driver == "student" else self.mine.told(),
            "theirs": self.theirs.told() if self.student else None,
            "said": self.said,
            "labels": self.num_labels,
            "agreement": sum(self.agreed) / len(self.agreed) if self.agreed else None,
            "recent": len(self.agreed),
            "loss": self.loss,
            "ended": ended,
        }


def network_student(obs_space, action_space, seed):
    """A network that is ready at once: all its graphs are traced."""
    # Here, for it needs TensorFlow, which the simulator itself does without.
    from IM.deep_dagger import BATCH_SIZE, NetworkStudent

    student = NetworkStudent(obs_space, action_space, seed)
    obs, label = np.zeros((1, *obs_space.shape), obs_space.dtype), np.zeros(1, np.int64)
    student.act(obs)
    student.update(obs, label, np.zeros((0, BATCH_SIZE), np.int64))  # no minibatch, so nothing is learnt
    return student


class CatchJob(AsideJob):
    """The games with a student, in the one process that may hold TensorFlow.

    Raises (from ``run``), besides what `AsideJob` raises:
        BadRequest: TensorFlow is not installed.   Busy: nobody has played for long, and others may want the process.
    """

    most_steps, most_seconds = MOST_STEPS, MOST_SECONDS

    def __init__(self, request, send):
        super().__init__("lab.catching:Catching", request, send, request.pace)

    async def run(self):
        if find_spec("tensorflow") is None:
            raise BadRequest("no_tensorflow")
        await self.send({"type": "waking"})
        await super().run()

    async def wait(self, began):
        try:
            async with asyncio.timeout(None if self.pace else IDLE_SECONDS):
                await super().wait(began)
        except TimeoutError:
            raise Busy("student_idle", minutes=IDLE_SECONDS // 60) from None
