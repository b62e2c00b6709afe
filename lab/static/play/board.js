// The board of a person's walk: what has been seen of the maze, fog over the rest, the trail and the agent.

import { drawCell, drawMarks, drawWalk } from "../core/cells.js";
import { pageColour, valueColour } from "../core/colour.js";
import { t } from "../core/i18n.js";
import { state } from "../core/state.js";
import { agentAt, recordHere, walking } from "./walking.js";

const STEP = 180; // milliseconds that a step takes to the eye

/** What screen readers hear of a cell in the fog, or null. Who paints sees what there is to paint on. */
export function hiddenCell(index) {
  const fog = state.settings.play.fog === "on" && state.tool === "look";
  return fog && !recordHere().seen.has(index) ? t("play.hidden") : null;
}

/** Draw the board; true while the agent is between two cells. */
export function drawWalked(board) {
  const paper = valueColour(0, 1);
  for (let index = 0; index < board.cells.length; index += 1) {
    if (hiddenCell(index)) drawFog(board, index);
    else if (drawCell(board, index, paper) === "empty") drawMarks(board, index, paper);
  }
  const { steps = [], since = 0 } = walking.run ?? {};
  return drawWalk(board, { steps, since, start: agentAt(), at: steps.length, duration: STEP }, t("walk.slipped"));
}

/** Without a gap between two cells, so that it looks like fog and not like a kind of cell. */
function drawFog(board, index) {
  const { ctx, size } = board;
  const [x, y] = board.centre(index);
  ctx.fillStyle = pageColour("--fog");
  ctx.fillRect(Math.floor(x - size / 2), Math.floor(y - size / 2), Math.ceil(size), Math.ceil(size));
}

/** For screen readers: where the agent is. */
export const describeWalked = (index) => (index === agentAt() ? [t("play.here")] : []);
