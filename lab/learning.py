"""What the simulator shows of learning: the agents of Days 3 and 6 on the maze that was drawn, as slowly as asked.

Nothing here knows of sockets or the time of day: a `Lesson` moves on when it is told to, in a worker thread, and says
how things stand.
"""

import heapq
import json
import time
from collections import deque
from copy import copy
from itertools import islice

import numpy as np

from DP.planner import PLANNERS
from environment import BLOCK, ORDINARY
from framework.tabular.world import TableWorld, greedy_policy, policy_values
from lab.errors import BadRequest
from lab.jobs import SLICE_SECONDS
from lab.learners import SETTINGS, make_agent
from lab.walking import new_seed, walk

LONGEST_CURVE = 400  # points of a learning curve
MEASURED = 10  # a measure follows when there are 1/10 more episodes than at the last one
MOST_SHOWN = 10  # steps that one frame tells of
SMALLEST_TRACE = 0.001  # that is shown
MOST_IMAGINED = 100  # imagined updates of one step that a frame tells of
SMALLEST_ERROR = 1e-6  # of an imagined update that is said to have changed something
MOST_SWEEPS = 5_000  # of the planner that finds the truth


class Truth:
    """What the planner knows of a maze, to hold beside what is learnt.

    Attributes:
        V: [S] float.   Q: [S, A] float.   optimum: V of the start. None where the planner finds no answer.
    """

    def __init__(self, env, gamma):
        self.env, self.gamma = env, gamma
        planner = PLANNERS["value"](env, compile=True)
        try:
            for _ in islice(planner.sweeps(gamma, 1e-8), MOST_SWEEPS):
                pass
        except ValueError:  # gamma 1 where an episode may never end
            pass
        self.V, self.Q = planner.V, planner.Q
        self.optimum = None if self.V is None else float(self.V[env.start_state])
        self.reached = reached_states(env)

    def message(self):
        v, q = (None, None) if self.V is None else (self.V.tolist(), self.Q.tolist())
        return {"type": "truth", "v": v, "q": q, "optimum": self.optimum}

    def measure(self, agent):
        """How far an agent has come.

        Returns:
            (rms, greedy): the root of the mean squared error of V over the cells that can be reached, and the exact
            value of the start under the greedy policy. Either is None where there is none.
        """
        Q = agent.Q
        with np.errstate(all="ignore"):  # values that have grown without bound are told of by the frame
            V = np.array(agent.critic.v) if hasattr(agent, "critic") else Q.max(axis=1)
            rms = None if self.V is None else float(np.sqrt(np.mean((V - self.V)[self.reached] ** 2)))
            if self.gamma == 1:
                return rms, None
            return rms, float(policy_values(self.env, greedy_policy(Q), self.gamma)[self.env.start_state])


def reached_states(env):
    """The ordinary cells that can be reached from the start, a list of states."""
    model, found = env.model, [env.start_state]
    leads_to = np.where(model.prob > 0, model.next_state, env.num_states).reshape(env.num_states, -1)
    for state in found:  # grows on the way
        found += set(leads_to[state].tolist()) - {*found, env.num_states}
    return found


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


def told_imagined(updates):
    """What a frame tells of the imagined updates of one step, a dict; of too many, those with the largest errors."""
    places = range(len(updates))
    if len(updates) > MOST_IMAGINED:
        places = sorted(heapq.nlargest(MOST_IMAGINED, places, key=lambda place: abs(updates[place][2])))
    told = []
    for state, action, error in (updates[place] for place in places):
        told.append([state, action, float(f"{error:.4g}") if abs(error) >= SMALLEST_ERROR else 0])
    changed = sum(abs(error) >= SMALLEST_ERROR for _, _, error in updates)
    return {"count": len(updates), "changed": changed, "updates": told}


