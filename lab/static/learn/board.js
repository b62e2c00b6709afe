// The board of a learner: what its view shows in each cell, the policy, the agent, what it just learnt, its walk.

import { actionsIn } from "../core/bellman.js";
import { isBig } from "../core/big.js";
import { cellPath, drawAgent, drawCell, drawMarks, drawWalk, progress, ring } from "../core/cells.js";
import { css, inkOn, pageColour, scheme, valueColour } from "../core/colour.js";
import { make } from "../core/dom.js";
import { arrows, badge, disc, prepare, text, textWidth } from "../core/draw.js";
import { fixed, signedFixed } from "../core/format.js";
import { t } from "../core/i18n.js";
import { ACTION_NAMES, MOVES, isOrdinary } from "../core/maze.js";
import { drawImagined } from "./imagined.js";
import { PACES, bestMask, isFast, isRunning, learnersNow, lesson } from "./lesson.js";
import { CORNERS, triangle } from "./triangles.js";
import { describeView, nameOf, pictureOf, sum } from "./views.js";
import { walkOn } from "./walks.js";

const FLASH = 450; // milliseconds
const SHADES = 40; // on each side of zero: triangles of one shade are filled together
const SMALL = 52; // CSS pixels of a cell
const PAPER = 0; // the shade of a cell of which nothing is known

/** Draw a learner's board; true if another frame is wanted. */
export function drawLearner(board) {
  const learner = learnersNow()[board.number];
  const picture = learner?.q?.length === board.cells.length ? pictureOf(board.number) : null;
  drawStill(board, picture);
  const walk = walkOn(board.number);
  if (walk) return drawWalk(board, walk, t("walk.slipped"));
  return picture ? drawLife(board, learner, picture.one) : false;
}

// -- what does not move: kept until it changes, since at 20 × 20 painting it for every frame takes long ----------

const kept = new WeakMap(); // board: { still, paper }

function drawStill(board, picture) {
  const ratio = board.ctx.getTransform().a; // a picture to take away is finer than the screen
  const looks = [board.maze, board.size, ratio, scheme()];
  if (!kept.has(board)) kept.set(board, { still: layer(), paper: layer() });
  const { still, paper } = kept.get(board);
  if (differs(paper, looks)) paint(board, paper, ratio, drawPaper);
  if (isFast()) { // everything changes with every frame, so keeping it would be one copy more
    still.key = [];
    drawValues(board, paper, picture);
    return;
  }
  const about = !picture ? [] : [picture.view, picture.learner, picture.largest, lesson.run.truth,
    lesson.run.told.settings, picture.view === "truth" ? 0 : picture.learner.version];
  if (differs(still, [...looks, ...about])) paint(board, still, ratio, (own) => drawValues(own, paper, picture));
  copy(board, still);
}

const layer = () => ({ canvas: make("canvas"), key: [] });

/** True if a layer was painted for something else; from now on it is for this. */
function differs(layerOf, key) {
  const same = key.length === layerOf.key.length && key.every((each, i) => each === layerOf.key[i]);
  layerOf.key = key;
  return !same;
}

function paint(board, { canvas }, ratio, draw) {
  const ctx = prepare(canvas, board.cols * board.size, board.rows * board.size, ratio);
  draw(Object.create(board, { ctx: { value: ctx } }));
}

const copy = ({ ctx, cols, rows, size }, { canvas }) => ctx.drawImage(canvas, 0, 0, cols * size, rows * size);

function drawValues(board, paper, picture) {
  copy(board, paper);
  const shadeOf = picture ? drawNumbers(board, picture) : () => PAPER;
  board.cells.forEach((_, s) => {
    if (isOrdinary(board.maze, s)) drawMarks(board, s, valueColour(shadeOf(s), SHADES));
  });
}

function drawPaper(board) {
  for (let s = 0; s < board.cells.length; s += 1) drawCell(board, s, valueColour(0, 1));
}

/** Colours, numbers and arrows of all cells of which something is known; returns the shade of a cell's paper. */
function drawNumbers(board, picture) {
  const { size } = board;
  const { numbers, one, best, learner, view } = picture;
  const shadeOf = (value) => Math.round(Math.max(-1, Math.min(1, picture.shade(value))) * SHADES);
  const cells = numbers.flatMap((row, s) => (row && isOrdinary(board.maze, s) ? [s] : []));
  fillShades(board, cells, numbers, shadeOf);
  if (!one && size >= 30) drawDiagonals(board, cells);
  const style = numberStyle(board, cells, picture);
  const inkAt = (s) => (one ? inkOn(valueColour(shadeOf(numbers[s][0]), SHADES)) : pageColour("--ink"));
  const arrowed = best ? cells.filter((s) => best(learner, s)) : [];
  if (size < SMALL) drawDarts(board, arrowed, (s) => best(learner, s), inkAt, one);
  else drawArrows(board, arrowed, (s) => best(learner, s), inkAt, one, style);
  if (style) {
    for (const s of cells) {
      if (one) drawOne(board, s, picture, style, inkAt(s), view === "n");
      else drawFour(board, s, picture, style, actionsIn(best(learner, s)), shadeOf);
    }
  }
  return (s) => (numbers[s] ? shadeOf(numbers[s][0]) : PAPER);
}

