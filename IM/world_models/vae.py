"""V of World Models: a variational autoencoder. A picture becomes a few numbers that a model can predict (Day 6).

The encoder says which code z a picture x may have, q(z | x), a normal distribution; the decoder draws the picture of
a code. Both learn to make x probable (Kingma & Welling 2014; Ha & Schmidhuber 2018):

    loss  =  |x - decode(z)|² / (2 σ²)  +  KL(q(z | x) || N(0, 1)),      z = mean + exp(log_var / 2) × noise
    KL    =  1/2 × sum over the numbers of z of (exp(log_var) + mean² - 1 - log_var)

The error is *summed* over the pixels, for they are seen together, each with a likelihood of standard deviation σ; σ
says how many nats a wrong pixel costs, and so how much of a picture is worth telling. A mean would divide that by a
thousand, and the code would tell nothing. The pictures here are nearly empty: two things more make the fruit worth
telling. Pixels that differ from the mean picture weigh more, and KL costs nothing below ``free_bits`` a number.

    python IM/world_models/vae.py                      random play in WindyCatcher, then V
    python IM/world_models/vae.py --encoder dense      a code that draws good pictures, and cannot be read
    python IM/world_models/vae.py --resume             go on with a run that was stopped or killed

prints how far off places and lives are that are read off z by a weighted sum, in games that V has not seen: more than
1.5 of 64 pixels is an error. Into the run's folder it draws pictures and what V makes of them, walks through its
codes, and the reading. It takes under two minutes on one core, and 1.1 GB of memory.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from gymnasium import spaces

from framework.agent import Agent, load_agent
from framework.evaluate import Evaluation, evaluation_seed
from framework.graph import compiled
from framework.runs.config import WorldConfig
from framework.runs.folder import runs_of
from framework.schedules import Linear
from framework.tf import begin, keras, tf
from framework.trainer import Trainer
from framework.training import run_training
from IM.world_models.read_out import check_read_out, distances, readings
from IM.world_models.record import record
from IM.world_models.vae_networks import decoder_network, encoder_network
from IM.world_models.vae_plots import draw_codes

WINDY = "WindyCatcher-v0"


@dataclass(frozen=True)
class Config(WorldConfig):
    """Settings for WindyCatcher; `CAR_RACING` has the paper's sizes."""

    env: str = WINDY
    num_envs: int = 256
    frame_size: int = 32
    frame_stack: int = 1
    record_steps: int = 700
    """T: steps of random play in each world, from which V learns."""
    steps: int = 1_200
    """Calls of the graph; each takes ``gradient_steps``."""
    gradient_steps: int = 10
    """K: gradient steps in a call."""
    batch_size: int = 32
    """Pictures of a gradient step."""
    learning_rate: float = 5e-3
    """The step size of Adam at the start; it falls linearly to 0 at the last step."""
    z_size: int = 8
    """Z: how many numbers a picture becomes."""
    sigma: float = 0.3
    """σ: the standard deviation of a pixel's likelihood; pixels are 0 to 1."""
    contrast: float = 4.0
    """A pixel weighs 1 + contrast × how far it is from the mean picture."""
    free_bits: float = 0.5
    """KL costs nothing below this many nats for each number of z."""
    encoder: Literal["places", "dense"] = "places"
    """What follows the convolutions: the places of what they found, or dense layers, as in the paper."""
    filters: tuple[tuple[int, int, int], ...] = ((8, 5, 2),)
    """Filters, kernel and stride of each convolution of the encoder."""
    maps: int = 12
    """How many things the encoder may look for; for "places" only."""
    decoder: Literal["broadcast", "dense"] = "broadcast"
    """How a picture is drawn: every place by itself, or from 4×4 up to its size, much as in the paper."""
    decoder_filters: tuple[int, ...] = (32, 32)
    """Filters of each layer of the decoder but the last; "dense" has one for each size from 4×4 to half a picture."""
    eval_every: int = 200
    log_every: int = 10
    eval_episodes: int = 500
    final_episodes: int = 2_000


CAR_RACING = Config(
    env="CarRacing-v3", num_envs=16, frame_size=64, record_steps=5_000, steps=20_000, batch_size=100,
    learning_rate=1e-4, z_size=32, sigma=0.5**0.5, contrast=0.0, encoder="dense", decoder="dense",
    filters=((32, 4, 2), (64, 4, 2), (128, 4, 2), (256, 4, 2)), decoder_filters=(256, 128, 64, 32),
)  # fmt: skip


TAKES = {WINDY: "about two minutes and 1.1 GB of memory"}


def kl_from_standard_normal(mean, log_var):
    """KL [N] of normal distributions [N, Z] from N(0, 1), in nats; summed over Z."""
    return 0.5 * tf.reduce_sum(tf.exp(log_var) + mean**2 - 1 - log_var, axis=1)


def squared_error(x, drawn, weight):
    """Squared errors [N] of pictures [N, H, W, C], weighted by pixel, and summed over the pixels."""
    return tf.reduce_sum(weight * (x - drawn) ** 2, axis=[1, 2, 3])


