"""A gradient, worked out three ways (Day 4, tutorial 5 of 6).

Learning is: find how the loss changes with each weight, and step the other way. For two layers and squared error,

    h = tanh(x W1 + b1)        y = h W2 + b2        loss = mean of (y - target)²

the chain rule goes backwards, layer by layer, with d· short for the derivative of the loss with respect to ·:

    dy = 2 (y - target) / N        dW2 = hᵀ dy        db2 = sum of dy's rows
    dz = (dy W2ᵀ) (1 - h²)         dW1 = xᵀ dz        db1 = sum of dz's rows            tanh'(z) = 1 - tanh(z)²

A tape (`tf.GradientTape`) writes down each operation on the way forward and does the same for any network. Finite
differences need no rule, but two losses for every weight: good for checking, hopeless for learning.

    python FN/nn_tutorial/gradient.py

prints the gradient of every weight, by hand, by tape and by finite differences, and the loss before and after a step.
"""

import numpy as np

from framework.cli import CommonOptions, run
from framework.tf import tf

NAMES = ("W1", "b1", "W2", "b2")


def loss(weights, x, target):
    """Mean squared error of the network for x [N, 2] and target [N, 1]."""
    W1, b1, W2, b2 = weights
    return np.mean((np.tanh(x @ W1 + b1) @ W2 + b2 - target) ** 2)


def by_hand(weights, x, target):
    """The chain rule, from the loss back to the first layer; a gradient of each weight's own shape."""
    W1, b1, W2, b2 = weights
    h = np.tanh(x @ W1 + b1)  # [N, H]
    y = h @ W2 + b2  # [N, 1]
    dy = 2 * (y - target) / len(x)  # [N, 1]
    dz = (dy @ W2.T) * (1 - h**2)  # [N, H]
    return x.T @ dz, dz.sum(axis=0), h.T @ dy, dy.sum(axis=0)


def by_tape(weights, x, target):
    """The same by TensorFlow, from the forward pass alone."""
    W1, b1, W2, b2 = variables = [tf.Variable(values) for values in weights]  # a tape watches variables unasked
    with tf.GradientTape() as tape:
        y = tf.tanh(x @ W1 + b1) @ W2 + b2  # [N, 1]
        error = tf.reduce_mean((y - target) ** 2)
    return tuple(gradient.numpy() for gradient in tape.gradient(error, variables))


def by_differences(weights, x, target, step=1e-5):
    """(loss(w + step) - loss(w - step)) / (2 step) for every single weight w; the error shrinks like step²."""
    gradients = tuple(np.empty_like(values) for values in weights)
    for k, values in enumerate(weights):
        for i in np.ndindex(values.shape):
            ahead, behind = ([w.copy() for w in weights] for _ in range(2))
            ahead[k][i] += step
            behind[k][i] -= step
            gradients[k][i] = (loss(ahead, x, target) - loss(behind, x, target)) / (2 * step)
    return gradients


def main(options):
    rng = np.random.default_rng(options.seed)
    x, target = rng.normal(size=(8, 2)), rng.normal(size=(8, 1))  # float64: differences of float32 are too coarse
    weights = [rng.normal(size=shape) for shape in ((2, 3), (3,), (3, 1), (1,))]

    ways = [way(weights, x, target) for way in (by_hand, by_tape, by_differences)]
    print(f"{'weight':>9} {'by hand':>10} {'by tape':>10} {'differences':>12}")
    for name, *gradients in zip(NAMES, *ways, strict=True):
        for i in np.ndindex(gradients[0].shape):
            label = name + str(list(i)).replace(" ", "")
            print(f"{label:>9} {gradients[0][i]:10.6f} {gradients[1][i]:10.6f} {gradients[2][i]:12.6f}")
    hand, tape, differences = (np.concatenate([gradient.ravel() for gradient in way]) for way in ways)
    print(f"by hand and by tape agree to 1e-12: {np.allclose(hand, tape, rtol=0, atol=1e-12)}")
    print(f"by hand and by differences agree to 1e-5: {np.allclose(hand, differences, rtol=0, atol=1e-5)}")

    learning_rate = 0.01
    after = [values - learning_rate * gradient for values, gradient in zip(weights, ways[0], strict=True)]
    expected = learning_rate * np.sum(hand**2)  # what a loss without curvature would lose
    print(f"one step against it: loss {loss(weights, x, target):.4f} -> {loss(after, x, target):.4f}", end=" ")
    print(f"(a loss without curvature would fall by {expected:.4f})")


if __name__ == "__main__":
    run(main, CommonOptions, __doc__)
