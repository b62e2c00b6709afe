// Learning, as the page has it: what it asks the server for, and what each answer does. The server keeps the pace;
// here is only what came last.

import { setSettings, setWorld } from "../core/change.js";
import { sayError, t } from "../core/i18n.js";
import { forget, newJob, send } from "../core/line.js";
import { colsOf, rowsOf } from "../core/maze.js";
import { worldMessage } from "../core/message.js";
import { changed, settingsOf, state, tell } from "../core/state.js";
import { newLearner, takeIn } from "./frames.js";
import { learnersOf, numbersIn } from "./settings.js";

export const PACES = [1, 2, 4, 8, 15, 30, 100, 1000, "full"]; // steps of an agent a second

export const lesson = {
  // The lesson on the page: { id, key, learners, states, truth, told: { settings, world }, asked, over, limit };
  // told is what the server has heard of, asked are steps to ask for again if the line drops before it has begun.
  run: null,
  forgotten: null, // the run before the last reset, or before another learner, seed or size: to be taken back
  paused: true, // no steps unless they are asked for one by one
  pace: 3, // index into PACES
  views: ["q", "q"], // what the cells of each board show
};

/** The lesson goes on by itself. */
export const isRunning = () => lesson.run !== null && !lesson.run.over && !lesson.paused;
/** The learners of the lesson, and those of which something has come. */
export const learnersNow = () => lesson.run?.learners ?? [];
export const knownLearners = () => learnersNow().filter(({ q }) => q);
/** It goes on so fast that single steps cannot be seen. */
export const isFast = () => isRunning() && (PACES[lesson.pace] === "full" || PACES[lesson.pace] > 30);
/** There is something that was learnt, and the server still has it. */
export const isAlive = () => lesson.run !== null && !lesson.run.over && knownLearners().length > 0;
const paceNow = () => (lesson.paused ? 0 : PACES[lesson.pace]);
const worldNow = () => settingsOf("learn");
const toldOf = (world) =>
  ({ settings: numbersIn(world), world: JSON.stringify({ ...worldMessage(world), gamma: null }) });

/** All that a lesson is made of and that cannot change while it runs: who learns, and the size of the maze. */
const lessonKey = ({ maze, learner, seed, learner2, seed2 }) =>
  [rowsOf(maze), colsOf(maze), learner, seed, learner2, learner2 && seed2].join("&");

// -- asking ----------------------------------------------------------------------------------------------------

/** Begin anew, with the same seeds: the same maze and settings give the same lesson. */
function begin() {
  if (lesson.run) end(lesson.run);
  const key = lessonKey(worldNow());
  const run = { key, learners: [], truth: null, told: null, asked: [], over: false, limit: null };
  run.id = newJob(answersOf(run));
  lesson.run = run;
  state.notice = null;
  sendBegin();
}

const waiting = () => t("lesson.waiting");

/** Ask for the lesson, and for the steps that were asked of it while the line was down. */
function sendBegin() {
  const { run } = lesson;
  const world = worldNow();
  run.told = toldOf(world);
  const left = send({
    type: "learn", id: run.id, learners: learnersOf(world), settings: numbersIn(world), pace: paceNow(),
    ...worldMessage(world),
  });
  if (left) for (const unit of run.asked) send({ type: "step", id: run.id, unit });
  else tell("info", waiting);
}

/** Ask something of the lesson. Where the line is down the page says so, and nothing is lost. */
export function ask(message) {
  const { run } = lesson;
  const begun = run.learners.length > 0;
  if (message.type === "step" && !begun) run.asked.push(message.unit); // until it has begun it may be asked for again
  sync();
  const left = send({ id: run.id, ...message });
  if (!left && message.type !== "pace") tell("info", begun ? () => t("link.wait") : waiting);
  return left;
}

/** Tell the lesson of settings and of a world that it has not heard of. */
function sync() {
  const { run } = lesson;
  const world = worldNow();
  if (!run?.told || run.over || run.key !== lessonKey(world)) return;
  const now = toldOf(world);
  const settings = Object.fromEntries(
    Object.entries(now.settings).filter(([name, value]) => value !== run.told.settings[name]));
  if (Object.keys(settings).length && send({ type: "set", id: run.id, settings })) run.told.settings = now.settings;
  if (now.world !== run.told.world && send({ type: "world", id: run.id, ...worldMessage(world) })) {
    run.told.world = now.world;
  }
}

let frame = null;
/** A stroke or a slider tells of itself once a frame, however fast it is. */
function syncSoon() {
  frame ??= requestAnimationFrame(() => {
    frame = null;
    sync();
  });
}

// -- what a reader does ----------------------------------------------------------------------------------------

export function toggleLesson() {
  const running = isRunning();
  if (!lesson.run || lesson.run.over) {
    lesson.paused = false;
    begin();
  } else if (lesson.run.limit && !running) sayLimit(lesson.run.limit);
  else {
    lesson.paused = running;
    ask({ type: "pace", pace: paceNow() });
  }
  changed();
}

/** One "step", or on to the end of the "episode"; it pauses what runs. */
export function stepLesson(unit) {
  const running = isRunning();
  lesson.paused = true;
  if (!lesson.run || lesson.run.over) begin();
  else if (running) ask({ type: "pace", pace: 0 });
  ask({ type: "step", unit });
  changed();
}

