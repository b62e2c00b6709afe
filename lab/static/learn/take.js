// What can be taken away from a lesson: its curve as CSV, and the command that repeats it.

import { CATALOGUE } from "../catalogue.js";
import { mazeText } from "../core/address.js";
import { settingsOf } from "../core/state.js";
import { learnersNow } from "./lesson.js";
import { learnersOf, settingsOfLearner } from "./settings.js";

/** The curves as CSV; null where there are none. Each line is the mean return of `size` episodes, up to `episode`. */
export function csv() {
  const learners = learnersNow().filter(({ curve }) => curve?.means.length);
  if (!learners.length) return null;
  const lines = learners.flatMap(({ name, seed, curve: { size, means } }) =>
    means.map((value, i) => [name, seed, (i + 1) * size, size, value].join(",")));
  return `${["learner,seed,episode,size,discounted_return", ...lines].join("\n")}\n`;
}

const FLAGS = { lambda_: "lambdas", planning_steps: "modelstep" };

/** The command lines, one a learner, that let the scripts repeat the lesson: maze, seed and settings. */
export function command() {
  const world = settingsOf("learn");
  return learnersOf(world).map(({ name, seed }, i) => {
    const episodes = learnersNow()[i]?.episode || 500;
    const flag = (setting) => (FLAGS[setting] ?? setting).replaceAll("_", "-");
    return [`python ${CATALOGUE.learners[name].script} --maze "${mazeText(world)}"`,
      `--seed ${seed} --seeds 1 --episodes ${episodes}`,
      ...settingsOfLearner(name).map((setting) => `--${flag(setting)} ${world[setting]}`)].join(" ");
  }).join("\n");
}
