"""A person's games of Windy Catcher, and the dream of a world model beside them."""

import asyncio
import base64
import json
from contextlib import suppress

import gymnasium as gym
import numpy as np
import pytest

from lab import dreaming
from lab.aside import AsideJob
from lab.dreaming import ROUND, Dreaming
from lab.errors import BadRequest, Busy
from lab.protocol.base import parse_message
from lab.protocol.dream import KIND, dream_request

LEFT, WAIT, RIGHT = range(3)
DREAM = {"id": 1, "seed": 5}
PADDLE_ROW = 31  # of a picture


class FakeVAE:
    """z is where the paddle is, from 0 to 1, and always 0; a picture of z has one bright column."""

    def encode(self, frames):
        at = frames[:, PADDLE_ROW, :, 0].argmax(axis=1) / 31
        return np.stack([at, 0 * at], axis=1).astype(np.float32), np.full((len(frames), 2), -30, np.float32)

    def sample(self, mean, log_var, noise):
        return mean + np.exp(log_var / 2) * noise

    def decode(self, z):
        pictures = np.zeros((len(z), 32, 32, 1), np.uint8)
        for picture, (at, _) in zip(pictures, z, strict=True):
            picture[:, round(31 * float(np.clip(at, 0, 1)))] = 255
        return pictures


class FakeMDNRNN:
    """Its memory counts the steps; the dream moves by the pushes, and by chance at a temperature."""

    end, reward = 0.0, 0.25

    def initial(self, rows):
        return np.zeros((rows, 1), np.float32), np.zeros((rows, 1), np.float32)

    def step(self, z, action, state):
        assert z.shape == (len(state[0]), 2)
        assert action.shape == (len(z),)
        return tuple(part + 1 for part in state)

    def imagine(self, z, action, state, temperature, uniform, normal):
        assert uniform.shape == normal.shape == z.shape
        moved = z + np.stack([(action - 1) / 31, 0 * action], axis=1) + 0.1 * np.sqrt(temperature) * normal
        return moved.astype(np.float32), self.step(z, action, state), np.full(len(z), self.reward), self.ends(len(z))

    def ends(self, rows):
        return np.full(rows, self.end)


class FakeModel:
    low, high = np.zeros(2, np.float32), np.ones(2, np.float32)

    def __init__(self, **of_m):
        self.vae, self.mdn_rnn = FakeVAE(), FakeMDNRNN()
        vars(self.mdn_rnn).update(of_m)


class FakeController:
    """Left in the first of the games that it is shown, right in the others; remembers what it saw."""

    def greedy(self, features):
        self.seen = features
        return np.array([LEFT] + [RIGHT] * (len(features) - 1))


def game(controller=None, of_m=None, **changes):
    return Dreaming(dream_request({**DREAM, **changes}), lambda: (FakeModel(**(of_m or {})), controller))


def play(dreamt, steps):
    for _ in range(steps):
        dreamt.step()
    return dreamt


def pixels(text):
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(32, 32)


# -- the game and its dream -------------------------------------------------------------------------------------


def test_the_person_plays_the_real_world_and_the_dream_gets_the_same_pushes():
    dreamt, env = game(temperature=0.1), gym.make("WindyCatcher-v0")
    env.reset(seed=5)
    for action in [LEFT, None, RIGHT, None] * 10:
        dreamt.receive("push", action)
        dreamt.step()
        picture, *_ = env.step(WAIT if action is None else action)
        np.testing.assert_array_equal(dreamt.reality.picture, picture)
        assert dreamt.reality.action == dreamt.dream.action == (WAIT if action is None else action)


def test_the_dream_begins_with_what_v_sees_and_then_sees_nothing():
    dreamt = game()
    np.testing.assert_array_equal(dreamt.dream.z, dreamt.reality.z)
    dreamt.model.vae.encode = lambda frames: (np.zeros((1, 2), np.float32), np.zeros((1, 2), np.float32))
    other = play(game(), 20)
    play(dreamt, 20)
    np.testing.assert_array_equal(dreamt.dream.z, other.dream.z)  # V's eyes were shut in one of them
    assert not np.array_equal(dreamt.reality.z, other.reality.z)


def test_a_key_that_is_held_acts_until_it_is_let_go_and_a_short_push_acts_for_one_step():
    dreamt, done = game(), []
    for pushes in ([RIGHT], [], [None], [LEFT, None], []):
        for push in pushes:
            dreamt.receive("push", push)
        dreamt.step()
        done.append(dreamt.reality.action)
    assert done == [RIGHT, RIGHT, WAIT, LEFT, WAIT]


