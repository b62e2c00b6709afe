// Mouse, finger and keyboard on the board.

import { cellAt, cellElement, describe } from "./board.js";
import { t } from "./i18n.js";
import { colsOf, isStart, line, paint, rowsOf } from "./maze.js";
import { pause, show, toggle } from "./player.js";
import { resetLesson, stepLesson, toggleLesson } from "./lesson.js";
import { plan, stopWalk, walk, worldChanged } from "./session.js";
import { changed, isLearning, state, tell } from "./state.js";

export const TOOLS = ["look", "treasure", "danger", "block", "empty", "start"];
const PAINT_KEYS = new Map([
  ["1", "treasure"], ["2", "danger"], ["3", "block"], ["4", "empty"], ["5", "start"],
  ["t", "treasure"], ["d", "danger"], ["b", "block"], ["e", "empty"], ["s", "start"],
]);
const STEPS = { ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowDown: [1, 0], ArrowLeft: [0, -1] };

/** `onCommit` remembers the maze for undo and the address, once for each stroke. */
export function listenToBoard(onCommit) {
  const overlay = document.querySelector("#board .cells");
  let stroke = null; // the cell the pointer was in last, while it paints

  overlay.addEventListener("pointerdown", (event) => {
    if (state.tool === "look" || event.button !== 0) return;
    overlay.setPointerCapture(event.pointerId);
    stroke = cellAt(event.clientX, event.clientY);
    brush([stroke]);
  });
  overlay.addEventListener("pointermove", (event) => {
    const cell = cellAt(event.clientX, event.clientY);
    const index = cell[0] * colsOf(state.world.maze) + cell[1];
    if (state.hovered !== index && event.pointerType === "mouse") {
      state.hovered = index;
      changed();
    }
    if (!stroke || (stroke[0] === cell[0] && stroke[1] === cell[1])) return;
    brush(line(stroke, cell));
    stroke = cell;
  });
  const lift = () => {
    if (stroke) onCommit();
    stroke = null;
  };
  overlay.addEventListener("pointerup", lift);
  overlay.addEventListener("pointercancel", lift);
  overlay.addEventListener("pointerleave", () => {
    state.hovered = null;
    changed();
  });
  overlay.addEventListener("click", (event) => {
    const cell = event.target.closest("[data-state]");
    if (!cell) return;
    const index = Number(cell.dataset.state);
    // The keyboard's focus follows the mouse, so that arrow keys go on from the cell just clicked.
    if (state.tool === "look") focusCell(index);
    else if (event.detail === 0) { // a screen reader's click comes without a pointer
      paintCell(...placeOf(index), state.tool);
      onCommit();
    }
  });
  overlay.addEventListener("focusin", (event) => choose(Number(event.target.dataset.state)));
  overlay.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || state.cell === null) return;
    if (onKey(event.key, onCommit)) event.preventDefault();
  });
}

const placeOf = (index) => {
  const cols = colsOf(state.world.maze);
  return [Math.floor(index / cols), index % cols];
};

export function choose(index) {
  if (index === state.cell) return;
  state.cell = index;
  state.action = null;
  changed();
}

function focusCell(index) {
  choose(index);
  cellElement(index).focus({ preventScroll: true });
}

function brush(cells) {
  for (const [row, col] of cells) paintCell(row, col, state.tool);
}

/** True if the cell was painted. */
function paintCell(row, col, kind) {
  const { maze } = state.world;
  const painted = paint(maze, row, col, kind);
  if (painted === maze) {
    if (isStart(maze, row, col) && kind !== "start" && kind !== "empty") tell("info", () => t("start.keep"));
    return false;
  }
  if (state.playing) pause();
  if (state.walk) stopWalk();
  const old = state.world;
  state.world = { ...old, maze: painted };
  worldChanged(old);
  return true;
}

/** True if the key means something on the board. */
function onKey(key, onCommit) {
  const { maze } = state.world;
  const [rows, cols] = [rowsOf(maze), colsOf(maze)];
  const [row, col] = placeOf(state.cell);
  if (key in STEPS) {
    const [dr, dc] = STEPS[key];
    const clamp = (value, count) => Math.max(0, Math.min(count - 1, value));
    focusCell(clamp(row + dr, rows) * cols + clamp(col + dc, cols));
  } else if (key === "Home" || key === "End") focusCell(row * cols + (key === "Home" ? 0 : cols - 1));
  else if (PAINT_KEYS.has(key.toLowerCase())) {
    const { cell } = state;
    if (paintCell(row, col, PAINT_KEYS.get(key.toLowerCase()))) tell("info", () => describe(cell));
    onCommit();
  } else if (key === "Escape") {
    state.tool = "look";
    changed();
  } else return isLearning() ? onLessonKey(key) : onPlanKey(key);
  return true;
}

function onPlanKey(key) {
  if (key === " ") toggle();
  else if (key === ",") show(state.shown - 1);
  else if (key === ".") show(state.shown + 1);
  else if (key === "p") plan();
  else if (key === "w") walk();
  else return false;
  return true;
}

function onLessonKey(key) {
  if (key === " ") toggleLesson();
  else if (key === ".") stepLesson("step");
  else if (key === "n") stepLesson("episode");
  else if (key === "r") resetLesson();
  else return false;
  return true;
}
