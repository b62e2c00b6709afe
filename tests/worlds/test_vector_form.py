"""Many worlds of an id, in the form that starts anew in the same step."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.seeding import np_random
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import environment  # noqa: F401, registers the worlds of the course
from worlds.cart_pole import CartPoleVector
from worlds.catcher import CatcherVector
from worlds.vector_form import final_info, same_step_worlds, seeded


@pytest.mark.parametrize(
    ("env_id", "form"),
    [("CartPole-v1", CartPoleVector), ("Catcher-v0", CatcherVector), ("Acrobot-v1", SyncVectorEnv)],
)
def test_a_world_s_own_form_is_taken_where_it_starts_anew_in_the_same_step(env_id, form):
    for world in (env_id, gym.spec(env_id)):
        envs = same_step_worlds(world, 2, max_episode_steps=3)
        assert type(envs) is form
        assert envs.metadata["autoreset_mode"] == AutoresetMode.SAME_STEP
        envs.reset(seed=0)
        for _ in range(3):
            *_, truncated, info = envs.step(np.array([1, 1]))
        assert truncated.all()
        assert info["_final_obs"].all()


@pytest.mark.parametrize("env_id", ["Nowhere-v0", "no_such_module:World-v0"])
def test_a_world_that_does_not_exist_is_one_sentence(env_id):
    with pytest.raises(ValueError, match=f"world '{env_id}'"):
        same_step_worlds(env_id, 2)


def test_the_last_observations_stand_where_their_episodes_ended():
    info = final_info(np.array([2, 0]), np.array([[5.0], [7.0]]), 3)
    assert [None if obs is None else obs.tolist() for obs in info["final_obs"]] == [[7.0], None, [5.0]]
    assert info["_final_obs"].tolist() == [True, False, True]


def test_worlds_that_are_reset_get_the_generators_that_each_alone_would_get():
    first = seeded([None] * 3, 7)
    alone = [np_random(7 + i)[0] for i in range(3)]
    assert [rng.integers(10**9) for rng in first] == [rng.integers(10**9) for rng in alone]
    assert seeded(first, None) == first  # they go on
    some = seeded(first, [None, 8, None])
    assert (some[0], some[2]) == (first[0], first[2])
    assert some[1].integers(10**9) == np_random(8)[0].integers(10**9)
    with pytest.raises(ValueError, match="there are 3 mazes; got 2 seeds"):
        seeded(first, [1, 2], "mazes")
