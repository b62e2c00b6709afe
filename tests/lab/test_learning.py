"""Lessons of the simulator: the EL classes step for step, what a frame tells, truth, walks, changes of the maze."""

import asyncio
import json

import numpy as np
import pytest

from DP.planner import PLANNERS
from environment import BOOK_MAZE, DANGER, TREASURE, GridWorld
from framework.tabular.study import learn_once
from framework.tabular.world import TableWorld
from lab.cards import BOTH_GAPS, LEFT_GAP
from lab.errors import BadRequest
from lab.jobs import JobRunner
from lab.learners import LEARNERS, SETTINGS, default_settings, make_agent
from lab.learning import (
    LONGEST_CURVE,
    MEASURED,
    MOST_IMAGINED,
    SMALLEST_ERROR,
    Curve,
    Lesson,
    Truth,
    told_imagined,
)
from lab.protocol.learn import KIND, LearnRequest, learn_request

GRID = [list(row) for row in BOOK_MAZE]
LEARN = {"type": "learn", "id": 5, "grid": GRID, "learners": [{"name": "q_learning", "seed": 3}], "pace": 0}


def lesson(*learners, env=GridWorld, **settings):
    """A lesson of learners (name, seed), each in a new world of ``env``."""
    learners = learners or (("q_learning", 3),)
    worlds = tuple(env() for _ in learners)
    return Lesson(LearnRequest(5, learners, worlds, default_settings() | settings, pace=0))


def script(name, seed=3, **settings):
    """What a reader's own script would do: generator of (agent, step)."""
    env = TableWorld(GridWorld())
    env.reset(seed=seed)
    settings = default_settings() | settings
    agent = make_agent(name, env, seed, settings)
    while True:
        for step in agent.steps(env):
            yield agent, step


def frame(lesson, full=False):
    """The pictures of a frame, as the page reads them."""
    message = json.loads(lesson.frame(full))
    assert (message["type"], message["id"], message["full"]) == ("frame", 5, full)
    return message["learners"]


class Page:
    """What a page knows of one learner from the frames that it was sent."""

    def __init__(self):
        self.rows, self.v, self.means, self.points = {}, {}, [], []

    def take(self, picture):
        self.rows.update({state: (q, n) for state, q, n in picture["rows"]})
        self.v.update(map(tuple, picture["v"] or []))
        self.means = self.means[: picture["curve"]["keep"]] + picture["curve"]["means"]
        self.points = self.points[: picture["measures"]["keep"]] + picture["measures"]["points"]


def visited(agent):
    return {state: (agent.q[state], n) for state, n in enumerate(agent.n) if any(n)}


@pytest.mark.parametrize("name", LEARNERS)
def test_frames_tell_the_tables_of_the_el_class_itself_step_for_step(name):
    taught, own, page = lesson((name, 3)), script(name), Page()
    page.take(frame(taught, full=True)[0])
    assert page.rows == {}
    for i in range(60):
        taught.advance(1)
        (picture,) = frame(taught)
        agent, step = next(own)
        page.take(picture)
        assert page.rows == visited(agent)
        planned = step.updates if hasattr(agent, "model") else ()  # told apart, for they were only imagined
        told = step._replace(updates=()) if planned else step
        assert picture["steps"] == [json.loads(json.dumps(told._asdict()))]
        assert [update[:2] for update in (picture["imagined"] or {"updates": []})["updates"]] == [
            [s, a] for s, a, _ in planned
        ]
        assert picture["step"] == i + 1
        if name == "actor_critic":
            assert page.v == {state: agent.critic.v[state] for state in page.rows}
        else:
            assert picture["v"] is None
    later = Page()  # a page that comes back is told everything
    later.take(frame(taught, full=True)[0])
    assert (later.rows, later.v, later.means, later.points) == (page.rows, page.v, page.means, page.points)


def test_a_frame_tells_only_what_has_changed():
    taught = lesson(epsilon=1.0)
    for _ in range(100):
        taught.advance(1)
    frame(taught)
    taught.advance(1)
    (picture,) = frame(taught)
    assert len(picture["rows"]) == 1
    assert picture["curve"]["means"] == picture["measures"]["points"] == []
    assert frame(taught)[0]["rows"] == frame(taught)[0]["steps"] == []


