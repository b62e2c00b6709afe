"""Plant control: the safety layer, what is kept in the replay, one trace, runs that go on, and that SAC beats PI."""

import contextlib
import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from AP import plant
from AP.pi_control import controller
from AP.plant import (
    ERRORS,
    INTEGRALS,
    MIDDLE,
    SPAN,
    Config,
    Guarded,
    PlantAgent,
    as_if_kept,
    rivals,
    safe_volts,
    train,
    within_reach,
)
from AP.plant_trials import MINIMUM, SEEN, UNSEEN, compare
from framework.graph import graphs_of
from framework.runs.config import check
from framework.runs.files import load_arrays
from framework.tf import begin
from framework.trainer import Trainer
from framework.vector import Transition, make_vector
from worlds.quadruple_tank import (
    LEAST_LEVEL,
    MOST_LEVEL,
    OFFSET,
    SCALE,
    SETTINGS,
    WORLDS,
    QuadrupleTank,
    quadruple_tank_step,
    readings,
)

SCRIPT = Path(__file__).parents[2] / "AP" / "plant.py"
SMALL = {
    "steps": 320, "num_envs": 4, "learning_starts": 40, "train_period": 20, "batch_size": 8, "gradient_steps": 2,
    "hidden": (8,), "eval_every": 160, "log_every": 80, "eval_episodes": 2, "final_episodes": 2,
}  # fmt: skip


def scaled(level, set_points, volts, integral=(0, 0)):
    """An observation [B, 10] of plants that are measured rightly; every argument [B, …] or […]."""
    level = np.atleast_2d(level)
    rest = [np.broadcast_to(one, (len(level), 2)) for one in (set_points - level[:, :2], volts, integral)]
    return ((np.concatenate([level, *rest], axis=1) - OFFSET) / SCALE).astype(np.float32)


def agent_of(**options):
    config = Config(**SMALL | options)
    begin(config)
    world = QuadrupleTank()
    return PlantAgent(world.observation_space, world.action_space, config)


# The safety layer


def margins(obs, volts, setting):
    """[B, 4]: by how much each level keeps its constraint, 10 s ahead, by the nominal model itself."""
    now = readings(obs)
    ahead = quadruple_tank_step(now.level, np.array(setting.k) * volts, 0.0, np.array(setting.split))
    return np.minimum(ahead - np.where(LEAST_LEVEL > 0, LEAST_LEVEL, -np.inf), MOST_LEVEL - ahead)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_next_step_breaks_no_constraint_where_any_volts_can_keep_the_margin_and_mostly_keeps_the_margin(name):
    """Whether any can is found by trying 21 × 21 of them. Each pump is bounded by itself: what the other sends into
    a lower tank by way of the upper one is left out, and takes up to 0.25 of the 0.3 cm."""
    setting, rng = SETTINGS[name], np.random.default_rng(0)
    level = np.concatenate([rng.uniform(9.5, 15.5, (1_000, 2)), rng.uniform(1, 8.4, (1_000, 2))], axis=1)
    before = rng.uniform(0, 8, (1_000, 2))
    obs, wanted = scaled(level, np.array([12.0, 12.0]), before), rng.uniform(0, 10, (1_000, 2))
    kept = margins(obs, safe_volts(obs, wanted, setting, 0.3), setting).min(axis=1)
    most = np.full(1_000, -np.inf)
    for turned in np.stack(np.meshgrid(*2 * [np.linspace(-1, 1, 21)]), axis=-1).reshape(-1, 2):
        reach = np.clip(before + turned, 0, 10)
        most = np.maximum(most, margins(obs, reach, setting).min(axis=1))
    could = most >= 0.3
    assert 400 < could.sum() < 700
    assert kept[could].min() > 0.05
    assert (kept[could] > 0.3 - 0.03).mean() > 0.8
    careless = margins(obs, within_reach(before, wanted), setting).min(axis=1)
    assert (careless[could] < 0).sum() > 80


