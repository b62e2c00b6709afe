"""Learning in the simulator, over a real WebSocket: the EL classes step for step, settings, pace, limits, the end."""

import asyncio
import json

import pytest
from tornado.testing import gen_test

from DP.planner import PLANNERS
from environment import GridWorld
from framework.tabular.world import TableWorld
from lab.jobs import Busy, JobRunner
from lab.learning import LEARNERS, LONGEST_CURVE, Curve, Learner, optimal_return
from lab.pacing import LessonJob
from lab.protocol import LEARNERS as NAMES
from lab.protocol import SETTINGS, learn_request
from tests.lab.test_server import GRID, PLAN, LabTestCase, answer_of, answers_until, ask

LEARN = {"type": "learn", "id": 5, "grid": GRID, "learners": [{"name": "q_learning", "seed": 3}], "pace": 0}


def script(name, seed=3, **settings):
    """What a reader's own script would do: generator of (agent, step)."""
    env = TableWorld(GridWorld())
    env.reset(seed=seed)
    agent = LEARNERS[name](env, seed)
    settings = {name: default for name, (default, *_) in SETTINGS.items()} | settings
    agent.configure(**{name: value for name, value in settings.items() if name in agent.limits})
    while True:
        for step in agent.steps(env):
            yield agent, step


async def begin(line, **changes):
    """Start a lesson; returns (its announcement, the frame before the first step)."""
    await ask(line, {**LEARN, **changes})
    return await answer_of(line), await answer_of(line)


async def frame_after(line, **message):
    await ask(line, {"id": 5, **message})
    return await answer_of(line)


def shown(step):
    return json.loads(json.dumps(step._asdict()))


