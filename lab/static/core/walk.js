// A walk through the maze, as the server tells it: watched step by step on a board.

import { colsOf, kindOf, target } from "./maze.js";

/**
 * steps: [[from, action, to, reward]] in a maze. Returns { steps, at, since, duration, seed, … } with the sums after each
 * step; `at` counts the steps shown.
 */
export function walkOf({ steps, seed, truncated }, { maze, gamma, start }) {
  let [total, discounted, slips] = [0, 0, 0];
  return {
    seed, truncated, start, at: 0, since: performance.now(), duration: 0,
    steps: steps.map(([from, action, to, reward], i) => {
      const slipped = target(maze, from, action) !== to;
      total += reward;
      discounted += reward * gamma ** i;
      slips += slipped;
      return { from, action, to, reward, slipped, total, discounted, slips };
    }),
  };
}

/** Show one step more, in so many milliseconds; false at the end. */
export function stepOn(walk, duration) {
  if (walk.at < walk.steps.length) {
    walk.at += 1;
    walk.since = performance.now();
    walk.duration = duration;
  }
  return walk.at < walk.steps.length;
}

export const isOver = (walk) => walk.at === walk.steps.length;

/** How a walk ended: "treasure", "danger" or "truncated". */
export function endOf({ steps, start, truncated }, maze) {
  const last = steps.length ? steps.at(-1).to : start;
  const kind = kindOf(maze, Math.floor(last / colsOf(maze)), last % colsOf(maze));
  return truncated || kind === "empty" ? "truncated" : kind;
}