function fillShades(board, cells, numbers, shadeOf) {
  const { ctx, size } = board;
  const half = size / 2 - (size < SMALL ? 1 : 0);
  const shades = new Map(); // shade: [[s, action or null for the whole cell]]
  for (const s of cells) {
    numbers[s].forEach((value, action) => {
      const shade = shadeOf(value);
      if (!shades.has(shade)) shades.set(shade, []);
      shades.get(shade).push([s, numbers[s].length === 1 ? null : action]);
    });
  }
  ctx.save();
  if (size >= SMALL) clipTo(board, cells); // round corners, where they can be seen
  for (const [shade, parts] of shades) {
    ctx.beginPath();
    for (const [s, action] of parts) {
      const [x, y] = board.centre(s);
      if (action === null) ctx.rect(x - half, y - half, 2 * half, 2 * half);
      else triangle(ctx, x, y, CORNERS[action], half);
    }
    ctx.fillStyle = css(valueColour(shade, SHADES));
    ctx.fill();
  }
  ctx.restore();
}

/** Paint inside of these cells only: one clip for all of them, since a clip is dear. */
function clipTo(board, cells) {
  const { ctx, size } = board;
  const side = size - 3;
  ctx.beginPath();
  for (const s of cells) {
    const [x, y] = board.centre(s);
    ctx.roundRect(x - side / 2, y - side / 2, side, side, Math.min(8, size * 0.1));
  }
  ctx.clip();
}

function drawDiagonals(board, cells) {
  const { ctx, size } = board;
  const half = size / 2 - 2;
  ctx.strokeStyle = pageColour("--card");
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (const s of cells) {
    const [x, y] = board.centre(s);
    for (const way of [-1, 1]) {
      ctx.moveTo(x - half, y - way * half);
      ctx.lineTo(x + half, y + way * half);
    }
  }
  ctx.stroke();
}

/** { digits, font } at which every number is legible and stays clear of its neighbours; null if none does. */
function numberStyle({ ctx, size }, cells, { numbers, write, one, view, largest }) {
  if (size < (one ? 26 : 70)) return null;
  const room = size * (one ? 0.84 : 0.33);
  const wanted = size * (one ? 0.22 : isBig() ? 0.15 : 0.11);
  const smallest = one ? 9.5 : 8.4;
  // In small cells, and for a class, fewer but larger digits; the thousandths that are learnt first need all three.
  const few = (size < 100 || (isBig() && !one)) && largest > 0.2;
  for (const digits of few ? [2, 1] : [3, 2, 1]) {
    const words = cells.flatMap((s) => numbers[s].map((value) => write(value, digits)));
    const widest = words.reduce((a, b) => (b.length > a.length ? b : a), "0");
    const font = Math.min(wanted, (wanted * room) / textWidth(ctx, widest, wanted, one ? 550 : 700));
    if (font >= smallest && (!one || view === "n" || size >= font * 2.7)) return { digits, font };
  }
  return null;
}

function drawOne(board, s, { numbers, write }, { digits, font }, ink, isCount) {
  const [x, y] = board.centre(s);
  // Under the agent and the arrows, where there is room.
  const low = !isCount ? 0.27 : board.size >= 52 ? 0.3 : 0;
  text(board.ctx, write(numbers[s][0], digits), x, y + board.size * low, font, ink, 550);
}

function drawFour(board, s, { numbers, write }, { digits, font }, best, shadeOf) {
  const { ctx, size } = board;
  const [x, y] = board.centre(s);
  MOVES.forEach(([dy, dx], action) => {
    const value = numbers[s][action];
    const ink = inkOn(valueColour(shadeOf(value), SHADES));
    const weight = best.includes(action) ? 700 : 450;
    text(ctx, write(value, digits), x + dx * size * 0.3, y + dy * size * 0.36, font, ink, weight);
  });
}

/** The arrows of the best actions: on a disc between four numbers, over one. */
function drawArrows(board, cells, maskAt, inkAt, one, style) {
  const { ctx, size } = board;
  const reach = one ? (style ? 0.2 : 0.32) : style ? 0.115 : 0.16;
  for (const s of cells) {
    const [x, y] = board.centre(s);
    if (!one) disc(ctx, x, y, size * (reach + 0.025), pageColour("--card"));
    arrows(ctx, x, one && style ? y - size * 0.13 : y, size * reach, actionsIn(maskAt(s)), inkAt(s));
  }
}

