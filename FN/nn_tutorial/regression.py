"""Regression: a network learns to predict a number (Day 4, tutorial 3 of 6).

442 patients, ten measurements each; the target is how far diabetes has gone a year later, from 25 to 346 (Efron et
al. 2004; it ships with scikit-learn). The book takes house prices in Boston, which scikit-learn removed for ethical
reasons: one of its columns is built on race.

    loss = mean of (y - f(x))²,  made smaller step by step against its gradient

    python FN/nn_tutorial/regression.py

prints the mean absolute error, on patients never trained on, of three predictions: the mean, the linear least-squares
solution, the network. On so little data the network does not beat least squares: always try the simple thing first.
Saves a plot of predicted against true.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_diabetes

from framework.cli import CommonOptions, run
from framework.tf import keras, set_seed


def split(count, test_share, seed):
    """Row numbers to train on and row numbers to test on, drawn at random; no row is in both."""
    rows = np.random.default_rng(seed).permutation(count)
    tests = round(test_share * count)
    return rows[tests:], rows[:tests]


def standardise(train, *others):
    """Each column less its mean, over its standard deviation, both of ``train`` alone: the test must stay unseen."""
    return [(values - train.mean(axis=0)) / train.std(axis=0) for values in (train, *others)]


def load(seed):
    """x_train [N, 10], y_train [N], x_test [M, 10], y_test [M]; a quarter of the patients is the test."""
    x, y = load_diabetes(return_X_y=True, scaled=False)
    train, test = split(len(x), 0.25, seed)
    x_train, x_test = standardise(x[train], x[test])
    return x_train.astype("float32"), y[train], x_test.astype("float32"), y[test]


def least_squares(x_train, y_train, x_test):
    """Predictions [M] of the linear model with the smallest squared error on the training rows, solved in one go."""
    train, test = (np.column_stack([x, np.ones(len(x))]) for x in (x_train, x_test))  # the ones carry the bias
    return test @ np.linalg.lstsq(train, y_train, rcond=None)[0]


def network(x_train, y_train, x_test, epochs):
    """Predictions [M] of a network with one hidden layer, trained on standardised targets."""
    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss="mse")
    # A network soon knows its rows by heart: stop where the error on a fifth of them, kept aside, was lowest.
    stop = keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True)
    (target,) = standardise(y_train)
    model.fit(x_train, target, batch_size=32, epochs=epochs, validation_split=0.2, callbacks=[stop], verbose=0)
    return model(x_test).numpy()[:, 0] * y_train.std() + y_train.mean()


@dataclass(frozen=True)
class Options(CommonOptions):
    plot: str = "runs/nn_tutorial/regression.png"
    """Where the plot goes."""


def main(options):
    set_seed(options.seed)
    x_train, y_train, x_test, y_test = load(options.seed)
    predictions = {
        "the mean": np.full(len(y_test), y_train.mean()),
        "least squares": least_squares(x_train, y_train, x_test),
        "the network": network(x_train, y_train, x_test, epochs=10 if options.quick else 60),
    }
    print(f"{len(x_train)} patients to train on, {len(x_test)} to test on; mean absolute error on the latter:")
    errors = {label: np.abs(predicted - y_test) for label, predicted in predictions.items()}  # [M] each
    for label, error in errors.items():
        print(f"{label:>14}: {error.mean():5.1f}")
    worse = errors["the network"] - errors["least squares"]
    half = 1.98 * worse.std(ddof=1) / np.sqrt(len(worse))  # of a 95% interval, patient by patient
    print(f"the network's is higher than least squares' by {worse.mean():.1f} ± {half:.1f}", end="")
    print(": they cannot be told apart" if abs(worse.mean()) < half else "")
    draw(y_test, predictions, options.plot)


def draw(y_test, predictions, path):
    """Predicted against true; perfect predictions would lie on the diagonal."""
    import matplotlib.pyplot as plt

    from framework.plots import COLOURS, finish, save_figure

    figure, ax = plt.subplots(figsize=(6.5, 6), layout="constrained")
    ax.axline((0, 0), slope=1, color="#1b1e23", linewidth=0.8)
    for (label, predicted), colour, marker in zip(predictions.items(), COLOURS, "_xo", strict=False):
        label = f"{label}: off by {np.abs(predicted - y_test).mean():.1f}"
        ax.plot(y_test, predicted, marker, color=colour, markersize=5, alpha=0.7, label=label)
    ax.set(xlabel="true", ylabel="predicted", xlim=(0, 360), ylim=(0, 360), aspect="equal")
    ax.set(title="diabetes after a year, in patients never trained on")
    finish(ax)
    save_figure(figure, path)


if __name__ == "__main__":
    run(main, Options, __doc__)
