// The game and its dream, as the page has them: what it asks the server for, and what each answer does.

import { setSettings } from "../core/change.js";
import { sayError, t } from "../core/i18n.js";
import { forget, newJob, send } from "../core/line.js";
import { changed, state, tell } from "../core/state.js";

const TUNED = { temperature: "dream_temperature", player: "dreamer" }; // the server's names, the page's
const SEEDS = 2 ** 32;

// `run`: the round under way, { id, waking, running, limited, controller, now }, or null; `now` is the latest message
// "dreamt", its pictures as bytes. `shows`: what is shown besides the two games.
export const dreaming = { run: null, shows: { seen: false, futures: false } };

export const isDreaming = () => dreaming.run?.running ?? false;

const settings = () => state.settings.dream;
/** Who acts: the person, too, where the model's file holds no controller. */
export const playerNow = () => {
  const { dreamer } = settings();
  return dreamer === "controller" && dreaming.run?.controller === false ? "person" : dreamer;
};
const ask = (message) => send({ id: dreaming.run.id, ...message });
const tuned = () => ({
  ...Object.fromEntries(Object.entries(TUNED).map(([name, own]) => [name, settings()[own]])), ...dreaming.shows,
});

/** The large button: begin, pause, go on, or another game where this one is over. */
export function toggleDream() {
  const { run } = dreaming;
  if (!run) begin();
  else if (run.limited) {
    endDream();
    begin();
  } else if (run.running) pause();
  else if (run.now?.over) newGame();
  else {
    run.running = true;
    state.notice = null;
    tellPace();
  }
}

export function pause() {
  const { run } = dreaming;
  if (!run?.running) return;
  run.running = false;
  tellPace();
}

/** While the process wakes up nothing is asked: it hears of everything when it is there. */
function tellPace() {
  const { run } = dreaming;
  if (run && !run.waking) ask({ type: "pace", pace: run.running ? settings().dream_pace : 0 });
  changed();
}

function begin() {
  const id = newJob(answers);
  dreaming.run = { id, waking: true, running: true, limited: false, controller: true, now: null };
  const { dream_seed: seed, dream_pace: pace } = settings();
  if (send({ type: "dream", id, seed, pace, ...tuned() })) state.notice = null;
  else {
    drop();
    tell("info", () => t("link.wait"));
  }
  changed();
}

/** Nobody plays any more. */
function drop() {
  if (!dreaming.run) return;
  forget(dreaming.run.id);
  dreaming.run = null;
}

/** The page is left, perhaps to be kept aside by the browser with its line open: the process is for others now. */
export function endDream() {
  if (!dreaming.run) return;
  send({ type: "cancel", id: dreaming.run.id });
  drop();
}

/** The next seed's game; `dreamChanged` asks for it. */
export function newGame() {
  const { run } = dreaming;
  if (!run || run.waking || run.limited) return;
  run.running = true;
  setSettings("dream", { dream_seed: (settings().dream_seed + 1) % SEEDS });
}

/** The dream goes on from the real game as it stands. */
export function dreamOn() {
  const { run } = dreaming;
  if (!run || run.waking || !run.now || run.now.real.over) return;
  ask({ type: "follow" });
  tell("info", () => t("dream.followed"));
}

/** What else is shown: { seen } or { futures }. */
export function show(changes) {
  Object.assign(dreaming.shows, changes);
  tune();
  changed();
}

const tune = () => { if (dreaming.run && !dreaming.run.waking) ask({ type: "tune", ...tuned() }); };

let pushed = null; // it is told again when the model is awake

/** The action of the keys that are held, or null. */
export function push(action) {
  pushed = action;
  if (dreaming.run && !dreaming.run.waking) ask({ type: "push", action });
}

/** The settings are no longer those of `old`. */
export function dreamChanged(old) {
  const [before, now] = [old.settings.dream, settings()];
  if (!dreaming.run || dreaming.run.waking || before === now) return;
  if (Object.values(TUNED).some((name) => before[name] !== now[name])) tune();
  if (before.dream_seed !== now.dream_seed) ask({ type: "again", seed: now.dream_seed });
  tellPace();
}

export function dreamLink(link) {
  if (!dreaming.run || !["lost", "full"].includes(link)) return;
  drop();
  tell("info", () => t("dream.lost"));
}

const ofRun = (act) => (message) => {
  if (message.id !== dreaming.run?.id) return;
  act(dreaming.run, message);
  changed();
};

/** What the messages of the game do. */
const answers = {
  waking: ofRun(() => {}),

  dreaming: ofRun((run, { controller, seed }) => {
    Object.assign(run, { controller, waking: false });
    tune(); // what was changed while it woke up
    push(pushed);
    if (seed !== settings().dream_seed) ask({ type: "again", seed: settings().dream_seed });
    tellPace();
  }),

  dreamt: ofRun((run, message) => {
    if (message.seed !== settings().dream_seed) return; // of a game that was left meanwhile
    const before = run.now;
    for (const game of [message.real, message.dream]) game.picture = bytes(game.picture);
    for (const name of ["seen", "futures"]) if (message[name]) message[name] = bytes(message[name]);
    run.now = message;
    if (!before || before.seed !== message.seed) return;
    if (message.over && !before.over) finish(run, message);
    else if (message.dream.over && !before.dream.over) tell("info", () => t("dream.woke"));
    else if (message.real.over && !before.real.over) tell("info", () => t("dream.real.ended", message.real));
  }),

  limit: ofRun((run) => {
    Object.assign(run, { running: false, limited: true });
    tell("info", () => t("dream.limited"));
  }),

  error: ofRun((run, error) => {
    if (error.over) drop();
    tell("error", () => sayError(error));
  }),

  cancelled: ofRun(drop),
};

/** A picture's bytes from their base64. */
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function finish(run, { real, dream }) {
  pause();
  tell("info", () => t("dream.ended", { ...real, reward: sayReward(dream.reward) }));
}

/** "+3.4" */
export const sayReward = (reward) => `${reward < -0.05 ? "−" : "+"}${Math.abs(reward).toFixed(1)}`;
