"""Replay buffers: what was experienced is kept, and learnt from many times (Lin 1992; Mnih et al. 2015).

`ReplayBuffer` draws uniformly, `PrioritizedReplayBuffer` more often what surprised more (Schaul et al. 2016). Both
give n-step transitions, whose target is (Sutton & Barto 2018, equation 7.1)

    reward + discount × (1 - terminated) × V(next_obs)

where reward sums m rewards, each discounted, and discount = γ^m. m is n, or less where the episode ends earlier.
"""

from typing import NamedTuple

import numpy as np

from framework.sum_tree import SumTree

ARRAYS = ("obs", "action", "reward", "terminated", "ended")  # of a buffer, each [size, …]


class Batch(NamedTuple):
    """N transitions of up to n steps, or K minibatches of them: then every shape has a K in front."""

    obs: np.ndarray  # [N, …] what the agent saw
    action: np.ndarray  # [N] int or [N, D] float
    reward: np.ndarray  # [N] float32, the discounted sum of the rewards
    next_obs: np.ndarray  # [N, …] what followed the last of them, never the start of another episode
    terminated: np.ndarray  # [N] bool; the world ended the episode there: nothing follows
    discount: np.ndarray  # [N] float32, by which the value of next_obs is multiplied
    weight: np.ndarray  # [N] float32, of each transition in the loss; 1 where drawn uniformly
    index: np.ndarray  # [N] int64, where they stand in the buffer

    def at(self, k):
        """Minibatch k of K."""
        return Batch(*(array[k] for array in self))


def joined(batches):
    """One `Batch` [K, N, …] of several [K, n, …], such as two buffers': each of the K has rows of all."""
    return Batch(*(np.concatenate(arrays, axis=1) for arrays in zip(*batches, strict=True)))


