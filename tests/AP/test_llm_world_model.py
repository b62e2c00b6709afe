"""The text world model by hand: what is held out, what is learnt, what is written, remembered and planned with."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from AP import blocks_exam, llm_world_model
from AP.blocks_exam import scenes, sit
from AP.imagined import UNREADABLE, Imagined, draw_tasks, greedy_plans, questions, works
from AP.language import RECORDED, LanguageModel, LanguageOptions, open_model
from AP.llm_world_model import Config, TextWorldModel, TreePlanner, exact, solved, split, train, transitions
from framework.graph import graphs_of
from framework.tf import tf
from worlds.blocks import MOVE, TOLD, table_of, text_of

SMALL = Config(steps=6, gradient_steps=2, blocks=3, batch_size=4, size=(8, 1, 2), eval_every=6, log_every=1, tasks=4,
               lengths=(4, 6), simulations=20)  # fmt: skip
TABLE = table_of(3)
FROZEN = "477801a8f340"  # whoever changes a question after an answer was seen measures something else


# -- the model -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blocks", [4, 5])
def test_states_held_out_are_never_learnt_from_but_by_the_wrong_split_they_are(blocks):
    table = table_of(blocks)
    learnt, held_out = split(table, Config(blocks=blocks))
    assert not set(learnt[:, 0]) & set(held_out[:, 0])
    assert len(set(learnt[:, 0])) == {4: 75, 5: 433}[blocks]
    leaky, others = split(table, Config(blocks=blocks, split="transitions"))
    assert np.isin(others[:, 0], leaky[:, 0]).mean() > 0.6
    for one, other in ((learnt, held_out), (leaky, others)):
        assert len(np.unique(np.concatenate([one, other]), axis=0)) == len(table.pairs)


def test_a_share_of_states_that_leaves_nothing_is_refused():
    for share in (0.0, 1.0):
        with pytest.raises(ValueError, match="leaves some to learn from and some to test on"):
            split(TABLE, replace(SMALL, states=share))


def test_a_transition_is_a_text():
    texts = transitions(TABLE, TABLE.pairs)
    moves = [text_of(text) for text in texts]
    assert (
        "red on blue , blue on table , green on table , take red in hand : "
        "red in hand , blue on table , green on table ,"
    ) in moves
    assert np.array_equal(texts[:, : 3 * TOLD + MOVE], questions(TABLE, TABLE.pairs))


def test_only_words_of_the_next_state_are_learnt():
    model, texts = TextWorldModel(SMALL), transitions(TABLE, TABLE.pairs[:5])
    log_probs = tf.nn.log_softmax(model.head(model.transformer(texts))).numpy()
    told = [
        [-log_probs[row, at - 1, word] for at, word in enumerate(text) if at >= 3 * TOLD + MOVE]
        for row, text in enumerate(texts)
    ]
    assert float(model.loss(texts)) == pytest.approx(np.mean(told), abs=1e-5)


def test_what_it_writes_is_the_most_probable_word_after_each_other():
    model, asked = TextWorldModel(replace(SMALL, seed=3)), questions(TABLE, TABLE.pairs[:6])
    model.train_step(transitions(TABLE, TABLE.pairs)[None], 0.01)
    text = asked
    for _ in range(3 * TOLD):
        logits = model.head(model.transformer(text)).numpy()
        text = np.concatenate([text, logits[:, -1:].argmax(axis=2)], axis=1).astype(np.int32)
    assert np.array_equal(model.write(asked), text[:, asked.shape[1] :])
    assert np.array_equal(model.write(asked[2:3]), text[2:3, asked.shape[1] :])


def test_it_learns_a_few_transitions_by_heart_and_each_graph_is_traced_once():
    model, pairs = TextWorldModel(replace(SMALL, size=(32, 1, 2))), TABLE.pairs[:3]
    texts = transitions(TABLE, pairs)
    assert not exact(model, TABLE, pairs).any()
    for _ in range(10):
        model.train_step(np.repeat(texts[None], 20, axis=0), 0.005)
    assert exact(model, TABLE, pairs).all()
    assert {name: graph.traces for name, graph in graphs_of(model).items()} == {"train_step": 1, "write": 1}


# -- what it says, and plans -----------------------------------------------------------------------------------------


def rules(asked):
    """Writes what is right."""
    known = {row.tobytes(): pair for row, pair in zip(questions(TABLE, TABLE.pairs), TABLE.pairs, strict=True)}
    pairs = np.array([known[row.tobytes()] for row in asked])
    return TABLE.texts[TABLE.next[tuple(pairs.T)]]


def test_each_pair_is_asked_once():
    imagine, (states, actions) = Imagined(TABLE, rules), TABLE.pairs.T
    for _ in range(3):
        assert np.array_equal(imagine(states[:9], actions[:9]), TABLE.next[states[:9], actions[:9]])
    assert imagine.written == 9
    imagine(np.repeat(states[:12], 2), np.repeat(actions[:12], 2))
    assert imagine.written == 12
    assert Imagined(TABLE)(states, actions).tolist() == TABLE.next[states, actions].tolist()


def test_a_text_that_tells_no_state_is_no_state():
    imagine = Imagined(TABLE, lambda asked: np.zeros((len(asked), 3 * TOLD), int))
    assert imagine(*TABLE.pairs[:4].T).tolist() == [UNREADABLE] * 4
    for goal in (5, len(TABLE.states) - 1):  # the last one is number -1, too
        plans = TreePlanner(imagine, TABLE, 10, 0.5).plan(np.array([0]), np.array([goal]), np.array([4]))
        assert plans == [[]]


def test_a_corrupted_model_is_wrong_for_good_on_such_a_share_of_pairs():
    table, right = table_of(5), table_of(5).next[tuple(table_of(5).pairs.T)]
    for share in (0.1, 0.3, 1.0):
        imagine = Imagined(table, corrupt=share, seed=1)
        said = imagine(*table.pairs.T)
        assert (said != right).mean() == pytest.approx(share, abs=0.03)
        assert (said >= 0).all()
        assert np.array_equal(imagine(*table.pairs.T), said)


def test_tree_plans_are_shortest_where_greedy_ones_get_stuck():
    tasks = draw_tasks(TABLE, (4, 8), 60, seed=0)
    starts, goals, limits = tasks
    imagine, config = Imagined(TABLE), replace(SMALL, simulations=400)
    plans = TreePlanner(imagine, TABLE, 400, 0.5).plan(*tasks)
    assert all(len(plan) <= limit for plan, limit in zip(plans, limits, strict=True))
    assert np.mean([works(TABLE, *task) for task in zip(starts, goals, plans, strict=True)]) > 0.9
    assert solved("tree", imagine, TABLE, tasks, config) > 0.9
    assert solved("greedy", imagine, TABLE, tasks, config) < 0.7


def test_a_tree_keeps_to_its_limit_and_asks_nothing_of_what_is_no_state():
    starts, goals, limits = draw_tasks(TABLE, (4, 8), 20, seed=1, slack=-1)
    plans = TreePlanner(Imagined(TABLE), TABLE, 300, 0.5).plan(starts, goals, limits)
    assert all(len(plan) <= limit for plan, limit in zip(plans, limits, strict=True))
    assert not any(works(TABLE, *task) for task in zip(starts, goals, plans, strict=True))

    def forgetful(states, actions):
        assert (states >= 0).all()
        return np.where(actions % 2, TABLE.next[states, actions], UNREADABLE)

    TreePlanner(forgetful, TABLE, 50, 0.5).plan(starts, goals, limits)


def test_a_tree_plans_in_the_model_and_not_in_the_world():
    """A model that takes every move for the last one: a plan of one move, which does not work."""
    start, goal, moves = TABLE.task(np.random.default_rng(0), (6, 8))

    def dream(states, actions):
        return np.full(len(states), goal)

    (plan,) = TreePlanner(dream, TABLE, 50, 0.5).plan(np.array([start]), np.array([goal]), np.array([moves]))
    assert len(plan) == 1
    assert TABLE.legal[start, plan[0]]  # this is ours, not the model's
    assert not works(TABLE, start, goal, plan)


def test_a_greedy_plan_takes_the_state_that_is_most_like_the_goal():
    start, goal = TABLE.number(np.array([[1, 3, 3], [3, 3, 3]]))  # red on blue; all on the table
    (plan,) = greedy_plans(Imagined(TABLE), TABLE, *map(np.array, ([start], [goal], [2])), np.random.default_rng(0))
    assert len(plan) <= 2
    assert works(TABLE, start, goal, TABLE.shortest(start, goal))
    held = TABLE.next[start, TABLE.shortest(start, goal)[0]]
    (plan,) = greedy_plans(Imagined(TABLE), TABLE, *map(np.array, ([held], [goal], [1])), np.random.default_rng(0))
    assert works(TABLE, held, goal, plan)


def test_a_plan_with_a_move_that_is_not_legal_does_not_work():
    start, goal, _ = TABLE.task(np.random.default_rng(0), (4, 6))
    plan = TABLE.shortest(start, goal)
    assert works(TABLE, start, goal, plan)
    assert not works(TABLE, start, goal, plan[:-1])
    illegal, last = int(np.flatnonzero(~TABLE.legal[start])[0]), int(np.flatnonzero(TABLE.legal[-1])[0])
    assert not works(TABLE, start, TABLE.next[-1, last], [illegal, last])


def test_slack_is_so_many_moves_more():
    tight, loose = (draw_tasks(TABLE, (4, 6), 5, 1, slack) for slack in (0, 2))
    assert np.array_equal(tight[0], loose[0])
    assert (loose[2] - tight[2] == 2).all()
    for start, goal, limit in zip(*tight, strict=True):
        assert len(TABLE.shortest(start, goal)) == limit


# -- the run ---------------------------------------------------------------------------------------------------------


def test_a_run_is_evaluated_by_what_was_held_out_alone(monkeypatch, tmp_path):
    class Asked(Exception):
        pass

    def asked(model, table, pairs):
        raise Asked(pairs)

    monkeypatch.setattr(llm_world_model, "exact", asked)
    monkeypatch.setattr(TextWorldModel, "train_step", lambda *_: 0.0)
    with pytest.raises(Asked) as told:
        train(replace(SMALL, run_folder=str(tmp_path / "run")))
    pairs, (_, held_out) = told.value.args[0], split(TABLE, SMALL)
    assert sorted(pairs.tolist()) == sorted(held_out.tolist())


def test_a_run_that_was_killed_goes_on_to_the_same_bits(ends_alike):
    ends_alike(train, SMALL, 3)


def test_the_script_learns_tests_and_plans(run_page):
    done = run_page("llm_world_model", "--quick", "--size", "8", "1", "2", "--simulations", "20", "--corrupt", "0.1")
    assert "of 110 transitions held out are exact" in done.out
    for planner in ("greedy", "tree  "):
        for model in ("what it writes", "the rules     "):
            assert f"{planner} plans in {model} solve" in done.out


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--blocks", "7"), "blocks must be 3, 4 or 5; got 7"),
        (("--states", "1.5"), "states must be from 0 to 1; got 1.5"),
        (("--states", "1.0"), "leaves some to learn from and some to test on"),
        (("--corrupt", "2"), "corrupt must be from 0 to 1"),
        (("--lengths", "7", "7", "--quick"), "have an even number of moves"),
        (("--size", "9", "1", "2"), "the heads must share the width evenly"),
    ],
)
def test_bad_input_is_one_sentence(flags, said, run_page):
    assert said in run_page("llm_world_model", *flags).err


@pytest.mark.slow
def test_it_tells_what_follows_from_states_that_it_has_never_seen(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = replace(Config(), seed=5)
    model, table = train(config), table_of(4)
    learnt, held_out = split(table, config)
    assert exact(model, table, learnt).mean() > 0.98
    assert exact(model, table, held_out).mean() > 0.9
    tasks, imagine = draw_tasks(table, (6, 10), 100, 5), Imagined(table, model.write)
    assert solved("tree", imagine, table, tasks, config) > 2 * solved("greedy", imagine, table, tasks, config)


# -- could a language model be the model? ----------------------------------------------------------------------------


def test_the_questions_are_those_that_were_written_before_any_answer():
    assert hashlib.sha256(str(scenes()).encode()).hexdigest()[:12] == FROZEN


def test_each_state_is_asked_with_its_three_moves_and_is_no_worked_example():
    known = [scene for wording in scenes().values() for scene in wording]
    assert len(known) == 12
    for scene in known:
        assert len(set(scene.prompts)) == len(set(scene.options)) == 3
        assert len({prompt.rpartition("\n\n")[0] for prompt in scene.prompts}) == 1
        shots, _, asked = scene.prompts[0].rpartition("\n\n")
        assert asked.partition(".")[0] not in shots


class Deaf(LanguageModel):
    """Likes some states, and never reads the move."""

    def choose(self, prompt, options):
        likes = [int(hashlib.sha256(option.encode()).hexdigest(), 16) % 1_000 for option in options]
        return np.array(likes, float), np.ones(3, int)


def test_who_does_not_read_the_move_is_right_in_one_of_three():
    for wording, ways in sit(Deaf("deaf")).items():
        assert np.mean(ways["sum"]) == pytest.approx(1 / 3), wording


class Partial(Deaf):
    """Likes some states, and reads the move a little."""

    def choose(self, prompt, options):
        likes, lengths = super().choose(prompt, options)
        known = next(scene for wording in scenes().values() for scene in wording if prompt in scene.prompts)
        likes[known.prompts.index(prompt)] += 1
        return likes, lengths


def test_contrast_takes_off_what_is_liked_whatever_the_move():
    results = sit(Partial("partial"))["all"]
    assert np.mean(results["contrast"]) == 1
    assert np.mean(results["sum"]) < 0.5


@pytest.mark.parametrize("name", RECORDED)
def test_all_that_is_asked_is_recorded(name):
    model = open_model(LanguageOptions(model=name))
    blocks_exam.ask_all(model)
    assert model.bill.calls == model.bill.replayed == 36


def test_the_exam_shows_three_models(run_page):
    done = run_page("blocks_exam")
    assert all(name in done.out for name in RECORDED.values())
    assert done.out.count("36 questions, 36 of them replayed") == 3
