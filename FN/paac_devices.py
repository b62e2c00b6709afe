"""PAAC on several devices, or several machines: each learns from its share, and all take the same step. Day 4.

The gradient of a mean over all rows is the mean of the gradients over equal shares of them. So each device has a copy
of the network and a share of the rows, gradients are averaged, and every copy takes the same step: n devices learn
what one would, to rounding. On one machine the rows of one rollout are divided; of several machines each steps worlds
of its own, and num_envs is what one of them has.

Two things are easy to get wrong. The gradient must be clipped after it is averaged, not on each device: the mean of
shortened gradients is not the shortened mean. And Keras's optimizers add up what the devices give them, so each gives
its part of the mean.

    python FN/paac_devices.py                    CartPole, with two devices made of this processor
    python FN/paac_devices.py --devices 4
    python FN/paac_devices.py --play             watch the best agent of the newest run
    python FN/paac_devices.py --resume           go on with a run that was stopped or killed

With GPUs the devices are the first so many of them. On several machines TF_CONFIG says who they are, as TensorFlow's
MultiWorkerMirroredStrategy has it; each starts the same command.
"""

import json
import os
from dataclasses import dataclass
from typing import Literal

from FN import paac_agent
from FN.paac_agent import PAACAgent, check_form, collect
from framework.graph import compiled
from framework.schedules import Linear
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training
from framework.vector import make_worlds


@dataclass(frozen=True)
class Config(paac_agent.Config):
    """Hyper-parameters for CartPole; `paac_agent.Config` says what they are."""

    env: str = "CartPole-v1"
    devices: int = 2
    """How many devices each machine learns on: GPUs, or parts of its processor where it has none."""
    form: Literal["host"] = "host"
    optimizer: Literal["adam"] = "adam"
    steps: int = 500_000
    num_envs: int = 16
    rollout_steps: int = 8
    learning_rate: float = 2e-3
    gamma: float = 0.99
    entropy_weight: float = 0.0
    hidden: tuple[int, ...] = (64, 64)
    eval_every: int = 5_000
    log_every: int = 5_000
    target_return: float | None = 475.0


def make_strategy(devices):
    """TensorFlow's way to divide work: among machines where TF_CONFIG names some, else among devices of this one.

    It must be the first thing that a process asks of TensorFlow.

    Raises:
        ValueError: there are GPUs, but fewer than that; TF_CONFIG cannot be read; or TensorFlow was asked before.
    """
    if os.environ.get("TF_CONFIG"):
        machines = read_cluster()
        print(f"waiting until all of {', '.join(machines)} are there", flush=True)
        return tf.distribute.MultiWorkerMirroredStrategy()
    gpus = tf.config.list_physical_devices("GPU")
    if gpus and len(gpus) < devices:
        raise ValueError(f"devices must be at most the number of GPUs, which is {len(gpus)}; got {devices}")
    if not gpus:
        (processor,) = tf.config.list_physical_devices("CPU")
        parts = [tf.config.LogicalDeviceConfiguration()] * devices
        try:
            tf.config.set_logical_device_configuration(processor, parts)
        except RuntimeError:
            raise ValueError("TensorFlow was used in this process already; devices are made in a new one") from None
    return tf.distribute.MirroredStrategy([f"{'GPU' if gpus else 'CPU'}:{i}" for i in range(devices)])


class DataParallelAgent(PAACAgent):
    """`PAACAgent` whose updates are divided among the devices of a strategy.

    Args:
        strategy: a `tf.distribute.Strategy`; by default the processor.

    Raises:
        ValueError: the devices do not divide a rollout.
    """

    def __init__(self, observation_space, action_space, config, strategy=None):
        self.strategy = strategy or tf.distribute.OneDeviceStrategy("CPU:0")
        rows, here = config.num_envs * config.rollout_steps, len(self.strategy.extended.worker_devices)
        if rows % here:
            raise ValueError(f"devices must divide num_envs × rollout_steps, which is {rows}; got {here}")
        with self.strategy.scope():
            super().__init__(observation_space, action_space, config)
            self.optimizer = keras.optimizers.Adam(config.learning_rate)  # clips nothing: see `step`
            self.optimizer.build(self.network.trainable_variables)

    def share(self, batch):
        """The rows of a batch [N, …] that this device learns from."""
        here = len(self.strategy.extended.worker_devices)  # of this machine
        number, size = self.replica.replica_id_in_sync_group % here, tf.shape(batch.returns)[0] // here
        return tf.nest.map_structure(lambda rows: rows[number * size : (number + 1) * size], batch)

    @property
    def replica(self):
        """The device that a graph is made for."""
        return tf.distribute.get_replica_context()

    def step(self, batch):
        """What each device does: its gradient, the mean of all, one step. Returns what to log."""
        variables, replicas = self.network.trainable_variables, self.strategy.num_replicas_in_sync
        with tf.GradientTape() as tape:
            loss, logged = self.loss(self.share(batch))
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        gradients = self.replica.all_reduce(tf.distribute.ReduceOp.MEAN, gradients)
        gradients, _ = tf.clip_by_global_norm(gradients, self.config.max_grad_norm)
        self.optimizer.apply([gradient / replicas for gradient in gradients], variables)
        return logged

    @compiled
    def update(self, batch, learning_rate):
        """One gradient step on N rows; returns what to log."""
        self.optimizer.learning_rate.assign(learning_rate)
        logged, mean = self.strategy.run(self.step, args=(batch,)), tf.distribute.ReduceOp.MEAN
        return {name: self.strategy.reduce(mean, value, axis=None) for name, value in logged.items()}


def read_cluster():
    """The addresses of all machines of TF_CONFIG, the chief's first; none without it.

    Raises:
        ValueError: it is not as TensorFlow has it.
    """
    text = os.environ.get("TF_CONFIG") or '{"cluster": {}, "task": {}}'
    try:
        known = json.loads(text)
        machines = [*known["cluster"].get("chief", []), *known["cluster"].get("worker", [])]
        known["task"].get("index")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(
            f'TF_CONFIG is {{"cluster": {{"worker": […]}}, "task": {{…}}}} as JSON; got {text}'
        ) from None
    return machines


def worker_number():
    """The number of this machine among those of TF_CONFIG; 0 without one."""
    machines, known = read_cluster(), json.loads(os.environ.get("TF_CONFIG") or '{"task": {}}')
    chiefs = len(known.get("cluster", {}).get("chief", []))
    number = int(known["task"].get("index", 0)) + (chiefs if known["task"].get("type") == "worker" else 0)
    return min(number, max(0, len(machines) - 1))


def train(config):
    """The whole algorithm."""
    check_form(config)
    strategy = make_strategy(config.devices)
    begin(config)
    envs = make_worlds(config, seed=config.seed + config.num_envs * worker_number())
    agent = DataParallelAgent(envs.observation_space, envs.action_space, config, strategy)
    learning_rate = Linear(config.learning_rate, 0.0, config.steps)
    with Trainer(config, agent=agent, envs=envs) as trainer:
        for step in trainer:
            rollout = collect(agent.act, envs, config.rollout_steps)
            trainer.log(**agent.train_step(rollout, learning_rate(step)))
    return trainer.best_agent


if __name__ == "__main__":
    run_training(train, DataParallelAgent, [Config()], __doc__)
