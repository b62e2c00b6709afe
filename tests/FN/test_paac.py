"""PAAC: the same algorithm with its worlds in Python and inside the graph; other learners behind the same actors."""

from dataclasses import replace

import numpy as np
import pytest

from FN import paac_agent, paac_learners
from FN.paac_agent import PAACAgent, collect
from framework.device import PURE, DeviceWorlds, make_device_worlds
from framework.graph import Graph
from framework.rollout import Rollout
from framework.tf import tf
from framework.vector import Transition, make_worlds

CARTPOLE = replace(paac_agent.CARTPOLE, num_envs=5, hidden=(8,), rollout_steps=6)


def made(config):
    envs = make_device_worlds(config)
    return envs, PAACAgent(envs.observation_space, envs.action_space, config)


def updated(envs, agent, updates, count, number=0):
    """So many updates in one call of the graph; returns what is logged."""
    now, finished, logged = updates(envs.now, np.full(count, 1e-2, np.float32), np.int32(number))
    envs.advance(now, finished, count * envs.num_envs * agent.config.rollout_steps)
    return logged


def by_hand(envs, agent, draws, now):
    """A rollout [T] of the same worlds, on NumPy's arrays, by the same draws; and where the worlds are then."""
    world, rollout = envs.world, Rollout()
    state, obs, steps, _ = now
    for t in range(len(draws)):
        action, value = agent.choose(obs, draws[t, :, 0])
        state, reward, terminated = world.step(state, action, draws[t, :, 1:])
        steps = steps + 1
        truncated = steps >= world.max_episode_steps
        ended, next_obs = terminated | truncated, world.show(state).astype(np.float32)
        rollout.add(Transition(obs, action, reward.astype(np.float32), next_obs, terminated, truncated), value=value)
        state = np.where(ended[:, None], world.start(draws[t, :, 1:]), state)
        obs, steps = world.show(state).astype(np.float32), np.where(ended, 0, steps)
    return rollout, (state, obs, steps, None)


@pytest.mark.parametrize("env_id", ["CartPole-v1", "OneHotGridWorld-v0"])
def test_inside_the_graph_it_learns_what_it_learns_outside(env_id):
    """By the same draws, six updates give the same weights; episodes end on the way, by falls and by time limits."""
    config = replace(CARTPOLE, env=env_id)
    envs, agent = made(config)
    _, twin = made(config)
    envs.now = envs.now._replace(steps=np.array([0, 490, 180, 190, 0], np.int32))
    draw = Graph(lambda number: envs.draws(number[0], 6, 5))
    now, updates, ends = tuple(envs.now), agent.loop(envs), 0
    for number in range(6):
        rollout, now = by_hand(envs, twin, draw(np.array([number], np.int32)), now)
        ends += (rollout.terminated | rollout.truncated).sum()
        expected = twin.train_step(rollout, 1e-2)
        logged = updated(envs, agent, updates, 1, number)
        assert logged == pytest.approx(expected, rel=1e-3, abs=1e-5)
    assert ends > 3
    np.testing.assert_allclose(envs.now.state, now[0], atol=1e-4)
    for one, other in zip(agent.weights(), twin.weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_updates_in_one_call_are_those_of_two_calls_to_the_bit():
    weights = []
    for counts in ((4,), (1, 3)):
        envs, agent = made(CARTPOLE)
        updates, number = agent.loop(envs), 0
        for count in counts:
            updated(envs, agent, updates, count, number)
            number += count
        weights.append([*agent.weights(), *envs.now])
        assert updates.traces == 1
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_xla_rounds_otherwise_but_computes_the_same():
    """By the same draws: XLA's own would be others."""
    weights, numbers = [], np.random.default_rng(0).random((3, 6, 5, 5), np.float32)
    for xla in (False, True):
        envs, agent = made(replace(CARTPOLE, xla=xla))
        envs.draws = lambda number, steps, rows: tf.gather(numbers, number)
        updated(envs, agent, agent.loop(envs), 3)
        weights.append(agent.weights())
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_catcher_is_learnt_from_inside_the_graph_too():
    """One update from pictures moves the weights of all layers."""
    config = paac_agent.Config(num_envs=3, rollout_steps=4, hidden=(8,))
    envs, agent = made(config)
    before = agent.weights()
    logged = updated(envs, agent, agent.loop(envs), 2)
    assert all(np.isfinite(value) for value in logged.values())
    assert all((one != other).any() for one, other in zip(before, agent.weights(), strict=True))


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_one_worker_or_two_give_the_same_rollout(workers):
    config = replace(CARTPOLE, form="host", workers=workers)
    envs = make_worlds(config)
    agent = PAACAgent(envs.observation_space, envs.action_space, config)
    rollout = collect(agent.act, envs, 40)
    envs.close()
    alone = make_worlds(replace(config, workers=0))
    twin = PAACAgent(alone.observation_space, alone.action_space, config)
    expected = collect(twin.act, alone, 40)
    for name in (*Transition._fields, "value"):
        np.testing.assert_array_equal(getattr(rollout, name), getattr(expected, name))


def test_worlds_that_are_no_pure_functions_are_stepped_by_the_host():
    assert paac_agent.Config(env="CartPole-v1").on_device
    assert not paac_agent.Config(env="Acrobot-v1").on_device
    assert not paac_agent.Config(env="CartPole-v1", form="host").on_device
    with pytest.raises(ValueError, match="takes --form host"):
        make_device_worlds(paac_agent.Config(env="Acrobot-v1", form="device"))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"form": "host", "xla": True}, "--xla compiles what is inside the graph"),
        ({"env": "Acrobot-v1", "xla": True}, "--xla compiles what is inside the graph"),
        ({"form": "device", "workers": 2}, "workers step worlds on the host"),
        ({"rollout_steps": 129}, "rollout_steps must be at most 128 inside the graph"),
    ],
)
def test_settings_that_do_not_suit_the_form_are_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        paac_agent.train(replace(paac_agent.CARTPOLE, run_folder="nowhere", **settings))


