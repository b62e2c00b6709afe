// Inside a sweep: what a planner reads and writes, cell by cell.

import { backup, greedyMask } from "../core/bellman.js";
import { isOrdinary } from "../core/maze.js";

/** The key of a sentence on why the sweep after sweeps[shown] is shown as a whole; null if its cells can be shown. */
export function whyWhole({ world, sweeps }, shown) {
  const [last, next] = [sweeps[shown], sweeps[shown + 1]];
  if (!next) return "cells.last";
  if (next.phase === "evaluate" && world.plan === "modified") return "cells.several";
  if (next.number !== last.number + 1) return "cells.skipped";
  if (next.phase === "improve" && world.plan === "policy") return "cells.improve";
  return null;
}

/** The ordinary cells, in the order in which sweep `number` visits them. */
function orderOf({ maze, plan }, number) {
  const cells = maze.grid.flat().map((_, index) => index).filter((index) => isOrdinary(maze, index));
  return plan === "modified" && number % 2 === 0 ? cells.reverse() : cells;
}

/**
 * The sweep after sweeps[shown] at its cell `at`, as a sweep: in place, the cells before it have their new values
 * already; a synchronous sweep reads the old ones to its end. `done` are the cells before it, of `count`.
 */
export function insideSweep({ world, outcomes, sweeps }, shown, at) {
  const [last, next] = [sweeps[shown], sweeps[shown + 1]];
  const order = orderOf(world, next.number);
  const done = order.slice(0, at);
  const values = [...last.values];
  if (world.plan !== "value-sync") for (const cell of done) values[cell] = next.values[cell];
  const best = values.map((_, s) =>
    (isOrdinary(world.maze, s) ? greedyMask(backup(outcomes, values, world.gamma, s)) : 0));
  return { ...next, residual: null, values, best, greedy: best, cell: order[at], done, count: order.length };
}
