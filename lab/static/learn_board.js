// The boards of a lesson: four triangles of Q in each cell, or its visits; the policy, the agent, what it just learnt.

import { actionsIn } from "./bellman.js";
import { cellPath, centre, drawAgent, drawChosen, drawStart, drawSymbol, layout, outline, progress, ring }
  from "./cells.js";
import { css, inkOn, pageColour, valueColour } from "./colour.js";
import { arrows, badge, disc, prepare, text, textWidth } from "./draw.js";
import { compact, fixed, signedFixed } from "./format.js";
import { t } from "./i18n.js";
import { bestMask, lessonScale } from "./lesson.js";
import { ACTION_NAMES, MOVES, isStart, kindOf } from "./maze.js";
import { PACES, isRunning, state } from "./state.js";

const FLASH = 450; // milliseconds
const second = document.getElementById("board-2");
const CORNERS = [[[-1, -1], [1, -1]], [[1, -1], [1, 1]], [[1, 1], [-1, 1]], [[-1, 1], [-1, -1]]]; // by action

const sum = (row) => row.reduce((total, n) => total + n, 0);
export const nameOf = (learner) => t(`learner.${learner.name}`);

/** Draw one board or two; true if another frame is wanted. */
export function drawLessons(canvas) {
  const learners = (state.run?.learners ?? []).map((learner) => (learner.q ? learner : null));
  const boards = [canvas];
  if (state.world.learner2) boards.push(second.querySelector("canvas"));
  for (const [name, value] of [["width", layout.cols * layout.size], ["height", layout.rows * layout.size]]) {
    second.style[name] = `${value}px`;
  }
  return boards.map((each, i) => drawLesson(each, learners[i] ?? null, i)).some(Boolean);
}

function drawLesson(canvas, learner, index) {
  const { maze } = state.world;
  const { rows, cols, size } = layout;
  const ctx = prepare(canvas, cols * size, rows * size);
  const scale = lessonScale(index);
  const most = learner ? Math.max(1, ...learner.n.map(sum)) : 1;
  for (let s = 0; s < rows * cols; s += 1) {
    const [row, col] = [Math.floor(s / cols), s % cols];
    const [x, y] = centre(s);
    const code = kindOf(maze, row, col);
    cellPath(ctx, x, y);
    ctx.fillStyle = pageColour(`--${code}`);
    ctx.fill();
    if (code !== "empty") {
      drawSymbol(ctx, x, y, code);
      continue;
    }
    outline(ctx);
    let paper = valueColour(0, 1);
    const visits = learner ? sum(learner.n[s]) : 0;
    if (visits && state.view === "n") paper = drawVisits(ctx, x, y, visits, most);
    else if (visits) paper = drawTriangles(ctx, x, y, learner, s, scale);
    if (isStart(maze, row, col)) drawStart(ctx, x, y, paper);
  }
  if (state.cell !== null && state.cell < rows * cols) drawChosen(ctx, state.cell);
  return learner ? drawLife(ctx, learner) : false;
}

/** Shades by the logarithm, since the cells near the start are visited so much more. */
function drawVisits(ctx, x, y, visits, most) {
  const { size } = layout;
  const rgb = valueColour(Math.log1p(visits), Math.log1p(most) * 1.1);
  cellPath(ctx, x, y);
  ctx.fillStyle = css(rgb);
  ctx.fill();
  const low = size >= 52 ? y + size * 0.3 : y; // under the agent, where there is room
  if (size >= 26) text(ctx, compact(visits), x, low, Math.min(20, Math.max(9.5, size * 0.22)), inkOn(rgb), 550);
  return rgb;
}

