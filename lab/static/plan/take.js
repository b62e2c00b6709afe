// What one takes away from a plan: its sweeps as CSV, and the command that plans the same.

import { mazeText } from "../core/address.js";
import { actionsIn } from "../core/bellman.js";
import { ACTION_NAMES, isOrdinary, placeOf } from "../core/maze.js";
import { settingsOf } from "../core/state.js";
import { planning } from "./session.js";

/** A line for each ordinary cell after each sweep; rows and columns count from 1. Null before the first plan. */
export function csv() {
  const { result } = planning;
  if (!result) return null;
  const { maze } = result.world;
  const lines = result.sweeps.flatMap(({ number, values, best }) => values.flatMap((value, s) => {
    if (!isOrdinary(maze, s)) return [];
    const [row, col] = placeOf(maze, s);
    return [[number, row + 1, col + 1, value, actionsIn(best[s]).map((a) => ACTION_NAMES[a]).join(" ")].join(",")];
  }));
  return ["sweep,row,column,value,best actions", ...lines, ""].join("\n");
}

/** What plans the maze on the page at a terminal. */
export function command() {
  const world = settingsOf("plan");
  return [`python DP/planner.py --maze "${mazeText(world)}" --planner ${world.plan}`, `--gamma ${world.gamma}`,
    `--threshold ${world.threshold}`].join(" ");
}
