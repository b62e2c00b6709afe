"""Goals that make sense: frozen questions, suggestions and pay by hand, and a run that goes on to the same bits."""

import csv
import hashlib
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from AP.goal_questions import (
    SAMPLE,
    SHOTS,
    WORDINGS,
    ask_all,
    can_be_achieved,
    prompt,
    quality,
    sample,
    scores_of,
)
from AP.language import ANSWERS, RECORDED, LanguageModel
from AP.llm_explore import SIGHT, Config, ELLMAgent, GoalSuggester, Reward, best_in_sight, shuffled, suggester, train
from AP.recorded_answers import RecordedModel
from framework.graph import graphs_of
from framework.replay import PrioritizedReplayBuffer
from framework.vector import Transition, make_worlds
from worlds.crafting import (
    ACHIEVEMENTS,
    ACTIONS,
    FLAGS,
    LEVELS,
    NEEDED,
    OBSERVATIONS,
    PAIRS,
    PLACES,
    THINGS,
    VERBS,
    WIDTH,
    Crafting,
    CraftingVector,
    achieved,
    crafting_oracle,
    crafting_step,
    inventory,
    level_of,
    nearest,
    see_crafting,
)

FROZEN = "60fe7282fa6a"  # whoever changes a question after an answer was seen measures something else
SMALL = Config(
    goals="oracle", steps=1_024, num_envs=8, learning_starts=128, buffer_size=512, gradient_steps=2, train_period=64,
    hidden=(16,), eval_every=512, eval_episodes=2, final_episodes=2, log_every=128, batch_size=16, seed=3,
)  # fmt: skip
DRINK, MILK, CHOP = (PAIRS.index(name) for name in ("drink from the river", "milk the cow", "chop the tree"))


# -- questions -------------------------------------------------------------------------------------------------------


def test_the_questions_are_those_that_were_written_before_any_answer():
    asked = [prompt(goal, inventory(level), wording) for wording in WORDINGS for level in range(5) for goal in PAIRS]
    assert hashlib.sha256(str([asked, SAMPLE]).encode()).hexdigest()[:12] == FROZEN


def test_worked_examples_hold_as_many_yes_as_no_and_nothing_of_the_world():
    shots = [shot for _, of_inventory in SHOTS for shot in of_inventory]
    assert Counter(answer for _, answer in shots) == {"Yes": 2, "No": 2}
    words = set(" ".join(goal for goal, _ in shots).split()) - {"the"}
    assert not words & set(" ".join([*THINGS, *VERBS]).split())


def test_questions_say_nothing_of_what_pays_and_differ():
    asked = [prompt(goal, inventory(level)) for level in range(5) for goal in PAIRS]
    assert len(set(asked)) == 5 * 49
    assert not any(
        word in text.lower() for text in asked for word in ("achieve", "reward", "point", "unlock", "need ")
    )


def test_what_can_be_achieved_is_what_the_world_lets_one_achieve():
    found = np.zeros((LEVELS, len(PAIRS)), bool)
    rooms = CraftingVector(400)
    rooms.reset(seed=0)
    for _ in range(40):
        seen = see_crafting(rooms.state)
        pairs = np.arange(4, len(ACTIONS))
        for level in range(LEVELS):
            for obs in seen[level_of(seen) == level][:20]:
                works = achieved(np.repeat(obs[None], len(pairs), 0), pairs) >= 0
                found[level] |= works
        rooms.step(crafting_oracle(rooms.state))
    assert np.array_equal(found & ~can_be_achieved(), np.zeros_like(found))
    missing = can_be_achieved() & ~found  # the gate at once ends the chain
    assert missing.sum() == 0


def test_the_sample_holds_each_achievement_where_it_can_be_had_and_one_level_before():
    can = can_be_achieved()
    able = [bool(can[level, PAIRS.index(goal)]) for level, goal in SAMPLE]
    assert Counter(goal for (_, goal), yes in zip(SAMPLE, able, strict=True) if yes) == dict.fromkeys(ACHIEVEMENTS, 1)
    assert sum(goal not in NEEDED for _, goal in SAMPLE) == 16
    assert tuple(sample()) == SAMPLE


# -- suggestions -----------------------------------------------------------------------------------------------------