def test_a_key_that_is_held_is_held_in_the_next_game_too():
    dreamt = game()
    dreamt.receive("push", RIGHT)
    dreamt.receive("again", 6)
    assert play(dreamt, 1).reality.action == RIGHT


def test_m_follows_the_real_game_so_that_the_dream_can_go_on_from_it_at_any_moment():
    dreamt = play(game(), 40)
    assert dreamt.reality.state[0] == dreamt.dream.state[0] == 40  # steps that M has seen
    assert dreamt.dream.reward == pytest.approx(40 * 0.25)
    dreamt.receive("follow", None)
    np.testing.assert_array_equal(dreamt.dream.z, dreamt.reality.z)
    assert (dreamt.dream.state[0], dreamt.dream.alone) == (40, 0)
    paid = dreamt.reality.caught - dreamt.reality.missed
    assert dreamt.dream.reward == paid != 0  # so that the two can be compared
    before = dreamt.reality.z.copy()
    play(dreamt, 1)
    assert not np.array_equal(dreamt.dream.z, before)
    np.testing.assert_array_equal(dreamt.reality.state[0], [[41]])  # the dream's steps are none of its own


def test_the_dream_ends_by_m_and_the_real_game_goes_on():
    dreamt = play(game(of_m={"end": 1.0}), 1)
    assert (dreamt.dream.over, dreamt.reality.over, dreamt.over) == (True, False, False)
    z = dreamt.dream.z
    play(dreamt, 5)
    assert dreamt.dream.z is z
    assert dreamt.dream.alone == 1
    dreamt.receive("follow", None)
    assert not dreamt.dream.over  # it dreams on


def test_a_dream_that_m_ended_is_not_said_to_be_out_of_time_when_the_real_game_is():
    games = [game(of_m={"end": end}) for end in (1.0, 0.0, 0.0)]
    for each in games:
        play(each, ROUND - 1)
    games[1].model.mdn_rnn.end = 1.0  # in the very last step
    outs = [play(each, 1).frame(full=True)["dream"]["out"] for each in games]
    assert all(each.over for each in games)
    assert outs == [False, False, True]


def test_an_unlikely_end_comes_seldom_and_not_never():
    def lengths(end, seeds=40):
        games = [game(of_m={"end": end}, seed=seed) for seed in range(seeds)]
        for each in games:
            while not each.dream.over:
                each.step()
        return np.array([each.dream.alone for each in games])

    assert 6 < lengths(0.1).mean() < 15  # 10 in the mean
    assert (lengths(0.0) == ROUND).all()


def test_a_round_is_over_after_three_hundred_steps_in_both_and_then_nothing_moves():
    dreamt = game()
    steps = 0
    while not dreamt.over:
        dreamt.step()
        steps += 1
    assert steps == ROUND
    z = dreamt.reality.z
    play(dreamt, 3)
    assert dreamt.reality.z is z
    assert dreamt.step_of_round == ROUND
    dreamt.receive("follow", None)  # there is nothing left to follow
    assert dreamt.over


def test_equal_seeds_give_equal_games_and_dreams_and_others_give_others():
    def after(seed):
        dreamt = play(game(seed=seed), 30)
        return dreamt.dream.z, dreamt.reality.picture

    for one, same, other in zip(after(5), after(5), after(6), strict=True):
        np.testing.assert_array_equal(one, same)
        assert not np.array_equal(one, other)
    dreamt = play(game(seed=6), 10)
    dreamt.receive("again", 5)
    assert (dreamt.step_of_round, dreamt.seed) == (0, 5)
    np.testing.assert_array_equal(play(dreamt, 30).dream.z, after(5)[0])


def test_a_dream_is_as_wild_as_its_temperature_from_the_next_step_on():
    spread = {}
    for temperature in (0.1, 1.5):
        dreamt = game()
        dreamt.receive("tune", {"temperature": temperature})
        before, moved = dreamt.dream.z, []
        for _ in range(200):
            dreamt.dream.z = np.full((1, 2), 0.5, np.float32)
            dreamt.dream.step(WAIT, dreamt.settings["temperature"], dreamt.rng)
            moved.append(dreamt.dream.z - 0.5)
        spread[temperature] = np.std(moved)
        assert before is not None
    assert spread[1.5] / spread[0.1] == pytest.approx(np.sqrt(15), rel=0.2)


# -- who plays --------------------------------------------------------------------------------------------------


