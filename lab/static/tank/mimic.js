// The mimic diagram: pipes, tanks and pumps, as on the wall of a control room.

import { pageColour } from "../core/colour.js";
import { byId } from "../core/dom.js";
import { prepare, roundRect, text } from "../core/draw.js";
import { fixed, short } from "../core/format.js";
import { t } from "../core/i18n.js";
import { broken, plant, readRow, watched } from "./plant.js";

const WIDTH = 640, HEIGHT = 480; // all lengths below are in these
const TANK = { width: 124, height: 150 };
const TANKS = [[148, 238], [368, 238], [148, 40], [368, 40]]; // left and top of tanks 1 to 4
const PUMPS = [[76, 436], [564, 436]];
const SMALL = 0.82; // CSS pixels of a length of 1, below which words are drawn larger

let larger = 1; // words of a small diagram stay legible

const write = (ctx, words, x, y, size, colour, weight, align) =>
  text(ctx, words, x, y, size * larger, colour, weight, align);

/** Draw the plant that is watched, so many CSS pixels wide. */
export function drawMimic(width) {
  const ctx = prepare(byId("tank-mimic"), width, (width * HEIGHT) / WIDTH);
  const scale = width / WIDTH;
  ctx.scale(scale, scale);
  larger = Math.max(1, Math.min(1.35, SMALL / scale));
  const { run } = plant;
  if (!run?.now) {
    text(ctx, t("tank.ready"), WIDTH / 2, HEIGHT / 2, 20, pageColour("--muted"));
    return;
  }
  const now = { ...readRow(run.rows.at(-1), watched()), leaks: run.now.leaks, setPoints: run.now.set_points };
  const alarms = broken(now.levels, run.about);
  drawPipes(ctx, now.volts, run.about.split);
  TANKS.forEach((_, i) => drawTank(ctx, i, now, run.about, alarms.includes(i)));
  PUMPS.forEach((_, i) => drawPump(ctx, i, now.volts[i], run.about.volts));
}

function line(ctx, points, colour, width, dash = []) {
  ctx.beginPath();
  points.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
  Object.assign(ctx, { strokeStyle: colour, lineWidth: width, lineJoin: "round", lineCap: "butt" });
  ctx.setLineDash(dash);
  ctx.stroke();
  ctx.setLineDash([]);
}

function shape(ctx, points, colour) {
  ctx.beginPath();
  points.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
  ctx.closePath();
  ctx.fillStyle = colour;
  ctx.fill();
}

/** From each pump up through its valve: straight on into the lower tank, and up and across into the upper one. */
function drawPipes(ctx, volts, split) {
  const [water, dry, ink] = [pageColour("--water"), pageColour("--edge"), pageColour("--ink")];
  PUMPS.forEach(([x, y], i) => {
    const [[left, top], [upLeft, upTop]] = [TANKS[i], TANKS[3 - i]];
    const side = i ? -1 : 1;
    const into = left + (i ? TANK.width - 20 : 20);
    const across = upLeft + (i ? 20 : TANK.width - 20);
    const [valve, roof] = [top - 24, upTop - 12 - 12 * i];
    const colour = volts[i] > 0 ? water : dry;
    line(ctx, [[x, y], [x, valve], [into, valve], [into, top + 8]], colour, 5);
    line(ctx, [[x, valve], [x, roof], [across, roof], [across, upTop + 8]], colour, 5);
    for (const [dx, dy] of [[side, 0], [0, -1], [0, 1]]) { // a three-way valve
      shape(ctx, [[x, valve], [x + 13 * dx + 8 * dy, valve + 13 * dy + 8 * dx],
        [x + 13 * dx - 8 * dy, valve + 13 * dy - 8 * dx]], ink);
    }
    const align = i ? "left" : "right";
    const muted = pageColour("--muted");
    write(ctx, `${Math.round(100 * (1 - split[i]))}%→${4 - i}`, x - 12 * side, valve - 12, 13, muted, 450, align);
    write(ctx, `${Math.round(100 * split[i])}%→${i + 1}`, x - 12 * side, valve + 12, 13, muted, 450, align);
  });
  for (const [i, [left, top]] of TANKS.entries()) {
    const x = left + TANK.width / 2;
    const bottom = top + TANK.height;
    line(ctx, [[x, bottom], [x, i < 2 ? bottom + 30 : TANKS[i - 2][1] + 8]], water, 5);
  }
  line(ctx, [[40, 470], [WIDTH - 40, 470]], water, 8); // the basin that the pumps draw from
}

