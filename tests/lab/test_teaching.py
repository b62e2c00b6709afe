"""What the simulator makes of demonstrations: cloning, MaxEnt and Bayes, by the course's own code."""

import asyncio
import json
from functools import cache

import numpy as np
import pytest

from environment import GridWorld
from IM.bayesian import BayesianIRL
from IM.dagger import clone_policy
from IM.inverse import Dynamics, demonstrate, optimal_policy, regret
from IM.maxent import MaxEntIRL
from lab.errors import BadRequest
from lab.jobs import JobRunner
from lab.protocol.teach import KIND, MOST_DEMONSTRATIONS, MOST_STEPS, teach_request
from lab.teaching import CHAIN_STEPS, CHAINS, Teaching, episode_of, text_of

OPEN = GridWorld.from_link(
    "maze=......../.BB.BB../.B....B./...BB.../.B....../S..B....&rewards=1.8:1&prob=0.8&step_reward=0"
)
BLOCKED = GridWorld.from_link(
    "maze=.....B../.BB.BB../.B....B./...BB.../.B....../S..B....&rewards=1.8:1&prob=0.8&step_reward=0"
)
TEN = {"show": 10, "horizon": 30, "seed": 3}


def message(env, **changes):
    """The message "teach" of a maze."""
    own = [] if env.rewards is None else np.argwhere(~np.isnan(env.rewards)).tolist()
    rewards = [[row, col, float(env.rewards[row, col])] for row, col in own]
    world = {"grid": env.grid.tolist(), "start": list(map(int, divmod(env.start_state, env.shape[1])))}
    numbers = {"prob": env.move_prob, "step_reward": env.step_reward, "gamma": 0.95, "rewards": rewards}
    return {"id": 1, **world, **numbers, **changes}


def teaching(env=OPEN, **changes):
    return Teaching(teach_request(message(env, **changes)))


def learnt(lesson):
    """Let MaxEnt come to its end, and the chains go on for as long; returns all that was told."""
    told = {}
    while not lesson.converged:
        lesson.advance(1)
        told |= lesson.frame(full=False) or {}
    return told


@cache
def of_the_optimal_policy():
    lesson = teaching(**TEN)
    return lesson, learnt(lesson), lesson.frame(full=True)


# -- demonstrations as text ------------------------------------------------------------------------------------------


def test_a_text_is_the_steps_that_the_world_itself_takes():
    env = GridWorld(move_prob=0.5)
    shown = demonstrate(env, np.full((12, 4), 0.25), 20, 30, 0.9, seed=1)
    for number, episode in enumerate(shown.episodes):
        assert episode_of(env, text_of(env, episode.steps), number) == episode.steps


def test_letters_say_as_intended_slipped_to_the_left_and_to_the_right():
    env = GridWorld(np.zeros((3, 3)), start=(1, 1))
    assert [step[3] for letter in "urdl" for step in episode_of(env, letter, 1)] == [1, 5, 7, 3]
    assert [step[3] for letter in "URDL" for step in episode_of(env, letter, 1)] == [3, 1, 5, 7]  # left of each
    assert [step[3] for letter in "0123" for step in episode_of(env, letter, 1)] == [5, 7, 3, 1]


@pytest.mark.parametrize(("text", "step"), [("x", 1), ("uurrrr", 6), ("urU", 3)])
def test_a_step_that_cannot_happen_is_named(text, step):
    env = GridWorld(move_prob=1)  # no letter; after the treasure; a slip where nobody slips
    with pytest.raises(BadRequest, match=f"step {step} of demonstration 7 cannot happen"):
        episode_of(env, text, 7)


# -- the same code as the scripts ------------------------------------------------------------------------------------


def test_the_optimal_policy_shows_what_the_scripts_let_it_show():
    lesson = of_the_optimal_policy()[0]
    dynamics = Dynamics(OPEN)
    shown = demonstrate(OPEN, optimal_policy(dynamics, OPEN.entry_reward, 0.95), 10, 30, 0.95, seed=3)
    assert lesson.started()["shown"] == [text_of(OPEN, episode.steps) for episode in shown.episodes]


def test_cloning_maxent_and_regret_are_those_of_the_scripts():
    lesson, told, _ = of_the_optimal_policy()
    episodes = [episode_of(OPEN, text, 1) for text in lesson.started()["shown"]]
    cloned = clone_policy([step[:2] for steps in episodes for step in steps], OPEN.num_states, 4)
    assert np.allclose(lesson.started()["cloned"], cloned, atol=1e-3)
    assert lesson.started()["seen"] == sorted({step[0] for steps in episodes for step in steps})
    found = MaxEntIRL(OPEN, 0.95, 0.1, horizon=30).fit(episodes)
    assert told["maxent"]["converged"]
    assert np.allclose(told["maxent"]["reward"], found.reward, atol=1e-3)
    dynamics = Dynamics(OPEN)
    for name, policy in (("cloning", cloned), ("maxent", optimal_policy(dynamics, found.reward, 0.95))):
        right = regret(dynamics, policy, OPEN.entry_reward, 0.95)
        assert told["home"][name]["regret"] == pytest.approx(right, abs=1e-5)
    assert told["home"]["best"]["regret"] == 0
    assert told["home"]["random"]["regret"] == 1


def test_the_cells_seen_are_those_in_which_something_was_done():
    assert teaching(GridWorld(), demonstrations=["uurrr"]).seen == [0, 1, 2, 4, 8]  # not the treasure, cell 3


def test_the_largest_reward_found_is_the_open_goals():
    assert np.argmax(of_the_optimal_policy()[1]["maxent"]["reward"]) == 7


