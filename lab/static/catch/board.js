// The boards of the game: where the paddle and the fruit are, crisp at every size, and smooth between two steps.

import { byId } from "../core/dom.js";
import { isBig } from "../core/big.js";
import { prepare, roundRect, text } from "../core/draw.js";
import { fixed } from "../core/format.js";
import { t } from "../core/i18n.js";
import { PACES, catching, studentDrives } from "./game.js";

const SIZE = 64; // the game's pixels; all lengths below are in them
const PADDLE = { width: 13, height: 3, top: 60 };
const FRUIT = 4;
const LIVES = 3;
const FRAME = 28; // milliseconds between two messages at least (FRAME_SECONDS of lab/pacing.py)
const FLASH = 700; // milliseconds that +1 or −1 is shown
const LARGEST = 560, SMALLEST = 200; // CSS pixels
// As the world paints itself: night, in both schemes.
const COLOURS = {
  night: "#11141c", floor: "#2a3142", paddle: "#e0f0ff", fruit: "#ffb74d", leaf: "#8bd17c", life: "#ff8a8a",
  lost: "#4a5266", good: "#8fd3ff", bad: "#ffb199", words: "#e9ebee", said: "#ffd166",
};

const still = matchMedia("(prefers-reduced-motion: reduce)");
const flashes = { mine: null, theirs: null }; // { value, x, since } of the fruit that landed last

/** Draw both boards; true while something moves. */
export function drawGames() {
  const names = studentDrives() ? ["theirs"] : ["mine", "theirs"];
  const size = sizeOf(names.length);
  return names.map((name) => drawGame(name, size)).some(Boolean);
}

function sizeOf(count) {
  const stage = byId("catch-stage");
  const across = (stage.clientWidth - 14 * (count - 1)) / count;
  const tall = window.innerHeight * (isBig() ? 0.66 : matchMedia("(min-width: 980px)").matches ? 0.52 : 0.42);
  return Math.max(Math.min(SMALLEST, across), Math.min(across, tall, isBig() ? Infinity : LARGEST));
}

function drawGame(name, size) {
  const ctx = prepare(byId(`catch-${name}`).querySelector("canvas"), size, size);
  ctx.scale(size / SIZE, size / SIZE);
  drawRoom(ctx);
  const { run } = catching;
  const game = run?.now?.[name];
  if (!game) {
    write(ctx, t(run?.waking ? "catch.waking.short" : name === "theirs" && run ? "catch.no.student" : "catch.ready"));
    return false;
  }
  const before = run.before?.[name];
  noteLanding(name, before, game);
  const share = still.matches || !run.running ? 1
    : Math.min(1, (performance.now() - run.since) / Math.max(1000 / PACES[catching.pace], FRAME));
  const between = (from, to) => (from === undefined ? to : from + (to - from) * share);
  const falls = before && game.fruit[1] > before.fruit[1];
  drawLives(ctx, game.lives);
  if (!game.over) {
    drawFruit(ctx, falls ? between(before.fruit[0], game.fruit[0]) : game.fruit[0],
      falls ? between(before.fruit[1], game.fruit[1]) : game.fruit[1]);
  }
  const paddle = between(before?.paddle, game.paddle);
  drawPaddle(ctx, paddle, game.action);
  if (studentDrives() && run.now.said !== null) drawSaid(ctx, paddle, run.now.said);
  const flashing = drawFlash(ctx, flashes[name]);
  if (game.over) {
    write(ctx, t("catch.over", { caught: game.caught, missed: game.missed }));
  }
  return run.running && (share < 1 || flashing);
}

function drawRoom(ctx) {
  roundRect(ctx, 0, 0, SIZE, SIZE, 1.5);
  ctx.clip();
  ctx.fillStyle = COLOURS.night;
  ctx.fill();
  ctx.fillStyle = COLOURS.floor;
  ctx.fillRect(0, PADDLE.top + PADDLE.height, SIZE, 1);
}