def test_a_page_follows_a_curve_whose_points_are_joined():
    taught, page = lesson(), Page()
    while taught.learners[0].curve.size < 4:
        taught.advance(500)
        page.take(frame(taught)[0])
    assert page.means == taught.learners[0].curve.means
    assert page.points == taught.learners[0].measures


def test_the_traces_of_td_lambda_are_told():
    taught = lesson(("td_lambda", 3), ("q_learning", 3))
    taught.advance(5)
    told = frame(taught)
    traces = taught.learners[0].agent.traces
    assert {(s, a): trace for s, a, trace in told[0]["traces"]} == traces
    assert told[1]["traces"] is None


PLANNERS_THAT_LEARN = [name for name, learner in LEARNERS.items() if "planning_steps" in learner.limits]


@pytest.mark.parametrize("name", PLANNERS_THAT_LEARN)
def test_imagined_updates_are_told_in_order_with_their_errors_and_the_model_with_its_ages(name):
    taught, own, last = lesson((name, 3), ("q_learning", 3)), script(name), {}
    for i in range(300):
        taught.advance(1)
        picture, beside = frame(taught)
        _, step = next(own)
        last[step.state, step.action] = i + 1
        imagined = picture["imagined"]
        assert imagined["count"] == len(step.updates)
        assert imagined["changed"] == sum(abs(error) >= SMALLEST_ERROR for *_, error in step.updates)
        for (*_, told), (*_, error) in zip(imagined["updates"], step.updates, strict=True):
            assert told == pytest.approx(error, rel=1e-3, abs=SMALLEST_ERROR)
        assert [step.state, [last.get((step.state, a), 0) for a in range(4)]] in picture["tried"]
        assert beside["imagined"] is beside["tried"] is None
    known = {(s, a): at for s, row in frame(taught, full=True)[0]["tried"] for a, at in enumerate(row) if at}
    assert known == last


def test_of_many_imagined_updates_a_frame_tells_those_with_the_largest_errors_in_their_order():
    errors = np.random.default_rng(0).normal(size=300)
    updates = tuple((i, i % 4, float(error)) for i, error in enumerate(errors))
    told = told_imagined(updates)
    assert (told["count"], told["changed"], len(told["updates"])) == (300, 300, MOST_IMAGINED)
    places = [s for s, _, _ in told["updates"]]
    assert places == sorted(places)
    assert min(abs(errors[places])) >= max(abs(np.delete(errors, places)))


def test_a_frame_tells_of_the_newest_step_alone_what_was_imagined_however_many_were_taken():
    taught = lesson(("dyna", 3), planning_steps=200)
    while taught.steps < 2000:
        taught.advance(500)
    (picture,) = frame(taught)
    assert len(picture["steps"]) == 10
    assert not any(step["updates"] for step in picture["steps"])
    assert (picture["imagined"]["count"], len(picture["imagined"]["updates"])) == (200, MOST_IMAGINED)


def test_dyna_q_plus_finds_the_shortcut_that_dyna_q_never_tries_in_the_page_s_own_mazes():
    closed, opened = (GridWorld.from_link(f"maze={maze}&prob=1&step_reward=0") for maze in (LEFT_GAP, BOTH_GAPS))
    settings = {"gamma": 0.95, "planning_steps": 20}
    taught = lesson(("dyna", 1), ("dyna_plus", 1), env=lambda: closed, **settings)
    while taught.steps < 3000:
        taught.advance(3000 - taught.steps)
    before = [learner.treasures for learner in taught.learners]
    taught.receive("world", [opened, opened])
    while taught.steps < 6000:
        taught.advance(6000 - taught.steps)
    dyna, plus = (learner.treasures - early for learner, early in zip(taught.learners, before, strict=True))
    assert plus > 1.15 * dyna


