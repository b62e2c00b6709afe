// The one timer of the page. It advances either the sweeps or the walk, never both, never twice.

import { SPEEDS, changed, state } from "./state.js";

let timer = null;

/** Start (or go on with) "sweeps" or "walk". A second call replaces the timer, it never adds one. */
export function play(what) {
  if (what === "sweeps") {
    if (!state.result) return;
    state.walk = null;
    if (!state.job && state.shown === lastSweep()) state.shown = 0;
  }
  state.playing = what;
  setTimer();
}

export function pause() {
  state.playing = null;
  setTimer();
}

export function toggle() {
  if (state.playing) pause();
  else play(state.walk && state.walk.at < state.walk.steps.length ? "walk" : "sweeps");
}

export function setSpeed(speed) {
  state.speed = speed;
  setTimer();
}

/** Show one sweep and stop playing; numbers outside the plan go to its ends. */
export function show(number) {
  if (!state.result) return;
  state.walk = null;
  state.shown = Math.max(0, Math.min(lastSweep(), number));
  pause();
}

export const lastSweep = () => state.result.sweeps.length - 1;

function setTimer() {
  clearInterval(timer);
  timer = state.playing ? setInterval(tick, 1000 / SPEEDS[state.speed]) : null;
  changed();
}

function tick() {
  if (state.playing === "sweeps") {
    if (state.shown < lastSweep()) state.shown += 1;
    else if (!state.job) pause(); // while the server still plans, wait at the end for more
  } else {
    const { walk } = state;
    walk.at += 1;
    walk.since = performance.now();
    walk.duration = Math.min(400, 850 / SPEEDS[state.speed]);
    if (walk.at === walk.steps.length) {
      pause();
      walk.onEnd();
    }
  }
  changed();
}
