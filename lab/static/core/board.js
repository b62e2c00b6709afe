// A board: a canvas for the eye, and over it a grid of real elements for focus, touch and screen readers.

import { isBig } from "./big.js";
import { drawChosen } from "./cells.js";
import { make, setAttribute } from "./dom.js";
import { prepare } from "./draw.js";
import { signed } from "./format.js";
import { sayPlace, t } from "./i18n.js";
import { colsOf, isStart, kindOf, placeOf, rewardOf, rowsOf, startOf } from "./maze.js";
import { current } from "./registry.js";
import { changed, state } from "./state.js";

const LARGEST_CELL = 220; // in a full-screen view there is no such limit
const ZOOMS = [28, 40, 56]; // sizes of a cell that a small board offers; 24 is the least for a finger

let zoom = 0; // the size of a cell that was asked for: both boards have the same

/** The next larger or smaller size of the cells; the frame stays, and scrolls. */
export function zoomBy(board, direction) {
  const sizes = board.sizes();
  zoom = sizes[sizes.indexOf(board.size) + direction] ?? zoom;
  changed();
}

export class Board {
  rows = 0;
  cols = 0;
  size = 0; // of a cell, in CSS pixels
  ctx = null; // what a page's draw(board) paints on
  cells = []; // the overlay's gridcells, in order of state
  #fitting = 0; // the size at which all cells are seen at once

  /** frame: an empty element, which scrolls when the board is enlarged. number: 0, or 1 for the board beside it. */
  constructor(frame, number) {
    this.canvas = make("canvas", { ariaHidden: "true" });
    this.overlay = make("div", { className: "cells" });
    this.overlay.setAttribute("role", "grid");
    const root = make("div", { className: "board" }, this.canvas, this.overlay);
    frame.replaceChildren(root);
    Object.assign(this, { frame, root, number });
  }

  /** The maze that it shows: the page's, by default the one that is drawn. */
  get maze() {
    return current().mazeOf(this.number);
  }

  /** The middle of a cell in CSS pixels, [x, y]. */
  centre(index) {
    return [(index % this.cols + 0.5) * this.size, (Math.floor(index / this.cols) + 0.5) * this.size];
  }

  /** [row, col] under a point of the window, clamped to the board, so that a drag may leave it. */
  cellAt(clientX, clientY) {
    const box = this.overlay.getBoundingClientRect();
    const place = (offset, count) => Math.max(0, Math.min(count - 1, Math.floor(offset / this.size)));
    return [place(clientY - box.top, this.rows), place(clientX - box.left, this.cols)];
  }

  focus(index) {
    this.cells[index].focus({ preventScroll: true });
    this.#bringIntoFrame(index);
  }

  /** The sizes of a cell that this board can have, the one that shows all cells first. */
  sizes() {
    return [this.#fitting, ...ZOOMS.filter((size) => size >= this.#fitting * 1.2)];
  }

  /** Draw all; true if another frame is wanted. */
  render() {
    this.#fit();
    const again = this.paint(this.canvas);
    this.#label(current());
    this.overlay.classList.toggle("painting", state.tool !== "look");
    return again;
  }

  /** Paint what the board shows on a canvas; a picture to take away is finer than the screen (ratio). */
  paint(canvas, ratio) {
    this.ctx = prepare(canvas, this.cols * this.size, this.rows * this.size, ratio);
    const again = current().draw(this);
    if (state.cell !== null && state.cell < this.cells.length) drawChosen(this, state.cell);
    return again;
  }

  #fit() {
    const { maze } = this;
    const [rows, cols] = [rowsOf(maze), colsOf(maze)];
    const { frame } = this;
    const [largest, tallest] = room(frame);
    this.#fitting = Math.max(12, Math.floor(Math.min(largest, frame.offsetWidth / cols, tallest / rows)));
    const size = this.sizes().includes(zoom) ? zoom : this.#fitting;
    const enlarged = size > this.#fitting;
    frame.classList.toggle("zoomed", enlarged);
    const least = Math.min(rows * size, tallest * 0.6); // of a board that is wide and low
    frame.style.maxHeight = enlarged && !isBig() ? `${Math.max(rows * this.#fitting, least)}px` : "";
    if (rows !== this.rows || cols !== this.cols) this.#build(rows, cols);
    if (size === this.size && rows === this.rows && cols === this.cols) return;
    Object.assign(this, { rows, cols, size });
    this.root.style.width = `${cols * size}px`;
    this.root.style.height = `${rows * size}px`;
    this.overlay.style.setProperty("--cols", cols);
    this.#bringIntoFrame(state.cell ?? startOf(maze));
  }

  /** Scroll the frame of an enlarged board, not the page. */
  #bringIntoFrame(index) {
    const { frame } = this;
    const [x, y] = this.centre(index);
    for (const [axis, at, length] of [["scrollLeft", x, frame.clientWidth], ["scrollTop", y, frame.clientHeight]]) {
      const margin = Math.min(this.size * 1.5, length / 2);
      frame[axis] = Math.max(at + margin - length, Math.min(at - margin, frame[axis]));
    }
  }

  #build(rows, cols) {
    this.cells = [];
    this.overlay.replaceChildren(...Array.from({ length: rows }, () => {
      const line = make("div");
      line.setAttribute("role", "row");
      for (let col = 0; col < cols; col += 1) {
        const cell = make("div");
        cell.setAttribute("role", "gridcell");
        cell.dataset.state = this.cells.length;
        this.cells.push(cell);
        line.append(cell);
      }
      return line;
    }));
  }

  /** Names for the screen reader. While something plays only the chosen cell's name is kept up to date. */
  #label(page) {
    const { maze } = this;
    const words = t("board", { rows: this.rows, cols: this.cols });
    const [name] = page.boardTitle(this.number);
    setAttribute(this.overlay, "aria-label", name ? `${name}: ${words}` : words);
    const focusable = state.cell ?? startOf(maze);
    const busy = page.busy();
    this.cells.forEach((cell, index) => {
      cell.tabIndex = index === focusable ? 0 : -1;
      if (busy && index !== state.cell) return;
      setAttribute(cell, "aria-label", this.describe(index));
      setAttribute(cell, "aria-selected", String(index === state.cell));
    });
  }

  /** "row 1, column 4, treasure, +1" or "row 1, column 3, empty, value 0.8475, best: right". */
  describe(index) {
    const { maze } = this;
    const [row, col] = placeOf(maze, index);
    const kind = kindOf(maze, row, col);
    const parts = [sayPlace([row, col])];
    const hidden = current().hidden(index);
    if (hidden) return [...parts, hidden].join(t("list"));
    parts.push(isStart(maze, row, col) ? t("kind.start") : t(`kind.${kind}`));
    const reward = rewardOf(maze, row, col);
    if (kind === "treasure" || kind === "danger") parts.push(signed(reward), t("cell.ends"));
    else {
      if (reward !== null) parts.push(t("cell.reward", { reward: signed(reward) }));
      if (kind !== "block") parts.push(...current().describe(index, this));
    }
    return parts.join(t("list"));
  }
}

/**
 * [the largest size of a cell, the greatest height of a board]. The height is a share of the window's, so that
 * enlarging the page (which makes the window lower, counted in CSS pixels) never makes the board smaller.
 */
function room(frame) {
  if (isBig()) return [Infinity, frame.clientHeight]; // what the screen leaves
  const wide = matchMedia("(min-width: 980px)").matches;
  return [LARGEST_CELL, wide ? Math.max(300, window.innerHeight * 0.58) : window.innerHeight * 0.7];
}