function drawTriangles(ctx, x, y, learner, s, scale) {
  const { size } = layout;
  const half = size / 2 + 1;
  const numbers = size >= 74;
  const colours = learner.q[s].map((value) => valueColour(value, scale));
  ctx.save();
  cellPath(ctx, x, y);
  ctx.clip();
  CORNERS.forEach((corners, action) => {
    triangle(ctx, x, y, corners, half);
    ctx.fillStyle = css(colours[action]);
    ctx.fill();
  });
  if (size >= 30) {
    ctx.strokeStyle = pageColour("--card");
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (const way of [-1, 1]) {
      ctx.moveTo(x - half, y - way * half);
      ctx.lineTo(x + half, y + way * half);
    }
    ctx.stroke();
  }
  ctx.restore();
  const best = actionsIn(bestMask(learner, s));
  if (numbers) {
    const font = Math.min(13.5, size * 0.11);
    MOVES.forEach(([dy, dx], action) => text(ctx, fixed(learner.q[s][action], 2), x + dx * size * 0.318,
      y + dy * size * 0.36, Math.max(9, font), inkOn(colours[action]), best.includes(action) ? 750 : 450));
  }
  const reach = numbers ? 0.12 : size < 30 ? 0.22 : 0.16;
  disc(ctx, x, y, size * (reach + 0.035), pageColour("--card"));
  arrows(ctx, x, y, size * reach, best, pageColour("--ink"));
  return colours[0];
}

function triangle(ctx, x, y, corners, half) {
  ctx.beginPath();
  ctx.moveTo(x, y);
  for (const [dx, dy] of corners) ctx.lineTo(x + dx * half, y + dy * half);
  ctx.closePath();
}

/** What was just learnt, and the agent. Fast lessons show neither movement nor flashes: they would only flicker. */
function drawLife(ctx, learner) {
  const { size } = layout;
  const pace = isRunning() ? PACES[state.pace] : 1;
  const slow = typeof pace === "number" && pace <= 30;
  const age = progress(learner.since, FLASH);
  const colour = pageColour("--agent");
  if (slow && learner.last) {
    for (const { state: s, action } of learner.flashes) {
      const [x, y] = centre(s);
      ctx.save();
      cellPath(ctx, x, y);
      ctx.clip();
      triangle(ctx, x, y, CORNERS[action], size / 2);
      ctx.strokeStyle = colour;
      ctx.lineJoin = "round";
      ctx.lineWidth = Math.max(2, size * (learner.flashes.length === 1 ? 0.03 : 0.02)) + (1 - age) * size * 0.03;
      ctx.stroke();
      ctx.restore();
      if (learner.flashes.length === 1) ring(ctx, x, y, 2, 1.5 + 3 * (1 - age), colour);
    }
  }
  const moving = slow && learner.last ? progress(learner.since, Math.min(350, 800 / pace)) : 1;
  drawAgent(ctx, moving < 1 ? learner.from : learner.state, learner.state, moving, 0.15);
  if (slow && size >= 40) drawErrors(ctx, learner, colour);
  return slow && learner.last !== undefined && (age < 1 || moving < 1);
}

/** δ on each cell that changed; where one has changed several times, the last. */
function drawErrors(ctx, { flashes }, colour) {
  const { size } = layout;
  const alone = flashes.length === 1;
  const font = Math.max(9.5, Math.min(13, size * (alone ? 0.14 : 0.115)));
  for (const { state: s, error } of new Map(flashes.map((flash) => [flash.state, flash])).values()) {
    const [x, y] = centre(s);
    const words = (alone ? "δ " : "") + signedFixed(error, alone && size >= 60 ? 3 : 2);
    const width = textWidth(ctx, words, font, 600) + font * 0.9;
    const right = Math.max(width, Math.min(layout.cols * size, x + width / 2));
    badge(ctx, words, right, Math.max(1, y - size / 2 - font * 0.85), font, colour, "#ffffff");
  }
}

/** For screen readers: "Q-learning: best right 0.4025, 12 visits" for each learner. */
export function describeLearnt(s) {
  return (state.run?.learners ?? []).filter(({ q, n }) => q && sum(n[s])).map((learner) => t("cell.learnt", {
    name: nameOf(learner), value: fixed(Math.max(...learner.q[s]), 4), visits: sum(learner.n[s]),
    actions: actionsIn(bestMask(learner, s)).map((a) => t(`action.${ACTION_NAMES[a]}`)).join(t("list")),
  }));
}
