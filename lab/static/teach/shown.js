// The demonstrations on the page, and the maze that they were made in. They stay when another maze is drawn.

import { worldText } from "../core/address.js";
import { t } from "../core/i18n.js";
import { rowsOf, colsOf } from "../core/maze.js";
import { changed, state, tell } from "../core/state.js";
import { endsAt, sameSize, stepsOf } from "./codec.js";

// Demonstrations, steps of one, steps of all: longer messages the server does not take.
const MOST = { count: 500, steps: 1_000, all: 60_000 };
/** The same, as sentences name it. */
export const mostWords = Object.fromEntries(Object.entries(MOST).map(([name, n]) => [name, n.toLocaleString("en")]));
export const FILE = "nanoka-demonstrations.json";

// world: { maze, prob, step_reward, … } that they were made in, null before the first; list: [{ text, by }], by
// "walk", "path", "best" or "file"; chosen: an index or null; removed: what can be taken back, { world, list }.
export const shown = { world: null, list: [], chosen: null, removed: null };

/** A maze with its numbers, without the discount, which is no matter of where steps lead. */
const keyOf = (world) => worldText({ ...world, gamma: 1 });

let compared = { one: null, other: null, same: true }; // asked for every cell, and a world never changes in place
/** The maze on the page is no longer the one in which the demonstrations were made. */
export function isChanged() {
  if (!shown.list.length) return false;
  const [one, other] = [shown.world, state.world];
  if (compared.one !== one || compared.other !== other) compared = { one, other, same: keyOf(one) === keyOf(other) };
  return !compared.same;
}
/** What was learnt can be held against the maze on the page. */
export const fits = () => shown.list.length > 0 && sameSize(shown.world.maze, state.world.maze);
export const homeWorld = () => (shown.list.length ? shown.world : state.world);

let read = { world: null, steps: new Map() };
/** The steps of a demonstration. */
export function stepsIn(demonstration) {
  if (read.world !== shown.world) read = { world: shown.world, steps: new Map() };
  const { text } = demonstration;
  if (!read.steps.has(text)) read.steps.set(text, stepsOf(shown.world, text));
  return read.steps.get(text);
}

export const isTerminated = (demonstration) => endsAt(shown.world.maze, stepsIn(demonstration).at(-1).to);

/** True if somebody may show something in the maze on the page; else the page says why not. */
export function mayShow() {
  if (isChanged()) tell("info", () => t("teach.other.maze"));
  else if (isFull()) tell("info", () => t("teach.many", mostWords));
  else return true;
  return false;
}

const stepsOfAll = (list) => list.reduce((sum, { text }) => sum + text.length, 0);
const isFull = () => shown.list.length >= MOST.count || stepsOfAll(shown.list) >= MOST.all;
/** Whether these are more demonstrations, or longer ones, than the page takes. */
export const isTooMuch = (list) =>
  list.length > MOST.count || list.some(({ text }) => text.length > MOST.steps) || stepsOfAll(list) > MOST.all;

/** Add demonstrations, [{ text, by }], made in the maze on the page. */
export function add(list) {
  if (!shown.list.length) shown.world = state.world;
  shown.list = [...shown.list, ...list.slice(0, MOST.count - shown.list.length)];
  changed();
}

/** All demonstrations at once, with their maze. */
export function replace(world, list) {
  setAside();
  Object.assign(shown, { world, list, chosen: null });
  changed();
}

export function remove(index) {
  setAside();
  shown.list = shown.list.toSpliced(index, 1);
  shown.chosen = null;
  changed();
}

export function removeAll() {
  setAside();
  Object.assign(shown, { list: [], chosen: null });
  tell("info", () => t("teach.removed"));
}

const setAside = () => { shown.removed = shown.list.length ? { world: shown.world, list: shown.list } : null; };

export function takeBack() {
  const { world, list } = shown.removed;
  Object.assign(shown, { world, list, chosen: null, removed: null });
  state.notice = null;
  changed();
}

export function choose(index) {
  shown.chosen = shown.chosen === index ? null : index;
  changed();
}

export const sizeOf = ({ maze }) => `${rowsOf(maze)} × ${colsOf(maze)}`;

/** The file that framework/tabular/demonstrations.py reads. */
export function fileText() {
  const episodes = shown.list.map((each) => ({
    seed: null, terminated: isTerminated(each),
    steps: stepsIn(each).map(({ from, action, reward, to }) => [from, action, reward, to]),
  }));
  const { world } = shown;
  return JSON.stringify({
    format: "nanoka-demonstrations-1", maze: worldText(world), gamma: state.world.gamma, episodes,
  });
}
