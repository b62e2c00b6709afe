// The curve: what each round brought the teacher and the student.

import { pageColour } from "../core/colour.js";
import { byId, say, setAttribute } from "../core/dom.js";
import { prepare, text } from "../core/draw.js";
import { full } from "../core/format.js";
import { t } from "../core/i18n.js";
import { catching } from "./game.js";

const HEIGHT = 176;
const MARGIN = { left: 30, right: 12, top: 14, bottom: 26 };
const [LOW, HIGH] = [-3, 16]; // of a return
const TICKS = [0, 4, 8, 12, 16];
// Blue, solid, round against orange, dashed, square: told apart by colour-blind eyes, and in grey. Where both are in
// one place the circle lies in the square.
const STYLES = {
  mine: { colour: "--accent", dash: [], mark: (ctx, x, y) => ctx.arc(x, y, 2.6, 0, 2 * Math.PI) },
  theirs: { colour: "--warm", dash: [6, 3], mark: (ctx, x, y) => ctx.rect(x - 5, y - 5, 10, 10) },
};

export function renderCatchCurve() {
  const { results } = catching;
  const root = byId("catch-curve");
  const [canvas, empty] = root.children;
  empty.hidden = results.length > 0;
  canvas.hidden = !results.length;
  setAttribute(root, "aria-label", results.length ? sayResults(results) : empty.textContent);
  say(byId("catch-legend"), results.length ? t("catch.curve.note") : "");
  if (!results.length) return;
  const width = root.clientWidth;
  const ctx = prepare(canvas, width, HEIGHT);
  const first = results[0].number;
  const last = Math.max(results.at(-1).number, first + 7);
  const place = {
    x: (number) => MARGIN.left + 8 + ((number - first) / (last - first)) * (width - MARGIN.left - MARGIN.right - 16),
    y: (value) => MARGIN.top + ((HIGH - value) / (HIGH - LOW)) * (HEIGHT - MARGIN.top - MARGIN.bottom),
  };
  drawAxes(ctx, place, width, first, last);
  for (const name of ["theirs", "mine"]) drawResults(ctx, place, results, name);
}

function drawAxes(ctx, place, width, first, last) {
  const [line, muted] = [pageColour("--line"), pageColour("--muted")];
  for (const value of TICKS) {
    ctx.beginPath();
    ctx.moveTo(MARGIN.left, place.y(value));
    ctx.lineTo(width - MARGIN.right, place.y(value));
    ctx.strokeStyle = line;
    ctx.lineWidth = 1;
    ctx.stroke();
    text(ctx, full(value), MARGIN.left - 6, place.y(value), 11.5, muted, 450, "right");
  }
  const step = Math.max(1, Math.ceil((last - first) / 10));
  for (let number = first; number <= last; number += step) {
    text(ctx, String(number), place.x(number), HEIGHT - 10, 11.5, muted, 450);
  }
}

/** The line breaks where somebody did not play, or another student began. */
function drawResults(ctx, place, results, name) {
  const { colour, dash, mark } = STYLES[name];
  ctx.strokeStyle = ctx.fillStyle = pageColour(colour);
  ctx.lineWidth = 2;
  ctx.setLineDash(dash);
  ctx.beginPath();
  let before = null;
  for (const result of results) {
    if (result[name] === null) before = null;
    else {
      const joined = before !== null && (name === "mine" || before.life === result.life);
      ctx[joined ? "lineTo" : "moveTo"](place.x(result.number), place.y(result[name]));
      before = result;
    }
  }
  ctx.stroke();
  ctx.setLineDash([]);
  for (const result of results) {
    if (result[name] === null) continue;
    ctx.beginPath();
    mark(ctx, place.x(result.number), place.y(result[name]));
    ctx.fillStyle = pageColour(name === "theirs" && result.driver === "student" ? "--card" : colour);
    ctx.fill();
    ctx.stroke();
  }
}

function sayResults(results) {
  const { number, mine, theirs, labels } = results.at(-1);
  const said = (value) => (value === null ? "–" : full(value));
  return t("catch.curve.label", {
    rounds: results.length, number, mine: said(mine), theirs: said(theirs), labels,
  });
}

/** The rounds as a table to take away. */
export function csv() {
  if (!catching.results.length) return null;
  const columns = ["number", "teacher", "driver", "mine", "theirs", "labels", "life"];
  const rows = catching.results.map((result) => columns.map((name) => result[name] ?? "").join(","));
  return ["round,teacher,driver,return_teacher,return_student,labels,student", ...rows, ""].join("\n");
}
