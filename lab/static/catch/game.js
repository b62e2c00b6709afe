// The games, as the page has them: what it asks the server for, what each answer does, what remains of the rounds.

import { sayError, t } from "../core/i18n.js";
import { forget, newJob, send } from "../core/line.js";
import { changed, state, tell } from "../core/state.js";

export const PACES = [2, 5, 10, 15, 20, 25, 30, 45, 60]; // steps a second
const ORDINARY = 4;
const MOST_ROUNDS = 500; // that are kept
const WITHOUT_STUDENT = ["no_tensorflow", "aside"]; // errors after which one can still play alone

// `run`: the games under way, { id, student, waking, running, now, before, since, pressed, limited }, or null. `now`
// and `before` are the two latest messages "caught". `results`: of the rounds, { number, mine, theirs, teacher,
// driver, labels, life }; `life` counts the students.
export const catching = { run: null, results: [], pace: ORDINARY, life: 0 };

export const isPlaying = () => catching.run?.running ?? false;
/** Whether the student moves the one paddle; without a student nobody else can. */
export const studentDrives = () =>
  state.settings.catch.driver === "student" && (catching.run?.student ?? true);

const rolesNow = () => {
  const { catcher: teacher, driver } = state.settings.catch;
  return { teacher, driver };
};
const ask = (message) => send({ id: catching.run.id, ...message });

export function toggleGame() {
  const { run } = catching;
  if (!run) begin(true);
  else if (run.running) pause();
  else if (run.limited) tell("info", () => t("catch.limited"));
  else {
    run.running = true;
    state.notice = null;
    tellPace();
  }
}

export function pause() {
  const { run } = catching;
  if (!run?.running) return;
  run.running = false;
  tellPace();
}

/** While the student wakes up nothing is asked: it hears of everything when it is there. */
function tellPace() {
  const { run } = catching;
  if (run && !run.waking) ask({ type: "pace", pace: run.running ? PACES[catching.pace] : 0 });
  changed();
}

/** With a student, or alone. */
function begin(student) {
  const id = newJob(answers);
  const { teacher, driver } = rolesNow();
  catching.life += 1;
  catching.run = {
    id, student, waking: student, running: true, now: null, before: null, since: 0, pressed: false, limited: false,
  };
  const begun = send({
    type: "catch", id, student: student ? "learns" : "none", teacher, driver: student ? driver : "teacher",
    pace: PACES[catching.pace], seed: null,
  });
  if (begun) state.notice = null;
  else {
    drop();
    tell("info", () => t("link.wait"));
  }
  changed();
}

/** Nobody plays any more; the results stay. */
function drop() {
  if (!catching.run) return;
  forget(catching.run.id);
  catching.run = null;
}

/** The page is left, perhaps to be kept aside by the browser with its line open: the process is for others now. */
export function endGame() {
  if (!catching.run) return;
  send({ type: "cancel", id: catching.run.id });
  drop();
}

/** A student that knows nothing yet, in the place of this one, or of none. */
export function newStudent() {
  const { run } = catching;
  if (run?.student && !run.limited) {
    if (run.waking || !ask({ type: "forget" })) return;
    catching.life += 1;
    tell("info", () => t("catch.forgotten"));
    return;
  }
  endGame();
  begin(true);
}

/** Another round; this one does not count. */
export function nextRound() {
  if (catching.run && !catching.run.waking) ask({ type: "next" });
}

export function setPace(pace) {
  catching.pace = pace;
  tellPace();
}

let pushed = null; // it is told again when the student is awake

/** The action of the keys that are held, or null. */
export function push(action) {
  pushed = action;
  const { run } = catching;
  if (!run || run.waking) return;
  if (action !== null) run.pressed = true;
  ask({ type: "push", action });
}

/** The settings are no longer those of `old`. */
export function gameChanged(old) {
  const { run } = catching;
  const [before, now] = [old.settings.catch, state.settings.catch];
  if (run && !run.waking && before !== now) tellRoles(run);
}

function tellRoles({ student }) {
  const { teacher, driver } = rolesNow();
  ask({ type: "roles", teacher, driver: student ? driver : "teacher" });
}

export function gameLink(link) {
  if (!catching.run || !["lost", "full"].includes(link)) return;
  drop();
  tell("info", () => t("catch.lost"));
}

const ofRun = (act) => (message) => {
  if (message.id !== catching.run?.id) return;
  act(catching.run, message);
  changed();
};

/** What the messages of the games do. */
const answers = {
  waking: ofRun(() => {}),

  catching: ofRun((run, { student }) => {
    Object.assign(run, { student, waking: false });
    tellRoles(run);
    if (pushed !== null) push(pushed);
    tellPace();
  }),

  caught: ofRun((run, message) => {
    Object.assign(run, { before: run.now, now: message, since: performance.now() });
    for (const each of message.ended) finish(run, each);
  }),

  limit: ofRun((run) => {
    Object.assign(run, { running: false, limited: true });
    tell("info", () => t("catch.limited"));
  }),

  error: ofRun((run, error) => {
    if (error.over) drop();
    if (error.over && run.student && WITHOUT_STUDENT.includes(error.code)) {
      begin(false);
      tell("error", () => [sayError(error), t("catch.alone")].join(t("sentences.of.errors")));
    } else tell("error", () => sayError(error));
  }),

  cancelled: ofRun(drop),
};

function finish(run, { round, returns: [mine, theirs], teacher, driver, labels }) {
  const { results } = catching;
  const number = (results.at(-1)?.number ?? 0) + 1;
  results.push({ number, mine, theirs, teacher, driver, labels, life: catching.life });
  if (results.length > MOST_ROUNDS) results.shift();
  tell("info", () => sayRound(round, { mine, theirs, teacher }));
  // Somebody who pressed nothing in a whole round is not there, and would teach nothing but waiting.
  if (teacher === "person" && driver === "teacher" && !run.pressed) {
    pause();
    tell("info", () => t("catch.away"));
  }
  run.pressed = false;
}

/** "Round 3: you 12, the student 9." */
function sayRound(round, { mine, theirs, teacher }) {
  const parts = [
    ...(mine === null ? [] : [t("catch.points", { name: t(`catch.name.${teacher}`), value: mine })]),
    ...(theirs === null ? [] : [t("catch.points", { name: t("catch.name.student"), value: theirs })]),
  ];
  return t("catch.round", { round, what: parts.join(t("list")) });
}
