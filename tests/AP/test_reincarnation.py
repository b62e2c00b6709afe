"""QDagger: its loss, the weight of imitation, the two phases, and that seven workflows differ in what names them."""

import csv
import json
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from gymnasium import spaces

from AP import reincarnation
from AP.reincarnation import Config, QDaggerAgent, Weaning, distillation_loss, network, train, weaned
from AP.teachers import WORKFLOWS, imitated, softmax
from FN.dqn_agent import Config as DQNConfig
from framework.agent import save_agent
from framework.graph import graphs_of
from framework.replay import Batch, ReplayBuffer
from framework.tf import begin, tf
from framework.trainer import Trainer

pytestmark = pytest.mark.usefixtures("match")

THREE = spaces.Box(0, 1, (3,), np.float32)  # what Match-v0 shows
KNOWN = np.array([[1, 0, 0], [0, 1, 0], [1, 0, -1]], "f")  # Q of each place, a row; of the third it is wrong
SMALL = Config(
    env="Match-v0", steps=160, offline_steps=48, teacher_steps=64, num_envs=2, temperature=None, hidden=(5,),
    batch_size=8, gradient_steps=4, train_period=8, learning_starts=16, target_period=40, eval_every=16, log_every=16,
    eval_episodes=2, final_episodes=3, target_return=None, buffer_size=400, epsilon_steps=60,
)  # fmt: skip


@pytest.fixture
def small(tmp_path, monkeypatch):
    """With a teacher, a DQN that knows two of three places. Without XLA and plots, which take long."""
    monkeypatch.setattr(QDaggerAgent.train_step, "xla", False)
    monkeypatch.setattr("framework.plots.draw_run", lambda folder, *_, **__: folder)
    path = tmp_path / "teacher.npz"
    save_agent(path, DQNConfig(env="Match-v0", hidden=()), [KNOWN, np.zeros(3, "f")])
    return replace(SMALL, teacher=str(path))


def agent_of(**options):
    config = replace(SMALL, **{"temperature": 0.4, **options})
    begin(config)
    return QDaggerAgent(THREE, spaces.Discrete(3), config)


def batch_of(rows=6, seed=0):
    """Made-up transitions, as tensors."""
    rng = np.random.default_rng(seed)
    obs, next_obs = rng.uniform(-1, 1, (2, rows, 3)).astype("f")
    action, reward = rng.integers(3, size=rows), rng.normal(size=rows).astype("f")
    ends, one = rng.random(rows) < 0.3, np.ones(rows, "f")
    return Batch(*map(tf.constant, (obs, action, reward, next_obs, ends, 0.9 * one, one, np.arange(rows))))


def taught(rows=6, seed=1):
    return softmax(np.random.default_rng(seed).normal(size=(rows, 3))).astype("f")


# The loss


def test_distillation_is_the_divergence_of_the_student_from_the_teacher_by_hand():
    q = np.array([[0.4 * np.log(3), 0.0], [5.0, 5.0]], "f")  # softmax(q / 0.4): 3/4 and 1/4; 1/2 and 1/2
    teacher = np.array([[0.5, 0.5], [1.0, 0.0]], "f")
    loss = distillation_loss(q, teacher, 0.4).numpy()
    assert loss == pytest.approx([0.5 * np.log(2 / 3) + 0.5 * np.log(2), np.log(2)], abs=1e-6)


def test_both_sides_are_divided_by_the_temperature():
    """A student whose Q is the teacher's has nothing to learn, whatever the constant between them."""
    q = np.random.default_rng(0).normal(size=(5, 3)).astype("f")
    assert distillation_loss(q + 7, softmax(q / 0.3), 0.3).numpy() == pytest.approx(np.zeros(5), abs=1e-5)
    for wrong in (distillation_loss(q, softmax(q), 0.3), distillation_loss(q, softmax(q / 0.3), 1.0)):
        assert (wrong.numpy() > 0.01).all()


