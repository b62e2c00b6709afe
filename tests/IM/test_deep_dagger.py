"""Imitation by a network: what it is taught, who acts, which student is kept, and the script."""

import importlib.util
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gymnasium import spaces

from framework.graph import graphs_of
from framework.vector import make_vector
from IM import deep_dagger, teachers
from IM.deep_dagger import PLANS, NetworkStudent, Options, Plan, imitate, imitate_once, main
from IM.teachers import TEACHERS, make_teacher, oracle

ROOT = Path(__file__).parents[2]
NUMBERS, THREE = spaces.Box(-1, 1, (5,), np.float32), spaces.Discrete(3)
needs_box2d = pytest.mark.skipif(importlib.util.find_spec("Box2D") is None, reason="needs the extra box2d")


def student(seed=0, **options):
    return NetworkStudent(NUMBERS, THREE, seed, **options)


def short(**options):
    return replace(Plan((20, 40, 60), 10, 5, 2, 3, ""), **options)


@pytest.fixture(scope="module")
def envs():
    return make_vector("CatcherState-v0", 2, seed=0)


def run(envs, beta_decay, scores=(1, 2, 3), executed=False, plan=None, seed=0):
    """(student, its checks) of a short run; trials give the scores, the test 10 times those of the validation."""
    envs.reset(0)
    pupil, left = student(seed), iter(np.repeat(scores, 2))

    def trial(policy, episodes, seed):
        return next(left) * (10 if seed == 2 else 1)

    rng = np.random.default_rng(0)
    return pupil, list(imitate(pupil, oracle, envs, plan or short(), beta_decay, trial, rng, executed))


def labels_of(pupil):
    return np.concatenate(pupil.labels)


# What is learnt


def test_the_loss_is_the_mean_negative_log_probability_of_the_labels():
    pupil, obs, labels = student(), np.eye(5, dtype="f"), np.array([0, 1, 2, 0, 1])
    probs = pupil.probs(obs)
    assert probs.sum(axis=1) == pytest.approx(np.ones(5), rel=1e-5)
    assert float(pupil.loss(obs, labels)) == pytest.approx(-np.log(probs[np.arange(5), labels]).mean(), rel=1e-5)


def test_a_gradient_step_goes_down_the_loss_as_finite_differences_say():
    import tensorflow as tf

    pupil, rng = student(hidden=(4,)), np.random.default_rng(0)
    obs, labels = rng.normal(size=(8, 5)).astype("f"), rng.integers(3, size=8)
    weights = pupil.network.trainable_variables[0]
    with tf.GradientTape() as tape:
        loss = pupil.loss(obs, labels)
    gradient, before, differences = tape.gradient(loss, weights).numpy(), weights.numpy(), np.zeros(weights.shape)
    for place in np.ndindex(*before.shape):
        ends = []
        for step in (1e-2, -1e-2):
            moved = before.copy()
            moved[place] += step
            weights.assign(moved)
            ends.append(float(pupil.loss(obs, labels)))
        differences[place] = (ends[0] - ends[1]) / 2e-2
    assert gradient == pytest.approx(differences, abs=2e-4)


def test_a_network_learns_any_labels_by_heart_and_forgets_none():
    pupil, rng = student(), np.random.default_rng(0)
    obs, labels = rng.normal(size=(3, 20, 5)).astype("f"), rng.integers(3, size=(3, 20))
    for some_obs, some_labels in zip(obs, labels, strict=True):
        pupil.add(some_obs, some_labels)
        loss = pupil.fit(400)
    assert loss < 0.3
    assert (pupil.act(obs.reshape(60, 5)) == labels.ravel()).mean() > 0.95
    assert {graph.traces for graph in graphs_of(pupil).values()} == {1}  # however many labels there are


def test_it_reads_pictures_too():
    pupil = NetworkStudent(spaces.Box(0, 255, (84, 84, 2), np.uint8), THREE, 0)
    obs = np.random.default_rng(0).integers(256, size=(6, 84, 84, 2), dtype=np.uint8)
    pupil.add(obs, [0, 1, 2, 0, 1, 2])
    first = pupil.fit(1)
    assert pupil.fit(40) < first
    assert pupil.probs(obs).shape == (6, 3)


