// The talk with the server (the protocol is in lab/server.py): what the page asks, what each answer does.
// A new kind of answer is one more function in ANSWERS.

import { actionsIn, backup, greedyMask } from "./bellman.js";
import { full, short } from "./format.js";
import { t } from "./i18n.js";
import { colsOf, kindOf, rowsOf, target } from "./maze.js";
import { lessonAnswers, lessonLink, lessonWorldChanged } from "./lesson.js";
import { nextId, openLine, send } from "./line.js";
import { lastSweep, pause, play } from "./player.js";
import { changed, isLearning, isStale, planKey, state, tell } from "./state.js";

let walkId = null;
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

export function open() {
  openLine((message) => {
    (message.id !== null && message.id === state.run?.id ? lessonAnswers : ANSWERS)[message.type]?.(message);
    changed();
  }, (link) => {
    if (link === "open" && state.link === "lost") tell("info", () => t("link.back"));
    state.link = link;
    if (link === "open" && state.job) send(planMessage(state.job)); // the line dropped under it
    lessonLink(link);
    changed();
  });
}

export const worldMessage = (world) => ({
  grid: world.maze.grid, start: world.maze.start, prob: world.prob, gamma: world.gamma,
  step_reward: world.step_reward,
});

const planMessage = ({ id, world }) => ({
  type: "plan", id, plan: world.plan, threshold: world.threshold, ...worldMessage(world),
});

/** Ask for a plan. `jump` shows its last sweep at once instead of playing the sweeps. */
export function plan(jump = reducedMotion.matches) {
  state.job = { id: nextId(), world: state.world, jump };
  state.notice = { kind: "info", say: () => t("planning") };
  send(planMessage(state.job)); // if the line is down, it is sent when the line is up again
  changed();
}

export function cancel() {
  if (!send({ type: "cancel" })) state.job = null;
  changed();
}

/** After any change of the world: with "plan again on every change" one plan runs at a time, then the newest. */
export function worldChanged(old) {
  state.notice = null; // it was about the world as it was
  lessonWorldChanged(old);
  if (isLearning()) changed();
  else if (state.live && state.job) state.replan = true;
  else if (state.live) plan(true);
  changed();
}

/** Walk the greedy policy of the sweep shown; the server draws a new seed each time. */
export function walk() {
  if (!state.result || isStale()) return;
  const { result } = state;
  const sweep = result.sweeps[state.shown];
  const atLast = result.policy && state.shown === lastSweep();
  const policy = atLast ? result.policy : sweep.greedy.map((mask) => actionsIn(mask)[0] ?? 0);
  walkId = nextId();
  send({ type: "walk", id: walkId, policy, seed: null, ...worldMessage(result.world) });
}

export function stopWalk() {
  pause();
  state.walk = null;
  changed();
}

const ANSWERS = {
  started({ id, start, outcomes }) {
    if (id !== state.job?.id) return;
    const { world } = state.job;
    state.job.result = {
      id, world, key: planKey(world), start, outcomes, sweeps: beforeFirst(world, outcomes),
      scale: 0, policy: null,
    };
  },

  sweeps({ id, sweeps }) {
    if (id !== state.job?.id) return;
    const { result, jump } = state.job;
    if (state.result !== result) begin(result, jump);
    for (const sweep of sweeps) {
      result.sweeps.push(sweep);
      for (const value of sweep.values) result.scale = Math.max(result.scale, Math.abs(value));
    }
    if (jump) state.shown = lastSweep();
  },

  done({ id, sweeps, seconds, policy }) {
    if (id !== state.job?.id) return;
    state.job.result.policy = policy;
    ended("info", () => t("planned", { sweeps, seconds: full(Number(seconds.toPrecision(2))) }));
  },

  cancelled({ id }) {
    if (id === state.job?.id) ended("info", () => t("cancelled"));
  },

  error({ id, message }) {
    const mine = id === null || id === state.job?.id;
    if (mine) ended("error", () => t("error", { message }));
    else if (id === walkId) tell("error", () => t("error", { message }));
  },

  walk({ id, steps, seed, truncated }) {
    if (id !== walkId || !state.result) return;
    const { result } = state;
    const { maze, gamma } = result.world;
    let [total, discounted, slips] = [0, 0, 0];
    state.walk = {
      seed, start: result.start, at: 0, since: performance.now(), duration: 0,
      steps: steps.map(([from, action, to, reward], i) => {
        const slipped = target(maze, from, action) !== to;
        total += reward;
        discounted += reward * gamma ** i;
        slips += slipped;
        return { from, action, to, reward, slipped, total, discounted, slips };
      }),
      onEnd: () => sayEnd(steps, truncated, total, discounted),
    };
    state.notice = null;
    if (state.walks?.sweep !== state.shown) state.walks = { sweep: state.shown, count: 0, total: 0 };
    if (reducedMotion.matches || !steps.length) {
      state.walk.at = steps.length;
      state.walk.onEnd();
    } else play("walk");
  },
};

/** The last plan stays on the page until the first sweep of the new one is there: an error loses nothing. */
function begin(result, jump) {
  pause();
  Object.assign(state, { result, shown: 0, walk: null, walks: null });
  if (!jump) play("sweeps");
}

function ended(kind, say) {
  state.job = null;
  tell(kind, say);
  if (state.replan) {
    state.replan = false;
    plan(true);
  }
}

/** The planners begin with values of 0, except modified policy iteration, which begins with a guess of its own. */
function beforeFirst({ maze, gamma, plan: name }, outcomes) {
  if (name === "modified") return [];
  const values = Array(rowsOf(maze) * colsOf(maze)).fill(0);
  const greedy = values.map((_, s) => (kindOf(maze, Math.floor(s / colsOf(maze)), s % colsOf(maze)) === "empty"
    ? greedyMask(backup(outcomes, values, gamma, s)) : 0));
  return [{ number: 0, phase: "start", residual: null, values, greedy }];
}

function sayEnd(steps, truncated, total, discounted) {
  state.walks.count += 1;
  state.walks.total += discounted;
  const { maze } = state.result.world;
  const last = steps.length ? steps.at(-1)[2] : state.result.start;
  const kind = kindOf(maze, Math.floor(last / colsOf(maze)), last % colsOf(maze));
  const end = truncated || kind === "empty" ? "truncated" : kind;
  tell("info", () => t("walk.end", {
    end: t(`walk.${end}`), value: short(total, 3), discounted: short(discounted, 3),
  }));
}
