// The residual of each sweep on a log scale, the threshold, and a cursor at the sweep on the board.

import { pageColour } from "../core/colour.js";
import { byId } from "../core/dom.js";
import { disc, prepare, text } from "../core/draw.js";
import { full, residual, superscript } from "../core/format.js";
import { t } from "../core/i18n.js";
import { planning, show } from "./session.js";

const HEIGHT = 124;
const MARGIN = { left: 40, right: 14, top: 20, bottom: 22 };

let root, canvas, note;

/** When the markup stands. */
export function buildChart() {
  root = byId("chart");
  canvas = root.querySelector("canvas");
  note = root.querySelector(".hint");
  const scrub = (event) => {
    if (planning.result && event.buttons) show(sweepAt(event.clientX));
  };
  root.addEventListener("pointerdown", scrub);
  root.addEventListener("pointermove", scrub);
}

const isSweep = (sweep) => sweep.number > 0; // the values before the first sweep have no residual

/** The index of the sweep nearest to a point of the window: dragging along the chart scrubs. */
function sweepAt(clientX) {
  const { sweeps } = planning.result;
  const box = canvas.getBoundingClientRect();
  const share = (clientX - box.left - MARGIN.left) / (box.width - MARGIN.left - MARGIN.right);
  const number = 1 + share * (sweeps.at(-1).number - 1);
  const distance = (sweep) => (isSweep(sweep) ? Math.abs(sweep.number - number) : Infinity);
  return sweeps.reduce((best, sweep, i) => (distance(sweep) < distance(sweeps[best]) ? i : best), sweeps.length - 1);
}

export function renderChart() {
  const sweeps = planning.result?.sweeps.filter(isSweep) ?? [];
  note.hidden = sweeps.length > 0;
  canvas.hidden = sweeps.length === 0;
  if (!sweeps.length) {
    root.setAttribute("aria-label", t("chart.empty"));
    return;
  }
  const { threshold } = planning.result.world;
  const width = root.clientWidth;
  const ctx = prepare(canvas, width, HEIGHT);
  const scale = scales(sweeps, threshold, width);
  drawAxes(ctx, scale, width, sweeps.at(-1).number);
  drawThreshold(ctx, scale, width, threshold);
  drawCurve(ctx, scale, sweeps);
  const now = planning.result.sweeps[planning.shown];
  if (isSweep(now)) drawCursor(ctx, scale, width, now);
  root.setAttribute("aria-label", t("chart.label", {
    number: now.number, residual: isSweep(now) ? residual(now.residual) : "–", threshold: full(threshold) }));
}

function scales(sweeps, threshold, width) {
  const seen = sweeps.map((sweep) => sweep.residual).filter((value) => value > 0).concat(threshold);
  const low = Math.floor(Math.log10(Math.min(...seen)) - 0.15);
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...seen)) + 0.05));
  const bottom = HEIGHT - MARGIN.bottom;
  const span = width - MARGIN.left - MARGIN.right;
  const count = sweeps.at(-1).number;
  return {
    low, high, bottom,
    x: (number) => MARGIN.left + (count === 1 ? span / 2 : ((number - 1) / (count - 1)) * span),
    // A residual of exactly 0 has no logarithm: it lies on the floor of the chart.
    y: (value) => (value > 0
      ? bottom - ((Math.log10(value) - low) / (high - low)) * (bottom - MARGIN.top) : bottom),
  };
}

function drawAxes(ctx, { low, high, x, y, bottom }, width, count) {
  const muted = pageColour("--muted");
  const every = Math.ceil((high - low) / 5);
  ctx.strokeStyle = pageColour("--line");
  ctx.lineWidth = 1;
  for (let power = low; power <= high; power += 1) {
    if ((power - low) % every) continue;
    const line = Math.round(y(10 ** power)) + 0.5;
    ctx.beginPath();
    ctx.moveTo(MARGIN.left, line);
    ctx.lineTo(width - MARGIN.right, line);
    ctx.stroke();
    text(ctx, `10${superscript(power)}`, MARGIN.left - 6, line, 11, muted, 400, "right");
  }
  text(ctx, "1", x(1), bottom + 13, 11, muted, 400);
  if (count > 1) text(ctx, String(count), x(count), bottom + 13, 11, muted, 400);
}

function drawThreshold(ctx, { y }, width, threshold) {
  const colour = pageColour("--warm");
  ctx.strokeStyle = colour;
  ctx.setLineDash([5, 4]);
  ctx.beginPath();
  ctx.moveTo(MARGIN.left, y(threshold));
  ctx.lineTo(width - MARGIN.right, y(threshold));
  ctx.stroke();
  ctx.setLineDash([]);
  text(ctx, t("chart.threshold"), MARGIN.left + 4, y(threshold) - 8, 11, colour, 500, "left");
}

function drawCurve(ctx, { x, y }, sweeps) {
  const accent = pageColour("--accent");
  ctx.strokeStyle = accent;
  ctx.lineWidth = 1.75;
  ctx.lineJoin = "round";
  ctx.beginPath();
  for (const sweep of sweeps) ctx.lineTo(x(sweep.number), y(sweep.residual));
  ctx.stroke();
  const apart = sweeps.length > 1 ? x(2) - x(1) : 99;
  const side = Math.max(3, Math.min(7, apart * 1.5));
  for (const sweep of sweeps) {
    // Improvement is a square among the round sweeps of evaluation: a shape, not only a colour.
    if (sweep.phase === "improve") {
      ctx.fillStyle = pageColour("--warm");
      ctx.fillRect(x(sweep.number) - side / 2, y(sweep.residual) - side / 2, side, side);
    } else if (apart >= 7) disc(ctx, x(sweep.number), y(sweep.residual), 2.4, accent);
  }
}

function drawCursor(ctx, { x, y, bottom }, width, sweep) {
  const place = x(sweep.number);
  ctx.strokeStyle = pageColour("--ink");
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(place, MARGIN.top - 6);
  ctx.lineTo(place, bottom);
  ctx.stroke();
  disc(ctx, place, y(sweep.residual), 4.5, pageColour("--ink"), pageColour("--card"), 2);
  const right = place < width * 0.6;
  text(ctx, residual(sweep.residual), place + (right ? 8 : -8), 8, 12, pageColour("--ink"), 600,
    right ? "left" : "right");
}
