// The boards of teaching: a method's map of the maze and the way it goes, the demonstrations, the agent.

import { actionsIn } from "../core/bellman.js";
import { cellPath, drawAgent, drawCell, drawMarks, drawWalk } from "../core/cells.js";
import { inkOn, pageColour, valueColour } from "../core/colour.js";
import { arrows, text, textWidth } from "../core/draw.js";
import { fixed } from "../core/format.js";
import { t } from "../core/i18n.js";
import { isOrdinary } from "../core/maze.js";
import { fits, isChanged, shown, stepsIn } from "./shown.js";
import { pictureOf } from "./views.js";
import { agentAt, showing } from "./walking.js";

const STEP = 160; // milliseconds that a step takes to the eye
const SMALLEST = 9; // CSS pixels of a digit
const MOST_TRAILS = 100; // more of them look the same, and take long to draw

/** Draw a board; true while the agent is between two cells. */
export function drawTaught(board) {
  const picture = pictureOf(board.number);
  const { numbers, scale, actions, seen } = picture;
  const font = numbers ? fontFor(board, numbers) : 0;
  for (let index = 0; index < board.cells.length; index += 1) {
    const rgb = valueColour(numbers ? numbers[index] : 0, scale);
    drawCell(board, index, rgb);
    if (!isOrdinary(board.maze, index)) continue;
    const unseen = seen && !seen.has(index);
    if (unseen) hatch(board, index);
    else if (actions) drawWay(board, index, actions[index], inkOn(rgb), font);
    if (font) {
      const [x, y] = board.centre(index);
      text(board.ctx, fixed(numbers[index], 2), x, y + board.size * (actions ? 0.3 : 0), font, inkOn(rgb));
    }
    drawMarks(board, index, rgb);
  }
  if (picture.view === "cloning") drawTrails(board);
  return drawShowing(board);
}

/** The size of digits at which every number fits into a cell; 0 if none does. */
function fontFor({ ctx, size }, numbers) {
  const widest = numbers.map((value) => fixed(value, 2)).reduce((a, b) => (b.length > a.length ? b : a), "");
  const wanted = size * 0.2;
  const font = Math.min(wanted, (wanted * size * 0.8) / textWidth(ctx, widest, wanted));
  return font >= SMALLEST ? font : 0;
}

function drawWay({ ctx, size, centre, cols }, index, mask, ink, font) {
  const [x, y] = centre.call({ size, cols }, index);
  const reach = size * (font ? 0.19 : 0.28);
  arrows(ctx, x, font ? y - size * 0.1 : y, reach, actionsIn(mask), ink);
}

/** A cell of which nothing is known: strokes, so that it is told apart without colour. */
function hatch(board, index) {
  const { ctx, size } = board;
  const [x, y] = board.centre(index);
  ctx.save();
  cellPath(board, x, y);
  ctx.clip();
  ctx.beginPath();
  const gap = Math.max(5, size * 0.16);
  for (let at = -size; at < size; at += gap) {
    ctx.moveTo(x + at - size / 2, y + size / 2);
    ctx.lineTo(x + at + size / 2, y - size / 2);
  }
  ctx.strokeStyle = pageColour("--edge");
  ctx.globalAlpha = 0.35;
  ctx.lineWidth = 1;
  ctx.stroke();
  ctx.restore();
}

/** The latest demonstrations as faint lines, beside each other, so that many on one way look like many. */
function drawTrails(board) {
  if (!fits()) return;
  const { ctx, size } = board;
  ctx.strokeStyle = pageColour("--agent");
  ctx.lineWidth = Math.max(1, size * 0.022);
  const latest = shown.list.slice(-MOST_TRAILS);
  ctx.globalAlpha = Math.max(0.1, Math.min(0.6, 4 / latest.length));
  latest.forEach((each, i) => {
    const shift = ((i * 0.618034) % 1 - 0.5) * size * 0.22;
    ctx.beginPath();
    for (const { from, to } of stepsIn(each)) {
      const [[x0, y0], [x1, y1]] = [board.centre(from), board.centre(to)];
      ctx.moveTo(x0 + shift, y0 + shift);
      ctx.lineTo(x1 + shift, y1 + shift);
    }
    ctx.stroke();
  });
  ctx.globalAlpha = 1;
}

/** What is being shown right now, or the demonstration that is chosen in the list. */
function drawShowing(board) {
  const { kind, steps, since } = showing;
  if (kind) {
    const duration = kind === "walk" ? STEP : 0;
    return drawWalk(board, { steps, since, start: agentAt(), at: steps.length, duration }, t("walk.slipped"));
  }
  const chosen = shown.list[shown.chosen];
  if (chosen && fits()) {
    const walked = stepsIn(chosen);
    return drawWalk(board, { steps: walked, since: 0, start: walked[0].from, at: walked.length, duration: 0 },
      t("walk.slipped"));
  }
  if (!isChanged() && board.number === 0) drawAgent(board, agentAt(), agentAt(), 1, 0.15);
  return false;
}
