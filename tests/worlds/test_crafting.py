"""The valley: what each action needs and does by hand, plans to all achievements, its words, and its two forms."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import environment  # noqa: F401, registers the valley
from worlds.crafting import (
    ACHIEVEMENTS,
    ACTIONS,
    AGAIN,
    COUNT,
    FLAGS,
    LEVELS,
    LIMIT,
    NEEDED,
    PAIRS,
    SEEN_FLAGS,
    STEPS,
    THINGS,
    Crafting,
    CraftingVector,
    achieved,
    crafting_oracle,
    crafting_plan,
    crafting_step,
    draw_crafting,
    inventory,
    level_of,
    nearest,
    see_crafting,
    text_of,
)

# The player at (3, 3); the seven things one after the other; nothing unlocked, no step yet.
START = np.array([3, 3, 4, 4, 0, 0, 6, 6, 0, 6, 6, 0, 3, 0, 3, 5, *[0] * COUNT, 0])


def valley(*unlocked, at=(3, 3)):
    """[1, 25] with these achievements unlocked and the player at a place."""
    state = START.copy()
    state[:2] = at
    state[FLAGS] = [name in unlocked for name in ACHIEVEMENTS]
    return state[None]


def beside(thing):
    return START[2 + 2 * THINGS.index(thing) :][:2]


def act(state, action):
    return crafting_step(state, np.array([ACTIONS.index(action)]))


def test_eight_of_49_actions_ever_do_something():
    assert len(PAIRS) == 49
    everything, found = valley(*ACHIEVEMENTS), set()
    for thing in THINGS:
        for unlocked in (everything, valley(), *(valley(*ACHIEVEMENTS[:n]) for n in range(1, COUNT))):
            state = unlocked.copy()
            state[0, :2] = beside(thing)
            numbers = achieved(np.repeat(see_crafting(state), len(ACTIONS), 0), np.arange(len(ACTIONS)))
            found |= {ACTIONS[action] for action in np.flatnonzero(numbers >= 0)}
    assert found == set(NEEDED)


@pytest.mark.parametrize("name", ACHIEVEMENTS)
def test_an_achievement_needs_its_thing_in_reach_and_what_comes_before(name):
    thing = next(thing for thing in THINGS if name.endswith(thing))
    needed = [NEEDED[name]] if NEEDED[name] else []
    state, unlocked = act(valley(*needed, at=beside(thing)), name)
    assert unlocked[0]
    assert {each for each, flag in zip(ACHIEVEMENTS, state[0, FLAGS], strict=True) if flag} == {*needed, name}
    assert not act(valley(*set(ACHIEVEMENTS) - {NEEDED[name], name}, at=beside(thing)), name)[1][0] or not needed
    x, y = beside(thing)
    away = (x + (2 if x < 3 else -2), y)
    assert not act(valley(*needed, at=away), name)[1][0]
    aslant = (x + (1 if x < 3 else -1), y + (1 if y < 3 else -1))
    assert act(valley(*needed, at=aslant), name)[1][0]


def test_what_is_unlocked_pays_once_and_some_can_be_achieved_once_more():
    for name in ACHIEVEMENTS:
        thing = next(thing for thing in THINGS if name.endswith(thing))
        state = valley(*ACHIEVEMENTS, at=beside(thing))
        assert not act(state, name)[1][0]
        number = achieved(see_crafting(state), np.array([ACTIONS.index(name)]))[0]
        assert number == (ACHIEVEMENTS.index(name) if name in AGAIN else -1)


def test_moves_by_hand_and_walls_hold():
    state = valley()
    for action, place in (("left", [2, 3]), ("up", [2, 2]), ("right", [3, 2]), ("down", [3, 3])):
        state, unlocked = act(state, action)
        assert state[0, :2].tolist() == place
        assert not unlocked[0]
    for _ in range(9):
        state, _ = act(state, "left")
    assert state[0, :2].tolist() == [0, 3]
    assert state[0, STEPS] == 13


def test_what_is_seen_are_places_from_the_player_sides_reach_and_flags():
    obs = see_crafting(valley("open the chest"))[0]
    assert obs[:4].tolist() == [1, 1, -3, -3]  # chest and tree
    assert obs[14:18].tolist() == [1, 1, 0, 0]  # to the right and below is the chest
    assert obs[28:32].tolist() == [0, 0, 1, 1]  # to the left and above the tree
    assert obs[42:49].tolist() == [1, 0, 0, 0, 0, 0, 0]
    assert obs[SEEN_FLAGS].tolist() == [1, 0, 0, 0, 0, 0, 0, 0]


def test_what_is_told_in_words_are_the_two_nearest_things_and_the_inventory():
    assert text_of(see_crafting(valley())[0]) == "You see a chest and a cow. You have nothing."
    state = valley("open the chest", "chop the tree", "drink from the river", at=(2, 1))
    assert text_of(see_crafting(state)[0]) == "You see a river and a tree. You have an axe, a bucket and wood."
    assert [inventory(level) for level in (0, 1)] == ["nothing", "an axe and a bucket"]
    assert nearest(see_crafting(state)).tolist() == [[THINGS.index("river"), THINGS.index("tree")]]


def test_inventories_follow_one_after_the_other():
    rooms, rng = CraftingVector(200), np.random.default_rng(0)
    rooms.reset(seed=0)
    for _ in range(LIMIT - 1):
        oracle = crafting_oracle(rooms.state)
        rooms.step(np.where(rng.random(200) < 0.5, oracle, rng.integers(len(ACTIONS), size=200)))
        chain = rooms.state[:, FLAGS][:, : LEVELS - 1]
        assert (np.diff(chain, axis=1) <= 0).all()
        assert np.array_equal(level_of(see_crafting(rooms.state)), chain.sum(axis=1))
    assert chain.sum(axis=1).max() == LEVELS - 1


def test_the_oracle_unlocks_everything_in_time():
    rooms, paid = CraftingVector(300), np.zeros(300)
    rooms.reset(seed=1)
    for _ in range(LIMIT):
        _, reward, terminated, _, _ = rooms.step(crafting_oracle(rooms.state))
        paid += reward
        assert not terminated.any()
    assert (paid == COUNT).all()


@pytest.mark.parametrize("name", ACHIEVEMENTS)
def test_a_plan_leads_to_each_achievement(name):
    for state in (START, valley("open the chest", "chop the tree", at=(6, 5))[0]):
        if name == "open the chest" and state[FLAGS][0]:
            with pytest.raises(ValueError, match="that is done"):
                crafting_plan(state, name)
            continue
        after = state[None]
        for action in (plan := crafting_plan(state, name)):
            after, _ = crafting_step(after, np.array([action]))
        assert after[0, FLAGS][ACHIEVEMENTS.index(name)] == 1
        assert ACTIONS[plan[-1]] == name
        assert sum(ACTIONS[action] in PAIRS for action in plan) <= 5  # nothing that is not needed


def test_the_vector_form_is_many_single_valleys():
    rooms, singles = CraftingVector(3), [gym.make("Crafting-v0") for _ in range(3)]
    rng, obs = np.random.default_rng(0), rooms.reset(seed=5)[0]
    assert np.array_equal(obs, [env.reset(seed=5 + i)[0] for i, env in enumerate(singles)])
    for _ in range(2 * LIMIT + 5):
        actions = np.where(rng.random(3) < 0.7, crafting_oracle(rooms.state), rng.integers(len(ACTIONS), size=3))
        obs, reward, terminated, truncated, info = rooms.step(actions)
        for i, env in enumerate(singles):
            last, paid, ended, cut, _ = env.step(int(actions[i]))
            assert (paid, ended, cut) == (reward[i], terminated[i], truncated[i])
            if cut:
                assert np.array_equal(info["final_obs"][i], last)
                last, _ = env.reset()
            assert np.array_equal(obs[i], last)


def test_it_passes_the_checks_of_gymnasium_and_no_two_things_lie_on_a_cell():
    check_env(Crafting(render_mode="rgb_array"), skip_render_check=True)
    rooms = CraftingVector(100)
    obs, _ = rooms.reset(seed=0)
    assert rooms.observation_space.contains(obs)
    places = rooms.state[:, :16].reshape(100, 8, 2)
    assert all(len(np.unique(row, axis=0)) == 8 for row in places)


def test_a_picture_shows_the_player_the_things_and_what_is_owned():
    one, other = (draw_crafting(state)[0] for state in (valley(), valley("open the chest")))
    assert one.shape == (500, 448, 3)
    assert one[3 * 64 + 40, 3 * 64 + 32].tolist() == [0, 0, 0]
    assert one[4 * 64 + 50, 4 * 64 + 32].tolist() == [140, 81, 10]
    assert np.array_equal(one[:448], other[:448])
    assert not np.array_equal(one[448:], other[448:])


def test_bad_input_is_one_sentence():
    with pytest.raises(ValueError, match="num_envs must be at least 1"):
        CraftingVector(0)
    room = Crafting()
    room.reset(seed=0)
    with pytest.raises(ValueError, match="actions are 0 to 52, moves and then pairs; got 53"):
        room.step(53)
    with pytest.raises(ValueError, match="there are 2 valleys; got 3 seeds"):
        CraftingVector(2).reset(seed=[1, 2, 3])
    with pytest.raises(ValueError, match=r"achievements are open the chest, .*; got milk the gate"):
        crafting_plan(START, "milk the gate")
