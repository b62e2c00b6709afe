// Learning from the demonstrations, as the page has it: what it asks the server for, and what each answer does.

import { worldText } from "../core/address.js";
import { sayError, t } from "../core/i18n.js";
import { forget, newJob, send } from "../core/line.js";
import { worldMessage } from "../core/message.js";
import { changed, state, tell } from "../core/state.js";
import { add, fits, homeWorld, isChanged, mayShow, shown } from "./shown.js";

const PACE = 30; // frames a second
const PAUSE = 150; // milliseconds after the last change before it is learnt anew

// What is being learnt: { id, key, ready, told, cloned, seen, maxent, posterior, home, held, over, limit, stopped,
// waiting, show }; `told` is the maze that it is held against, `held` the answer for it (`waiting`: it is due),
// `home` that for the demonstrations' own maze. `asked`: the optimal policy has been asked to show `show` more.
export const teaching = { run: null, asked: false };

const settingsNow = () => {
  const { l2, beta, horizon } = state.settings.teach;
  return { gamma: state.world.gamma, l2, beta, horizon };
};
const keyNow = () => JSON.stringify([worldText({ ...shown.world, gamma: 1 }), shown.list.map(({ text }) => text),
  settingsNow()]);

/** What was learnt from the demonstrations on the page, or null. */
export const learnt = () => (fits() && teaching.run?.ready ? teaching.run : null);
export const isLearning = () => teaching.run !== null && !teaching.run.over && !teaching.run.limit;

let due = { key: null, timer: null };
/** After anything may have changed: learn anew, or hold what was learnt against the maze as it is now. */
export function learnSoon() {
  const { run } = teaching;
  if (teaching.asked) return; // the answer brings more to learn from
  if (!shown.list.length) {
    if (run) end();
  } else if (run?.key !== keyNow()) learnAfterPause(keyNow());
  else hold();
}

function learnAfterPause(key) {
  if (due.key === key) return; // what is being learnt still draws one frame after the other
  clearTimeout(due.timer);
  const timer = setTimeout(() => {
    due = { key: null, timer: null };
    if (shown.list.length && teaching.run?.key !== keyNow() && !teaching.asked) begin();
  }, PAUSE);
  due = { key, timer };
}

/** Tell of the maze as it is now: one answer at a time, then the newest. */
function hold() {
  const { run } = teaching;
  const now = worldText({ ...state.world, gamma: 1 });
  if (!run?.ready || run.over || run.waiting || run.told === now || !fits()) return;
  const left = send({ type: "world", id: run.id, ...worldMessage(state.world) });
  if (left) Object.assign(run, { told: now, waiting: true });
}

function begin(show = 0) {
  if (teaching.run) end();
  const run = {
    key: show ? null : keyNow(), ready: false, told: null, cloned: null, seen: null, maxent: null, posterior: null,
    home: null, held: null, over: false, limit: null, stopped: false, waiting: false, show,
  };
  run.id = newJob(answersOf(run));
  teaching.run = run;
  if (!ask(run)) teaching.run = null;
}

function ask(run) {
  const world = homeWorld();
  run.told = worldText({ ...world, gamma: 1 });
  const [seed] = crypto.getRandomValues(new Uint32Array(1));
  return send({
    type: "teach", id: run.id, ...worldMessage(world), ...settingsNow(), show: run.show, seed,
    demonstrations: shown.list.map(({ text }) => text),
  });
}

/** The optimal policy shows some more. */
export function letBestShow() {
  if (!mayShow()) return;
  begin(state.settings.teach.demos);
  teaching.asked = teaching.run !== null;
  if (!teaching.asked) tell("info", () => t("link.wait"));
  changed();
}

function end() {
  const { run } = teaching;
  if (!run.over) send({ type: "cancel", id: run.id });
  forget(run.id);
  Object.assign(teaching, { run: null, asked: false });
}

/** Stop computing, or go on. */
export function toggleTeaching() {
  const { run } = teaching;
  if (send({ type: "pace", id: run.id, pace: run.stopped ? PACE : 0 })) run.stopped = !run.stopped;
  else tell("info", () => t("link.wait"));
  changed();
}

/** The server keeps what it learnt for a minute when the line drops; else it learns anew. */
export function teachingLink(link, alive) {
  const { run } = teaching;
  if (link !== "open" || !run) return;
  if (alive.includes(run.id)) Object.assign(run, { waiting: false, told: null }); // who knows what still arrived
  else if (run.show && !run.ready) ask(run);
  else if (!run.over) {
    forget(run.id);
    teaching.run = null;
  }
}

const answersOf = (run) => ({
  taught({ shown: texts, cloned, seen }) {
    const first = !run.ready;
    Object.assign(run, { cloned, seen, ready: true });
    if (first && run.show) {
      teaching.asked = false;
      add(texts.map((text) => ({ text, by: "best" })));
      run.key = keyNow();
    }
  },

  learnt({ maxent, posterior, home, held }) {
    if (held) run.waiting = false;
    Object.assign(run, {
      maxent: maxent ?? run.maxent, posterior: posterior ?? run.posterior, home: home ?? run.home,
      held: held ?? run.held,
    });
  },

  limit(limit) {
    run.limit = limit;
  },

  cancelled() {
    run.over = true;
  },

  error(error) {
    Object.assign(run, { waiting: false, over: run.over || error.over || !run.ready });
    teaching.asked = false;
    tell("error", () => sayError(error));
  },
});

/** What each method is worth: at home and in the maze now, as far as it is known; { home, now } of { method: … }. */
export function worth() {
  const run = learnt();
  if (!run) return { home: null, now: null };
  return { home: run.home, now: isChanged() ? run.held : run.home };
}
