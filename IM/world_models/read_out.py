"""Whether V tells where things are: what weighted sums of its codes say of them, on pictures that it has not seen."""

import numpy as np

from IM.world_models.latents import in_portions
from worlds.catcher import FRUIT_X, FRUIT_Y, LIVES_LEFT, PADDLE_X
from worlds.windy_catcher import is_visible

WELL_READ = {"paddle": 1.5, "fruit x": 1.5, "fruit y": 1.5, "lives": 0.5}  # how far off: pixels of 64, and lives


def readings(vae, recording, noise_seed=None):
    """What a weighted sum of the numbers of z says about WindyCatcher, on pictures that it was not fitted on.

    It is fitted on the games of every other world, and asked about those of the rest.

    Args:
        recording: a `Recording` that V did not learn from.
        noise_seed: codes are drawn with this seed, as M and C see them; None: their means.

    Returns:
        {name: (true [n], read [n])}: places in pixels of 64, a fruit's while it can be seen; and lives.
    """
    state = recording.state.reshape(-1, recording.state.shape[-1])
    fitted = np.broadcast_to(np.arange(recording.first.shape[1]) % 2 == 0, recording.first.shape).ravel()
    mean, log_var = in_portions(vae.encode, recording.frames.reshape(-1, *recording.frames.shape[2:]))
    noise = 0 if noise_seed is None else np.random.default_rng(noise_seed).standard_normal(mean.shape)
    z = np.c_[vae.sample(mean, log_var, noise), np.ones(len(mean))]
    visible, everywhere = is_visible(state), np.ones(len(state), bool)
    read = {}
    for name, column, when in (
        ("paddle", PADDLE_X, everywhere),
        ("fruit x", FRUIT_X, visible),
        ("fruit y", FRUIT_Y, visible),
        ("lives", LIVES_LEFT, everywhere),
    ):
        true = state[:, column]
        weights = np.linalg.lstsq(z[when & fitted], true[when & fitted], rcond=None)[0]
        read[name] = true[when & ~fitted], z[when & ~fitted] @ weights
    return read


def distances(places):
    """How far off `readings` are: root mean squares {"paddle": px, "fruit x": px, "fruit y": px, "lives": lives}."""
    return {name: float(np.sqrt(np.mean((true - read) ** 2))) for name, (true, read) in places.items()}


def read_out(vae, recording, noise_seed=None):
    """How far off `readings` are; see `distances`."""
    return distances(readings(vae, recording, noise_seed))


def check_read_out(off):
    """Raise ValueError where a place is read too far off: M could not foresee what V does not tell."""
    bad = [f"{name} {off[name]:.2f} (at most {limit})" for name, limit in WELL_READ.items() if not off[name] <= limit]
    if bad:
        raise ValueError(f"V does not tell where things are: {', '.join(bad)}; train longer, or with another seed")
