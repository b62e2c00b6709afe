"""Compiled graphs: TensorFlow without Python in between."""

from framework.tf import tf


class compiled:
    """``function`` as one compiled graph, traced once, at its first call.

    A call goes to the graph itself. That spares TensorFlow's search for the one that fits among many, which takes as
    long as a small network does.

    Args:
        inputs: what it takes: (shape, dtype), None for the sizes that vary. Arrays and numbers are converted.
        jit: compile further with XLA: pays for small dense networks, not for convolutions on a CPU.

    Raises:
        ValueError: when called with what does not have these shapes, such as [N, 1] for [N].
    """

    def __init__(self, function, *inputs, jit=False):
        self.inputs = [tf.TensorSpec(shape, dtype) for shape, dtype in inputs]
        self.function = tf.function(function, input_signature=self.inputs, jit_compile=jit)
        self.graph = None

    def __call__(self, *arrays):
        if self.graph is None:
            self.graph = self.function.get_concrete_function()
        return self.graph(*[_tensor(array, spec) for array, spec in zip(arrays, self.inputs, strict=True)])

    @property
    def traces(self):
        """How many times the function has been traced."""
        return self.function.experimental_get_tracing_count()


def _tensor(array, spec):
    tensor = tf.convert_to_tensor(array, spec.dtype)
    if not spec.shape.is_compatible_with(tensor.shape):  # the graph itself would take it, and compute nonsense
        raise ValueError(f"the shape {tuple(tensor.shape)} does not fit {tuple(spec.shape)}")
    return tensor
