// Showing: a walk through the world itself, step by step and slips included, or a path that is drawn as intended.

import { sayError, t } from "../core/i18n.js";
import { forget, newJob, send } from "../core/line.js";
import { colsOf, line, startOf, target } from "../core/maze.js";
import { worldMessage } from "../core/message.js";
import { changed, state, tell } from "../core/state.js";
import { endsAt, staying, textOf, wayTo } from "./codec.js";
import { add, isChanged, mayShow } from "./shown.js";

// What is being shown: steps [{ from, action, to, reward, slipped }] of a path or of a walk. Of a walk also `job`,
// { id, begun, waiting, wanted, stale }: `wanted` is an action to take once it has begun, `stale`: it begins anew.
export const showing = { kind: null, steps: [], job: null, since: 0 };

export const agentAt = () => showing.steps.at(-1)?.to ?? startOf(state.world.maze);
const isFull = () => showing.steps.length >= state.settings.teach.horizon;
const isOver = () => isFull() || endsAt(state.world.maze, agentAt());

/** An action of the person: a real step, or with the tool "path" one as intended. */
export function act(action) {
  if (!mayShow()) return;
  if (state.tool === "path") {
    begin("path");
    intend(action);
    finishIfOver();
  } else {
    begin("walk");
    step(action);
  }
  changed();
}

function begin(kind) {
  if (showing.kind === kind) return;
  if (kind === "path") dropShowing();
  Object.assign(showing, { kind, steps: [] });
}

/** Keep what is shown as a demonstration. */
export function finish() {
  const { kind, steps, job } = showing;
  if (!steps.length) return;
  const { maze } = state.world;
  const all = kind === "path" ? [...steps, ...stayingSteps(maze, steps)] : steps;
  const text = textOf(maze, all);
  if (job) job.stale = true;
  Object.assign(showing, { kind: null, steps: [] });
  add([{ text, by: kind }]);
}

const finishIfOver = () => {
  if (showing.steps.length && isOver()) finish();
};

/** Forget what is being shown, and begin again at the start. */
export function restart() {
  if (showing.job) showing.job.stale = true;
  Object.assign(showing, { kind: null, steps: [] });
  changed();
}

/** Another page, maze or kind: nobody waits for the walk's answers any more. */
export function dropShowing() {
  if (showing.job) {
    send({ type: "cancel", id: showing.job.id });
    forget(showing.job.id);
  }
  Object.assign(showing, { kind: null, steps: [], job: null });
}

// -- a path ------------------------------------------------------------------------------------------------------

function intend(action) {
  if (isOver()) return;
  const [{ maze }, from] = [state.world, agentAt()];
  showing.steps = [...showing.steps, { from, action, to: target(maze, from, action), slipped: false }];
}

function goTo(cell) {
  const { maze } = state.world;
  for (const action of wayTo(maze, agentAt(), cell) ?? []) intend(action);
}

/** The steps that stay at a path's end until the horizon, where that is wanted and the episode goes on. */
function stayingSteps(maze, steps) {
  const { stay, horizon } = state.settings.teach;
  let at = steps.at(-1).to;
  if (stay === "off" || endsAt(maze, at)) return [];
  const turns = staying(maze, at);
  return Array.from({ length: Math.max(0, horizon - steps.length) }, (_, i) => {
    const step = { from: at, action: turns[i % 2], to: target(maze, at, turns[i % 2]) };
    at = step.to;
    return step;
  });
}

const cellOf = ([row, col]) => row * colsOf(state.world.maze) + col;

/** The tool that draws a path, from the start on: a drag leads it on by shortest ways, and ends it. */
export const pathTool = {
  keys: ["p"],
  down(board, cell) {
    if (!mayShow()) return;
    begin("path");
    goTo(cellOf(cell));
    changed();
  },
  move(board, from, to) {
    if (showing.kind !== "path") return;
    for (const cell of line(from, to).slice(1)) goTo(cellOf(cell));
    changed();
  },
  up() {
    if (showing.kind === "path") finish();
  },
  click(board, cell) {
    if (!mayShow()) return;
    begin("path");
    goTo(cellOf(cell));
    finishIfOver();
    changed();
  },
};

// -- a walk ------------------------------------------------------------------------------------------------------

function step(action) {
  const { job } = showing;
  if (!job) beginWalk(action);
  else if (job.waiting) return;
  else if (job.stale) ask({ type: "again", seed: null }, action);
  else ask({ type: "act", action });
}

function beginWalk(wanted) {
  const job = { begun: false, waiting: false, wanted: null, stale: false };
  job.id = newJob(answersOf(job));
  showing.job = job;
  ask({ type: "play", seed: null, ...worldMessage(state.world) }, wanted);
  if (!job.waiting) dropShowing();
}

function ask(message, wanted = null) {
  const { job } = showing;
  if (!send({ id: job.id, ...message })) return tell("info", () => t("link.wait"));
  return Object.assign(job, { waiting: true, wanted });
}

const answersOf = (job) => ({
  /** A walk has begun, or, on a new line, this is how it stands. */
  playing({ steps }) {
    const { wanted } = job;
    Object.assign(job, { begun: true, waiting: false, stale: false, wanted: null });
    const { maze } = state.world;
    showing.steps = steps.map(([from, action, reward, to]) =>
      ({ from, action, reward, to, slipped: to !== target(maze, from, action) }));
    if (wanted !== null) act(wanted);
  },

  acted({ state: from, action, reward, next_state: to, slipped }) {
    job.waiting = false;
    if (job.stale) return;
    showing.steps = [...showing.steps, { from, action, reward, to, slipped }];
    showing.since = performance.now();
    finishIfOver();
  },

  error(error) {
    dropShowing();
    tell("error", () => sayError(error));
  },

  cancelled() { // the page Walk has begun a walk of its own
    forget(job.id);
    if (showing.job === job) Object.assign(showing, { job: null, kind: null, steps: [] });
  },
});

/** Another maze ends what is being shown. */
export function showingChanged(old) {
  const same = old.world.maze === state.world.maze && old.world.prob === state.world.prob
    && old.world.step_reward === state.world.step_reward;
  if (!same || isChanged()) dropShowing();
}

/** A walk does not outlive the line here: what was walked is forgotten. */
export function showingLink(link, alive) {
  const { job } = showing;
  if (link !== "open" || !job) return;
  if (alive.includes(job.id) && job.begun) Object.assign(job, { waiting: false });
  else {
    forget(job.id);
    Object.assign(showing, { kind: null, steps: [], job: null });
    changed();
  }
}