def test_volts_that_are_safe_are_left_as_they_were_asked_for():
    obs = scaled([12, 13, 4, 5], np.array([12.0, 13.0]), (3.0, 3.2))
    assert safe_volts(obs, np.array([[3.4, 2.9]]), SETTINGS["P+"], 0.3) == pytest.approx(np.array([[3.4, 2.9]]))


@pytest.mark.parametrize(
    ("level", "volts", "pump", "turned"),
    [
        ([12, 13, 7.9, 4], 5.0, 1, -1), ([12, 13, 4, 7.9], 5.0, 0, -1), ([14.8, 13, 4, 5], 5.0, 0, -1),
        ([12, 14.8, 5, 6], 5.0, 1, -1), ([10.1, 13, 4, 4], 2.5, 0, 1), ([12, 10.1, 3, 4], 2.5, 1, 1),
    ],
)  # fmt: skip
def test_each_level_bounds_the_pump_that_feeds_it(level, volts, pump, turned):
    """h1 and h4 bound pump 1, h2 and h3 pump 2; the other pump may do as it likes."""
    obs = scaled(level, np.array([12.0, 13.0]), (volts, volts))
    safe = safe_volts(obs, np.array([[volts, volts]]), SETTINGS["P+"], 0.3)[0] - volts
    assert safe[1 - pump] == pytest.approx(0)
    assert safe[pump] * turned > 0.1


def test_where_bounds_contradict_each_other_the_upper_tank_counts():
    """h1 asks for more of pump 1, h4 for less."""
    volts = {}
    for upper in (4.0, 7.9):
        obs = scaled([9.5, 13, 1, upper], np.array([12.0, 13.0]), (5.0, 3.0))
        volts[upper] = safe_volts(obs, np.array([[5.0, 3.0]]), SETTINGS["P+"], 0.3)[0, 0]
    assert volts[4.0] > 5.1
    assert volts[7.9] < 4.5


def test_a_larger_margin_never_allows_more():
    rng = np.random.default_rng(1)
    level = np.concatenate([rng.uniform(12, 13, (200, 2)), rng.uniform(6, 8.4, (200, 2))], axis=1)
    obs, wanted = scaled(level, np.array([12.0, 12.0]), (3.0, 3.0)), rng.uniform(0, 6, (200, 2))
    little, much = (safe_volts(obs, wanted, SETTINGS["P+"], margin) for margin in (0.1, 0.5))
    assert (much <= little + 1e-9).all()
    assert (much < little - 1e-3).any()


def test_what_cannot_be_executed_is_never_given():
    rng = np.random.default_rng(2)
    level = rng.uniform(0, 20, (500, 4))
    before, wanted = rng.uniform(0, 10, (500, 2)), rng.uniform(-30, 30, (500, 2))
    obs = scaled(level, np.array([12.0, 12.0]), before)
    for volts in (safe_volts(obs, wanted, SETTINGS["P-"], 0.3), within_reach(readings(obs).volts, wanted)):
        assert (np.abs(volts - before) <= 1 + 1e-5).all()
        assert ((volts >= 0) & (volts <= 10)).all()


def test_the_layer_takes_almost_all_violations_of_any_controller_too():
    """200 plants: PI breaks a constraint in 0.3% of the steps, behind the layer in 0.00%."""
    found = compare({"plain": controller("PI"), "guarded": Guarded(controller("PI"), 0.3)}, 200, (SEEN,))
    plain, guarded = (found[name][SEEN] for name in ("plain", "guarded"))
    assert guarded.violation.mean() < 0.1 * plain.violation.mean()
    assert guarded.error.mean() < 1.05 * plain.error.mean()


# What the replay gets


