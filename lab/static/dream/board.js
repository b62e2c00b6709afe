// The boards: pictures of a few gray pixels, drawn large. Reality is white, what the model makes up is violet.

import { byId } from "../core/dom.js";
import { isBig } from "../core/big.js";
import { prepare, roundRect, text } from "../core/draw.js";
import { t } from "../core/i18n.js";
import { dreaming, sayReward } from "./game.js";

export const BOARDS = ["real", "seen", "dream", "futures"];
const LARGEST = 520, SMALLEST = 130; // CSS pixels
const GAP = 14; // at most, between two boards
// Night, in both schemes: what is black and what is white in a picture, red green blue.
const NIGHT = [17, 20, 28];
const LIGHT = { real: [240, 246, 255], seen: [206, 184, 255], dream: [206, 184, 255], futures: [206, 184, 255] };
const WORDS = "#e9ebee", MUTED = "#a0a9b6", PUSH = "#ffd166";

const small = document.createElement("canvas"); // one pixel for each of the picture

/** The boards that are shown now. */
export const shownBoards = () => BOARDS.filter((name) => dreaming.shows[name] ?? true);

export function drawBoards() {
  const shown = shownBoards();
  const size = sizeOf(shown.length);
  for (const name of shown) drawBoard(name, size);
}

/** Boards stand side by side, four of them two by two where that is larger, as on a phone any. */
function sizeOf(count) {
  const stage = byId("dream-stage");
  const narrow = matchMedia("(max-width: 699px)").matches;
  const share = isBig() ? 0.6 : matchMedia("(min-width: 980px)").matches ? 0.54 : 0.46; // of the window's height
  const fitting = (columns) => {
    const across = (stage.clientWidth - GAP * (columns - 1)) / columns;
    const tall = (window.innerHeight * share) / Math.ceil(count / columns);
    return Math.floor(Math.max(Math.min(SMALLEST, across), Math.min(across, tall, isBig() ? Infinity : LARGEST)));
  };
  const columns = narrow || (count === 4 && fitting(2) > fitting(4)) ? 2 : count;
  stage.style.setProperty("--boards", columns);
  return fitting(columns);
}

function drawBoard(name, size) {
  const ctx = prepare(byId(`dream-${name}`).querySelector("canvas"), size, size);
  roundRect(ctx, 0, 0, size, size, 6);
  ctx.clip();
  ctx.fillStyle = `rgb(${NIGHT})`;
  ctx.fillRect(0, 0, size, size);
  const { run } = dreaming;
  const now = run?.now;
  const game = now?.[name];
  const picture = game?.picture ?? game;
  if (!picture) {
    const asleep = name === "real" || name === "dream";
    if (!now && asleep) write(ctx, size, t(run ? "dream.waking.short" : "dream.ready"));
    return;
  }
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(paint(picture, LIGHT[name]), 0, 0, size, size);
  if (game.action === 0 || game.action === 2) drawPush(ctx, size, game.action - 1);
  if (name === "real" && game.hidden && !game.over) {
    text(ctx, t("dream.hidden"), size / 2, size * 0.58, Math.max(11, size * 0.04), MUTED);
  }
  if (name === "real" && game.over) write(ctx, size, t("dream.real.over", game));
  if (name === "dream" && game.over) {
    write(ctx, size, t(game.out ? "dream.dream.out" : "dream.dream.over", { reward: sayReward(game.reward) }));
  }
}

/** A small canvas of a square picture. */
function paint(picture, light) {
  const side = Math.round(Math.sqrt(picture.length));
  small.width = small.height = side;
  const ctx = small.getContext("2d");
  const image = ctx.createImageData(side, side);
  picture.forEach((gray, pixel) => {
    for (let i = 0; i < 3; i += 1) image.data[4 * pixel + i] = NIGHT[i] + (gray / 255) * (light[i] - NIGHT[i]);
    image.data[4 * pixel + 3] = 255;
  });
  ctx.putImageData(image, 0, 0);
  return small;
}

/** Which way is pushed, at that edge. */
function drawPush(ctx, size, way) {
  const [x, y, reach] = [size / 2 + way * size * 0.46, size * 0.86, size * 0.022];
  ctx.beginPath();
  ctx.moveTo(x + way * reach, y);
  ctx.lineTo(x - way * reach, y - reach * 1.3);
  ctx.lineTo(x - way * reach, y + reach * 1.3);
  ctx.closePath();
  ctx.fillStyle = PUSH;
  ctx.fill();
}

function write(ctx, size, words) {
  const letters = Math.max(11, Math.min(22, size * 0.058));
  const lines = words.split("\n");
  const height = letters * (1.5 * lines.length + 1);
  ctx.fillStyle = "rgb(17 20 28 / 78%)";
  ctx.fillRect(0, size / 2 - height / 2, size, height);
  for (const [i, line] of lines.entries()) {
    text(ctx, line, size / 2, size / 2 + (i - (lines.length - 1) / 2) * letters * 1.5, letters, WORDS, 600);
  }
}
