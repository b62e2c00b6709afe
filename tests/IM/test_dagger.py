"""Cloning and DAgger in a table: labels, mixture, validation, the teacher's file, and the script."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from environment import GridWorld
from framework.runs.files import save_arrays
from framework.tabular.demonstrations import Demonstration, Demonstrations
from framework.tabular.world import expected_return, make_world, start_probs
from IM import dagger
from IM.dagger import Options, Student, TeacherAgent, clone_policy, counted_policy, main, mean_return

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def lake():
    return make_world("FrozenLake-v1")


@pytest.fixture(scope="module")
def teacher(lake):
    return TeacherAgent.train(lake, 2_000, seed=0)


def worth(env, probs):
    return float(start_probs(env) @ expected_return(env, probs))


def taught(teacher, beta_decay, seed, rounds=20, labels=20):
    """(student, its rounds) on slippery ice; the validation of round i is i."""
    env = make_world("FrozenLake-v1")
    env.reset(seed=seed)
    student, scores = Student(teacher, 16, 4, beta_decay, seed), iter(range(rounds))
    return student, list(student.learn(env, rounds, labels, lambda policy: next(scores)))


# Cloning


def test_cloning_takes_each_action_as_often_as_it_was_shown():
    policy = clone_policy([(0, 1), (0, 1), (0, 2), (1, 2)], num_states=3, num_actions=3)
    np.testing.assert_allclose(policy, [[0, 2 / 3, 1 / 3], [0, 0, 1], [0, 1 / 2, 1 / 2]])


def test_where_nothing_was_shown_it_may_take_what_was_shown_most_often():
    policy = clone_policy([(0, 1), (0, 1), (1, 2)], 3, 3, unseen="most frequent")
    assert policy[2].tolist() == [0, 1, 0]
    assert clone_policy([], 2, 4).tolist() == [[0.25] * 4] * 2


def test_demonstrations_their_episodes_and_pairs_give_the_same_policy():
    steps = ((0, 1, 0.0, 1), (1, 2, 1.0, 2))
    episodes = (Demonstration(1, steps, True), Demonstration(2, steps[:1], False), Demonstration(3, (), False))
    shown = Demonstrations(GridWorld([[0, 0, 1]]), 0.9, episodes)
    expected = clone_policy([(0, 1), (1, 2), (0, 1)], 3, 4).tolist()
    assert clone_policy(shown, 3, 4).tolist() == clone_policy(episodes, 3, 4).tolist() == expected


@pytest.mark.parametrize("pair", [(3, 0), (0, 4), (-1, 0)])
def test_a_state_or_an_action_that_does_not_exist_is_refused(pair):
    with pytest.raises(ValueError, match="states must be from 0 to 2, actions from 0 to 3"):
        clone_policy([(0, 0), pair], 3, 4)
    with pytest.raises(ValueError, match='unseen must be "shares"'):
        counted_policy(np.ones((2, 2)), unseen="often")


# The teacher


def test_the_teacher_says_the_same_each_time(teacher):
    """Not "labels from an epsilon-greedy teacher", as in the book."""
    for state in range(16):
        assert len({teacher.policy(state) for _ in range(200)}) == 1


def test_labels_from_an_epsilon_greedy_teacher_make_a_worse_student(lake, teacher):
    class Noisy(TeacherAgent):
        rng = np.random.default_rng(0)

        def policy(self, state):
            return int(self.rng.integers(4)) if self.rng.random() < 0.3 else super().policy(state)

    ends = [
        [worth(lake, taught(one, 0.0, seed)[0].probs) for seed in range(5)] for one in (teacher, Noisy(teacher.Q))
    ]
    assert np.median(ends[0]) > 0.7
    assert np.median(ends[1]) < 0.6


def test_the_trained_teacher_is_nearly_as_good_as_can_be(lake, teacher):
    assert worth(lake, np.eye(4)[teacher.actions]) > 0.73  # of 0.740


def test_a_teacher_comes_back_from_its_file(teacher, tmp_path):
    teacher.save(tmp_path / "new" / "teacher.npz", "FrozenLake-v1")
    back = TeacherAgent.load(tmp_path / "new" / "teacher.npz", "FrozenLake-v1", (16, 4))
    assert back.Q.tolist() == teacher.Q.tolist()
    assert back.actions == teacher.actions


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"about": {"format": "nanoka teacher 1", "world": "Taxi-v4"}, "Q": np.zeros((16, 4))},
            "a teacher of Taxi-v4",
        ),
        (
            {"about": {"format": "nanoka teacher 1", "world": "FrozenLake-v1"}, "Q": np.zeros((3, 4))},
            "a teacher of F",
        ),
        ({"about": {"format": "nanoka agent 1"}, "Q": np.zeros((16, 4))}, "no teacher of dagger.py's"),
        ({"weights": np.zeros(3)}, "no teacher of dagger.py's"),
    ],
)
def test_a_file_of_something_else_is_refused_in_one_sentence(values, sentence, tmp_path):
    save_arrays(tmp_path / "teacher.npz", values)
    with pytest.raises(ValueError, match=f"teacher.npz holds {sentence}.*; --teacher trains one") as refused:
        TeacherAgent.load(tmp_path / "teacher.npz", "FrozenLake-v1", (16, 4))
    assert "\n" not in str(refused.value)


def test_a_damaged_file_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "teacher.npz").write_bytes(b"PK no zip")
    with pytest.raises(ValueError, match="is damaged or not a file of Nanoka's"):
        TeacherAgent.load(tmp_path / "teacher.npz", "FrozenLake-v1", (16, 4))


# The student


def test_the_label_is_the_teachers_action_also_where_the_student_did_another(teacher):
    """Not "the executed action stored as the label", as in the book."""
    student, rounds = taught(teacher, 0.0, seed=0, labels=5)
    steps = [step for one in rounds for step in one.steps]
    assert sum(step.action != step.label for step in steps) > 5
    assert all(step.label == teacher.actions[step.state] for step in steps)
    counts = np.zeros((16, 4))
    for step in steps:
        counts[step.state, step.label] += 1
    assert student.counts.tolist() == counts.tolist()


def test_in_cloning_the_teacher_always_acts(teacher):
    _, rounds = taught(teacher, 1.0, seed=0)
    assert all(step.action == step.label for one in rounds for step in one.steps)
    assert {one.beta for one in rounds} == {1.0}


def test_the_teacher_acts_in_the_first_round_of_DAgger_alone(teacher):
    _, rounds = taught(teacher, 0.0, seed=0, labels=5)
    assert [one.beta for one in rounds[:3]] == [1.0, 0.0, 0.0]
    assert all(step.action == step.label for step in rounds[0].steps)
    assert any(step.action != step.label for step in rounds[1].steps)


def test_who_acts_is_drawn_anew_at_each_step():
    """A student that knows nothing is told 0 in a world of one state: it does 1 in half of its own steps."""
    world = TwoActions()
    student = Student(TeacherAgent([[1.0, 0.0]]), 1, 2, beta_decay=0.5, seed=0)
    student.fit = lambda: None  # it never learns
    _, second = student.learn(world, 2, 4_000, lambda policy: 0)
    others = np.array([step.action for step in second.steps])
    assert second.beta == 0.5
    assert others.mean() == pytest.approx(0.25, abs=0.03)
    assert (np.diff(others) != 0).mean() == pytest.approx(2 * 0.25 * 0.75, abs=0.03)  # as in draws that know no past


class TwoActions:
    """One state, for ever."""

    def reset(self):
        return 0, {}

    def step(self, action):
        return 0, 0.0, False, False, {}


def test_all_labels_stay(teacher):
    student, _ = taught(teacher, 0.0, seed=1, rounds=7, labels=30)
    assert student.counts.sum() == 7 * 30


def test_episodes_end_at_both_kinds_of_end_and_begin_anew(teacher):
    """A student that went on after an end would be told of states that nobody is ever in."""
    student, _ = taught(teacher, 0.0, seed=2, rounds=20, labels=50)
    assert student.counts[[5, 7, 11, 12, 15]].sum() == 0  # holes, and the goal


def test_validation_is_the_mean_of_many_episodes(lake, teacher):
    """Not "a mean of one episode", as in the book."""
    lake.reset(seed=3)
    exact = worth(lake, np.eye(4)[teacher.actions])
    assert mean_return(lake, teacher.policy, 2_000) == pytest.approx(exact, abs=0.03)
    assert Options().validation >= 50


def test_the_best_student_is_the_one_whose_validation_went_best(teacher, monkeypatch):
    """Validation, not the exact return, which a student could not know."""
    scores = iter([0.1, 0.5, 0.2, 0.5, 0.9, 0.3])
    monkeypatch.setattr(dagger, "mean_return", lambda env, policy, episodes: next(scores))
    best, last, visits = dagger.imitate_once(teacher.Q, "FrozenLake-v1", None, 0.0, 6, 10, 50, seed=0)
    assert best.tolist() == last[[0, 1, 1, 1, 4, 4]].tolist()
    assert visits.sum() == 60


def test_a_student_becomes_as_good_as_its_teacher_and_ice_leaves_nothing_to_DAgger(lake, teacher):
    """Median of 5 seeds after 800 labels, beside the teacher's 0.740."""
    for beta_decay in (1.0, 0.0):
        ends = [worth(lake, taught(teacher, beta_decay, seed, labels=40)[0].probs) for seed in range(5)]
        assert np.median(ends) > 0.72


