// The curves: the return of each episode and its moving mean, the error to V*, or what the greedy policy is worth;
// beside them the best that the planner knows, and the band of twenty seeds.

import { pageColour } from "../core/colour.js";
import { byId, on, say, setAttribute } from "../core/dom.js";
import { prepare, text, textWidth } from "../core/draw.js";
import { short } from "../core/format.js";
import { t } from "../core/i18n.js";
import { changed } from "../core/state.js";
import { band, toggleBand } from "./band.js";
import { learnersNow, lesson } from "./lesson.js";
import { nameOf } from "./views.js";

const HEIGHT = 168;
const MARGIN = { left: 44, right: 12, top: 14, bottom: 24 };
// Blue and solid against orange and dashed: told apart by colour-blind eyes, and in grey.
export const STYLES = [{ colour: "--accent", dash: [] }, { colour: "--warm", dash: [7, 3] }];
const KINDS = ["returns", "error", "greedy"];

let root, canvas, empty;
let kind = "returns";

/** When the markup stands. */
export function buildCurve() {
  root = byId("curve");
  canvas = root.querySelector("canvas");
  empty = root.querySelector(".hint");
  for (const each of KINDS) {
    on(`curve-${each}`, "change", () => {
      kind = each;
      changed();
    });
  }
  on("band", "click", () => {
    kind = "returns"; // the band is one of returns
    toggleBand();
  });
}

export function renderCurve() {
  const curves = curvesNow();
  const bands = kind === "returns" ? band.bands : [];
  const shown = curves.length > 0 || bands.length > 0;
  byId(`curve-${kind}`).checked = true;
  renderBand();
  say(byId("curve-note"), noteOf(curves, bands));
  say(empty, t(kind === "returns" ? "curve.empty" : `curve.none.${kind}`));
  empty.hidden = shown;
  canvas.hidden = !shown;
  root.setAttribute("aria-label", shown ? sayCurve(curves, bands) : empty.textContent);
  if (!shown) return;
  const width = root.clientWidth;
  const ctx = prepare(canvas, width, HEIGHT);
  const optimum = optimumOf(bands);
  const scale = scales(curves, bands, optimum, width);
  drawAxes(ctx, scale, width);
  ctx.save();
  ctx.beginPath();
  ctx.rect(MARGIN.left - 4, MARGIN.top - 4, width - MARGIN.left - MARGIN.right + 8, scale.bottom - MARGIN.top + 8);
  ctx.clip();
  for (const each of bands) drawBand(ctx, scale, each);
  for (const curve of curves) {
    if (curve.smooth) drawLine(ctx, scale, curve, curve.points, 0.28, 1);
    drawLine(ctx, scale, curve, curve.smooth ?? curve.points, 1, 2);
  }
  ctx.restore();
  if (optimum !== null) drawOptimum(ctx, scale, width, optimum);
}

/** [{ learner, index, points: [[episode, value]], smooth }] of what is to be shown. */
function curvesNow() {
  return learnersNow().flatMap((learner, index) => {
    if (kind !== "returns") {
      const at = kind === "error" ? 1 : 2;
      const known = (learner.measures ?? []).filter((point) => point[at] !== null);
      const points = known.map((point) => [point[0], point[at]]);
      return points.length ? [{ learner, index, points }] : [];
    }
    if (!learner.curve?.means.length) return [];
    const { means, size } = learner.curve;
    const placed = (values) => values.map((value, i) => [(i + 1) * size, value]);
    return [{ learner, index, points: placed(means), smooth: placed(smoothed(means)) }];
  });
}

function optimumOf(bands) {
  return kind === "error" ? null : lesson.run?.truth?.optimum ?? bands[0]?.optimum ?? null;
}

const lastOf = ({ points, smooth }) => (smooth ?? points).at(-1)[1];

function sayCurve(curves, bands) {
  const parts = curves.map((curve) => t(kind === "returns" ? "curve.label" : "curve.label.measure", {
    name: nameOf(curve.learner), episodes: curve.learner.episode, value: short(lastOf(curve), 3),
    what: t(`curve.${kind}`) }));
  parts.push(...bands.map(({ name, mean, seed_count: seeds }) => t("band.label", {
    name: t(`learner.${name}`), seeds, value: short(mean.at(-1), 3) })));
  const optimum = optimumOf(bands);
  if (optimum !== null) parts.push(t("curve.optimum.is", { value: short(optimum, 3) }));
  return parts.join(t("sentences"));
}

