// Learning, as the page has it: what it asks the server for, and what each answer does. The server keeps the pace;
// here is only what came last.

import { t } from "./i18n.js";
import { nextId, send } from "./line.js";
import { PACES, changed, isLearning, isRunning, lessonKey, state, tell } from "./state.js";
import { worldMessage } from "./session.js";

const SETTINGS = ["epsilon", "learning_rate", "rate_decay", "gamma", "lambda_", "actor_rate"];

const paceNow = () => (state.paused ? 0 : PACES[state.pace]);
const settingsOf = (world) => Object.fromEntries(SETTINGS.map((name) => [name, world[name]]));

export const learnersOf = ({ learner, seed, learner2, seed2 }) =>
  [{ name: learner, seed }, ...(learner2 ? [{ name: learner2, seed: seed2 }] : [])];

/** Begin anew, with the same seeds: the same maze and settings give the same lesson. */
function begin() {
  const { world } = state;
  state.run = { id: nextId(), key: lessonKey(world), learners: [], asked: [], optimum: null, over: false };
  state.notice = null;
  if (!sendBegin()) tell("info", () => t("lesson.waiting"));
}

const sendBegin = () => send({
  type: "learn", id: state.run.id, learners: learnersOf(state.world), settings: settingsOf(state.world),
  pace: paceNow(), ...worldMessage(state.world),
});

const ask = (message) => send({ id: state.run.id, ...message });

export function toggleLesson() {
  state.paused = isRunning();
  if (!state.run || state.run.over) begin();
  else ask({ type: "pace", pace: paceNow() });
  changed();
}

/** One "step", or on to the end of the "episode"; it pauses what runs. */
export function stepLesson(unit) {
  const running = isRunning();
  state.paused = true;
  if (!state.run || state.run.over) begin();
  else if (running) ask({ type: "pace", pace: 0 });
  ask({ type: "step", unit });
  changed();
}

/** Back to an agent that knows nothing. */
export function resetLesson() {
  stop();
  state.paused = true;
  state.notice = null;
  changed();
}

export function setPace(pace) {
  state.pace = pace;
  if (isRunning()) ask({ type: "pace", pace: paceNow() });
  changed();
}

export function pauseLesson() {
  if (isRunning()) toggleLesson();
}

function stop() {
  if (state.run && !state.run.over) send({ type: "cancel" });
  state.run = null;
}

/** A setting acts at once; another maze, learner or seed is another lesson. */
export function lessonWorldChanged(old) {
  if (!state.run) return;
  const { world } = state;
  if (state.run.key !== lessonKey(world)) {
    stop();
    state.paused = true;
    if (isLearning()) tell("info", () => t("lesson.anew"));
    return;
  }
  const settings = Object.fromEntries(SETTINGS.filter((name) => world[name] !== old[name])
    .map((name) => [name, world[name]]));
  if (Object.keys(settings).length && !state.run.over) ask({ type: "set", settings });
}

/** A lesson lives on the server, so it does not outlive the line; one that was only asked for is asked for again. */
export function lessonLink(link) {
  if (!state.run || state.run.over) return;
  if (link === "open" && !state.run.learners.length) sendBegin();
  else if (link === "lost" && state.run.learners.length) end("info", () => t("lesson.lost"));
}

function end(kind, say) {
  state.run.over = true;
  state.paused = true;
  tell(kind, say);
}

export const lessonAnswers = {
  learning({ learners }) {
    state.run.learners = learners.map((learner) => ({
      ...learner, q: null, flashes: [], speed: 0, mark: { time: performance.now(), episode: 0 },
    }));
  },

  frame({ optimum, learners }) {
    state.run.optimum = optimum;
    state.run.learners.forEach((learner, i) => takeIn(learner, learners[i]));
  },

  finished({ steps }) {
    end("info", () => t("lesson.finished", { steps: steps.toLocaleString("en") }));
  },

  cancelled() {
    end("info", () => t("lesson.cancelled"));
  },

  error({ message, over }) {
    const say = () => t("error", { message });
    if (!state.run.learners.length) state.run = null;
    if (over && state.run) end("error", say);
    else tell("error", say);
  },
};

/** A frame becomes what the page knows of a learner, and what it has just learnt. */
function takeIn(learner, frame) {
  const now = performance.now();
  const seconds = (now - learner.mark.time) / 1000;
  if (seconds >= 0.5) { // frames may come in a bunch, so a shorter while would tell nothing
    learner.speed = (frame.episode - learner.mark.episode) / seconds;
    learner.mark = { time: now, episode: frame.episode };
  }
  const before = learner;
  const last = frame.steps.at(-1);
  if (last) {
    learner.flashes = flashesOf(last);
    learner.equation = frame.steps.length === 1 && before.q ? equationOf(before, last, frame.gamma) : null;
    learner.from = last.state;
    learner.since = now;
    learner.last = last;
  }
  Object.assign(learner, frame);
}

/** [{ state, action, error }], what this step found wrong, one for each entry. */
function flashesOf(step) {
  const updates = step.updates.map(([s, action, error]) => ({ state: s, action, error }));
  if (step.td_error !== null) updates.push({ state: step.state, action: step.action, error: step.td_error });
  return updates;
}

/** The terms of a TD error: reward + gamma × next - old; the next value is what the error itself implies. */
function equationOf({ q, v }, { state: s, action, reward, terminated, td_error: error }, gamma) {
  if (error === null) return null;
  const old = v ? v[s] : q[s][action];
  const next = terminated || !gamma ? 0 : (error + old - reward) / gamma;
  return { old, next, reward, gamma, error };
}

/** The largest value of a lesson's colours. Values of two learners share it; preferences are no values. */
export function lessonScale(index) {
  const learners = state.run?.learners.filter(({ q }) => q) ?? [];
  const own = learners[index];
  if (!own) return 0;
  const alike = learners.filter(({ based_on: base }) => base === own.based_on);
  // At least a tenth: the first steps teach hundredths, which should not look like danger.
  return Math.max(0.1, ...alike.flatMap(({ q }) => q.map((row) => Math.max(...row.map(Math.abs)))));
}

/** Bit mask of the best actions of a row [A]; 0 where nothing was tried. */
export function bestMask(learner, s) {
  const row = learner.q[s];
  if (!learner.n[s].some(Boolean)) return 0;
  const best = Math.max(...row);
  return row.reduce((mask, value, a) => (value === best ? mask | (1 << a) : mask), 0);
}
