// A person's walks, as the page has them: what it asks the server for, what each answer does, what is kept of them.

import { worldText } from "../core/address.js";
import { sayError, t } from "../core/i18n.js";
import { short } from "../core/format.js";
import { forget, newJob, send } from "../core/line.js";
import { MOVES, colsOf, placeOf, startOf, target } from "../core/maze.js";
import { worldMessage } from "../core/message.js";
import { changed, state, tell } from "../core/state.js";
import { endOf } from "../core/walk.js";

// The walk under way, or the one that ended last: { id, record, maze, gamma, start, seed, steps, ended, since }, and
// `waiting`: an answer is due; `wanted`: an action to take once it has begun; `gone`: the server has it no more.
export const walking = { run: null };

/** The sums of a walk's steps, at a discount. */
export const returnOf = (steps, gamma = 1) => steps.reduce((sum, { reward }, i) => sum + reward * gamma ** i, 0);

/** The cell where the agent stands. */
export const agentAt = () => walking.run?.steps.at(-1)?.to ?? startOf(state.world.maze);

/** The action that leads from the agent's cell towards a neighbouring one, or null. */
export function actionTo(index) {
  const { maze } = state.world;
  const [[row, col], [toRow, toCol]] = [agentAt(), index].map((each) => placeOf(maze, each));
  const action = MOVES.findIndex(([dr, dc]) => row + dr === toRow && col + dc === toCol);
  return action < 0 ? null : action;
}

// -- the records: what was walked and seen in each maze --------------------------------------------------------

// { key, maze, walks, seen, optima: {gamma: V(start)}, forgotten } for each maze where somebody has walked. A walk is
// { seed, steps, terminated, finished }; one that was left before its end is not finished.
const records = new Map();

/** All that steps depend on: not the discount. */
const keyOf = (world) => worldText({ ...world, gamma: 1 });

let here = { world: null, record: null }; // asked for every cell of every frame, and a world never changes in place
/** The record of the maze on the page. */
export function recordHere() {
  const { world } = state;
  if (here.world !== world) {
    const key = keyOf(world);
    const seen = new Set(around(world.maze, startOf(world.maze)));
    here = {
      world, record: records.get(key) ?? { key, maze: world.maze, walks: [], seen, optima: {}, forgotten: null },
    };
  }
  return here.record;
}

/** How many walks are kept of other mazes. */
export const walksElsewhere = () => [...records.values()]
  .reduce((count, record) => count + (record === recordHere() ? 0 : record.walks.length), 0);

/** A cell and its neighbours: what somebody who stands there sees. */
function around(maze, index) {
  const [row, col] = placeOf(maze, index);
  return [[0, 0], ...MOVES].map(([dr, dc]) => [row + dr, col + dc])
    .filter(([r, c]) => maze.grid[r]?.[c] !== undefined).map(([r, c]) => r * colsOf(maze) + c);
}

/** Keep a walk that is left before its end. */
function keep({ record, seed, steps, ended }) {
  if (!ended && steps.length) record.walks.push({ seed, steps, terminated: false, finished: false });
}

export const canForget = () => recordHere().walks.length > 0 || (walking.run?.steps.length ?? 0) > 0;

/** Forget what was walked and seen in this maze, until it is taken back. */
export function forgetWalks() {
  if (walking.run) close(walking.run);
  const record = recordHere();
  record.forgotten = joined(record.forgotten ?? { walks: [], seen: [] }, record);
  Object.assign(record, { walks: [], seen: new Set(around(record.maze, startOf(record.maze))) });
  tell("info", () => t("play.forgotten"));
}

export function takeBackWalks() {
  const record = recordHere();
  Object.assign(record, joined(record.forgotten, record), { forgotten: null });
  state.notice = null;
  changed();
}

const joined = (older, newer) =>
  ({ walks: [...older.walks, ...newer.walks], seen: new Set([...older.seen, ...newer.seen]) });

/** Where a step went: 0 as intended, 1 to the left of that, 2 to the right, 3 to a side, held at both. */
export function outcomeOf(maze, { from, action, to, slipped }) {
  if (!slipped) return 0;
  const [left, right] = [3, 1].map((turn) => target(maze, from, (action + turn) % 4));
  return left === right ? 3 : to === left ? 1 : 2;
}

/** The walks in the form that framework/tabular/demonstrations.py reads. */
export function demonstrations() {
  const episodes = recordHere().walks.map(({ seed, steps, terminated }) =>
    ({ seed, steps: steps.map(({ from, action, reward, to }) => [from, action, reward, to]), terminated }));
  const { world } = state;
  return JSON.stringify({ format: "nanoka-demonstrations-1", maze: worldText(world), gamma: world.gamma, episodes });
}

