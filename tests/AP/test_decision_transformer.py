"""The Decision Transformer: the order of its tokens, what each sees, what is to come, and memory in a game."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from AP import decision_transformer, rvs
from AP.asking import ask_each
from AP.catcher_data import catcher_data, play_catcher, save_episodes
from AP.context import Context, Player, cut, steps_of
from AP.decision_transformer import (
    Attention,
    Config,
    DecisionTransformer,
    interleave,
    learning_rates,
    main,
    train,
    visible,
)
from framework.graph import graphs_of
from framework.tf import keras, set_seed, tf
from framework.training import run_training

K = 4
SMALL = Config(
    steps=4, gradient_steps=2, batch_size=4, window=K, width=8, heads=2, layers=2, eval_every=2, eval_episodes=8,
    final_episodes=8, log_every=2, warmup_steps=2, games=1,
)  # fmt: skip
DATA = play_catcher("mirrored", 30, 0)


def some_context(rows=3, known=None, seed=0):
    rng = np.random.default_rng(seed)
    return Context(
        rng.normal(size=(rows, K)).astype(np.float32), rng.normal(size=(rows, K, 5)).astype(np.float32),
        rng.integers(3, size=(rows, K)), np.tile(np.arange(K), (rows, 1)),
        np.ones((rows, K), bool) if known is None else np.tile(known, (rows, 1)),
    )  # fmt: skip


def an_agent(**settings):
    set_seed(0)
    return DecisionTransformer(replace(SMALL, **settings))


def logits(agent, context):
    return agent.logits(Context(*map(tf.constant, context))).numpy()


def changed(context, name, step, value):
    """The context with another value of one part at one step."""
    array = getattr(context, name).copy()
    array[:, step] = value
    return context._replace(**{name: array})


# The sentence


def test_tokens_stand_in_the_order_return_state_action_step_by_step():
    parts = [tf.constant(np.full((1, K, 2), 100 * kind) + np.arange(K)[None, :, None]) for kind in (1, 2, 3)]
    order = interleave(parts).numpy()[0, :, 0].tolist()
    assert order == [100, 200, 300, 101, 201, 301, 102, 202, 302, 103, 203, 303]


def tokens_of(agent, context):
    """The sentence [B, 3 K, d], before attention, and what embeds the time."""
    norm = next(layer for layer in agent.network.layers if isinstance(layer, keras.layers.LayerNormalization))
    parts = agent.network.inputs
    model = keras.Model(parts, norm.input)
    told = context._replace(action=np.eye(3, dtype=np.float32)[context.action])
    kinds = (tf.float32, tf.float32, tf.float32, tf.int32, tf.bool)
    return model([tf.cast(part, kind) for part, kind in zip(told, kinds, strict=True)]).numpy()


def test_a_step_has_one_embedding_of_time_which_all_three_of_its_tokens_have():
    for stamp, equal in (("step", True), ("token", False)):
        agent, context = an_agent(stamp=stamp), some_context()
        (time,) = (layer for layer in agent.network.layers if isinstance(layer, keras.layers.Embedding))
        for layer in agent.network.layers:
            if isinstance(layer, keras.layers.Dense):
                layer.set_weights([np.zeros_like(array) for array in layer.get_weights()])
        tokens = tokens_of(agent, context).reshape(3, K, 3, 8)
        assert (np.ptp(tokens, axis=2) == 0).all() == equal
        assert (np.ptp(tokens, axis=1) > 0).any()  # steps differ
        table = time.get_weights()[0]
        assert len(table) == (500 if equal else 1_500)
        if equal:
            np.testing.assert_array_equal(tokens[0, :, 0], table[context.elapsed[0]])


def test_it_is_the_steps_of_the_episode_that_are_embedded_not_those_of_the_window():
    agent, context = an_agent(), some_context()
    later = context._replace(elapsed=context.elapsed + 100)
    assert np.abs(logits(agent, context) - logits(agent, later)).max() > 1e-3


# What a token sees


def test_no_output_depends_on_what_comes_later():
    agent, context = an_agent(), some_context()
    before = logits(agent, context)
    for name, value in (("to_go", 9.0), ("obs", 9.0), ("action", -1), ("elapsed", 99)):
        for step in range(1, K):
            after = logits(agent, changed(context, name, step, value))
            np.testing.assert_array_equal(after[:, :step], before[:, :step])
            seen_from = step + (name == "action")  # an action is the answer at its own step
            assert (after[:, step:seen_from] == before[:, step:seen_from]).all()
            assert (np.abs(after[:, seen_from:] - before[:, seen_from:]).max(axis=(0, 2)) > 1e-6).all()


def test_without_the_causal_mask_the_answer_leaks():
    agent, context = an_agent(causal=False), some_context()
    after = logits(agent, changed(context, "action", 2, (context.action[:, 2] + 1) % 3))
    assert np.abs(after - logits(agent, context))[:, :3].max() > 1e-3


def test_what_is_under_the_padding_changes_nothing():
    known = np.array([False, False, True, True])
    for mask in (True, False):
        agent, context = an_agent(padding_mask=mask), some_context(known=known)
        other = context
        for name, value in (("to_go", 7.0), ("obs", -7.0), ("action", 1), ("elapsed", 321)):
            for step in (0, 1):
                other = changed(other, name, step, value)
        same = logits(agent, context)[:, known] == logits(agent, other)[:, known]
        assert same.all() == mask
        assert np.isfinite(logits(agent, context)).all()
        ours, theirs = (float(agent.loss(Context(*map(tf.constant, one)))) for one in (context, other))
        assert (ours == theirs) == mask


def test_the_action_is_read_off_the_state_token_which_does_not_see_it():
    context = some_context()
    other = changed(context, "action", K - 1, (context.action[:, K - 1] + 1) % 3)
    same = {read: (logits(an_agent(read=read), context) == logits(an_agent(read=read), other)).all() for read in
            ("state", "action")}  # fmt: skip
    assert same == {"state": True, "action": False}


def test_without_returns_nothing_is_asked():
    for returns in (True, False):
        agent, context = an_agent(returns=returns), some_context()
        other = context._replace(to_go=context.to_go + 3)
        assert (logits(agent, context) == logits(agent, other)).all() == (not returns)


def test_which_tokens_are_visible_by_hand():
    known = keras.ops.convert_to_tensor([[False, True]])
    two = visible(known, replace(SMALL, window=2)).numpy()[0].astype(int)
    assert two.tolist() == [
        [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 1, 0, 0], [0, 0, 0, 1, 1, 0], [0, 0, 0, 1, 1, 1],
    ]  # fmt: skip


def test_attention_is_that_of_a_plain_loop():
    rng, heads, T, d = np.random.default_rng(0), 2, 3, 4
    layer = Attention(d, heads)
    x = rng.normal(size=(1, T, d)).astype(np.float32)
    sees = np.tril(np.ones((1, T, T), bool))
    found = layer(tf.constant(x), tf.constant(sees)).numpy()[0]
    (read, read_bias), (write, write_bias) = layer.read.get_weights(), layer.write.get_weights()
    q, k, v = np.split(x[0] @ read + read_bias, 3, axis=1)
    for t in range(T):
        taken = []
        for head in range(heads):
            own = slice(head * d // heads, (head + 1) * d // heads)
            scores = np.array([q[t, own] @ k[past, own] / (d / heads) ** 0.5 for past in range(t + 1)])
            weights = np.exp(scores) / np.exp(scores).sum()
            taken.append(weights @ v[: t + 1, own])
        np.testing.assert_allclose(found[t], np.concatenate(taken) @ write + write_bias, atol=1e-5)


# What is to come


def test_the_first_return_to_go_of_an_episode_is_its_return_and_none_is_shifted():
    steps = steps_of(DATA, SMALL)
    np.testing.assert_array_equal(steps.to_go[DATA.start[:-1]] * 16, DATA.returns)
    np.testing.assert_array_equal(steps.to_go[DATA.start[1:] - 1] * 16, DATA.reward[DATA.start[1:] - 1])
    discounted = steps_of(DATA, replace(SMALL, gamma=0.99)).to_go[DATA.start[:-1]] * 16
    assert np.abs(discounted - DATA.returns).max() > 1


class Recorded:
    """In an agent's place: does what was done in a stored episode, and keeps what it was shown."""

    def __init__(self, config, action):
        self.config, self.action, self.shown = config, iter(action), []

    def probs(self, context):
        self.shown.append(Context(*(part.copy() for part in context)))
        return np.eye(3)[[next(self.action)]]