function drawLives(ctx, lives) {
  for (let i = 0; i < LIVES; i += 1) {
    const [x, y] = [3.4 + i * 5, 3.4];
    ctx.beginPath();
    ctx.moveTo(x, y + 1.6);
    ctx.bezierCurveTo(x - 3.2, y - 0.6, x - 1.2, y - 2.6, x, y - 0.8);
    ctx.bezierCurveTo(x + 1.2, y - 2.6, x + 3.2, y - 0.6, x, y + 1.6);
    ctx.fillStyle = i < lives ? COLOURS.life : "transparent";
    ctx.fill();
    ctx.strokeStyle = i < lives ? COLOURS.life : COLOURS.lost;
    ctx.lineWidth = 0.4;
    ctx.stroke();
  }
}

function drawFruit(ctx, x, top) {
  const y = top + FRUIT / 2;
  ctx.beginPath();
  ctx.arc(x, y, FRUIT / 2, 0, 2 * Math.PI);
  ctx.fillStyle = COLOURS.fruit;
  ctx.fill();
  ctx.beginPath();
  ctx.ellipse(x + 0.8, y - FRUIT / 2 - 0.2, 0.9, 0.45, -0.6, 0, 2 * Math.PI);
  ctx.fillStyle = COLOURS.leaf;
  ctx.fill();
}

/** The paddle, and on it which way it is pushed. */
function drawPaddle(ctx, x, action) {
  const { width, height, top } = PADDLE;
  roundRect(ctx, x - width / 2, top, width, height, 1.2);
  ctx.fillStyle = COLOURS.paddle;
  ctx.fill();
  if (action === 1) return;
  arrow(ctx, x, top + height / 2, action - 1, 0.95);
  ctx.fillStyle = COLOURS.night;
  ctx.fill();
}

/** What was said while the student drives: over the paddle, an outline. */
function drawSaid(ctx, x, action) {
  const y = PADDLE.top - 3.4;
  ctx.strokeStyle = COLOURS.said;
  ctx.lineWidth = 0.5;
  if (action === 1) {
    ctx.strokeRect(x - 1, y - 1, 2, 2);
    return;
  }
  arrow(ctx, x + (action - 1) * 4, y, action - 1, 1.5);
  ctx.stroke();
}

function arrow(ctx, x, y, way, reach) {
  ctx.beginPath();
  ctx.moveTo(x + way * reach * 1.3, y);
  ctx.lineTo(x - way * reach * 0.7, y - reach);
  ctx.lineTo(x - way * reach * 0.7, y + reach);
  ctx.closePath();
}

/** A fruit has landed when one more is counted. */
function noteLanding(name, before, game) {
  if (!before || game === flashes[name]?.game) return;
  const [caught, missed] = [game.caught - before.caught, game.missed - before.missed];
  if (caught + missed === 1) {
    flashes[name] = { game, value: caught - missed, x: before.fruit[0], since: performance.now() };
  }
}

function drawFlash(ctx, flash) {
  if (!flash) return false;
  const age = (performance.now() - flash.since) / FLASH;
  if (age > 1) return false;
  const rise = still.matches ? 0 : 4 * age;
  const x = Math.max(4, Math.min(SIZE - 4, flash.x));
  text(ctx, flash.value > 0 ? "+1" : fixed(-1, 0), x, PADDLE.top - 10 - rise, 5,
    flash.value > 0 ? COLOURS.good : COLOURS.bad, 700);
  return true;
}

function write(ctx, words) {
  const lines = words.split("\n");
  ctx.fillStyle = "rgb(17 20 28 / 70%)";
  ctx.fillRect(0, SIZE * 0.32, SIZE, SIZE * 0.3);
  lines.forEach((line, i) => text(ctx, line, SIZE / 2, SIZE * 0.47 + (i - (lines.length - 1) / 2) * 5, 3.6,
    COLOURS.words, 600));
}