def test_the_whole_loss_is_td_by_huber_and_imitation_times_its_weight():
    agent, batch = agent_of(), batch_of()
    agent.target_network.set_weights([weights + 0.1 for weights in agent.target_network.get_weights()])
    q, best = agent.network(batch.obs).numpy(), agent.target_network(batch.next_obs).numpy().max(axis=-1)
    y = batch.reward.numpy() + batch.discount.numpy() * (1 - batch.terminated.numpy()) * best
    error = np.abs(y - q[np.arange(6), batch.action.numpy()])
    huber = np.where(error <= 1, 0.5 * error**2, error - 0.5)
    assert (error > 1).any()
    kl = (taught() * (np.log(taught()) - np.log(softmax(q / 0.4)))).sum(axis=-1)
    for weight in (0.0, 0.7):
        loss, logged = agent.loss(batch, taught(), weight)
        assert float(loss) == pytest.approx(huber.mean() + weight * kl.mean(), rel=1e-4)
        assert float(logged["td_loss"]) == pytest.approx(huber.mean(), rel=1e-4)


def test_the_gradient_agrees_with_finite_differences():
    agent, batch, h, checked = agent_of(seed=3), batch_of(), 1e-3, 0
    rng, variables = np.random.default_rng(4), agent.network.trainable_variables
    for variable in variables:
        variable.assign(0.7 * rng.normal(size=variable.shape))
    with tf.GradientTape() as tape:
        loss, _ = agent.loss(batch, taught(), 0.8)
    for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
        values = variable.numpy()
        for place in rng.choice(values.size, min(4, values.size), replace=False):
            place, around = np.unravel_index(place, values.shape), []
            for step in (h, -h):
                moved = values.copy()
                moved[place] += step
                variable.assign(moved)
                around.append(float(agent.loss(batch, taught(), 0.8)[0]))
            variable.assign(values)
            difference = (around[0] - around[1]) / (2 * h)
            assert gradient.numpy()[place] == pytest.approx(difference, rel=3e-2, abs=2e-3), variable.path
            checked += abs(difference) > 0.02
    assert checked > 8


def test_the_target_after_three_rewards_is_discounted_three_times():
    """Were 1 paid for ever and Q = 1 / (1 - γ), the target would be the same again."""
    agent, batch = agent_of(gamma=0.9), batch_of()
    for variable in agent.target_network.trainable_variables:
        variable.assign(tf.fill(variable.shape, 10.0 if variable.shape == (1,) else 0.0))  # only V has one output
    three = batch._replace(
        reward=tf.fill([6], 1 + 0.9 + 0.81), discount=tf.fill([6], 0.9**3), terminated=tf.fill([6], False)
    )
    assert agent.targets(three).numpy() == pytest.approx(np.full(6, 10), rel=1e-5)


# λ


def test_the_weight_by_hand_also_where_returns_are_below_0():
    assert weaned(1.0, 5.0, 9.0, 1.0) == 0.5
    assert weaned(0.3, 3.0, 9.0, 1.0) == 0.75  # it may rise again
    assert weaned(1.0, -1.8, 14.4, -1.8) == 1.0  # the raw ratio would give 1.125
    assert weaned(1.0, -60.0, -20.0, -100.0) == 0.5  # and here -2
    assert weaned(1.0, 9.5, 9.0, 1.0) == 0.0


def test_once_0_the_weight_stays_0():
    assert weaned(0.0, 1.0, 9.0, 1.0) == 0.0


class Graded:
    """In place of worlds: evaluations as they are given."""

    def __init__(self, monkeypatch, *means):
        left = iter(means)

        class One:
            def __init__(self):
                self.mean = next(left)

        monkeypatch.setattr(reincarnation.FreshWorlds, "__call__", lambda *_: One())


class Measured:
    mean, random_mean = 9.0, 1.0


def weights_of(config, monkeypatch, online_from, *means):
    Graded(monkeypatch, *means)
    weaning, found = Weaning(config, Measured), []
    for number in range(len(means)):
        weaning.online = number >= online_from
        weaning(None, 1, 0)
        found.append(weaning.weight)
    return found


def test_the_weight_stays_1_offline_and_then_follows_evaluations_until_it_is_0(monkeypatch):
    assert weights_of(SMALL, monkeypatch, 2, 5, 20, 5, 3, 9, 1) == [1, 1, 0.5, 0.75, 0, 0]


def test_without_weaning_it_stays_1(monkeypatch):
    assert weights_of(replace(SMALL, weaning=False), monkeypatch, 0, 5, 20, 5) == [1, 1, 1]


# The network, and a call of train_step