def test_a_game_shows_to_the_bit_what_was_learnt_from():
    """Asked for the return of a stored episode, a player's memory is the windows that were cut from it."""
    one = 7
    rows = np.arange(DATA.start[one], DATA.start[one + 1])
    recorded = Recorded(SMALL, DATA.action[rows])
    player = Player(recorded, [DATA.returns[one]], None)
    for row in rows:
        player(DATA.obs[row : row + 1])
        player.pay(DATA.reward[row : row + 1])
    expected = cut(steps_of(DATA, SMALL), DATA, rows, K)
    shown = [np.concatenate(part) for part in zip(*recorded.shown, strict=True)]
    for name, ours, theirs in zip(Context._fields, shown, expected, strict=True):
        if name == "action":
            assert (ours[:, -1] == -1).all()  # it is what is asked for
            ours, theirs = ours[:, :-1], theirs[:, :-1]
        np.testing.assert_allclose(ours, theirs, atol=1e-6, err_msg=name)
    assert not expected.known[0, :-1].any()
    assert (expected.obs[..., 1] == 0).all()  # the speed


def test_a_player_starts_with_nothing_to_remember():
    agent = an_agent()
    first = agent.player([5.0])(DATA.obs[:1])
    player = agent.player([9.0])
    player(DATA.obs[1:2])
    assert agent.player([5.0])(DATA.obs[:1]) == first
    assert not agent.player([5.0]).context.known.any()