def test_the_same_seed_gives_the_same_student():
    one, again, other = (run(make_vector("CatcherState-v0", 2, seed=0), 0.0, seed=seed)[0] for seed in (0, 0, 1))
    assert one.network.get_weights()[0].tolist() == again.network.get_weights()[0].tolist()
    assert one.network.get_weights()[0].tolist() != other.network.get_weights()[0].tolist()


@pytest.mark.parametrize("labels", [[0, 3], [0, -1], [0]])
def test_labels_that_are_no_actions_are_refused(labels):
    with pytest.raises(ValueError, match="each observation needs a label from 0 to 2"):
        student().add(np.zeros((2, 5), "f"), labels)


def test_without_labels_there_is_nothing_to_learn():
    with pytest.raises(ValueError, match="there is no label to learn from yet"):
        student().fit(1)


# Who acts, and what is stored


def noted(envs, monkeypatch, beta_decay, **options):
    """(labels, what was done) of a run, each [rounds, 10]."""
    done, step = [], envs.step
    monkeypatch.setattr(envs, "step", lambda action: done.append(action) or step(action))
    pupil, _ = run(envs, beta_decay, **options)
    return labels_of(pupil).reshape(-1, 10), np.array(done).reshape(-1, 10)


def test_in_cloning_the_teacher_acts_and_in_DAgger_only_in_the_first_round(envs, monkeypatch):
    labels, done = noted(envs, monkeypatch, 1.0)
    assert (labels == done).all()
    labels, done = noted(envs, monkeypatch, 0.0)
    assert (labels[0] == done[0]).all()
    assert (labels[1:] != done[1:]).any()


def test_the_label_is_the_teachers_action_where_the_student_acted(envs, monkeypatch):
    """Not "the executed action stored as the label"."""
    wanted = []
    teacher = teachers.catcher_oracle
    monkeypatch.setattr(teachers, "catcher_oracle", lambda state: wanted.append(teacher(state)) or wanted[-1])
    labels, done = noted(envs, monkeypatch, 0.0)
    assert labels.ravel().tolist() == np.concatenate(wanted).tolist() != done.ravel().tolist()
    labels, done = noted(envs, monkeypatch, 0.0, executed=True)
    assert labels.tolist() == done.tolist()


def test_who_acts_is_drawn_anew_at_each_step_and_in_each_world(envs, monkeypatch):
    monkeypatch.setattr(NetworkStudent, "act", lambda pupil, obs: np.full(len(obs), 7))  # none of the actions
    monkeypatch.setattr(envs, "step", lambda action: done.extend(action))
    done = []
    envs.reset(0)
    pupil, plan = student(), Plan((800,), 400, 1, 2, 3, "")
    list(imitate(pupil, oracle, envs, plan, 0.5, lambda *_, seed: 0.0, np.random.default_rng(0)))
    students = np.array(done).reshape(2, -1, 2) == 7  # rounds, steps, worlds
    assert not students[0].any()
    assert students[1].mean() == pytest.approx(0.5, abs=0.1)
    assert (students[1, :, 0] != students[1, :, 1]).mean() == pytest.approx(0.5, abs=0.15)


def test_an_observation_stays_with_its_label(envs):
    """Not with what the world shows after the step: the oracle's label follows from the numbers that are stored."""
    pupil, _ = run(envs, 0.0)
    unit = np.concatenate(pupil.obs).astype(float)
    state = np.c_[(unit[:, 0] + 1) * 32, unit[:, 1] * 12.096, (unit[:, 2] + 1) * 32, (unit[:, 3] + 1) * 32]
    said = teachers.catcher_oracle(np.c_[state, np.zeros((len(state), 2))])
    assert (said == labels_of(pupil)).mean() > 0.95  # float32 may break a tie


# Which student is kept


def test_the_student_whose_validation_went_best_is_kept(envs, monkeypatch):
    weights = []
    fit = NetworkStudent.fit
    monkeypatch.setattr(
        NetworkStudent, "fit", lambda pupil, n: (fit(pupil, n), weights.append(pupil.network.get_weights()))[0]
    )
    pupil, checks = run(envs, 0.0, scores=(1, 5, 2))
    assert [check.labels for check in checks] == [20, 40, 60]
    assert [check.last for check in checks] == [10, 50, 20]
    assert [check.best for check in checks] == [10, 50, 50]
    for kept, at_40 in zip(pupil.network.get_weights(), weights[3], strict=True):  # rounds of 10 labels
        assert kept.tolist() == at_40.tolist()