class TestLearn(LabTestCase):
    @gen_test
    async def test_streamed_tables_are_the_el_class_itself_step_for_step(self):
        line = await self.connect()
        for name in LEARNERS:
            started, first = await begin(line, learners=[{"name": name, "seed": 3}])
            assert started["type"] == "learning"
            assert started["learners"][0]["seed"] == 3
            assert first["learners"][0]["q"] == [[0.0] * 4] * 12
            own = script(name)
            for _ in range(60):
                frame = (await frame_after(line, type="step"))["learners"][0]
                agent, step = next(own)
                assert frame["q"] == agent.q
                assert frame["n"] == agent.n
                assert frame["steps"] == [shown(step)]
                assert frame["v"] == (agent.critic.v if name == "actor_critic" else None)
            await ask(line, {"type": "cancel"})
            assert (await answer_of(line)) == {"type": "cancelled", "id": 5}

    @gen_test
    async def test_settings_act_from_the_next_step_on(self):
        line = await self.connect()
        await begin(line)
        own, agent = script("q_learning"), None
        change = {"epsilon": 0.9, "learning_rate": 0.5, "gamma": 0.5}
        for i in range(80):
            if i == 20:
                frame = await frame_after(line, type="set", settings={**change, "lambda_": 0.1})
                assert frame["optimum"] == pytest.approx(optimal_return(GridWorld(), 0.5))
                agent.configure(**change)
            frame = await frame_after(line, type="step")
            agent, _ = next(own)
            assert frame["learners"][0]["q"] == agent.q

    @gen_test
    async def test_settings_act_while_it_runs(self):
        line = await self.connect()
        await begin(line, pace=2000)
        await ask(line, {"type": "set", "id": 5, "settings": {"gamma": 0.3}})
        wanted = pytest.approx(optimal_return(GridWorld(), 0.3))
        while (frame := await answer_of(line))["optimum"] != wanted:
            assert frame["type"] == "frame"
        assert frame["learners"][0]["step"] > 0

    @gen_test
    async def test_two_learners_side_by_side_do_not_disturb_each_other(self):
        line = await self.connect()
        await begin(line, learners=[{"name": "sarsa", "seed": 1}, {"name": "td_lambda", "seed": 1}])
        scripts = [script("sarsa", seed=1), script("td_lambda", seed=1)]
        for _ in range(40):
            frame = await frame_after(line, type="step")
            for learner, own in zip(frame["learners"], scripts, strict=True):
                assert learner["q"] == next(own)[0].q

    @gen_test
    async def test_learner_without_a_seed_is_given_one_and_told(self):
        line = await self.connect()
        started, _ = await begin(line, learners=[{"name": "sarsa"}, {"name": "sarsa", "seed": None}])
        one, two = (learner["seed"] for learner in started["learners"])
        assert one != two
        frame = await frame_after(line, type="step")
        assert frame["learners"][0]["q"] == next(script("sarsa", seed=one))[0].q

    @gen_test
    async def test_next_episode_ends_with_its_return_against_the_planners_optimum(self):
        line = await self.connect()
        await begin(line)
        own, total, discount = script("q_learning"), 0.0, 1.0
        frame = await frame_after(line, type="step", unit="episode")
        for _, step in own:
            total += discount * step.reward
            discount *= 0.9
            if step.terminated or step.truncated:
                break
        learner = frame["learners"][0]
        assert (learner["episode"], learner["state"], learner["return"]) == (1, step.next_state, total)
        assert learner["curve"] == {"size": 1, "means": [total]}
        planner = PLANNERS["policy"](GridWorld())
        planner.plan(gamma=0.9, threshold=1e-9)
        assert frame["optimum"] == pytest.approx(planner.V[8], abs=1e-5)

    @gen_test
    async def test_slow_pace_sends_every_step_once_and_in_order(self):
        line = await self.connect()
        await begin(line, pace=60)
        own, steps = script("q_learning"), []
        while len(steps) < 20:
            steps += (await answer_of(line))["learners"][0]["steps"]
        assert steps == [shown(next(own)[1]) for _ in steps]

    @gen_test
    async def test_full_speed_sends_few_frames_and_learns_much(self):
        line = await self.connect()
        await begin(line, pace="full")
        loop = asyncio.get_running_loop()
        began = loop.time()
        frames = [await answer_of(line) for _ in range(10)]
        assert 10 / (loop.time() - began) <= 45  # 30 a second, and a little for a machine that is busy
        learner = frames[-1]["learners"][0]
        assert learner["episode"] > 100
        assert len(learner["steps"]) <= 10
        await ask(line, {"type": "pace", "id": 5, "pace": 0})
        await ask(line, {"type": "cancel"})
        assert (await answers_until(line, "cancelled"))[-1]["id"] == 5

    @gen_test
    async def test_pause_really_pauses(self):
        line = await self.connect()
        await begin(line, pace=1000)
        before = (await frame_after(line, type="pace", pace=0))["learners"][0]["step"]
        while (frame := await frame_after(line, type="step"))["learners"][0]["step"] != before + 1:
            before = frame["learners"][0]["step"]  # frames that were under way
        for i in range(2, 5):
            assert (await frame_after(line, type="step"))["learners"][0]["step"] == before + i

    @gen_test
    async def test_client_that_leaves_ends_its_lesson_paused_or_not(self):
        for pace in (0, "full"):
            line = await self.connect()
            await begin(line, pace=pace)
            assert self.runner.under_way == 1
            line.close()
            other = await self.connect()
            for _ in range(200):  # messages of another line give the server its turns
                await ask(other, {"type": "shout"})
                await answer_of(other)
            assert self.runner.under_way == 0
            other.close()

    @gen_test
    async def test_plan_replaces_a_lesson_and_the_other_way_round(self):
        line = await self.connect()
        await begin(line, pace="full")
        await ask(line, PLAN)
        answers = await answers_until(line, "done")
        assert {"type": "cancelled", "id": 5} in answers
        started, _ = await begin(line)
        assert started["type"] == "learning"

    @gen_test
    async def test_others_are_served_while_a_lesson_runs_at_full_speed(self):
        line, other = await self.connect(), await self.connect()
        await begin(line, pace="full")
        await ask(other, {**PLAN, "id": 1})
        assert (await answers_until(other, "done"))[-1]["id"] == 1

    @gen_test
    async def test_malformed_messages_get_one_sentence_and_the_lesson_goes_on(self):
        line = await self.connect()
        await begin(line)
        own = script("q_learning")
        for message, sentence in (
            ({"type": "set", "settings": {"epsilon": 5}}, "epsilon must be a number from 0 to 1; got 5"),
            ({"type": "set", "settings": {"speed": 5}}, "a setting must be one of epsilon"),
            ({"type": "set"}, "settings must be an object"),
            ({"type": "pace", "pace": -1}, "pace must be a number"),
            ({"type": "step", "unit": "mile"}, "unit must be step or episode"),
            ({"type": "step", "id": 99}, "no lesson with this id"),
        ):
            answer = await frame_after(line, **message)
            assert answer["type"] == "error"
            assert answer["message"].startswith(sentence)
            assert "over" not in answer
        await line.write_message('{"type": "set", "id": 5, "settings": {"epsilon": NaN}}')
        assert "NaN is not a number" in (await answer_of(line))["message"]
        assert (await frame_after(line, type="step"))["learners"][0]["q"] == next(own)[0].q

    @gen_test
    async def test_values_without_bound_end_the_lesson_with_one_sentence(self):
        line = await self.connect()
        settings = {"learning_rate": 1, "gamma": 1, "lambda_": 1, "epsilon": 1}
        trapped = [[0, 9, 1], [0, 9, 0], [0, 9, 0]]
        learners = [{"name": "td_lambda", "seed": 1}]
        await begin(line, grid=trapped, learners=learners, settings=settings, step_reward=-10, pace="full")
        *_, error = await answers_until(line, "error")
        assert "grown without bound" in error["message"]
        assert error["over"]


def run_job(most_steps=300, runner=None, **changes):
    runner, sent = runner or JobRunner(), []

    async def send(message):
        sent.append(json.loads(message) if isinstance(message, str) else message)

    try:
        asyncio.run(LessonJob(learn_request({**LEARN, **changes}), runner, send, most_steps).run())
    finally:
        runner.close()
    return sent


def test_lesson_ends_after_the_most_steps_that_one_may_take():
    started, *frames, finished = run_job(most_steps=300, pace="full")
    assert (started["type"], finished["type"], finished["steps"]) == ("learning", "finished", 300)
    assert frames[-1]["learners"][0]["step"] == 300


def test_too_many_jobs_are_refused_with_a_sentence():
    with pytest.raises(Busy, match="try again"):
        run_job(runner=JobRunner(jobs=0))


def test_curve_keeps_the_mean_of_every_episode_in_bounded_room():
    curve = Curve()
    for i in range(3 * LONGEST_CURVE):
        curve.add(float(i))
    assert curve.size == 4
    assert curve.means == [1.5 + 4 * i for i in range(len(curve.means))]
    assert len(curve.means) < LONGEST_CURVE


def test_optimum_is_none_where_an_episode_may_never_end():
    assert optimal_return(GridWorld([[0, 0], [0, 0]]), 1) is None
    assert optimal_return(GridWorld([[0, 1], [0, 0]]), 1) > 0.8


def test_names_of_the_protocol_are_the_learners():
    assert tuple(LEARNERS) == NAMES
    for name in NAMES:
        assert set(Learner(name, 1, GridWorld(), {}).setting_names) <= set(SETTINGS)
