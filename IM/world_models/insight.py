"""What a world model knows: what M remembers, what it foresees, and how its dreams go beside reality (Day 6).

Whether V and M are good enough is found out here, in seconds, before any controller is trained: a controller is one
linear function of z and M's memory, so what cannot be read off those, linearly, it cannot know.

    python IM/world_models/insight.py                       of the world model that comes with the course
    python IM/world_models/insight.py --world-model FILE    of another one, such as runs/mdn_rnn/…/world_model.npz

prints how much of what is hidden can be read off z, and off z and M's memory; and how random play goes in the dream
and in reality. It saves the futures that M foresees at three temperatures, and a dream beside reality, in which the
same is done.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from framework.cli import CommonOptions, run
from framework.media.gif import save_gif
from framework.runs.folder import runs_of
from framework.vector import VectorWorld, make_worlds
from IM.world_models.dream import SHIPPED, DreamVector, WorldModel
from IM.world_models.latents import Windows, encode
from IM.world_models.record import random_actions, record
from IM.world_models.vae import WINDY
from worlds.catcher import CATCH_Y, FRUIT_SPEED, FRUIT_WIDTH, FRUIT_X, FRUIT_Y, LIVES_LEFT, PADDLE_V, SIZE
from worlds.windy_catcher import HIDDEN, WIND, is_visible


def drawn(latents, seed=0):
    """z [T, B, Z], drawn from V's distributions. What is read off z is fitted on such: the means of numbers that V
    makes no use of hardly vary, and would get huge weights."""
    noise = np.random.default_rng(seed).standard_normal(latents.mean.shape, np.float32)
    return latents.mean + np.exp(latents.log_var / 2) * noise


def memories(agent, latents, seed=0):
    """z [T - 1, B, Z], and what M remembers beside it [T - 1, B, 2 H], at all steps of `Latents` but the first."""
    z = drawn(latents, seed)
    numbers = (latents.reward[:-1], latents.terminated[:-1], latents.first)
    windows = Windows(z, latents.action[:-1], *(part.astype(np.float32) for part in numbers))
    return z[1:], agent.remember(windows) * ~latents.first[1:, :, None]


def shares_read(agent, latents, state):
    """How much of what is hidden in WindyCatcher can be read, linearly, off what a controller sees.

    Args:
        latents: of games that M has not learnt from.
        state: [T, B, 8] the truth.

    Returns:
        {what: (off z, off z and M's memory)}: the share R² of its variance, on other games than those which the
        reading was fitted on. Landing place and wind are asked for in the last step before the fruit comes back.
    """
    (z, memory), state = memories(agent, latents), state[1:]
    falls = np.ceil((CATCH_Y - state[..., FRUIT_Y]) / FRUIT_SPEED)
    lands = np.clip(state[..., FRUIT_X] + falls * state[..., WIND], FRUIT_WIDTH / 2, SIZE - FRUIT_WIDTH / 2)
    hidden = ~is_visible(state.reshape(-1, state.shape[-1])).reshape(lands.shape)
    last = hidden & (state[..., FRUIT_Y] + FRUIT_SPEED >= HIDDEN[1])
    always, half = np.ones_like(hidden), np.arange(lands.shape[1]) < lands.shape[1] // 2
    shares = {}
    for name, true, when in (
        ("paddle's speed", state[..., PADDLE_V], always),
        ("landing place", lands, last),
        ("wind", state[..., WIND], last),
        ("lives", state[..., LIVES_LEFT], always),
    ):
        shares[name] = tuple(
            _share_read(x[when & half], true[when & half], x[when & ~half], true[when & ~half])
            for x in (z, np.concatenate([z, memory], axis=-1))
        )
    return shares


def _share_read(x, y, other_x, other_y, ridge=1e-4):
    """R² of y' [M] read off x' [M, F] as y [N] is best read off x [N, F]; a ridge keeps few rows from being learnt by
    heart."""
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    x, other_x = (x - mean) / scale, (other_x - mean) / scale
    weights = np.linalg.solve(x.T @ x + ridge * len(x) * np.eye(x.shape[1]), x.T @ (y - y.mean()))
    return float(1 - np.square(other_x @ weights + y.mean() - other_y).mean() / other_y.var())


def foresight(agent, latents, state, draws=20, seed=0):
    """How well M foresees, one step before, where a fruit comes back. Memory that can be read need not be used.

    Returns:
        (R² of the mean of so many draws of z at τ = 1, how far off a single draw is, in px).
    """
    (z, memory), rng = memories(agent, latents), np.random.default_rng(seed)
    seen = is_visible(state.reshape(-1, state.shape[-1])).reshape(latents.first.shape)
    place = linear_reading(z[seen[1:]], state[1:][seen[1:]][:, FRUIT_X])
    back = ~seen[1:-1] & seen[2:] & ~latents.first[2:]  # z, memory and action here, and then it is seen
    after = agent.step(z[:-1][back], latents.action[1:-1][back], (memory[:-1][back], z[:-1][back]))
    prediction, shape = agent.heads(after), z[:-1][back].shape
    following = [
        agent.sample(prediction, 1.0, rng.random(shape, np.float32), rng.standard_normal(shape, np.float32))
        for _ in range(draws)
    ]
    true, read = state[2:][back][:, FRUIT_X], np.stack(following) @ place[:-1] + place[-1]
    share = 1 - np.square(read.mean(axis=0) - true).mean() / true.var()
    return float(share), float(np.sqrt(np.square(read - true).mean()))


def print_read_out(agent, v, seed):
    """Print `shares_read` and `foresight` of fresh games of WindyCatcher; of other worlds nobody knows the truth."""
    if v.config.env != WINDY:
        return
    recording = record(v.config, seed, num_envs=128, steps=300)
    latents = encode(v, recording)
    print("share of the variance, in unseen games, that is read     off z    off z and M's memory")
    for name, (z, both) in shares_read(agent, latents, recording.state).items():
        print(f"{name:>50s}    {z:5.2f}    {both:5.2f}")
    share, off = foresight(agent, latents, recording.state)
    print(f"where a fruit comes back, M foresees {share:.2f} of the variance; a dream is off by {off:.1f} px")


def random_play(envs, steps, seed):
    """Play at random as `IM.world_models.record` does; returns (mean return, mean length) of the games that ended.

    Args:
        envs: a `framework.vector.VectorWorld`.
    """
    actions = random_actions(envs.action_space, envs.num_envs, np.random.default_rng(seed))
    for _ in range(steps):
        envs.step(next(actions))
    return np.mean(envs.take_finished(), axis=0)


def futures(world_model, latents, stream, start, steps, dreams, temperature, seed):
    """z [steps + 1, dreams, Z] of dreams that go on from a real moment, in which what was really done is done.

    Args:
        latents: of the real game.
        stream, start: which moment; M has seen the steps before it.
    """
    model, rng = world_model.mdn_rnn, np.random.default_rng(seed)
    draw = rng.standard_normal((len(latents.mean), dreams, latents.mean.shape[-1]), np.float32)
    real = latents.mean[:, stream, None] + np.exp(latents.log_var[:, stream, None] / 2) * draw
    state, begins = model.initial(dreams), np.flatnonzero(latents.first[: start + 1, stream])[-1]
    for t in range(begins, start):
        state = model.step(real[t], np.repeat(latents.action[t, [stream]], dreams, axis=0), state)
    z = [real[start]]
    for t in range(start, start + steps):
        noise = rng.random(z[0].shape, np.float32), rng.standard_normal(z[0].shape, np.float32)
        action = np.repeat(latents.action[t, [stream]], dreams, axis=0)
        following, state, *_ = model.imagine(z[-1], action, state, temperature, *noise)
        z.append(np.clip(following, world_model.low, world_model.high))
    return np.stack(z)


def linear_reading(z, place):
    """Weights [Z + 1] that read a place [N] off z [N, Z]."""
    return np.linalg.lstsq(np.c_[z, np.ones(len(z))], place, rcond=None)[0]


def draw_futures(world_model, recording, path, temperatures=(0.1, 1.0, 1.3), moments=3, dreams=60):
    """Draw where M foresees that fruits come back which are about to vanish, beside where they do.

    Args:
        recording: of WindyCatcher, with its truth.
    """
    import matplotlib.pyplot as plt

    from framework.plots import COLOURS, finish, save_figure

    state, latents = recording.state, encode(world_model.vae, recording)
    seen = is_visible(state.reshape(-1, 8)).reshape(state.shape[:2])
    codes = drawn(latents)
    place = linear_reading(codes[seen], state[seen][:, FRUIT_X])
    sight = linear_reading(codes.reshape(-1, codes.shape[-1]), seen.ravel())
    steps = np.arange(19)  # the fruit has landed in the last one, or is about to
    vanishing = np.argwhere(seen[:-30] & ~seen[1:-29])  # (time, stream) of the last pictures with a fruit
    winds = state[vanishing[:, 0], vanishing[:, 1], WIND]
    chosen = vanishing[np.argsort(winds)[np.linspace(0, len(winds) - 1, moments + 2).astype(int)[1:-1]]]
    size = (3.2 * len(temperatures) + 0.6, 2.4 * moments + 0.4)
    figure, axes = plt.subplots(
        moments, len(temperatures), sharex=True, sharey=True, figsize=size, layout="constrained"
    )
    for row, (start, stream) in zip(axes, chosen, strict=True):
        true = state[start : start + len(steps), stream]
        back = is_visible(true)
        for ax, temperature in zip(row, temperatures, strict=True):
            z = futures(world_model, latents, stream, start, steps[-1], dreams, temperature, seed=0)
            read = z @ place[:-1] + place[-1]  # [steps, dreams] px
            read[z @ sight[:-1] + sight[-1] < 0.5] = np.nan
            ax.plot(steps, read, ".-", color=(COLOURS[0], 0.25), linewidth=0.9, markersize=4)
            ax.plot(steps, true[:, FRUIT_X], color=COLOURS[1], linewidth=2)
            ax.axvspan(0.5, steps[back][1] - 0.5, color="0.93", zorder=0)
            finish(ax)
    for ax, temperature in zip(axes[0], temperatures, strict=True):
        ax.set_title(f"τ = {temperature:g}")
    axes[0, 0].plot([], [], ".-", color=(COLOURS[0], 0.6), label=f"{dreams} dreams")
    axes[0, 0].plot([], [], color=COLOURS[1], label="what happened")
    axes[0, 0].legend(frameon=False)
    for ax in axes[:, 0]:
        ax.set(ylabel="x of the fruit (px)", ylim=(0, SIZE))
    for ax in axes[-1]:
        ax.set_xlabel("steps; gray: out of sight")
    save_figure(figure, path)


def beside_reality(world_model, recording, stream=0, temperature=1.0, seed=0, scale=6):
    """Frames [H', W', 3] of a recorded game, and of a dream that starts alike and in which the same is done."""
    latents = encode(world_model.vae, recording)
    steps = len(recording.frames) - 1
    z = futures(world_model, latents, stream, 0, steps, 1, temperature, seed)[:, 0]
    for real, dreamt in zip(recording.frames[:, stream], world_model.vae.decode(z), strict=True):
        frame = np.concatenate([real, np.full_like(real[:, :2], 128), dreamt], axis=1)
        enlarged = np.broadcast_to(frame, (*frame.shape[:2], 3)).repeat(scale, axis=0).repeat(scale, axis=1)
        picture = Image.fromarray(np.pad(enlarged, ((18, 0), (0, 0), (0, 0)), constant_values=255))
        for text, left in (("reality", 0), ("a dream", scale * (real.shape[1] + 2))):
            ImageDraw.Draw(picture).text((left + 4, 3), text, fill="black")
        yield np.asarray(picture)


@dataclass(frozen=True)
class Options(CommonOptions):
    """A world model, and what to show of it."""

    world_model: str = ""
    """The file with V and M; by default the one that comes with the course."""
    games: int = 64
    """Games that are played side by side."""


def main(options):
    """Play at random in the dream and in reality; draw the futures that M foresees, and a dream beside reality."""
    if not 1 <= options.games <= 1_000:
        raise ValueError(f"games must be from 1 to 1,000; got {options.games}")
    if options.world_model and not Path(options.world_model).is_file():
        raise ValueError(f"there is no world model {options.world_model}")
    model, seed = WorldModel.load(options.world_model or SHIPPED), options.seed + 7_000
    steps = 300 if options.quick else 1_200
    for name, envs in (
        ("reality", make_worlds(model.vae.config, options.games, seed)),
        *(
            (f"dream, τ = {tau:g}", VectorWorld(DreamVector(model, options.games, tau), seed))
            for tau in (0.1, 1.0, 1.3)
        ),
    ):
        mean_return, length = random_play(envs, steps, seed)
        print(f"{name:15s} random play: return {mean_return:5.2f}, games of {length:3.0f} steps")
    print_read_out(model.mdn_rnn, model.vae, seed)
    recording = record(model.vae.config, seed, num_envs=16, steps=150)
    folder = runs_of("insight")
    if model.vae.config.env == WINDY:
        draw_futures(model, recording, (folder / "futures.png").as_posix())
    save_gif(folder / "dream.gif", beside_reality(model, recording), milliseconds=60)
    print(f"reality, and a dream beside it, saved to {(folder / 'dream.gif').as_posix()}")


if __name__ == "__main__":
    run(main, Options, __doc__)
