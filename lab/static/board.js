// The board: a canvas for the eye, and over it a grid of real elements for focus, touch and screen readers.

import { actionsIn } from "./bellman.js";
import { cellPath, centre, drawAgent, drawChosen, drawStart, drawSymbol, layout, outline, progress, ring }
  from "./cells.js";
import { css, inkOn, pageColour, valueColour } from "./colour.js";
import { arrows, badge, prepare, text, textWidth } from "./draw.js";
import { fixed, short, signed } from "./format.js";
import { t } from "./i18n.js";
import { ACTION_NAMES, colsOf, isStart, kindOf, rowsOf } from "./maze.js";
import { chosenBackup } from "./inspector.js";
import { describeLearnt, drawLessons } from "./learn_board.js";
import { currentSweep, isLearning, isRunning, isStale, state } from "./state.js";

const LARGEST_CELL = 136;
const SMALLEST_NUMBER = 9.5; // CSS pixels; smaller digits are left out: colour and arrows still speak

const root = document.getElementById("board");
const canvas = root.querySelector("canvas");
const overlay = root.querySelector(".cells");
let cells = []; // the overlay's gridcells, in order of state

export const cellElement = (index) => cells[index];

/** [row, col] under a point of the window, clamped to the board, so that a drag may leave it. */
export function cellAt(clientX, clientY) {
  const box = overlay.getBoundingClientRect();
  const place = (offset, count) => Math.max(0, Math.min(count - 1, Math.floor(offset / layout.size)));
  return [place(clientY - box.top, layout.rows), place(clientX - box.left, layout.cols)];
}

export function renderBoard(again) {
  fit();
  if (isLearning()) {
    if (drawLessons(canvas)) again();
  } else {
    drawCells();
    drawBackupMarks();
    if (drawWalk()) again();
  }
  label();
  overlay.classList.toggle("painting", state.tool !== "look");
}

// -- layout ---------------------------------------------------------------------------------------------------

function fit() {
  const { maze } = state.world;
  const [rows, cols] = [rowsOf(maze), colsOf(maze)];
  const wide = matchMedia("(min-width: 980px)").matches;
  const tallest = wide ? Math.max(300, window.innerHeight - 456) : window.innerHeight * 0.7;
  const size = Math.max(12, Math.floor(Math.min(
    LARGEST_CELL, root.parentElement.clientWidth / cols, tallest / rows)));
  if (rows !== layout.rows || cols !== layout.cols) build(rows, cols);
  if (size !== layout.size || rows !== layout.rows || cols !== layout.cols) {
    Object.assign(layout, { rows, cols, size });
    for (const [name, value] of [["width", cols * size], ["height", rows * size]]) {
      root.style[name] = `${value}px`;
    }
    overlay.style.setProperty("--cols", cols);
  }
}

function build(rows, cols) {
  cells = [];
  overlay.replaceChildren(...Array.from({ length: rows }, () => {
    const line = document.createElement("div");
    line.setAttribute("role", "row");
    for (let col = 0; col < cols; col += 1) {
      const cell = document.createElement("div");
      cell.setAttribute("role", "gridcell");
      cell.dataset.state = cells.length;
      cells.push(cell);
      line.append(cell);
    }
    return line;
  }));
}

/** Names for the screen reader. While sweeps play only the chosen cell's name is kept up to date. */
function label() {
  const { maze } = state.world;
  overlay.setAttribute("aria-label", t("board", { rows: layout.rows, cols: layout.cols }));
  const focusable = state.cell ?? maze.start[0] * layout.cols + maze.start[1];
  cells.forEach((cell, index) => {
    cell.tabIndex = index === focusable ? 0 : -1;
    if ((state.playing || isRunning()) && index !== state.cell) return;
    set(cell, "aria-label", describe(index));
    set(cell, "aria-selected", String(index === state.cell));
  });
}

const set = (node, name, value) => node.getAttribute(name) !== value && node.setAttribute(name, value);

/** "row 1, column 4, treasure, +1" or "row 1, column 3, empty, value 0.8475, best: right". */
export function describe(index, say = (value) => fixed(value, 4)) {
  const { maze } = state.world;
  const [row, col] = [Math.floor(index / layout.cols), index % layout.cols];
  const kind = kindOf(maze, row, col);
  const parts = [t("cell.at", { row: row + 1, col: col + 1 })];
  parts.push(isStart(maze, row, col) ? t("kind.start") : t(`kind.${kind}`));
  const sweep = currentSweep();
  if (kind === "treasure" || kind === "danger") parts.push(signed(maze.grid[row][col]), t("cell.ends"));
  else if (isLearning()) parts.push(...describeLearnt(index));
  else if (sweep && kind !== "block") {
    parts.push(t("cell.value", { value: say(sweep.values[index]) }));
    const best = actionsIn(sweep.greedy[index]).map((a) => t(`action.${ACTION_NAMES[a]}`));
    if (best.length) parts.push(t("cell.best", { actions: best.join(t("list")) }));
  }
  return parts.join(t("list"));
}

// -- drawing --------------------------------------------------------------------------------------------------

