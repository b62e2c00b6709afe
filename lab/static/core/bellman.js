// The Bellman backup of one state, from the server's outcomes and the values now shown.

/**
 * Q(s, a) = Σ p (r + γ V(s′)) for every action, each term kept so that it can be written out.
 * outcomes[s][a] is a list of [prob, next_state, reward, terminated]; the value after an end is 0.
 */
export function backup(outcomes, values, gamma, state) {
  return outcomes[state].map((list) => {
    const terms = list.map(([prob, next, reward, terminated]) => {
      const value = terminated ? 0 : values[next];
      return { prob, next, reward, terminated, value, product: prob * (reward + gamma * value) };
    });
    return { q: terms.reduce((sum, term) => sum + term.product, 0), terms };
  });
}

/** Bit a is set where action a is as good as the best one (up to rounding), as the server sends it. */
export function greedyMask(actions) {
  const best = Math.max(...actions.map((action) => action.q));
  const slack = 1e-9 * Math.max(1, Math.abs(best));
  return actions.reduce((mask, { q }, a) => (q >= best - slack ? mask | (1 << a) : mask), 0);
}

export const actionsIn = (mask) => [0, 1, 2, 3].filter((a) => mask & (1 << a));
