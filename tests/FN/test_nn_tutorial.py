"""The six small programs on neural networks: their arithmetic in this process, and each through its command line."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from FN.nn_tutorial import batch, classification, gradient, linear_model, regression, train_loop
from framework.tf import keras, set_seed, tf

ROOT = Path(__file__).parents[2]
PROGRAMS = (linear_model, batch, regression, classification, gradient, train_loop)
DRAWING = (regression, classification)


def name(program):
    return program.__name__.rpartition(".")[2]


def run(program, *arguments, folder):
    """As from a notebook's kernel, whose backend of matplotlib's it inherits."""
    return subprocess.run(
        [sys.executable, ROOT / "FN" / "nn_tutorial" / f"{name(program)}.py", *arguments],
        cwd=folder,
        env=os.environ | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"},
        capture_output=True,
        encoding="utf-8",
        timeout=400,
    )


def here(program, capsys, **options):
    """What the program prints, run in this process."""
    capsys.readouterr()
    program.main(getattr(program, "Options", program.CommonOptions)(**options))
    return capsys.readouterr().out


# The arithmetic


def test_a_linear_layer_is_slope_times_x_plus_intercept():
    x = np.array([[-2.0], [0.0], [0.5], [3.0]])
    expected = [[4.0], [1.0], [0.25], [-3.5]]  # worked by hand: 1 - 1.5 x
    np.testing.assert_allclose(linear_model.line(x, -1.5, 1.0), expected)
    np.testing.assert_allclose(linear_model.linear_layer(-1.5, 1.0)(x).numpy(), expected)


def test_two_layers_on_numbers_worked_by_hand():
    weights = [np.array([[1.0, -1.0], [0.0, 2.0]]), np.array([0.0, 1.0]), np.array([[1.0], [10.0]]), np.array([-1.0])]
    tensors = batch.forward(np.array([[2.0, 1.0], [-3.0, 0.0]]), weights)
    np.testing.assert_array_equal(tensors["hidden"], [[2, 1], [0, 4]])  # the -3 is bent to 0
    np.testing.assert_array_equal(tensors["Q"], [[11], [39]])


@pytest.mark.parametrize("rows", [1, 7])
def test_keras_and_numpy_agree_on_a_batch_and_rows_do_not_touch_each_other(rows):
    set_seed(3)
    network = batch.two_layers(hidden=5)
    weights = [np.random.default_rng(3).normal(size=w.shape).astype("float32") for w in network.get_weights()]
    network.set_weights(weights)
    x = np.random.default_rng(rows).normal(size=(rows, 2)).astype("float32")
    Q = network(x).numpy()
    assert Q.shape == (rows, 4)
    np.testing.assert_allclose(batch.forward(x, weights)["Q"], Q, atol=1e-5)
    for row in range(rows):
        np.testing.assert_allclose(network(x[row : row + 1]).numpy()[0], Q[row], atol=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_split_puts_every_row_on_exactly_one_side(seed):
    train, test = regression.split(442, 0.25, seed)
    assert len(test) == 110
    assert sorted([*train, *test]) == list(range(442))


def test_standardisation_uses_the_training_rows_only():
    train, test = np.array([[1.0, 0.0], [3.0, 20.0]]), np.array([[5.0, 10.0]])
    train_standard, test_standard = regression.standardise(train, test)
    np.testing.assert_allclose(train_standard, [[-1, -1], [1, 1]])
    np.testing.assert_allclose(test_standard, [[3, 0]])  # mean 2 and deviation 1, mean 10 and deviation 10
    _, wild = regression.standardise(train, 1e6 * test)
    np.testing.assert_allclose(regression.standardise(train)[0], train_standard)
    np.testing.assert_allclose(wild, 1e6 * test / [1, 10] - [2, 1])


def test_loaded_rows_are_standardised_and_the_test_rows_only_by_the_others():
    x_train, y_train, x_test, y_test = regression.load(seed=0)
    assert (x_train.shape, x_test.shape) == ((332, 10), (110, 10))
    np.testing.assert_allclose(x_train.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(x_train.std(axis=0), 1, atol=1e-5)
    assert np.abs(x_test.mean(axis=0)).max() > 0.01
    assert (len(y_train), len(y_test)) == (332, 110)
    assert (min(y_train.min(), y_test.min()), max(y_train.max(), y_test.max())) == (25, 346)  # not standardised


def test_least_squares_finds_a_plane_exactly():
    rng = np.random.default_rng(0)
    x_train, x_test = rng.normal(size=(30, 3)), rng.normal(size=(4, 3))
    plane = np.array([2.0, -1.0, 0.5])
    np.testing.assert_allclose(regression.least_squares(x_train, x_train @ plane + 7, x_test), x_test @ plane + 7)


def test_digits_are_split_evenly_by_class_and_scaled_to_1():
    x_train, x_test, y_train, y_test = classification.load(seed=0)
    assert (x_train.shape, x_test.shape) == ((1347, 8, 8, 1), (450, 8, 8, 1))
    assert (x_train.min(), x_train.max()) == (0, 1)
    assert np.bincount(y_train).min() >= 130
    assert 43 <= np.bincount(y_test).min() <= np.bincount(y_test).max() <= 46


@pytest.mark.parametrize("seed", range(4))
def test_gradient_by_hand_by_tape_and_by_differences_agree(seed):
    rng = np.random.default_rng(seed)
    x, target = rng.normal(size=(5, 2)), rng.normal(size=(5, 1))
    weights = [rng.normal(size=shape) for shape in ((2, 4), (4,), (4, 1), (1,))]
    before = [w.copy() for w in weights]
    hand = gradient.by_hand(weights, x, target)
    for way, tolerance in ((gradient.by_tape, 1e-12), (gradient.by_differences, 1e-7)):
        for ours, theirs in zip(hand, way(weights, x, target), strict=True):
            assert ours.shape == theirs.shape
            assert ours.dtype == theirs.dtype == np.float64
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)
    assert all(np.array_equal(w, b) for w, b in zip(weights, before, strict=True))
    after = [w - 1e-3 * g for w, g in zip(weights, hand, strict=True)]
    assert gradient.loss(after, x, target) < gradient.loss(weights, x, target)


def test_gradient_of_one_weight_worked_by_hand():
    """One unit that is 0 before its tanh: h = 0 and its slope 1, y = b2 = 1, target 3, so dy = 2 (1 - 3) = -4."""
    weights = [np.zeros((1, 1)), np.zeros(1), np.array([[0.5]]), np.array([1.0])]
    dW1, db1, dW2, db2 = gradient.by_hand(weights, np.array([[2.0]]), np.array([[3.0]]))
    assert (dW1.item(), db1.item(), dW2.item(), db2.item()) == (-4.0, -2.0, 0.0, -4.0)
    assert gradient.loss(weights, np.array([[2.0]]), np.array([[3.0]])) == 4.0


def test_a_compiled_step_is_traced_once_for_every_size_of_batch_and_does_as_the_eager_one(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    x, y = tf.random.stateless_normal((40, 10), (1, 2)), tf.random.stateless_normal((40, 1), (3, 4))
    models = [train_loop.make_network() for _ in range(2)]
    models[1].set_weights(models[0].get_weights())
    traces = [[], []]
    eager = train_loop.make_step(models[0], traces[0])
    compiled = train_loop.compiled(train_loop.make_step(models[1], traces[1]))
    for step in (eager, compiled):
        train_loop.train(step, x, y, epochs=3)  # batches of 32 and of 8
    assert [len(t) for t in traces] == [6, 1]
    assert list(tmp_path.iterdir()) == []  # what a trace writes would stay after a kill
    for a, b in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_the_first_step_is_that_of_the_gradient_of_the_mean_squared_error():
    """With plain gradient descent in place of Adam, on a network whose gradient is known by `gradient.by_hand`."""
    rng = np.random.default_rng(0)
    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(3, activation="tanh"), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    model.optimizer.build(model.trainable_variables)
    weights = [w.astype(float) for w in model.get_weights()]
    x, y = rng.normal(size=(6, 10)).astype("float32"), rng.normal(size=(6, 1)).astype("float32")
    loss = train_loop.make_step(model, [])(x, y)
    assert float(loss) == pytest.approx(gradient.loss(weights, x, y), rel=1e-5)
    for w, g, after in zip(weights, gradient.by_hand(weights, x, y), model.get_weights(), strict=True):
        np.testing.assert_allclose(after, w - 0.1 * g, atol=1e-5)


# The programs


@pytest.mark.parametrize("program", PROGRAMS, ids=name)
def test_quick_run_from_any_folder(program, tmp_path):
    result = run(program, "--quick", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr
    assert "Warning" not in result.stderr
    assert result.stdout.strip()
    plots = [path.name for path in tmp_path.rglob("*.*")]
    assert plots == ([f"{name(program)}.png"] if program in DRAWING else [])


def test_linear_model_and_batch_print_that_by_hand_and_by_keras_agree(capsys):
    assert "the same to 1e-5: True" in here(linear_model, capsys, seed=4, slope=-3.0)
    printed = here(batch, capsys, seed=4, rows=5, hidden=6)
    assert "the same to 1e-5, in every row: True" in printed
    assert "hidden:   (1, 6) for one row,   (5, 6) for a batch of 5" in printed


def test_regression_beats_the_mean_and_prints_the_same_again(capsys, tmp_path):
    once, again = (here(regression, capsys, quick=True, plot=tmp_path / "plot.png") for _ in range(2))
    assert once == again
    mean, linear, network = (float(error) for error in re.findall(r": +(\d+\.\d)\n", once))
    assert (mean, linear) == (66.4, 44.1)
    assert network < 0.8 * mean
    assert (tmp_path / "plot.png").stat().st_size > 20_000


def test_classification_reports_precision_and_recall_of_every_digit(capsys, tmp_path):
    printed = here(classification, capsys, quick=True, plot=tmp_path / "plot.png")
    rows = re.findall(r"^ +(\d) +(\d\.\d\d) +(\d\.\d\d) +\d\.\d\d +\d+$", printed, re.MULTILINE)
    assert [digit for digit, *_ in rows] == list("0123456789")
    assert float(re.search(r"test accuracy (\d\.\d\d)", printed)[1]) >= 0.9
    assert (tmp_path / "plot.png").stat().st_size > 20_000


def test_gradient_prints_three_columns_that_agree_and_a_loss_that_falls(capsys):
    printed = here(gradient, capsys, seed=2)
    assert len(re.findall(r"^ +[Wb][12]\[[0-9,]+\]( +-?\d+\.\d{6}){3}$", printed, re.MULTILINE)) == 13
    assert "by hand and by tape agree to 1e-12: True" in printed
    assert "by hand and by differences agree to 1e-5: True" in printed
    before, after = map(float, re.search(r"loss (\S+) -> (\S+)", printed).groups())
    assert after < before


def test_train_loop_prints_one_trace_and_a_compiled_step_that_costs_far_less(capsys):
    printed = here(train_loop, capsys, quick=True)
    assert "give the same weights to 1e-3: True" in printed
    assert "traces of our step, over 33 calls: 1\n" in printed
    ratios = [int(ratio) for ratio in re.findall(r"(\d+) times less", printed)]
    assert ratios[0] >= 3  # 16 to 18 on a quiet machine
    assert ratios[1] >= 10  # 150 to 240


def test_nonsense_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match=r"^rows and hidden must be at least 1; got 0 and 8"):
        batch.main(batch.Options(rows=0))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_digits_are_read_with_an_accuracy_of_at_least_95_percent(seed, capsys, tmp_path):
    printed = here(classification, capsys, seed=seed, plot=tmp_path / "plot.png")
    assert float(re.search(r"test accuracy (\d\.\d\d)", printed)[1]) >= 0.95