def test_set_points_that_were_changed_are_put_back_and_nothing_else_is():
    """13 cm were asked for; after the step the level was 12.4, so had they been kept the error were 0.6."""
    obs = scaled([[12.0, 13, 4, 5], [12.0, 13, 4, 5]], np.array([[13.0, 13.5], [13.0, 13.5]]), (3, 3), (10, 20))
    next_obs = scaled(
        [[12.4, 13.2, 5, 4], [12.4, 13.2, 5, 4]], np.array([[11.0, 14.0], [13.0, 13.5]]), (3, 4), (16, 23)
    )
    kept = as_if_kept(obs, next_obs)
    assert readings(kept).error == pytest.approx(np.array([[0.6, 0.3], [0.6, 0.3]]), abs=1e-5)
    others = [column for column in range(10) if column not in (4, 5)]
    np.testing.assert_array_equal(kept[:, others], next_obs[:, others])
    np.testing.assert_allclose(kept[1], next_obs[1], atol=1e-5)
    assert kept.dtype == np.float32
    assert readings(next_obs).error[0] == pytest.approx([-1.4, 0.8], abs=1e-5)  # the caller's is left alone


def test_a_policy_cannot_know_of_a_set_point_that_is_yet_to_change():
    """Over whole episodes: kept set-points differ from the true ones in just the step in which those changed."""
    envs, rng = make_vector(SEEN, 20, 0), np.random.default_rng(0)
    changed = 0
    for _ in range(119):
        step = envs.step(rng.uniform(-0.3, 0.3, (20, 2)))
        moved = np.abs(as_if_kept(step.obs, step.next_obs) - step.next_obs).max(axis=1) > 1e-3
        changed += moved.sum()
    assert changed == 20


def near_the_edge():
    """A transition of a plant whose tank 3 is nearly full; 5.6 V of both pumps were asked for."""
    agent = agent_of()
    obs = scaled([12, 13, 7.9, 4], np.array([12.0, 14.0]), (5.0, 5.0), (60, -30))
    asked = np.array([[2.6 / SPAN, 2.6 / SPAN]], np.float32)
    volts = agent.execute(obs, asked)
    next_obs = scaled([12.1, 13.2, 7.5, 4.2], np.array([11.0, 13.0]), volts, (61, -28))
    no = np.zeros(1, bool)
    return asked, volts, Transition(obs, (volts - readings(obs).volts).astype("f"), np.ones(1, "f"), next_obs, no, no)


def test_the_replay_gets_what_was_executed_and_not_what_was_asked_for():
    asked, volts, transition = near_the_edge()
    assert volts[0, 0] == pytest.approx(5.6, abs=1e-5)
    assert volts[0, 1] < 4.5  # pump 2 fills tank 3
    kept = agent_of().remembered(transition, asked)
    np.testing.assert_allclose(MIDDLE + SPAN * kept.action, volts, atol=1e-5)
    assert kept.action.dtype == np.float32
    np.testing.assert_array_equal(agent_of(executed=False).remembered(transition, asked).action, asked)


def test_what_was_executed_asks_for_itself():
    """An action of the replay, executed again, is the same: the layer leaves alone what it let through."""
    _, volts, transition = near_the_edge()
    agent = agent_of()
    again = agent.execute(transition.obs, agent.remembered(transition, None).action)
    np.testing.assert_allclose(again, volts, atol=1e-5)


def test_set_points_are_kept_unless_they_are_to_come_as_a_surprise():
    asked, _, transition = near_the_edge()
    kept, not_kept = (agent_of(kept=kept).remembered(transition, asked).next_obs for kept in (True, False))
    np.testing.assert_array_equal(not_kept, transition.next_obs)
    np.testing.assert_array_equal(kept, as_if_kept(transition.obs, transition.next_obs))
    assert (kept[:, ERRORS] != not_kept[:, ERRORS]).all()


def test_without_the_integral_the_networks_see_none_and_the_rest_as_before():
    asked, _, transition = near_the_edge()
    agent, blind = agent_of(), agent_of(integral=False)
    np.testing.assert_array_equal(agent.sees(transition.obs), transition.obs)
    seen = blind.sees(transition.obs)
    assert (readings(seen).integral == 0).all()
    assert readings(transition.obs).integral == pytest.approx(np.array([[60, -30]]), abs=1e-4)
    np.testing.assert_array_equal(seen[:, : INTEGRALS.start], transition.obs[:, : INTEGRALS.start])
    remembered = blind.remembered(transition, asked)
    assert (readings(remembered.obs).integral == 0).all()
    assert (readings(remembered.next_obs).integral == 0).all()
    calm = scaled([[12, 13, 4, 5], [12, 13, 4, 5]], np.array([12.0, 13.0]), (3.0, 3.0), [[0, 0], [90, -60]])
    for player, differs in ((agent.player(), True), (blind.player(), False)):
        one, other = player(calm)
        assert (one != other).all() == differs


