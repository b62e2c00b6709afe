// The learning curve: the return of each episode, faint, its moving mean, and the best that the planner knows.

import { pageColour } from "./colour.js";
import { prepare, text, textWidth } from "./draw.js";
import { short } from "./format.js";
import { t } from "./i18n.js";
import { nameOf } from "./learn_board.js";
import { state } from "./state.js";

const HEIGHT = 168;
const MARGIN = { left: 44, right: 12, top: 14, bottom: 24 };
// Blue and solid against orange and dashed: told apart by colour-blind eyes, and in grey.
export const STYLES = [{ colour: "--accent", dash: [] }, { colour: "--warm", dash: [7, 3] }];

const root = document.getElementById("curve");
const canvas = root.querySelector("canvas");
const note = root.querySelector(".hint");

export function renderCurve() {
  const learners = state.run?.learners.filter(({ curve }) => curve?.means.length) ?? [];
  note.hidden = learners.length > 0;
  canvas.hidden = !learners.length;
  root.setAttribute("aria-label", sayCurve(learners));
  if (!learners.length) return;
  const width = root.clientWidth;
  const ctx = prepare(canvas, width, HEIGHT);
  const { optimum } = state.run;
  const curves = learners.map((learner) => ({
    index: state.run.learners.indexOf(learner), means: learner.curve.means, size: learner.curve.size,
    smooth: smoothed(learner.curve.means),
  }));
  const scale = scales(curves, optimum, width);
  drawAxes(ctx, scale, width);
  ctx.save();
  ctx.beginPath();
  ctx.rect(MARGIN.left, MARGIN.top - 4, width - MARGIN.left - MARGIN.right, scale.bottom - MARGIN.top + 6);
  ctx.clip();
  for (const curve of curves) {
    drawLine(ctx, scale, curve, curve.means, 0.28, 1);
    drawLine(ctx, scale, curve, curve.smooth, 1, 2);
  }
  ctx.restore();
  if (optimum !== null) drawOptimum(ctx, scale, width, optimum);
}

function sayCurve(learners) {
  if (!learners.length) return t("curve.empty");
  const parts = learners.map((learner) => t("curve.label", {
    name: nameOf(learner), episodes: learner.episode, value: short(smoothed(learner.curve.means).at(-1), 3) }));
  if (state.run.optimum !== null) parts.push(t("curve.optimum.is", { value: short(state.run.optimum, 3) }));
  return parts.join(" ");
}

/** The mean over the last tenth of the curve, at least 5 points. */
export function smoothed(means) {
  const reach = Math.max(5, Math.round(means.length / 10));
  let total = 0;
  return means.map((value, i) => {
    total += value - (i >= reach ? means[i - reach] : 0);
    return total / Math.min(i + 1, reach);
  });
}

function scales(curves, optimum, width) {
  // The first episodes wander for long; the worst of them would squeeze everything else together.
  const seen = curves.flatMap(({ means }) => means).sort((a, b) => a - b);
  const tops = [seen.at(-1), ...(optimum === null ? [] : [optimum])];
  let low = Math.min(seen[Math.floor(seen.length * 0.06)], ...(optimum === null ? [] : [optimum]));
  let high = Math.max(...tops);
  const room = Math.max(0.05, high - low) * 0.08;
  [low, high] = [low - room, high + room];
  const count = Math.max(2, ...curves.map(({ means, size }) => means.length * size));
  const bottom = HEIGHT - MARGIN.bottom;
  const span = width - MARGIN.left - MARGIN.right;
  return {
    low, high, bottom, count,
    x: (episode) => MARGIN.left + ((episode - 1) / (count - 1)) * span,
    y: (value) => bottom - ((value - low) / (high - low)) * (bottom - MARGIN.top),
  };
}

/** A round number of a size that divides a range into about `parts`: 1, 2 or 5 times a power of ten. */
function niceStep(range, parts) {
  const rough = range / parts;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
}

function drawAxes(ctx, { low, high, bottom, count, x, y }, width) {
  const muted = pageColour("--muted");
  const step = niceStep(high - low, 4);
  ctx.strokeStyle = pageColour("--line");
  ctx.lineWidth = 1;
  for (let i = Math.ceil(low / step); i * step <= high; i += 1) {
    const line = Math.round(y(i * step)) + 0.5;
    ctx.beginPath();
    ctx.moveTo(MARGIN.left, line);
    ctx.lineTo(width - MARGIN.right, line);
    ctx.stroke();
    text(ctx, short(i * step, 3), MARGIN.left - 6, line, 11, muted, 400, "right");
  }
  text(ctx, "1", x(1), bottom + 14, 11, muted, 400);
  text(ctx, count.toLocaleString("en"), x(count), bottom + 14, 11, muted, 400, "right");
  text(ctx, t("curve.episodes"), (MARGIN.left + width - MARGIN.right) / 2, bottom + 14, 11, muted, 400);
}

function drawLine(ctx, { x, y }, { index, size }, values, alpha, width) {
  const { colour, dash } = STYLES[index];
  ctx.globalAlpha = alpha;
  ctx.strokeStyle = pageColour(colour);
  ctx.lineWidth = width;
  ctx.lineJoin = "round";
  ctx.setLineDash(alpha === 1 ? dash : []);
  ctx.beginPath();
  if (values.length === 1) ctx.moveTo(x(1) - 3, y(values[0]));
  values.forEach((value, i) => ctx.lineTo(x((i + 1) * size), y(value)));
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

function drawOptimum(ctx, { y }, width, optimum) {
  const ink = pageColour("--ink");
  ctx.strokeStyle = ink;
  ctx.lineWidth = 1;
  ctx.setLineDash([2, 3]);
  ctx.beginPath();
  ctx.moveTo(MARGIN.left, y(optimum));
  ctx.lineTo(width - MARGIN.right, y(optimum));
  ctx.stroke();
  ctx.setLineDash([]);
  const words = t("curve.optimum", { value: short(optimum, 3) });
  const right = width - MARGIN.right - 2;
  ctx.fillStyle = pageColour("--card"); // the words stand on paper, not on the curves
  ctx.globalAlpha = 0.8;
  ctx.fillRect(right - textWidth(ctx, words, 11, 550) - 3, y(optimum) - 15, textWidth(ctx, words, 11, 550) + 5, 13);
  ctx.globalAlpha = 1;
  text(ctx, words, right, y(optimum) - 8, 11, ink, 550, "right");
}