def test_dueling_is_value_plus_advantage_less_its_mean():
    config = replace(SMALL, hidden=())
    model, obs = network(THREE, 3, config), np.eye(3, dtype="f")[:2]
    a, v = (next(of for of in model.layers if getattr(of, "units", 0) == units)(obs).numpy() for units in (3, 1))
    assert model(obs).numpy() == pytest.approx(v + a - a.mean(axis=1, keepdims=True), abs=1e-6)


def test_a_call_is_K_gradient_steps_each_on_its_own_minibatch_and_its_own_probabilities():
    batches = Batch(*map(np.stack, zip(*(batch_of(seed=seed) for seed in range(3)), strict=True)))
    lessons = np.stack([taught(seed=seed) for seed in range(3)])
    together, alone = agent_of(), agent_of()
    together.train_step.inside(Batch(*map(tf.constant, batches)), lessons, 0.5)
    for k in range(3):
        alone.train_step.inside(Batch(*(tf.constant(array[k : k + 1]) for array in batches)), lessons[k : k + 1], 0.5)
    assert int(together.optimizer.iterations) == 3
    for one, same in zip(together.weights(), alone.weights(), strict=True):
        np.testing.assert_array_equal(one, same)


class Asked:
    actions = 3

    def probabilities(self, obs):
        return np.full((*obs.shape[:2], 3), 1 / 3)


def test_who_is_imitated():
    batches = Batch(*map(np.stack, zip(batch_of(), batch_of(seed=1), strict=True)))
    np.testing.assert_array_equal(imitated("teacher", Asked(), batches, 0.5), np.full((2, 6, 3), 1 / 3))
    data = imitated("data", Asked(), batches, 0.5)
    np.testing.assert_array_equal(data.argmax(axis=-1), batches.action)
    assert (data.sum(axis=-1) == 1).all()
    for whom in ("teacher", ""):
        assert not imitated(whom, Asked(), batches, 0.0).any()


# The two phases, in whole runs


def no_step(self, batches, probabilities, weight):
    """In place of a gradient step, which takes a second to trace."""
    return {"td_loss": 0.0}


def watched(config, monkeypatch, folder):
    """The agent of a run in which nothing is learnt, and what happened, in order: ("sync",), ("act", epsilon),
    ("learn", rows of each buffer, whom, weight)."""
    seen, buffers, drawn = [], {}, []
    sample, sync, act, learn = (
        ReplayBuffer.sample, QDaggerAgent.sync_target, QDaggerAgent.act, reincarnation.imitated,
    )  # fmt: skip

    def spied_sample(self, count, batches=None):
        drawn.append(("data" if buffers["data"] is self else "own", count))
        assert self.n_step == config.n_step
        return sample(self, count, batches)

    def spied_learn(whom, teacher, batches, weight):
        assert batches.reward.shape == (config.gradient_steps, config.batch_size)
        seen.append(("learn", dict(drawn), whom, round(float(weight), 4)))
        drawn.clear()
        return learn(whom, teacher, batches, weight)

    def spied_meet(*args):
        teacher, data, settled = meet(*args)
        buffers["data"] = data
        return teacher, data, settled

    meet = reincarnation.meet
    with monkeypatch.context() as patch:
        patch.setattr(ReplayBuffer, "sample", spied_sample)
        patch.setattr(QDaggerAgent, "train_step", no_step)
        patch.setattr(reincarnation, "imitated", spied_learn)
        patch.setattr(reincarnation, "meet", spied_meet)
        patch.setattr(QDaggerAgent, "sync_target", lambda self: (seen.append(("sync",)), sync(self))[1])
        patch.setattr(
            QDaggerAgent, "act", lambda self, obs, e: (seen.append(("act", round(e, 4))), act(self, obs, e))[1]
        )
        agent = train(replace(config, run_folder=str(folder)))
    return agent, seen