# Learning


def test_the_loss_counts_known_steps_only_and_is_log_3_of_an_empty_head():
    agent, context = an_agent(), some_context(known=np.array([False, True, True, True]))
    agent.network.layers[-1].set_weights([np.zeros((8, 3)), np.log([2.0, 1.0, 1.0])])
    expected = -np.log(np.where(context.action == 0, 0.5, 0.25))[:, 1:].mean()
    assert float(agent.loss(Context(*map(tf.constant, context)))) == pytest.approx(expected)
    np.testing.assert_allclose(
        agent.judge(context), np.log(np.where(context.action == 0, 0.5, 0.25))[:, 1:].mean(axis=1), rtol=1e-5
    )


def test_learning_rates_by_hand():
    """Of 8 gradient steps, two a call, with a warm-up of 2: 0, 1/2, 1 … times what falls from 1 by eighths."""
    config = replace(SMALL, learning_rate=0.8)
    rates = np.concatenate([learning_rates(step, config) for step in range(4)])
    assert rates == pytest.approx([0, 0.35, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])


def test_graphs_are_traced_once_whatever_the_number_of_rows():
    agent, steps = an_agent(), steps_of(DATA, SMALL)
    for rows in (1, 5, 9):
        ends = np.arange(2 * rows).reshape(2, rows)
        agent.update(cut(steps, DATA, ends, K), np.full(2, 1e-3))
        agent.probs(cut(steps, DATA, ends[0], K))
        agent.judge(cut(steps, DATA, ends[0], K))
    assert {name: graph.traces for name, graph in graphs_of(agent).items()} == dict.fromkeys(
        ("update", "probs", "judge"), 1
    )


