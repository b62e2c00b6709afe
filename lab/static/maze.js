// The maze as plain data: { grid: [[code]], start: [row, col] }. Every function returns a new maze.

export const EMPTY = 0;
export const TREASURE = 1;
export const DANGER = -1;
export const BLOCK = 9;
export const MIN_SIDE = 2;
export const MAX_SIDE = 20;

const CODES = { empty: EMPTY, treasure: TREASURE, danger: DANGER, block: BLOCK };
const NAMES = new Map(Object.entries(CODES).map(([name, code]) => [code, name]));

// Actions as in environment.py: up, right, down, left (clockwise).
export const MOVES = [[-1, 0], [0, 1], [1, 0], [0, -1]];
export const ARROWS = ["↑", "→", "↓", "←"];
export const ACTION_NAMES = ["up", "right", "down", "left"];

export const kindOf = (maze, row, col) => NAMES.get(maze.grid[row][col]);
export const isStart = (maze, row, col) => maze.start[0] === row && maze.start[1] === col;
export const rowsOf = (maze) => maze.grid.length;
export const colsOf = (maze) => maze.grid[0].length;

/** One cell painted with a kind or "start". The same maze comes back when nothing may change. */
export function paint(maze, row, col, kind) {
  if (kind === "start") {
    if (isStart(maze, row, col)) return maze;
    // An agent cannot start inside a block or where the episode has ended, so the cell becomes empty.
    return { grid: replaced(maze.grid, row, col, EMPTY), start: [row, col] };
  }
  if (isStart(maze, row, col) || maze.grid[row][col] === CODES[kind]) return maze;
  return { grid: replaced(maze.grid, row, col, CODES[kind]), start: maze.start };
}

function replaced(grid, row, col, code) {
  return grid.map((line, r) => (r === row ? line.map((old, c) => (c === col ? code : old)) : line));
}

/** Another size; what fits stays where it is, and a start that fell off returns to the bottom left. */
export function resize(maze, rows, cols) {
  const grid = Array.from({ length: rows }, (_, r) =>
    Array.from({ length: cols }, (_, c) => maze.grid[r]?.[c] ?? EMPTY));
  const [row, col] = maze.start;
  if (row < rows && col < cols) return { grid, start: [row, col] };
  grid[rows - 1][0] = EMPTY;
  return { grid, start: [rows - 1, 0] };
}

export function empty(rows, cols) {
  return { grid: Array.from({ length: rows }, () => Array(cols).fill(EMPTY)), start: [rows - 1, 0] };
}

/** Where an action aims: the neighbour, or the same cell when a wall or a block holds the agent. */
export function target(maze, state, action) {
  const cols = colsOf(maze);
  const row = Math.floor(state / cols) + MOVES[action][0];
  const col = (state % cols) + MOVES[action][1];
  const code = maze.grid[row]?.[col];
  return code === undefined || code === BLOCK ? state : row * cols + col;
}

/** The cells between two cells, both included, so that a fast drag leaves no gaps. */
export function line([r0, c0], [r1, c1]) {
  const steps = Math.max(Math.abs(r1 - r0), Math.abs(c1 - c0), 1);
  return Array.from({ length: steps + 1 }, (_, i) => [
    Math.round(r0 + ((r1 - r0) * i) / steps), Math.round(c0 + ((c1 - c0) * i) / steps)]);
}

// Text form, one letter a cell, rows joined by "/": "...T/.B.D/S...". It is what the shared link holds.
const LETTERS = { empty: ".", treasure: "T", danger: "D", block: "B" };

export function toText(maze) {
  return maze.grid.map((cells, r) => cells.map((_, c) =>
    isStart(maze, r, c) ? "S" : LETTERS[kindOf(maze, r, c)]).join("")).join("/");
}

/** The maze a text describes; throws where it is not a rectangle of known letters between 2 and 20. */
export function fromText(text) {
  const rows = text.trim().split("/");
  const inRange = (n) => n >= MIN_SIDE && n <= MAX_SIDE;
  if (!inRange(rows.length) || !inRange(rows[0].length) || rows.some((r) => r.length !== rows[0].length)) {
    throw new RangeError("not a rectangle of 2 to 20 rows and columns");
  }
  let start = null;
  const grid = rows.map((row, r) => [...row].map((letter, c) => {
    if (letter === "S") {
      start = [r, c];
      return EMPTY;
    }
    const kind = Object.keys(LETTERS).find((name) => LETTERS[name] === letter);
    if (!kind) throw new RangeError(`unknown cell ${letter}`);
    return CODES[kind];
  }));
  return { grid, start: start ?? [grid.length - 1, 0] };
}
