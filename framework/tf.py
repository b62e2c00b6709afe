"""The one door to TensorFlow: quiet, with a GPU's memory taken as needed, and with one sentence if it is missing."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before the import: no start-up notices
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import tensorflow as tf

for _gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(_gpu, True)


def set_seed(seed):
    """Seed Keras, and let every operation give the same result each time."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def compiled(function, *inputs, jit=False):
    """``function`` as one compiled graph, traced once.

    Args:
        inputs: what it takes: (shape, dtype), None for the sizes that vary.
        jit: compile further with XLA: pays for small dense networks, not for convolutions on a CPU.
    """
    signature = [tf.TensorSpec(shape, dtype) for shape, dtype in inputs]
    return tf.function(function, input_signature=signature, jit_compile=jit)
