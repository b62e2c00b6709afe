"""One training run of stable-baselines3 until it reaches a return; the peer of bench/deep_speed.py.

It runs in an environment of its own, without TensorFlow (bench/deep_speed.py says how to make it):

    python bench/peers/sb3_run.py --algo ppo --env CartPole-v1 --seed 100 --target 475 --json
    python bench/peers/sb3_run.py --algo ppo --env Catcher-v0 --target 12 --max-steps 500000

Settings for CartPole-v1 and Pendulum-v1 are those of rl-baselines3-zoo (DLR-RM/rl-baselines3-zoo on GitHub:
hyperparams/dqn.yml at commit ce95481b, a2c.yml at c6c209e7, ppo.yml at 208b6fdf, sac.yml at 00128b5d, td3.yml at
a02f4fbf); what the zoo leaves open is stable-baselines3's default, as there. Worlds stand in a DummyVecEnv, each in a
Monitor, as there too. Catcher is that of `framework.vector.make_vector`, so that both sides see the same pictures;
``--settings`` gives the network and PPO's settings.

Every ``--eval-every`` steps the deterministic policy plays 20 episodes; when their mean reaches the target, 100 fresh
episodes must confirm it, and then training stops. Evaluation is part of the time; its episodes are played side by
side, which is faster than the zoo's one after the other. Where the zoo's number of steps ends below the target,
``learn`` is called once more with the same settings, which goes on from there, and so on up to ``--max-steps``.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

FIRST_LINE = time.perf_counter()

import numpy as np  # noqa: E402, the clock starts before what takes long to import
import torch  # noqa: E402
from stable_baselines3 import A2C, DQN, PPO, SAC, TD3  # noqa: E402
from stable_baselines3.common.callbacks import BaseCallback  # noqa: E402
from stable_baselines3.common.env_util import make_vec_env  # noqa: E402
from stable_baselines3.common.evaluation import evaluate_policy  # noqa: E402
from stable_baselines3.common.noise import NormalActionNoise  # noqa: E402
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor  # noqa: E402
from stable_baselines3.common.vec_env import VecEnv  # noqa: E402

from bench.machine import installed  # noqa: E402
from framework.runs.process import peak_megabytes  # noqa: E402

ALGORITHMS = {"dqn": DQN, "a2c": A2C, "ppo": PPO, "sac": SAC, "td3": TD3}
EVAL_EPISODES, CONFIRM_EPISODES = 20, 100
EVAL_EVERY = {"CartPole-v1": 5000, "Pendulum-v1": 2000}

ZOO = {
    ("dqn", "CartPole-v1"): {
        "n_envs": 1,
        "n_timesteps": 50_000,
        "learning_rate": 2.3e-3,
        "batch_size": 64,
        "buffer_size": 100_000,
        "learning_starts": 1000,
        "gamma": 0.99,
        "target_update_interval": 10,
        "train_freq": 256,
        "gradient_steps": 128,
        "exploration_fraction": 0.16,
        "exploration_final_eps": 0.04,
        "policy_kwargs": {"net_arch": [256, 256]},
    },
    ("a2c", "CartPole-v1"): {"n_envs": 8, "n_timesteps": 500_000, "ent_coef": 0.0},
    ("ppo", "CartPole-v1"): {
        "n_envs": 8,
        "n_timesteps": 100_000,
        "n_steps": 32,
        "batch_size": 256,
        "gae_lambda": 0.8,
        "gamma": 0.98,
        "n_epochs": 20,
        "ent_coef": 0.0,
        "learning_rate": "lin_0.001",
        "clip_range": "lin_0.2",
    },
    ("sac", "Pendulum-v1"): {"n_envs": 1, "n_timesteps": 20_000, "learning_rate": 1e-3},
    ("td3", "Pendulum-v1"): {
        "n_envs": 1,
        "n_timesteps": 20_000,
        "gamma": 0.98,
        "buffer_size": 200_000,
        "learning_starts": 10_000,
        "noise_std": 0.1,
        "gradient_steps": -1,
        "train_freq": (1, "episode"),
        "learning_rate": 1e-3,
        "policy_kwargs": {"net_arch": [400, 300]},
    },
}
PIXELS = {  # unless --settings says otherwise
    "n_envs": 32,
    "n_steps": 64,
    "batch_size": 256,
    "n_epochs": 4,
    "frame_size": 84,
    "frames": 2,
    "filters": [[16, 8, 4], [32, 4, 2]],
    "dense": 128,
}


PLANES = {  # of MinAtar; those of FN/rainbow_agent.py with all its switches off
    "n_envs": 8,
    "train_freq": 1,  # of all eight worlds: a gradient step every 4 steps
    "gradient_steps": 2,
    "learning_starts": 2_000,
    "batch_size": 32,
    "buffer_size": 100_000,
    "learning_rate": 2.5e-4,
    "gamma": 0.99,
    "target_update_interval": 1_000,
    "exploration_fraction": 0.1,
    "exploration_final_eps": 0.01,
    "filters": [[16, 3, 1]],
    "dense": 128,
}


class ConvFeatures(BaseFeaturesExtractor):
    """Convolutions without padding, then one dense layer, all with ReLU; policy and value share them.

    Args:
        filters: (channels, kernel, stride) of each convolution.
        dense: units of the dense layer.
    """

    def __init__(self, observation_space, filters, dense):
        super().__init__(observation_space, dense)
        layers, channels = [], observation_space.shape[0]
        for out_channels, kernel, stride in filters:
            layers += [torch.nn.Conv2d(channels, out_channels, kernel, stride), torch.nn.ReLU()]
            channels = out_channels
        layers.append(torch.nn.Flatten())
        with torch.no_grad():
            flat = torch.nn.Sequential(*layers)(torch.zeros(1, *observation_space.shape)).shape[1]
        self.layers = torch.nn.Sequential(*layers, torch.nn.Linear(flat, dense), torch.nn.ReLU())

    def forward(self, obs):
        return self.layers(obs)


class OurWorlds(VecEnv):
    """`framework.vector.VectorWorld` as stable-baselines3 expects it: channels first, ends in ``infos``."""

    def __init__(self, env_id, num_envs, seed, **options):
        from gymnasium import spaces

        from framework.vector import make_vector

        self.worlds, self.next_seed, self.pending = make_vector(env_id, num_envs, seed, **options), seed, None
        space = self.worlds.observation_space
        self.pictures = len(space.shape) == 3
        if self.pictures:
            height, width, channels = space.shape
            high, dtype = (1, np.float32) if space.dtype == bool else (255, np.uint8)
            space = spaces.Box(0, high, (channels, height, width), dtype)
        super().__init__(num_envs, space, self.worlds.action_space)

    def _seen(self, obs):
        return np.ascontiguousarray(np.moveaxis(obs, -1, 1), self.observation_space.dtype) if self.pictures else obs

    def reset(self):
        """Start every world anew, each time with seeds of its own."""
        obs = self.worlds.reset(self.next_seed)
        self.next_seed += self.num_envs
        return self._seen(obs)

    def step_async(self, actions):
        self.pending = actions

    def step_wait(self):
        step = self.worlds.step(self.pending)
        done = step.terminated | step.truncated
        infos = [{} for _ in range(self.num_envs)]
        for i, (total, length) in zip(np.flatnonzero(done), self.worlds.take_finished(), strict=True):
            infos[i]["terminal_observation"] = self._seen(step.next_obs[i : i + 1])[0]
            infos[i]["TimeLimit.truncated"] = bool(step.truncated[i] and not step.terminated[i])
            infos[i]["episode"] = {"r": total, "l": length}
        return self._seen(self.worlds.obs), step.reward, done, infos

    def seed(self, seed=None):
        """Seeds of the next `reset`; None keeps those that it would have had."""
        self.next_seed = self.next_seed if seed is None else seed
        return [self.next_seed + i for i in range(self.num_envs)]

    def close(self):
        self.worlds.close()

    def get_attr(self, attr_name, indices=None):
        return [getattr(self.worlds, attr_name, None) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name, value, indices=None):
        setattr(self.worlds, attr_name, value)

    def env_method(self, method_name, *args, indices=None, **kwargs):
        raise NotImplementedError("these worlds are stepped as one; a single one has no methods")

    def env_is_wrapped(self, wrapper_class, indices=None):
        return [False for _ in self._get_indices(indices)]


class UntilTarget(BaseCallback):
    """Evaluates every so many steps, and stops training at the target or at the last step.

    Attributes:
        evaluations: (steps, mean return of 20 episodes) of each.
        confirmed: mean return of the 100 fresh episodes that reached the target, or None.
        half_way: (steps, time) when half of the steps were taken.
    """

    def __init__(self, target, every, max_steps, eval_worlds, confirm_worlds):
        super().__init__()
        self.target, self.every, self.max_steps = target, every, max_steps
        self.eval_worlds, self.confirm_worlds = eval_worlds, confirm_worlds
        self.next_evaluation, self.evaluations, self.confirmed, self.half_way = every, [], None, None

    def _on_step(self):
        if not self.half_way and 2 * self.num_timesteps >= self.max_steps:
            self.half_way = self.num_timesteps, time.perf_counter()
        if self.num_timesteps >= self.next_evaluation:
            self.next_evaluation += self.every
            mean = mean_return(self.model, self.eval_worlds, EVAL_EPISODES)
            self.evaluations.append((self.num_timesteps, mean))
            if mean >= self.target:
                again = mean_return(self.model, self.confirm_worlds, CONFIRM_EPISODES)
                if again >= self.target:
                    self.confirmed = again
                    return False
        return self.num_timesteps < self.max_steps


def mean_return(model, worlds, episodes):
    """The mean return of ``episodes`` fresh episodes of the deterministic policy."""
    return float(evaluate_policy(model, worlds, episodes, deterministic=True, warn=False)[0])


def linear(setting):
    """A setting of the zoo: "lin_0.001" falls linearly from 0.001 to 0, anything else is itself."""
    if not (isinstance(setting, str) and setting.startswith("lin_")):
        return setting
    start = float(setting.removeprefix("lin_"))
    return lambda progress_remaining: progress_remaining * start


def seconds_since_start():
    """Since this process started, where the system tells (Linux); else since the first line of this file."""
    stat = Path("/proc/self/stat")
    if not stat.exists():
        return time.perf_counter() - FIRST_LINE
    started = int(stat.read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


def worlds_and_model(options):
    """The model, its settings, a function (number, seed) → worlds, and how many steps one call of ``learn`` takes."""
    given = json.loads(options.settings)
    if options.env.startswith(("Catcher-", "MinAtar/")):
        settings = {**(PIXELS if options.env.startswith("Catcher-") else PLANES), **given}
        if options.algo == "a2c":
            del settings["batch_size"], settings["n_epochs"]
        names = {"frame_size": "frame_size", "frames": "frame_stack", "frame_skip": "frame_skip"}
        picture = {ours: settings.pop(name) for name, ours in names.items() if name in settings}
        network = {"filters": settings.pop("filters"), "dense": settings.pop("dense")}
        settings["policy_kwargs"] = {
            "features_extractor_class": ConvFeatures,
            "features_extractor_kwargs": network,
            "net_arch": [],
        }

        def make(number, seed):
            return OurWorlds(options.env, number, seed, **picture)

        policy = "CnnPolicy"
    else:
        settings = {**ZOO.get((options.algo, options.env), {}), **given}

        def make(number, seed):
            return make_vec_env(options.env, n_envs=number, seed=seed)

        policy = "MlpPolicy"
    n_timesteps = settings.pop("n_timesteps", options.max_steps)
    worlds = make(settings.pop("n_envs", 1), options.seed)
    settings = {name: linear(setting) for name, setting in settings.items()}
    if "noise_std" in settings:
        size = worlds.action_space.shape
        settings["action_noise"] = NormalActionNoise(np.zeros(size), np.full(size, settings.pop("noise_std")))
    model = ALGORITHMS[options.algo](policy, worlds, seed=options.seed, device="cpu", **settings)
    return model, make, n_timesteps or 100_000


def train(options):
    """Everything that ``--json`` prints."""
    if options.threads:
        torch.set_num_threads(options.threads)
    model, make, n_timesteps = worlds_and_model(options)
    max_steps = options.max_steps or n_timesteps
    callback = UntilTarget(
        options.target,
        options.eval_every or EVAL_EVERY.get(options.env, 20_000),
        max_steps,
        make(options.eval_envs, options.seed + 10_000),
        make(options.eval_envs, options.seed + 20_000),
    )
    calls = 0
    began = seconds_since_start()
    while callback.confirmed is None and model.num_timesteps < max_steps:
        model.learn(n_timesteps, callback=callback, reset_num_timesteps=calls == 0)
        calls += 1
    steps, at = callback.half_way or (0, 0.0)
    rate = (model.num_timesteps - steps) / (time.perf_counter() - at)
    reached = callback.confirmed is not None
    eval_return = callback.confirmed if reached else mean_return(model, callback.confirm_worlds, CONFIRM_EPISODES)
    return {
        "peer": "stable-baselines3",
        "algo": options.algo,
        "env": options.env,
        "seed": options.seed,
        "target": options.target,
        "reached": reached,
        "steps_to_target": model.num_timesteps if reached else None,
        "steps": model.num_timesteps,
        "learn_calls": calls,
        "steps_per_second": round(rate, 1),
        "eval_return": eval_return,
        "best_evaluation": max((mean for _, mean in callback.evaluations), default=None),
        "evaluations": callback.evaluations,
        "reached_time": time.time(),
        "seconds": round(seconds_since_start(), 2),
        "seconds_before_training": round(began, 2),
        "peak_megabytes": peak_megabytes(),
        "torch_threads": torch.get_num_threads(),
        "eval_envs": options.eval_envs,
        "python": ".".join(map(str, sys.version_info[:3])),
        "versions": {name: installed(name) for name in ("stable-baselines3", "torch", "gymnasium", "numpy")},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--algo", choices=ALGORITHMS, required=True)
    parser.add_argument("--env", default="CartPole-v1")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", type=float, default=475.0, help="the return to reach")
    parser.add_argument("--max-steps", type=int, default=0, help="give up after so many; 0: the zoo's n_timesteps")
    parser.add_argument("--eval-every", type=int, default=0, help="steps; 0: 5000 for CartPole, else 20000")
    parser.add_argument("--eval-envs", type=int, default=20, help="worlds of an evaluation, side by side")
    parser.add_argument("--threads", type=int, default=0, help="torch's threads; 0: as many as it takes by itself")
    parser.add_argument("--settings", default="{}", help="JSON: settings of the algorithm that replace the zoo's")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a sentence")
    options = parser.parse_args()
    result = train(options)
    if options.json:
        print(json.dumps(result))
    elif result["reached"]:
        print(f"reached {result['eval_return']:.1f} after {result['steps']} steps, {result['seconds']:.1f} s")
    else:
        print(f"not reached in {result['steps']} steps: {result['eval_return']:.1f}, {result['seconds']:.1f} s")


if __name__ == "__main__":
    main()
