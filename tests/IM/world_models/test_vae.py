"""V: its loss by hand, what its places are, fresh draws, codes that can be read, and a run that goes on."""

import re
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gymnasium import spaces

from framework.agent import load_agent, save_agent
from framework.graph import graphs_of
from framework.tf import begin, tf
from IM.world_models import vae as page
from IM.world_models.read_out import check_read_out, read_out
from IM.world_models.record import record
from IM.world_models.vae import (
    CAR_RACING,
    VAE,
    Config,
    kl_from_standard_normal,
    squared_error,
    train,
)
from IM.world_models.vae_networks import Broadcast, Places, grid

SCRIPT = Path(__file__).parents[3] / "IM" / "world_models" / "vae.py"
SMALL = Config(
    num_envs=8, record_steps=40, steps=4, gradient_steps=2, batch_size=8, eval_every=2, log_every=2, eval_episodes=8,
    final_episodes=8, quick=True,
)  # fmt: skip
PICTURES = spaces.Box(0, 255, (32, 32, 1), np.uint8)


@pytest.fixture(scope="module")
def recording():
    return record(SMALL)


def small(**options):
    config = replace(SMALL, **options)
    begin(config)
    return VAE(PICTURES, None, config)


def some_frames(count=6, seed=0):
    """Dark, as those of the world are."""
    return np.random.default_rng(seed).integers(8, size=(count, 32, 32, 1), dtype=np.uint8)


def noise(count, seed=0):
    return np.random.default_rng(seed).standard_normal((count, 8)).astype(np.float32)


# The loss


def test_kl_by_hand_and_by_integration():
    """Of N(1, 2²) and of N(0, 1) itself: (4 + 1 - 1 - log 4) / 2 and 0."""
    kl = kl_from_standard_normal(np.array([[1.0, 0.0]]), np.log([[4.0, 1.0]])).numpy()
    assert kl == pytest.approx([(4 - np.log(4)) / 2])
    x = np.linspace(-40, 40, 400_001)
    density = np.exp(-((x - 1) ** 2) / 8) / np.sqrt(8 * np.pi)
    integral = np.sum(density * (np.log(density + 1e-300) + x**2 / 2 + np.log(2 * np.pi) / 2)) * (x[1] - x[0])
    assert kl[0] == pytest.approx(integral, rel=1e-6)


def test_the_error_is_summed_over_the_pixels_of_a_picture_and_weighted():
    """Not their mean: that would be a thousandth, and KL would win."""
    x, drawn, weight = np.zeros((2, 32, 32, 1)), np.full((2, 32, 32, 1), 0.5), np.ones((2, 32, 32, 1))
    weight[1] = 3.0
    assert squared_error(x, drawn, weight).numpy().tolist() == [256.0, 768.0]


def test_the_loss_by_its_parts():
    vae, frames = small(sigma=0.3, free_bits=0.5), some_frames()
    vae.mean_picture.assign(np.full((32, 32, 1), 0.25))
    loss, logged = vae.loss(frames, noise(6))
    mean, log_var = vae.encode(frames)
    drawn, x = vae.decoder(mean + np.exp(log_var / 2) * noise(6)).numpy(), frames / 255
    error = ((1 + 4 * np.abs(x - 0.25)) * (x - drawn) ** 2).sum(axis=(1, 2, 3))
    kl = 0.5 * (np.exp(log_var) + mean**2 - 1 - log_var).sum(axis=1)
    assert float(loss) == pytest.approx((error / (2 * 0.3**2) + np.maximum(kl, 8 * 0.5)).mean(), rel=1e-4)
    assert float(logged["kl"]) == pytest.approx(kl.mean(), rel=1e-4)
    assert float(logged["error"]) == pytest.approx(((x - drawn) ** 2).sum(axis=(1, 2, 3)).mean(), rel=1e-4)


def test_below_the_free_bits_KL_costs_nothing_and_above_it_all_counts():
    vae, frames = small(sigma=1e3, free_bits=2.0), some_frames()  # so large that no error counts
    kl = float(vae.loss(frames, noise(6))[1]["kl"])
    assert kl < 16
    assert float(vae.loss(frames, noise(6))[0]) == pytest.approx(16, abs=0.1)
    for free_bits, moves in ((0.0, True), (2.0, False)):
        vae.config = replace(vae.config, free_bits=free_bits, sigma=1e6)
        with tf.GradientTape() as tape:
            loss, _ = vae.loss(frames, noise(6))
        gradients = tape.gradient(loss, vae.encoder.trainable_variables)
        assert (max(float(tf.reduce_max(tf.abs(gradient))) for gradient in gradients) > 1e-4) is moves