def test_suggested_are_the_best_three_of_the_goals_in_sight():
    scores = np.zeros((LEVELS, len(PAIRS)))
    scores[0, [DRINK, MILK, CHOP]] = 3, 2, 1
    scores[0, PAIRS.index("open the cow")] = 1.5
    told = best_in_sight(scores[:, None, None], 3)[0, THINGS.index("river"), THINGS.index("cow")]
    assert {PAIRS[goal] for goal in np.flatnonzero(told)} == {
        "drink from the river", "milk the cow", "open the cow",
    }  # fmt: skip
    assert (best_in_sight(np.random.default_rng(0).random((5, 7, 7, 49)), 3).sum(axis=-1) == 3).all()


class Fixed(LanguageModel):
    """Says yes to milking whatever there is, more to that than to all else with an axe; to chopping anyhow."""

    def choose(self, prompt, options):
        goal = prompt.lower()
        state = 1.0 * ("milk" in goal.rpartition("\n")[2] and "an axe" in goal) + 5.0 * ("chop" in goal)
        return np.array([state, 0.0]), np.array([1, 1])


def test_a_goals_own_prior_is_taken_off():
    scores, prior = scores_of(Fixed("fixed"))
    milk, chop = PAIRS.index("milk the cow"), PAIRS.index("chop the tree")
    assert scores[1, chop] > scores[1, milk]
    assert (scores - prior)[1, milk] > (scores - prior)[1, chop] == 0
    assert scores.shape == (5, 49)


@pytest.mark.parametrize(("pmi", "best"), [(True, "milk"), (False, "chop")])
def test_without_its_prior_taken_off_a_goal_that_is_liked_anyhow_is_suggested(pmi, best, monkeypatch):
    monkeypatch.setattr("AP.llm_explore.open_model", lambda config: Fixed("fixed"))
    told = suggester(Config(pmi=pmi, suggestions=1)).suggested[1, THINGS.index("cow"), THINGS.index("tree")]
    assert [PAIRS[goal].split()[0] for goal in np.flatnonzero(told)] == [best]


def test_the_two_nearest_things_and_the_inventory_decide_what_is_suggested():
    table = np.zeros((5, 7, 7, 49), bool)
    table[1, THINGS.index("river"), THINGS.index("cow"), MILK] = True
    state = np.zeros((2, WIDTH), np.int64)
    state[:, PLACES] = 6
    state[:, [2 + 2 * THINGS.index("river"), 3 + 2 * THINGS.index("river")]] = 0
    state[:, [2 + 2 * THINGS.index("cow"), 3 + 2 * THINGS.index("cow")]] = 1
    state[1, FLAGS.start] = 1  # the second has opened the chest
    told = GoalSuggester(table)(see_crafting(state))
    assert nearest(see_crafting(state)).tolist() == [[5, 6]] * 2
    assert told[:, MILK].tolist() == [False, True]
    assert told.sum() == 1


def test_shuffled_goals_are_the_same_ones_of_other_texts():
    table = best_in_sight(np.random.default_rng(0).random((5, 7, 7, 49)), 3)
    mixed, two = shuffled(table, np.random.default_rng(1)), ~np.eye(7, dtype=bool)
    assert Counter(map(bytes, mixed[:, two].reshape(-1, 49))) == Counter(map(bytes, table[:, two].reshape(-1, 49)))
    assert quality(mixed, SIGHT)[1] < 0.5 * 3 / 14
    assert (mixed[:, two] & ~SIGHT[two]).any()


def test_the_quality_of_suggestions_by_hand():
    everything = np.broadcast_to(SIGHT, (5, 7, 7, 49))
    oracle = SIGHT & can_be_achieved()[:, None, None]
    assert quality(oracle, SIGHT) == (1, 1)
    share, found = quality(everything, SIGHT)
    assert found == 1
    assert share == pytest.approx(19 / (5 * 49))
    share, found = quality(best_in_sight(np.random.default_rng(0).random((5, 7, 7, 49)), 3), SIGHT)
    assert found == pytest.approx(3 / 14, abs=0.06)


# -- what is paid ----------------------------------------------------------------------------------------------------


