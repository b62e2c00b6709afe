"""A picture and a sentence as the reward: its formula and its loss by hand, who is told what, and who arrives."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from AP import image_reward
from AP.image_reward import (
    Config,
    ImageReward,
    TwoTowers,
    captioned,
    info_nce,
    projection,
    reward,
    train,
)
from AP.image_reward_report import (
    HELD_OUT,
    KNOWN,
    Marks,
    agents,
    arrives,
    judge,
    judge_all,
    learn,
    rewards_of_cells,
    success,
    true_rewards,
    wrong,
)
from framework.graph import graphs_of
from framework.tf import tf
from worlds.picture_room import (
    ANY_ROOM,
    FLOOR,
    GOAL,
    INK,
    NEAR,
    NEAR_GOAL,
    NOTHING,
    SENTENCES,
    THINGS,
    draw_rooms,
    free_cells,
    is_near,
    picture_room_oracle,
    see_picture_room,
    words_of,
)

SMALL = Config(
    steps=4, gradient_steps=2, batch_size=8, pictures=50, width=2, embedding=4, eval_every=2, log_every=2,
    eval_episodes=2, final_episodes=2,
)  # fmt: skip
GOAL_VECTOR, BASELINE = np.array([1.0, 0.0]), np.array([0.0, 1.0])


@pytest.mark.parametrize(
    ("alpha", "expected"),
    [
        (0.0, [1.0, 0.0, 0.6, -1.0]),  # the cosine with the goal
        # The way is (1, -1) / √2; x - g is 0, (-1, 1), (-0.4, 0.8), (-2, 0); along the way 0, -√2, -1.2/√2, -√2.
        (1.0, [1.0, 0.0, 1 - 0.36, 0.0]),
        # Beside the way (x - g) has 0, 0, 0.4/√2, -√2, which counts by half: 1 - 1/2 (along² + beside² / 4).
        (0.5, [1.0, 0.0, 1 - 0.36 - 0.5 * 0.08 / 4, 1 - 1 - 0.25]),
    ],
)
def test_the_reward_by_hand(alpha, expected):
    x = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8], [-1.0, 0.0]])
    assert reward(x, GOAL_VECTOR, BASELINE, alpha) == pytest.approx(expected)
    assert reward(7 * x, 3 * GOAL_VECTOR, 5 * BASELINE, alpha) == pytest.approx(expected)  # normalised first


def test_the_projection_leaves_the_way_and_shortens_what_is_beside_it():
    p = projection(GOAL_VECTOR, BASELINE, 0.25)
    assert p @ [1, -1] == pytest.approx([1, -1])
    assert p @ [1, 1] == pytest.approx([0.75, 0.75])
    assert projection(GOAL_VECTOR, BASELINE, 0.0) == pytest.approx(np.eye(2))
    with pytest.raises(ValueError, match="the goal and the baseline say the same"):
        projection(GOAL_VECTOR, GOAL_VECTOR, 0.5)


def test_info_nce_by_hand_and_equal_captions_are_all_right():
    x = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
    g = np.array([[1, 0], [1, 0], [0, 1]], np.float32)  # the first two say the same
    logits, (one, some, more) = np.array([[2, 2, 0], [0, 0, 2], [1.2, 1.2, 1.6]]), np.exp([2, 1.2, 1.6])
    rows = [np.log(2 * one + 1) - 2, np.log(2 + one), np.log(2 * some + more) - 1.6]
    columns = [np.log(one + 1 + some) - 2, np.log(one + 1 + some), np.log(1 + one + more) - 1.6]
    found = float(info_nce(x, g, 2.0))
    assert found == pytest.approx((np.sum(rows) + np.sum(columns)) / 6, abs=1e-6)
    right = np.array([[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]])  # each picture has all equal captions as targets
    both = [np.log(np.exp(table).sum(axis=1)) - (right * table).sum(axis=1) for table in (logits, logits.T)]
    assert found == pytest.approx(np.mean(both), abs=1e-6)
    assert float(info_nce(x, g[[2, 1, 0]], 2.0)) > found + 0.3


def test_the_gradient_of_the_loss_is_that_of_finite_differences():
    rng = np.random.default_rng(0)
    x, g = (tf.Variable(rng.normal(size=(4, 3)).astype(np.float32)) for _ in range(2))
    with tf.GradientTape() as tape:
        loss = info_nce(x, g, 1.5)
    gradient = tape.gradient(loss, x).numpy()
    for row, column in ((0, 0), (3, 2)):
        moved = np.zeros((4, 3), np.float32)
        moved[row, column] = 1e-2
        around = [float(info_nce(x + sign * moved, g, 1.5)) for sign in (1, -1)]
        assert (around[0] - around[1]) / 2e-2 == pytest.approx(gradient[row, column], abs=1e-3)


def test_what_fills_a_sentence_up_counts_nothing():
    towers = TwoTowers(SMALL)
    for variable in towers.ear.trainable_variables:
        variable.assign(variable + 0.1)  # without a bias the length of a mean would not matter
    words = words_of([ANY_ROOM, "the robot is near the red key"])
    longer = np.concatenate([words, np.zeros((2, 3), np.int32)], axis=1)
    assert TwoTowers.read.method(towers, longer).numpy() == pytest.approx(towers.read(words), abs=1e-6)
    assert np.linalg.norm(towers.read(words), axis=1) == pytest.approx([1, 1], abs=1e-5)
    assert not np.allclose(*towers.read(words), atol=1e-3)


def test_a_picture_is_seen_alike_wherever_its_things_are():
    towers = TwoTowers(replace(SMALL, width=8))
    room = np.array([[3, 3, 4, 3, 13, 5, 5, 2, 0]])  # far from walls, which are seen, too
    moved = room.copy()
    moved[:, [0, 2, 5]] -= 1
    assert towers.look(see_picture_room(room)) == pytest.approx(towers.look(see_picture_room(moved)), abs=1e-5)
    apart = room.copy()
    apart[:, 0] = 2
    assert not np.allclose(towers.look(see_picture_room(room)), towers.look(see_picture_room(apart)), atol=1e-3)


def test_no_picture_and_no_caption_to_learn_from_has_a_pair_that_is_held_out():
    assert [THINGS[thing] for thing in HELD_OUT] == ["red ball", "green box", "blue cup", "yellow key"]
    rooms, said = captioned(5_000, np.random.default_rng(0))
    assert set(rooms[:, [4, 7]].ravel()) == set(KNOWN)
    named = " ".join(SENTENCES[number] for number in set(said))
    assert [THINGS[thing] in named for thing in HELD_OUT] == [False] * 4
    assert all(word in named for word in ("red", "green", "blue", "yellow", "ball", "box", "cup", "key"))
    near = is_near(rooms, GOAL) | is_near(rooms, slice(5, 8))
    assert near.mean() == pytest.approx(0.5, abs=0.03)


def test_the_wrong_thing_shares_neither_colour_nor_noun_and_is_known():
    for thing in range(len(THINGS)):
        ours, others = THINGS[thing].split(), THINGS[wrong(thing)].split()
        assert not set(ours) & set(others)
        assert wrong(thing) in KNOWN


def true_reward_of(thing):
    """Reads the pixels: 1 where the robot's cell touches the cell of the thing."""
    sprite = see_picture_room(np.array([[7, 7, 0, 0, thing, 4, 4, (thing + 1) % 16, 0]]))[0, :4, :4]

    def true_reward(pictures):
        cells = pictures.reshape(-1, 8, 4, 8, 4, 3).swapaxes(2, 3)
        is_thing = (cells == sprite).all(axis=(3, 4, 5))
        is_robot = (cells == INK).all(axis=-1).sum(axis=(3, 4)) == 10
        found = []
        for things, robots in zip(is_thing, is_robot, strict=True):
            where, robot = np.argwhere(things), np.argwhere(robots)  # the robot may stand on the thing
            found.append(float(len(where) and np.abs(where - robot).max() == 1))
        return np.array(found)

    return true_reward


