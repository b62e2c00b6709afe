// A walk through the maze, as the server tells it: watched step by step on a board.

import { kindOf, placeOf, startOf, target } from "./maze.js";

/**
 * steps: [[from, action, to, reward]] in a world. Returns { steps, at, since, duration, seed, … } with the sums after
 * each step; `at` counts the steps shown.
 */
export function walkOf({ steps, seed, truncated }, { maze, gamma }) {
  let [total, discounted, slips] = [0, 0, 0];
  return {
    seed, truncated, start: startOf(maze), at: 0, since: performance.now(), duration: 0,
    steps: steps.map(([from, action, to, reward], i) => {
      const slipped = target(maze, from, action) !== to;
      total += reward;
      discounted += reward * gamma ** i;
      slips += slipped;
      return { from, action, to, reward, slipped, total, discounted, slips };
    }),
  };
}

/** Show one step more, at a speed in steps a second; false at the end. */
export function stepOn(walk, speed) {
  if (walk.at < walk.steps.length) {
    walk.at += 1;
    walk.since = performance.now();
    walk.duration = Math.min(400, 850 / speed);
  }
  return walk.at < walk.steps.length;
}

/** Show all steps at once. */
export const toEnd = (walk) => { walk.at = walk.steps.length; };
export const isOver = (walk) => walk.at === walk.steps.length;

/** { total, discounted } of a whole walk. */
export const sumsOf = ({ steps }) => steps.at(-1) ?? { total: 0, discounted: 0 };

/** How a walk ended: "treasure", "danger" or "truncated". */
export function endOf({ steps, start, truncated }, maze) {
  const last = steps.length ? steps.at(-1).to : start;
  const kind = kindOf(maze, ...placeOf(maze, last));
  return truncated || kind === "empty" ? "truncated" : kind;
}
