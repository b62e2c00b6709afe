"""AlphaDev by hand: what pays, what is learnt, what is counted; runs that are killed; a program that it must find."""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from AP.alphadev import SORT3, AlphaDevAgent, Config, SelfPlay, features, policy_target, rewards, train
from AP.alphadev_report import judge_programs, tell
from AP.positions import Ledger, PositionBuffer, Positions, positions_of
from framework.graph import graphs_of
from framework.runs.config import check
from framework.tf import tf
from tests.worlds.test_sort import BY_TEXT, SORTS
from worlds.sort import TASKS, execute

SORT3_TASK = TASKS["sort3"]
PROGRAM = [BY_TEXT[line] for line in SORTS]
SMALL = Config(
    task="sort2", limit=5, games=4, simulations=8, hidden=(16,), batch_size=8, gradient_steps=2, steps=1_500,
    eval_every=500, log_every=500, eval_episodes=4, final_episodes=4,
)  # fmt: skip


def states_of(program, task=SORT3_TASK):
    """[L + 1, I, R + 2]: before the program and after each of its instructions."""
    states = [task.start]
    for action in program:
        states.append(execute(states[-1], np.array([action]), task.instructions))
    return np.concatenate(states)


def pays(config, program=PROGRAM):
    states = states_of(program)
    return rewards(SORT3_TASK, states[:-1], states[1:], np.arange(1, len(states)), config)


def test_a_right_program_is_paid_for_progress_on_the_way_and_for_its_length_at_the_end():
    at_first = (SORT3_TASK.inputs == SORT3_TASK.outputs).mean()
    assert pays(SORT3).sum() == pytest.approx((1 - at_first) + (1 - 0.05 * 11))
    assert pays(replace(SORT3, correctness=0.0)).tolist() == pytest.approx([0.0] * 10 + [1 - 0.05 * 11])
    permutations = pays(replace(SORT3, correctness=0.0, progress=0.2, latency=0.0))
    assert permutations.sum() == pytest.approx(0.2 * 5 + 1)  # six become one


def test_a_wrong_program_pays_for_its_length_only_where_that_is_asked_for():
    only_length = replace(SORT3, correctness=0.0)
    assert pays(only_length, PROGRAM[:5]).tolist() == [0.0] * 5
    assert pays(replace(only_length, pay_always=True), PROGRAM[:5]).tolist() == pytest.approx([-0.05] * 5)
    assert pays(replace(only_length, pay_always=True)).sum() == pytest.approx(pays(only_length).sum())


def test_priors_learn_the_shares_of_the_visits_or_only_the_move_that_had_most():
    visits = np.array([[1.0, 3.0, 0.0], [0.0, 0.0, 0.0]])
    assert policy_target(visits, Config()).tolist() == [[0.25, 0.75, 0.0], [0.0, 0.0, 0.0]]
    assert policy_target(visits[:1], Config(target="argmax")).tolist() == [[0.0, 1.0, 0.0]]


def test_what_the_network_sees_is_ones_among_zeros_and_tells_states_apart():
    states = states_of(PROGRAM)
    seen = features(tf.constant(states), tf.constant(np.arange(12) / 16, tf.float32)).numpy()
    inputs = len(SORT3_TASK.inputs)
    assert seen.shape == (12, inputs * (4 * 4 + 3) + 2)
    assert set(np.unique(seen[:, :-2])) == {0, 1}
    assert (seen[:, :-2].sum(axis=1) == inputs * (4 + 1)).all()
    assert seen[:, -2].tolist() == [line.startswith("cmp") for line in ("", *SORTS)]
    assert seen[:, -1] == pytest.approx(np.arange(12) / 16)
    assert len(np.unique(seen[:, :-1], axis=0)) == 12


def blank(config=SMALL):
    """An agent whose outputs are all 0."""
    agent = AlphaDevAgent(config)
    agent.set_weights([np.zeros_like(array) for array in agent.weights()])
    return agent


def position(visits, returns, task):
    legal = np.zeros((1, len(task.instructions)), bool)
    legal[0, : len(visits)] = True
    shares = np.zeros(legal.shape, np.float32)
    shares[0, : len(visits)] = visits
    start = task.start, np.zeros(1, np.float32), legal, shares, np.array([returns], np.float32)
    return Positions(*start)


