"""Worlds inside the compiled graph: they are stepped, shown and started anew where the network is, without Python.

A chapter's graph carries `Now`, where the worlds are, from step to step: `DeviceWorlds.collect` gives a rollout and
what is then. Between two calls of the graph, ``envs.now`` keeps it as arrays, and a `framework.trainer.Trainer` finds
what it finds in a `framework.vector.VectorWorld`.
"""

from typing import NamedTuple

import numpy as np

from environment import GridWorld
from framework.evaluate import Evaluation, FreshWorlds
from framework.graph import Graph
from framework.tf import tf
from framework.vector import Transition
from worlds.frames import FrameStack, cover, is_picture
from worlds.pure import PureCartPole, PureCatcher, PureGridWorld

tnp = tf.experimental.numpy
PURE = {  # worlds that can be inside a graph, by their ids
    "CartPole-v1": PureCartPole,
    "OneHotGridWorld-v0": lambda: PureGridWorld(GridWorld()),
    "Catcher-v0": PureCatcher,
}


class Now(NamedTuple):
    """Where B worlds are."""

    state: np.ndarray  # [B, S] float32
    obs: np.ndarray  # [B, …] what to act on
    steps: np.ndarray  # [B] int32 of the episode
    returns: np.ndarray  # [B] float32 of the episode, so far


class Finished(NamedTuple):
    """Episodes that ended: how many, and the sums of their returns and lengths."""

    count: np.ndarray
    returns: np.ndarray
    lengths: np.ndarray


def make_device_worlds(config):
    """The worlds of a configuration, a `framework.runs.config.WorldConfig`, for inside a graph.

    Raises:
        ValueError: the world is not among those that are pure functions.
    """
    if config.env not in PURE:
        raise ValueError(f"inside the graph are {', '.join(PURE)}; {config.env} takes --form host")
    return DeviceWorlds(PURE[config.env](), config.num_envs, config.seed, config.frame_size, config.frame_stack)


class DeviceWorlds:
    """B worlds that are pure functions (`worlds.pure`).

    Attributes:
        now: `Now`, as arrays.
        observation_space, action_space: of a single world, as the agent sees it.
        total_steps: steps of all worlds together since the start.
    """

    resumes_exactly = True

    def __init__(self, world, num_envs, seed, frame_size=64, frame_stack=2):
        self.world, self.num_envs, self.seed = world, num_envs, seed
        self.observation_space, self.action_space = world.observation_space, world.action_space
        self.stack = None
        if is_picture(world.observation_space):
            self.stack = FrameStack(frame_size, frame_stack)
            self.observation_space = self.stack.space
            self._cover = cover(world.observation_space.shape[0], frame_size)
        self.total_steps, self._finished = 0, Finished(0, 0.0, 0)
        start = Graph(self.start)
        self.now = start(np.random.default_rng(seed).random((num_envs, world.draws), np.float32))

    # In a graph

    def draws(self, number, steps, rows):
        """Numbers from 0 to 1 for ``steps`` steps of ``rows`` worlds, one for the agent and the others for the world.

        They depend on nothing but the seed and ``number``, so that a run which goes on draws what it would have.
        """
        shape, seed = [steps, rows, 1 + self.world.draws], tf.stack([self.seed % 2**31, number])
        return tf.random.stateless_uniform(shape, seed, alg="philox")

    def start(self, draws):
        """`Now` of episodes that begin; draws [B, D]."""
        state = self.world.start(draws, tnp)
        zeros = tf.zeros_like(draws[:, 0])
        return Now(state, self._first(state), tf.cast(zeros, tf.int32), zeros)

    def step(self, now, action, draws):
        """A step of every world; those whose episode ends start anew in it.

        Returns:
            `Transition`, the next `Now`, and `Finished`.
        """
        state, reward, terminated = self.world.step(now.state, action, draws, tnp)
        steps, returns = now.steps + 1, now.returns + reward
        truncated = steps >= self.world.max_episode_steps
        ended = terminated | truncated
        next_obs = self._next(now.obs, state)
        transition = Transition(now.obs, action, reward, next_obs, terminated, truncated)
        number = tf.cast(ended, tf.float32)
        finished = Finished(
            tf.reduce_sum(number), tf.reduce_sum(number * returns), tf.reduce_sum(number * tf.cast(steps, tf.float32))
        )
        after = tf.cond(
            tf.reduce_any(ended),
            lambda: tf.nest.map_structure(
                lambda new, old: tf.where(tf.reshape(ended, [-1] + [1] * (len(old.shape) - 1)), new, old),
                self.start(draws),
                Now(state, next_obs, steps, returns),
            ),
            lambda: Now(state, next_obs, steps, returns),
        )
        return transition, after, finished

    def collect(self, now, act, draws):
        """T steps of every world.

        Args:
            act: function (observations [B, …], numbers from 0 to 1 [B]) -> (action [B], value [B]).
            draws: [T, B, 1 + D], of `draws`.

        Returns:
            `Transition` [T, B, …], values [T, B], the next `Now`, and `Finished`.
        """

        def one(now, draws):
            action, value = act(now.obs, draws[:, 0])
            transition, now, finished = self.step(now, action, draws[:, 1:])
            return now, (transition, value, finished)

        now, (transitions, values, finished) = scan(one, now, draws)
        return transitions, values, now, tf.nest.map_structure(tf.reduce_sum, finished)

    def _first(self, state):
        return tf.repeat(self._frame(state), self.stack.count, axis=-1) if self.stack else self.world.show(state, tnp)

    def _next(self, obs, state):
        if not self.stack:
            return self.world.show(state, tnp)
        return tf.concat([obs[..., 1:], self._frame(state)], axis=-1)

    def _frame(self, state):
        """Gray pictures [B, size, size, 1] uint8, each pixel the mean of what it covers."""
        luma = self.world.show(state, tnp)
        if len(self._cover) != luma.shape[1]:
            luma = self._cover @ luma @ self._cover.T
        return tf.cast(tf.round(luma), tf.uint8)[..., None]

    # Between two calls of it

    def nothing_finished(self):
        return Finished(*(tf.constant(0.0) for _ in Finished._fields))

    def advance(self, now, finished, steps):
        """Take over where a graph left the worlds, after so many steps of all of them."""
        self.now, self.total_steps = now, self.total_steps + steps
        self._finished = Finished(*(before + new for before, new in zip(self._finished, finished, strict=True)))

    def take_finished(self):
        """(return, length) of the episodes that have ended since the last call, each as their mean."""
        count, returns, lengths = self._finished
        self._finished = Finished(0, 0.0, 0)
        return [(float(returns / count), float(lengths / count))] * int(count) if count else []

    def frames(self):
        """What the agent sees of the first world, [H, W, F] uint8, or None where that is no picture."""
        return self.now.obs[0] if self.stack else None

    def state(self):
        return {"total_steps": self.total_steps} | self.now._asdict()

    def load_state(self, state):
        self.total_steps = state["total_steps"]
        self.now = Now(**{name: state[name] for name in Now._fields})


