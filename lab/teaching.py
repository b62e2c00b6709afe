"""What the simulator shows of teaching (Day 6): what three methods make of demonstrations, and what carries over.

Nothing here knows of sockets: a `Teaching` goes on when it is told to, in a worker thread, and says how things stand.
"""

import time

import numpy as np

from environment import BLOCK
from IM.bayesian import BayesianIRL, predictive_policy
from IM.chains import effective_sample_size, r_hat
from IM.dagger import clone_policy
from IM.inverse import Dynamics, demonstrate, evaluate, optimal_policy
from IM.maxent import MaxEntIRL
from lab.errors import BadRequest
from lab.jobs import SLICE_SECONDS

MOST_CELLS = 100  # for which a posterior is sampled: each sample plans the maze anew
CHAINS, CHAIN_STEPS = 4, 2_000
BURN_IN = 0.25  # of a chain, the share that still remembers where it began
LEAST_COMPARED = 8  # samples of a chain, before the chains are compared
LATEST = 10  # samples of each chain whose policies are averaged
FRAMES_BETWEEN = 20  # two measures of the posterior, which cost more than a sample
LETTERS = "URDLurdl0123"  # a step: its action, and whether it slipped to the left of that (capital) or right (digit)
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))


# -- demonstrations as text: a letter a step -------------------------------------------------------------------------


def target(env, state, action):
    """The cell that an action aims at; walls and blocks hold the agent."""
    (row, col), (down, right) = divmod(state, env.shape[1]), MOVES[action]
    to = (row + down, col + right)
    inside = 0 <= to[0] < env.shape[0] and 0 <= to[1] < env.shape[1]
    return to[0] * env.shape[1] + to[1] if inside and env.grid[to] != BLOCK else state


def episode_of(env, text, number):
    """The steps (state, action, reward, next_state) of demonstration ``number``, from its text.

    Raises:
        BadRequest: a letter that is none, or a step that cannot happen in this maze.
    """
    state, steps = env.start_state, []
    for count, letter in enumerate(text, 1):
        place = LETTERS.find(letter)
        action, turn = place % 4, place // 4 - 1
        if place < 0 or env.ended[state]:
            raise BadRequest("demonstration_step", step=count, number=number)
        next_state = target(env, state, (action + turn) % 4)
        if next_state not in [outcome[1] for outcome in env.P[state][action]]:
            raise BadRequest("demonstration_step", step=count, number=number)
        steps.append((state, action, float(env.entry_reward[next_state]), next_state))
        state = next_state
    return tuple(steps)


def text_of(env, steps):
    """The text of steps (state, action, reward, next_state); the inverse of `episode_of`."""
    letters = []
    for state, action, _, next_state in steps:
        turn = next(turn for turn in (0, -1, 1) if target(env, state, (action + turn) % 4) == next_state)
        letters.append(LETTERS[action + 4 * (turn + 1)])
    return "".join(letters)


# -- what is made of them --------------------------------------------------------------------------------------------