def near_anything(pictures):
    """1 where the robot's neighbours are not all floor: what ranks high without a look at the sentence."""
    cells = pictures.reshape(-1, 8, 4, 8, 4, 3).swapaxes(2, 3)
    empty = np.pad((cells == FLOOR).all(axis=(3, 4, 5)), ((0, 0), (1, 1), (1, 1)), constant_values=True)
    robots = (cells == INK).all(axis=-1).sum(axis=(3, 4)) == 10
    found = []
    for each, robot in zip(empty, robots, strict=True):
        y, x = np.argwhere(robot)[0]
        found.append(float(each[y : y + 3, x : x + 3].sum() < 8))
    return np.array(found)


def test_auc_tells_who_reads_the_sentence_from_who_likes_to_be_near_anything():
    rng = np.random.default_rng(0)
    assert judge(true_reward_of(13), 13, 20, rng) == Marks(1.0, 1.0, 1.0)
    assert judge(near_anything, 13, 20, rng) == Marks(0.75, 0.5, 1.0)
    assert judge(lambda pictures: np.zeros(len(pictures)), 13, 20, rng) == Marks(0.5, 0.5, 0.5)


def test_goals_are_judged_by_their_own_sentence_or_by_the_one_that_is_asked():
    asked = []

    def reward_for(thing, alpha):
        asked.append((thing, alpha))
        return true_reward_of(thing) if thing == 13 else near_anything

    rng = np.random.default_rng(0)
    assert judge_all(reward_for, (13,), 0.5, 10, rng) == Marks(1.0, 1.0, 1.0)
    assert judge_all(reward_for, (13,), 0.5, 10, rng, wrong) == Marks(0.75, 0.5, 1.0)
    assert asked == [(13, 0.5), (wrong(13), 0.5)]


