"""A linear model: the smallest neural network there is (Day 4, tutorial 1 of 6).

A dense layer multiplies its input by a matrix and adds a bias. With one number in and one number out it is a line,
and its two weights are slope and intercept:

    y = a x + b            layer: y = x W + b  with  W = [[a]]

    python FN/nn_tutorial/linear_model.py
    python FN/nn_tutorial/linear_model.py --slope -1.5 --intercept 4

prints the layer's shapes, and y for a few x, by hand and by Keras: the same numbers.
"""

from dataclasses import dataclass

import numpy as np

from framework.cli import CommonOptions, run
from framework.tf import keras, set_seed


def line(x, slope, intercept):
    """y [N, 1] of x [N, 1]: the whole layer in one line of arithmetic."""
    return slope * x + intercept


def linear_layer(slope, intercept):
    """A model of one dense layer, its weights set by hand instead of learnt."""
    layer = keras.layers.Dense(1)
    model = keras.Sequential([keras.Input((1,)), layer])
    layer.set_weights([np.array([[slope]]), np.array([intercept])])  # W [inputs, outputs], b [outputs]
    return model


@dataclass(frozen=True)
class Options(CommonOptions):
    slope: float = 2.0
    """a, the weight."""
    intercept: float = 1.0
    """b, the bias."""


def main(options):
    set_seed(options.seed)
    model = linear_layer(options.slope, options.intercept)
    x = np.random.default_rng(options.seed).uniform(-9, 9, size=(5, 1)).round(1)  # [N, 1]
    by_hand = line(x, options.slope, options.intercept)  # [N, 1]
    by_keras = model(x).numpy()  # [N, 1]

    weights, bias = model.get_weights()
    print(f"y = {options.slope:g} x + {options.intercept:g}: W {list(weights.shape)}, b {list(bias.shape)}")
    print(f"{model.count_params()} weights; x {list(x.shape)} goes in, y {list(by_keras.shape)} comes out\n")
    print("     x   by hand  by Keras")
    for row in zip(x[:, 0], by_hand[:, 0], by_keras[:, 0], strict=True):
        print("{:6.1f} {:9.3f} {:9.3f}".format(*row))
    print(f"\nthe same to 1e-5: {np.allclose(by_hand, by_keras, rtol=1e-5, atol=1e-5)}")


if __name__ == "__main__":
    run(main, Options, __doc__)