class VAE(Agent):
    """V: pictures to codes, and back.

    Args:
        observation_space: a Box of pictures [H, W, C] uint8.
        action_space: of no importance here.
        config: `Config`.

    Raises:
        ValueError: the decoder would draw pictures of another size.
    """

    acts_with, learns_with = ("encoder", "decoder"), ("mean_picture", "optimizer", "generator", "rng")

    def __init__(self, observation_space, action_space, config):
        self.config, shape = config, observation_space.shape
        self.encoder = encoder_network(observation_space, config)
        self.decoder = decoder_network(observation_space, config)
        if self.decoder.output_shape[1:] != shape:
            raise ValueError(f"this decoder draws pictures {self.decoder.output_shape[1:]}; the world shows {shape}")
        self.mean_picture = tf.Variable(tf.zeros(shape), trainable=False)
        self.optimizer = keras.optimizers.Adam(config.learning_rate)
        self.optimizer.build(self.trainable_variables)
        self.generator = tf.random.Generator.from_seed(config.seed)
        self.rng = np.random.default_rng(config.seed)

    @property
    def trainable_variables(self):
        return self.encoder.trainable_variables + self.decoder.trainable_variables

    @compiled
    def encode(self, frames):
        """mean [N, Z] and log_var [N, Z] of the codes of pictures [N, H, W, C] uint8."""
        return tuple(self.encoder(frames))

    @staticmethod
    def sample(mean, log_var, noise):
        """Codes z [N, Z] drawn from q(z | x) by standard normal noise [N, Z]: gradients go through both parameters.

        M and C see such z, never the mean: a code is no more certain than V is.
        """
        exp = np.exp if isinstance(mean, np.ndarray) else tf.exp
        return mean + exp(log_var / 2) * noise

    @compiled
    def decode(self, z):
        """The pictures [N, H, W, C] uint8 of codes [N, Z]."""
        return tf.cast(tf.round(255 * tf.clip_by_value(self.decoder(z), 0, 1)), tf.uint8)

    @compiled
    def error(self, frames):
        """Squared errors [N] of pictures [N, H, W, C] uint8, drawn from the means of their codes."""
        drawn = self.decoder(self.encoder(frames)[0])
        return squared_error(tf.cast(frames, tf.float32) / 255, drawn, 1.0)

    def loss(self, frames, noise):
        """The loss of pictures [N, H, W, C] uint8 with noise [N, Z], and what to log."""
        config, x = self.config, tf.cast(frames, tf.float32) / 255
        mean, log_var = self.encoder(frames)
        drawn = self.decoder(self.sample(mean, log_var, noise))
        weight = 1 + config.contrast * tf.abs(x - self.mean_picture)
        error, kl = squared_error(x, drawn, weight), kl_from_standard_normal(mean, log_var)
        loss = tf.reduce_mean(error / (2 * config.sigma**2) + tf.maximum(kl, config.free_bits * config.z_size))
        return loss, {"loss": loss, "error": tf.reduce_mean(squared_error(x, drawn, 1.0)), "kl": tf.reduce_mean(kl)}

    def train_step(self, frames, remaining):
        """``gradient_steps`` on pictures drawn from frames [M, H, W, C] uint8, in one compiled call; what to log.

        Args:
            remaining: 1 at the start of training, 0 at its end.
        """
        config = self.config
        chosen = self.rng.integers(len(frames), size=(config.gradient_steps, config.batch_size))
        return self.update(frames[chosen], config.learning_rate * remaining)

    @compiled(free=2)
    def update(self, frames, learning_rate):
        """A gradient step on each minibatch of frames [K, N, H, W, C], a loop in the graph; means of what to log."""
        self.optimizer.learning_rate.assign(learning_rate)
        total = dict.fromkeys(("loss", "error", "kl"), 0.0)
        for minibatch in frames:
            noise = self.generator.normal((tf.shape(minibatch)[0], self.config.z_size))  # afresh, each time
            with tf.GradientTape() as tape:
                loss, logged = self.loss(minibatch, noise)
            variables = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            total = {name: total[name] + logged[name] for name in total}
        return {name: total[name] / tf.cast(tf.shape(frames)[0], tf.float32) for name in total}


def train(config, recording=None):
    """The whole: random play, unless it is given, then V, which is asked at the end where things are.

    Raises:
        ValueError: a picture of WindyCatcher is not told well enough (not where ``quick``); see `check_read_out`.
    """
    begin(config)
    recording = record(config) if recording is None else recording
    unseen = record(config, seed=evaluation_seed(config.seed, 0), num_envs=64, steps=min(300, config.record_steps))
    shape = recording.frames.shape[2:]
    frames, others = (part.frames.reshape(-1, *shape) for part in (recording, unseen))
    vae = VAE(spaces.Box(0, 255, shape, np.uint8), None, config)
    vae.mean_picture.assign(frames[:: max(1, len(frames) // 4096)].mean(axis=0) / 255)
    remaining = Linear(1.0, 0.0, config.steps)

    def evaluate(vae, pictures, seed):
        return Evaluation(-vae.error(others[np.random.default_rng(seed).integers(len(others), size=pictures)]))

    with Trainer(config, agent=vae, evaluate=evaluate) as trainer:
        for step in trainer:
            trainer.log(**vae.train_step(frames, remaining(step)))
        vae.set_weights(trainer.best_weights)  # those which are kept
        places = readings(vae, unseen, noise_seed=0) if config.env == WINDY else None
        draw_codes(vae, unseen, trainer.folder, places)
        if places:
            off = distances(places)
            print("read off z, off by: " + ", ".join(f"{name} {number:.2f}" for name, number in off.items()))
            if config.quick:
                print("a quick run tells too little: what this V sees is nothing to go on with")
            else:
                check_read_out(off)  # here, where the run is not finished yet: nobody goes on from such a V
    return trainer.best_agent


def newest_v(file=""):
    """(V, its file): that of a file, or of the newest run that is finished; one that failed its gate is not.

    Raises:
        ValueError: there is none.
    """
    done = sorted(runs_of("vae").glob("*-seed*/result.json"))
    if not (file or done):
        raise ValueError("M reads what V sees, and there is no V in runs/vae yet: python IM/world_models/vae.py")
    file = file or done[-1].with_name("agent.npz").as_posix()
    return load_agent(file, VAE, Config)[0], file


if __name__ == "__main__":
    run_training(train, VAE, [Config(), CAR_RACING], __doc__, TAKES)