def test_the_gradient_goes_through_the_draw_as_finite_differences_say():
    """d/dmean and d/dlog_var of E z² are 2 mean and exp(log_var): noise apart, z is a function of both."""
    mean, log_var = tf.Variable([[0.3, -1.0]]), tf.Variable([[0.5, -0.5]])
    draws = np.random.default_rng(0).standard_normal((200_000, 2)).astype(np.float32)
    with tf.GradientTape() as tape:
        square = tf.reduce_sum(tf.reduce_mean(VAE.sample(mean, log_var, draws) ** 2, axis=0))
    by_mean, by_log_var = tape.gradient(square, [mean, log_var])
    assert by_mean.numpy() == pytest.approx(2 * mean.numpy(), abs=0.02)
    assert by_log_var.numpy() == pytest.approx(np.exp(log_var.numpy()), abs=0.02)


def test_the_gradient_of_the_whole_loss_is_that_of_finite_differences():
    vae, frames = small(sigma=0.5, free_bits=0.0), some_frames()
    weights = vae.encoder.layers[-1].bias  # of log_var
    with tf.GradientTape() as tape:
        loss, _ = vae.loss(frames, noise(6))
    gradient, before = tape.gradient(loss, weights).numpy(), weights.numpy()
    differences = np.zeros(8)
    for i, one in enumerate(np.eye(8, dtype=np.float32) * 0.02):
        ends = []
        for step in (one, -one):
            weights.assign(before + step)
            ends.append(float(vae.loss(frames, noise(6))[0]))
        differences[i] = (ends[0] - ends[1]) / 0.04
    assert gradient == pytest.approx(differences, abs=0.02 * np.abs(differences).max())


# The networks


def places_of(maps):
    """(mass, x, y), each [N, K]."""
    return np.moveaxis(Places()(maps.astype(np.float32)).numpy().reshape(len(maps), 3, -1), 1, 0)


def test_the_moments_of_one_bright_pixel_and_of_two_by_hand():
    maps = np.full((1, 5, 5, 3), -1.0)
    maps[0, 4, 1, 0] = maps[0, 0, 3, 1] = 2.0  # row 4, column 1: x -0.5, y 1
    maps[0, 0, 4, 1] = 6.0
    mass, x, y = (part[0].tolist() for part in places_of(maps))
    assert mass == [2, 8, 0]
    assert x == [-1, 2 * 0.5 + 6 * 1, 0]
    assert y == [2, -8, 0]


def test_moments_move_linearly_with_what_was_found_and_those_of_two_things_add_up():
    """A soft-argmax does the first, for one thing in sight; it does not do the second."""
    fruit, paddle = np.zeros((4, 9, 9, 1)), np.zeros((4, 9, 9, 1))
    fruit[np.arange(4), 2, [1, 3, 5, 7]] = 9.0
    paddle[:, 8, 3:6] = 4.0
    alone, both = places_of(fruit), places_of(fruit + paddle)
    assert np.diff(alone[1, :, 0]) == pytest.approx(np.full(3, 9 * 0.5))
    assert both == pytest.approx(alone + places_of(paddle), abs=1e-5)


def test_a_grid_goes_row_by_row():
    assert grid(2, 3).tolist() == [[-1, -1], [0, -1], [1, -1], [-1, 1], [0, 1], [1, 1]]


def test_a_broadcast_feature_bends_where_its_sum_with_x_and_y_is_zero():
    layer = Broadcast(3, seed=0)
    layer.build((None, 1))
    layer.directions.assign([[2.0], [1.0]])
    by_hand = [[0, 0, 1.5], [0, 0.5, 2.5], [0, 1.5, 3.5]]  # 0.5 + 2 x + y
    assert layer(np.array([[0.5]], np.float32)).numpy()[0, :, :, 0].tolist() == by_hand


def test_pictures_of_the_paper_are_read_and_drawn_too():
    begin(CAR_RACING)
    for channels in (1, 3):
        vae = VAE(spaces.Box(0, 255, (64, 64, channels), np.uint8), None, CAR_RACING)
        frames = np.zeros((2, 64, 64, channels), np.uint8)
        mean, log_var = vae.encode(frames)
        assert mean.shape == log_var.shape == (2, 32)
        assert vae.decode(mean).shape == frames.shape
    assert vae.encoder.layers[-3].output.shape[1] == 2 * 2 * 256  # as in the paper