def step_of(states, actions, truncated=False):
    after, unlocked = crafting_step(states, np.array(actions))
    none = np.zeros(len(states), bool)
    paid = unlocked.astype(np.float32)
    obs = see_crafting(states), np.array(actions), paid, see_crafting(after), none, none | truncated
    return Transition(*obs), after


def at_river(count=2):
    states = np.zeros((count, WIDTH), np.int64)
    states[:, PLACES] = 6
    states[:, [2 + 2 * THINGS.index("river"), 3 + 2 * THINGS.index("river")]] = 1
    return states


def reward_of(**changed):
    return Reward(replace(SMALL, num_envs=2, **changed))


def test_a_goal_that_is_suggested_pays_once_an_episode():
    reward, states, drink = reward_of(), at_river(), ACTIONS.index("drink from the river")
    for paid in ([1, 0], [0, 1], [0, 0]):
        transition, states = step_of(states, [drink, drink if paid != [1, 0] else 0])
        assert reward(transition).tolist() == paid
    transition, states = step_of(states, [drink, 0], truncated=True)
    assert reward(transition).tolist() == [0, 0]
    assert reward(step_of(at_river(), [drink, drink])[0]).tolist() == [1, 1]  # another episode
    again = reward_of(again=True)
    assert [again(step_of(at_river(), [drink, drink])[0]).tolist() for _ in range(3)] == [[1, 1]] * 3


def test_what_is_not_suggested_or_makes_no_sense_pays_nothing():
    reward, drink = reward_of(), ACTIONS.index("drink from the river")
    reward.suggest = GoalSuggester(np.zeros((5, 7, 7, 49), bool))
    transition, _ = step_of(at_river(), [drink, drink])
    assert transition.reward.tolist() == [1, 1]  # the world pays
    assert reward(transition).tolist() == [0, 0]
    assert not reward.paid.any()
    assert reward.ever.tolist() == [name == "drink from the river" for name in ACHIEVEMENTS]
    reward.suggest = GoalSuggester(np.ones((5, 7, 7, 49), bool))
    assert reward(step_of(at_river(), [ACTIONS.index("open the river"), 0])[0]).tolist() == [0, 0]


def test_what_counts_is_what_was_suggested_before_the_step():
    states, chest = at_river(), THINGS.index("chest")
    states[:, [2 + 2 * chest, 3 + 2 * chest]] = 0
    transition, _ = step_of(states, [ACTIONS.index("open the chest")] * 2)  # once it is open, nobody suggests it
    assert reward_of()(transition).tolist() == [1, 1]


def test_novelty_of_pairs_falls_with_each_try_in_reach():
    reward, absurd = reward_of(goals="pairs"), ACTIONS.index("open the river")
    tried = [reward(step_of(at_river(), actions)[0]).tolist() for actions in ([absurd, 0], [absurd, 0], [0, absurd])]
    assert np.array(tried) == pytest.approx(np.array([[1, 0], [2**-0.5, 0], [0, 3**-0.5]]))
    far = at_river()
    far[:, 0] = 5
    assert reward(step_of(far, [absurd, absurd])[0]).tolist() == [0, 0]


def test_novelty_of_effects_is_of_what_was_unlocked():
    reward, drink = reward_of(goals="effects"), ACTIONS.index("drink from the river")
    transition, states = step_of(at_river(), [drink, 0])
    assert reward(transition).tolist() == [1, 0]
    assert reward(step_of(states, [drink, ACTIONS.index("open the river")])[0]).tolist() == [0, 0]  # nothing new
    assert reward(step_of(at_river(), [drink, 0])[0]).tolist() == pytest.approx([2**-0.5, 0])


def test_suggestions_of_chance_are_those_of_the_seed():
    tables = [suggester(replace(SMALL, goals="random", seed=seed)).suggested for seed in (1, 1, 2)]
    assert np.array_equal(tables[0], tables[1])
    assert not np.array_equal(tables[0], tables[2])


# -- learning --------------------------------------------------------------------------------------------------------