class Posterior:
    """Four chains of `BayesianIRL`, each moved on in turn."""

    def __init__(self, env, episodes, beta, gamma):
        model = BayesianIRL(env, beta=beta, gamma=gamma)
        self.beta = beta
        self.chains = [model.chain(episodes, seed, CHAIN_STEPS) for seed in range(1, CHAINS + 1)]
        self.rewards = np.zeros((CHAINS, CHAIN_STEPS, env.num_states), np.float32)
        self.free = model.cells
        self.latest = [[] for _ in self.chains]  # of each chain, samples
        self.count = self.accepted = 0  # count: of each chain

    @property
    def finished(self):
        return self.count == CHAIN_STEPS

    def advance(self, seconds):
        """Sample for a while."""
        until = time.perf_counter() + seconds
        while not self.finished and time.perf_counter() < until:
            for k, chain in enumerate(self.chains):
                sample = next(chain)
                self.rewards[k, self.count] = sample.reward
                self.accepted += sample.accepted
                if self.count % (CHAIN_STEPS // LATEST // 2) == 0:
                    self.latest[k] = [*self.latest[k], sample][-LATEST:]
            self.count += 1
        if self.finished:
            self.chains = []  # they remember thousands of samples

    def sample(self):
        """[chains, n, S]: the rewards after the burn-in."""
        return self.rewards[:, int(BURN_IN * self.count) : self.count]

    @property
    def mean(self):
        return self.sample().mean(axis=(0, 1), dtype=float)

    def policy(self, env, gamma):
        """[S, A]: the predictive policy in a maze, the mean over rewards of the teacher's policy there."""
        model = BayesianIRL(env, beta=self.beta, gamma=gamma, cells=self.free)
        samples = [sample for chain in self.latest for sample in chain]
        replanned = [each._replace(Q=model.q_values(each.reward, each.Q.argmax(axis=1))) for each in samples]
        return predictive_policy(model, replanned)

    def message(self):
        """How the posterior looks, and how far the chains agree."""
        sample = self.sample()
        cells = self.free if sample.shape[1] >= LEAST_COMPARED else ()
        return {
            "mean": rounded(self.mean),
            "sd": rounded(sample.std(axis=(0, 1), dtype=float)),
            "samples": CHAINS * self.count,
            "most": CHAINS * CHAIN_STEPS,
            "acceptance": self.accepted / max(1, CHAINS * self.count),
            "r_hat": worst([r_hat(sample[:, :, cell]) for cell in cells], max),
            "ess": worst([effective_sample_size(sample[:, :, cell]) for cell in cells], min),
        }


class Teaching:
    """Demonstrations in one maze and what cloning, MaxEnt and Bayes learn from them; `lab.protocol.teach` runs it.

    Args:
        request: a `lab.protocol.teach.TeachRequest`.
    """

    def __init__(self, request):
        self.request, self.env, self.gamma = request, request.env, request.gamma
        self.now = self.env  # the maze that what was learnt is held against
        shown = ()
        if request.show:
            shown = show(self.env, self.gamma, request.show, request.horizon, request.seed)
        self.shown = [text_of(self.env, steps) for steps in shown]
        episodes = [*request.episodes, *shown]
        self.cloned = clone_policy([step[:2] for steps in episodes for step in steps], self.env.num_states, 4)
        self.seen = sorted({step[0] for steps in episodes for step in steps})
        self.maxent = MaxEntIRL(self.env, self.gamma, request.l2, horizon=request.horizon).iterations(episodes)
        self.estimate, self.converged = None, False
        small = self.env.num_states <= MOST_CELLS
        self.posterior = Posterior(self.env, episodes, request.beta, self.gamma) if small else None
        self.steps = 0  # frames
        self.changed = set()  # what the next frame tells of

    @property
    def finished(self):
        return self.converged and (self.posterior is None or self.posterior.finished)

    def started(self):
        policy = [[round(p, 3) for p in row] for row in self.cloned.tolist()]
        return {"type": "taught", "shown": self.shown, "cloned": policy, "seen": self.seen}

    def advance(self, most):
        """One iteration of MaxEnt, and a slice of samples; returns 1 frame."""
        if not self.converged:
            estimate = next(self.maxent, None)
            self.converged = estimate is None
            self.estimate = estimate or self.estimate
            self.changed |= {"maxent", *(("home", "held") if self.converged else ())}
        if self.posterior and not self.posterior.finished:
            self.posterior.advance(2 * SLICE_SECONDS)
            if self.steps % FRAMES_BETWEEN == 0 or self.posterior.finished:
                self.changed |= {"posterior", "home", "held"}
        self.steps += 1
        return most

    def receive(self, kind, env):
        """Hold what was learnt against the maze as it is now; `kind` is "world"."""
        self.now = self.env if is_same(env, self.env) else env
        self.changed |= {"held"} if self.now is not self.env else {"home"}

    def frame(self, full):
        """What has changed; with ``full`` all of it. None where nothing has."""
        parts = {"maxent", "posterior", "home", "held"} if full else self.changed
        self.changed = set()
        told = {}
        if "maxent" in parts and self.estimate:
            told["maxent"] = maxent_message(self.estimate, self.converged)
        if "posterior" in parts and self.posterior and self.posterior.count:
            told["posterior"] = self.posterior.message()
        if "home" in parts:
            told["home"] = told["held"] = self.held(self.env)
        if "held" in parts and self.now is not self.env:
            told["held"] = self.held(self.now)
        return {"type": "learnt", **told} if told else None

    def held(self, env):
        """What each method's policy is worth in a maze, exactly, beside the best policy and a random one.

        Returns:
            {method: {"value": from the start, "regret": as `IM.inverse.regret` has it, over all cells, "actions"}}.
        """
        dynamics, reward = Dynamics(env), env.entry_reward.astype(float)
        policies = {
            "best": optimal_policy(dynamics, reward, self.gamma),
            "random": np.full((env.num_states, 4), 0.25),
            "cloning": self.cloned,
        }
        if self.estimate:
            policies["maxent"] = optimal_policy(dynamics, self.estimate.reward, self.gamma)
        if self.posterior and self.posterior.count:
            policies["mean"] = optimal_policy(dynamics, self.posterior.mean, self.gamma)
            policies["bayes"] = self.posterior.policy(env, self.gamma)
        values = {name: evaluate(dynamics, policy, reward, self.gamma) for name, policy in policies.items()}
        mean = {name: V[dynamics.acting].mean() for name, V in values.items()}
        most = mean["best"] - mean["random"]
        return {
            name: {
                "value": round(float(V[env.start_state]), 6),
                "regret": round(float((mean["best"] - mean[name]) / most), 6) if most > 1e-12 else None,
                "actions": masks(policies[name]),
            }
            for name, V in values.items()
        }


def is_same(env, other):
    """Whether two mazes of one size are the same, start and numbers included."""
    alike = np.array_equal(env.grid, other.grid) and np.array_equal(env.entry_reward, other.entry_reward)
    return alike and (env.start_state, env.move_prob) == (other.start_state, other.move_prob)


def show(env, gamma, episodes, horizon, seed):
    """The steps of episodes that the optimal policy shows: a tuple of tuples."""
    dynamics = Dynamics(env)
    policy = optimal_policy(dynamics, env.entry_reward, gamma)
    shown = demonstrate(env, policy, episodes, horizon, gamma, seed).episodes
    return tuple(tuple(tuple(step) for step in episode.steps) for episode in shown)


def maxent_message(estimate, converged):
    return {
        "reward": rounded(estimate.reward),
        "actions": masks(estimate.policy),
        "number": int(estimate.number),
        "gradient": float(estimate.gradient_norm),
        "converged": converged,
    }


def masks(policy):
    """[S]: the actions that a policy [S, A] takes most often, as the bits of a number."""
    policy = np.asarray(policy)
    return (np.isclose(policy, policy.max(axis=1, keepdims=True), atol=1e-6) @ [1, 2, 4, 8]).tolist()


def rounded(values):
    return np.round(np.asarray(values, float), 4).tolist()


def worst(values, choose):
    """The worst of the cells' numbers, at most a million; None where all are nan, since no chain has moved."""
    known = [min(float(value), 1e6) for value in values if not np.isnan(value)]  # JSON has no infinity
    return choose(known) if known else None