/** What the curves are; whether they are dotted for a reason. */
function noteOf(curves, bands) {
  if (bands.length) return t("band.note", { episodes: band.episodes.toLocaleString("en") });
  if (!curves.length) return "";
  const optimum = optimumOf(bands);
  return [t(`curve.note.${kind}`), ...(optimum === null ? [] : [t(`curve.dotted.${kind}`)])].join(t("sentences"));
}

function renderBand() {
  say(byId("band"), t(band.job ? "band.stop" : band.bands.length ? "band.hide" : "band.start"));
  const done = band.bands.map(({ name, seed_count: seeds, of }) =>
    t("band.progress", { name: t(`learner.${name}`), seeds, of }));
  setAttribute(byId("band-progress"), "aria-live", band.job ? "off" : "polite"); // only the end is read out
  say(byId("band-progress"), band.job && !done.length ? t("band.begins") : done.join(t("sentences")));
}

/** The mean over the last tenth of the curve, at least 5 points. */
function smoothed(means) {
  const reach = Math.max(5, Math.round(means.length / 10));
  let total = 0;
  return means.map((value, i) => {
    total += value - (i >= reach ? means[i - reach] : 0);
    return total / Math.min(i + 1, reach);
  });
}

/** { name, value }: the mean return of the latest episodes of the first learner, or null. */
export function meanReturn() {
  const [learner] = learnersNow();
  return learner?.curve?.means.length ? { name: nameOf(learner), value: smoothed(learner.curve.means).at(-1) } : null;
}

function scales(curves, bands, optimum, width) {
  const seen = curves.flatMap(({ points }) => points.map(([, value]) => value)).sort((a, b) => a - b);
  const known = bands.flatMap(({ mean, low, high }) => [...mean, ...(low ?? []), ...(high ?? [])]);
  if (optimum !== null) known.push(optimum);
  // The first episodes wander for long; the worst of them would squeeze everything else together.
  const lows = [...(seen.length ? [seen[kind === "returns" ? Math.floor(seen.length * 0.06) : 0]] : []), ...known];
  const highs = [...(seen.length ? [seen.at(-1)] : []), ...known];
  let [low, high] = [Math.min(...lows), Math.max(...highs)];
  if (kind === "error") low = 0;
  const room = Math.max(0.05, high - low) * 0.08;
  [low, high] = [kind === "error" ? 0 : low - room, high + room];
  const count = Math.max(2, ...(bands.length ? [band.episodes] : curves.map(({ points }) => points.at(-1)[0])));
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

function drawLine(ctx, { x, y }, { index }, points, alpha, width) {
  const { colour, dash } = STYLES[index];
  ctx.globalAlpha = alpha;
  ctx.strokeStyle = pageColour(colour);
  ctx.fillStyle = pageColour(colour);
  ctx.lineWidth = width;
  ctx.lineJoin = "round";
  ctx.setLineDash(alpha === 1 ? dash : []);
  ctx.beginPath();
  if (points.length === 1) { // no line yet, but something to see
    ctx.arc(x(points[0][0]), y(points[0][1]), 3.5, 0, 2 * Math.PI);
    ctx.fill();
  } else {
    for (const [episode, value] of points) ctx.lineTo(x(episode), y(value));
    ctx.stroke();
  }
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

/** The mean over the seeds and where it lies, by 95%. */
function drawBand(ctx, { x, y }, { name, size, mean, low, high }) {
  const index = Math.max(0, learnersNow().findIndex((learner) => learner.name === name));
  const { colour, dash } = STYLES[lesson.run ? index : band.bands.findIndex((each) => each.name === name)];
  ctx.fillStyle = pageColour(colour);
  ctx.strokeStyle = pageColour(colour);
  if (low) {
    ctx.globalAlpha = 0.22;
    ctx.beginPath();
    high.forEach((value, i) => ctx.lineTo(x((i + 1) * size), y(value)));
    low.toReversed().forEach((value, i) => ctx.lineTo(x((low.length - i) * size), y(value)));
    ctx.fill();
  }
  ctx.globalAlpha = 0.8;
  ctx.lineWidth = 3;
  ctx.setLineDash(dash);
  ctx.beginPath();
  mean.forEach((value, i) => ctx.lineTo(x((i + 1) * size), y(value)));
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