def test_a_decoder_of_another_size_is_refused():
    with pytest.raises(
        ValueError, match=r"^this decoder draws pictures \(64, 64, 1\); the world shows \(32, 32, 1\)$"
    ):
        small(decoder="dense", decoder_filters=(16, 8, 8, 8))


# Draws, training


def test_pictures_come_back_as_bytes_and_a_code_is_drawn_from_its_distribution():
    vae = small()
    assert vae.decode(noise(3)).dtype == np.uint8
    draws = vae.sample(np.full((50_000, 8), 2.0), np.full((50_000, 8), np.log(9.0)), noise(50_000))
    assert (draws.mean(), draws.std()) == (pytest.approx(2, abs=0.05), pytest.approx(3, abs=0.05))


def test_noise_is_drawn_afresh_for_every_minibatch_and_every_call(monkeypatch):
    vae, drawn = small(), []
    loss = VAE.loss

    def noted(self, frames, noise):
        tf.py_function(lambda z: drawn.append(z.numpy().tolist()), [noise], [])
        return loss(self, frames, noise)

    monkeypatch.setattr(VAE, "loss", noted)
    for _ in range(2):
        vae.update(np.repeat(some_frames(4)[None], 3, axis=0), 1e-3)
    assert len(drawn) == 6
    assert len({str(z) for z in drawn}) == 6


def test_it_is_traced_once_whatever_the_number_of_pictures(recording):
    vae, frames = small(), recording.frames[:, 0]
    vae.train_step(frames, 1.0)
    vae.train_step(frames, 0.5)
    for count in (3, 5):
        vae.encode(frames[:count])
    assert {graph.traces for graph in graphs_of(vae).values() if graph.traces} == {1}
    assert float(vae.optimizer.learning_rate) == pytest.approx(0.5 * SMALL.learning_rate)


def test_it_learns_a_few_pictures_by_heart(recording):
    vae, frames = small(batch_size=16, gradient_steps=40), recording.frames[::10, :4].reshape(-1, 32, 32, 1)
    before = vae.error(frames).mean()
    for _ in range(5):
        logged = vae.train_step(frames, 1.0)
    assert vae.error(frames).mean() < 0.5 * before
    assert np.isfinite(list(logged.values())).all()


def test_a_run_that_was_stopped_ends_with_the_same_weights(recording, monkeypatch, tmp_path):
    whole = train(replace(SMALL, run_folder=str(tmp_path / "whole")), recording)
    step, config = VAE.train_step, replace(SMALL, run_folder=str(tmp_path / "stopped"), checkpoint_seconds=0)

    def stops(self, frames, remaining):
        if remaining < 0.5:
            raise KeyboardInterrupt
        return step(self, frames, remaining)

    monkeypatch.setattr(VAE, "train_step", stops)
    with pytest.raises(KeyboardInterrupt):
        train(config, recording)
    monkeypatch.setattr(VAE, "train_step", step)
    for one, other in zip(whole.weights(), train(config, recording).weights(), strict=True):
        assert one.tolist() == other.tolist()


def test_a_saved_V_is_loaded_and_codes_the_same(tmp_path):
    vae = small()
    save_agent(tmp_path / "v.npz", vae.config, vae.weights())
    again, _ = load_agent(tmp_path / "v.npz", VAE, Config)
    assert again.encode(some_frames())[0].tolist() == vae.encode(some_frames())[0].tolist()


# The read-out


class Truth:
    """Tells, in place of V, the state itself, noisily; ``curled`` tells the places by their squares."""

    def __init__(self, states, log_var=-20.0, curled=False):
        self.states, self.log_var, self.curled = iter(states), log_var, curled

    def encode(self, frames):
        z = np.stack([next(self.states) for _ in frames]) / 64
        z = (z - 0.5) ** 2 if self.curled else z
        return z, np.full_like(z, self.log_var)

    sample = staticmethod(VAE.sample)


def read(recording, noise_seed=None, **options):
    return read_out(Truth(recording.state.reshape(-1, 8), **options), recording, noise_seed)


def test_a_code_that_tells_the_places_is_read_exactly_and_a_curled_one_is_not(recording):
    assert max(read(recording).values()) < 1e-6
    assert read(recording, curled=True)["fruit x"] > 5


