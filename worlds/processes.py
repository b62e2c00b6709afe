"""Worlds that processes step, each its share of them."""

import multiprocessing
import pickle
import signal
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.util import Finalize

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv

from worlds.making import FAILURES, place_of, world_spec
from worlds.saving import is_plain, load_world, world_state
from worlds.spawning import sendable_error, without_main
from worlds.vector_form import same_step_worlds

SECONDS_TO_END = 5.0  # that a worker has to end by itself, before it is ended


class ProcessVector(VectorEnv):
    """``num_envs`` worlds, stepped by ``workers`` processes. Each has its share of them and steps it as one.

    What the worlds do is the same for any number of workers, and without any: world i of ``reset(seed=n)`` starts
    from seed n + i, and an episode that ends starts anew in the same step (SAME_STEP). A message to a worker and back
    takes as long as many steps of a small world, so workers pay only where the steps of a share take longer than
    that. Observations come back through memory that all share, everything else through pipes.

    A worker imports ``worlds/`` and the module of the world, not the script that started it. If one dies, the next
    call says so and ends the others.

    Args:
        env_id: an id of Gymnasium, "module:World-v0" too.
        num_envs, workers: shares differ by one world at most.
        options: given to each world, such as ``max_episode_steps``.

    Raises:
        ValueError: the world cannot be made, or not in another process; its observations are not one array each; or
            workers is not from 1 to num_envs.
    """

    metadata = {"render_modes": ["rgb_array"], "autoreset_mode": AutoresetMode.SAME_STEP}

    def __init__(self, env_id, num_envs, workers, **options):
        if not 1 <= workers <= num_envs:
            raise ValueError(f"workers must be from 1 to num_envs, which is {num_envs}; got {workers}")
        example = same_step_worlds(env_id, 1, **options)  # refuses here what no process could make
        sent = _sendable(env_id, options)
        self.spec, self.render_mode = example.spec, options.get("render_mode")
        self.single_observation_space = space = example.single_observation_space
        self.single_action_space = example.single_action_space
        example.close()
        if space.dtype is None or space.shape is None:
            raise ValueError(f"workers share observations that are one array each; {env_id} has {space}")
        self.num_envs = num_envs
        self.observation_space = gym.vector.utils.batch_space(space, num_envs)
        self.action_space = gym.vector.utils.batch_space(self.single_action_space, num_envs)

        context = multiprocessing.get_context("spawn")
        memory = context.RawArray("B", num_envs * max(1, int(np.prod(space.shape))) * space.dtype.itemsize)
        self._obs = _as_array(memory, space)
        edges = np.linspace(0, num_envs, workers + 1).round().astype(int)
        self._shares = [slice(*edge) for edge in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]
        self._processes, self._pipes = [], []
        Finalize(self, _close_all, (self._pipes,), exitpriority=0)  # at the end Python waits for the workers
        try:
            with without_main():
                for share in self._shares:
                    ours, theirs = context.Pipe()
                    self._pipes.append(ours)
                    process = context.Process(target=_serve, args=(theirs, memory, space, share), daemon=True)
                    process.start()
                    self._processes.append(process)
                    theirs.close()  # so that a worker that dies closes its pipe, and does not leave us waiting
            self._ask("make", [(sent, share.stop - share.start) for share in self._shares])
        except BaseException:
            self.close()
            raise

    def reset(self, *, seed=None, options=None):
        """Start every world anew. seed: None, an int (world i gets seed + i) or a list of one for each world."""
        if seed is None:
            seeds = [None] * len(self._shares)
        elif np.ndim(seed) == 0:
            seeds = [seed + share.start for share in self._shares]
        else:
            seeds = [seed[share] for share in self._shares]
        infos = self._ask("reset", [(one, options) for one in seeds])
        return self._obs.copy(), self._merged(infos)

    def step(self, actions):
        """Step every world; observations [B, …], rewards [B], terminated [B], truncated [B], info."""
        actions = np.asarray(actions)
        if len(actions) != self.num_envs:
            raise ValueError(f"there are {self.num_envs} worlds; got {len(actions)} actions")
        replies = self._ask("step", [(actions[share],) for share in self._shares])
        *numbers, infos = zip(*replies, strict=True)
        return self._obs.copy(), *map(np.concatenate, numbers), self._merged(infos)

    def render(self):
        """The pictures of all worlds, if they were made with a ``render_mode``."""
        frames = self._ask("render")
        return None if self.render_mode is None else tuple(frame for share in frames for frame in share)

    def close_extras(self, **_):
        """End the processes; one that is in the midst of a step may finish it."""
        for pipe in self._pipes:
            pipe.close()  # which tells the worker to end
        for process in self._processes:
            process.join(SECONDS_TO_END)
            if process.exitcode is None:
                process.kill()
                process.join()
            process.close()
        self._processes.clear()
        self._pipes.clear()

    # What `worlds.saving` asks

    def is_plain(self):
        """Whether `world_state` keeps everything of these worlds."""
        return all(self._ask("is_plain"))

    def world_state(self):
        """What `load_world` needs, with the same number of workers."""
        return {str(i): state for i, state in enumerate(self._ask("world_state"))}

    def load_world(self, state):
        """Go on where `world_state` was taken."""
        if len(state) != len(self._shares):
            raise ValueError(f"the state is that of {len(state)} workers; here are {len(self._shares)}")
        self._ask("load_world", [(state[str(i)],) for i in range(len(self._shares))])

    def _ask(self, name, arguments=None):
        """Let every worker do something at the same time; what each of them answers."""
        if self.closed:
            raise RuntimeError("these worlds were closed, or lost with a worker process that died")
        try:
            for pipe, of_one in zip(self._pipes, arguments or [()] * len(self._pipes), strict=True):
                pipe.send((name, of_one))
            replies = [pipe.recv() for pipe in self._pipes]
        except (EOFError, OSError):
            raise ChildProcessError(self._what_died()) from None
        except BaseException:  # such as Ctrl-C: the answer to this question would be taken for that to the next
            self.close()
            raise
        for error, _ in replies:
            if error is not None:
                raise error
        return [answer for _, answer in replies]

    def _what_died(self):
        ended = wait([process.sentinel for process in self._processes], SECONDS_TO_END)
        for process in self._processes:
            if process.sentinel in ended:
                process.join(SECONDS_TO_END)
        codes = [process.exitcode for process in self._processes]
        self.close()
        dead = [f"{i + 1} of {len(codes)} (exit code {code})" for i, code in enumerate(codes) if code is not None]
        return f"worker {' and '.join(dead)} died, and the worlds with it; memory may have been short"

    def _merged(self, infos):
        return merged_info(infos, [share.stop - share.start for share in self._shares])