/** The same in small cells: plain triangles, all in one path for each ink, since there may be two times 400 cells. */
function drawDarts(board, cells, maskAt, inkAt, one) {
  const { ctx, size } = board;
  const reach = size * (one ? 0.3 : 0.24);
  const discs = new Path2D();
  const inks = new Map();
  for (const s of cells) {
    const [x, y] = board.centre(s);
    const ink = inkAt(s);
    if (!inks.has(ink)) inks.set(ink, new Path2D());
    if (!one) {
      discs.moveTo(x + reach * 1.1, y);
      discs.arc(x, y, reach * 1.1, 0, 2 * Math.PI);
    }
    const best = actionsIn(maskAt(s));
    for (const action of best) dart(inks.get(ink), x, y, action, reach, best.length === 1);
  }
  ctx.fillStyle = pageColour("--card");
  ctx.fill(discs);
  for (const [ink, path] of inks) {
    ctx.fillStyle = ink;
    ctx.fill(path);
  }
}

function dart(path, x, y, action, reach, alone) {
  const [dy, dx] = MOVES[action];
  const [tail, wide] = alone ? [-0.55 * reach, 0.6 * reach] : [0.2 * reach, 0.42 * reach];
  path.moveTo(x + dx * reach, y + dy * reach);
  path.lineTo(x + dx * tail - dy * wide, y + dy * tail + dx * wide);
  path.lineTo(x + dx * tail + dy * wide, y + dy * tail - dx * wide);
}

// -- what moves --------------------------------------------------------------------------------------------------

/** What was just learnt, and the agent. Fast lessons show neither movement nor flashes: they would only flicker. */
function drawLife(board, learner, one = false) {
  const { ctx, size } = board;
  const pace = isRunning() ? PACES[lesson.pace] : 1;
  const slow = !isFast();
  const age = progress(learner.since, FLASH);
  const colour = pageColour("--agent");
  if (slow && learner.last) {
    for (const { state: s, action } of learner.flashes) {
      if (learner.flashes.length === 1) ring(board, s, 2, 1.5 + 3 * (1 - age), colour);
      if (one) continue; // a triangle would be of no action there
      const [x, y] = board.centre(s);
      ctx.save();
      cellPath(board, x, y);
      ctx.clip();
      ctx.beginPath();
      triangle(ctx, x, y, CORNERS[action], size / 2);
      ctx.closePath();
      ctx.strokeStyle = colour;
      ctx.lineJoin = "round";
      ctx.lineWidth = Math.max(2, size * (learner.flashes.length === 1 ? 0.03 : 0.02)) + (1 - age) * size * 0.03;
      ctx.stroke();
      ctx.restore();
    }
  }
  const imagining = drawImagined(board, learner, one);
  const moving = slow && learner.last ? progress(learner.since, Math.min(350, 800 / pace)) : 1;
  drawAgent(board, moving < 1 ? learner.from : learner.state, learner.state, moving, 0.15);
  if (slow && size >= 40) drawErrors(board, learner, colour);
  return slow && learner.last !== undefined && (age < 1 || moving < 1 || imagining);
}

/** δ on each cell that changed; where one has changed several times, the last. */
function drawErrors(board, { flashes }, colour) {
  const { ctx, size } = board;
  const alone = flashes.length === 1;
  const font = Math.max(9.5, Math.min(13, size * (alone ? 0.14 : 0.115)));
  for (const { state: s, error } of new Map(flashes.map((flash) => [flash.state, flash])).values()) {
    const [x, y] = board.centre(s);
    const words = (alone ? "δ " : "") + signedFixed(error, alone && size >= 60 ? 3 : 2);
    const width = textWidth(ctx, words, font, 600) + font * 0.9;
    const right = Math.max(width, Math.min(board.cols * size, x + width / 2));
    badge(ctx, words, right, Math.max(1, y - size / 2 - font * 0.85), font, colour, "#ffffff");
  }
}

/** For screen readers: "Q-learning: best right 0.4025, visits 12", what it just imagined, what the view shows. */
export function describeLearnt(s, board) {
  const learner = learnersNow()[board.number];
  if (!learner?.q || !(s < learner.q.length)) return [];
  const known = sum(learner.n[s]) ? [t("cell.learnt", {
    name: nameOf(learner), value: fixed(Math.max(...learner.q[s]), 4), visits: sum(learner.n[s]).toLocaleString("en"),
    actions: actionsIn(bestMask(learner, s)).map((a) => t(`action.${ACTION_NAMES[a]}`)).join(t("list")),
  })] : [];
  return [...known, ...describeImagined(learner, s), ...describeView(board.number, s)];
}

/** The imagined updates of the last step in a cell; of an action that had several, the last. */
function describeImagined({ imagined }, s) {
  const here = imagined?.updates.filter(([at, , error]) => at === s && error) ?? [];
  if (!here.length || isFast()) return [];
  const last = new Map(here.map(([, action, error]) => [action, error]));
  const updates = [...last].map(([a, error]) => `${t(`action.${ACTION_NAMES[a]}`)} ${signedFixed(error, 4)}`);
  return [t("cell.imagined", { updates: updates.join(t("list")) })];
}