@pytest.mark.parametrize("name", LEARNERS)
def test_the_scripts_live_the_lives_of_the_simulator_from_its_link(name):
    taught = lesson((name, 3), env=lambda: GridWorld(rewards={(0, 1): 0.25}))
    settings = {setting: SETTINGS[setting].default for setting in LEARNERS[name].limits if setting in SETTINGS}
    run = learn_once(LEARNERS[name], "", 20, 3, settings, maze=f"http://localhost:8888/#{taught.env.link}&mode=learn")
    while taught.learners[0].episodes < 20:
        taught.advance(1)
    assert taught.learners[0].agent.q == run.Q.tolist()
    assert taught.steps == run.lengths.sum()


def test_settings_act_from_the_next_step_on():
    taught, own, agent = lesson(), script("q_learning"), None
    change = {"epsilon": 0.9, "learning_rate": 0.5, "gamma": 0.5, "initial_value": 0.3}
    for i in range(80):
        if i == 20:
            told = taught.configure({**change, "lambda_": 0.1})
            assert told["optimum"] == pytest.approx(Truth(GridWorld(), 0.5).optimum)
            agent.configure(**change)
        taught.advance(1)
        agent, _ = next(own)
        assert taught.learners[0].agent.q == agent.q
    assert taught.configure({"epsilon": 0.1, "gamma": 0.5}) is None  # the truth is the same


def test_two_learners_side_by_side_do_not_disturb_each_other():
    taught = lesson(("sarsa", 1), ("double_q_learning", 1))
    scripts = [script("sarsa", seed=1), script("double_q_learning", seed=1)]
    for _ in range(40):
        taught.advance(1)
        for learner, own in zip(taught.learners, scripts, strict=True):
            assert learner.agent.q == next(own)[0].q


def test_next_episode_ends_with_its_discounted_return():
    taught, total, discount = lesson(), 0.0, 1.0
    while not taught.finish("episode"):
        pass
    for _, step in script("q_learning"):
        total += discount * step.reward
        discount *= 0.9
        if step.terminated or step.truncated:
            break
    (picture,) = frame(taught)
    assert (picture["episode"], picture["state"], picture["return"]) == (1, step.next_state, total)
    assert picture["curve"] == {"size": 1, "keep": 0, "means": [total]}


def test_treasures_are_the_episodes_that_ended_well():
    taught, own = lesson(), script("q_learning")
    ended = []
    while len(ended) < 50:
        taught.advance(1)
        _, step = next(own)
        if step.terminated:
            ended.append(step.reward > 0)
    assert 0 < sum(ended) < 50
    assert frame(taught)[0]["treasures"] == sum(ended)


def test_the_truth_is_the_planners():
    learning, truth = lesson().started()
    assert (learning["type"], learning["shape"], learning["start"]) == ("learning", [3, 4], 8)
    assert learning["learners"][0]["settings"] == [name for name in SETTINGS if name in LEARNERS["q_learning"].limits]
    planner = PLANNERS["policy"](GridWorld())
    planner.plan(gamma=0.9, threshold=1e-9)
    np.testing.assert_allclose(truth["v"], planner.V, atol=1e-5)
    np.testing.assert_allclose(truth["q"], planner.Q, atol=1e-5)
    assert truth["optimum"] == truth["v"][8]


def test_there_is_no_truth_where_an_episode_may_never_end():
    endless = lesson(env=lambda: GridWorld([[0, 0], [0, 0]]), gamma=1)
    assert endless.started()[1] == {"type": "truth", "v": None, "q": None, "optimum": None}
    assert Truth(GridWorld([[0, 1], [0, 0]]), 1).optimum > 0.8


