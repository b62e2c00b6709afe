// What can be taken away: a link, a picture, a table, a command.

import { shareHash } from "./change.js";
import { legendEnds } from "./controls.js";
import { pageColour, rampColours } from "./colour.js";
import { byId, make, on, save, say } from "./dom.js";
import { prepare, roundRect, text } from "./draw.js";
import { STRINGS, t } from "./i18n.js";
import { current } from "./registry.js";
import { changed, tell } from "./state.js";

const MARGIN = 24;
const FINE = 2; // pixels of a picture for each CSS pixel

/** boards(): those that are shown. */
export function buildTake(boards) {
  on("share", "click", async () => {
    const done = await copy(linkNow());
    tell("info", () => t(done ? "share.done" : "share.manual"));
  });
  on("take", "click", open);
  on("take-link", "click", async () => said(await copy(linkNow()) ? "share.done" : "share.manual"));
  on("take-picture", "click", () => pictureOf(boards()).toBlob((blob) => saveAs(blob, "png")));
  on("take-table", "click", () => saveAs(new Blob([current().csv()], { type: "text/csv" }), "csv"));
  on("take-command", "click", async () => {
    if (await copy(byId("command").value)) return said("take.copied");
    byId("command").select();
    return said("take.select");
  });
}

function open() {
  const page = current();
  const command = page.command();
  byId("take-picture").closest("div").hidden = page.boards() === 0;
  byId("take-table-row").hidden = page.csv() === null;
  byId("take-command-row").hidden = command === null;
  byId("command").hidden = command === null;
  byId("command").value = command ?? "";
  say(byId("take-said"), "");
  byId("take-panel").showModal();
}

const said = (key, values) => say(byId("take-said"), t(key, values));

function linkNow() {
  const address = new URL(location.href);
  address.hash = shareHash();
  return address.href;
}

/** True if the text is on the clipboard; there may be none here, or it may not be allowed. */
async function copy(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch (error) {
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
    return false;
  }
}

function saveAs(blob, ending) {
  const name = `nanoka-${current().id}.${ending}`;
  save(blob, name);
  said("take.saved", { name });
}

/** The boards with their names, what was planned or learnt, and the legend, on one canvas. */
function pictureOf(boards) {
  const paintings = boards.map((board) => {
    const canvas = make("canvas");
    board.paint(canvas, FINE);
    const [width, height] = [board.cols * board.size, board.rows * board.size];
    return { canvas, width, height, name: current().boardTitle(board.number) };
  });
  changed(); // the boards paint on the page again
  const legend = current().legend();
  const width = Math.max(520, paintings.reduce((sum, each) => sum + each.width + MARGIN, MARGIN));
  const top = MARGIN + 52 + (paintings.some(({ name }) => name.length) ? 26 : 0);
  const bottom = top + Math.max(...paintings.map(({ height }) => height));
  const canvas = make("canvas");
  const height = bottom + (legend ? 34 : 0) + MARGIN;
  const ctx = prepare(canvas, width, height, FINE);
  ctx.fillStyle = pageColour("--page");
  ctx.fillRect(0, 0, width, height);
  const write = (words, y, size, colour, weight) =>
    text(ctx, words, MARGIN, y, size, pageColour(colour), weight, "left");
  write(`${t(`page.${current().id}`)} · ${current().summary()}`, MARGIN + 8, 17, "--ink", 650);
  write(`${STRINGS.en.title} / ${STRINGS.ja.subtitle}`, MARGIN + 32, 12, "--muted", 450);
  let left = (width - paintings.reduce((sum, each) => sum + each.width + MARGIN, -MARGIN)) / 2;
  for (const { canvas: painting, width: wide, height: high, name } of paintings) {
    text(ctx, name.join("  "), left + wide / 2, top - 14, 14, pageColour("--ink"), 600);
    ctx.drawImage(painting, left, top, wide, high);
    left += wide + MARGIN;
  }
  if (legend) drawLegend(ctx, legend, MARGIN, bottom + 26);
  return canvas;
}

function drawLegend(ctx, legend, left, y) {
  const [low, high] = legendEnds(legend);
  text(ctx, low, left, y, 13, pageColour("--ink"), 500, "left");
  const [start, length] = [left + ctx.measureText(low).width + 10, 140];
  const ramp = ctx.createLinearGradient(start, 0, start + length, 0);
  rampColours().forEach((colour, i, all) => ramp.addColorStop(i / (all.length - 1), colour));
  roundRect(ctx, start, y - 5, length, 10, 5);
  ctx.fillStyle = ramp;
  ctx.fill();
  ctx.strokeStyle = pageColour("--edge");
  ctx.lineWidth = 1;
  ctx.stroke();
  text(ctx, high, start + length + 10, y, 13, pageColour("--ink"), 500, "left");
}