@pytest.mark.slow
def test_the_posterior_is_that_of_the_chains_of_the_script():
    texts = ["urrrr", "uurrr"]
    env = GridWorld(np.zeros((3, 3)), 0.8, 0.0, rewards={(0, 2): 1.0})
    lesson = Teaching(teach_request(message(env, demonstrations=texts, beta=2)))
    while not lesson.finished:
        lesson.advance(1)
    told = lesson.frame(full=True)["posterior"]
    episodes = [episode_of(env, text, 1) for text in texts]
    model = BayesianIRL(env, beta=2, gamma=0.95)
    rewards = np.array(
        [[sample.reward for sample in model.chain(episodes, k, CHAIN_STEPS)] for k in range(1, CHAINS + 1)]
    )[:, CHAIN_STEPS // 4 :]
    assert np.allclose(told["mean"], rewards.mean(axis=(0, 1)), atol=1e-3)
    assert np.allclose(told["sd"], rewards.std(axis=(0, 1)), atol=1e-3)
    assert (told["samples"], told["most"]) == (CHAINS * CHAIN_STEPS,) * 2
    assert 0.2 < told["acceptance"] < 0.9
    assert 0.99 < told["r_hat"] < 1.5
    assert told["ess"] > 10


# -- another maze ----------------------------------------------------------------------------------------------------


def test_in_a_changed_maze_the_goal_carries_over_and_cloned_actions_do_not():
    lesson = teaching(**TEN)
    learnt(lesson)
    lesson.receive("world", BLOCKED)
    held = lesson.frame(full=False)["held"]
    assert held["maxent"]["regret"] < 0.05
    assert held["cloning"]["regret"] > 0.3
    lesson.receive("world", OPEN)
    assert lesson.frame(full=False)["held"]["cloning"]["regret"] < 0.2


def test_where_the_goal_ends_the_episode_a_cost_per_step_is_enough_and_a_reward_on_the_way_never_ends():
    env = GridWorld.from_link("maze=.......T/.BB.BB../.B....B./...BB.../.B....../S..B....&prob=0.8&step_reward=-0.04")
    dynamics = Dynamics(env)
    costs = optimal_policy(dynamics, np.full(env.num_states, -1.0), 0.95)
    assert regret(dynamics, costs, env.entry_reward, 0.95) < 0.02
    regrets = []
    for l2 in (0.1, 1):
        lesson = teaching(env, **TEN, l2=l2)
        lesson.posterior = None
        regrets.append(learnt(lesson)["home"]["maxent"]["regret"])
    assert regrets[0] < 0.02
    assert regrets[1] > 0.5  # as the note on the page says


def test_a_large_maze_has_no_posterior_but_the_rest():
    env = GridWorld(np.zeros((11, 11)), rewards={(0, 10): 1.0})
    lesson = teaching(env, demonstrations=["u" * 10 + "r" * 20])
    told = learnt(lesson)
    assert lesson.finished
    assert "posterior" not in told
    assert told["home"]["maxent"]["regret"] < 0.05


def test_who_leaves_as_soon_as_the_goal_is_reached_has_not_shown_that_it_was_the_goal():
    env = GridWorld(np.zeros((11, 11)), rewards={(0, 10): 1.0})
    told = learnt(teaching(env, demonstrations=["u" * 10 + "r" * 10]))
    assert told["home"]["maxent"]["regret"] > 0.5


# -- the job ---------------------------------------------------------------------------------------------------------


def test_it_ends_by_itself_and_a_changed_maze_is_still_answered():
    runner, sent = JobRunner(), []
    grid = [[0] * 11 for _ in range(11)]
    begin = {"id": 1, "grid": grid, "gamma": 0.9, "demonstrations": ["uuurrrr"]}

    async def run():
        got = asyncio.Event()

        async def send(told):
            sent.append(json.loads(json.dumps(told, allow_nan=False)))
            got.set()
            return True

        async def until(condition):
            while not condition():
                got.clear()
                await asyncio.wait_for(got.wait(), 20)

        request = teach_request(begin)
        job = KIND.job(request, runner, send)
        task = asyncio.create_task(job.run())
        await until(lambda: sent and sent[-1]["type"] == "limit")
        assert sent[-1]["limit"] == "finished"
        count = len(sent)
        grid[0][0] = 9
        job.receive("world", KIND.receives["world"]({**begin, "grid": grid}, request))
        await until(lambda: len(sent) > count and sent[-1] != {"type": "heard"})
        task.cancel()

    asyncio.run(run())
    runner.close()
    assert sent[0]["type"] == "taught"
    assert set(sent[-1]) == {"type", "held"}


def test_malformed_messages_are_refused():
    right = message(OPEN, demonstrations=["uu"])
    teach_request(right)
    many = ["u"] * (MOST_DEMONSTRATIONS + 1)
    for texts in (None, "u", [1], [""], ["x"], ["u" * (MOST_STEPS + 1)], many, []):
        with pytest.raises(BadRequest):
            teach_request({**right, "demonstrations": texts})
    for change in ({"gamma": 1}, {"l2": -1}, {"beta": 0}, {"show": 201}, {"horizon": 0}, {"seed": -1}):
        with pytest.raises(BadRequest):
            teach_request({**right, **change})
    ends = {**right, "grid": [[1] * 8] * 6}
    for parse in (teach_request, lambda each: KIND.receives["world"](each, teach_request(right))):
        with pytest.raises(BadRequest, match="the episode would end where it starts, at row 5, column 0"):
            parse({**ends, "rewards": []})
    with pytest.raises(BadRequest, match="not its size"):
        KIND.receives["world"](message(GridWorld()), teach_request(right))
