"""Many worlds of an id, stepped at once and started anew in the same step, as the whole course needs them."""

from dataclasses import replace

import gymnasium as gym
import numpy as np
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode

from worlds.making import ENDLESS, FAILURES, in_one_line, make_world, one_voice, world_spec

# Vector forms that start an ended episode anew in the step after, and ours in their place.
SAME_STEP_FORMS = {
    "gymnasium.envs.classic_control.cartpole:CartPoleVectorEnv": "worlds.cart_pole:CartPoleVector",
}


def same_step_worlds(env_id, num_envs, **options):
    """A Gymnasium VectorEnv of ``num_envs`` worlds that start anew in the same step as they end (SAME_STEP).

    A world's own vector form is taken where it starts anew so, otherwise single worlds one after the other. World i
    of ``reset(seed=n)`` starts from seed n + i. One world is looked at first (`worlds.making.make_world`). Where it
    sets no limit, an episode is cut off after `ENDLESS` steps.

    Args:
        env_id: an id of Gymnasium, "module:World-v0" too, or an EnvSpec.
        options: given to the world, such as ``max_episode_steps``.

    Raises:
        ValueError: there is no such world, it cannot be made, or it is malformed.
    """
    spec = world_spec(env_id) if isinstance(env_id, str) else env_id
    make_world(spec, **options).close()
    with one_voice():
        return _vector_of(spec, num_envs, options)


def _vector_of(spec, num_envs, options):
    try:
        form = SAME_STEP_FORMS.get(spec.vector_entry_point, spec.vector_entry_point)
        if _starts_anew_in_the_same_step(form):
            spec = replace(spec, vector_entry_point=form)
            return gym.make_vec(spec, num_envs, vectorization_mode="vector_entry_point", **options)
        same_step = {"autoreset_mode": AutoresetMode.SAME_STEP}
        spec = replace(spec, max_episode_steps=spec.max_episode_steps or ENDLESS)
        return gym.make_vec(spec, num_envs, vectorization_mode="sync", vector_kwargs=same_step, **options)
    except FAILURES as error:
        raise ValueError(f"{num_envs} worlds {spec.id} cannot be made: {in_one_line(error)}") from None


def _starts_anew_in_the_same_step(form):
    """Whether a world's own vector form (a class, its name, or None) does so."""
    if isinstance(form, str):
        form = gym.envs.registration.load_env_creator(form)
    return getattr(form, "metadata", {}).get("autoreset_mode") == AutoresetMode.SAME_STEP


def final_info(ended, last_obs, num_envs):
    """What SAME_STEP tells of episodes that ended, as Gymnasium's own vector form tells it.

    Args:
        ended: [E] the numbers of the worlds that ended.
        last_obs: [E, …] their last observations.
        num_envs: B.

    Returns:
        info: ``final_obs`` is an object array [B] of observations, None where the episode goes on, and
        ``_final_obs`` [B] bool says where it has one.
    """
    final_obs = np.full(num_envs, None, dtype=object)
    for i, obs in zip(ended, last_obs, strict=True):
        final_obs[i] = obs
    has_one = np.zeros(num_envs, bool)
    has_one[ended] = True
    return {"final_obs": final_obs, "_final_obs": has_one, "final_info": {}, "_final_info": has_one.copy()}


def seeded(rngs, seed, worlds="worlds"):
    """The generators of B worlds that are reset, as each world alone would have its own.

    Args:
        rngs: [B] those before, None where there was none.
        seed: None, to go on with them; a whole number, from which world i gets seed + i; or one for each, or None.
        worlds: what they are called where something is wrong.

    Raises:
        ValueError: there are not as many seeds as worlds.
    """
    seeds = [None if seed is None else seed + i for i in range(len(rngs))] if np.ndim(seed) == 0 else seed
    if len(seeds) != len(rngs):
        raise ValueError(f"there are {len(rngs)} {worlds}; got {len(seeds)} seeds")
    both = zip(rngs, seeds, strict=True)
    return [rng if rng is not None and each is None else seeding.np_random(each)[0] for rng, each in both]