def test_a_code_that_is_drawn_is_read_with_its_noise(recording):
    off = read(recording, noise_seed=0, log_var=2 * np.log(1 / 64))  # a standard deviation of one pixel
    assert off["fruit x"] == pytest.approx(1, abs=0.15)


def test_the_read_out_is_asked_about_games_that_it_was_not_fitted_on(recording):
    """Codes that are mere chance tell nothing, however many numbers they have."""

    class Chance(Truth):
        def encode(self, frames):
            z = rng.standard_normal((len(frames), 150))
            return z, np.full_like(z, -20.0)

    rng = np.random.default_rng(0)
    assert read_out(Chance([]), recording)["paddle"] > recording.state[..., 0].std()


@pytest.mark.parametrize(
    ("off", "sentence"),
    [
        ((1.6, 1.0, 1.0, 0.1), r"paddle 1.60 \(at most 1.5\); train longer"),
        ((1.0, 2.0, np.nan, 0.1), r"fruit x 2.00 \(at most 1.5\), fruit y nan \(at most 1.5\); train longer"),
        ((1.0, 1.0, 1.0, 0.7), r"lives 0.70 \(at most 0.5\); train longer"),
    ],
)
def test_what_cannot_be_read_stops_the_run_in_one_sentence(off, sentence):
    names = ("paddle", "fruit x", "fruit y", "lives")
    check_read_out(dict.fromkeys(names, 0.4))
    with pytest.raises(ValueError, match=f"^V does not tell where things are: {sentence}"):
        check_read_out(dict(zip(names, off, strict=True)))


def test_training_ends_with_the_gate_except_where_it_is_quick(recording, tmp_path):
    with pytest.raises(ValueError, match="V does not tell where things are: paddle"):
        train(replace(SMALL, quick=False, run_folder=str(tmp_path / "run")), recording)
    assert (tmp_path / "run" / "read_out.png").exists()
    assert not (tmp_path / "run" / "result.json").exists()  # or the whole would go on with it


def test_the_gate_judges_the_weights_that_are_kept(recording, tmp_path, monkeypatch):
    errors, judged = iter([1.0, 2.0, 3.0, 4.0]), []  # the first evaluation is the best
    monkeypatch.setattr(VAE, "error", lambda self, frames: np.full(len(frames), next(errors)))
    monkeypatch.setattr(page, "readings", lambda vae, *_, **__: judged.append(vae.weights()))
    vae = train(replace(SMALL, run_folder=str(tmp_path / "run")), recording)
    for one, other in zip(judged[0], vae.weights(), strict=True):
        assert one.tolist() == other.tolist()


# The script


def test_the_script_trains_and_draws(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), "--quick", "--num-envs", "8", "--record-steps", "60"])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    captured = capsys.readouterr()
    assert "error:" not in captured.err
    assert re.search(r"read off z, off by: paddle \d+\.\d\d, fruit x ", captured.out)
    (folder,) = (tmp_path / "runs" / "vae").iterdir()
    for name in ("reconstruction", "walks", "read_out"):
        assert (folder / f"{name}.png").stat().st_size > 5_000


def learnt(**options):
    """(V, what was logged last, how far off its read-out is) after a part of the training."""
    config = replace(Config(), num_envs=64, record_steps=300, **options)
    begin(config)
    recording = record(config)
    frames = recording.frames.reshape(-1, 32, 32, 1)
    vae = VAE(PICTURES, None, config)
    vae.mean_picture.assign(frames.mean(axis=0) / 255)
    for step in range(config.steps):
        logged = vae.train_step(frames, 1 - step / config.steps)
    return vae, logged, read_out(vae, record(config, seed=1, num_envs=32, steps=200), noise_seed=0)


@pytest.mark.slow
def test_places_and_lives_can_be_read_off_a_code_after_most_of_the_training():
    """bench/results/vae.json has the whole of it, for five seeds, and what each part is good for."""
    _, logged, off = learnt(steps=400)
    assert max(off[name] for name in ("paddle", "fruit x", "fruit y")) < 3
    assert off["lives"] < 0.3
    assert logged["kl"] < 60


@pytest.mark.slow
def test_with_the_mean_of_the_errors_in_place_of_their_sum_a_code_tells_nothing():
    """σ × 32 divides the errors by 1024, the number of pixels, as a mean does."""
    _, logged, off = learnt(steps=60, sigma=0.3 * 32, free_bits=0.0)
    assert logged["kl"] < 0.5
    assert off["fruit x"] > 10
