// What a planner imagined after a real step, on its board: one update after another, so that one sees the news flow
// back. What was really learnt has a whole line (board.js), what was only imagined a dashed one, wider for a larger
// error; one that changed nothing is a dot.

import { movesLittle } from "../core/cells.js";
import { pageColour } from "../core/colour.js";
import { disc, text } from "../core/draw.js";
import { MOVES } from "../core/maze.js";
import { WAVE } from "./frames.js";
import { PACES, isFast, isRunning, lesson } from "./lesson.js";
import { CORNERS, triangle } from "./triangles.js";

const FADE = 500; // milliseconds
const LEAST = 40; // CSS pixels of a cell; in smaller ones a mark is a ring
const NUMBERED = 76; // CSS pixels of a cell: in such large ones the marks of a single step are counted
const MOST_NUMBERED = 20;

/** Draw them; true while they move. `one`: the view has one number a cell, so that a mark is a ring, too. */
export function drawImagined(board, { waves }, one) {
  if (isFast()) {
    const newest = waves.at(-1)?.updates.filter(([, , error]) => error) ?? [];
    strokeMarks(board, newest, one, 0.3, 0);
    return false;
  }
  const pace = isRunning() ? PACES[lesson.pace] : 0;
  const length = movesLittle() ? 0 : Math.min(WAVE - FADE, 800 / pace); // milliseconds until the last one appears
  for (const wave of waves) drawWave(board, wave, length, wave === waves.at(-1), one);
  return !movesLittle() && waves.some(({ since }) => performance.now() - since < length + FADE);
}

/** A mark fades; those of the newest wave stay till the next step. */
function drawWave(board, { updates, since }, length, newest, one) {
  let number = 0;
  const counted = []; // written on top of all marks
  updates.forEach((update, i) => {
    const age = movesLittle() ? FADE : performance.now() - since - (length * i) / updates.length;
    const [, , error] = update;
    number += error ? 1 : 0;
    if (age < 0) return;
    const left = Math.max(0, 1 - age / FADE);
    board.ctx.globalAlpha = newest && error ? 1 : left;
    if (board.ctx.globalAlpha === 0) return;
    if (error) strokeMarks(board, [update], one, Math.sqrt(Math.min(1, Math.abs(error))), left);
    else disc(board.ctx, ...placeOf(board, update), Math.max(1.2, board.size * 0.025), pageColour("--imagined-edge"));
    if (newest && error && !isRunning()) counted.push([update, number]);
  });
  board.ctx.globalAlpha = 1;
  for (const [update, count] of counted) drawCount(board, update, count, one);
}

/** The middle of a pair's triangle. */
function placeOf(board, [s, action]) {
  const [x, y] = board.centre(s);
  const [dy, dx] = MOVES[action];
  return [x + dx * board.size * 0.32, y + dy * board.size * 0.32];
}

/** Dashed on a dark edge, so that they are seen on every colour; new ones (left: 1 … 0) are wider. */
function strokeMarks(board, updates, one, strength, left) {
  const { ctx, size } = board;
  const path = new Path2D();
  for (const update of updates) {
    const [x, y] = placeOf(board, update);
    if (one || size < LEAST) {
      const radius = size * (0.07 + 0.1 * strength);
      path.moveTo(x + radius, y);
      path.arc(x, y, radius, 0, 2 * Math.PI);
    } else {
      const [dy, dx] = MOVES[update[1]];
      const half = size * 0.4;
      triangle(path, x - dx * half * 0.62, y - dy * half * 0.62, CORNERS[update[1]], half); // around the number
      path.closePath();
    }
  }
  const width = Math.max(1.2, size * 0.012) + size * (0.03 * strength + 0.02 * left);
  ctx.lineJoin = "round";
  ctx.lineWidth = width + Math.max(1.6, size * 0.02);
  ctx.strokeStyle = pageColour("--imagined-edge");
  ctx.stroke(path);
  ctx.setLineDash(size < LEAST ? [] : [size * 0.08, size * 0.06]);
  ctx.lineWidth = width;
  ctx.strokeStyle = pageColour("--imagined");
  ctx.stroke(path);
  ctx.setLineDash([]);
}

/** Which one it was, of those that changed something. */
function drawCount(board, [s, action], number, one) {
  const { ctx, size } = board;
  if (one || size < NUMBERED || number > MOST_NUMBERED) return;
  const [x, y] = board.centre(s);
  const [dy, dx] = MOVES[action];
  const [left, top] = dx ? [x + dx * size * 0.4, y - size * 0.17] : [x + size * 0.25, y + dy * size * 0.4];
  disc(ctx, left, top, size * 0.07, pageColour("--imagined-edge"));
  text(ctx, String(number), left, top + 0.5, size * 0.095, pageColour("--imagined"), 700);
}
