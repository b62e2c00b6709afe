"""Steps a second of PAAC's loop on CartPole in JAX, in the shape of purejaxrl's; the peer of bench/paac.py.

    python bench/peers/jax_paac.py --worlds 16 --cores 1          needs jax and optax, in an environment of its own

One compiled function scans over updates, each of which scans over T steps, then over the returns backwards, unrolled
(luchris429/purejaxrl on GitHub, ppo.py). Worlds are `worlds.pure.PureCartPole`, the very functions of our own graph;
network, loss, Adam, clipping and time limits are those of FN/paac_agent.py, too. ``--unroll`` unrolls the scan over
the steps, which purejaxrl does not do. Prints JSON.
"""

import argparse
import json
import os
import statistics
import time


def loop(worlds, rollout_steps, hidden, gamma, unroll):
    """(what is carried at the start, a compiled function of it and of learning rates [K] → what is carried then)."""
    import jax
    import jax.numpy as jnp
    import optax

    from worlds.pure import PureCartPole

    world = PureCartPole()
    optimizer = optax.inject_hyperparams(
        lambda learning_rate: optax.chain(optax.clip_by_global_norm(0.5), optax.adam(learning_rate, 0.9, 0.999, 1e-7))
    )(learning_rate=1e-3)
    glorot = jax.nn.initializers.glorot_uniform()

    def dense(key, sizes):
        keys = jax.random.split(key, len(sizes))
        shapes = zip(keys, sizes[:-1], sizes[1:], strict=False)
        return [(glorot(one, (rows, columns)), jnp.zeros(columns)) for one, rows, columns in shapes]

    def forward(layers, x):
        for weights, bias in layers[:-1]:
            x = jnp.tanh(x @ weights + bias)
        weights, bias = layers[-1]
        return x @ weights + bias

    def policy_and_value(params, obs):
        return jax.nn.log_softmax(forward(params["actor"], obs)), forward(params["critic"], obs)[:, 0]

    def loss(params, obs, action, returns):
        log_probs, value = policy_and_value(params, obs)
        log_prob = jnp.take_along_axis(log_probs, action[:, None], axis=1)[:, 0]
        advantage = jax.lax.stop_gradient(returns - value)
        policy_loss, value_loss = -jnp.mean(log_prob * advantage), jnp.mean((returns - value) ** 2)
        entropy = -jnp.mean(jnp.sum(jnp.exp(log_probs) * log_probs, axis=1))
        return policy_loss + 0.5 * value_loss, (policy_loss, value_loss, entropy)

    def update(carried, learning_rate):
        params, opt_state, state, steps, totals, key = carried

        def step(carried, draws):
            state, steps, totals = carried
            log_probs, value = policy_and_value(params, state)
            cumulated = jnp.cumsum(jnp.exp(log_probs), axis=1)
            action = jnp.sum(draws[:, :1] > cumulated[:, :-1], axis=1)
            next_state, reward, terminated = world.step(state, action, draws[:, 1:], jnp)
            truncated = steps + 1 >= world.max_episode_steps
            ended = terminated | truncated
            totals = totals + reward
            finished = ended.sum(), jnp.where(ended, totals, 0).sum(), jnp.where(ended, steps + 1, 0).sum()
            after = (
                jnp.where(ended[:, None], world.start(draws[:, 1:], jnp), next_state),
                jnp.where(ended, 0, steps + 1),
                jnp.where(ended, 0, totals),
            )
            return after, ((state, action, reward, next_state, terminated, truncated, value), finished)

        key, one = jax.random.split(key)
        draws = jax.random.uniform(one, (rollout_steps, worlds, 1 + world.draws))
        unrolled = rollout_steps if unroll else 1
        (state, steps, totals), (rollout, finished) = jax.lax.scan(
            step, (state, steps, totals), draws, unroll=unrolled
        )
        obs, action, reward, next_obs, terminated, truncated, value = rollout
        known = jnp.concatenate([value[1:], policy_and_value(params, next_obs[-1])[1][None]])
        next_value = jax.lax.cond(
            truncated.any(),
            lambda: jnp.where(
                truncated, policy_and_value(params, next_obs.reshape(-1, 4))[1].reshape(value.shape), known
            ),
            lambda: known,
        )

        def back(following, xs):
            reward, next_value, terminated, truncated = xs
            following = reward + gamma * (1 - terminated) * jnp.where(truncated, next_value, following)
            return following, following

        backwards = (reward, next_value, terminated, truncated)
        _, returns = jax.lax.scan(back, next_value[-1], backwards, reverse=True, unroll=16)
        gradient, logged = jax.grad(loss, has_aux=True)(
            params, obs.reshape(-1, 4), action.reshape(-1), returns.reshape(-1)
        )
        opt_state.hyperparams["learning_rate"] = learning_rate
        changes, opt_state = optimizer.update(gradient, opt_state, params)
        carried = optax.apply_updates(params, changes), opt_state, state, steps, totals, key
        return carried, (logged, jax.tree.map(jnp.sum, finished))

    key, actor, critic, start = jax.random.split(jax.random.PRNGKey(0), 4)
    params = {"actor": dense(actor, (4, *hidden, 2)), "critic": dense(critic, (4, *hidden, 1))}
    state = world.start(jax.random.uniform(start, (worlds, world.draws)), jnp)
    carried = params, optimizer.init(params), state, jnp.zeros(worlds, int), jnp.zeros(worlds), key
    return carried, jax.jit(lambda carried, rates: jax.lax.scan(update, carried, rates), donate_argnums=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=16)
    parser.add_argument("--cores", type=int, default=0, help="use so many cores; 0: all (Linux)")
    parser.add_argument("--rounds", type=int, default=5, help="measurements, of about a second each")
    parser.add_argument("--unroll", action="store_true", help="unroll the scan over the steps of a rollout")
    options = parser.parse_args()
    if options.cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])
    import jax

    carried, updates = loop(options.worlds, 8, (64, 64), 0.99, options.unroll)
    count = max(1, 2**15 // (8 * options.worlds))
    rates, seconds = jax.numpy.full(count, 1e-4), []
    began = time.perf_counter()
    carried, _ = jax.block_until_ready(updates(carried, rates))
    first = time.perf_counter() - began
    for _ in range(options.rounds):
        began, calls = time.perf_counter(), 0
        while time.perf_counter() - began < 1:
            carried, _ = jax.block_until_ready(updates(carried, rates))
            calls += 1
        seconds.append((time.perf_counter() - began) / calls)
    steps = count * 8 * options.worlds
    rate = round(steps / statistics.median(seconds))
    print(json.dumps({"steps_per_second": rate, "first_call": round(first, 2), "jax": jax.__version__}))


if __name__ == "__main__":
    main()
