"""Programs as a person reads them; and what finds them without a network, with numbers that are exact."""

from dataclasses import replace

import numpy as np
import pytest

from AP.assembly import contents, expressions, failures, interpret, listing, read_aloud
from AP.plain_search import best_first, shortest_programs
from tests.worlds.test_sort import BY_TEXT, SORTS, WITHOUT_TIES
from worlds.sort import TASKS, execute

SORT3 = TASKS["sort3"]
PROGRAM = tuple(BY_TEXT[line] for line in SORTS)
BLIND = tuple(BY_TEXT[line] for line in WITHOUT_TIES)


def test_the_interpreter_by_hand():
    after = interpret(["mov s, r1", "cmp r1, r2", "cmovg r1, r2", "cmovl r2, s"], {"r1": 5, "r2": -2, "s": 0})
    assert after == {"r1": -2, "r2": -2, "s": 5}
    after = interpret(["cmp r1, r2", "cmovg r1, s", "cmovl r2, s"], {"r1": 3, "r2": 3, "s": 0})
    assert after == {"r1": 3, "r2": 3, "s": 0}
    with pytest.raises(ValueError, match="there is no instruction xchg"):
        interpret(["xchg r1, r2"], {"r1": 1, "r2": 2})


def test_the_interpreter_and_the_simulator_agree_on_random_programs():
    rng = np.random.default_rng(0)
    for _ in range(20):
        program = rng.integers(42, size=12)
        state = SORT3.start
        for n, action in enumerate(program):
            state = execute(state, np.array([action]), SORT3.instructions)
            assert (contents(SORT3, program)[n + 1] == state[0, :, :4]).all()


def test_random_inputs_tell_wrong_programs_from_right_ones():
    assert failures(SORT3, PROGRAM, 0, 2_000) == 0
    assert failures(SORT3, PROGRAM[:-1], 0, 2_000) > 100
    wrong = failures(SORT3, BLIND, 0, 2_000)
    assert 0 < wrong < 100  # it sorts whatever is not equal, and nearly all that is
    uses_the_zero_in_s = (BY_TEXT["mov r1, s"],)
    assert failures(TASKS["swap"], uses_the_zero_in_s, 0, 100) > 90


def test_min_and_max_make_18_functions_of_three_numbers_and_four_of_two():
    """The free distributive lattices (Dedekind 1897); where b <= c, fewer."""
    named = expressions(SORT3)
    assert len(named) == 18
    assert len(expressions(TASKS["sort2"])) == 4
    assert {"a", "min(a, b)", "max(a, b, c)", "the middle of a, b, c"} <= set(named.values())
    assert len(expressions(TASKS["swap"])) == 8
    assert not any("min(b, c)" in one for one in expressions(TASKS["swap"]).values())


def test_a_program_is_read_aloud_in_two_languages():
    english, japanese = (list(read_aloud(SORT3, PROGRAM, language)) for language in ("en", "ja"))
    assert english[0] == "given: r1 = a, r2 = b, r3 = c"
    assert english[3] == "cmovg r1, r2  ; if it was greater, r1 takes r2: r1 = min(a, b)"
    assert english[-1] == "sorted: r1 = min(a, b, c), r2 = the middle of a, b, c, r3 = max(a, b, c)"
    assert japanese[3] == "cmovg r1, r2  ; 大きかったなら r1 に r2 を写す（r1 = min(a, b)）"
    assert japanese[-1] == "整列済み：r1 = min(a, b, c), r2 = a, b, c の中央値, r3 = max(a, b, c)"
    assert next(read_aloud(TASKS["swap"], ())) == "given: r1 = a, r2 = b, r3 = c, b ≤ c is known"
    assert [line.split(";")[0].strip() for line in english[1:-1]] == listing(SORT3, PROGRAM)


def test_what_min_and_max_cannot_say_is_not_said():
    program = [BY_TEXT[line] for line in ("mov s, r3", "cmp r1, r2", "cmovg s, r1")]
    assert list(read_aloud(SORT3, program))[3] == "cmovg s, r1   ; if it was greater, s takes r1"


def test_two_numbers_take_4_instructions_and_the_swap_move_7():
    """Exact: all that is shorter has been gone through. 16 of 31 programs that sort permutations sort ties, too."""
    assert [shortest_programs(TASKS["sort2"], 4).length, shortest_programs(TASKS["sort2"], 4).programs] == [4, 8]
    swap, blind = (shortest_programs(replace(TASKS["swap"], ties=ties), 7) for ties in (True, False))
    assert (swap.length, swap.programs) == (7, 16)
    assert (blind.length, blind.programs) == (7, 31)
    assert swap.chance == pytest.approx(6.275e-7, rel=1e-3)
    with pytest.raises(ValueError, match="no program of 6 instructions or fewer does swap"):
        shortest_programs(TASKS["swap"], 6)


def test_the_chance_of_a_program_by_hand():
    """Of two numbers, one may at first compare, or put one of two aside: each has a chance of a third, and so on."""
    found = shortest_programs(TASKS["sort2"], 4)
    assert found.chance == pytest.approx(sum(chances_of_sort2()))


def chances_of_sort2(state=None, chance=1.0, length=0):
    from worlds.sort import legal_moves

    task = TASKS["sort2"]
    state = task.start if state is None else state
    if task.is_sorted(state)[0]:
        yield chance
    elif length < 4:
        actions = np.flatnonzero(legal_moves(state, task.instructions)[0])
        for action in actions:
            after = execute(state, np.array([action]), task.instructions)
            yield from chances_of_sort2(after, chance / len(actions), length + 1)


def test_a_good_heuristic_finds_eleven_instructions_for_three_numbers_in_a_few_thousand_expansions():
    program, expansions, steps = best_first(SORT3, 2.0)
    assert len(program) == 11
    assert failures(SORT3, program, 0, 1_000) == 0
    assert (expansions, steps) == (3_574, 46_280)
    assert len(best_first(TASKS["swap"], 2.0)[0]) == 7
    assert len(best_first(TASKS["sort2"], 2.0)[0]) == 4
    with pytest.raises(ValueError, match="found no program for sort3"):
        best_first(SORT3, 2.0, most=10)
