// Planning, as the page has it: what it asks the server for, and what each answer does.

import { worldText } from "../core/address.js";
import { actionsIn, backup, greedyMask } from "../core/bellman.js";
import { movesLittle } from "../core/cells.js";
import { sayError, t } from "../core/i18n.js";
import { fixed } from "../core/format.js";
import { forget, newJob, send } from "../core/line.js";
import { isOrdinary } from "../core/maze.js";
import { worldMessage } from "../core/message.js";
import { Player } from "../core/player.js";
import { changed, settingsOf, state, tell } from "../core/state.js";
import { endOf, isOver, stepOn, sumsOf, toEnd, walkOf } from "../core/walk.js";
import { insideSweep, whyWhole } from "./inside.js";
import { duration } from "./numbers.js";

export const planning = {
  job: null, // { id, world, jump, until, result } while the server plans
  byHand: false, // policy iteration waits for the reader at each sweep
  hand: null, // { id, world, result, asked } of a plan by hand; `asked` is repeated when the line was lost
  replan: false, // a live plan is due, but one is under way or another page is shown
  live: false, // plan again on every change
  result: null, // the plan on the page: { id, world, key, start, outcomes, sweeps, scale, policy, certain }
  shown: 0, // index into result.sweeps of the sweep on the board (a sweep's own number may skip some)
  at: null, // inside the sweep after that: how many of its cells are done, or null
  whole: null, // the key of a sentence on why the cells of the sweep shown were not shown one by one, or null
  written: null, // { cell, action } whose terms are written out, or null: those of the best action
  walk: null, // the walk being watched (walk.js)
  walkJob: null, // the id of the walk asked for
  walks: null, // { sweep, count, total } to compare the mean return with V(start)
};

/** All that a plan depends on: not the start, for values do not. */
const planKey = (world) => {
  const startless = { ...world, maze: { ...world.maze, start: [-1, -1] } };
  return [worldText(startless), world.plan, world.threshold].join("&");
};

const worldNow = () => settingsOf("plan");

let asked = {}; // isStale is asked for every cell of every frame, and a world never changes in place
/** The page no longer shows the maze and the settings that the plan was made for. */
export function isStale() {
  const { result } = planning;
  const { world, settings } = state;
  if (asked.world !== world || asked.settings !== settings || asked.result !== result) {
    asked = { world, settings, result, stale: result !== null && result.key !== planKey(worldNow()) };
  }
  return asked.stale;
}

let inside = {}; // the sweep under way as last worked out: it is asked for several times a frame
/** The sweep on the board, or the next one under way; undefined before the first plan. */
export function shownSweep() {
  const { result, shown, at } = planning;
  if (at === null) return result?.sweeps[shown];
  if (inside.result !== result || inside.shown !== shown || inside.at !== at) {
    inside = { result, shown, at, sweep: insideSweep(result, shown, at) };
  }
  return inside.sweep;
}

/** The sweep to draw and explain: none when the maze on the page is no longer the one planned. */
export const currentSweep = () => (isStale() ? null : shownSweep() ?? null);
export const lastSweep = () => planning.result.sweeps.length - 1;
/** The values shown are those that the planner ended with, right to within what the threshold promises. */
export const isCertain = () => planning.at === null && planning.result.certain && planning.shown === lastSweep();

function putSweep(shown, at = null) {
  Object.assign(planning, { shown, at, whole: null });
}

// -- playing the sweeps, their cells, or a walk: one at a time --------------------------------------------------

const sweeps = new Player(() => {
  if (planning.shown < lastSweep()) putSweep(planning.shown + 1);
  else if (!planning.job) return stopped(); // while the server still plans, wait at the end for more
  changed();
  return true;
});

const cells = new Player(() => nextCell() || stopped());

const walker = new Player(() => {
  const goesOn = stepOn(planning.walk, walker.stepsPerSecond);
  if (!goesOn) sayEnd(planning.walk);
  changed();
  return goesOn;
});

function stopped() {
  changed();
  return false;
}

const players = { sweeps, cells, walk: walker };

/** "sweeps", "cells", "walk" or null. */
export const playing = () => Object.keys(players).find((name) => players[name].playing) ?? null;
export const speed = () => sweeps.speed;

export function setSpeed(value) {
  for (const player of Object.values(players)) player.speed = value;
  changed();
}

export function pause() {
  for (const player of Object.values(players)) player.pause();
  changed();
}

/** Play the sweeps, or the cells of each, from the first sweep if the last is shown. */
export function play(what = sweeps) {
  if (!planning.result || isStale()) return;
  pause();
  planning.walk = null;
  if (!planning.job && planning.shown === lastSweep()) putSweep(0);
  what.play();
  changed();
}

export function toggle() {
  if (playing()) pause();
  else if (planning.walk && !isOver(planning.walk)) walker.play();
  else play(planning.at === null ? sweeps : cells);
  changed();
}

export function toggleCells() {
  if (playing() === "cells") pause();
  else play(cells);
}

