// Painting on a canvas: shapes that know nothing of the page's state.

import { MOVES } from "./maze.js";

const FAMILY = getComputedStyle(document.body).fontFamily; // asked once: asking for every cell is slow

/** Fit a canvas to a size in CSS pixels, sharp on every screen, and clear it. */
export function prepare(canvas, width, height, ratio = window.devicePixelRatio || 1) {
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const ctx = canvas.getContext("2d");
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  return ctx;
}

export function roundRect(ctx, x, y, width, height, radius) {
  ctx.beginPath();
  ctx.roundRect(x, y, width, height, radius);
}

/** Arrows of the greedy actions: one runs through the centre, several start from it. */
export function arrows(ctx, x, y, reach, actions, colour) {
  ctx.strokeStyle = colour;
  ctx.fillStyle = colour;
  ctx.lineWidth = Math.max(1.25, reach * 0.13);
  ctx.lineCap = "round";
  const alone = actions.length === 1;
  const head = reach * (alone ? 0.62 : 0.46);
  for (const action of actions) {
    const [dy, dx] = MOVES[action];
    const tail = alone ? -reach : reach * 0.12;
    const neck = reach - head * 0.9;
    ctx.beginPath();
    ctx.moveTo(x + dx * tail, y + dy * tail);
    ctx.lineTo(x + dx * neck, y + dy * neck);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x + dx * reach, y + dy * reach);
    ctx.lineTo(x + dx * (reach - head) - dy * head * 0.55, y + dy * (reach - head) + dx * head * 0.55);
    ctx.lineTo(x + dx * (reach - head) + dy * head * 0.55, y + dy * (reach - head) - dx * head * 0.55);
    ctx.closePath();
    ctx.fill();
  }
}

export function star(ctx, x, y, radius, colour) {
  ctx.beginPath();
  for (let i = 0; i < 10; i += 1) {
    const angle = -Math.PI / 2 + (i * Math.PI) / 5;
    const r = i % 2 ? radius * 0.46 : radius;
    ctx.lineTo(x + r * Math.cos(angle), y + r * Math.sin(angle));
  }
  ctx.closePath();
  ctx.fillStyle = colour;
  ctx.lineJoin = "round";
  ctx.fill();
}

export function warning(ctx, x, y, radius, colour, mark) {
  ctx.beginPath();
  ctx.moveTo(x, y - radius);
  ctx.lineTo(x + radius * 1.02, y + radius * 0.78);
  ctx.lineTo(x - radius * 1.02, y + radius * 0.78);
  ctx.closePath();
  ctx.fillStyle = colour;
  ctx.strokeStyle = colour;
  ctx.lineJoin = "round";
  ctx.lineWidth = radius * 0.22;
  ctx.fill();
  ctx.stroke();
  ctx.fillStyle = mark;
  roundRect(ctx, x - radius * 0.1, y - radius * 0.38, radius * 0.2, radius * 0.62, radius * 0.1);
  ctx.fill();
  ctx.beginPath();
  ctx.arc(x, y + radius * 0.5, radius * 0.12, 0, 2 * Math.PI);
  ctx.fill();
}

/** Bricks, so that a block is told from a dark value without its colour. */
export function bricks(ctx, x, y, size, colour) {
  ctx.strokeStyle = colour;
  ctx.lineWidth = Math.max(1, size * 0.022);
  ctx.beginPath();
  for (let row = 1; row < 3; row += 1) {
    ctx.moveTo(x, y + (size * row) / 3);
    ctx.lineTo(x + size, y + (size * row) / 3);
  }
  for (const [column, row] of [[1, 0], [2, 1], [1, 2]]) {
    ctx.moveTo(x + (size * column) / 3, y + (size * row) / 3);
    ctx.lineTo(x + (size * column) / 3, y + (size * (row + 1)) / 3);
  }
  ctx.stroke();
}

export function disc(ctx, x, y, radius, fill, edge, edgeWidth) {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fillStyle = fill;
  ctx.fill();
  if (edge) {
    ctx.strokeStyle = edge;
    ctx.lineWidth = edgeWidth;
    ctx.stroke();
  }
}

export function text(ctx, words, x, y, size, colour, weight = 500, align = "center") {
  ctx.font = `${weight} ${size}px ${FAMILY}`;
  ctx.textAlign = align;
  ctx.textBaseline = "middle";
  ctx.fillStyle = colour;
  ctx.fillText(words, x, y);
}

export function textWidth(ctx, words, size, weight = 500) {
  ctx.font = `${weight} ${size}px ${FAMILY}`;
  return ctx.measureText(words).width;
}

export const badgeWidth = (ctx, words, size) => textWidth(ctx, words, size, 600) + size * 0.9;

/** A small label on a pill, for probabilities and the like. Its right edge and top are given. */
export function badge(ctx, words, right, top, size, fill, ink) {
  const width = badgeWidth(ctx, words, size);
  const height = size * 1.5;
  roundRect(ctx, right - width, top, width, height, height / 2);
  ctx.fillStyle = fill;
  ctx.fill();
  ctx.strokeStyle = ink;
  ctx.lineWidth = 1;
  ctx.stroke();
  text(ctx, words, right - width / 2, top + height / 2 + 0.5, size, ink, 600);
}