def test_an_action_asks_for_volts_and_without_the_layer_it_gets_them():
    obs = scaled([12, 13, 7.9, 4], np.array([12.0, 13.0]), (3.0, 3.0))
    volts = agent_of(safety=False).execute(obs, np.array([[0.2, -0.1]]))
    assert volts == pytest.approx(np.array([[3.6, 2.7]]), abs=1e-5)
    assert agent_of(safety=False).execute(obs, np.array([[1.0, -1.0]])) == pytest.approx(np.array([[4, 2]]), abs=1e-5)


def test_a_player_adds_what_is_executed_of_its_best_action():
    agent, obs = agent_of(), scaled([12, 13, 7.9, 4], np.array([12.0, 14.0]), (3.0, 3.0))
    volts = agent.execute(obs, agent.greedy(obs))
    np.testing.assert_allclose(agent.player()(obs), volts - readings(obs).volts)


def test_half_a_nat_less_of_entropy_than_SAC_asks_for_per_pump():
    assert agent_of().target_entropy == Config().target_entropy == -1


def test_who_is_compared_depends_on_the_valves():
    assert list(rivals(MINIMUM, 0.3)) == ["PI in P-"]
    assert list(rivals(UNSEEN, 0.3)) == ["PI", "PI, wrong pairs", "linear", "PI, layer", "linear, layer"]


# A run


class Stopped(Exception):
    """As if the process had been killed."""


@pytest.fixture
def run_in(monkeypatch):
    """(folder, stop, options of the configuration) -> the agent of a short run; gradient steps are plain graphs."""
    monkeypatch.setattr(PlantAgent.train_step, "xla", False)
    monkeypatch.setattr(plant, "report", lambda config, folder, agent: None)
    monkeypatch.setattr("framework.plots.draw_run", lambda folder, *_, **__: folder)

    def run_in(folder, stop=np.inf, **options):
        class Stopping(Trainer):
            def __iter__(self):
                for step in super().__iter__():
                    if step >= stop:
                        raise Stopped
                    yield step

        monkeypatch.setattr(plant, "Trainer", Stopping)
        return train(Config(**SMALL | options, run_folder=str(folder)))

    return run_in


def outcome(folder):
    """What a run left: its log, its result, and the weights of its last and its best agent."""
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    weights = [load_arrays(folder / name)["weights"] for name in ("final.npz", "agent.npz")]
    weights = [{number: array.tolist() for number, array in of_one.items()} for of_one in weights]
    return (folder / "metrics.csv").read_text(encoding="utf-8"), result["returns"], weights


def test_a_run_that_is_killed_goes_on_to_the_same_bits_and_everything_is_traced_once(run_in, tmp_path):
    agent = run_in(tmp_path / "whole")
    assert {name: graph.traces for name, graph in graphs_of(agent).items()} == {
        "act": 1,
        "greedy": 1,
        "train_step": 1,
    }
    with pytest.raises(Stopped):
        run_in(tmp_path / "broken", stop=240, checkpoint_seconds=0.0)
    assert list((tmp_path / "broken").glob("checkpoints/*.npz"))
    run_in(tmp_path / "broken", checkpoint_seconds=0.0)
    assert outcome(tmp_path / "broken") == outcome(tmp_path / "whole")
    rows = (tmp_path / "whole" / "metrics.csv").read_text(encoding="utf-8")
    for column in ("error", "violation", "eval_error", "eval_violation"):
        assert column in rows.splitlines()[0].split(",")