def test_a_call_of_the_graph_is_never_much_longer_than_evaluations_are_apart(tmp_path, monkeypatch):
    """So Ctrl-C is heard. And with more workers than none the worlds are on the host."""
    calls, loop = [], PAACAgent.loop

    def counted(agent, envs):
        graph = loop(agent, envs)
        return lambda now, rates, number: calls.append(len(rates)) or graph(now, rates, number)

    monkeypatch.setattr(PAACAgent, "loop", counted)
    brief = {"steps": 3_000, "eval_every": 100, "eval_episodes": 2, "final_episodes": 2, "target_return": None}
    paac_agent.train(replace(CARTPOLE, updates=10**6, run_folder=str(tmp_path), **brief))
    assert max(calls) == 4 * 100 // (5 * 6)
    assert not paac_agent.Config(env="CartPole-v1", workers=1).on_device


def test_a_world_whose_actions_are_real_numbers_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match=r"this agent chooses among Discrete actions, .* the world has Box"):
        paac_agent.train(paac_agent.Config(env="Pendulum-v1", run_folder="nowhere"))


def test_each_world_of_a_q_learner_has_an_epsilon_of_its_own():
    config = paac_learners.Config(epsilon_steps=1_000)
    envs = make_worlds(config)
    agent = paac_learners.make_learner(envs.observation_space, envs.action_space, config)
    assert agent.epsilon(0, 4).tolist() == [1, 1, 1, 1]
    assert agent.epsilon(1_000, 4).tolist() == pytest.approx([0.1, 0.01, 0.5, 0.1])


def test_n_step_targets_of_q_by_hand():
    """Two worlds, three steps: one ends in the second step, the other is cut off there."""
    config = paac_learners.Config(gamma=0.5, reward_scale=1.0, hidden=(4,))
    envs = make_worlds(config)
    agent = paac_learners.make_learner(envs.observation_space, envs.action_space, config)
    agent.best_value = lambda obs: obs[:, 0]
    rollout = Rollout()
    for t in range(3):
        next_obs = np.array([[10.0 * (t + 1), 0, 0, 0], [20.0 * (t + 1), 0, 0, 0]], np.float32)
        ended = np.array([t == 1, False]), np.array([False, t == 1])
        rollout.add(Transition(next_obs, np.zeros(2, int), np.ones(2, np.float32), next_obs, *ended))
    np.testing.assert_allclose(agent.targets(rollout), [[1.5, 11.5], [1, 21], [16, 31]])