def test_windows_end_at_every_step_of_the_data_alike(tmp_path, monkeypatch):
    ended = []

    def noted(steps, data, ends, window):
        if ends.ndim == 2:  # those to learn from
            ended.append((data, ends))
        return cut(steps, data, ends, window)

    monkeypatch.setattr(decision_transformer, "cut", noted)
    few = {"steps": 2, "eval_every": 2, "gradient_steps": 2, "batch_size": 4_000}
    train(replace(SMALL, **few, run_folder=str(tmp_path / "run")), DATA)
    learnt, ends = ended[0][0], np.concatenate([ends.ravel() for _, ends in ended])
    drawn = np.bincount(learnt.episode[ends], minlength=len(learnt.lengths)) / ends.size
    np.testing.assert_allclose(drawn, learnt.lengths / learnt.lengths.sum(), atol=0.01)  # longer ones more often


def test_it_is_judged_by_windows_of_episodes_that_it_has_not_learnt_from(tmp_path, monkeypatch):
    learnt, judged = set(), set()
    monkeypatch.setattr(decision_transformer, "cut", lambda steps, data, ends, window: data)
    monkeypatch.setattr(DecisionTransformer, "update", lambda agent, data, rates: learnt.update(data.share) or 0.0)
    monkeypatch.setattr(DecisionTransformer, "judge", lambda agent, data: judged.update(data.share) or np.zeros(8))
    monkeypatch.setattr("framework.plots.draw_run", lambda folder, *_, **__: folder)
    train(replace(SMALL, run_folder=str(tmp_path / "run")), DATA)
    assert (len(learnt), len(judged)) == (27, 3)
    assert not learnt & judged  # the share is another of each episode


def script(*flags, config):
    """A run of the script with some flags, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["AP/decision_transformer.py", *flags])
        run_training(main, DecisionTransformer, [config], "")


def test_a_run_that_is_killed_goes_on_to_the_same_bits(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    save_episodes("mine.npz", DATA)
    config = replace(SMALL, data="mine.npz", checkpoint_seconds=0, steps=3)
    monkeypatch.setattr(decision_transformer, "compare", lambda agent, data, folder: None)
    script("--run-folder", "whole", config=config)
    plain, count = DecisionTransformer.update, []

    def killed(self, *args):
        count.append(1)
        if len(count) == 3:
            raise RuntimeError("killed")
        return plain.__get__(self)(*args)

    with monkeypatch.context() as patch:
        patch.setattr(DecisionTransformer, "update", killed)
        with pytest.raises(RuntimeError, match="killed"):
            script("--run-folder", "stopped", config=config)
    script("--resume", "--run-folder", "stopped", config=config)
    assert "resumed at step 2" in capsys.readouterr().out
    with np.load("whole/final.npz") as whole, np.load("stopped/final.npz") as stopped:
        for name in whole.files:
            if name.startswith("weights"):
                np.testing.assert_array_equal(whole[name], stopped[name])


def test_the_script_compares_with_rvs_and_draws(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    save_episodes("mine.npz", DATA)
    plain, brief = rvs.Config, {"steps": 1, "gradient_steps": 1, "eval_every": 1}
    monkeypatch.setattr(rvs, "Config", lambda **settings: plain(**(brief | settings)))
    script("--run-folder", "run", "--quick", config=replace(SMALL, data="mine.npz", steps=40))
    printed = capsys.readouterr().out
    for name in ("transformer, greedy", "RvS, 1 observation, sampled", "RvS, 2 observations, greedy"):
        assert name in printed
    assert Path("run/asked_and_got.png").stat().st_size > 20_000
    assert Path("run/rvs-2/result.json").exists()


@pytest.mark.slow
def test_with_the_speed_hidden_memory_is_worth_more_than_a_fifth(tmp_path, monkeypatch):
    """Fewer gradient steps than the page takes; drawn actions. Five seeds in full: 12.0 or more, against 1.8."""
    monkeypatch.chdir(tmp_path)
    data = catcher_data("mirrored", 600, 101)
    one = rvs.train(rvs.Config(seed=101, hide_speed=True, run_folder="rvs"), data)
    agent = train(Config(seed=101, steps=50, eval_every=50, run_folder="transformer"), data)
    got, plain = (ask_each(player, [15], 48, 101, sampled=True).mean() for player in (agent, one))
    assert got >= max(4, 1.2 * plain)