def test_measures_are_the_error_of_the_values_and_the_worth_of_the_greedy_policy():
    env = GridWorld([[0, 1, 9, 0], [0, 0, 9, 0]])  # the last column cannot be reached
    truth, agent = Truth(env, 0.9), LEARNERS["q_learning"](TableWorld(env), 0)
    assert sorted(truth.reached) == [0, 4, 5]
    agent.Q = truth.Q
    assert truth.measure(agent) == (pytest.approx(0, abs=1e-6), pytest.approx(truth.optimum, abs=1e-6))
    agent.q[7] = [100.0] * 4
    agent.q[0], agent.q[4] = [9.0, 0, 0, 0], [0.0, 0, 0, 9.0]
    rms, greedy = truth.measure(agent)
    assert rms == pytest.approx(np.sqrt(((9 - truth.V[0]) ** 2 + (9 - truth.V[4]) ** 2) / 3))
    policy = np.eye(4)[agent.Q.argmax(axis=1)]
    assert greedy < truth.optimum
    assert greedy == pytest.approx(discounted_return(env, policy, 0.9), abs=1e-6)
    agent.gamma = 1.0
    assert Truth(env, 1.0).measure(agent)[1] is None


def discounted_return(env, policy, gamma):
    """By simulation of probabilities, step by step: the discounted return of a policy [S, A] from the start."""
    where, total = {env.start_state: 1.0}, 0.0
    for t in range(300):
        then = {}
        for state, prob in where.items():
            for p, leads_to, reward, ends in env.P[state][int(policy[state].argmax())]:
                total += gamma**t * prob * p * reward
                if not ends:
                    then[leads_to] = then.get(leads_to, 0) + prob * p
        where = then
    return total


def test_measures_are_taken_at_the_same_episodes_whatever_the_pace_and_stay_few():
    slow, fast = lesson(), lesson()
    while slow.learners[0].episodes < 300:
        slow.advance(1)
    while fast.steps < slow.steps:
        fast.advance(slow.steps - fast.steps)
    points = slow.learners[0].measures
    assert points == fast.learners[0].measures
    episodes = [episode for episode, _, _ in points]
    assert episodes[: MEASURED + 1] == list(range(MEASURED + 1))
    assert len(points) < 60
    assert points[-1][1] < points[0][1]


def test_walks_do_not_disturb_the_lesson():
    walked, alone = lesson(("td_lambda", 1), ("actor_critic", 2)), lesson(("td_lambda", 1), ("actor_critic", 2))
    for i in range(200):
        walked.advance(1)
        alone.advance(1)
        if i % 10 == 0:
            one, other = walked.receive("walk", None)["walks"]
            assert one["seed"] == other["seed"]
        assert [learner.agent.q for learner in walked.learners] == [learner.agent.q for learner in alone.learners]
        assert [learner.state for learner in walked.learners] == [learner.state for learner in alone.learners]
    assert walked.receive("walk", 4) == walked.receive("walk", 4)


def test_walks_are_greedy_and_without_walks_a_lesson_takes_the_same_steps():
    walked, own = lesson(), script("q_learning")
    for i in range(2000):
        if i % 400 == 0:
            (walk,) = walked.receive("walk", i)["walks"]
            for state, action, _, _ in walk["steps"]:
                row = walked.learners[0].agent.q[state]
                assert row[action] == max(row)
        walked.advance(1)
        agent, _ = next(own)
    assert walked.learners[0].agent.q == agent.q


def test_the_world_changes_and_the_agents_keep_what_they_know():
    taught = lesson(("q_learning", 1), ("monte_carlo", 2))
    taught.advance(500)
    before = [[row.copy() for row in learner.agent.q] for learner in taught.learners]
    worlds = [GridWorld(GRID, rewards={(0, 0): 0.5}, step_reward=-0.2) for _ in range(2)]
    truth = taught.receive("world", worlds)
    assert truth["optimum"] == pytest.approx(Truth(worlds[0], 0.9).optimum)
    assert [learner.agent.q for learner in taught.learners] == before
    frame(taught)
    seen = set()
    for _ in range(3000):
        taught.advance(1)
        seen |= {(step["next_state"], step["reward"]) for picture in frame(taught) for step in picture["steps"]}
    assert {(0, 0.5), (4, -0.2), (3, 1.0)} <= seen
    assert {reward for state, reward in seen if state == 4} == {-0.2}