def test_seven_workflows_differ_in_what_names_them_and_in_nothing_else(small, monkeypatch, tmp_path):
    online = {}
    for name, workflow in WORKFLOWS.items():
        config = replace(small, workflow=name, distillation_weight=2.0, weaning=False, eval_every=80)
        _, seen = watched(replace(config, target_period=10_000), monkeypatch, tmp_path / name)
        acts = [event[1] for event in seen if event[0] == "act"]
        learns = [event[1:] for event in seen if event[0] == "learn"]
        starts = next(i for i, event in enumerate(seen) if event[0] == "act")
        offline = [event[1:] for event in seen[:starts] if event[0] == "learn"]
        assert seen[starts - 1] == ("sync",)  # the target network is synced when the online phase begins
        # offline: 12 calls of 4 gradient steps on the teacher's data alone
        whom = {"qdagger": "teacher", "pretraining": "data"}.get(name)
        assert offline == [({"data": 8}, whom, 2.0)] * (12 if whom else 0), name
        # online: 2 worlds, a call each 8 steps from the 16th on
        steps = 160 - 48 * bool(whom)
        assert len(acts) == steps // 2, name
        rows = {"data": 2, "own": 6} if name == "rehearsal" else {"own": 8}
        imitates = ("teacher", 2.0) if name in ("qdagger", "kickstarting") else ("", 0.0)
        assert learns[len(offline) :] == [(rows, *imitates)] * ((steps - 16) // 8), name
        online[name] = acts[0]
        assert workflow.guided == (name == "jsrl")
    learnt = ("qdagger", "pretraining", "fine_tuning")
    assert online == {name: 0.05 if name in learnt else 1.0 for name in WORKFLOWS}  # the share of random actions


def test_offline_nothing_is_done_in_the_worlds_and_the_weight_is_1_whatever_is_evaluated(
    small, monkeypatch, tmp_path
):
    config = replace(small, distillation_weight=3.0)
    _, seen = watched(config, monkeypatch, tmp_path / "run")
    weights = [event[3] for event in seen if event[0] == "learn"]
    assert weights[:12] == [3.0] * 12  # though three evaluations have been made
    rows = rows_of(tmp_path / "run")
    assert [float(row["lambda_"]) for row in rows[:3]] == [1, 1, 1]
    assert weights[-1] == pytest.approx(3 * float(rows[-1]["lambda_"]), abs=1e-3)
    assert all(not row["return"] for row in rows[:3])
    assert rows[-1]["return"]


def test_all_students_start_alike_but_for_the_one_that_is_the_teacher(small, monkeypatch, tmp_path):
    starts = {}
    for name in ("scratch", "qdagger", "jsrl", "fine_tuning"):
        config = replace(small, workflow=name, steps=32, offline_steps=16)
        starts[name] = watched(config, monkeypatch, tmp_path / name)[0].weights()
    for one, same, other in zip(starts["scratch"], starts["qdagger"], starts["jsrl"], strict=True):
        np.testing.assert_array_equal(one, same)
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(starts["fine_tuning"][0], KNOWN)


def test_fine_tuning_begins_with_the_teachers_data_in_its_buffer(small, monkeypatch, tmp_path):
    kept = {}
    monkeypatch.setattr(QDaggerAgent, "train_step", no_step)
    enter = Trainer.__enter__
    monkeypatch.setattr(Trainer, "__enter__", lambda self: (kept.update(self.parts), enter(self))[1])
    for name, expected in {"scratch": 0, "fine_tuning": 64}.items():
        train(replace(small, workflow=name, steps=16, run_folder=str(tmp_path / name)))
        assert len(kept["replay"]) == expected + 16


def test_the_teacher_plays_less_and_less_as_a_run_goes_on(small, monkeypatch, tmp_path):
    steps, play = [], reincarnation.RollIn.__call__

    def noted(self, action, teacher, obs, step):
        steps.append(step)
        return play(self, action, teacher, obs, step)

    monkeypatch.setattr(QDaggerAgent, "train_step", no_step)
    monkeypatch.setattr(reincarnation.RollIn, "__call__", noted)
    train(replace(small, workflow="jsrl", steps=32, run_folder=str(tmp_path / "run")))
    assert steps == list(range(0, 32, 2))  # of two worlds


def test_imitation_counts_as_much_as_its_weight_times_lambda(small, monkeypatch, tmp_path):
    weights = []

    def noted(agent, batches, probabilities, weight):
        weights.append(weight)
        return {}

    monkeypatch.setattr(QDaggerAgent, "train_step", noted)
    train(replace(small, distillation_weight=3.0, weaning=False, steps=64, run_folder=str(tmp_path / "run")))
    assert weights == [3.0] * 10  # 8 calls offline; 2 online, after 16 of 32 steps


def test_rewards_are_clipped_in_both_buffers(small, monkeypatch, tmp_path):
    kept, enter = {}, Trainer.__enter__
    monkeypatch.setattr(QDaggerAgent, "train_step", no_step)
    monkeypatch.setattr(Trainer, "__enter__", lambda self: (kept.update(self.parts), enter(self))[1])
    for module in ("reincarnation", "teachers"):
        monkeypatch.setattr(f"AP.{module}.clipped", lambda step: step._replace(reward=step.reward + 7))
    train(replace(small, workflow="scratch", steps=16, run_folder=str(tmp_path / "run")))
    for name in ("replay", "data"):
        assert set(kept[name].reward[: len(kept[name])].tolist()) == {7.0, 8.0}


def test_qdagger_learns_what_its_teacher_knows_offline_and_more_online(small, tmp_path):
    """The teacher is paid 6.7 of 10: it knows two of three places."""
    config = replace(small, steps=1_600, offline_steps=400, learning_rate=0.01, hidden=(16,), eval_every=200,
                     eval_episodes=20, gamma=0.5, teacher_steps=400, epsilon_end=0.2, final_episodes=100)  # fmt: skip
    train(replace(config, run_folder=str(tmp_path / "run")))
    returns = [float(row["eval_return"]) for row in rows_of(tmp_path / "run") if row["eval_return"]]
    assert returns[1] == pytest.approx(20 / 3, abs=1)
    assert returns[-1] > 9


# Runs


def rows_of(folder):
    with open(folder / "metrics.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("workflow", "bodies"), [("qdagger", 7), ("qdagger", 40), ("jsrl", 11)])
def test_a_run_that_is_killed_goes_on_to_the_same_bits(small, workflow, bodies, ends_alike):
    """Networks, both buffers, generators, λ, and how long the teacher still plays come back."""
    name = "CatcherState-v0"  # which can be saved
    follows = np.outer([1, 0.4, -1, 0, 0], [1, 0, -1]).astype("f")  # right of the paddle is the fruit: go right
    save_agent(small.teacher, DQNConfig(env=name, hidden=()), [follows, np.zeros(3, "f")])
    config = replace(small, env=name, workflow=workflow, eval_every=80)
    agent = ends_alike(train, config, bodies)
    assert {graph.traces for graph in graphs_of(agent).values()} == {1}


@pytest.fixture
def command(run_page):
    return partial(run_page, "reincarnation")


def test_quick_run_through_the_command_line_and_a_film_of_it(command, tmp_path):
    said = command("--quick", "--teacher-steps", "1000")
    assert "error" not in said.err
    assert "teacher: ppo_agent" in said.out
    (home,) = (tmp_path / "runs" / "reincarnation").iterdir()
    result = json.loads((home / "result.json").read_text(encoding="utf-8"))
    assert result["return"] > 5  # a random player gets -2
    command("--play", "--record", "play.gif")
    assert (tmp_path / "play.gif").stat().st_size > 10_000


def test_a_bad_teacher_is_one_sentence(command):
    assert command("--quick", "--teacher", "nothing.npz").err.count("\n") == 1
    said = command("--quick", "--env", "CatcherState-v0", "--teacher", "FN/trained/ppo_agent.npz").err
    assert "the teacher in FN/trained/ppo_agent.npz has learnt Catcher-v0, and the world is CatcherState-v0" in said


def steps_to(folder, goal):
    """The first evaluation that reaches a goal and whose next one does so too."""
    found = [(int(row["step"]), float(row["eval_return"])) for row in rows_of(folder) if row["eval_return"]]
    return next((step for (step, one), (_, other) in pairwise(found) if min(one, other) >= goal), None)


@pytest.mark.slow
def test_the_first_commands_student_is_as_good_as_its_teacher_before_one_from_nothing_has_begun_to_be(tmp_path):
    """Catcher from pixels: the teacher gets 16 of 16, a random player -2."""
    returns = {}
    for workflow in ("qdagger", "scratch"):
        config = Config(workflow=workflow, steps=6_000, eval_every=1_000, final_episodes=20, target_return=None)
        train(replace(config, run_folder=str(tmp_path / workflow)))
        returns[workflow] = [float(row["eval_return"]) for row in rows_of(tmp_path / workflow) if row["eval_return"]]
    assert steps_to(tmp_path / "qdagger", 15) <= 4_000
    assert max(returns["scratch"]) < 8
