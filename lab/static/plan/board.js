// The board of a plan: each cell's value and its greedy arrows, the chosen cell's backup, the walk.

import { actionsIn } from "../core/bellman.js";
import { drawCell, drawMarks, drawWalk, ring } from "../core/cells.js";
import { inkOn, pageColour, valueColour } from "../core/colour.js";
import { arrows, badge, disc, text, textWidth } from "../core/draw.js";
import { fixed, short } from "../core/format.js";
import { t } from "../core/i18n.js";
import { ACTION_NAMES, colsOf, isOrdinary, rowsOf } from "../core/maze.js";
import { chosenBackup } from "./inspector.js";
import { currentSweep, isStale, planning, shownSweep } from "./session.js";

const SMALLEST_NUMBER = 9.5; // CSS pixels; smaller digits are left out: colour and arrows still speak

export function drawPlan(board) {
  drawCells(board);
  drawBackupMarks(board);
  drawInside(board);
  const { walk } = planning;
  return walk && !isStale() ? drawWalk(board, walk, t("walk.slipped")) : false;
}

function drawCells(board) {
  const { maze, rows, cols } = board;
  const { result } = planning;
  const fits = result && rowsOf(result.world.maze) === rows && colsOf(result.world.maze) === cols;
  const sweep = fits ? shownSweep() : null;
  const numbers = sweep ? numberStyle(board, sweep) : null;
  const stale = isStale();
  for (let index = 0; index < rows * cols; index += 1) {
    const ordinary = isOrdinary(maze, index);
    // A stale value stays as a faint memory under the maze that is being drawn now.
    const value = sweep && ordinary ? sweep.values[index] * (stale ? 0.35 : 1) : 0;
    const rgb = valueColour(value, result?.scale);
    drawCell(board, index, rgb);
    if (!ordinary) continue;
    if (sweep && !stale) drawAnswer(board, sweep, index, numbers, inkOn(rgb));
    drawMarks(board, index, rgb);
  }
}

/** The most decimals (3, 2, 1) at which the widest value is legible in a cell; null if none is. */
function numberStyle({ ctx, size }, sweep) {
  const widest = sweep.values.reduce((a, b) => (fixed(b, 1).length > fixed(a, 1).length ? b : a), 0);
  for (const digits of [3, 2, 1]) {
    const wanted = size * 0.22;
    const width = textWidth(ctx, fixed(widest, digits), wanted);
    const font = Math.min(wanted, (wanted * size * 0.84) / width);
    const roomForArrow = size >= font * 2.7;
    if (font >= (digits === 1 ? SMALLEST_NUMBER : 10.5) && roomForArrow) return { digits, font };
  }
  return null;
}

function drawAnswer(board, sweep, index, numbers, ink) {
  const { ctx, size } = board;
  // A policy that is evaluated or was just improved is what the arrows show; else what is greedy for the values.
  const actions = sweep.policy ? [sweep.policy[index]] : actionsIn(sweep.greedy[index]);
  const [x, y] = board.centre(index);
  if (!numbers) {
    arrows(ctx, x, y, size * 0.32, actions, ink);
    return;
  }
  arrows(ctx, x, y - size * 0.13, size * 0.2, actions, ink);
  text(ctx, fixed(sweep.values[index], numbers.digits), x, y + size * 0.27, numbers.font, ink);
}

/** On the neighbours of the chosen cell, the probabilities of the action written out beside the board. */
function drawBackupMarks(board) {
  const { ctx, size } = board;
  const accent = pageColour("--accent");
  const { backup, action } = chosenBackup() ?? {};
  const chances = new Map();
  for (const { prob, next } of backup?.[action].terms ?? []) {
    if (prob > 0) chances.set(next, (chances.get(next) ?? 0) + prob);
  }
  for (const [next, prob] of chances) {
    const [x, y] = board.centre(next);
    ring(board, next, 3, 1.5, accent, [4, 3]);
    if (size < 62) continue; // too small for a badge beside the arrow: the dashes still show where it leads
    const font = Math.max(9.5, Math.min(18, size * 0.13));
    badge(ctx, short(prob, 3), x + size / 2 - 6, y - size / 2 + 6, font, accent, pageColour("--on-accent"));
  }
}

/** Inside a sweep: a ring around the cell under backup, a dot in each that has its new value already. */
function drawInside(board) {
  const { ctx, size } = board;
  const sweep = currentSweep();
  if (sweep?.cell === undefined) return;
  const accent = pageColour("--accent");
  for (const index of sweep.done) {
    const [x, y] = board.centre(index);
    disc(ctx, x - size * 0.4, y + size * 0.4, Math.max(1.8, size * 0.04), accent, pageColour("--card"), 1);
  }
  ring(board, sweep.cell, 5, Math.max(2, Math.min(4, size * 0.04)), accent);
}

/** For screen readers and the line under the board: "value 0.8475", "best: right". */
export function describePlanned(index) {
  const sweep = currentSweep();
  if (!sweep) return [];
  const parts = [t("cell.value", { value: fixed(sweep.values[index], 4) })];
  const list = (key, actions) => {
    const names = actions.map((a) => t(`action.${ACTION_NAMES[a]}`));
    if (names.length) parts.push(t(key, { actions: names.join(t("list")) }));
  };
  if (sweep.policy) list("cell.policy", [sweep.policy[index]]);
  list("cell.best", actionsIn(sweep.best[index]));
  list("cell.near", actionsIn(sweep.greedy[index] & ~sweep.best[index]));
  return parts;
}