@pytest.mark.parametrize("cell", [TREASURE, DANGER, 9])
def test_an_agent_whose_cell_is_gone_begins_a_new_episode(cell):
    taught = lesson(("td_lambda", 1))
    (learner,) = taught.learners
    while learner.state != 2:  # far from the start
        taught.advance(1)
    episodes, grid = learner.episodes, np.array(GRID)
    grid.flat[learner.state] = cell
    taught.receive("world", [GridWorld(grid)])
    taught.advance(1)
    (picture,) = frame(taught)
    assert (picture["episode_step"], picture["steps"][-1]["state"], picture["episode"]) == (1, 8, episodes)
    assert len(picture["curve"]["means"]) == episodes  # an episode that was cut short has no return


def test_a_change_of_the_world_or_of_gamma_is_measured_at_once():
    taught, page = lesson(), Page()
    while taught.learners[0].episodes < 115:
        taught.advance(1)
    page.take(frame(taught)[0])
    before = [*page.points]
    assert before[-1][0] < 115
    for change in (
        lambda: taught.receive("world", [GridWorld(step_reward=-0.3)]),
        lambda: taught.receive("world", [GridWorld(step_reward=-0.2)]),
        lambda: taught.configure({"gamma": 0.5}),
    ):
        change()
        page.take(frame(taught)[0])
        assert page.points == [*before, [115, *taught.truth.measure(taught.learners[0].agent)]]


def test_between_two_episodes_an_agent_does_not_stand_in_a_block():
    taught = lesson()
    taught.finish("episode")
    grid = np.array(GRID)
    grid.flat[taught.learners[0].state] = 9
    taught.receive("world", [GridWorld(grid)])
    assert frame(taught)[0]["state"] == 8


def test_an_episode_that_ends_with_values_that_are_no_numbers_gets_the_same_sentence():
    taught = lesson()
    taught.learners[0].agent.Q = np.nan
    while not taught.finish("episode"):
        pass
    with pytest.raises(BadRequest, match="grown without bound"):
        taught.frame(full=False)


def test_values_without_bound_get_one_sentence():
    trapped = [[0, 9, 1], [0, 9, 0], [0, 9, 0]]
    settings = {"learning_rate": 1, "gamma": 1, "lambda_": 1, "epsilon": 1}
    taught = lesson(("td_lambda", 1), env=lambda: GridWorld(trapped, step_reward=-10), **settings)
    while max(map(max, taught.learners[0].agent.q)) < float("inf"):
        taught.advance(1000)
    with pytest.raises(BadRequest, match="grown without bound"):
        taught.frame(full=False)


def test_a_lesson_can_be_paced():
    """The methods fit those that `lab.pacing.PacedJob` calls."""
    runner, sent = JobRunner(), []

    async def send(message):
        sent.append(json.loads(message) if isinstance(message, str) else message)
        return True

    async def teach():
        job = KIND.job(learn_request(LEARN), runner, send)
        task = asyncio.create_task(job.run())
        job.receive("step", "step")
        job.receive("step", "episode")
        job.receive("set", {"gamma": 0.5})
        job.receive("world", [GridWorld()])
        job.receive("walk", 3)
        while not sent or sent[-2]["type"] != "walks":
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(teach())
    runner.close()
    kinds = [message["type"] for message in sent]
    assert kinds[:3] == ["learning", "truth", "frame"]
    assert kinds.count("truth") == 3
    assert sent[-1]["learners"][0]["episode"] == 1


def test_curve_keeps_the_mean_of_every_episode_in_bounded_room():
    curve = Curve()
    for i in range(3 * LONGEST_CURVE):
        curve.add(float(i))
    assert curve.size == 4
    assert curve.means == [1.5 + 4 * i for i in range(len(curve.means))]
    assert len(curve.means) < LONGEST_CURVE


def test_every_setting_is_one_that_some_learner_has_within_its_limits():
    for name, setting in SETTINGS.items():
        limits = [learner.limits[name] for learner in LEARNERS.values() if name in learner.limits]
        assert limits
        for low, high in limits:
            assert low <= setting.low <= setting.default <= setting.high <= high
    for learner in LEARNERS.values():
        left_out = {"planning_rate", "threshold"}  # studies of the scripts; a link has a threshold, the planners'
        assert set(learner.limits) - left_out <= set(SETTINGS)