def make_learner(**settings):
    config = paac_learners.Config(**settings)
    envs = make_worlds(config)
    return paac_learners.make_learner(envs.observation_space, envs.action_space, config)


def test_settings_of_one_learner_do_not_go_unheard_with_another():
    with pytest.raises(ValueError, match="gamma, hidden: for q alone; ppo has the settings of its own page"):
        make_learner(learner="ppo", gamma=0.5, hidden=(3,))
    with pytest.raises(ValueError, match=r"num_envs must suit ppo's minibatches of 256 rows .* got 24"):
        make_learner(learner="ppo", num_envs=24)


def test_of_more_worlds_than_a_period_has_steps_each_is_stepped_once():
    assert make_learner(learner="dqn", num_envs=257).rollout_steps == 1


@pytest.mark.slow
@pytest.mark.parametrize("learner", ["q", "a2c", "ppo", "dqn"])
def test_behind_the_same_actors_each_learner_learns(learner, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    agent = paac_learners.train(paac_learners.Config(learner=learner, seed=200, checkpoint_seconds=1e6))
    assert returns_of(agent, "CartPole-v1").mean() >= 400


def returns_of(agent, env_id, episodes=100):
    from framework.evaluate import evaluate
    from framework.vector import make_vector

    return evaluate(agent.player(), make_vector(env_id, episodes, 0), 12_345).returns


def test_a_maze_is_learnt_to_what_its_model_says_is_best(tmp_path, monkeypatch):
    """Value iteration on the 3 × 4 maze, undiscounted: 0.745 from the start, where rewards are paid on entering."""
    monkeypatch.chdir(tmp_path)
    config = replace(paac_agent.GRID_WORLD, steps=150_000, target_return=None, seed=200, eval_every=150_000)
    agent = paac_agent.train(config)
    returns = returns_of(agent, "OneHotGridWorld-v0", 2_000)
    assert abs(returns.mean() - 0.745) < 4 * returns.std() / 2_000**0.5 + 0.01


def test_the_worlds_of_the_graph_are_named_in_the_registry():
    from worlds.making import world_spec

    assert all(world_spec(env_id).id == env_id for env_id in PURE)
    assert DeviceWorlds.resumes_exactly


def test_a_run_whose_worker_was_killed_says_so_and_goes_on_as_if_nothing_had_been(tmp_path, monkeypatch):
    brief = replace(
        CARTPOLE, form="host", workers=2, steps=1_200, target_return=None, eval_every=600, log_every=300,
        eval_episodes=2, final_episodes=2, checkpoint_seconds=0.0, run_folder=str(tmp_path / "broken"),
    )  # fmt: skip
    whole = paac_agent.train(replace(brief, run_folder=str(tmp_path / "whole")))
    killed = []

    def collect_while_one_dies(act, envs, steps):
        if envs.total_steps >= 900 and not killed:
            killed.extend(envs.envs._processes)
            killed[1].kill()
            killed[1].join()
        return collect(act, envs, steps)

    monkeypatch.setattr(paac_agent, "collect", collect_while_one_dies)
    with pytest.raises(OSError, match=r"worker 2 of 2 .* died.*; --resume --run-folder .* goes on from step \d+"):
        paac_agent.train(brief)
    for process in killed:
        with pytest.raises(ValueError, match="closed"):  # multiprocessing's own word: it ended and was put away
            process.is_alive()
    resumed = paac_agent.train(brief)
    for one, other in zip(resumed.weights(), whole.weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    logs = [(tmp_path / name / "metrics.csv").read_text(encoding="utf-8") for name in ("broken", "whole")]
    assert logs[0] == logs[1]