def test_the_loss_by_hand_and_moves_that_are_not_legal_have_no_part_in_it():
    agent = blank()
    loss, logged = agent.loss(position([0.25, 0.75, 0.0, 0.0], 3.0, agent.task))
    assert float(logged["policy_loss"]) == pytest.approx(np.log(4))
    assert float(logged["value_loss"]) == pytest.approx(9.0)
    assert float(loss) == pytest.approx(np.log(4) + 9.0)


def test_gradients_are_what_finite_differences_are():
    agent = AlphaDevAgent(replace(SMALL, hidden=(5,)))
    batch = position([0.2, 0.5, 0.3], 0.7, agent.task)
    variables = agent.network.trainable_variables
    with tf.GradientTape() as tape:
        loss, _ = agent.loss(batch)
    gradients, rng = tape.gradient(loss, variables), np.random.default_rng(0)
    directions = [rng.standard_normal(variable.shape).astype(np.float32) for variable in variables]
    slope = sum(float(tf.reduce_sum(g * d)) for g, d in zip(gradients, directions, strict=True))
    losses = []
    for sign in (1, -1):
        for variable, direction in zip(variables, directions, strict=True):
            variable.assign_add(sign * 1e-3 * direction)
        losses.append(float(agent.loss(batch)[0]))
        for variable, direction in zip(variables, directions, strict=True):
            variable.assign_sub(sign * 1e-3 * direction)
    assert slope == pytest.approx((losses[0] - losses[1]) / 2e-3, rel=0.02)


def test_learning_moves_priors_to_the_visits_and_values_to_the_returns_in_one_graph():
    agent = AlphaDevAgent(replace(SMALL, learning_rate=0.01))
    one = position([0.25, 0.75, 0.0, 0.0], 1.5, agent.task)
    batches = Positions(*(np.repeat(np.repeat(array[None], 20, 0), 8, 1) for array in one))
    for _ in range(10):
        agent.train_step(batches)
    prior, value = agent.judge(one.states, one.time, one.legal)
    assert prior[0, :4] == pytest.approx([0.25, 0.75, 0, 0], abs=0.05)
    assert prior[0, 4:].tolist() == [0] * 17
    assert value == pytest.approx([1.5], abs=0.1)
    agent.judge(*(np.repeat(array, 3, axis=0) for array in one[:3]))
    assert {name: graph.traces for name, graph in graphs_of(agent).items()} == {"judge": 1, "train_step": 1}


def test_a_round_of_games_counts_every_node_and_nothing_else_as_a_step():
    games = SelfPlay(AlphaDevAgent(SMALL), SMALL)
    positions = games.play()
    assert games.total_steps == (games.forest.size - 1).sum()
    assert 0 < games.total_steps <= 4 * 5 * 8
    assert positions.visits.sum(axis=1) == pytest.approx(np.ones(len(positions.time)))
    assert not positions.visits[~positions.legal].any()
    finished = games.take_finished()
    assert sum(length for _, length in finished) == len(positions.time)
    assert positions.returns[:4] == pytest.approx([one for one, _ in finished])
    assert games.take_finished() == []


def test_the_returns_are_what_the_rest_of_each_game_pays():
    """Played again from the actions of the way to each root."""
    games = SelfPlay(AlphaDevAgent(SMALL), SMALL)
    games.play()
    forest, task = games.forest, games.task
    for tree, (paid, length) in enumerate(games.take_finished()):
        way = forest.way_to(tree, forest.roots[tree])
        states = states_of(way, task)
        assert len(way) == length
        assert rewards(task, states[:-1], states[1:], np.arange(1, length + 1), SMALL).sum() == pytest.approx(paid)
        assert task.is_sorted(states[-1:])[0] or length == SMALL.limit


def test_a_search_asks_the_network_what_it_is_taught_a_state_and_how_much_of_the_limit_it_took(monkeypatch):
    games, asked = SelfPlay(AlphaDevAgent(SMALL), SMALL), set()

    def judge(states, time, legal):
        asked.update((state.tobytes(), round(float(now), 4)) for state, now in zip(states, time, strict=True))
        return legal / np.maximum(legal.sum(axis=1, keepdims=True), 1), np.zeros(len(states))

    monkeypatch.setattr(games.agent, "judge", judge)
    positions = games.play()
    taught = {(s.tobytes(), round(float(t), 4)) for s, t in zip(positions.states, positions.time, strict=True)}
    assert taught <= asked
    assert {time for _, time in taught} <= {0, 0.2, 0.4, 0.6, 0.8}
    assert len(taught) > 4