/** Show one sweep and stop playing; indices outside the plan go to its ends. */
export function show(index) {
  if (!planning.result || isStale()) return;
  pause();
  planning.walk = null;
  putSweep(Math.max(0, Math.min(lastSweep(), index)));
  changed();
}

/** One sweep back; from inside a sweep, to the one before it. */
export const back = () => show(planning.at === null ? planning.shown - 1 : planning.shown);

/** Go on by one cell of the next sweep, and choose that cell. */
export function oneCell() {
  if (!planning.result || isStale()) return;
  pause();
  nextCell();
}

/** True while there is more to come. A sweep whose cells cannot be shown one by one is shown as a whole. */
function nextCell() {
  const { result, shown, at } = planning;
  planning.walk = null;
  const whole = at === null ? whyWhole(result, shown) : null;
  if (whole === "cells.last") planning.whole = planning.job ? null : whole; // while the server plans, more will come
  else if (whole) {
    putSweep(shown + 1);
    planning.whole = whole;
  } else if (at === null || at + 1 < shownSweep().count) {
    putSweep(shown, at === null ? 0 : at + 1);
    state.cell = shownSweep().cell;
    planning.written = null;
  } else putSweep(shown + 1);
  changed();
  return planning.whole !== "cells.last";
}

// -- a plan ----------------------------------------------------------------------------------------------------

const planMessage = ({ id, world }) => ({
  type: "plan", id, plan: world.plan, threshold: world.threshold, ...worldMessage(world),
});

/**
 * Ask for a plan; without a line it is asked for when there is one (planningLink). `jump` shows its last sweep at
 * once instead of playing the sweeps; `until` shows no later one than that of this number.
 */
export function plan(jump = movesLittle(), until = Infinity) {
  const world = worldNow();
  dropHand();
  if (planning.job) forget(planning.job.id);
  planning.job = null;
  if (planning.byHand && world.plan === "policy") {
    planning.hand = { id: newJob(handAnswers), world, result: null, asked: [] };
    send(handMessage());
  } else {
    planning.job = { id: newJob(planAnswers), world, jump, until };
    send(planMessage(planning.job));
  }
  state.notice = { kind: "info", say: () => t("planning") };
  changed();
}

export function cancel() {
  const { id } = planning.job;
  if (!send({ type: "cancel", id })) ended("info", () => t("cancelled"));
  changed();
}

const planAnswers = {
  started(message) {
    planning.job.result = newResult(planning.job, message);
  },

  sweeps({ sweeps: more }) {
    const { result, jump, until } = planning.job;
    if (planning.result !== result) begin(result, jump);
    append(result, more);
    if (jump) putSweep(Math.max(0, result.sweeps.findLastIndex((sweep) => sweep.number <= until)));
  },

  done({ sweeps: count, seconds, policy }) {
    Object.assign(planning.job.result, { policy, certain: true });
    ended("info", () => t(count === 1 ? "planned.one" : "planned", {
      sweeps: count.toLocaleString("en"), time: duration(seconds),
    }));
  },

  cancelled() {
    ended("info", () => t("cancelled"));
  },

  error(error) {
    ended("error", () => sayError(error));
  },
};

const newResult = ({ world, id }, { start, outcomes }) => ({
  id, world, key: planKey(world), start, outcomes, sweeps: beforeFirst(world, outcomes), scale: 0, policy: null,
  certain: false,
});

function append(result, more) {
  for (const sweep of more) {
    result.sweeps.push(sweep);
    for (const value of sweep.values) result.scale = Math.max(result.scale, Math.abs(value));
  }
}

/** The last plan stays on the page until the first sweep of the new one is there: an error loses nothing. */
function begin(result, jump) {
  pause();
  Object.assign(planning, { result, walk: null, walks: null });
  putSweep(0);
  if (!jump) play();
}

function ended(kind, words) {
  forget(planning.job.id);
  planning.job = null;
  tell(kind, () => (state.mode === "plan" ? words() : `${t("page.plan")}: ${words()}`));
}

/** The planners begin with values of 0, except modified policy iteration, which begins with a guess of its own. */
function beforeFirst({ maze, gamma, plan: name }, outcomes) {
  if (name === "modified") return [];
  const values = Array(outcomes.length).fill(0);
  const greedy = values.map((_, s) => (isOrdinary(maze, s) ? greedyMask(backup(outcomes, values, gamma, s)) : 0));
  return [{ number: 0, phase: "start", residual: null, values, greedy, best: greedy }];
}

/** After any change: what was planned, or is played, is of another world. */
export function planningChanged(old) {
  const key = (moment) => planKey({ ...moment.world, ...moment.settings.plan });
  if (state.world !== old.world && planning.walkJob) forget(planning.walkJob); // its answer is of the world before
  if (state.world.maze !== old.world.maze) {
    walker.pause();
    Object.assign(planning, { walk: null, walks: null }); // values do not depend on the start, but returns do
  }
  if (key(old) === key(state)) return;
  pause(); // what plays is no longer the plan of this maze
  planning.at = null;
  dropHand();
  planning.replan = planning.live;
}

