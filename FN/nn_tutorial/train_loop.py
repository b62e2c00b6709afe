"""A training loop of one's own, and what a call costs (Day 4, tutorial 6 of 6).

`model.fit` wants all data at the start. An agent makes its data while it learns, so from here on the loop is ours:

    for each batch:    loss = mean of (y - f(x))²,    its gradient by tape,    the optimizer moves the weights

Python tells TensorFlow one operation at a time ("eager"), which takes longer than the arithmetic. `tf.function` runs
the Python once to write the operations down (a trace), and from then on runs what was written. A new shape or a new
Python number makes it trace again: fix the shapes, and pass tensors.

    python FN/nn_tutorial/train_loop.py

prints whether our loop and `fit` end with the same weights, how often our step was traced, and what a step and a
prediction cost. `model.predict` is made for a whole data set: each call sets up far more than one row is worth, so
nothing in this course calls it in a loop.
"""

import time

import numpy as np

from FN.nn_tutorial.regression import load, standardise
from framework.cli import CommonOptions, run
from framework.tf import keras, set_seed, tf

BATCH = 32


def make_network():
    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss="mse")
    model.optimizer.build(model.trainable_variables)  # the optimizer makes variables too: before the trace
    return model


def make_step(model, traces):
    """The training step, eager: x [B, 10] and y [B, 1] to the loss. ``traces`` grows whenever its Python runs."""

    def step(x, y):
        traces.append(x.shape)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((y - model(x)) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        model.optimizer.apply(gradients, model.trainable_variables)
        return loss

    return step


def compiled(step):
    """The same, traced once for any number of rows, as `framework.graph` does for the rest of the day."""
    shapes = [tf.TensorSpec((None, 10)), tf.TensorSpec((None, 1))]
    return tf.function(step, input_signature=shapes, autograph=False)  # no `if` or `for` of a tensor is in it


def train(step, x, y, epochs):
    """The whole of training: every batch of every epoch, in order."""
    for _ in range(epochs):
        for start in range(0, len(x), BATCH):
            step(x[start : start + BATCH], y[start : start + BATCH])


def milliseconds(call, repeats):
    """Median time of a call, after two that do not count since they may trace."""
    times = [time.perf_counter()]
    for _ in range(repeats + 2):
        call()
        times.append(time.perf_counter())
    return 1000 * float(np.median(np.diff(times)[2:]))


def main(options):
    set_seed(options.seed)
    epochs, repeats = (3, 10) if options.quick else (20, 50)
    x, y, _, _ = load(options.seed)
    x, y = tf.constant(x), tf.constant(standardise(y[:, None])[0], "float32")  # [N, 10], [N, 1]
    ours, fitted, traces = make_network(), make_network(), []
    fitted.set_weights(ours.get_weights())
    train(compiled(make_step(ours, traces)), x, y, epochs)
    fitted.fit(x, y, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0)
    pairs = zip(ours.get_weights(), fitted.get_weights(), strict=True)
    same = all(np.allclose(a, b, atol=1e-3) for a, b in pairs)
    print(f"{epochs} epochs by our loop and by fit give the same weights to 1e-3: {same}")
    print(f"traces of our step, over {epochs * -(-len(x) // BATCH)} calls: {len(traces)}")

    step, predict = make_step(ours, []), tf.function(ours, autograph=False)
    graph, batch, row = compiled(step), (x[:BATCH], y[:BATCH]), x[:1]
    costs = {
        "training step, eager": milliseconds(lambda: step(*batch), repeats),
        "training step, compiled": milliseconds(lambda: graph(*batch), repeats),
        "one row, model.predict": milliseconds(lambda: ours.predict(row, verbose=0), repeats // 5 + 3),
        "one row, eager": milliseconds(lambda: ours(row), repeats),
        "one row, compiled": milliseconds(lambda: predict(row), repeats),
        f"{len(x)} rows, compiled": milliseconds(lambda: predict(x), repeats),
    }
    for label, cost in costs.items():
        print(f"{label:>24}: {cost:8.2f} ms")
    step_ratio = costs["training step, eager"] / costs["training step, compiled"]
    row_ratio = costs["one row, model.predict"] / costs["one row, compiled"]
    print(f"compiled: a step costs {step_ratio:.0f} times less than eager,", end=" ")
    print(f"a row {row_ratio:.0f} times less than by model.predict")


if __name__ == "__main__":
    run(main, CommonOptions, __doc__)
