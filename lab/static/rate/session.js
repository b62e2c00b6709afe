// The reader's ratings, and what the server makes of them. The page keeps the ratings of each language itself: when
// the line drops for long, or a file cannot be read, a new job begins with them, and none is lost.

import { sayError, t } from "../core/i18n.js";
import { forget, newJob, send } from "../core/line.js";
import { changed, state, tell } from "../core/state.js";

const NOTHING = {
  ratings: [], guess: null, pair: null, predicted: null, words: [], samples: [], means: null, test: null, most: 200,
  wanted: 40,
};

// Ratings of each language, [first, second, choice, by], as the server knows them. `before`: those that a file or
// "forget" replaced.
const kept = { en: { ratings: [], before: null }, ja: { ratings: [], before: null } };
let run = null; // { id, language, now }

/** What is known of the reader's language: the latest of each part of the messages "rated". */
export const now = () => run?.now ?? NOTHING;
export const canTakeBack = () => kept[state.lang].before !== null;

const settings = () => state.settings.rate;
const chosen = () => ({ reads: settings().rate_reads, n: Number(settings().rate_n) });
const ask = (message) => {
  const left = run !== null && send({ id: run.id, ...message });
  if (!left) tell("info", () => t("link.wait"));
  return left;
};

/** Begin where nothing is under way in the language of the page, with the ratings that there are. */
export function begin() {
  if (state.link !== "open" || run?.language === state.lang) return;
  const language = state.lang;
  const { ratings } = kept[language];
  drop();
  run = { id: newJob(answers), language, now: { ...NOTHING, ratings } };
  if (!send({ type: "rate", id: run.id, language, seed: settings().rate_seed, ratings, ...chosen() })) drop();
}

function drop() {
  if (run) forget(run.id);
  run = null;
}

const beginAnew = () => {
  drop();
  changed();
};

/** Other ratings of a language in place of those that are there, which can be taken back. */
export function replace(language, ratings) {
  const before = kept[language].ratings.length ? kept[language].ratings : null;
  kept[language] = { ratings, before };
  if (language === state.lang) beginAnew();
}

export function takeBackAll() {
  const { before } = kept[state.lang];
  if (before === null) return;
  kept[state.lang] = { ratings: before, before: null };
  beginAnew();
}

/** The reader's answer to the pair that is shown: "first", "second" or "same". The server takes one for each pair. */
export function answer(choice) {
  const { pair } = now();
  if (pair && ask({ type: "answer", pair: pair.number, choice })) state.notice = null;
}

export const takeBack = () => ask({ type: "back" });
export const answerRest = () => ask({ type: "rest", rater: settings().rater });
export const freshSamples = () => ask({ type: "fresh" });
export const beginTest = () => { if (now().ratings.length) ask({ type: "test" }); };
export const leaveTest = () => ask({ type: "stop" });

/** The settings are no longer those of `old`. */
export function rateChanged(old) {
  const [before, after] = [old.settings.rate, settings()];
  if (!run || before === after) return;
  if (before.rate_seed !== after.rate_seed) beginAnew();
  else if (before.rate_reads !== after.rate_reads || before.rate_n !== after.rate_n) {
    ask({ type: "choose", ...chosen() });
  }
}

/** A job that did not outlive a gap of the line begins anew. */
export function rateLink(link, alive) {
  if (link === "open" && run && !alive.includes(run.id)) drop();
}

const answers = {
  rating({ wanted, most }) {
    Object.assign(run.now, { wanted, most });
  },

  rated({ type, id, ...parts }) {
    Object.assign(run.now, parts);
    if (parts.ratings) kept[run.language] = { ...kept[run.language], ratings: parts.ratings };
  },

  error(error) {
    const { language } = run;
    const { before } = kept[language];
    drop();
    if (before) kept[language] = { ratings: before, before: null }; // what a file held was refused
    tell("error", () => sayError(error));
  },

  cancelled: drop,
};