class ReplayBuffer:
    """The last ``capacity`` transitions of B worlds, rounded down to whole rows of B, drawn uniformly.

    A ring of rows, one for each step; world b of row t has index t × B + b. An observation is stored once: what
    followed row t is row t + 1, and one spare row holds what followed the newest. Where an episode ended, row t + 1
    starts another, so the true successor is kept in ``successors`` until row t is overwritten. A world that was reset
    between two calls of `add`, as after a resume, counts as truncated there.

    Args:
        capacity: transitions to keep.
        num_envs: B.
        gamma: discount per step.
        seed: of the draws.
        n_step: rewards in a target.

    Raises:
        ValueError: num_envs or n_step is below 1, or capacity below num_envs × (n_step + 1).
    """

    def __init__(self, capacity, num_envs, gamma, seed, n_step=1):
        if min(num_envs, n_step) < 1 or capacity < num_envs * (n_step + 1):
            got = f"capacity {capacity}, num_envs {num_envs}, n_step {n_step}"
            raise ValueError(
                f"the capacity of a replay must be at least num_envs × (n_step + 1), and those at least 1; got {got}"
            )
        self.num_envs, self.n_step = num_envs, n_step
        self.rows = capacity // num_envs
        self.size = (self.rows + 1) * num_envs  # with the spare row
        self.discounts = (gamma ** np.arange(n_step + 1)).astype(np.float32)
        self.rng = np.random.default_rng(seed)
        self.obs = self.action = None  # allocated when their shapes are known
        self.reward = np.zeros(self.size, np.float32)
        self.terminated = np.zeros(self.size, bool)
        self.ended = np.zeros(self.size, bool)  # terminated or truncated: the index has an entry in successors
        self.successors = {}
        self.head = 0  # index of world 0 in the spare row
        self.filled = 0  # rows

    def __len__(self):
        """Transitions stored; the newest of them may still lack rewards of their n-step target."""
        return self.filled * self.num_envs

    def add(self, transition):
        """Store one step of B worlds, a `framework.vector.Transition`; the oldest row gives way when all are full.

        Raises:
            ValueError: it is of another number of worlds.
        """
        if len(transition.reward) != self.num_envs:
            raise ValueError(f"a transition must be of {self.num_envs} worlds; got {len(transition.reward)}")
        if self.obs is None:
            self._allocate(transition.obs, transition.action)
        here = slice(self.head, self.head + self.num_envs)
        if self.filled:
            differs = (self.obs[here] != transition.obs).reshape(self.num_envs, -1).any(axis=1)
            before = (self.head - self.num_envs) % self.size
            self._end(before, differs & ~self.ended[before : before + self.num_envs], self.obs[here])

        self.obs[here] = transition.obs
        self.action[here] = transition.action
        self.reward[here] = transition.reward
        self.terminated[here] = transition.terminated
        self._end(self.head, transition.terminated | transition.truncated, transition.next_obs)

        self.head = (self.head + self.num_envs) % self.size
        self.filled = min(self.filled + 1, self.rows)
        spare = slice(self.head, self.head + self.num_envs)
        for env in np.flatnonzero(self.ended[spare]):  # of the oldest row, which gives way
            del self.successors[int(self.head + env)]
        self.ended[spare] = False
        self.obs[spare] = transition.next_obs

    def sample(self, batch_size, batches=None):
        """A `Batch` of N = ``batch_size`` transitions, each drawn uniformly from all whose n-step target is known.

        Args:
            batches: K, for so many minibatches at once, [K, N, …].

        Raises:
            ValueError: batch_size or batches is below 1, or there is no such transition yet.
        """
        complete = max(self.filled - self.n_step + 1, 0) * self.num_envs  # the oldest rows: n rewards are known
        early = self._ended_early()
        self._check(batch_size, batches, complete + len(early))
        drawn = self.rng.integers(complete + len(early), size=batch_size * (batches or 1))
        index = (self.head - len(self) + drawn) % self.size
        is_early = drawn >= complete
        index[is_early] = early[drawn[is_early] - complete]
        return _split(self._batch(index, np.ones(len(index), np.float32)), batches)

    def state(self):
        """Everything that `load_state` needs. Arrays are views: write them before the next `add`."""
        state = {"size": [self.rows, self.num_envs, self.n_step], "head": self.head, "filled": self.filled}
        state["rng"] = self.rng.bit_generator.state
        if self.filled:
            used = len(self) + self.num_envs
            state["arrays"] = {name: getattr(self, name)[:used] for name in ARRAYS}
            kept = np.array(list(self.successors.values()), self.obs.dtype)
            state["successors"] = kept.reshape(-1, *self.obs.shape[1:])
            state["successors_index"] = np.array(list(self.successors), np.int64)
        return state

    def load_state(self, state):
        """Go on, draw for draw, where `state` was taken.

        Raises:
            ValueError: it is of a buffer of another size.
        """
        size = [self.rows, self.num_envs, self.n_step]
        if state["size"] != size:
            raise ValueError(f"the state must be of [rows, num_envs, n_step] = {size}; got {state['size']}")
        self.head, self.filled = state["head"], state["filled"]
        self.rng.bit_generator.state = state["rng"]
        self.successors = {}
        self.ended[:] = False
        if "arrays" in state:
            self._allocate(state["arrays"]["obs"], state["arrays"]["action"])
            for name in ARRAYS:
                getattr(self, name)[: len(self) + self.num_envs] = state["arrays"][name]
            kept = zip(state["successors_index"].tolist(), state["successors"], strict=True)
            self.successors = {index: obs.copy() for index, obs in kept}

    def _allocate(self, obs, action):
        self.obs = np.zeros((self.size, *obs.shape[1:]), obs.dtype)
        self.action = np.zeros((self.size, *action.shape[1:]), action.dtype)

    def _end(self, first, ended, next_obs):
        """Episodes ended in the worlds ``ended`` [B] of the row that starts at ``first``: keep their successors."""
        for env in np.flatnonzero(ended):
            self.ended[first + env] = True
            self.successors[int(first + env)] = next_obs[env].copy()  # a view would keep all B alive

    def _check(self, batch_size, batches, drawable):
        if batch_size < 1 or (batches is not None and batches < 1):
            raise ValueError(f"batch_size and batches must be at least 1; got {batch_size} and {batches}")
        if not drawable:
            raise ValueError(
                f"nothing to sample yet: a transition needs {self.n_step} step(s), or its episode's end; "
                "learning must start later"
            )

    def _ended_early(self):
        """[N] indices in the newest n - 1 rows whose episode has ended since, so that their target is known."""
        ages = np.arange(1, min(self.n_step - 1, self.filled) + 1)
        rows = (self.head // self.num_envs - ages) % (self.rows + 1)  # the newest first
        age, env = np.nonzero(np.logical_or.accumulate(self.ended.reshape(-1, self.num_envs)[rows]))
        return rows[age] * self.num_envs + env

    def _batch(self, index, weight):
        last = index  # of the transition that gives the last reward
        reward = self.reward[index]
        steps = np.ones(len(index), np.int64)
        goes_on = ~self.ended[index]
        for k in range(1, self.n_step):
            last = np.where(goes_on, (last + self.num_envs) % self.size, last)
            reward += goes_on * self.discounts[k] * self.reward[last]
            steps += goes_on
            goes_on &= ~self.ended[last]
        next_obs = self.obs.take((last + self.num_envs) % self.size, axis=0)
        for i in np.flatnonzero(self.ended[last]):
            next_obs[i] = self.successors[int(last[i])]
        obs, action = self.obs.take(index, axis=0), self.action[index]
        return Batch(obs, action, reward, next_obs, self.terminated[last], self.discounts[steps], weight, index)


class PrioritizedReplayBuffer(ReplayBuffer):
    """Draws transition i with probability P(i) = p_i^α / Σ p^α, where p = |error| + eps (Schaul et al. 2016).

    The error is how much a transition surprised: of DQN the TD error, of distributions their KL divergence.

    A new transition gets the highest priority seen so far, so that it is drawn soon. Before its n-step target is
    known, and after it is overwritten, its priority is 0.

    Args:
        alpha: α, 0 for uniform draws.
        eps: keeps what has no error drawable.
    """

    def __init__(self, capacity, num_envs, gamma, seed, n_step=1, *, alpha, eps=1e-6):
        super().__init__(capacity, num_envs, gamma, seed, n_step)
        self.alpha, self.eps = alpha, eps
        self.tree = SumTree(self.size)
        self.highest = 1.0  # of p^α

    def add(self, transition):
        """Store one step, as in `ReplayBuffer`; what can be drawn from now on gets the highest priority so far."""
        super().add(transition)
        worlds = np.arange(self.num_envs)
        ready = self._ended_early()
        if self.filled >= self.n_step:
            ready = np.append(ready, (self.head - self.n_step * self.num_envs) % self.size + worlds)
        ready = ready[self.tree[ready] == 0]
        overwritten = self.head + worlds
        priority = np.repeat([self.highest, 0.0], [len(ready), self.num_envs])
        self.tree[np.append(ready, overwritten)] = priority

    def sample(self, batch_size, batches=None, *, beta):
        """A `Batch`, each of its N transitions from one of ``batch_size`` equal parts of the sum of priorities.

        Args:
            batches: K, for so many minibatches at once, [K, N, …], each drawn so.
            beta: how much ``weight`` = (N P(i))^-β / the largest in the minibatch makes up for the uneven draws; 1
                does so fully.

        Raises:
            ValueError: batch_size or batches is below 1, or there is nothing to draw yet.
        """
        self._check(batch_size, batches, self.tree.total)
        parts = np.arange(batch_size) + self.rng.random((batches or 1, batch_size))
        index = self.tree.find(parts.ravel() * (self.tree.total / batch_size))
        priority = self.tree[index].reshape(-1, batch_size)
        weight = (priority / priority.min(axis=1, keepdims=True)) ** -beta  # N and the sum of priorities cancel
        return _split(self._batch(index, weight.ravel().astype(np.float32)), batches)

    def update(self, index, error):
        """Set the priorities of a batch just learnt from, before the next `add` puts something else in its place.

        Args:
            index: [N] or [K, N] of the `Batch`; what cannot be drawn any more keeps its priority 0. Where one stands
                there more than once, its last error counts.
            error: of the same shape, one for each transition.

        Raises:
            ValueError: error has another shape, or is not finite.
        """
        error = np.asarray(error, np.float64)
        if error.shape != index.shape or not np.isfinite(error).all():
            got = f"shape {error.shape}, {np.isfinite(error).sum()} finite"
            raise ValueError(f"error must be {index.size} finite numbers, one for each index; got {got}")
        index, error = index.ravel(), error.ravel()
        drawable = self.tree[index] > 0
        priority = (np.abs(error[drawable]) + self.eps) ** self.alpha
        self.tree[index[drawable]] = priority
        self.highest = float(priority.max(initial=self.highest))

    def state(self):
        priority = self.tree[np.arange(len(self) + self.num_envs)]
        return super().state() | {"priority": priority, "highest": self.highest}

    def load_state(self, state):
        super().load_state(state)
        self.tree = SumTree(self.size)
        self.tree[np.arange(len(state["priority"]))] = state["priority"]
        self.highest = state["highest"]


def _split(batch, batches):
    """The rows of a batch as [K, N, …], or as they are where K is None."""
    if batches is None:
        return batch
    return Batch(*(array.reshape(batches, -1, *array.shape[1:]) for array in batch))
