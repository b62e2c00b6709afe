// Twenty seeds at once, each for as many episodes, as a band beside the lesson's own curve.

import { sayError, t } from "../core/i18n.js";
import { forget, newJob, send } from "../core/line.js";
import { worldMessage } from "../core/message.js";
import { changed, settingsOf, tell } from "../core/state.js";
import { learnersNow } from "./lesson.js";
import { learnersOf, numbersIn } from "./settings.js";

const SEEDS = 20;
const [LEAST, USUAL, MOST] = [100, 500, 2000]; // episodes

export const band = {
  job: null, // { id, left: [names still to come] } while the server computes
  episodes: 0,
  bands: [], // [{ name, seed_count, of, size, mean, low, high, optimum }], one a learner
};
let key = ""; // what the bands are of

const keyNow = () => {
  const world = settingsOf("learn");
  return JSON.stringify([worldMessage(world), numbersIn(world), learnersOf(world).map(({ name }) => name)]);
};

/** Begin, or stop, or take away what is there: beside a long lesson it shows only the first episodes. */
export function toggleBand() {
  if (band.job) stop();
  else if (band.bands.length) drop();
  else {
    const done = Math.max(0, ...learnersNow().map(({ episode }) => episode ?? 0));
    const names = [...new Set(learnersOf(settingsOf("learn")).map(({ name }) => name))];
    Object.assign(band, { episodes: done ? Math.min(MOST, Math.max(LEAST, done)) : USUAL });
    key = keyNow();
    next(names);
  }
  changed();
}

/** One band after the other: the server makes one for a page at a time. */
function next([name, ...left]) {
  if (!name) return;
  const world = settingsOf("learn");
  const id = newJob(answersOf(name, left));
  const sent = send({
    type: "band", id, learner: name, seeds: SEEDS, episodes: band.episodes, settings: numbersIn(world),
    ...worldMessage(world),
  });
  if (sent) band.job = { id, name };
  else tell("info", () => t("link.wait"));
}

const answersOf = (name, left) => ({
  band(message) {
    band.bands = [...band.bands.filter((each) => each.name !== name), { ...message, name }];
  },

  done({ seed_count: seeds, of }) {
    ended();
    if (seeds < of) tell("info", () => t("band.short", { name: t(`learner.${name}`), seeds, of }));
    next(left);
  },

  error(error) {
    ended();
    tell("error", () => sayError(error));
  },
});

function stop() {
  send({ type: "cancel", id: band.job.id });
  ended();
}

function ended() {
  forget(band.job.id);
  band.job = null;
}

/** A band of other settings, or of another maze, would say something false beside the curve. */
export function bandChanged() {
  if (key === "" || key === keyNow()) return;
  if (band.job) stop();
  drop();
}

function drop() {
  band.bands = [];
  key = "";
}

/** A band does not outlive its line: what is there of it stays. */
export function bandLink(link) {
  if (link === "lost" && band.job) ended();
}