def test_violations_cost_in_learning_and_in_what_success_is_and_turning_the_pumps_costs_in_learning_alone(
    run_in, tmp_path, monkeypatch
):
    """Every step is in violation, for the limits are where no level ever is; each volt that is turned costs 100."""
    monkeypatch.setattr("worlds.quadruple_tank.MOST_LEVEL", np.zeros(4))
    steps = []
    monkeypatch.setattr(plant.ReplayBuffer, "add", lambda replay, transition: steps.append(transition))
    monkeypatch.setattr(plant.ReplayBuffer, "sample", lambda replay, *args, **options: None)
    monkeypatch.setattr(PlantAgent, "train_step", lambda agent, batches: {})
    run_in(tmp_path / "run", steps=80, violation_weight=5.0, move_weight=100.0, safety=False)
    assert len(steps) == 20
    for step in steps:
        moved = np.abs(MIDDLE + SPAN * step.action - readings(step.obs).volts).sum(axis=1)
        assert (step.reward < -5 - 99 * moved).all()
        assert (step.reward > -9 - 101 * moved).all()
    result = json.loads((tmp_path / "run" / "result.json").read_text(encoding="utf-8"))
    assert -1_000 < min(result["returns"]) <= max(result["returns"]) < -600


def test_a_policy_that_does_not_see_the_integral_does_not_act_by_it_either(run_in, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(PlantAgent, "act", lambda agent, obs: (seen.append(obs), np.full((len(obs), 2), 0.1, "f"))[1])
    monkeypatch.setattr(PlantAgent, "train_step", lambda agent, batches: {})
    run_in(tmp_path / "run", steps=80, integral=False)
    assert len(seen) == 10
    assert not readings(np.array(seen)).integral.any()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"env": "Pendulum-v1"}, "env must be one of QuadrupleTank-v0, .*; got Pendulum-v1"),
        ({"violation_weight": 1e7}, "violation_weight must be from 0 to 1e"),
    ],
)
def test_a_run_that_there_cannot_be_is_refused(options, words, run_in, tmp_path):
    with pytest.raises(ValueError, match=words):
        run_in(tmp_path / "run", **options)


@pytest.mark.parametrize("name", ["violation_weight", "move_weight", "margin"])
def test_numbers_that_there_cannot_be_are_refused(name):
    for value in (-0.1, np.nan):
        with pytest.raises(ValueError, match=f"{name} must be"):
            check(Config(**{name: value}))


def test_the_script_trains_compares_and_draws(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(PlantAgent.train_step, "xla", False)
    monkeypatch.setattr(sys, "argv", ["AP/plant.py", "--quick"])
    with contextlib.suppress(SystemExit):
        runpy.run_path(str(SCRIPT), run_name="__main__")
    printed, errors = capsys.readouterr()
    assert "error:" not in errors
    low, high = printed.split("Valves at P+:")
    assert "PI in P-" in low
    for name in ("PI", "PI, wrong pairs", "linear", "PI, layer", "linear, layer", "SAC, layer"):
        assert any(line.startswith(f"{name}  ") for line in high.splitlines()), name
    (home,) = (tmp_path / "runs" / "plant").iterdir()
    assert (home / "trends.png").stat().st_size > 60_000
    assert (home / "agent.npz").exists()


def test_the_script_refuses_another_world_in_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["AP/plant.py", "--env", "Pendulum-v1"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert ended.value.code == 2
    assert "env must be one of" in " ".join(capsys.readouterr().err.split())
    assert set(WORLDS) >= {SEEN, UNSEEN, MINIMUM}


@pytest.mark.slow
def test_half_of_the_steps_are_enough_to_beat_PI_that_was_tuned_twenty_times_as_long(tmp_path, monkeypatch):
    monkeypatch.setattr(plant, "report", lambda config, folder, agent: None)
    agent = train(Config(seed=100, steps=30_000, run_folder=str(tmp_path / "run")))
    found = compare({"PI": controller("PI"), "SAC": agent}, 200)
    for world in (SEEN, UNSEEN):
        sac, pi = found["SAC"][world], found["PI"][world]
        assert sac.error.mean() < 0.9 * pi.error.mean()
        assert sac.violation.mean() < 0.5 * pi.violation.mean()
