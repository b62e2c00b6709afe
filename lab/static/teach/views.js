// What a board can show: what each method has learnt, as a map of the cells and as the way it goes.

import { t } from "../core/i18n.js";
import { fixed, short } from "../core/format.js";
import { ACTION_NAMES, isOrdinary, rewardOf } from "../core/maze.js";
import { actionsIn } from "../core/bellman.js";
import { changed, state } from "../core/state.js";
import { learnt, worth } from "./session.js";

export const VIEWS = ["cloning", "maxent", "mean", "sd", "truth"];
const shownViews = ["cloning", "maxent"];

const narrow = matchMedia("(max-width: 699px)");
/** Two boards side by side, where there is room for them. */
export const boardCount = () => (narrow.matches ? 1 : 2);
export const viewOf = (number) => shownViews[number];
export function setView(number, view) {
  shownViews[number] = view;
  changed();
}
export const nextView = ({ number }) =>
  setView(number, VIEWS[(VIEWS.indexOf(viewOf(number)) + 1) % VIEWS.length]);

/** The method whose way a view shows; its own name, but for the maps that belong to Bayes. */
const METHODS = { cloning: "cloning", maxent: "maxent", mean: "mean", sd: "bayes", truth: "best" };

/**
 * { numbers: [S] or null, actions: [S] masks or null, seen: Set or null, scale, signed } of a view. Before anything
 * is known of it, numbers and actions are null.
 */
export function pictureOf(number) {
  const view = viewOf(number);
  const run = learnt();
  const key = [view, run, run?.maxent, run?.posterior, worth().now, state.world];
  if (!kept[number] || key.some((each, i) => each !== kept[number].key[i])) {
    kept[number] = { key, picture: newPicture(view, run) };
  }
  return kept[number].picture;
}

const kept = [null, null]; // asked for every cell

function newPicture(view, run) {
  const numbers = numbersOf(view, run);
  const scale = Math.max(0.01, ...(numbers ?? []).map(Math.abs));
  return {
    view, numbers, scale, signed: view !== "sd",
    actions: actionsOf(view, run), seen: view === "cloning" && run ? new Set(run.seen) : null,
  };
}

function numbersOf(view, run) {
  if (view === "truth") {
    const { maze, step_reward: usual } = state.world;
    return maze.grid.flatMap((line, row) => line.map((_, col) => rewardOf(maze, row, col) ?? usual));
  }
  if (view === "maxent") return run?.maxent?.reward ?? null;
  return run?.posterior?.[view] ?? null; // "mean", "sd"; cloning knows no rewards
}

function actionsOf(view, run) {
  const method = worth().now?.[METHODS[view]];
  if (view === "maxent" && run?.maxent && !run.maxent.converged) return run.maxent.actions;
  return view === "sd" ? null : method?.actions ?? null;
}

/** The regret of a view's way in the maze on the page, or null. */
export const regretOf = (view) => worth().now?.[METHODS[view]]?.regret ?? null;

/** What a screen reader hears of a cell: the view's number and the way. */
export function describeTaught(index, board) {
  if (!isOrdinary(state.world.maze, index)) return [];
  const { view, numbers, actions, seen } = pictureOf(board.number);
  const name = t(`teach.${view}`);
  const parts = numbers ? [`${name} ${short(numbers[index], 3)}`] : [];
  if (seen && !seen.has(index)) parts.push(t("teach.unseen"));
  const ways = actions ? actionsIn(actions[index]).map((a) => t(`action.${ACTION_NAMES[a]}`)) : [];
  if (ways.length && !(seen && !seen.has(index))) parts.push(t("teach.way", { ways: ways.join(t("list")) }));
  return parts;
}

/** The words under a board: the ends of its colours, and what they mean. */
export function legendOf(number) {
  const { view, numbers, scale, signed } = pictureOf(number);
  const ends = !numbers ? ["", ""] : signed ? [fixed(-scale, 2), `+${fixed(scale, 2)}`] : ["0", fixed(scale, 2)];
  return { low: ends[0], high: ends[1], signed, map: numbers !== null, words: t(`teach.${view}.legend`) };
}
