"""A batch: many rows through a network at once (Day 4, tutorial 2 of 6).

A network is layers in a row with something that bends between them; without it two layers would be one. Here a place
on a map goes in (row, column) and the values of four actions come out, which is all that Day 4 will ask of a network:

    hidden = ReLU(x W1 + b1)        ReLU(z) = max(z, 0)
    Q      = hidden W2 + b2

None of the weights depends on the number of rows B: the same serve one row or a thousand, and a call on 64 rows costs
little more than on one. A network always takes a batch: one row of shape (2,) must become one of shape (1, 2).

    python FN/nn_tutorial/batch.py
    python FN/nn_tutorial/batch.py --rows 5 --hidden 16

prints the shape of every tensor, and Q of the first row alone, in the batch and by plain NumPy: the same numbers.
"""

from dataclasses import dataclass

import numpy as np

from framework.cli import CommonOptions, run
from framework.tf import keras, set_seed


def two_layers(hidden, actions=4):
    """A network of two dense layers from a place (row, column) to the values of the actions."""
    layers = [keras.layers.Dense(hidden, activation="relu"), keras.layers.Dense(actions)]
    return keras.Sequential([keras.Input((2,)), *layers])


def forward(x, weights):
    """Every tensor of the network for x [B, 2], by name, worked in NumPy. ``weights`` are W1, b1, W2, b2."""
    W1, b1, W2, b2 = weights
    hidden = np.maximum(x @ W1 + b1, 0)  # [B, H]: [B, 2] @ [2, H], and b1 [H] is added to each row
    Q = hidden @ W2 + b2  # [B, A]: [B, H] @ [H, A]
    return {"x": x, "W1": W1, "b1": b1, "hidden": hidden, "W2": W2, "b2": b2, "Q": Q}


@dataclass(frozen=True)
class Options(CommonOptions):
    rows: int = 3
    """Rows in the batch, B."""
    hidden: int = 8
    """Units of the hidden layer, H."""


def main(options):
    if options.rows < 1 or options.hidden < 1:
        raise ValueError(f"rows and hidden must be at least 1; got {options.rows} and {options.hidden}")
    set_seed(options.seed)  # the weights start at random
    network = two_layers(options.hidden)
    x = np.random.default_rng(options.seed).integers(4, size=(options.rows, 2)).astype("float32")  # [B, 2]

    of_batch = network(x).numpy()  # [B, A]
    of_one = network(x[:1]).numpy()  # [1, A]; x[0] alone, of shape (2,), is refused
    tensors = forward(x, network.get_weights())
    for (name, one), batch in zip(forward(x[:1], network.get_weights()).items(), tensors.values(), strict=True):
        print(f"{name:>6}: {one.shape!s:>8} for one row, {batch.shape!s:>8} for a batch of {options.rows}")

    print(f"\nQ of the first row, the place {x[0]}:")
    for label, Q in (("alone", of_one), ("in the batch", of_batch), ("by NumPy", tensors["Q"])):
        print(f"{label:>14} " + " ".join(f"{value:8.4f}" for value in Q[0]))
    same = np.allclose(of_one[0], of_batch[0], atol=1e-5) and np.allclose(of_batch, tensors["Q"], atol=1e-5)
    print(f"the same to 1e-5, in every row: {same}")


if __name__ == "__main__":
    run(main, Options, __doc__)
