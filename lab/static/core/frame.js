// What stands around the boards: their names above, and under them the size of the cells and a line about one cell.

import { zoomBy } from "./board.js";
import { byId, on, say } from "./dom.js";
import { t } from "./i18n.js";
import { current } from "./registry.js";
import { state } from "./state.js";

export function buildFrame([board]) {
  on("zoom-out", "click", () => zoomBy(board, -1));
  on("zoom-in", "click", () => zoomBy(board, 1));
}

/** Before the boards are drawn, for their names take room. */
export function renderNames(boards) {
  for (const { number } of boards) {
    const [name, remark = ""] = current().boardTitle(number);
    const title = byId(number ? "board-name-2" : "board-name");
    title.hidden = !name;
    say(title.querySelector("b"), name ?? "");
    say(title.querySelector("span"), remark);
  }
}

/** After the boards are drawn. */
export function renderFrame(boards) {
  if (!boards.length) return;
  const [{ size }] = boards;
  const sizes = boards[0].sizes();
  byId("zoom").hidden = sizes.length === 1;
  byId("zoom-out").disabled = size === sizes[0];
  byId("zoom-in").disabled = size === sizes.at(-1);
  say(byId("hover"), sayCell(boards));
}

/** Of the cell under the mouse, else of the chosen one: a finger has nothing to hover with. */
function sayCell(boards) {
  const { hovered, cell } = state;
  if (hovered && hovered.index < hovered.board.cells.length) return hovered.board.describe(hovered.index);
  const [first, ...others] = boards.filter((board) => cell !== null && cell < board.cells.length);
  if (!first) return "";
  const parts = others.flatMap((board) => current().describe(cell, board));
  return [first.describe(cell), ...parts].join(t("list"));
}