class Learner:
    """One agent in a world of its own. The same name, seed, maze and settings give the same steps.

    They are the steps of ``agent.steps(world)`` in a script, after ``world.reset(seed=seed)``.
    """

    def __init__(self, name, seed, env, settings):
        self.name, self.seed, self.env = name, seed, env
        self.world = TableWorld(env)
        self.world.reset(seed=seed)
        self.agent = make_agent(name, self.world, seed, settings)
        self.life = self._episodes()
        self.plans = hasattr(self.agent, "model")  # its updates are imagined
        # At which real step each action was last tried, 0: never; a planner's model knows the pairs that were.
        self.tried = [[0] * self.agent.num_actions for _ in range(self.agent.num_states)]
        self.curve, self.measures = Curve(), []
        self.recent = deque(maxlen=MOST_SHOWN)
        self.state = env.start_state
        self.steps = self.episodes = self.episode_steps = self.treasures = 0
        self.ended, self.last_return = True, None
        self.shown, self.shown_curve, self.shown_measures = {}, (1, 0), 0  # what the page has been told

    def _episodes(self):
        while True:
            yield from self.agent.steps(self.world)

    @property
    def setting_names(self):
        """The names of the settings that this learner has, a list."""
        return [name for name in SETTINGS if name in self.agent.limits]

    def configure(self, settings):
        """Change the settings that this learner has; they act from its next step on."""
        self.agent.configure(**{name: value for name, value in settings.items() if name in self.agent.limits})

    def change_world(self, env):
        """Go on in another maze of the same size: with a new episode, if the cell is no ordinary one any more."""
        self.env = env
        self.world.change(env)
        lost = not self.ended and env.grid.flat[self.state] != ORDINARY
        if lost:
            self.life, self.ended = self._episodes(), True
        if lost or not self.steps or env.grid.flat[self.state] == BLOCK:
            self.state = env.start_state

    def step(self, truth):
        """One step; True if it ended the episode. ``truth`` is a `Truth` to measure by."""
        if self.ended:
            self.episode_steps, self.discounted, self.discount = 0, 0.0, 1.0
        step = next(self.life)
        self.recent.append(step)
        self.state = step.next_state
        self.steps += 1
        self.tried[step.state][step.action] = self.steps
        self.episode_steps += 1
        self.discounted += self.discount * step.reward
        self.discount *= self.agent.gamma
        self.ended = step.terminated or step.truncated
        if self.ended:
            self.episodes += 1
            self.treasures += step.terminated and step.reward > 0
            self.last_return = self.discounted
            self.curve.add(self.discounted)
            last, *_ = self.measures[-1]
            if not self.curve.count and self.episodes - last >= max(1, last // MEASURED):
                self.measure(truth)
        return self.ended

    def measure(self, truth):
        """Add a point to the measures; where this episode has one, it takes its place."""
        if self.measures and self.measures[-1][0] == self.episodes:
            self.measures.pop()
            self.shown_measures = min(self.shown_measures, len(self.measures))
        self.measures.append([self.episodes, *truth.measure(self.agent)])

    def walk(self, seed):
        """The message "walk" of an episode without exploring or learning, in a world of its own."""
        rng = np.random.default_rng((seed, 1))

        def best(state):
            row = self.agent.q[state]
            return int(rng.choice([action for action, value in enumerate(row) if value == max(row)]))

        return walk(copy(self.env), best, self.agent.gamma, seed)

    def picture(self, full):
        """What the page shows of this learner, a dict; without ``full`` only what is new since the last picture."""
        if full:
            self.shown, self.shown_curve, self.shown_measures = {}, (1, 0), 0
        imagined = told_imagined(self.recent[-1].updates) if self.plans and self.recent else None
        steps = [step._asdict() | ({"updates": ()} if self.plans else {}) for step in self.recent]
        self.recent.clear()
        rows, values, tried = self._changed()
        traces = getattr(self.agent, "traces", None)
        size, keep = self.shown_curve
        if size != self.curve.size:
            keep = 0
        new_curve = {"size": self.curve.size, "keep": keep, "means": self.curve.means[keep:]}
        new_measures = {"keep": self.shown_measures, "points": self.measures[self.shown_measures :]}
        self.shown_curve, self.shown_measures = (self.curve.size, len(self.curve.means)), len(self.measures)
        return {
            "state": self.state,
            "steps": steps,
            "imagined": imagined,
            "step": self.steps,
            "episode": self.episodes,
            "episode_step": self.episode_steps,
            "return": self.last_return,
            "gamma": self.agent.gamma,
            "treasures": self.treasures,
            "rows": rows,
            "v": values,
            "tried": tried,
            "traces": traces and [[s, a, trace] for (s, a), trace in traces.items() if trace >= SMALLEST_TRACE],
            "curve": new_curve,
            "measures": new_measures,
        }

    def _changed(self):
        """([[s, q, n], …], [[s, v], …], [[s, tried], …]) of the visited states that changed since the last picture.

        Values are None where there is no critic, and the steps at which actions were tried where there is no model.
        """
        critic = getattr(self.agent, "critic", None)
        rows, values, tried = [], [], []
        for state, (q, n) in enumerate(zip(self.agent.q, self.agent.n, strict=True)):
            now = (q, n, critic.v[state]) if critic else (q, n)
            if any(n) and now != (before := self.shown.get(state)):
                if before is None or n != before[1]:
                    tried.append([state, self.tried[state]])
                self.shown[state] = (q.copy(), n.copy(), *now[2:])
                rows.append([state, q, n])
                values.append([state, *now[2:]])
        return rows, values if critic else None, tried if self.plans else None


class Lesson:
    """One or two learners on the same maze, in step with each other; `lab.pacing.PacedJob` paces it."""

    def __init__(self, request):
        self.id, self.env = request.id, request.worlds[0]
        self.learners = [
            Learner(name, seed, env, request.settings)
            for (name, seed), env in zip(request.learners, request.worlds, strict=True)
        ]
        self.steps = 0
        self.in_episode = []  # the learners that still have to end the episode asked for
        self.hold_against(Truth(self.env, request.settings["gamma"]))

    def hold_against(self, truth):
        """Measure the learners by a new truth, at once; returns its message."""
        self.truth = truth
        for learner in self.learners:
            learner.measure(truth)
        return truth.message()

    def started(self):
        """The messages that announce the lesson."""
        learners = [
            {
                "name": learner.name,
                "seed": learner.seed,
                "settings": learner.setting_names,
                "based_on": learner.agent.based_on,
            }
            for learner in self.learners
        ]
        about = {"shape": list(self.env.shape), "start": self.env.start_state, "learners": learners}
        return [{"type": "learning", **about}, self.truth.message()]

    def configure(self, settings):
        """Change settings; returns the message "truth" where it is another one."""
        for learner in self.learners:
            learner.configure(settings)
        if settings.get("gamma", self.truth.gamma) == self.truth.gamma:
            return None
        return self.hold_against(Truth(self.env, settings["gamma"]))

    def receive(self, kind, value):
        """Do what the page asks: "world", a `GridWorld` for each learner, or "walk", a seed or None."""
        if kind == "world":
            return self.change_world(value)
        seed = new_seed() if value is None else value
        return {"type": "walks", "walks": [learner.walk(seed) for learner in self.learners]}

    def change_world(self, worlds):
        """Go on in another maze of the same size, a world for each learner; returns the message "truth"."""
        for learner, env in zip(self.learners, worlds, strict=True):
            learner.change_world(env)
        self.env = worlds[0]
        return self.hold_against(Truth(self.env, self.truth.gamma))

    def advance(self, most):
        """Every learner takes up to ``most`` steps, within a slice's time; returns how many."""
        until = time.perf_counter() + SLICE_SECONDS
        for done in range(1, most + 1):  # noqa: B007
            for learner in self.learners:
                learner.step(self.truth)
            if time.perf_counter() > until:
                break
        self.steps += done
        return done

    def finish(self, unit):
        """Every learner goes on to the end of its episode, within a slice's time; True when all are there."""
        until = time.perf_counter() + SLICE_SECONDS
        self.in_episode = self.in_episode or list(self.learners)
        while self.in_episode and time.perf_counter() < until:
            self.in_episode = [learner for learner in self.in_episode if not learner.step(self.truth)]
        self.steps = max(learner.steps for learner in self.learners)
        return not self.in_episode

    def frame(self, full):
        """The message that says how things stand, as text; without ``full`` what changed since the last one.

        Raises:
            BadRequest: a value is no number any more.
        """
        learners = [learner.picture(full) for learner in self.learners]
        try:
            return json.dumps({"type": "frame", "id": self.id, "full": full, "learners": learners}, allow_nan=False)
        except ValueError:
            raise BadRequest("no_bound") from None
