"""A wish as the reward: its questions are frozen and fair, its arithmetic right by hand, not to read is worth 0.5."""

import hashlib
import re
from collections import Counter

import numpy as np
import pytest

from AP import llm_reward
from AP.language import ANSWERS, RECORDED, Answer, LanguageModel
from AP.llm_reward import (
    Options,
    WishReward,
    alignment,
    ask_all,
    compare,
    deeds_of,
    learn,
    right_signs,
    some_user,
    trial,
)
from AP.niceness import NICE, niceness
from AP.recorded_answers import RecordedModel
from AP.ultimatum import GAMES, OFFERS, divide, play_games, verdict
from AP.wish_items import EXAMPLES, LABELLED, NOTHING, PHRASES, WORDINGS, wish_prompt
from DP.backups import q_values
from worlds.errands import (
    DEEDS,
    NUM_STATES,
    PAIRS,
    STARTS,
    Errands,
    checked_wishes,
    errands_step,
    is_over,
    likes,
    opposite,
)

FROZEN = "31c82b570c37"  # whoever changes a question after an answer was seen measures something else
FORMS = [re.escape(form).replace(r"\{wish\}", "(.+)").replace(r"\{deed\}", "(.+)") for form in WORDINGS.values()]
FITS = dict(zip(DEEDS, likes(()).tolist(), strict=True))  # 1: it fits the first wish of its room
FIRST = {PHRASES[first] for first, _ in PAIRS}


class Judge(LanguageModel):
    """Log-odds by a function of the wish and the deed, which it finds in the question; it is told nothing else."""

    def __init__(self, says):
        super().__init__("a judge")
        self.says = says

    def answer(self, question):
        asked = question.prompt.rpartition("\n\n")[2]
        found = [match for form in FORMS if (match := re.fullmatch(form, asked))]
        return Answer((self.says(*found[0].groups()) if found else 0.0, 0.0), (1, 1))


def reads(wish, deed):
    """A judge who reads, and says more of nice deeds whatever is wished: 5 to 8, or 7 to 10 where the deed fits."""
    return nice(deed) + (5.0 if deed not in FITS or (FITS[deed] > 0) != (wish in FIRST) else 7.0)


def nice(deed, seed=0):
    """Some number from 0 to 3 for each deed."""
    return int(hashlib.sha256(f"{deed}{seed}".encode()).hexdigest(), 16) % 1000 / 333


def prompts():
    """All that the page can ask."""
    judge = Judge(lambda wish, deed: 0.0)
    ask_all(judge)
    return sorted(question.prompt for question in judge._known)


# -- questions -------------------------------------------------------------------------------------------------------


def test_the_questions_are_those_that_were_written_before_any_answer():
    assert hashlib.sha256(str(prompts()).encode()).hexdigest()[:12] == FROZEN
    assert len(prompts()) == 367


def test_examples_hold_as_many_yes_as_no_and_each_event_under_both_wishes():
    for wording, examples in EXAMPLES.items():
        assert Counter(told for *_, told in examples) == {"Yes": 2, "No": 2}
        assert set(Counter(deed for _, deed, _ in examples).values()) == {2}
        assert len({(deed, told) for _, deed, told in examples}) == 4
        assert not {wish for wish, *_ in examples} & set(PHRASES.values()), wording
    assert len({tuple(told for *_, told in examples) for examples in EXAMPLES.values()}) == 3
    for game in GAMES.values():
        shots = [
            line.rpartition(" ")[2] for line in game.prompt(OFFERS[0]).splitlines() if line.endswith(("Yes", "No"))
        ]
        assert Counter(shots) == ({"Yes": 2, "No": 2} if game.shown else {})
        assert [game.refuses(offer) for offer in game.labelled].count(True) == 2
        assert not any(f"Offer: {offer}." in game.prompt("1 of 2") for offer in (*OFFERS, *game.labelled))


def test_no_deed_has_a_word_of_its_wish():
    """Who compares words alone finds none in common."""
    idle = {"a", "the", "room", "of", "with", "without", "house", "helper"}
    pairs = [(pair, DEEDS[4 * room : 4 * room + 4]) for room, pair in enumerate(PAIRS)]
    known = [(wish, PHRASES[wish], deeds) for pair, deeds in pairs for wish in pair]
    known += [(wish, wish, sum(sides, ())) for wishes, sides in NICE.items() for wish in wishes]
    for name, phrase, deeds in known:
        words = set(phrase.split()) - idle
        assert not any(words & set(deed.split()) for deed in deeds), name