def test_rewards_stand_on_the_cells_where_the_robot_is_in_the_picture():
    rooms = draw_rooms(np.random.default_rng(2), [13, 13, 13], [NOTHING] * 3)
    assert np.array_equal(rewards_of_cells(true_reward_of(13), rooms), true_rewards(rooms))
    assert true_rewards(rooms).sum(axis=1) == pytest.approx([8, 8, 8], abs=5)
    assert (true_rewards(rooms)[~free_cells(rooms)] == 0).all()


def test_q_learning_by_the_true_reward_arrives_and_its_values_are_those_of_staying_for_ever():
    rng = np.random.default_rng(0)
    rooms = draw_rooms(rng, rng.integers(16, size=20), [NOTHING] * 20)
    assert success(true_rewards(rooms), rooms, rng) == 1.0
    assert success(np.zeros((20, 64)), rooms, rng) < 0.5  # nothing to go by: always up
    q, near = learn(true_rewards(rooms), rooms, rng, episodes=800), true_rewards(rooms) > 0
    assert q.max(axis=2)[near] == pytest.approx(10.0, abs=0.02)  # 1 for ever is worth 1 / (1 - 0.9)
    assert arrives(picture_room_oracle, rooms).all()


def test_agents_are_sent_to_what_they_are_told():
    shares = agents(lambda thing, alpha: true_reward_of(thing) if thing == 13 else near_anything, (13,), 0.5, 30,
                    np.random.default_rng(0))  # fmt: skip
    assert shares["picture and sentence"] == shares["the true reward"] == 1.0
    assert 0.1 < shares["a wrong sentence"] < 0.9  # the nearest thing
    assert shares["nothing: random moves"] < 0.5


