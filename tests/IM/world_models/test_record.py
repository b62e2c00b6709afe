"""Random play: what follows what in a recording, how long an action is held, and that it repeats."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from gymnasium import spaces

from framework.runs.config import WorldConfig
from framework.vector import make_worlds
from IM.world_models import record as module
from IM.world_models.record import CHANGE, draw_actions, record
from worlds.windy_catcher import draw_windy_catcher, windy_catcher_step


@dataclass(frozen=True)
class Play(WorldConfig):
    env: str = "WindyCatcher-v0"
    num_envs: int = 6
    frame_size: int = 32
    frame_stack: int = 1
    record_steps: int = 320


@pytest.fixture(scope="module")
def recording():
    return record(Play())


def test_a_frame_shows_its_state_and_reward_and_end_are_those_of_its_action(recording):
    for t in range(0, 320, 10):
        assert (recording.frames[t] == draw_windy_catcher(recording.state[t])).all()
        _, reward, terminated, _ = windy_catcher_step(recording.state[t], recording.action[t])
        assert recording.reward[t].tolist() == reward.tolist()
        assert recording.terminated[t].tolist() == terminated.tolist()


def test_the_next_frame_follows_except_where_a_game_begins(recording):
    after, _, _, landed = windy_catcher_step(recording.state[:-1].reshape(-1, 8), recording.action[:-1].ravel())
    same = (after == recording.state[1:].reshape(-1, 8))[:, :5].all(axis=1)
    assert (same | recording.first[1:].ravel()).all()
    assert not (same & recording.first[1:].ravel()).any()
    assert landed.any()


def test_games_begin_at_the_start_and_after_the_last_life(recording):
    assert recording.first[0].all()
    assert recording.terminated.any()
    assert (recording.first[1:] == recording.terminated[:-1]).all()  # random play loses long before the time limit


def test_a_time_limit_begins_another_game_and_is_no_end(monkeypatch):
    """Within 45 steps nobody can lose three lives."""
    monkeypatch.setattr(module, "make_worlds", partial(make_worlds, max_episode_steps=45))
    cut = record(Play(record_steps=100))
    assert (cut.first == (np.arange(100) % 45 == 0)[:, None]).all()
    assert not cut.terminated.any()


def test_an_action_is_held_and_changes_a_quarter_of_the_time_to_any_other(recording):
    changed = (recording.action[1:] != recording.action[:-1]).mean()
    assert changed == pytest.approx(CHANGE * 2 / 3, abs=0.03)  # one in three draws is the same again
    assert np.bincount(recording.action.ravel()) / recording.action.size == pytest.approx(np.full(3, 1 / 3), abs=0.05)


def test_the_same_seed_records_the_same(recording):
    for one, again in zip(recording, record(Play()), strict=True):
        assert (one == again).all()
    assert (record(Play(), seed=1, steps=20).frames != recording.frames[:20]).any()


def test_where_somebody_plays_it_is_in_every_other_world_by_what_is_true(recording):
    played = record(Play(), player=lambda state: np.full(len(state), 2))
    assert (played.action[:, 1::2] == 2).all()
    assert (played.action[:, ::2] == recording.action[:, ::2]).all()
    paddles = record(Play(), steps=40, player=lambda state: np.where(state[:, 0] > 32, 0, 2)).state[5:, 1::2, 0]
    assert abs(paddles - 32).max() < 12


def test_actions_of_a_box_are_drawn_from_all_of_it():
    actions = draw_actions(spaces.Box(-3, 3, (2,)), 1000, np.random.default_rng(0))
    assert actions.shape == (1000, 2)
    assert (actions.min(), actions.max()) == (pytest.approx(-1, abs=0.01), pytest.approx(1, abs=0.01))


def test_a_world_without_pictures_is_refused():
    with pytest.raises(ValueError, match=r"^World Models learn from pictures; CartPole-v1 shows none$"):
        record(Play(env="CartPole-v1"))
