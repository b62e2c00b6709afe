"""Adam moves as Keras's does, with XLA and without, and goes on from a checkpoint."""

import numpy as np
import pytest

from framework.optimizers import Adam
from framework.tf import keras, tf

SHAPES = (3, 5), (5,), ()


def moved(optimizer, steps, xla):
    """The variables after so many steps along gradients that change sign and size."""
    rng = np.random.default_rng(0)
    variables = [keras.Variable(rng.normal(size=shape).astype(np.float32)) for shape in SHAPES]
    gradients = [
        [rng.normal(size=shape).astype(np.float32) * 10.0 ** (step % 3) for shape in SHAPES] for step in range(steps)
    ]
    optimizer.build(variables)
    apply = tf.function(lambda gradients: optimizer.apply(gradients, variables), jit_compile=xla)
    for of_step in gradients:
        apply([tf.constant(gradient) for gradient in of_step])
    return [variable.numpy() for variable in variables]


@pytest.mark.parametrize("xla", [False, True])
@pytest.mark.parametrize("clip", [None, 0.5])
def test_it_moves_as_that_of_keras(xla, clip):
    settings = {"learning_rate": 0.01, "epsilon": 1e-5, "global_clipnorm": clip}
    ours, theirs = (moved(cls(**settings), 50, xla) for cls in (Adam, keras.optimizers.Adam))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_its_first_step_is_the_learning_rate_long_whatever_the_gradient():
    """By hand: m / (1 - β₁) is the gradient and v / (1 - β₂) its square."""
    optimizer, variable = Adam(0.1), keras.Variable(np.zeros(3, np.float32))
    optimizer.build([variable])
    optimizer.apply([tf.constant([1e-3, -1.0, 1e3])], [variable])
    np.testing.assert_allclose(variable.numpy(), [-0.1, 0.1, -0.1], rtol=1e-2)