def test_the_goal_is_the_mean_of_three_wordings_and_the_baseline_is_true_of_all():
    towers, sentences = TwoTowers(SMALL), [ANY_ROOM, *(f"{start} red box" for start in NEAR)]
    baseline, *near = (towers.read(words_of([sentence]))[0] for sentence in sentences)
    told = ImageReward(towers, THINGS.index("red box"), 0.5)
    assert told.goal == pytest.approx(np.mean(near, axis=0), abs=1e-6)
    assert told.baseline == pytest.approx(baseline, abs=1e-6)
    assert np.linalg.norm(told.goal - baseline) > 1e-3


def test_a_picture_is_learnt_from_with_its_own_caption(monkeypatch):
    towers, (rooms, _) = TwoTowers(SMALL), captioned(50, np.random.default_rng(0))
    monkeypatch.setattr(towers, "update", lambda pictures, said, learning_rate: (pictures, said))
    pictures, said = towers.train_step(rooms, np.arange(50), 1e-3)  # the number of a room for its caption
    assert said.shape == (SMALL.gradient_steps, SMALL.batch_size)
    np.testing.assert_array_equal(pictures.reshape(-1, 32, 32, 3), see_picture_room(rooms[said.ravel()]))


def test_the_towers_are_traced_once():
    towers = TwoTowers(SMALL)
    rooms, said = captioned(50, np.random.default_rng(0))
    for count in (3, 5):
        towers.train_step(rooms, said, 1e-3)
        towers.look(see_picture_room(rooms[:count]))
        towers.read(words_of(SENTENCES[:count]))
    assert {name: graph.traces for name, graph in graphs_of(towers).items()} == {"update": 1, "look": 1, "read": 1}


def test_a_killed_run_ends_as_one_that_was_not(ends_alike, monkeypatch):
    monkeypatch.setattr(image_reward, "report", lambda *_: [])  # what follows training is tried below
    monkeypatch.setattr(image_reward, "draw_run", lambda *_: None)
    ends_alike(train, SMALL, 1, 3)


def test_the_page_judges_its_towers_and_draws_what_they_reward(run_page, tmp_path):
    printed = run_page("image_reward", "--quick", "--width", "2", "--alpha", "0", "--goal", "red ball").out
    assert "goal: red ball" in printed
    assert "4 goals that were never met" in printed
    assert "red ball: of agents that learn from the true reward, 1.00 arrive" in printed
    assert next(tmp_path.glob("runs/image_reward/*/rewards.png")).stat().st_size > 10_000


def test_bad_input_is_one_sentence(run_page):
    assert "error: a thing is a colour" in run_page("image_reward", "--goal", "pink box").err
    assert "error: alpha must be from 0 to 1; got 2.0" in run_page("image_reward", "--alpha", "2").err
    assert "error: width must be at least 1; got 0" in run_page("image_reward", "--width", "0").err


@pytest.mark.slow
def test_towers_learn_to_rank_and_agents_follow_them(tmp_path):
    config = replace(Config(), steps=40, seed=7, eval_episodes=10, eval_every=40, run_folder=str(tmp_path / "run"))
    of, rng = partial(ImageReward, train(config)), np.random.default_rng(0)
    known, wrongly = judge_all(of, KNOWN, 0.5, 50, rng), judge_all(of, KNOWN, 0.5, 50, rng, wrong)
    assert min(known) > 0.9
    assert wrongly.nothing > 0.85 > wrongly.all  # near anything
    assert wrongly.other < 0.55
    single = judge_all(partial(of, wordings=NEAR[1:2]), KNOWN, 0.5, 50, rng)
    assert single.all > 0.85
    shares = agents(of, KNOWN, 0.5, 5, rng)
    assert shares["picture and sentence"] > 0.85 > 0.65 > shares["a wrong sentence"]
    rooms = draw_rooms(rng, np.full(9, 13), np.full(9, NEAR_GOAL))
    assert of(13, 0.0)(see_picture_room(rooms)).shape == (9,)
