// The maze as plain data: { grid: [[code]], rewards: [[number or null]], start: [row, col] }. `rewards` are cells'
// own rewards; null is the ordinary one. Every function returns a new maze. An index counts cells row by row.

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
export const placeOf = (maze, index) => [Math.floor(index / colsOf(maze)), index % colsOf(maze)];
export const startOf = (maze) => maze.start[0] * colsOf(maze) + maze.start[1];
/** An ordinary cell: one that an agent can stand on. */
export const isOrdinary = (maze, index) => kindOf(maze, ...placeOf(maze, index)) === "empty";

/** The reward that a cell itself pays on entering it: its own, ±1 where the episode ends, else null. */
export function rewardOf(maze, row, col) {
  const code = maze.grid[row][col];
  return maze.rewards[row][col] ?? (code === TREASURE || code === DANGER ? code : null);
}

/** [[row, col, value]] of the cells that have a reward of their own, as the server takes it. */
export const ownRewards = (maze) => maze.rewards.flatMap((line, row) =>
  line.flatMap((value, col) => (value === null ? [] : [[row, col, value]])));

const withCode = (maze, row, col, code) => ({
  ...maze, grid: replaced(maze.grid, row, col, code),
  rewards: maze.rewards[row][col] === null ? maze.rewards : replaced(maze.rewards, row, col, null),
});

function replaced(grid, row, col, value) {
  return grid.map((line, r) => (r === row ? line.map((old, c) => (c === col ? value : old)) : line));
}

/** One cell painted with a kind or "start". The same maze comes back when nothing may change. */
export function paint(maze, row, col, kind) {
  if (kind === "start") {
    if (isStart(maze, row, col)) return maze;
    // An agent cannot start inside a block or where the episode has ended, so the cell becomes empty.
    const ordinary = maze.grid[row][col] === EMPTY ? maze : withCode(maze, row, col, EMPTY);
    return { ...ordinary, start: [row, col] };
  }
  const painted = maze.grid[row][col] === CODES[kind] && maze.rewards[row][col] === null;
  if (painted || (isStart(maze, row, col) && kind !== "empty")) return maze;
  return withCode(maze, row, col, CODES[kind]);
}

/** A cell's own reward, from -1 to 1, or null for the ordinary one. A block is never entered and has none. */
export function paintReward(maze, row, col, value) {
  if (maze.grid[row][col] === BLOCK || maze.rewards[row][col] === value) return maze;
  return { ...maze, rewards: replaced(maze.rewards, row, col, value) };
}

/** Another size; what fits stays where it is, and a start that fell off moves to the nearest empty cell. */
export function resize(maze, rows, cols) {
  const sized = (grid, filler) => Array.from({ length: rows }, (_, r) =>
    Array.from({ length: cols }, (_, c) => grid[r]?.[c] ?? filler));
  const [row, col] = maze.start;
  const grid = sized(maze.grid, EMPTY);
  const rewards = sized(maze.rewards, null);
  if (row < rows && col < cols) return { grid, rewards, start: [row, col] };
  const free = grid.flatMap((line, r) => line.flatMap((code, c) => (code === EMPTY ? [[r, c]] : [])));
  const distance = ([r, c]) => Math.abs(r - row) + Math.abs(c - col);
  const start = free.reduce((best, cell) => (best && distance(best) <= distance(cell) ? best : cell), null)
    ?? [rows - 1, 0];
  grid[start[0]][start[1]] = EMPTY; // only where no cell was empty does something give way
  return { grid, rewards, start };
}

const plain = (rows, cols, value) => Array.from({ length: rows }, () => Array(cols).fill(value));

export const empty = (rows, cols) =>
  ({ grid: plain(rows, cols, EMPTY), rewards: plain(rows, cols, null), start: [rows - 1, 0] });

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

/**
 * { maze, warnings } of a text; a warning is the key of a sentence about what had to be put right. Throws a
 * RangeError, whose message is such a key, where there is no rectangle of known letters between 2 and 20.
 */
export function fromText(text) {
  const rows = text.trim().split("/");
  const inRange = (n) => n >= MIN_SIDE && n <= MAX_SIDE;
  if (!inRange(rows.length) || !inRange(rows[0].length) || rows.some((r) => r.length !== rows[0].length)) {
    throw new RangeError("link.size");
  }
  const starts = [];
  const grid = rows.map((row, r) => [...row].map((letter, c) => {
    if (letter === "S") starts.push([r, c]);
    const kind = letter === "S" ? "empty" : Object.keys(LETTERS).find((name) => LETTERS[name] === letter);
    if (!kind) throw new RangeError("link.letter");
    return CODES[kind];
  }));
  const warnings = starts.length > 1 ? ["link.starts"] : [];
  let start = starts[0] ?? [grid.length - 1, 0];
  if (grid[start[0]][start[1]] !== EMPTY) { // no S, and the bottom left is taken
    const row = grid.findLastIndex((cells) => cells.includes(EMPTY));
    if (row < 0) throw new RangeError("link.blocks");
    start = [row, grid[row].indexOf(EMPTY)];
    warnings.push("link.nostart");
  }
  return { maze: { grid, rewards: plain(grid.length, grid[0].length, null), start }, warnings };
}

/** "1.2:0.5,3.4:-1": row and column from 1, as the page names cells, and the reward. Empty where there are none. */
export const rewardsToText = (maze) =>
  ownRewards(maze).map(([row, col, value]) => `${row + 1}.${col + 1}:${value}`).join(",");

/** The maze with the rewards of a text. Throws a RangeError, whose message is the key of a sentence. */
export function rewardsFromText(maze, text) {
  return text.split(",").filter(Boolean).reduce((painted, part) => {
    const [, row, col, value] = /^(\d+)\.(\d+):(-?[\d.]+(?:e-?\d+)?)$/.exec(part) ?? [];
    const [r, c, number] = [row - 1, col - 1, Number(value)];
    if (!(number >= -1 && number <= 1) || maze.grid[r]?.[c] === undefined || maze.grid[r][c] === BLOCK) {
      throw new RangeError("link.rewards");
    }
    return paintReward(painted, r, c, number);
  }, maze);
}