/** With "plan again on every change", while this page is shown: one plan at a time, then one of the newest world. */
export function planAgain() {
  if (!planning.replan || planning.job) return;
  planning.replan = false;
  plan(true);
}

export function setLive(live) {
  planning.live = live;
  planning.replan = live && !planning.job && (!planning.result || isStale());
  changed();
}

/** A plan does not outlive the line: it is asked for again. */
export function planningLink(link) {
  if (link !== "open") return;
  if (planning.job) send(planMessage(planning.job));
  if (planning.hand) {
    send(handMessage());
    for (const type of planning.hand.asked) send({ type, id: planning.hand.id });
  }
}

/** What a link holds of the moment: the number of the sweep shown. */
export const planView = () =>
  (planning.result && !isStale() ? { sweep: planning.result.sweeps[planning.shown].number } : {});

export function openPlanView({ sweep = "" }) {
  if (!/^\d+$/.test(sweep)) return;
  planning.byHand = false;
  plan(true, Number(sweep));
}

// -- policy iteration by hand ----------------------------------------------------------------------------------

const handMessage = () => ({ ...planMessage(planning.hand), by_hand: true });

export function setByHand(byHand) {
  planning.byHand = byHand;
  if (planning.hand) state.notice = null;
  dropHand();
  changed();
}

function dropHand() {
  const { hand } = planning;
  planning.hand = null;
  if (!hand) return;
  forget(hand.id);
  send({ type: "cancel", id: hand.id });
}

/** Ask for one sweep of "evaluate", or for "improve". */
export function byHand(type) {
  const { hand } = planning;
  if (!hand?.result) return;
  hand.asked.push(type);
  if (!send({ type, id: hand.id })) tell("info", () => t("hand.wait"));
}

const handAnswers = {
  started(message) {
    const { hand } = planning;
    hand.result = newResult(hand, message);
    hand.result.sweeps[0].policy = message.policy;
    begin(hand.result, true);
    tell("info", () => t("hand.begin"));
  },

  sweeps({ sweeps: more }) {
    const { result } = planning.hand;
    pause();
    Object.assign(result, { policy: null, certain: false });
    planning.walk = null;
    append(result, more);
    putSweep(lastSweep());
    state.notice = null;
    if (more[0].phase !== "improve") return;
    const count = changedActions(result);
    tell("info", () => t(count === 1 ? "hand.changed.one" : "hand.changed", { count }));
  },

  /** After an improvement that changes nothing. The values are right only if the policy was evaluated to the end. */
  done({ policy }) {
    const { result } = planning.hand;
    const { phase, residual } = result.sweeps.at(-2);
    const certain = phase === "evaluate" && residual < result.world.threshold;
    Object.assign(result, { policy, certain });
    tell("info", () => t(certain ? "hand.done" : "hand.early"));
  },

  error(error) {
    if (error.over) dropHand();
    tell("error", () => sayError(error));
  },
};

/** In how many cells the last improvement chose another action. */
function changedActions({ world, sweeps: all }) {
  const [before, after] = all.slice(-2);
  return after.policy.filter((action, s) => isOrdinary(world.maze, s) && action !== before.policy[s]).length;
}

// -- a walk ----------------------------------------------------------------------------------------------------

/** Walk the greedy policy of the sweep shown; the server draws a new seed each time. */
export function walk() {
  if (!planning.result || isStale()) return;
  const { result } = planning;
  const sweep = result.sweeps[planning.shown];
  const atLast = result.policy && planning.shown === lastSweep();
  const policy = (atLast ? result.policy : sweep.policy) ?? sweep.best.map((mask) => actionsIn(mask)[0] ?? 0);
  if (planning.walkJob) forget(planning.walkJob);
  planning.walkJob = newJob(walkAnswers);
  const world = { ...result.world, maze: state.world.maze }; // the start may have moved since
  if (send({ type: "walk", id: planning.walkJob, policy, seed: null, ...worldMessage(world) })) return;
  forget(planning.walkJob);
  tell("info", () => t("link.wait"));
}

export function stopWalk() {
  pause();
  planning.walk = null;
  changed();
}

const walkAnswers = {
  walk(message) {
    forget(planning.walkJob);
    pause();
    planning.at = null;
    planning.walk = walkOf(message, state.world);
    state.notice = null;
    if (planning.walks?.sweep !== planning.shown) planning.walks = { sweep: planning.shown, count: 0, total: 0 };
    if (movesLittle() || !planning.walk.steps.length) {
      toEnd(planning.walk);
      sayEnd(planning.walk);
    } else walker.play();
  },

  error(error) {
    forget(planning.walkJob);
    tell("error", () => sayError(error));
  },
};

function sayEnd(walked) {
  const { total, discounted } = sumsOf(walked);
  planning.walks.count += 1;
  planning.walks.total += discounted;
  const end = endOf(walked, state.world.maze);
  tell("info", () => t("walk.end", {
    end: t(`walk.${end}`), value: fixed(total, 3), discounted: fixed(discounted, 3),
  }));
}
