"""Episodes as data: what is to come, windows, the file, and who played."""

import numpy as np
import pytest

from AP import catcher_data as page
from AP.catcher_data import LIMIT, MAX_RETURN, Episodes, catcher_data, load_episodes, play_catcher, save_episodes
from worlds.catcher import FRUIT_X, FRUIT_Y, SIZE, CatcherVector, catcher_oracle


def two_episodes():
    """Of 3 and of 2 steps."""
    obs = np.arange(25, dtype=np.float32).reshape(5, 5) / 100
    reward = np.float32([0, 1, -1, 1, 1])
    return Episodes(obs, np.array([0, 1, 2, 0, 1]), reward, np.array([0, 3, 5]), np.array([True, False]), np.ones(2))


def test_what_is_to_come_by_hand_the_first_of_an_episode_is_its_return():
    data = two_episodes()
    assert data.returns_to_go().tolist() == [0, 0, -1, 2, 1]
    assert data.returns.tolist() == [0, 2]
    assert data.returns_to_go(0.5).tolist() == [0.25, 0.5, -1, 1.5, 1]
    assert data.elapsed.tolist() == [0, 1, 2, 0, 1]


def test_what_is_to_come_is_that_of_a_plain_loop():
    data = play_catcher("mirrored", 20, seed=1)
    for episode, (start, end) in enumerate(zip(data.start, data.start[1:], strict=False)):
        for row in (start, (start + end) // 2, end - 1):
            assert data.returns_to_go()[row] == data.reward[row:end].sum()
        assert data.returns_to_go()[start] == data.returns[episode]


def test_windows_end_with_their_step_and_never_reach_into_another_episode():
    rows, known = two_episodes().windows(np.array([2, 3, 4]), 3)
    assert known.tolist() == [[True, True, True], [False, False, True], [False, True, True]]
    assert rows[known].tolist() == [0, 1, 2, 3, 3, 4]


def test_parts_of_the_data_are_whole_episodes():
    data = two_episodes()
    one = data.of([1])
    assert (one.reward.tolist(), one.start.tolist(), one.action.tolist()) == ([1, 1], [0, 2], [0, 1])
    assert data.best(0.5).returns.tolist() == [2]
    assert data.best(0).returns.tolist() == [2]
    played = play_catcher("mirrored", 40, seed=0)
    learnt, unseen = played.split()
    assert (len(learnt.lengths), len(unseen.lengths)) == (36, 4)
    assert sorted([*learnt.returns, *unseen.returns]) == sorted(played.returns)
    best = played.best(0.25)
    assert sorted(best.returns) == sorted(played.returns)[-10:]


def test_games_end_with_three_misses_or_after_the_last_step():
    data = play_catcher("mirrored", 60, seed=0)
    assert (data.terminated | (data.lengths == LIMIT)).all()
    assert data.lengths.max() <= LIMIT
    assert data.returns.max() <= MAX_RETURN == 16
    missed = np.add.reduceat(data.reward == -1, data.start[:-1])
    assert ((missed == 3) == data.terminated).all()


def test_most_of_what_is_done_is_wrong_and_more_of_the_right_player_pays_more():
    data = play_catcher("mirrored", 400, seed=0)
    assert 0.3 < data.share.mean() < 0.45  # Beta(1, 1.6) has the mean 0.385
    assert data.returns.mean() < 3
    assert np.corrcoef(data.share, data.returns)[0, 1] > 0.7


def states_of(data):
    """What `catcher_oracle` reads, of what was seen at each step."""
    state, scale = CatcherVector(len(data.obs), "state").state, np.array([64, 12.096, 64, 64, 3])
    unit = data.obs.astype(float)
    unit[:, [0, 2, 3, 4]] = (unit[:, [0, 2, 3, 4]] + 1) / 2
    state[:, :5] = unit * scale
    return state


def test_where_there_is_only_noise_the_most_frequent_action_is_the_right_one():
    """What the oracle would do is done in every second step at least, over all episodes; here it is not."""
    agreed = {}
    for kind in page.KINDS:
        data = play_catcher(kind, 100, seed=2)
        agreed[kind] = (catcher_oracle(states_of(data)) == data.action).mean()
    assert agreed["noise"] > 0.6 > agreed["mirrored"]


def test_one_player_plays_a_fruit_to_its_end():
    """Of the steps of a fruit, 14 of 15 are the right player's or 14 of 15 the wrong one's, but for what is luck."""
    data = play_catcher("mirrored", 40, seed=0)
    state, mirrored = states_of(data), states_of(data)
    mirrored[:, FRUIT_X] = SIZE - mirrored[:, FRUIT_X]
    new = np.flatnonzero(np.diff(state[:, FRUIT_Y], prepend=np.inf) < 0)
    of_each = [np.add.reduceat(catcher_oracle(one) == data.action, new, dtype=int) for one in (state, mirrored)]
    assert (np.max(of_each, axis=0) / np.diff([*new, len(state)])).mean() > 0.9


def test_the_same_seed_plays_the_same_games():
    one, same, other = (play_catcher("noise", 20, seed) for seed in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not np.array_equal(one.start, other.start)


def test_a_hidden_speed_is_always_0_and_all_else_is_seen():
    obs = play_catcher("mirrored", 20, 0).obs
    hidden = page.without_speed(obs)
    assert (hidden[:, 1] == 0).all()
    np.testing.assert_array_equal(np.delete(hidden, 1, axis=1), np.delete(obs, 1, axis=1))
    assert obs[:, 1].any()  # what was given is as it was
    assert hidden.dtype == np.float32


def test_a_file_gives_back_what_was_written_and_numpy_reads_it_without_unpickling(tmp_path):
    data, path = play_catcher("mirrored", 20, 0), tmp_path / "games.npz"
    save_episodes(path, data)
    assert all(np.array_equal(a, b) for a, b in zip(data, load_episodes(path), strict=True))
    with np.load(path, allow_pickle=False) as file:
        assert set(file.files) == set(Episodes._fields)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reward": np.zeros(4)}, "shapes or kinds"),
        ({"action": np.zeros(5)}, "shapes or kinds"),
        ({"start": np.array([0, 3, 4])}, "start must rise"),
        ({"start": np.array([0, 5, 5])}, "start must rise"),
        ({"action": np.array([0, 1, -1, 0, 0])}, "start must rise"),
        ({"reward": np.array([0, np.nan, 0, 0, 0])}, "must be finite"),
        ({"share": np.array([{}, None])}, "damaged, or no file of episodes"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused_in_one_sentence(change, said, tmp_path):
    np.savez(tmp_path / "games.npz", **two_episodes()._replace(**change)._asdict())
    with pytest.raises(ValueError, match=said):
        load_episodes(tmp_path / "games.npz")


def test_what_is_no_file_of_catcher_is_refused(tmp_path):
    save_episodes(tmp_path / "games.npz", two_episodes())
    with pytest.raises(ValueError, match="must hold 20 games or more of Catcher's five numbers"):
        catcher_data(str(tmp_path / "games.npz"), 600, 0)
    (tmp_path / "torn.npz").write_bytes((tmp_path / "games.npz").read_bytes()[:300])
    with pytest.raises(ValueError, match="damaged, or no file of episodes"):
        catcher_data(str(tmp_path / "torn.npz"), 600, 0)
    with pytest.raises(ValueError, match=r"data must be one of mirrored, noise, or a file that ends in \.npz"):
        catcher_data("expert", 600, 0)
    with pytest.raises(OSError, match="nowhere"):
        catcher_data(str(tmp_path / "nowhere.npz"), 600, 0)


def test_games_are_played_once_and_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page.main(page.Options(episodes=20))
    monkeypatch.setattr(page, "play_catcher", None)
    data = catcher_data("mirrored", 20, 0)
    assert len(data.lengths) == 20
    with pytest.raises(ValueError, match=r"episodes must be from 20 to 100,000; got 3"):
        page.main(page.Options(episodes=3))