def merged_info(infos, counts):
    """One info of all worlds, laid out as Gymnasium's, from those of shares of ``counts`` worlds."""
    merged = {}
    for key in dict.fromkeys(key for info in infos for key in info):
        values = [info.get(key) for info in infos]
        known = next(value for value in values if value is not None)
        if isinstance(known, dict):
            merged[key] = merged_info([value or {} for value in values], counts)
        else:
            missing = None if known.dtype == object else np.zeros((), known.dtype)
            rows = zip(values, counts, strict=True)
            merged[key] = np.concatenate(
                [np.full((n, *known.shape[1:]), missing, known.dtype) if v is None else v for v, n in rows]
            )
    return merged


def _sendable(env_id, options):
    """What a worker makes its worlds of, as bytes."""
    spec = world_spec(env_id)
    entry = spec.entry_point
    module = entry.partition(":")[0] if isinstance(entry, str) else getattr(entry, "__module__", None)
    if module == "__main__":
        raise ValueError(f"workers do not see the script that defines {env_id}; a module of its own would be seen")
    # An id that names a module lets the worker import it; another may be registered in this process only.
    world = env_id if ":" in env_id else spec
    try:
        return pickle.dumps((world, options))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ValueError(f"the world {env_id!r} cannot be given to another process: {error}") from None


def _close_all(pipes):
    for pipe in pipes:
        pipe.close()


def _as_array(memory, space):
    """Shared memory as observations [B, …]."""
    return np.frombuffer(memory, space.dtype).reshape(-1, *space.shape)


# In the worker


class _Share:
    """The worlds of one worker."""

    def __init__(self, obs):
        self.obs, self.envs = obs, None

    def make(self, world, count):
        env_id, options = pickle.loads(world)
        self.envs = same_step_worlds(env_id, count, **options)

    def reset(self, seed, options):
        self.obs[:], info = self.envs.reset(seed=seed, options=options)
        return info

    def step(self, actions):
        self.obs[:], *rest = self.envs.step(actions)
        return rest

    def render(self):
        return self.envs.render()

    def singles(self):
        return getattr(self.envs.unwrapped, "envs", [self.envs.unwrapped])

    def is_plain(self):
        return all(is_plain(env) for env in self.singles())

    def world_state(self):
        return {str(i): world_state(env) for i, env in enumerate(self.singles())}

    def load_world(self, state):
        for i, env in enumerate(self.singles()):
            load_world(env, state[str(i)])


def _serve(pipe, memory, space, share):
    """Answer what the pipe asks until it closes."""
    for one in (signal.SIGINT, signal.SIGTERM):  # they are for the process that started us, which saves first
        signal.signal(one, signal.SIG_IGN)
    worlds = _Share(_as_array(memory, space)[share])
    with suppress(EOFError, OSError):  # closed, or whoever asked is gone
        while True:
            name, arguments = pipe.recv()
            try:
                reply = pickle.dumps((None, getattr(worlds, name)(*arguments)))
            except FAILURES as raised:
                error = sendable_error(raised)
                error.place = place_of(raised)
                reply = pickle.dumps((error, None))
            pipe.send_bytes(reply)
    if worlds.envs:
        worlds.envs.close()