def test_there_is_noise_where_a_move_is_drawn_and_nowhere_else_in_the_tree():
    games = SelfPlay(AlphaDevAgent(SMALL), replace(SMALL, network="none"))
    games.play()
    forest = games.forest
    for tree, last in enumerate(forest.roots):
        moved, node = set(), int(last)
        while node:
            node = int(forest.parent[tree, node])
            moved.add(node)
        for node in set(range(forest.size[tree])) - {int(last)}:  # where a game is over, noise does no harm
            prior = forest.prior[tree, node][forest.prior[tree, node] > 0]  # without a network all are alike
            assert len(prior) < 2 or (np.ptp(prior) > 1e-6) == (node in moved)


def test_without_a_network_none_is_asked_and_with_values_alone_priors_are_uniform(monkeypatch):
    games = SelfPlay(AlphaDevAgent(SMALL), replace(SMALL, network="none"))
    monkeypatch.setattr(games.agent, "judge", None)
    games.play()
    games = SelfPlay(AlphaDevAgent(SMALL), replace(SMALL, network="value"))
    prior, _ = games.judge(
        games.task.start, np.zeros(1), games.legal_moves(games.task.start, games.task.instructions)
    )
    assert sorted(set(prior[0].tolist())) == pytest.approx([0, 1 / 3])


def test_ret_ends_a_program_that_need_not_sort():
    config = replace(SMALL, may_stop=True, pay_always=True, correctness=0.0)
    games = SelfPlay(AlphaDevAgent(config), config)
    games.play()
    ways = [games.forest.way_to(tree, root) for tree, root in enumerate(games.forest.roots)]
    ret = len(games.task.instructions) - 1
    assert any(way[-1] == ret for way in ways)
    assert not any(ret in way[:-1] for way in ways)


def test_positions_of_games_of_different_lengths_by_hand():
    def move(reward, going):
        return (
            np.zeros((2, 1)),
            np.zeros(2),
            np.ones((2, 3), bool),
            np.zeros((2, 3)),
            np.array(reward),
            np.array(going),
        )

    record = [move([1.0, 2.0], [True, True]), move([3.0, 9.0], [True, False])]  # what is over pays no more
    positions, returns, lengths = positions_of(record)
    assert positions.returns.tolist() == [4.0, 2.0, 3.0]
    assert positions.states.shape == (3, 1)
    assert returns.tolist() == [4.0, 2.0]
    assert lengths.tolist() == [2, 1]


def test_a_buffer_keeps_the_last_positions_and_goes_on_with_the_same_draws():
    def numbered(first, count):
        return Positions(*(np.arange(first, first + count, dtype=np.float32) for _ in Positions._fields))

    buffer, other = PositionBuffer(5, 0), PositionBuffer(5, 1)
    other.load_state(buffer.state())
    assert other.kept is None
    buffer.add(numbered(0, 4))
    buffer.add(numbered(4, 3))
    assert buffer.kept.time.tolist() == [2, 3, 4, 5, 6]
    drawn = buffer.sample(1_000, 2)
    assert drawn.time.shape == (2, 1_000)
    assert sorted(set(drawn.time.ravel().tolist())) == [2, 3, 4, 5, 6]
    assert (drawn.time == drawn.returns).all()
    other.load_state(buffer.state())
    assert (other.sample(9, 1).time == buffer.sample(9, 1).time).all()


def test_a_ledger_keeps_the_shortest_program_and_the_step_that_found_it():
    class FakeForest:
        size = np.array([2, 2, 2])

        def way_to(self, tree, node):
            return (7,) * int(self.depth[tree])

    class Leaf:
        action, depth = np.array([0, -1, 3]), np.array([5, 2, 4])

    forest, ledger = FakeForest(), Ledger(0)
    forest.depth = Leaf.depth
    ledger.note(forest, Leaf, np.array([True, True, True]))
    assert (ledger.total_steps, ledger.found, ledger.best) == (2, [(1, 5), (2, 4)], (7,) * 4)  # the second is old
    ledger.note(forest, Leaf, np.array([True, False, True]))
    assert (ledger.total_steps, len(ledger.found)) == (4, 2)
    other = Ledger(1)
    other.load_state(json.loads(json.dumps(ledger.state())))
    assert (other.total_steps, other.found, other.best) == (4, ledger.found, ledger.best)
    assert other.rng.random() == ledger.rng.random()