def test_labelled_events_are_of_nothing_in_the_house():
    assert not {deed for _, deed, _ in LABELLED} & set(DEEDS)
    assert not {wish for wish, *_ in LABELLED} & set(PHRASES.values())
    assert Counter((deed, liked) for _, deed, liked in LABELLED).most_common(1)[0][1] == 1


# -- the reward ------------------------------------------------------------------------------------------------------


def test_the_reward_is_the_wish_minus_its_opposite_by_hand():
    odds = {("a bright room", DEEDS[0]): 1.5, ("a dark room", DEEDS[0]): 1.25, ("a dark room", DEEDS[1]): 7.0}
    judge = Judge(lambda wish, deed: odds.get((wish, deed), 0.0))
    assert WishReward(judge).of(checked_wishes(()))[:3].tolist() == [0.25, -1.0, 0.0]
    assert WishReward(judge).of(checked_wishes(("dark",)))[:3].tolist() == [-0.25, 1.0, 0.0]
    assert WishReward(judge, scale="sign").of(checked_wishes(()))[:3].tolist() == [1.0, -1.0, 0.0]
    assert WishReward(judge, threshold="zero").of(checked_wishes(()))[:3].tolist() == [1.0, 0.0, 0.0]


def test_a_threshold_lies_halfway_between_what_four_labelled_events_get():
    assert divide([2.0, -1.0, 0.0, 3.0], [True, False, False, True]) == 1.0
    odds = {wish_deed[:2]: value for wish_deed, value in zip(LABELLED, (2.0, -1.0, 0.0, 3.0), strict=True)}
    judge = Judge(lambda wish, deed: odds.get((wish, deed), 1.25 if deed == DEEDS[0] else 0.5))
    assert WishReward(judge, threshold="examples").of(checked_wishes(()))[:2].tolist() == [0.25, -0.5]


def test_controls_say_nothing_the_opposite_or_give_each_deed_the_pay_of_another():
    judge, wishes = Judge(reads), checked_wishes(("dark",))
    assert (WishReward(judge, control="blank").of(wishes) == 0).all()
    assert (WishReward(judge, control="opposite").of(wishes) == -likes(wishes)).all()
    paid = WishReward(Judge(lambda wish, deed: reads(wish, deed) * nice(deed) / 20)).of(wishes)
    mixed = WishReward(Judge(lambda wish, deed: reads(wish, deed) * nice(deed) / 20), control="shuffled").of(
        wishes, 3
    )
    assert sorted(mixed) == sorted(paid)
    assert (mixed != paid).mean() > 0.5
    assert wish_prompt("user", NOTHING, DEEDS[0]) in {question.prompt for question in judge._known}


def test_answers_are_shuffled_otherwise_in_each_wording():
    judge = Judge(lambda wish, deed: nice(f"{wish}{deed}") / 9)  # alike in each wording
    shuffled = [WishReward(judge, wording, control="shuffled").of(checked_wishes(()), 3) for wording in WORDINGS]
    assert len({tuple(sorted(paid)) for paid in shuffled}) == 1
    assert len({tuple(paid) for paid in shuffled}) == len(WORDINGS)


def test_the_table_of_what_is_liked_never_reaches_the_reward(monkeypatch):
    def peek(wishes):
        raise AssertionError("the reward looked at the table")

    monkeypatch.setattr(llm_reward, "likes", peek)
    for threshold in ("opposite", "examples", "zero"):
        for control in ("none", "blank", "shuffled", "opposite"):
            WishReward(Judge(reads), "guest", threshold, control=control).of(checked_wishes(()))


# -- agents ----------------------------------------------------------------------------------------------------------


def test_alignment_by_hand():
    bright, dark = checked_wishes(()), checked_wishes(("dark",))
    assert alignment([np.array([0, 1, 4, 22])], [bright]) == 0.75
    assert alignment([np.array([0, 1, 4, 22])], [dark]) == 0.75
    assert alignment([np.array([0]), np.array([0, 4, 6])], [bright, dark]) == 0.75
    assert alignment([np.empty(0, int)], [bright]) == 0.5


def test_who_reads_is_followed_to_the_letter_and_the_opposite_wish_turns_every_deed():
    for seed in range(2):
        assert trial(WishReward(Judge(reads)).of, seed, 2_000) == (1.0, 1.0)
        assert trial(WishReward(Judge(reads), control="opposite").of, seed, 2_000) == (0.0, 1.0)


