"""Adam moves as Keras's does, with XLA and without, and goes on from a checkpoint."""

import numpy as np
import pytest

from framework.optimizers import Adam, RMSProp
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


@pytest.mark.parametrize("xla", [False, True])
def test_rmsprop_is_that_of_the_papers_on_atari_by_hand(xla):
    """Two steps along a gradient of 2: v goes from 1 to 0.99 + 0.04, then on; ε = 0.1 stands inside the root."""
    optimizer, variable = RMSProp(0.5, rho=0.99, epsilon=0.1), keras.Variable(np.zeros(1, np.float32))
    optimizer.build([variable])
    step = tf.function(lambda: optimizer.apply([tf.constant([2.0])], [variable]), jit_compile=xla)
    v, x = 1.0, 0.0
    for _ in range(2):
        step()
        v = 0.99 * v + 0.01 * 4
        x -= 0.5 * 2 / (v + 0.1) ** 0.5
        assert variable.numpy() == pytest.approx(x, rel=1e-5)


def test_rmsprop_goes_on_from_its_numbers():
    """To build it again, as loading a checkpoint may, leaves v as it is."""
    optimizer, variable = RMSProp(0.5), keras.Variable(np.zeros(1, np.float32))
    optimizer.build([variable])
    optimizer.apply([tf.constant([3.0])], [variable])
    (velocity,) = (v for v in optimizer.variables if "velocity" in v.path)
    before = float(velocity.numpy()[0])
    optimizer.build([variable])
    assert float(velocity.numpy()[0]) == before != 1
