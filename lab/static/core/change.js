// Every change of the world or of a setting goes through here: pages are told, the address follows, undo remembers.

import { fromHash, toHash } from "./address.js";
import { t } from "./i18n.js";
import { colsOf, rowsOf } from "./maze.js";
import { current, pageOf, pages, panels } from "./registry.js";
import { changed, state, tell } from "./state.js";

let remembered = null; // { world, settings } as last remembered

const moment = () => ({ world: state.world, settings: state.settings });

/** Change some of { maze, prob, gamma, step_reward }. While a slider moves nothing is remembered yet. */
export function setWorld(changes, final = true) {
  const old = moment();
  state.world = { ...state.world, ...changes };
  afterChange(old);
  if (final) remember();
}

/** Change settings of a page. */
export function setSettings(id, changes, final = true) {
  const old = moment();
  state.settings = { ...state.settings, [id]: { ...state.settings[id], ...changes } };
  afterChange(old);
  if (final) remember();
}

function afterChange(old) {
  const [now, before] = [state.world.maze, old.world.maze];
  if (rowsOf(now) !== rowsOf(before) || colsOf(now) !== colsOf(before)) state.cell = null;
  state.notice = null; // it was about the world as it was
  for (const page of pages) page.changed(old);
  changed();
}

/** Another page. Undo takes back what was drawn and set, not the way from one day to the other. */
export function setMode(mode) {
  if (mode !== state.mode) {
    current().leave();
    state.mode = mode;
    state.notice = null;
  }
  writeAddress();
}

/** Remember the world as it is now, for undo and in the address, if it differs from the last one remembered. */
export function remember() {
  if (same(remembered, moment())) return;
  state.past.push(remembered);
  state.future = [];
  remembered = moment();
  writeAddress();
}

const same = (a, b) => toHash({ mode: "", ...a }) === toHash({ mode: "", ...b });

function travel(from, to) {
  if (!from.length) return;
  to.push(remembered);
  const old = moment();
  remembered = from.pop();
  Object.assign(state, remembered);
  afterChange(old);
  writeAddress();
}
export const undo = () => travel(state.past, state.future);
export const redo = () => travel(state.future, state.past);

const carried = () => Object.assign({}, ...panels.map((panel) => panel.view()));
const hashNow = () => toHash(state, carried());

export function writeAddress() {
  history.replaceState(null, "", `#${hashNow()}`);
  changed();
}

/** Take the world of the address, at the start and whenever a link is pasted into the address bar. */
export function readAddress() {
  if (location.hash === `#${hashNow()}`) return;
  const old = moment();
  const { mode, world, settings, view, problems } = fromHash(location.hash);
  if (mode !== state.mode) current().leave();
  Object.assign(state, { mode, world, settings });
  afterChange(old);
  remember();
  if (problems.length) tell("error", () => problems.map(([key, values]) => t(key, values)).join(t("sentences")));
  if (/^\d+$/.test(view.cell ?? "") && Number(view.cell) < rowsOf(world.maze) * colsOf(world.maze)) {
    state.cell = Number(view.cell);
  }
  if (Object.keys(view).length) for (const each of [pageOf(mode), ...panels]) each.openView(view);
  writeAddress(); // last: the answers of cards belong to it
}

/** At the start: what the link holds is where undo begins. */
export function beginHistory() {
  remembered = moment();
  readAddress();
  Object.assign(state, { past: [], future: [] });
  writeAddress();
}

/** The address with the moment in it: the chosen cell, and what the page wants seen. */
export const shareHash = () =>
  toHash(state, { ...(state.cell === null ? {} : { cell: state.cell }), ...current().view(), ...carried() });