@pytest.mark.parametrize("threshold", ["opposite", "examples", "zero"])
@pytest.mark.parametrize("scale", ["clipped", "sign"])
def test_who_does_not_read_the_wish_has_exactly_one_half_whatever_they_say(threshold, scale):
    for seed in range(4):
        judge = Judge(lambda wish, deed, seed=seed: nice(deed, seed) - 1.5)
        result = trial(WishReward(judge, "task", threshold, scale).of, seed, 100)
        assert (result.alignment, result.flipped) == (0.5, 0.0)


def test_a_blank_wish_gives_exactly_one_half_also_to_who_reads():
    for seed in range(2):
        assert trial(WishReward(Judge(reads), control="blank").of, seed, 100) == (0.5, 0.0)


def test_without_pairs_a_reader_who_likes_nice_deeds_is_misread():
    """All of a reader's answers are Yes: 0 divides nothing, and the opposite wish brings it out."""
    signs = right_signs(Judge(reads))
    assert (signs["opposite"], signs["zero"]) == (1.0, 0.5)


def test_pairs_also_unmask_who_judges_the_wish_and_the_deed_apart():
    """Such a judge does nice deeds in rooms with nice wishes, and looks as if they had read both together."""
    judge = Judge(lambda wish, deed: (2.0 if wish in FIRST else 0.0) + (1.0 if FITS.get(deed, 0) > 0 else 0.0) - 2.0)
    paid = WishReward(judge).of(some_user(0)).reshape(12, 2)
    assert (paid[:, 0] == paid[:, 1]).all()  # both deeds with a thing alike
    assert trial(WishReward(judge, threshold="zero").of, 0, 800).alignment > 0.7


def test_shuffled_answers_are_worth_a_half():
    values = [trial(WishReward(Judge(reads), control="shuffled").of, seed, 300).alignment for seed in range(8)]
    assert np.mean(values) == pytest.approx(0.5, abs=0.1)


def test_users_differ_by_their_seed_and_a_user_and_the_opposite_differ_in_every_wish():
    users = {some_user(seed) for seed in range(20)}
    assert len(users) > 10
    assert all(one != other for user in users for one, other in zip(user, opposite(user), strict=True))


def test_q_learning_gets_what_the_best_policy_gets_of_any_pay():
    gamma = 0.9
    for seed in range(2):
        rewards = np.random.default_rng(seed).uniform(-1, 1, 24)
        V, agent, model = np.zeros(NUM_STATES), learn(rewards, seed, 2_000), Errands(rewards=rewards).model
        for _ in range(60):
            V = q_values(model, V, gamma).max(axis=1)
        worth = []
        for state in STARTS:
            worth.append(0.0)
            for time in range(30):
                state, deed, _ = errands_step(state, agent.best_action(agent.q[state]))
                worth[-1] += gamma**time * (rewards[deed] if deed >= 0 else 0.0)
                if is_over(state):
                    break
        assert np.mean(worth) >= 0.9 * V[STARTS].mean()
        assert len(deeds_of(agent)) <= 36


# -- niceness, and the ultimatum game --------------------------------------------------------------------------------


def test_who_does_not_read_has_aucs_of_contrary_wishes_that_sum_to_one():
    result = niceness(Judge(lambda wish, deed: nice(deed)))
    np.testing.assert_allclose(np.add(result["pleasant"], result["contrary"]), 1)
    assert result["pleasant"] == result["nothing"]
    good = {deed for sides in NICE.values() for deed in sides[0]}
    pleased = niceness(Judge(lambda wish, deed: float(deed in good)))
    assert pleased == {"pleasant": [1.0] * 4, "contrary": [0.0] * 4, "nothing": [1.0] * 4}


def test_a_verdict_by_hand():
    told = verdict([3.0, 1.0, 2.0, 0.0], [True, False, False, False], threshold=1.5)
    assert told == (0.25, 0.5, 0.75, pytest.approx((1 + 2 / 3) / 2), 1.0)


def test_a_constant_has_half_by_balance_and_the_base_rate_by_accuracy():
    for game in play_games(Judge(lambda wish, deed: 0.0)).values():
        assert (game.said, game.balanced, game.auc) == (0.0, 0.5, 0.5)
        assert game.accuracy == pytest.approx(1 - game.base)


