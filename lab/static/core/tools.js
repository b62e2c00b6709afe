// Mouse, finger and keyboard on the boards. What they do is the tool's: { keys, down, move, up, click }.
//
//   down(board, cell)  move(board, from, to)  up(board)   a stroke, in [row, col]
//   click(board, cell)   a screen reader's click, which comes without a pointer, or one of `keys` on the chosen cell
//
// A tool without `down` looks. A tool that one page alone has is in that page's `tools` (registry.js); it needs a
// string `tool.NAME` and a symbol `i-NAME`, as all have.

import { remember, setWorld } from "./change.js";
import { t } from "./i18n.js";
import { colsOf, isStart, kindOf, line, paint, paintReward, placeOf, rowsOf } from "./maze.js";
import { current } from "./registry.js";
import { changed, state, tell } from "./state.js";

/** A tool that paints cells: `painted` gives the new maze, the same one where nothing may change. */
const painter = (keys, painted, refusal = () => null) => {
  const brush = (cells) => {
    for (const [row, col] of cells) {
      const { maze } = state.world;
      const next = painted(maze, row, col);
      if (next !== maze) setWorld({ maze: next }, false);
      else if (refusal(maze, row, col)) tell("info", () => t(refusal(maze, row, col)));
    }
  };
  return {
    keys,
    down: (board, cell) => brush([cell]),
    move: (board, from, to) => brush(line(from, to)),
    up: remember,
    click(board, cell) {
      brush([cell]);
      remember();
    },
  };
};

const kind = (name, ...keys) => painter(keys, (maze, row, col) => paint(maze, row, col, name),
  (maze, row, col) => (isStart(maze, row, col) && !["start", "empty"].includes(name) ? "start.keep" : null));

export const TOOLS = {
  look: { keys: [] },
  treasure: kind("treasure", "1", "t"),
  danger: kind("danger", "2", "d"),
  block: kind("block", "3", "b"),
  empty: kind("empty", "4", "e"),
  start: kind("start", "5", "s"),
  reward: painter(["6"], (maze, row, col) => paintReward(maze, row, col, state.brush),
    (maze, row, col) => (kindOf(maze, row, col) === "block" ? "reward.block" : null)),
};
const EVERYWHERE = Object.keys(TOOLS);

/** The tools that pages have of their own. */
export const addTools = (tools) => Object.assign(TOOLS, tools);

/** The names of the tools of the page shown. */
export const toolNames = () => [...EVERYWHERE, ...Object.keys(current().tools)];

const STEPS = { ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowDown: [1, 0], ArrowLeft: [0, -1] };

export function listenTo(board) {
  const { overlay } = board;
  let stroke = null; // the cell the pointer was in last, while it is down
  const tool = () => TOOLS[state.tool];

  overlay.addEventListener("pointerdown", (event) => {
    if (!tool().down || event.button !== 0) return;
    overlay.setPointerCapture(event.pointerId);
    stroke = board.cellAt(event.clientX, event.clientY);
    tool().down(board, stroke);
  });
  overlay.addEventListener("pointermove", (event) => {
    const cell = board.cellAt(event.clientX, event.clientY);
    const hovered = { index: cell[0] * board.cols + cell[1], board };
    if (event.pointerType === "mouse" && (state.hovered?.index !== hovered.index || state.hovered.board !== board)) {
      state.hovered = hovered;
      changed();
    }
    if (!stroke || (stroke[0] === cell[0] && stroke[1] === cell[1])) return;
    tool().move?.(board, stroke, cell);
    stroke = cell;
  });
  const lift = () => {
    if (stroke) tool().up?.(board);
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
    if (!tool().down) focusCell(board, index);
    else if (event.detail === 0) tool().click?.(board, placeOf(board.maze, index)); // it comes without a pointer
  });
  overlay.addEventListener("focusin", (event) => choose(Number(event.target.dataset.state)));
  overlay.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || state.cell === null) return;
    if (onKey(board, event.key)) event.preventDefault();
  });
}

function choose(index) {
  if (index === state.cell) return;
  state.cell = index;
  changed();
}

function focusCell(board, index) {
  choose(index);
  board.focus(index);
}

/** True if the key means something on the board: to the page first, then to everybody. */
function onKey(board, key) {
  const page = current();
  if (page.keys[key] && page.keys[key](board) !== false) return true;
  if (key in STEPS || key === "Home" || key === "End") focusCell(board, neighbour(board.maze, key));
  else if (key === "Escape") {
    state.tool = "look";
    changed();
  } else {
    const name = toolNames().find((each) => TOOLS[each].keys.includes(key.toLowerCase()));
    if (!name) return false;
    const [before, { notice, cell }] = [board.maze, state];
    TOOLS[name].click(board, placeOf(before, cell));
    const refused = board.maze === before && state.notice !== notice; // which has been said
    if (!refused) tell("info", () => board.describe(cell));
  }
  return true;
}

function neighbour(maze, key) {
  const [row, col] = placeOf(maze, state.cell);
  const cols = colsOf(maze);
  if (!(key in STEPS)) return row * cols + (key === "Home" ? 0 : cols - 1);
  const clamp = (value, count) => Math.max(0, Math.min(count - 1, value));
  return clamp(row + STEPS[key][0], rowsOf(maze)) * cols + clamp(col + STEPS[key][1], cols);
}
