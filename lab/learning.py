"""What the simulator shows of learning: the agents of Day 3 on the maze that was drawn, stepped as slowly as asked.

Nothing here knows of sockets or the time of day: a `Lesson` moves on when it is told to, in a worker thread, and says
how things stand.
"""

import json
import time
from collections import deque
from itertools import islice

from DP.planner import PLANNERS
from EL.actor_critic import ActorCritic
from EL.monte_carlo import MonteCarloAgent
from EL.q_learning import QLearningAgent
from EL.sarsa import ExpectedSARSAAgent, SARSAAgent
from EL.td_lambda import TDLambdaAgent
from framework.tabular.world import TableWorld
from lab.jobs import SLICE_SECONDS

LEARNERS = {
    "monte_carlo": MonteCarloAgent,
    "sarsa": SARSAAgent,
    "expected_sarsa": ExpectedSARSAAgent,
    "q_learning": QLearningAgent,
    "td_lambda": TDLambdaAgent,
    "actor_critic": ActorCritic,
}
LONGEST_CURVE = 400  # points of a learning curve
MOST_SHOWN = 10  # steps that one frame tells of
MOST_SWEEPS = 5_000  # of the planner that finds the optimum


class Curve:
    """Returns of any number of episodes in a bounded number of points: means over ``size`` episodes each.

    When there are too many points, neighbours are joined and the size doubles.
    """

    def __init__(self):
        self.size, self.means = 1, []
        self.total, self.count = 0.0, 0

    def add(self, value):
        self.total += value
        self.count += 1
        if self.count == self.size:
            self.means.append(self.total / self.size)
            self.total, self.count = 0.0, 0
        if len(self.means) == LONGEST_CURVE:
            self.means = [(a + b) / 2 for a, b in zip(self.means[::2], self.means[1::2], strict=True)]
            self.size *= 2


class Learner:
    """One agent in a world of its own. The same name, seed, maze and settings give the same steps.

    They are the steps of ``agent.steps(world)`` in a script, after ``world.reset(seed=seed)``.
    """

    def __init__(self, name, seed, env, settings):
        self.name, self.seed = name, seed
        world = TableWorld(env)
        world.reset(seed=seed)
        self.agent = LEARNERS[name](world, seed)
        self.configure(settings)
        self.life = self._episodes(world)
        self.curve = Curve()
        self.recent = deque(maxlen=MOST_SHOWN)
        self.state = env.start_state
        self.steps = self.episodes = self.episode_steps = 0
        self.ended, self.last_return = True, None

    def _episodes(self, world):
        while True:
            yield from self.agent.steps(world)

    @property
    def setting_names(self):
        """The names of the settings that this learner has, a list."""
        return list(self.agent.limits)

    def configure(self, settings):
        """Change the settings that this learner has; they act from its next step on."""
        self.agent.configure(**{name: value for name, value in settings.items() if name in self.agent.limits})

    def step(self):
        """One step; True if it ended the episode."""
        if self.ended:
            self.episode_steps, self.discounted, self.discount = 0, 0.0, 1.0
        step = next(self.life)
        self.recent.append(step)
        self.state = step.next_state
        self.steps += 1
        self.episode_steps += 1
        self.discounted += self.discount * step.reward
        self.discount *= self.agent.gamma
        self.ended = step.terminated or step.truncated
        if self.ended:
            self.episodes += 1
            self.last_return = self.discounted
            self.curve.add(self.discounted)
        return self.ended

    def picture(self):
        """What the page shows of this learner, a dict: its tables, its curve, its steps since the last picture."""
        steps = [step._asdict() for step in self.recent]
        self.recent.clear()
        critic = getattr(self.agent, "critic", None)
        return {
            "state": self.state,
            "steps": steps,
            "step": self.steps,
            "episode": self.episodes,
            "episode_step": self.episode_steps,
            "return": self.last_return,
            "gamma": self.agent.gamma,
            "q": self.agent.q,
            "n": self.agent.n,
            "v": critic and critic.v,
            "curve": {"size": self.curve.size, "means": self.curve.means},
        }


class Lesson:
    """One or two learners on the same maze, in step with each other."""

    def __init__(self, request):
        self.id, self.env = request.id, request.worlds[0]
        self.learners = [
            Learner(name, seed, env, request.settings)
            for (name, seed), env in zip(request.learners, request.worlds, strict=True)
        ]
        self.steps = 0
        self.in_episode = []  # the learners that still have to end the episode asked for
        self.optimum = optimal_return(self.env, request.settings["gamma"])

    def started(self):
        """The message that announces the lesson."""
        return {
            "type": "learning",
            "id": self.id,
            "shape": list(self.env.shape),
            "start": self.env.start_state,
            "learners": [
                {
                    "name": learner.name,
                    "seed": learner.seed,
                    "settings": learner.setting_names,
                    "based_on": learner.agent.based_on,
                }
                for learner in self.learners
            ],
        }

    def configure(self, settings):
        for learner in self.learners:
            learner.configure(settings)
        if "gamma" in settings:
            self.optimum = optimal_return(self.env, settings["gamma"])

    def advance(self, most):
        """Every learner takes up to ``most`` steps, within a slice's time; returns how many."""
        until = time.perf_counter() + SLICE_SECONDS
        for done in range(1, most + 1):  # noqa: B007
            for learner in self.learners:
                learner.step()
            if time.perf_counter() > until:
                break
        self.steps += done
        return done

    def finish_episode(self):
        """Every learner goes on to the end of its episode, within a slice's time; True when all are there."""
        until = time.perf_counter() + SLICE_SECONDS
        self.in_episode = self.in_episode or list(self.learners)
        while self.in_episode and time.perf_counter() < until:
            self.in_episode = [learner for learner in self.in_episode if not learner.step()]
        self.steps = max(learner.steps for learner in self.learners)
        return not self.in_episode

    def frame(self):
        """The message that says how things stand, as text.

        Raises:
            ValueError: a value is no number any more.
        """
        message = {
            "type": "frame",
            "id": self.id,
            "optimum": self.optimum,
            "learners": [learner.picture() for learner in self.learners],
        }
        try:
            return json.dumps(message, allow_nan=False)
        except ValueError:
            raise ValueError(
                "the values have grown without bound; use a smaller learning rate, gamma or lambda"
            ) from None


def optimal_return(env, gamma):
    """The discounted return that the best policy expects from the start; None where the planner finds no answer."""
    planner = PLANNERS["value"](env, compile=True)
    try:
        for sweep in islice(planner.sweeps(gamma, 1e-6), MOST_SWEEPS):  # noqa: B007
            pass
    except ValueError:  # gamma 1 where an episode may never end
        return None
    return float(sweep.V[env.start_state]) if sweep.residual < 1e-6 else None
