// What the boards of both days have in common: where a cell is, and how blocks, ends, starts and agents look.

import { inkOn, pageColour } from "./colour.js";
import { bricks, disc, roundRect, star, text, warning } from "./draw.js";

/** The board's size in cells, and a cell's in CSS pixels. board.js keeps it up to date. */
export const layout = { rows: 0, cols: 0, size: 0 };

/** The middle of a cell in CSS pixels, [x, y]. */
export const centre = (index) => [(index % layout.cols + 0.5) * layout.size,
  (Math.floor(index / layout.cols) + 0.5) * layout.size];

const gap = () => (layout.size >= 36 ? 1.5 : 0.75);

/** The rounded square of a cell, as a path. */
export function cellPath(ctx, x, y) {
  const side = layout.size - 2 * gap();
  roundRect(ctx, x - side / 2, y - side / 2, side, side, Math.min(8, layout.size * 0.1));
}

export function outline(ctx) {
  ctx.strokeStyle = pageColour("--line");
  ctx.lineWidth = 1;
  ctx.stroke();
}

export function drawSymbol(ctx, x, y, code) {
  const { size } = layout;
  if (code === "block") {
    ctx.save();
    cellPath(ctx, x, y);
    ctx.clip();
    bricks(ctx, x - size / 2, y - size / 2, size, pageColour("--mortar"));
    ctx.restore();
    return;
  }
  const words = size >= 52;
  const top = words ? y - size * 0.1 : y;
  if (code === "treasure") star(ctx, x, top, size * (words ? 0.24 : 0.34), "#ffffff");
  else warning(ctx, x, top + size * 0.03, size * (words ? 0.19 : 0.27), "#ffffff", pageColour("--danger"));
  if (words) text(ctx, code === "treasure" ? "+1" : "−1", x, y + size * 0.3, size * 0.16, "#ffffff", 600);
}

export function drawStart(ctx, x, y, rgb) {
  const { size } = layout;
  const radius = Math.max(2.5, size * 0.085);
  const [left, top] = [x - size * 0.3, y - size * 0.3];
  disc(ctx, left, top, radius, "transparent", inkOn(rgb), Math.max(1.2, size * 0.02));
  disc(ctx, left, top, radius * 0.42, inkOn(rgb));
}

export function ring(ctx, x, y, inset, width, colour, dash = []) {
  const side = layout.size - 2 * inset;
  roundRect(ctx, x - side / 2, y - side / 2, side, side, Math.min(8, layout.size * 0.1));
  ctx.setLineDash(dash);
  ctx.lineWidth = width;
  ctx.strokeStyle = colour;
  ctx.stroke();
  ctx.setLineDash([]);
}

/** The chosen cell. */
export function drawChosen(ctx, index) {
  const [x, y] = centre(index);
  ring(ctx, x, y, 1.5, 4.5, pageColour("--page"));
  ring(ctx, x, y, 1.5, 2.5, pageColour("--ink"));
}

const still = matchMedia("(prefers-reduced-motion: reduce)");

/** How far a movement of some milliseconds has come, from 0 to 1; with reduced motion it is there at once. */
export function progress(since, duration) {
  return still.matches || !duration ? 1 : Math.min(1, (performance.now() - since) / duration);
}

/** The agent between two cells; `radius` in cells. */
export function drawAgent(ctx, from, to, share, radius = 0.2) {
  const { size } = layout;
  const [toX, toY] = centre(to);
  const [fromX, fromY] = centre(from);
  const eased = 1 - (1 - share) ** 3;
  const [x, y] = [fromX + (toX - fromX) * eased, fromY + (toY - fromY) * eased];
  const eye = radius * 0.14 * size;
  disc(ctx, x, y, size * radius, pageColour("--agent"), "#ffffff", Math.max(1.5, size * 0.035));
  for (const side of [-1, 1]) disc(ctx, x + side * radius * 0.325 * size, y - radius * 0.15 * size, eye, "#ffffff");
}