def test_the_controller_acts_on_what_it_sees_in_each_of_the_two():
    controller = FakeController()
    dreamt = play(game(controller, player="controller"), 3)
    seen = np.concatenate([dreamt.reality.z, dreamt.reality.state[0]], axis=1)
    dreamed = np.concatenate([dreamt.dream.z, dreamt.dream.state[0]], axis=1)
    dreamt.step()
    np.testing.assert_array_equal(controller.seen, np.concatenate([seen, dreamed]))
    assert (dreamt.reality.action, dreamt.dream.action) == (LEFT, RIGHT)
    assert dreamt.started()["controller"] is True


def test_without_a_controller_the_person_plays():
    dreamt = game(player="controller")
    assert dreamt.started()["controller"] is False
    dreamt.receive("push", RIGHT)
    play(dreamt, 2)
    assert dreamt.reality.action == RIGHT


def test_random_play_holds_its_actions_for_a_while_as_in_what_m_learnt_from():
    dreamt, actions = game(player="random"), []
    dreamt.receive("push", LEFT)  # which counts for nothing
    for _ in range(ROUND):
        dreamt.step()
        actions.append(dreamt.dream.action)
    changes = np.mean(np.diff(actions) != 0)
    assert 0.1 < changes < 0.24  # a quarter of the steps draw anew, two thirds of them something else
    assert set(actions) == {LEFT, WAIT, RIGHT}


# -- what is told -----------------------------------------------------------------------------------------------


def test_a_frame_holds_both_pictures_and_only_what_is_asked_for_besides():
    dreamt = play(game(), 40)
    dreamt.receive("push", LEFT)
    dreamt.step()
    told = json.loads(json.dumps(dreamt.frame(full=False)))
    np.testing.assert_array_equal(pixels(told["real"]["picture"]), dreamt.reality.picture[..., 0])
    dreamed = dreamt.model.vae.decode(dreamt.dream.z)[0, ..., 0]
    np.testing.assert_array_equal(pixels(told["dream"]["picture"]), dreamed)
    assert (told["step"], told["real"]["action"], told["dream"]["reward"]) == (41, LEFT, 10.25)
    assert (told["seen"], told["futures"]) == (None, None)
    assert dreamt.frame(full=False) is None  # nothing has moved
    assert len(json.dumps(told)) < 5_000
    dreamt.receive("tune", {"seen": True, "futures": True})
    told = dreamt.frame(full=False)
    assert pixels(told["seen"]).max() == 255
    assert pixels(told["futures"]).sum() > 0


def test_a_frame_says_when_the_fruit_is_out_of_sight():
    dreamt, hidden = game(), []
    for _ in range(30):
        hidden.append(dreamt.frame(full=True)["real"]["hidden"])
        dreamt.step()
    assert hidden == [False] * 12 + [True] * 13 + [False] * 5  # from height 24 to 50, two pixels a step


def test_who_looks_at_futures_changes_nothing_and_they_spread_with_the_temperature():
    looking, other = game(futures=True, temperature=1.5), game(temperature=1.5)
    for _ in range(5):
        for each in (looking, other):
            each.step()
            each.frame(full=False)
    np.testing.assert_array_equal(looking.dream.z, other.dream.z)
    columns = {}
    for temperature in (0.1, 1.5):
        looking.dream.z = np.full((1, 2), 0.5, np.float32)
        looking.receive("tune", {"temperature": temperature})
        columns[temperature] = (pixels(looking.frame(full=True)["futures"]).sum(axis=0) > 0).sum()
    assert columns[1.5] > 1.5 * columns[0.1] > 1
    looking.dream.over = True
    assert looking.frame(full=True)["futures"] is None


# -- messages ---------------------------------------------------------------------------------------------------


def test_malformed_messages_are_refused_in_one_sentence():
    for change in (
        *({"seed": -1}, {"pace": "x"}, {"temperature": 0}, {"temperature": 1.6}, {"temperature": None}),
        *({"player": "cat"}, {"player": None}, {"seen": 1}, {"futures": None}),
    ):
        with pytest.raises(BadRequest):
            dream_request({**DREAM, **change})
    request = dream_request(DREAM)
    for kind, message in (
        ("push", {"action": 3}),
        ("push", {"action": True}),
        ("tune", {"temperature": "hot"}),
        ("tune", {"seen": "yes"}),
        ("again", {"seed": 0.5}),
        ("pace", {"pace": -1}),
    ):
        with pytest.raises(BadRequest):
            KIND.receives[kind](message, request)
    assert KIND.receives["push"]({"action": None}, request) is None
    assert KIND.receives["tune"]({"temperature": 0.1, "else": 1}, request) == {"temperature": 0.1}
    ordinary = dream_request(parse_message('{"id": 1}'))
    assert (ordinary.pace, ordinary.settings["temperature"], ordinary.settings["player"]) == (15, 1.0, "person")
    assert not KIND.survives