def flat(steps):
    """[T, B, …] as [T × B, …]."""
    return tf.reshape(steps, tf.concat([[-1], tf.shape(steps)[2:]], axis=0))


def next_values(rollout, value, value_of):
    """[T, B]: the value of the true successor of each step of a `Transition` [T, B, …].

    Where the episode went on, it is the next of ``value`` [T, B], known already. ``value_of`` (observations [N, …] to
    values [N]) is asked for the last step, and where a time limit cut an episode off.
    """
    known = tf.concat([value[1:], value_of(rollout.next_obs[-1])[None]], axis=0)
    return tf.cond(
        tf.reduce_any(rollout.truncated),
        lambda: tf.where(rollout.truncated, tf.reshape(value_of(flat(rollout.next_obs)), tf.shape(value)), known),
        lambda: known,
    )


def scan(function, carried, xs):
    """A loop in the graph over the first axis of ``xs`` [T, …], whose results are stacked.

    Args:
        function: (carried, xs[t]) -> (carried, results), of tensors and NamedTuples of them.

    Returns:
        what is carried in the end, and the results [T, …].
    """
    count = xs.shape[0] or tf.shape(xs)[0]
    _, example = function(carried, xs[0])  # for its shapes alone: TensorFlow leaves out what nothing needs
    arrays = [tf.TensorArray(one.dtype, count, element_shape=one.shape) for one in tf.nest.flatten(example)]

    def step(t, carried, arrays):
        carried, results = function(carried, xs[t])
        return (
            t + 1,
            carried,
            [array.write(t, one) for array, one in zip(arrays, tf.nest.flatten(results), strict=True)],
        )

    _, carried, arrays = tf.while_loop(lambda t, *_: t < count, step, (0, carried, arrays))
    return carried, tf.nest.pack_sequence_as(example, [array.stack() for array in arrays])


class DeviceEvaluation:
    """Evaluates an agent inside the graph; only what is to be confirmed is played in the registered world.

    Args:
        config: a `framework.runs.config.WorldConfig`.
        envs: `DeviceWorlds`.
    """

    def __init__(self, config, envs):
        self.config, self.envs = config, envs
        self.registered, self._graphs = FreshWorlds(config), {}

    def __call__(self, agent, episodes, seed):
        """The `Evaluation` of an agent over so many episodes."""
        if episodes >= self.config.final_episodes:
            return self.registered(agent, episodes, seed)
        if self._graphs.get("agent") is not agent:

            def play(returns, seed):
                return self._play(agent, returns, seed)

            self._graphs = {"agent": agent, "play": Graph(play, free=0)}
        return Evaluation(*self._graphs["play"](np.zeros(episodes, np.float32), np.int32(seed % 2**31)))

    def close(self):
        self.registered.close()

    def _play(self, agent, returns, seed):
        """Returns and lengths [B] of the first episode in each of B worlds."""
        envs, number = self.envs, 0
        rows = returns.shape[0]
        now = envs.start(envs.draws(seed, 1, rows)[0, :, 1:])
        playing, lengths = tf.ones(rows, tf.bool), tf.zeros(rows, tf.int32)
        while tf.reduce_any(playing):
            number += 1
            draws = envs.draws(seed + number, 1, rows)[0, :, 1:]
            transition, now, _ = envs.step(now, agent.greedy.inside(now.obs), draws)
            returns += tf.where(playing, transition.reward, 0.0)
            lengths += tf.cast(playing, tf.int32)
            playing &= ~(transition.terminated | transition.truncated)
        return returns, lengths