def test_the_executed_action_as_the_label_teaches_nothing_new(teacher, monkeypatch):
    """After the first round the student would only be told what it does anyway."""

    class Wrong(Student):
        def remember(self, step):
            self.counts[step.state, step.action] += 1

    ends = {}
    for kind in (Student, Wrong):
        monkeypatch.setattr("IM.dagger.Student", kind)
        runs = [dagger.imitate_once(teacher.Q, "FrozenLake-v1", None, 0.0, 20, 5, 1, seed) for seed in range(5)]
        ends[kind] = np.median([last[-1] for _, last, _ in runs])
    assert ends[Student] > ends[Wrong] + 0.2


# The script


def test_the_script_trains_a_teacher_keeps_it_and_uses_it_again(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    options = {"quick": True, "rounds": 3, "seeds": 1, "teacher_episodes": 500}
    main(Options(**options))
    assert "the teacher learns from 500 episodes" in capsys.readouterr().out
    kept = Path("runs/dagger/teacher.npz").read_bytes()
    main(Options(**options))
    assert "learns from" not in capsys.readouterr().out
    assert Path("runs/dagger/teacher.npz").read_bytes() == kept
    assert Path("runs/dagger/students.png").stat().st_size > 20_000
    with pytest.raises(
        ValueError, match=r"holds a teacher of FrozenLake-v1; --teacher trains one of CliffWalking-v1"
    ):
        main(Options(env="CliffWalking-v1", **options))
    main(Options(env="CliffWalking-v1", teacher=True, **options))
    assert "cloning" in capsys.readouterr().out


def test_a_quick_run_validates_less_since_a_lost_student_may_walk_10_000_steps(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    calls = []
    monkeypatch.setattr(dagger, "run_parallel", lambda job, of_seeds: calls.extend(of_seeds) or [job(*of_seeds[0])])
    main(Options(quick=True, rounds=2, teacher_episodes=50))
    assert [(validation, seed) for *_, validation, seed in calls] == [(10, 0), (10, 1), (10, 2)] * 2


def test_a_maze_of_the_simulator_can_be_taught(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main(Options(maze="maze=...T/.B.D/S...&prob=0.8", seeds=2, rounds=5, teacher_episodes=300))
    assert "DAgger" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"rounds": 0}, "rounds must be from 1 to 1,000; got 0"),
        ({"validation": 0}, "validation must be from 1 to 10,000; got 0"),
        ({"labels": 10**9}, "labels must be from 1 to 100,000; got 1000000000"),
        ({"seed": -1}, "seed must be from 0 to 4,294,967,296; got -1"),
        ({"beta_decay": 1.5}, "beta_decay must be from 0 to 1; got 1.5"),
        ({"beta_decay": float("nan")}, "beta_decay must be from 0 to 1; got nan"),
        ({"env": "CartPole-v1"}, "CartPole-v1 has no table of states and actions"),
        ({"env": "Blackjack-v1"}, "Blackjack-v1 shows no model to plan with"),
    ],
)
def test_bad_input_is_refused_in_one_sentence_before_any_work(options, sentence, monkeypatch):
    monkeypatch.setattr(TeacherAgent, "train", lambda *_: pytest.fail("learnt"))
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        main(Options(**options))


def test_help_comes_without_tensorflow_and_matplotlib():
    for name in ("dagger", "recovery_chain"):
        program = f"import sys; sys.path.insert(0, '.'); import IM.{name}; print(*sys.modules)"
        modules = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True).stdout
        assert "numpy" in modules.split()
        assert not {"tensorflow", "keras", "matplotlib", "scipy"} & set(modules.split())
