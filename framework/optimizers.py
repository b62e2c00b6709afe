"""Adam, several times faster than Keras's where a graph is not compiled by XLA; and RMSProp as in papers on Atari."""

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


class RMSProp(keras.optimizers.RMSprop):
    """RMSProp (Tieleman & Hinton 2012) as TensorFlow 1 had it: v starts at 1, and a step is α g / √(v + ε).

    That is what agents on Atari were tuned with, with an ε as large as 0.1. Elsewhere v starts at 0, which makes the
    first steps longer, or ε is added to the root, which is another method where it is that large.
    """

    def build(self, variables):
        built = self.built
        super().build(variables)
        if not built:
            for velocity in self._velocities:
                velocity.assign(tf.ones_like(velocity))

    def update_step(self, gradient, variable, learning_rate):
        """Move one variable along its gradient; Keras's `apply` calls this for each of them."""
        velocity = self._velocities[self._get_variable_index(variable)]
        velocity.assign(self.rho * velocity + (1 - self.rho) * tf.square(gradient))
        variable.assign_sub(learning_rate * gradient / tf.sqrt(velocity + self.epsilon))
