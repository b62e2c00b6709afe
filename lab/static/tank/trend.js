// The trends of a shift, as an operator reads them: levels with set-points and constraints, and the pumps.

import { pageColour } from "../core/colour.js";
import { byId, setAttribute } from "../core/dom.js";
import { prepare, text } from "../core/draw.js";
import { fixed, full, short } from "../core/format.js";
import { t } from "../core/i18n.js";
import { operators, plant, readRow, watched } from "./plant.js";

const MARGIN = { left: 30, right: 10, top: 20, bottom: 22, between: 30 };
const MINUTES = 20;
const STRIPS = [ // of what, from where to where, which numbers stand at the axis
  { name: "levels", of: "levels", columns: [0, 1], range: [8, 17], ticks: [10, 12.5, 15], share: 0.42 },
  { name: "upper", of: "levels", columns: [2, 3], range: [0, 10], ticks: [0, 4, 8], share: 0.3 },
  { name: "volts", of: "volts", columns: [0, 1], range: [0, 7], ticks: [0, 3, 6], share: 0.28 },
];
// Blue and solid is tank 1, 3 and pump 1; orange and dashed is tank 2, 4 and pump 2.
const STYLES = [["--accent", []], ["--warm", [6, 3]]];

/** Draw the trends of the plant that is watched, into so many CSS pixels. */
export function drawTrends(width, height) {
  const canvas = byId("tank-trend");
  const ctx = prepare(canvas, width, height);
  const { run } = plant;
  const rows = run?.now ? run.rows.map((row) => readRow(row, watched())) : [];
  const limit = run?.about?.limit ?? 120;
  const x = (step) => MARGIN.left + (step / limit) * (width - MARGIN.left - MARGIN.right);
  const room = height - MARGIN.top - MARGIN.bottom - MARGIN.between * (STRIPS.length - 1);
  let top = MARGIN.top;
  for (const strip of STRIPS) {
    const tall = room * strip.share;
    const [low, high] = strip.range;
    const base = top;
    const y = (value) => base + tall * (1 - (Math.max(low, Math.min(high, value)) - low) / (high - low));
    drawStrip(ctx, strip, { x, y, width, top, tall }, rows, run?.about);
    top += tall + MARGIN.between;
  }
  for (let minute = 0; minute <= MINUTES; minute += 5) {
    const align = minute === 0 ? "left" : minute === MINUTES ? "right" : "center";
    const words = t("tank.minutes", { minute });
    text(ctx, words, x((minute / MINUTES) * limit), height - 8, 11.5, pageColour("--muted"), 450, align);
  }
  setAttribute(canvas, "aria-label", sayTrends(rows.at(-1)));
}

function drawStrip(ctx, strip, place, rows, about) {
  const { x, y, width, top, tall } = place;
  text(ctx, t(`tank.trend.${strip.name}`), MARGIN.left, top - 9, 12, pageColour("--ink"), 600, "left");
  drawLeaks(ctx, strip, place, rows);
  for (const tick of strip.ticks) {
    stroke(ctx, [[MARGIN.left, y(tick)], [width - MARGIN.right, y(tick)]], pageColour("--line"), 1);
    text(ctx, full(tick), MARGIN.left - 5, y(tick), 11.5, pageColour("--muted"), 450, "right");
  }
  if (!rows.length) return;
  const limits = strip.of === "levels"
    ? [about.least[strip.columns[0]], about.most[strip.columns[0]]].filter((each) => each > 0) : [];
  for (const each of limits) {
    stroke(ctx, [[MARGIN.left, y(each)], [width - MARGIN.right, y(each)]], pageColour("--ink"), 1.2, [2, 3]);
  }
  ctx.save();
  ctx.beginPath();
  ctx.rect(MARGIN.left, top, width - MARGIN.left - MARGIN.right, tall);
  ctx.clip();
  strip.columns.forEach((column, i) => {
    const [colour, dash] = STYLES[i];
    if (strip.name === "levels") {
      const asked = rows.flatMap(({ step, setPoints }) =>
        [step, step + 1].map((at) => [x(at), y(setPoints[i])]));
      stroke(ctx, asked, pageColour(colour), 1, [1, 2]);
    }
    stroke(ctx, rows.map((row) => [x(row.step), y(row[strip.of][column])]), pageColour(colour), 2, dash);
  });
  ctx.restore();
}

/** A leak shades the strip of its tank. */
function drawLeaks(ctx, strip, { x, top, tall }, rows) {
  if (strip.of !== "levels") return;
  ctx.fillStyle = pageColour("--warm-soft");
  for (const { step, leaks } of rows) {
    if (strip.columns.some((column) => leaks[column] > 0)) ctx.fillRect(x(step), top, x(1) - x(0) + 0.5, tall);
  }
}

function stroke(ctx, points, colour, width, dash = []) {
  ctx.beginPath();
  points.forEach(([px, py], i) => (i ? ctx.lineTo(px, py) : ctx.moveTo(px, py)));
  Object.assign(ctx, { strokeStyle: colour, lineWidth: width, lineJoin: "round" });
  ctx.setLineDash(dash);
  ctx.stroke();
  ctx.setLineDash([]);
}

function sayTrends(row) {
  if (!row || !operators().length) return t("tank.trend.empty");
  const levels = row.levels.map((level) => fixed(level, 1)).join(t("list"));
  return t("tank.trend.label", {
    name: t(`tank.who.${watched()}`), minute: short(row.step / 6, 1), levels,
    first: short(row.setPoints[0], 1), second: short(row.setPoints[1], 1),
    volts: row.volts.map((volt) => fixed(volt, 2)).join(t("list")),
  });
}
