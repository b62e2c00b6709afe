// What a frame of the server becomes: the tables that the page knows of each learner, and what was just learnt.

/** A learner as "learning" announces it, before its first frame. */
export const newLearner = (about) => ({
  ...about, q: null, n: null, v: null, tried: null, flashes: [], waves: [], speed: 0, version: 0,
  mark: { time: performance.now(), episode: 0 },
});

/** A frame holds what has changed. `initial` is the value of pairs that were never taken. */
export function takeIn(learner, frame, full, states, initial) {
  const now = performance.now();
  const seconds = (now - learner.mark.time) / 1000;
  if (seconds >= 0.5) { // frames may come in a bunch, so a shorter while would tell nothing
    learner.speed = (frame.episode - learner.mark.episode) / seconds;
    learner.mark = { time: now, episode: frame.episode };
  }
  const last = frame.steps.at(-1);
  if (last) {
    learner.flashes = flashesOf(last);
    learner.equation = frame.steps.length === 1 && learner.q ? equationOf(learner, last, frame.gamma, initial) : null;
    Object.assign(learner, { from: last.state, since: now, last });
    learner.waves = wavesOf(learner, frame.imagined, now);
  }
  const { rows, v, tried, imagined, curve, measures, ...rest } = frame;
  if (last) learner.imagined = imagined;
  Object.assign(learner, rest);
  takeTables(learner, rows, v, full, states);
  if (full || !learner.tried) learner.tried = tried && Array.from({ length: states }, () => [0, 0, 0, 0]);
  for (const [s, row] of tried ?? []) learner.tried[s] = row;
  learner.curve = { size: curve.size, means: joined(learner.curve?.means, curve.keep, curve.means) };
  learner.measures = joined(learner.measures, measures.keep, measures.points);
  learner.version += 1;
}

const joined = (known = [], keep, more) => [...known.slice(0, keep), ...more];

function takeTables(learner, rows, v, full, states) {
  const zeros = () => Array.from({ length: states }, () => [0, 0, 0, 0]);
  if (full || !learner.q) Object.assign(learner, { q: zeros(), n: zeros(), v: v ? Array(states).fill(0) : null });
  for (const [s, q, n] of rows) {
    learner.q[s] = q;
    learner.n[s] = n;
  }
  for (const [s, value] of v ?? []) learner.v[s] = value;
}

export const WAVE = 1500; // milliseconds that imagined updates may take to appear and to fade

/** The imagined updates of the last steps, [{ updates: [[s, a, error]], since }], the newest last. */
function wavesOf({ waves }, imagined, now) {
  const young = waves.filter(({ since }) => now - since < WAVE);
  return imagined ? [...young, { updates: imagined.updates, since: now }] : [];
}

/** [{ state, action, error }], what this step found wrong, one for each entry. */
function flashesOf(step) {
  const updates = step.updates.map(([s, action, error]) => ({ state: s, action, error }));
  if (step.td_error !== null) updates.push({ state: step.state, action: step.action, error: step.td_error });
  return updates;
}

/**
 * The terms of a TD error: reward + gamma × next - old; the next value is what the error itself implies. Double
 * Q-learning has an error in one of two tables, of which the page knows the mean: nothing can be written out.
 */
function equationOf({ name, q, n, v }, { state: s, action, reward, terminated, td_error: error }, gamma, initial) {
  if (error === null || name === "double_q_learning") return null;
  const old = v ? v[s] : n[s].some(Boolean) ? q[s][action] : initial;
  const implied = terminated || !gamma ? 0 : (error + old - reward) / gamma;
  const next = Math.abs(implied) < 1e-9 ? 0 : implied; // rounding is no value
  return { old, next, reward, gamma, error };
}