export function setPace(pace) {
  lesson.pace = pace;
  if (isRunning()) ask({ type: "pace", pace: paceNow() });
  changed();
}

export function pauseLesson() {
  if (isRunning()) toggleLesson();
}

/** Back to an agent that knows nothing. What it knew can be had back until something else is learnt. */
export function resetLesson() {
  if (lesson.run) {
    pauseLesson();
    setAside(state.settings.learn, state.world.maze, true);
  }
  if (lesson.forgotten) tell("info", () => t("lesson.forgotten"));
}

/** The lesson leaves the page. The server keeps it, paused, until another one begins. */
function setAside({ learner, seed, learner2, seed2 }, maze, reset) {
  const { run } = lesson;
  if (lesson.forgotten) end(lesson.forgotten);
  lesson.forgotten = null;
  lesson.run = null;
  lesson.paused = true;
  if (!run.learners.length) end(run); // it has not even begun
  else {
    if (!run.over) send({ type: "pace", id: run.id, pace: 0 });
    lesson.forgotten = Object.assign(run, { who: { learner, seed, learner2, seed2 }, maze, reset });
  }
}

/** What was forgotten is back, with its learners, its seeds and, if that has changed, the size of its maze. */
export function takeBack() {
  const { forgotten } = lesson;
  if (!forgotten || lesson.run) return;
  forgotten.reset = false;
  if (forgotten.key !== lessonKey(worldNow())) {
    const size = (maze) => `${rowsOf(maze)} ${colsOf(maze)}`;
    if (size(forgotten.maze) !== size(state.world.maze)) setWorld({ maze: forgotten.maze }, false);
    setSettings("learn", forgotten.who);
  } else lessonChanged();
}

/** Nobody waits for this lesson any more. */
function end(run) {
  if (!run.over) send({ type: "cancel", id: run.id });
  forget(run.id);
}

// -- what else happens -----------------------------------------------------------------------------------------

/** Settings and what is drawn act in the lesson. Another learner, seed or size is another lesson, till undo. */
export function lessonChanged(old) {
  const key = lessonKey(worldNow());
  const { run, forgotten } = lesson;
  if (run && run.key !== key) {
    setAside(old.settings.learn, old.world.maze, false);
    if (state.mode === "learn") tell("info", () => t(lesson.forgotten ? "lesson.anew" : "lesson.not.begun"));
  } else if (!run && forgotten && !forgotten.reset && forgotten.key === key) {
    Object.assign(lesson, { run: forgotten, forgotten: null });
    if (state.mode === "learn") tell("info", () => t("lesson.taken.back"));
  }
  syncSoon();
}

/** The server keeps a lesson for a minute when the line drops; one that was only asked for is asked for again. */
export function lessonLink(link, alive) {
  const { run, forgotten } = lesson;
  if (link !== "open") return;
  if (forgotten && !alive.includes(forgotten.id)) forgotten.over = true;
  else if (forgotten) send({ type: "pace", id: forgotten.id, pace: 0 });
  if (!run || run.over) return;
  if (alive.includes(run.id)) {
    Object.assign(run.told, { settings: {}, world: null }); // what the old line was told may never have arrived
    ask({ type: "pace", pace: paceNow() }); // what was pressed and set meanwhile
  } else if (!run.learners.length) sendBegin();
  else over(run, "info", () => t("lesson.lost"));
}

function over(run, kind, words) {
  run.over = true;
  if (run !== lesson.run) return;
  lesson.paused = true;
  tell(kind, words);
}

const sayLimit = ({ limit, steps, seconds }) => tell("info", () => t(`lesson.limit.${limit}`, {
  steps: steps.toLocaleString("en"), seconds: Math.round(seconds) }));

/** What the messages of a lesson do. */
export const answersOf = (run) => ({
  learning({ learners, shape: [rows, cols] }) {
    if (run.learners.length) return; // told again on a new line
    Object.assign(run, { learners: learners.map(newLearner), states: rows * cols, asked: [] });
    if (state.notice?.say === waiting) state.notice = null;
    if (lesson.forgotten) forget(lesson.forgotten.id); // the server keeps one lesson of a page
    lesson.forgotten = null;
  },

  truth(truth) {
    run.truth = truth;
  },

  frame({ full, learners }) {
    const { initial_value: initial } = run.told.settings;
    run.learners.forEach((learner, i) => takeIn(learner, learners[i], full, run.states, initial));
  },

  walks(message) {
    run.walked?.(message.walks);
  },

  limit(limit) {
    run.limit = limit;
    lesson.paused = true;
    sayLimit(limit);
  },

  cancelled() {
    over(run, "info", () => t("lesson.cancelled"));
  },

  error(error) {
    const words = () => sayError(error);
    if (run.learners.length && !error.over) tell("error", words);
    else {
      over(run, "error", words);
      if (!run.learners.length && lesson.run === run) lesson.run = null; // it was refused
    }
  },
});

/** Bit mask of the best actions of a row [A]; 0 where nothing was tried. */
export function bestMask(learner, s) {
  const row = learner.q[s];
  if (!learner.n[s].some(Boolean)) return 0;
  const best = Math.max(...row);
  return row.reduce((mask, value, a) => (value === best ? mask | (1 << a) : mask), 0);
}
