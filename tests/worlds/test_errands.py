"""The house with errands: its map and its deeds by hand, its table, its oracle, its picture."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import environment  # noqa: F401, registers the house
from DP.backups import q_values
from environment import tabular_model
from framework.tabular.world import make_world, start_probs
from worlds.errands import (
    DEEDS,
    DOWN,
    FIRST,
    LEFT,
    LIMIT,
    NUM_STATES,
    PAIRS,
    RIGHT,
    SECOND,
    SERVED,
    STARTS,
    UP,
    Errands,
    checked_wishes,
    draw_errands,
    errands_oracle,
    errands_step,
    is_over,
    likes,
    opposite,
)

CURTAINS, LAMPS, HEATING, RECORDS, RUG = 0, 1, 2, 4, 11


def walk(state, *actions):
    """The state after some actions, and the deeds that were done."""
    done = []
    for action in actions:
        state, deed, _ = errands_step(state, action)
        done += [DEEDS[deed]] if deed >= 0 else []
    return int(state), done


def test_steps_lead_to_the_next_thing_and_walls_hold():
    assert walk(CURTAINS, RIGHT) == (LAMPS, [])
    assert walk(CURTAINS, RIGHT, RIGHT, DOWN, LEFT, LEFT) == (RECORDS, [])
    assert walk(CURTAINS, UP)[0] == walk(CURTAINS, LEFT)[0] == CURTAINS
    assert walk(RUG, DOWN)[0] == walk(RUG, RIGHT)[0] == RUG


def test_a_thing_is_served_once_and_the_third_deed_is_the_last():
    state, done = walk(CURTAINS, SECOND, FIRST, RIGHT, FIRST, SECOND)
    assert done == ["closed the curtains", "switched on the lamps"]
    assert SERVED[state // 12] == {CURTAINS, LAMPS}
    state, deed, over = errands_step(walk(state, RIGHT)[0], SECOND)
    assert (DEEDS[deed], bool(over), int(state) % 12) == ("turned down the heating", True, HEATING)
    assert walk(int(state), LEFT, FIRST) == (int(state), [])


def test_who_served_the_same_things_in_another_order_is_in_the_same_state():
    there = walk(CURTAINS, FIRST, RIGHT, FIRST)[0]
    assert walk(LAMPS, SECOND, LEFT, FIRST, RIGHT)[0] == there


def test_each_deed_fits_one_of_two_opposite_wishes():
    assert likes(()).tolist() == [1, -1] * 12
    assert likes(("dark",)).tolist() == [-1, 1] * 2 + [1, -1] * 10
    assert opposite(("dark", "music")) == ("bright", "cool", "silence", "draughtless", "empty", "plain")
    assert (likes(("cool", "plain")) == -likes(opposite(("cool", "plain")))).all()
    assert len(set(DEEDS)) == 24


def test_the_table_says_what_steps_do():
    env = gym.make("Errands-v0", wishes=("dark", "plain"))
    rng, world = np.random.default_rng(0), env.unwrapped
    for seed in range(40):
        state, over = env.reset(seed=seed)[0], False
        while not over:
            action = int(rng.integers(6))
            [(prob, there, paid, ends)] = world.P[state][action]
            state, reward, over, cut, info = env.step(action)
            assert (prob, there, paid, ends) == (1.0, state, reward, over)
            assert (info["deed"] == "") == (reward == 0)
            over = over or cut
    assert len(world.P) == NUM_STATES == 960
    assert tabular_model(env).reward.sum() == 0
    assert [ends for s in range(948, 960) for [(_, there, _, ends)] in world.P[s].values() if there == s] == [
        True
    ] * 72


def test_it_starts_anywhere_with_nothing_served_and_by_its_seed():
    starts = [gym.make("Errands-v0").reset(seed=seed)[0] for seed in range(80)]
    assert set(starts) == set(STARTS.tolist())
    assert starts == [gym.make("Errands-v0").reset(seed=seed)[0] for seed in range(80)]
    np.testing.assert_allclose(start_probs(make_world("Errands-v0"))[:13], [1 / 12] * 12 + [0])


@pytest.mark.parametrize("wishes", [(), ("dark", "cool", "silence"), opposite(())])
def test_the_oracle_is_paid_as_much_as_the_best_policy(wishes):
    gamma, model = 0.9, tabular_model(Errands(wishes))
    V = np.zeros(NUM_STATES)
    for _ in range(LIMIT):
        V = q_values(model, V, gamma).max(axis=1)
    for start in STARTS:
        state, worth, paid = start, 0.0, likes(wishes)
        for time in range(LIMIT):
            state, deed, over = errands_step(state, errands_oracle([state], wishes)[0])
            worth += gamma**time * (paid[deed] if deed >= 0 else 0)
            if over:
                break
        assert time == 4
        assert worth == pytest.approx(V[start])


def test_it_passes_the_checks_of_gymnasium_and_pays_what_it_is_told():
    check_env(Errands(render_mode="rgb_array"), skip_render_check=True)
    env = Errands(rewards=np.arange(24.0))
    env.reset(seed=0)
    env.state = RUG
    assert env.step(SECOND)[1:] == (23.0, False, False, {"deed": "rolled up the red rug"})


def test_a_picture_shows_who_stands_where_and_what_is_served():
    state = walk(CURTAINS, SECOND, RIGHT)[0]
    picture, before = draw_errands(state, [1]), draw_errands(LAMPS)
    assert picture.shape == (374, 480, 3)
    assert picture[72, 180].tolist() == [40, 44, 52]
    assert (picture != before)[30:60, 40:80].any()  # the tick at the curtains
    assert (picture != before)[300:].any()  # what was done, in words
    over = walk(state, FIRST, RIGHT, FIRST)[0]
    assert is_over(over)
    assert (draw_errands(over, [1, 2, 4]) != draw_errands(over)).any()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Errands("sunny"), "a wish must be one of bright, dark, .*; got 'sunny'"),
        (lambda: Errands(("dark", "bright")), "there is one wish for each room; got dark and bright"),
        (lambda: checked_wishes(("dark", "dark")), "there is one wish for each room; got dark and dark"),
        (lambda: Errands(rewards=[1, 2]), "rewards must be 24 finite numbers, one for each deed"),
        (lambda: Errands(rewards=[np.nan] * 24), "rewards must be 24 finite numbers"),
        (lambda: Errands(rewards="much"), "rewards must be 24 finite numbers"),
        (lambda: Errands(render_mode="ansi"), "render_mode must be None or one of"),
        (lambda: Errands().step(6), "actions are 0 up, 1 right, 2 down, 3 left, and the deeds 4 and 5; got 6"),
    ],
)
def test_bad_input_is_one_sentence(make, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        make()


def test_pairs_are_six_of_two_words():
    words = [word for pair in PAIRS for word in pair]
    assert len(set(words)) == 12
