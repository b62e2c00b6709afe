"""The house: its skills by hand, what is seen of it, and plans that no search can shorten."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import environment  # noqa: F401, registers the house
from worlds.house import (
    ASKED,
    BEFORE,
    BRING,
    CLOSED,
    DONE,
    DOORS,
    HAND,
    HANDED,
    INSTRUCTIONS,
    KNOWN_STUCK,
    LIMIT,
    LOOKS,
    NOTHING,
    NOWHERE,
    OPEN,
    PAIRS,
    PICK_UP,
    PLACES,
    PUT_DOWN,
    ROBOT,
    ROOMS,
    SERVES,
    SKILLS,
    STEPS,
    STUCK,
    THINGS,
    House,
    can_be_found,
    house_oracle,
    house_step,
    look,
    looks,
    put,
    right_skills,
    see_house,
    served,
    situations,
    start_houses,
    take,
    tell,
    walk,
)

SPONGE, TOWEL, WATER, LAMP = (THINGS.index(name) for name in ("sponge", "towel", "water", "lamp"))
# The robot in the living room, before nothing, its hand empty; the kitchen open, the bedroom closed, the study stuck,
# the bathroom open; a sponge in the kitchen, a towel in the study, water in the bedroom; tea was spilled.
SCENE = np.full((1, 21), NOWHERE)
SCENE[0, :7] = 0, NOTHING, NOTHING, OPEN, CLOSED, STUCK, OPEN
SCENE[0, [PLACES.start + SPONGE, PLACES.start + TOWEL, PLACES.start + WATER]] = 1, 3, 2
SCENE[0, 19:] = 0, 0


def after(*skills, state=SCENE):
    """(state, [worked], [told]) after skills by their names."""
    worked, told = [], []
    for name in skills:
        following, success, _ = house_step(state, np.array([SKILLS.index(name)]))
        worked.append(bool(success[0]))
        told.append(tell(state[0], SKILLS.index(name), following[0]))
        state = following
    return state, worked, told


def scenes(count, seed=0):
    rng = np.random.default_rng(seed)
    return start_houses(rng, rng.integers(len(INSTRUCTIONS), size=count))


# -- skills ----------------------------------------------------------------------------------------------------------


def test_a_plan_by_hand():
    state, worked, told = after("find the sponge", "pick up the sponge", "bring it", "done")
    assert worked == [True] * 4
    assert told == [
        "It finds the sponge in the kitchen.",
        "It picks up the sponge.",
        "It brings the sponge to the user.",
        "It says that it is done.",
    ]
    assert state[0, [ROBOT, BEFORE, HAND, STEPS]].tolist() == [0, NOTHING, NOTHING, 4]
    assert state[0, PLACES.start + SPONGE] == HANDED
    assert served(state)[0]
    assert house_step(SCENE, np.array([DONE]))[2][0]


@pytest.mark.parametrize(
    ("skills", "said"),
    [
        (["find the lamp"], "There is no lamp in the house."),
        (["find the towel"], "The door of the study is stuck."),
        (["pick up the sponge"], "It does not stand before the sponge."),
        (["bring it"], "It carries nothing."),
        (["put it down"], "It carries nothing."),
        (["find the sponge", "pick up the sponge", "find the sponge"], "It carries the sponge already."),
        (["find the sponge", "pick up the sponge", "find the water", "pick up the water"], "Its hand is full."),
        (["find the sponge", "find the water", "pick up the sponge"], "It does not stand before the sponge."),
        (
            ["find the sponge", "pick up the sponge", "bring it", "find the sponge"],
            "The user has the sponge already.",
        ),
    ],
)
def test_what_does_not_work_changes_nothing_but_what_is_known_of_a_door(skills, said):
    before, worked, _ = after(*skills[:-1])
    assert all(worked)
    state, worked, told = after(skills[-1], state=before)
    assert (worked, told) == ([False], [said])
    known = before.copy()
    known[0, STEPS] += 1
    if "stuck" in said:
        known[0, DOORS][2] = KNOWN_STUCK
    assert np.array_equal(state, known)


def test_a_thing_is_put_down_where_the_robot_is_and_can_be_found_there():
    state, worked, told = after("find the sponge", "pick up the sponge", "find the water", "put it down")
    assert all(worked)
    assert told[-1] == "It puts the sponge down in the bedroom."
    assert state[0, PLACES.start + SPONGE] == state[0, ROBOT] == 2
    assert state[0, BEFORE] == WATER
    assert after("find the sponge", state=state)[2] == ["It finds the sponge in the bedroom."]


def test_who_walks_away_stands_before_nothing():
    there, *_ = after("find the sponge", "pick up the sponge", "find the water")
    assert there[0, BEFORE] == WATER
    for state in (after("bring it", state=there)[0], walk(there, np.array([1]))[0]):
        assert state[0, BEFORE] == NOTHING
    assert walk(there, np.array([2]))[0][0, BEFORE] == WATER  # it is there already


def test_a_stuck_door_is_seen_only_by_who_has_tried_it():
    assert see_house(SCENE)[0, DOORS].tolist() == [OPEN, CLOSED, CLOSED, OPEN]
    assert LOOKS[looks(SCENE)[0, TOWEL]] == "behind the closed door of the study"
    tried, *_ = after("find the towel")
    assert see_house(tried)[0, DOORS].tolist() == [OPEN, CLOSED, KNOWN_STUCK, OPEN]
    assert LOOKS[looks(tried)[0, TOWEL]] == "behind a door known to be stuck"
    opened, *_ = after("find the water")
    assert opened[0, DOORS].tolist() == [OPEN, OPEN, STUCK, OPEN]


def test_what_is_seen_is_all_that_skills_depend_on_but_for_stuck_doors():
    """Among equal situations a skill always works, or never does, or there is a closed door in the way."""
    state, rng, known = scenes(300), np.random.default_rng(1), {}
    for _ in range(8):
        seen = situations(state)
        assert (seen < 2 * len(LOOKS)).all()
        for skill in range(len(SKILLS)):
            _, success, _ = house_step(state, np.full(len(state), skill))
            for where, worked in zip(seen[:, skill], success, strict=True):
                known.setdefault((skill, int(where)), set()).add(bool(worked))
        state, *_ = house_step(state, rng.integers(len(SKILLS) - 1, size=len(state)))
    unsure = [(skill, where) for (skill, where), worked in known.items() if len(worked) == 2]
    assert unsure
    assert all(skill < PICK_UP and LOOKS[where // 2].startswith("behind the closed") for skill, where in unsure)


def test_looks_by_hand():
    state, *_ = after("find the sponge")
    found = [LOOKS[number] for number in looks(state)[0, [SPONGE, WATER, LAMP]]]
    assert found == ["before the robot", "behind the closed door of the bedroom", "nowhere"]
    state, *_ = after("pick up the sponge", state=state)
    assert LOOKS[looks(state)[0, SPONGE]] == "in its hand"
    assert (situations(state)[0, [BRING, PUT_DOWN, DONE]] == 1).all()
    state, *_ = after("put it down", "find the water", state=state)
    assert LOOKS[looks(state)[0, SPONGE]] == "in a room that is open"


def test_skills_are_made_of_smaller_ones_that_programs_can_use():
    state, success = walk(SCENE, np.array([1]))
    assert (success[0], state[0, ROBOT], state[0, BEFORE]) == (True, 1, NOTHING)
    assert not take(state, np.array([SPONGE]))[1][0]
    state, success = look(state, np.array([SPONGE]))
    held, success = take(state, np.array([SPONGE]))
    assert success[0]
    walked, _ = walk(held, np.array([2]))
    state, success = put(walked)
    assert success[0]
    assert state[0, PLACES.start + SPONGE] == 2
    assert not look(state, np.array([TOWEL]))[1][0]
    assert not walk(state, np.array([3]))[1][0]


def test_many_houses_step_as_single_ones_and_what_is_passed_stays_as_it_was():
    state, rng = scenes(200), np.random.default_rng(2)
    for _ in range(6):
        skill, before = rng.integers(len(SKILLS), size=200), state.copy()
        state, success, over = house_step(before, skill)
        for row in range(200):
            one, worked, ended = house_step(before[row : row + 1], skill[row : row + 1])
            assert np.array_equal(one[0], state[row])
            assert (worked[0], ended[0]) == (success[row], over[row])
        assert success.dtype == over.dtype == bool
    kept = SCENE.copy()
    for skill in range(len(SKILLS)):
        house_step(SCENE, np.array([skill]))
    assert np.array_equal(kept, SCENE)


# -- scenes and plans ------------------------------------------------------------------------------------------------


def test_half_of_the_things_are_absent_and_scenes_vary():
    state = scenes(2_000)
    assert ((state[:, PLACES] == NOWHERE).sum(axis=1) == 6).all()
    assert (SERVES[state[:, ASKED]] & can_be_found(state)).any(axis=1).all()
    both = (SERVES[state[:, ASKED]] & can_be_found(state)).sum(axis=1) == 2
    assert 0.1 < both.mean() < 0.5
    closed, stuck = (state[:, DOORS] >= CLOSED).mean(axis=0), (state[:, DOORS] == STUCK).mean(axis=0)
    assert ((closed > 0.35) & (closed < 0.55)).all()
    assert (np.diff(stuck[[0, 1, 2, 3]]) > 0.03).all()  # more often from room to room
    assert len({row.tobytes() for row in state[:, :19]}) > 1_900


def test_every_pair_serves_two_of_the_things_that_the_user_says_and_none_of_these_names_a_thing():
    assert sorted(INSTRUCTIONS.values()) == sorted([*range(len(PAIRS))] * 2)
    assert SERVES.sum(axis=1).tolist() == [2] * 12
    assert not any(thing in said.lower() for said in INSTRUCTIONS for thing in THINGS)


def test_the_oracle_serves_in_every_scene_by_four_skills():
    state = scenes(500)
    for _ in range(4):
        skill = house_oracle(state)
        state, success, over = house_step(state, skill)
        assert success.all()
    assert over.all()
    assert served(state).all()


def useless(state):
    """How many things the user has that do not serve, [B]."""
    return ((state[:, PLACES] == HANDED) & ~SERVES[state[:, ASKED]]).sum(axis=1)


def fewest(state, given):
    """How many skills it takes at least to serve and to say so, by trying all; 9: more than five.

    given: how many things the user may have that do not serve.
    """
    state = state.copy()
    state[:, STEPS] = 0
    for count in range(1, 6):
        state = state[useless(state) <= given]
        if served(state).any():
            return count
        every = np.repeat(state, len(SKILLS) - 1, axis=0)
        state, *_ = house_step(every, np.tile(np.arange(len(SKILLS) - 1), len(state)))
        state[:, STEPS] = 0
        state = np.unique(state, axis=0)
    return 9


@pytest.mark.parametrize(
    ("skills", "left"),
    [
        ((), 4),
        (("find the sponge",), 3),
        (("find the sponge", "pick up the sponge"), 2),
        (("find the sponge", "pick up the sponge", "bring it"), 1),
        (("find the water", "pick up the water"), 5),
        (("find the water", "pick up the water", "find the sponge"), 4),
        (("find the water", "pick up the water", "bring it"), 4),
        (("find the sponge", "pick up the sponge", "put it down"), 4),
    ],
)
def test_right_skills_are_those_that_begin_a_shortest_plan_and_no_others(skills, left):
    for state in (SCENE, *scenes(2, seed=len(skills))[:, None]) if not skills else (SCENE,):
        state, worked, _ = after(*skills, state=state)
        assert all(worked)
        given, right = useless(state)[0], right_skills(state)[0]
        assert fewest(state, given) == left
        for skill in range(len(SKILLS) - 1):
            following, *_ = house_step(state, np.array([skill]))
            assert right[skill] == (fewest(following, given) == left - 1), SKILLS[skill]
        assert right[DONE] == (left == 1)


# -- the world of Gymnasium ------------------------------------------------------------------------------------------


def test_it_passes_the_checks_of_gymnasium_and_equal_seeds_are_equal_houses():
    check_env(House(render_mode="rgb_array"), skip_render_check=True)
    one, other = (House() for _ in range(2))
    assert np.array_equal(one.reset(seed=5)[0], other.reset(seed=5)[0])
    assert not np.array_equal(one.reset(seed=6)[0], other.reset(seed=7)[0])
    obs, _ = one.reset(seed=5)
    assert not (obs[DOORS] == STUCK).any()


def test_it_pays_for_saying_that_it_is_done_when_the_user_is_served_and_is_cut_off_after_twelve_skills():
    env = gym.make("House-v0", instruction="I am cold")
    for seed in range(5):
        env.reset(seed=seed)
        house = env.unwrapped
        paid = [env.step(int(house_oracle(house.state)[0])) for _ in range(4)]
        assert [(reward, terminated) for _, reward, terminated, _, _ in paid] == [(0, False)] * 3 + [(1, True)]
        assert paid[2][4]["success"]
        assert paid[2][4]["text"].startswith("It brings the ")
    env.reset(seed=0)
    assert env.step(DONE)[1:3] == (0, True)
    env.reset(seed=0)
    ends = [env.step(BRING)[2:4] for _ in range(LIMIT)]
    assert ends == [(False, False)] * (LIMIT - 1) + [(False, True)]


def test_bad_input_is_one_sentence():
    with pytest.raises(ValueError, match="the user says one of: I spilled my tea on the table, "):
        House("I am sad")
    house = House()
    house.reset(seed=0)
    with pytest.raises(ValueError, match="actions are numbers of skills, 0 to 26; got 27"):
        house.step(27)


def test_rooms_are_those_of_the_state():
    assert len(ROOMS) == 5
    assert len(THINGS) == NOTHING == 12
    assert SKILLS[PICK_UP] == "pick up the sponge"
    assert SKILLS[BRING:] == ("bring it", "put it down", "done")