# -- the process ------------------------------------------------------------------------------------------------


def dream_job(**changes):
    sent = []

    async def send(message):
        sent.append(message)
        return True

    return KIND.job(dream_request({**DREAM, **changes}), None, send), sent


@pytest.fixture
def model_is_there(monkeypatch, tmp_path):
    monkeypatch.setattr(dreaming, "find_spec", lambda name: True)
    monkeypatch.setattr(dreaming, "MODEL", tmp_path)


def make_fake(request):
    """The games of a fake model, for the other process."""
    return Dreaming(request, lambda: (FakeModel(), None))


def test_where_tensorflow_or_the_model_is_missing_one_sentence_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # where there are no runs
    monkeypatch.setattr(dreaming, "MODEL", tmp_path / "none.npz")
    for found, sentence in ((None, r"-e \"\.\[cpu\]\""), (True, "python IM/world_models/world_models.py")):
        monkeypatch.setattr(dreaming, "find_spec", lambda name, found=found: found)
        job, sent = dream_job()
        with pytest.raises(BadRequest, match=sentence):
            asyncio.run(job.run())
        assert sent == []
    assert not AsideJob.under_way


def test_without_the_course_s_model_that_of_the_newest_run_is_taken(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dreaming, "MODEL", tmp_path / "shipped.npz")
    for name in ("20260102-120000-seed0", "20260103-120000-seed1", "20260104-120000-seed2"):
        (tmp_path / "runs" / "world_models" / name).mkdir(parents=True)
        if name[-1] != "2":  # that run has not come so far
            (tmp_path / "runs" / "world_models" / name / "world_model.npz").touch()
    assert dreaming.model_file().parent.name == "20260103-120000-seed1"
    dreaming.MODEL.touch()
    assert dreaming.model_file() == dreaming.MODEL


def test_there_is_one_such_process_at_a_time(monkeypatch, model_is_there):
    monkeypatch.setattr(AsideJob, "under_way", True)
    with pytest.raises(Busy, match="is in use"):
        asyncio.run(dream_job()[0].run())


def test_a_dream_in_which_nobody_plays_ends_and_frees_its_process(monkeypatch, model_is_there):
    monkeypatch.setattr(dreaming, "IDLE_SECONDS", 0.05)
    job, sent = dream_job(pace=0)
    job.maker = f"{__name__}:make_fake"
    with pytest.raises(Busy, match="nobody played"):
        asyncio.run(job.run())
    assert [message["type"] for message in sent] == ["waking", "dreaming", "dreamt"]
    assert not job.runner.process.is_alive()
    assert not AsideJob.under_way


def test_the_steps_are_taken_in_another_process_which_ends_with_the_page(model_is_there):
    job, sent = dream_job(pace="full")
    job.maker = f"{__name__}:make_fake"

    async def run():
        running = asyncio.create_task(job.run())
        while not running.done() and not (sent and sent[-1].get("step", 0) > 20):
            await asyncio.sleep(0.001)
        if running.done():
            running.result()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    asyncio.run(run())
    assert not job.runner.process.is_alive()
    assert not AsideJob.under_way


# -- the real model ---------------------------------------------------------------------------------------------


def test_the_trained_model_dreams_and_no_graph_is_traced_twice():
    if not dreaming.MODEL.exists():
        pytest.skip(f"needs {dreaming.FILE}")
    pytest.importorskip("tensorflow")
    from framework.graph import graphs_of

    dreamt = Dreaming(dream_request({**DREAM, "player": "controller", "seen": True, "futures": True}))
    assert graphs_of(dreamt.model.mdn_rnn)["imagine"].traces == 1  # before the page hears that it is awake
    assert dreamt.step_of_round == 0
    for _ in range(40):
        dreamt.step()
        told = dreamt.frame(full=False)
    graphs = [graph for agent in (dreamt.model.vae, dreamt.model.mdn_rnn) for graph in graphs_of(agent).values()]
    assert {graph.traces for graph in graphs if graph.traces} == {1}
    for name in ("real", "dream"):
        assert pixels(told[name]["picture"]).max() > 100
    assert np.isfinite(dreamt.dream.z).all()
