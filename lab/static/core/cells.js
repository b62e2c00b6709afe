// How the cells of every board look: blocks, ends, starts, agents. A board gives its size and its context (board.js).

import { contrast, css, inkOn, pageColour, pageRgb } from "./colour.js";
import { badge, badgeWidth, bricks, disc, roundRect, star, text, textWidth, warning } from "./draw.js";
import { signed } from "./format.js";
import { isStart, kindOf, placeOf, rewardOf } from "./maze.js";

const gap = (size) => (size >= 36 ? 1.5 : 0.5);

/** The rounded square of a cell, as a path. */
export function cellPath({ ctx, size }, x, y, inset = gap(size)) {
  const side = size - 2 * inset;
  roundRect(ctx, x - side / 2, y - side / 2, side, side, Math.min(8, size * 0.1));
}

function outline(board, x, y) {
  const { ctx } = board;
  cellPath(board, x, y);
  ctx.strokeStyle = pageColour("--edge");
  ctx.lineWidth = 1;
  ctx.stroke();
}

/**
 * What a cell is, before anything is known of it: its colour, its symbol. `rgb` is the paper of an ordinary cell. A
 * colour that hardly differs from the page gets an outline.
 */
export function drawCell(board, index, rgb) {
  const { ctx, maze } = board;
  const [row, col] = placeOf(maze, index);
  const [x, y] = board.centre(index);
  const kind = kindOf(maze, row, col);
  cellPath(board, x, y);
  const paper = kind === "empty" ? rgb : pageRgb(`--${kind}`);
  ctx.fillStyle = css(paper);
  ctx.fill();
  if (kind !== "empty") drawSymbol(board, x, y, kind, rewardOf(maze, row, col));
  if (contrast(paper, pageRgb("--page")) < 3) outline(board, x, y);
  return kind;
}

/** What lies on an ordinary cell beside its values: its outline, the start, a reward of its own. */
export function drawMarks(board, index, rgb) {
  const { maze } = board;
  const [row, col] = placeOf(maze, index);
  const [x, y] = board.centre(index);
  outline(board, x, y); // again, over what was painted on it
  if (isStart(maze, row, col)) drawStart(board, x, y, rgb);
  const reward = maze.rewards[row][col];
  if (reward !== null) drawReward(board, x, y, reward, isStart(maze, row, col));
}

/** A cell's own reward, at the top left, to the right of a start; in a small cell a corner of the reward's colour. */
function drawReward(board, x, y, reward, besideStart) {
  const { ctx, size } = board;
  const colour = pageColour(reward < 0 ? "--danger" : "--treasure");
  const [left, top] = [x - size / 2, y - size / 2];
  if (size < 44) {
    const side = size * 0.36;
    ctx.save();
    cellPath(board, x, y);
    ctx.clip();
    ctx.beginPath();
    ctx.moveTo(left + size - side, top);
    ctx.lineTo(left + size, top);
    ctx.lineTo(left + size, top + side);
    ctx.closePath();
    ctx.fillStyle = colour;
    ctx.fill();
    ctx.restore();
    return;
  }
  const font = Math.max(9.5, Math.min(20, size * 0.105));
  const words = signed(reward);
  const start = left + 4 + (besideStart ? size * 0.26 : 0);
  badge(ctx, words, start + badgeWidth(ctx, words, font), top + 4, font, colour, "#ffffff");
}

function drawSymbol(board, x, y, kind, reward) {
  const { ctx, size } = board;
  if (kind === "block") {
    ctx.save();
    cellPath(board, x, y);
    ctx.clip();
    bricks(ctx, x - size / 2, y - size / 2, size, pageColour("--mortar"));
    ctx.restore();
    return;
  }
  const words = size >= 52;
  const top = words ? y - size * 0.1 : y;
  if (kind === "treasure") star(ctx, x, top, size * (words ? 0.24 : 0.34), "#ffffff");
  else warning(ctx, x, top + size * 0.03, size * (words ? 0.19 : 0.27), "#ffffff", pageColour("--danger"));
  if (words) text(ctx, signed(reward), x, y + size * 0.3, size * 0.16, "#ffffff", 600);
}

function drawStart({ ctx, size }, x, y, rgb) {
  const radius = Math.max(2.5, size * 0.085);
  const [left, top] = [x - size * 0.3, y - size * 0.3];
  disc(ctx, left, top, radius, "transparent", inkOn(rgb), Math.max(1.2, size * 0.02));
  disc(ctx, left, top, radius * 0.42, inkOn(rgb));
}

export function ring(board, index, inset, width, colour, dash = []) {
  const { ctx } = board;
  cellPath(board, ...board.centre(index), inset);
  ctx.setLineDash(dash);
  ctx.lineWidth = width;
  ctx.strokeStyle = colour;
  ctx.stroke();
  ctx.setLineDash([]);
}

/** The chosen cell. */
export function drawChosen(board, index) {
  ring(board, index, 1.5, 4.5, pageColour("--page"));
  ring(board, index, 1.5, 2.5, pageColour("--ink"));
}

const still = matchMedia("(prefers-reduced-motion: reduce)");
export const movesLittle = () => still.matches;

/** How far a movement of some milliseconds has come, from 0 to 1; with reduced motion it is there at once. */
export function progress(since, duration) {
  return still.matches || !duration ? 1 : Math.min(1, (performance.now() - since) / duration);
}

/** The agent between two cells; `radius` in cells. */
export function drawAgent(board, from, to, share, radius = 0.2) {
  const { ctx, size } = board;
  const [toX, toY] = board.centre(to);
  const [fromX, fromY] = board.centre(from);
  const eased = 1 - (1 - share) ** 3;
  const [x, y] = [fromX + (toX - fromX) * eased, fromY + (toY - fromY) * eased];
  const eye = radius * 0.14 * size;
  disc(ctx, x, y, size * radius, pageColour("--agent"), "#ffffff", Math.max(1.5, size * 0.035));
  for (const side of [-1, 1]) disc(ctx, x + side * radius * 0.325 * size, y - radius * 0.15 * size, eye, "#ffffff");
}

/** A walk's agent and its trail (walk.js); true while it is between two cells, so that another frame is wanted. */
export function drawWalk(board, walk, slippedWord) {
  const { ctx, size } = board;
  const colour = pageColour("--agent");
  ctx.lineWidth = Math.max(2, size * 0.045);
  ctx.lineCap = "round";
  walk.steps.slice(Math.max(0, walk.at - 40), walk.at).forEach((step, i, trail) => {
    ctx.beginPath();
    ctx.moveTo(...board.centre(step.from));
    ctx.lineTo(...board.centre(step.to));
    ctx.globalAlpha = 0.15 + (0.5 * (i + 1)) / trail.length;
    ctx.setLineDash(step.slipped ? [size * 0.06, size * 0.1] : []);
    ctx.strokeStyle = colour;
    ctx.stroke();
  });
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
  const last = walk.steps[walk.at - 1];
  const passed = progress(walk.since, walk.duration);
  drawAgent(board, last ? last.from : walk.start, last ? last.to : walk.start, passed);
  if (last?.slipped && size >= 44) {
    const font = Math.max(10, size * 0.12);
    const [toX, toY] = board.centre(last.to);
    badge(ctx, slippedWord, toX + textWidth(ctx, slippedWord, font, 600) / 2 + font * 0.45,
      Math.max(2, toY - size * 0.46), font, colour, "#ffffff");
  }
  return passed < 1;
}
