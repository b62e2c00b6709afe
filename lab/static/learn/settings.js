// The settings of learning: what a link holds of them, and what the server accepts. The learners and their numbers
// are said once, in lab/learners.py.

import { CATALOGUE } from "../catalogue.js";
import { defaults } from "../core/state.js";

export const LEARNERS = Object.keys(CATALOGUE.learners);

/** The names of the settings that a learner has, gamma among them. */
export const settingsOfLearner = (name) => CATALOGUE.learners[name].settings;

const { gamma, ...NUMBERS } = CATALOGUE.settings; // gamma is the world's, for planners have it too
export { NUMBERS };

/** The settings of the learners in all that a page reads, as the server takes them. */
export const numbersIn = (world) =>
  Object.fromEntries(["gamma", ...Object.keys(NUMBERS)].map((name) => [name, world[name]]));

const SEED = { low: 0, high: 2 ** 32 - 1, whole: true };

export const SETTINGS = {
  learner: { default: "q_learning", choices: LEARNERS },
  seed: { default: 1, ...SEED },
  learner2: { default: "", choices: ["", ...LEARNERS] },
  seed2: { default: 2, ...SEED },
  ...NUMBERS,
};

/** { example: [pace, settings] } that make the point of it. */
const SUITED = {
  dyna: [30, { learner: "dyna", learner2: "q_learning" }],
  blocking: [100, { learner: "dyna", learner2: "dyna_plus" }],
  shortcut: [100, { learner: "dyna", learner2: "dyna_plus" }],
};
export function suited(name) {
  if (!SUITED[name]) return null;
  const [pace, settings] = SUITED[name];
  return { pace, settings: { ...defaults(SETTINGS), ...settings } };
}

export const learnersOf = ({ learner, seed, learner2, seed2 }) =>
  [{ name: learner, seed }, ...(learner2 ? [{ name: learner2, seed: seed2 }] : [])];