// -- walking ---------------------------------------------------------------------------------------------------

/** Take a step; the first one begins a walk. One step at a time: who acts has seen where the last one led. */
export function act(action) {
  const { run } = walking;
  if (!run) begin(action);
  else if (run.ended) tell("info", () => t("play.over"));
  else if (ready(run)) run.waiting = ask({ type: "act", action });
  changed();
}

/** Another walk from the start, with new luck. One that has not ended is kept as it is. */
export function again() {
  const { run } = walking;
  if (!run || run.gone || run.gamma !== state.world.gamma) {
    if (run) close(run);
    begin();
  } else if (ready(run) && ask({ type: "again" })) {
    keep(run);
    Object.assign(run, { steps: [], ended: null, waiting: true });
    state.notice = null;
  }
  changed();
}

/** Whether no answer is due; while the line is down none is waited for. */
const ready = (run) => !run.waiting || state.link === "lost";

function begin(wanted = null) {
  const { maze, gamma } = state.world;
  const record = recordHere();
  const run = {
    record, maze, gamma, start: startOf(maze), seed: null, steps: [], ended: null, since: 0, waiting: true, wanted,
    gone: false,
  };
  run.id = newJob(answersOf(run));
  walking.run = run;
  state.notice = null;
  if (ask({ type: "play", seed: null, ...worldMessage(state.world) })) records.set(record.key, record);
  else drop(run);
}

function ask(message) {
  const left = send({ id: walking.run.id, ...message });
  if (!left) tell("info", () => t("link.wait"));
  return left;
}

/** Nobody waits for this walk any more; what was walked is kept. */
function close(run) {
  send({ type: "cancel", id: run.id });
  drop(run);
}

function drop(run) {
  keep(run);
  forget(run.id);
  if (walking.run === run) walking.run = null;
}

/** Another maze, or other rules, end the walk: it is kept with the maze that it was walked in. */
export function walkingChanged() {
  const { run } = walking;
  if (!run || run.record.key === keyOf(state.world)) return;
  const cut = !run.ended && run.steps.length > 0;
  close(run);
  if (cut && state.mode === "play") tell("info", () => t("play.changed"));
}

/** The server keeps a walk for a minute when the line drops. One that it never began is begun again. */
export function walkingLink(link, alive) {
  const { run } = walking;
  if (link !== "open" || !run || alive.includes(run.id)) return;
  if (run.seed === null) {
    drop(run);
    begin(run.wanted);
  } else if (run.ended) run.gone = true;
  else {
    drop(run);
    tell("info", () => t("play.lost"));
  }
}

/** What the messages of a walk do. */
const answersOf = (run) => ({
  /** A walk has begun, or, on a new line, this is how it stands. */
  playing({ seed, steps, optimum, terminated, truncated }) {
    const known = seed === run.seed ? run.steps : [];
    run.seed = seed;
    run.steps = steps.map((step, i) => known[i] ?? stepOf(run.maze, step));
    run.record.optima[run.gamma] = optimum;
    run.waiting = false;
    see(run);
    endIf(run, terminated, truncated);
    const { wanted } = run;
    run.wanted = null;
    if (wanted !== null && walking.run === run) act(wanted);
  },

  acted({ state: from, action, reward, next_state: to, slipped, step, terminated, truncated }) {
    if (step !== run.steps.length + 1) return; // a new line has told of it already
    run.steps = [...run.steps, { from, action, reward, to, slipped }];
    run.since = performance.now();
    run.waiting = false;
    see(run);
    endIf(run, terminated, truncated);
  },

  error(error) {
    run.waiting = false;
    if (run.seed === null || error.over || error.code === "no_job") drop(run);
    tell("error", () => sayError(error));
  },

  cancelled() {
    drop(run);
  },
});

/** A step whose luck was not told: it slipped if it led elsewhere than it aimed. */
const stepOf = (maze, [from, action, reward, to]) =>
  ({ from, action, reward, to, slipped: target(maze, from, action) !== to });

function see({ record, maze, start, steps }) {
  for (const { to } of steps.length ? steps : [{ to: start }]) {
    for (const index of around(maze, to)) record.seen.add(index);
  }
}

function endIf(run, terminated, truncated) {
  if (run.ended || !(terminated || truncated)) return;
  const { record, seed, steps, maze, start, gamma } = run;
  run.ended = endOf({ steps, start, truncated }, maze);
  record.walks.push({ seed, steps, terminated, finished: true });
  tell("info", () => t("walk.end", {
    end: t(`walk.${run.ended}`), value: short(returnOf(steps), 3), discounted: short(returnOf(steps, gamma), 3),
  }));
}
