// Mazes to load. Each is the text form of maze.js, with the numbers that make its point; the others take their
// defaults.

import { BLOCK, DANGER, EMPTY, TREASURE, empty, fromText, rewardsFromText } from "./maze.js";

// A wall with a gap on the right, on the left, or both (Sutton & Barto 2018, figures 8.4 and 8.5).
const walled = (wall) => `........T/........./........./${wall}/........./...S.....`;
const GAPS = { right: walled("BBBBBBBB."), left: walled(".BBBBBBBB"), both: walled(".BBBBBBB.") };
const PLAIN = { prob: 1, gamma: 0.95, step_reward: 0 };

export const EXAMPLES = {
  book: { text: "...T/.B.D/S..." },
  cliff: {
    text: "............/............/............/SDDDDDDDDDDT",
    settings: { prob: 0.9, gamma: 0.95 },
  },
  bridge: {
    // A short bridge with danger on both sides, or the long way round: the move probability decides.
    text: "......./.BDDDB./S.....T/.BDDDB./.......",
    settings: { gamma: 0.95 },
  },
  rooms: {
    text: ".....B...../.....B...T./.........../.....B...../.....B...../B.BBBB...../.....BBB.BB/"
      + ".....B...../.....B...../.........../S....B.....",
    settings: { gamma: 0.95 },
  },
  spiral: {
    text: ".........../.BBBBBBBBB./.B.......B./.B.BBBBB.B./.B.BT..B.B./.B.BBB.B.B./.B.....B.B./"
      + ".BBBBBBB.B./.........B./BBBBBBBBBB./S..........",
    settings: { prob: 0.9, gamma: 0.98 },
  },
  trapped: { text: "......./..BBB../..BTB../..BBB../......./S......" },
  field: {
    text: ["..................T.", ...Array(18).fill("...................."), "S..................."].join("/"),
    settings: { gamma: 0.98, step_reward: -0.01 },
  },
  open: { // a goal that does not end the episode: a cell that pays at each step
    text: "......../.BB.BB../.B....B./...BB.../.B....../S..B....", rewards: "1.8:1",
    settings: { prob: 0.8, gamma: 0.95, step_reward: 0 },
  },
  dyna: { text: ".......BT/..B....B./S.B....B./..B....../.....B.../.........", settings: PLAIN },
  blocking: { text: GAPS.right, settings: PLAIN },
  shortcut: { text: GAPS.left, settings: PLAIN },
};

/** The mazes that one press makes of another while an agent lives in it: { text: [what happens, text] }. */
export const TURNS = {
  [GAPS.right]: ["block", GAPS.left],
  [GAPS.left]: ["open", GAPS.both],
  [GAPS.both]: ["close", GAPS.left],
};

export function example(name) {
  if (name === "random") return { maze: randomMaze(15), settings: { prob: 0.9, gamma: 0.98 } };
  const { text, rewards = "", settings = {} } = EXAMPLES[name];
  return { maze: rewardsFromText(fromText(text).maze, rewards), settings };
}

/** A maze of corridors (a random spanning tree, then a few walls opened so that there is a choice). */
function randomMaze(side, random = Math.random) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const grid = Array.from({ length: side }, () => Array(side).fill(BLOCK));
  const last = side - 1;
  const path = [[last, 0]];
  grid[last][0] = EMPTY;
  while (path.length) {
    const [row, col] = path.at(-1);
    const next = [[-2, 0], [0, 2], [2, 0], [0, -2]].map(([dr, dc]) => [row + dr, col + dc])
      .filter(([r, c]) => grid[r]?.[c] === BLOCK);
    if (!next.length) {
      path.pop();
      continue;
    }
    const [r, c] = pick(next);
    grid[(row + r) / 2][(col + c) / 2] = EMPTY;
    grid[r][c] = EMPTY;
    path.push([r, c]);
  }
  for (let opened = 0; opened < side; opened += 1) {
    // Only a wall between two corridors (one coordinate even, one odd) opens a passage.
    const row = Math.floor(random() * side);
    const col = Math.floor(random() * side);
    if ((row + col) % 2 === 1) grid[row][col] = EMPTY;
  }
  grid[0][last] = TREASURE;
  // Dangers go where no route passes: into dead ends, never beside the start or the treasure.
  const deadEnds = [];
  grid.forEach((cells, r) => cells.forEach((code, c) => {
    const open = [[-1, 0], [0, 1], [1, 0], [0, -1]]
      .filter(([dr, dc]) => (grid[r + dr]?.[c + dc] ?? BLOCK) !== BLOCK).length;
    const far = r + (last - c) > 3 && last - r + c > 3;
    if (code === EMPTY && open === 1 && far) deadEnds.push([r, c]);
  }));
  for (let placed = 0; placed < 4 && deadEnds.length; placed += 1) {
    const [[row, col]] = deadEnds.splice(Math.floor(random() * deadEnds.length), 1);
    grid[row][col] = DANGER;
  }
  return { ...empty(side, side), grid, start: [last, 0] };
}