function drawCells() {
  const { maze } = state.world;
  const { rows, cols, size } = layout;
  const ctx = prepare(canvas, cols * size, rows * size);
  const result = state.result;
  const fits = result && result.world.maze.grid.length === rows && result.world.maze.grid[0].length === cols;
  const sweep = fits ? result.sweeps[state.shown] : null;
  const numbers = sweep ? numberStyle(ctx, sweep) : null;
  for (let index = 0; index < rows * cols; index += 1) {
    const [row, col] = [Math.floor(index / cols), index % cols];
    const [x, y] = centre(index);
    const code = kindOf(maze, row, col);
    // A stale value stays as a faint memory under the maze that is being drawn now.
    const value = sweep && code === "empty" ? sweep.values[index] * (isStale() ? 0.35 : 1) : 0;
    const rgb = code === "empty" ? valueColour(value, result?.scale) : null;
    cellPath(ctx, x, y);
    ctx.fillStyle = rgb ? css(rgb) : pageColour(`--${code}`);
    ctx.fill();
    if (code === "empty") {
      if (!sweep || Math.abs(value) < 0.15 * result.scale || !result.scale) outline(ctx);
      if (isStart(maze, row, col)) drawStart(ctx, x, y, rgb);
      if (sweep && !isStale()) drawAnswer(ctx, x, y, sweep, index, numbers, inkOn(rgb));
    } else drawSymbol(ctx, x, y, code);
  }
}

/** The most decimals (3, 2, 1) at which the widest value is legible in a cell; null if none is. */
function numberStyle(ctx, sweep) {
  const { size } = layout;
  const widest = sweep.values.reduce((a, b) => (fixed(b, 1).length > fixed(a, 1).length ? b : a), 0);
  for (const digits of [3, 2, 1]) {
    const wanted = Math.min(size * 0.22, 24);
    const width = textWidth(ctx, fixed(widest, digits), wanted);
    const font = Math.min(wanted, (wanted * size * 0.84) / width);
    const roomForArrow = size >= font * 2.7;
    if (font >= (digits === 1 ? SMALLEST_NUMBER : 10.5) && roomForArrow) return { digits, font };
  }
  return null;
}

function drawAnswer(ctx, x, y, sweep, index, numbers, ink) {
  const { size } = layout;
  const best = actionsIn(sweep.greedy[index]);
  if (!numbers) {
    arrows(ctx, x, y, size * 0.32, best, ink);
    return;
  }
  arrows(ctx, x, y - size * 0.13, size * 0.2, best, ink);
  text(ctx, fixed(sweep.values[index], numbers.digits), x, y + size * 0.27, numbers.font, ink);
}

/** The chosen cell, and on its neighbours the probabilities of the action written out beside the board. */
function drawBackupMarks() {
  if (state.cell === null || state.cell >= cells.length) return;
  const { size } = layout;
  const ctx = canvas.getContext("2d");
  const accent = pageColour("--accent");
  const { backup, action } = chosenBackup() ?? {};
  const chances = new Map();
  for (const { prob, next } of backup?.[action].terms ?? []) {
    if (prob > 0) chances.set(next, (chances.get(next) ?? 0) + prob);
  }
  for (const [next, prob] of chances) {
    const [x, y] = centre(next);
    ring(ctx, x, y, 3, 1.5, accent, [4, 3]);
    if (size < 62) continue; // too small for a badge beside the arrow: the dashes still show where it leads
    const font = Math.max(9.5, Math.min(13, size * 0.13));
    badge(ctx, short(prob, 3), x + size / 2 - 6, y - size / 2 + 6, font, accent, pageColour("--on-accent"));
  }
  drawChosen(ctx, state.cell);
}

/** The agent and its trail; true while it is between two cells, so that another frame is wanted. */
function drawWalk() {
  const { walk } = state;
  if (!walk || isStale()) return false;
  const { size } = layout;
  const ctx = canvas.getContext("2d");
  const accent = pageColour("--agent");
  ctx.lineWidth = Math.max(2, size * 0.045);
  ctx.lineCap = "round";
  walk.steps.slice(Math.max(0, walk.at - 40), walk.at).forEach((step, i, trail) => {
    ctx.beginPath();
    ctx.moveTo(...centre(step.from));
    ctx.lineTo(...centre(step.to));
    ctx.globalAlpha = 0.15 + (0.5 * (i + 1)) / trail.length;
    ctx.setLineDash(step.slipped ? [size * 0.06, size * 0.1] : []);
    ctx.strokeStyle = accent;
    ctx.stroke();
  });
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
  const last = walk.steps[walk.at - 1];
  const passed = progress(walk.since, walk.duration);
  drawAgent(ctx, last ? last.from : walk.start, last ? last.to : walk.start, passed);
  if (last?.slipped && size >= 44) {
    const font = Math.max(10, size * 0.12);
    const [toX, toY] = centre(last.to);
    badge(ctx, t("walk.slipped"), toX + textWidth(ctx, t("walk.slipped"), font, 600) / 2 + font * 0.45,
      Math.max(2, toY - size * 0.46), font, accent, "#ffffff");
  }
  return passed < 1;
}