def test_the_agent_that_is_looked_at_explores_a_little_and_leaves_training_alone():
    agent = ELLMAgent(OBSERVATIONS, Crafting.action_space, replace(SMALL, epsilon_end=0.5))
    obs, before = np.repeat(CraftingVector(1).reset(seed=0)[0], 400, 0), agent.rng.bit_generator.state
    actions, again = agent.player()(obs), agent.player()(obs)
    assert np.mean(actions != agent.greedy(obs)) == pytest.approx(0.5, abs=0.1)
    assert np.array_equal(actions, again)
    assert agent.rng.bit_generator.state == before


def test_each_step_is_traced_once():
    envs = make_worlds(SMALL)
    agent = ELLMAgent(envs.observation_space, envs.action_space, SMALL)
    replay = PrioritizedReplayBuffer(64, 8, 0.9, 0, 3, alpha=0.5)
    for _ in range(6):
        replay.add(envs.step(agent.act(envs.obs, 0.5)))
    for batches in (1, 2):
        agent.train_step(replay.sample(16, batches=batches, beta=0.5))
    envs.close()
    assert {name: graphs_of(agent)[name].traces for name in ("greedy", "update")} == {"greedy": 1, "update": 1}


def test_the_agent_learns_from_its_own_pay_and_not_from_the_worlds(monkeypatch, tmp_path):
    monkeypatch.setattr(Reward, "__call__", lambda self, transition: np.full(len(transition.obs), 7.0, np.float32))

    class Kept(Exception):
        pass

    class Replay(PrioritizedReplayBuffer):
        def add(self, transition):
            raise Kept(transition.reward.tolist())

    monkeypatch.setattr("AP.llm_explore.make_replay", lambda config: Replay(512, 8, 0.9, 0, 3, alpha=0.5))
    with pytest.raises(Kept, match=r"\[7.0(, 7.0){7}\]"):
        train(replace(SMALL, run_folder=str(tmp_path / "run")))


def test_a_run_that_is_stopped_goes_on_to_the_same_bits(ends_alike):
    ends_alike(train, SMALL, 40)


def test_a_reward_goes_on_where_its_state_was_taken():
    one, other, drink = reward_of(), reward_of(), ACTIONS.index("drink from the river")
    one(step_of(at_river(), [drink, 0])[0])
    other.load_state(one.state())
    assert other(step_of(at_river(), [drink, drink])[0]).tolist() == [0, 1]
    counted, further = reward_of(goals="pairs"), reward_of(goals="pairs")
    counted(step_of(at_river(), [drink, drink])[0])
    further.load_state(counted.state())
    assert further(step_of(at_river(), [drink, 0])[0])[0] == pytest.approx(3**-0.5)


# -- answers and the script ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RECORDED)
def test_all_questions_are_recorded(name):
    model = RecordedModel(ANSWERS, name)
    ask_all(model)
    assert 300 < model.bill.calls == model.bill.replayed <= 450


def test_the_script_prints_its_bill_and_what_the_suggestions_are_worth(run_page, tmp_path):
    told = run_page("llm_explore", "--quick", "--hidden", "16")
    assert "294 questions, 294 of them replayed" in told.out
    assert "of its suggestions can be achieved" in told.out
    assert "best agent: return" in told.out
    run_page("llm_explore", "--play", "--record", "valley.gif")
    assert (tmp_path / "valley.gif").stat().st_size > 1_000


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--env", "CartPole-v1", "--goals", "oracle"), "goals are those of Crafting-v0"),
        (("--model", "gpt-9"), "model must be one of smollm2"),
        (("--suggestions", "0"), "suggestions must be at least 1"),
        (("--goals", "wishes"), "goals"),
    ],
)
def test_bad_input_is_one_sentence(flags, said, run_page):
    assert said in run_page("llm_explore", *flags).err


@pytest.mark.slow
def test_goals_that_can_be_achieved_teach_more_than_tried_pairs(tmp_path):
    """At 20,000 steps, seed 0: 2.1 achievements in an episode by the one and 0.2 by the other."""
    last = {}
    for goals in ("oracle", "pairs"):
        folder = tmp_path / goals
        train(Config(goals=goals, steps=20_000, eval_every=20_000, run_folder=str(folder)))
        with open(folder / "metrics.csv", encoding="utf-8", newline="") as file:
            last[goals] = [float(row["return"]) for row in csv.DictReader(file) if row["return"]][-1]
    assert last["oracle"] > 1.0
    assert last["pairs"] < 0.6