def test_a_program_of_the_network_alone_is_worth_what_it_saves_and_nothing_if_it_is_wrong(monkeypatch):
    agent = AlphaDevAgent(replace(SORT3, hidden=(4,)))

    def plays(program):
        wanted = iter(program)

        def judge(states, time, legal):
            return np.eye(42)[np.full(len(states), next(wanted, 0))], None

        return judge

    monkeypatch.setattr(agent, "judge", plays(PROGRAM))
    found = judge_programs(agent, 3, 0)
    assert found.returns == pytest.approx([1 - 0.05 * 11] * 3)
    assert found.lengths.tolist() == [11] * 3
    first_ten = replace(SORT3, hidden=(4,), limit=10)
    agent = AlphaDevAgent(first_ten)
    monkeypatch.setattr(agent, "judge", plays(PROGRAM))
    assert judge_programs(agent, 3, 0).returns.tolist() == [0.0] * 3


def test_settings_out_of_range_are_refused():
    for name, value in (("noise_share", 1.5), ("simulations", 0), ("games", 0), ("latency", -1.0), ("limit", 0)):
        with pytest.raises(ValueError, match=f"{name} must be"):
            check(replace(Config(), **{name: value}))


def test_a_run_that_is_killed_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole = train(replace(SMALL, run_folder="whole"))
    play, played = SelfPlay.play, []

    def stopped(games):
        if len(played) == 3:
            raise OSError("the power fails")
        played.append(1)
        return play(games)

    part = replace(SMALL, run_folder="part", checkpoint_seconds=0)
    monkeypatch.setattr(SelfPlay, "play", stopped)
    with pytest.raises(OSError, match="power"):
        train(part)
    monkeypatch.setattr(SelfPlay, "play", play)
    rest = train(part)
    assert all((one == other).all() for one, other in zip(whole.weights(), rest.weights(), strict=True))
    for name in ("metrics.csv", "program.txt"):
        assert Path("whole", name).read_bytes() == Path("part", name).read_bytes()


def test_a_search_that_found_nothing_says_so(tmp_path, capsys):
    tell(tmp_path, SORT3_TASK, [], (), 1_234, 0)
    assert capsys.readouterr().out == "no program that does sort3 was found in 1,234 instructions run\n"
    assert list(tmp_path.iterdir()) == []


def test_the_script_writes_two_numbers_program_in_four_instructions(run_page, tmp_path):
    began = time.perf_counter()
    done = run_page("alphadev", "--quick", "--task", "sort2")
    assert time.perf_counter() - began < 60
    assert "sort2: 4 instructions, found after" in done.out
    assert "wrong on 0 of 10,000 random inputs" in done.out
    assert "r1 = min(a, b), r2 = max(a, b)" in done.out
    (home,) = (tmp_path / "runs" / "alphadev").iterdir()
    assert (home / "program.png").stat().st_size > 10_000
    assert "整列済み：r1 = min(a, b)" in (home / "program.txt").read_text(encoding="utf-8")
    config = json.loads((home / "config.json").read_text(encoding="utf-8"))["config"]
    assert (config["task"], config["quick"]) == ("sort2", True)


def test_settings_that_there_are_not_are_refused(run_page):
    done = run_page("alphadev", "--task", "sort4")
    assert "sort4" in done.err + done.out
    done = run_page("alphadev", "--games", "0")
    assert done.err == "error: games must be at least 1; got 0\n"


@pytest.mark.slow
def test_three_numbers_are_sorted_in_eleven_instructions_after_a_hundred_thousand_steps_and_not_without_a_network():
    """11 after 50,000 to 204,000 steps, seeds 1 to 5; without a network nothing."""
    from bench.alphadev import learn

    found = learn(replace(SORT3, seed=1, steps=200_000))
    assert found["found"][-1][1] == 11
    assert found["wrong_of_10000"] == 0
    without = learn(replace(SORT3, seed=1, steps=200_000, network="none"))
    assert not without["found"] or without["found"][-1][1] > 11