function drawTank(ctx, i, { levels, setPoints, leaks }, { least, most, tall }, alarm) {
  const [left, top] = TANKS[i];
  const [right, bottom] = [left + TANK.width, top + TANK.height];
  const y = (level) => bottom - (TANK.height * level) / tall;
  const [ink, warm, accent] = ["--ink", "--warm", "--accent"].map(pageColour);
  ctx.fillStyle = pageColour("--card");
  ctx.fillRect(left, top, TANK.width, TANK.height);
  ctx.fillStyle = pageColour("--water");
  ctx.fillRect(left, y(levels[i]), TANK.width, bottom - y(levels[i]));
  for (const limit of [least[i], most[i]].filter((each) => each > 0)) {
    line(ctx, [[left, y(limit)], [right, y(limit)]], warm, 2, [7, 5]);
    write(ctx, short(limit), right + 6, y(limit), 12, warm, 600, "left");
  }
  line(ctx, [[left, top], [left, bottom], [right, bottom], [right, top]], alarm ? warm : ink, alarm ? 5 : 3);
  if (i < 2) {
    const asked = y(setPoints[i]);
    line(ctx, [[left, asked], [right, asked]], accent, 2);
    shape(ctx, [[left - 2, asked], [left - 14, asked - 7], [left - 14, asked + 7]], accent);
    write(ctx, fixed(setPoints[i], 1), left - 18, asked, 13, accent, 600, "right");
  }
  const middle = left + TANK.width / 2;
  roundRect(ctx, middle - 52, bottom - 56, 104, 52, 6);
  ctx.fillStyle = pageColour("--card");
  ctx.fill();
  write(ctx, `${alarm ? "! " : ""}${fixed(levels[i], 1)} cm`, middle, bottom - 40, 19, alarm ? warm : ink, 650);
  write(ctx, t("tank.name", { tank: i + 1 }), middle, bottom - 16, 13, pageColour("--muted"), 500);
  if (leaks[i] > 0) drawLeak(ctx, i, left, right, bottom, leaks[i], warm);
}

function drawLeak(ctx, i, left, right, bottom, flow, colour) {
  const side = i % 2 ? 1 : -1; // away from the middle
  const x = side > 0 ? right : left;
  for (let drop = 0; drop < 3; drop += 1) {
    ctx.beginPath();
    ctx.arc(x + side * (7 + 5 * drop), bottom - 22 + 9 * drop, 3.5, 0, 2 * Math.PI);
    ctx.fillStyle = colour;
    ctx.fill();
  }
  const words = t("tank.leaks", { flow: short(flow, 2) });
  write(ctx, words, x + side * 25, bottom - 12, 13, colour, 600, side > 0 ? "left" : "right");
}

function drawPump(ctx, i, volts, most) {
  const [x, y] = PUMPS[i];
  const side = i ? -1 : 1;
  const [ink, soft] = [pageColour("--ink"), pageColour("--line")];
  ctx.beginPath();
  ctx.arc(x, y, 20, 0, 2 * Math.PI);
  ctx.fillStyle = pageColour("--card");
  ctx.fill();
  Object.assign(ctx, { strokeStyle: ink, lineWidth: 2.5 });
  ctx.stroke();
  shape(ctx, [[x, y - 12], [x - 10, y + 7], [x + 10, y + 7]], ink);
  const start = x + 29 * side;
  const align = i ? "right" : "left";
  write(ctx, t("tank.pump", { pump: i + 1 }), start, y - 20, 13, pageColour("--muted"), 500, align);
  write(ctx, `${fixed(volts, 2)} V`, start, y, 16, ink, 650, align);
  line(ctx, [[start, y + 14], [start + side * 70, y + 14]], soft, 5);
  line(ctx, [[start, y + 14], [start + (side * 70 * volts) / most, y + 14]], ink, 5);
}
