"""Median seconds of one gradient step of stable-baselines3's PPO on Catcher; the peer of bench/deep_limits.py."""

import argparse
import statistics
import time

import numpy as np
import torch

from bench.peers.sb3_run import worlds_and_model


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", required=True, help="JSON: settings of PPO, as for sb3_run.py")
    parser.add_argument("--warm-up", type=int, required=True, help="steps that do not count")
    parser.add_argument("--repeats", type=int, required=True, help="steps that do")
    given = parser.parse_args()
    options = argparse.Namespace(algo="ppo", env="Catcher-v0", seed=0, max_steps=0, settings=given.settings)
    model, *_ = worlds_and_model(options)
    policy, rows, seconds = model.policy, model.batch_size, []
    obs = torch.as_tensor(model.env.reset().repeat(rows // model.n_envs, axis=0))
    actions = torch.zeros(rows, dtype=torch.int64)
    returns = torch.as_tensor(np.random.default_rng(0).normal(size=rows).astype(np.float32))
    policy.train()
    for _ in range(given.warm_up + given.repeats):
        began = time.perf_counter()
        values, log_prob, entropy = policy.evaluate_actions(obs, actions)
        value_loss = ((returns - values.flatten()) ** 2).mean()
        loss = -(log_prob * returns).mean() + 0.5 * value_loss - 0.01 * entropy.mean()
        policy.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
        policy.optimizer.step()
        seconds.append(time.perf_counter() - began)
    print(statistics.median(seconds[given.warm_up :]))


if __name__ == "__main__":
    main()