def test_validation_and_test_are_means_of_many_episodes_and_of_different_ones():
    """Not "a mean of one episode"."""
    assert all(min(plan.validation, plan.test) >= 20 for plan in PLANS.values())
    assert PLANS["LunarLander-v3"].test >= 100
    trials, seen = deep_dagger.Trials("CatcherState-v0", {}), []

    def policy(obs):
        seen.append(obs)
        return np.zeros(len(obs), int)

    for seed in (1, 2, 1):
        trials(policy, 4, seed)
    first = [obs for obs in seen if (obs[:, 3] == -1).all()]
    first = [obs.tolist() for obs in first if (obs[:, 0] == 0).all()]  # the paddle in the middle: games begin
    assert len(first) == 3
    assert first[0] == first[2] != first[1]


# Teachers


def test_every_world_with_a_plan_has_a_teacher():
    assert list(PLANS) == list(TEACHERS)


def test_the_oracle_gets_all_the_fruit_in_the_episodes_of_the_test():
    assert deep_dagger.worth_of_teacher("CatcherState-v0", "", 5) == 16.0


@needs_box2d
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Box2D's own
def test_the_heuristic_is_asked_about_each_world_and_lands():
    from gymnasium.envs.box2d.lunar_lander import heuristic

    envs = make_vector("LunarLander-v3", 3, seed=0)
    labels = teachers.heuristic(envs)
    assert labels.tolist() == [
        heuristic(env, obs) for env, obs in zip(envs.envs.unwrapped.envs, envs.obs, strict=True)
    ]
    assert deep_dagger.worth_of_teacher("LunarLander-v3", "", 5) > 150


def test_without_box2d_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r'^LunarLander needs Box2D: python -m pip install -e "\.\[cpu,box2d\]"$'):
        make_teacher("LunarLander-v3")


def test_day_4s_agent_can_be_the_teacher_and_sees_the_pixels_that_the_student_sees():
    teacher, options = make_teacher("Catcher-v0", str(ROOT / "FN" / "trained" / "ppo_agent.npz"))
    envs = make_vector("Catcher-v0", 2, 0, **options)
    assert teacher(envs).tolist() == teacher(envs).tolist()  # it never draws
    with pytest.raises(ValueError, match="holds an agent that plays Catcher-v0; the world is LunarLander-v3"):
        make_teacher("LunarLander-v3", str(ROOT / "FN" / "trained" / "ppo_agent.npz"))


# Learning


@pytest.mark.slow
def test_300_labels_are_enough_for_Catcher_from_five_numbers():
    for beta_decay in (0.0, 1.0):
        checks = imitate_once("CatcherState-v0", "", PLANS["CatcherState-v0"], beta_decay, seed=0)
        assert checks[-1].best > 14.5


@pytest.mark.slow
def test_the_executed_action_as_the_label_spoils_DAgger():
    plan = replace(PLANS["CatcherState-v0"], labels=(300,))
    assert imitate_once("CatcherState-v0", "", plan, 0.0, seed=0, executed=True)[-1].best < 8


# The script


def test_the_script_prints_and_draws_returns_over_labels(tmp_path, capsys):
    main(Options(env="CatcherState-v0", quick=True, plot=str(tmp_path / "returns.png")))
    printed = capsys.readouterr().out
    assert "the teacher gets 16.0" in printed
    assert re.search(r"DAgger +-?\d", printed)
    assert (tmp_path / "returns.png").stat().st_size > 20_000


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"seeds": 0}, "seeds must be from 1 to 100; got 0"),
        ({"seed": -1}, "seed must be from 0 to 2,147,483,648; got -1"),
        ({"beta_decay": float("nan")}, "beta_decay must be from 0 to 1; got nan"),
        ({"labels": (60,)}, "labels must rise and be multiples of 50, a round's, at most 20,000; got (60,)"),
        (
            {"labels": (200, 100)},
            "labels must rise and be multiples of 50, a round's, at most 20,000; got (200,",
        ),
        ({"labels": (10**6,)}, "labels must rise and be multiples of 50, a round's, at most 20,000; got (1000000,)"),
        ({"env": "CartPole-v1"}, "there is no teacher for CartPole-v1; there is one for Catcher-v0, "),
    ],
)
def test_bad_input_is_refused_in_one_sentence_before_any_work(options, sentence, monkeypatch):
    monkeypatch.setattr(deep_dagger, "run_parallel", lambda *_: pytest.fail("worked"))
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        main(Options(**options))
