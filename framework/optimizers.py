"""Adam, several times faster than Keras's where a graph is not compiled by XLA."""

from framework.tf import keras, tf


class Adam(keras.optimizers.Adam):
    """Keras's Adam (Kingma & Ba 2015), with the step of a variable as one operation of TensorFlow's.

    Keras spells the step out, and each part of it is a way through memory. In a graph that XLA compiles they become
    one; where a network has convolutions, which XLA is slow with, they do not. Pages whose figures were measured
    with Keras's keep it: the two round differently.
    """

    def update_step(self, gradient, variable, learning_rate):
        """Move one variable against its gradient; Keras's `apply` calls this for each of them."""
        index, step = self._get_variable_index(variable), tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            **{"lr": tf.cast(learning_rate, variable.dtype)},
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, variable.dtype),
        )
