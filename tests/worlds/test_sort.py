"""Programs that sort: each instruction by hand, which are legal, ties, and a game that can be left and taken up."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import environment  # noqa: F401, registers the game
from framework.tabular.loops import fast
from worlds.sort import CMOVG, CMOVL, CMP, MOV, RET, TASKS, AssemblyGame, Task, execute, legal_moves, task_of

SORT3 = TASKS["sort3"]
BY_TEXT = {SORT3.text(action): action for action in range(len(SORT3.instructions))}
SORTS = (  # all orders, in 11 instructions
    "mov s, r1", "cmp r1, r2", "cmovg r1, r2", "cmovg r2, s", "mov s, r3", "cmp r2, r3", "cmovg r3, r2",
    "cmovg r2, s", "cmp r1, r2", "cmovg r2, r1", "cmovg r1, s",
)  # fmt: skip
WITHOUT_TIES = (  # sorts all six permutations, in 11 instructions, and not (2, 1, 1)
    "mov s, r2", "cmp r2, r3", "cmovg r2, r3", "cmovg r3, s", "mov s, r1", "cmp r3, s", "cmovl s, r3", "cmovl r3, r1",
    "cmp r2, s", "cmovl r1, r2", "cmovl r2, s",
)  # fmt: skip


def after(*lines, task=SORT3, start=None):
    """The state [I, R + 2] after these instructions."""
    state = task.start if start is None else start
    for line in lines:
        state = execute(state, np.array([BY_TEXT[line]]), task.instructions)
    return state[0]


def legal_after(*lines, task=SORT3):
    """The instructions that are legal then."""
    return {task.text(a) for a in np.flatnonzero(legal_moves(after(*lines, task=task)[None], task.instructions)[0])}


def test_there_are_thirteen_weak_orders_of_three_numbers_and_eight_where_two_are_in_order():
    assert [len(TASKS[name].inputs) for name in ("sort2", "swap", "sort3")] == [3, 8, 13]
    assert [len(Task("", 3, known, ties=False).inputs) for known in ((), ((1, 2),))] == [6, 3]
    assert (TASKS["swap"].inputs[:, 1] <= TASKS["swap"].inputs[:, 2]).all()
    assert [1, 3, 3] not in SORT3.inputs.tolist()  # that is (1, 2, 2) again


def test_there_are_21_and_42_instructions_and_ret_is_one_more():
    assert len(TASKS["sort2"].instructions) == 21
    kinds = SORT3.instructions[:, 0].tolist()
    assert [kinds.count(kind) for kind in (MOV, CMP, CMOVG, CMOVL, RET)] == [12, 6, 12, 12, 0]
    assert Task("", 3, may_stop=True).instructions[-1].tolist() == [RET, 0, 0]


def test_each_instruction_by_hand():
    at = SORT3.inputs.tolist().index([2, 1, 3])
    assert after("mov s, r1")[at].tolist() == [2, 1, 3, 2, 0, 0]
    assert after("cmp r1, r2")[at].tolist() == [2, 1, 3, 0, 1, 1]
    assert after("cmp r1, r3")[at].tolist() == [2, 1, 3, 0, -1, 1]
    assert after("cmp r1, r2", "cmovg s, r1")[at].tolist() == [2, 1, 3, 2, 1, 0]
    assert after("cmp r1, r2", "cmovl s, r1")[at].tolist() == [2, 1, 3, 0, 1, 0]
    assert after("cmp r1, r3", "cmovl s, r3")[at].tolist() == [2, 1, 3, 3, -1, 0]
    tie = SORT3.inputs.tolist().index([1, 1, 2])
    assert after("cmp r1, r2", "cmovg s, r1", "cmovl s, r2")[tie].tolist() == [1, 1, 2, 0, 0, 0]


def test_running_an_instruction_leaves_the_state_as_it_was():
    start = SORT3.start.copy()
    execute(start, np.array([BY_TEXT["mov r1, r2"]]), SORT3.instructions)
    assert (start == SORT3.start).all()


def test_at_first_one_may_compare_or_put_something_aside():
    wanted = {"cmp r1, r2", "cmp r1, r3", "cmp r2, r3", "mov s, r1", "mov s, r2", "mov s, r3"}
    assert legal_after() == wanted


def test_nothing_may_be_lost_compared_twice_repeated_or_read_before_it_is_written():
    assert "mov r1, r2" in legal_after("mov s, r1")  # r1's number is in s
    assert "mov r2, r1" not in legal_after("mov s, r1")  # r2's is not
    assert not {line for line in legal_after("cmp r1, r2") if line.startswith("cmp")}
    assert "mov s, r1" not in legal_after("mov s, r1")
    assert "cmovg s, r1" in legal_after("cmp r1, r2")
    partly = legal_after("cmp r1, r2", "cmovg s, r1")  # s is written where r1 was greater, and only there
    assert "cmovg r1, s" not in partly  # nothing would change
    assert "cmovg r2, s" not in partly  # r2's number would be lost
    assert "cmp r1, s" not in partly
    assert "mov r1, s" not in partly
    assert "cmovg r2, s" in legal_after("cmp r1, r2", "cmovg s, r1", "cmovg r1, r2")
    assert "cmp r1, r2" not in legal_after("cmp r1, r2", "mov s, r1")  # the flag would stay
    tied = np.array([[[1, 1, 2, 0, 0, 0]]], np.int8)  # r1's number would stay, in r2, and yet s holds nothing
    assert not legal_moves(tied, SORT3.instructions)[0, BY_TEXT["mov r1, s"]]


def test_compiled_loops_do_what_plain_ones_do():
    rng = np.random.default_rng(0)
    states = np.repeat(SORT3.start, 20, axis=0)
    for _ in range(12):
        actions = rng.integers(42, size=20)
        plain = execute(states, actions, SORT3.instructions)
        assert (fast(execute)(states, actions, SORT3.instructions) == plain).all()
        legal = legal_moves(plain, SORT3.instructions)
        assert (fast(legal_moves)(plain, SORT3.instructions) == legal).all()
        states = plain


def test_eleven_instructions_sort_every_order_and_make_six_permutations_one():
    states = np.array([after(*SORTS[:n]) for n in range(12)])
    assert SORT3.is_sorted(states).tolist() == [False] * 11 + [True]
    assert SORT3.distinct(states)[[0, -1]].tolist() == [6, 1]
    assert SORT3.in_place(states)[[0, -1]] == pytest.approx([(SORT3.inputs == SORT3.outputs).mean(), 1])
    for n, line in enumerate(SORTS):
        assert line in legal_after(*SORTS[:n])


def test_what_sorts_all_permutations_need_not_sort_ties():
    """So a game without ties takes wrong programs for right ones; it is none the longer for that."""
    blind = Task("", 3, ties=False)
    assert blind.is_sorted(after(*WITHOUT_TIES, start=blind.start)[None])[0]
    state = after(*WITHOUT_TIES)
    assert not SORT3.is_sorted(state[None])[0]
    wrong = (state[:, :3] != SORT3.outputs).any(axis=1)
    assert SORT3.inputs[wrong].tolist() == [[2, 1, 1]]
    assert state[wrong, :3].tolist() == [[2, 1, 2]]


def test_a_number_that_is_there_twice_must_stay_so():
    states = SORT3.outputs[None].copy()
    states = np.pad(states, ((0, 0), (0, 0), (0, 3)))
    assert SORT3.is_sorted(states)[0]
    at = SORT3.outputs.tolist().index([1, 1, 2])
    states[0, at, 1] = 2  # (1, 2, 2): in order, but not what was given
    assert not SORT3.is_sorted(states)[0]


def test_a_game_is_one_of_gymnasiums():
    check_env(AssemblyGame("swap", 7), skip_render_check=True)
    for env_id, task, limit in (("Assembly-v0", "sort3", 14), ("Assembly/Swap-v0", "swap", 9)):
        game = gym.make(env_id).unwrapped
        assert (game.task.name, game.limit) == (task, limit)


def test_a_game_ends_when_all_is_sorted_or_at_its_limit():
    game = AssemblyGame("sort3", 11, render_mode="ansi")
    game.reset(seed=0)
    steps = [game.step(BY_TEXT[line])[1:4] for line in SORTS]
    assert steps == [(0.0, False, False)] * 10 + [(1.0, True, False)]
    assert game.render() == "\n".join(SORTS)
    game = AssemblyGame("sort3", 2)
    game.reset()
    assert [game.step(0)[1:4], game.step(0)[1:4]] == [(0.0, False, False), (0.0, False, True)]


def test_a_game_can_be_left_and_taken_up_again():
    game, other = AssemblyGame("sort3", 11), AssemblyGame("sort3", 11)
    game.reset()
    for line in SORTS[:6]:
        game.step(BY_TEXT[line])
    other.reset()
    other.set_state(game.state())
    for line in SORTS[6:]:
        ours, theirs = game.step(BY_TEXT[line]), other.step(BY_TEXT[line])
        assert (ours[0] == theirs[0]).all()
        assert ours[1:4] == theirs[1:4]
        assert (ours[4]["action_mask"] == theirs[4]["action_mask"]).all()
    assert other.program == game.program


def test_malformed_games_are_refused_in_one_sentence():
    with pytest.raises(ValueError, match="the task must be one of sort2, swap, sort3; got sort4"):
        task_of("sort4")
    with pytest.raises(ValueError, match="limit must be at least 1; got 0"):
        AssemblyGame("swap", 0)
    game = AssemblyGame("swap")
    game.reset()
    with pytest.raises(ValueError, match="a number from 0 to 41; got 42"):
        game.step(42)