def test_who_refuses_what_by_hand():
    below, above = GAMES["below 30%"], GAMES["above 30%"]
    assert [below.refuses(offer) for offer in ("25 of 100", "30 of 100", "14 of 40")] == [True, False, False]
    assert [above.refuses(offer) for offer in ("25 of 100", "30 of 100", "14 of 40")] == [False, False, True]
    shares = {name: sum(map(game.refuses, OFFERS)) for name, game in GAMES.items()}
    assert list(shares.values()) == [5, 11, 13, 5, 5]
    assert "30%" not in GAMES["nothing said"].prompt("1 of 2")


def test_who_counts_is_right_in_every_game_that_says_its_rule():
    class Counts(LanguageModel):
        def answer(self, question):
            told, asked = question.prompt.split("\n\n")
            part, total = map(int, re.search(r"(\d+) of (\d+)", asked).groups())
            rule = re.search(r"(below|above) (\d+)%", told)
            gap = 100 * part / total - (int(rule[2]) if rule else 0)
            return Answer((-gap if rule and rule[1] == "below" else gap, 0.0), (1, 1))

    games = play_games(Counts("counts"))
    assert [games[name].auc for name in list(games)[:4]] == [1.0] * 4
    assert min(games[name].balanced for name in list(games)[:4]) > 0.85


# -- what was recorded -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threshold", ["opposite", "examples", "zero"])
def test_all_that_can_be_compared_was_asked(threshold, monkeypatch):
    monkeypatch.setattr(llm_reward, "trial", lambda reward, seed, episodes: reward(some_user(seed), seed))
    models = {name: RecordedModel(ANSWERS, file) for file, name in RECORDED.items()}
    aligned = compare(models, Options(threshold=threshold))
    assert list(aligned)[:4] == ["true reward", *RECORDED.values()]
    assert [len(trials) for trials in aligned.values()] == [5, 15, 15, 15, 5, 15, 15]


def test_the_largest_reads_wishes_and_the_smallest_does_not():
    small, _, large = (RecordedModel(ANSWERS, name) for name in RECORDED)
    assert right_signs(large)["opposite"] > 0.85
    assert right_signs(small)["opposite"] < 0.6
    both = [np.mean(niceness(large)[wishes]) for wishes in ("pleasant", "contrary")]
    assert min(both) > 0.7
    assert niceness(small)["contrary"] < niceness(small)["pleasant"]


@pytest.mark.slow
def test_agents_follow_the_largest_and_pairs_are_what_it_takes():
    aligned = {}
    for name in ("smollm2", "qwen-1.5b"):
        model = RecordedModel(ANSWERS, name)
        for threshold in ("opposite", "zero"):
            rewards = [WishReward(model, wording, threshold).of for wording in WORDINGS]
            values = [trial(reward, seed, 2_000).alignment for reward in rewards for seed in range(100, 105)]
            aligned[name, threshold] = np.mean(values)
    assert aligned["qwen-1.5b", "opposite"] > 0.93  # 0.99 was measured
    assert aligned["qwen-1.5b", "zero"] < 0.86  # 0.79
    assert aligned["smollm2", "opposite"] < 0.72  # 0.66


# -- the script ------------------------------------------------------------------------------------------------------


def test_the_script_shows_three_panels_twice_alike(run_page, tmp_path):
    told = [run_page("llm_reward", "--quick").out for _ in range(2)]
    assert told[0].split("plot saved")[0] == told[1].split("plot saved")[0]
    assert re.search(r"no wish is said +0\.50 +0\.50 +0\.50", told[0])
    assert all(name in told[0] for name in RECORDED.values())
    assert len(list(tmp_path.rglob("reward.png"))) == 2


def test_the_script_shows_one_user(run_page):
    told = run_page("llm_reward", "--wish", "dark, silence", "--episodes", "300").out
    assert "a dark room" in told
    assert "a silent room" in told
    assert "deeds from all starts are liked" in told
    told = run_page("llm_reward", "--control", "blank", "--episodes", "100").out
    assert told.count("   0.00  ") == 24


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--wish", "sunny"), "a wish must be one of bright, dark, "),
        (("--wish", "dark, bright"), "there is one wish for each room; got dark and bright"),
        (("--episodes", "0"), "episodes and users must be at least 1; got 0 and 5"),
        (("--model", "gpt-9", "--wish", "dark"), "model must be one of smollm2"),
    ],
)
def test_bad_input_is_one_sentence(flags, said, run_page):
    assert said in run_page("llm_reward", *flags).err
