// The pair and its answers by keys, mouse or finger; samples, settings, readouts.

import { setSettings } from "../core/change.js";
import { accept } from "../core/controls.js";
import { byId, fill, make, on, option, put, say } from "../core/dom.js";
import { fixed, short, signedFixed } from "../core/format.js";
import { t } from "../core/i18n.js";
import { state } from "../core/state.js";
import {
  answer, answerRest, begin, beginTest, canTakeBack, freshSamples, leaveTest, now, replace, takeBack, takeBackAll,
} from "./session.js";
import { SETTINGS } from "./settings.js";
import { loadRatings, saveRatings } from "./take.js";
import { renderWords } from "./words.js";

const KEYS = {
  1: () => answer("first"), 2: () => answer("second"), 0: () => answer("same"),
  ArrowLeft: () => answer("first"), ArrowRight: () => answer("second"),
  Backspace: takeBack, n: freshSamples, t: beginTest,
};
const LEAST = 10; // answers of which it is told how many the others predict
const SIDES = { left: "first", right: "second" };

export function buildRate() {
  for (const [side, choice] of Object.entries(SIDES)) on(`rate-${side}`, "click", () => answer(choice));
  on("rate-same", "click", () => answer("same"));
  on("rate-back", "click", takeBack);
  on("rate-rest", "click", answerRest);
  on("rate-fresh", "click", freshSamples);
  on("rate-test", "click", toStage(beginTest));
  on("rate-stop", "click", toStage(leaveTest));
  on("rate-save", "click", saveRatings);
  on("rate-load", "click", () => byId("rate-file").click());
  on("rate-file", "change", ({ target }) => {
    const [file] = target.files;
    target.value = ""; // so that the same file can be chosen again
    if (file) loadRatings(file);
  });
  on("rate-forget", "click", () => replace(state.lang, []));
  on("rate-undo", "click", takeBackAll);
  byId("rate-rater").append(...SETTINGS.rater.choices.map((name) => option(name, `rate.rater.${name}`)));
  byId("rate-reads").append(...SETTINGS.rate_reads.choices.map((name) => option(name, `rate.reads.${name}`)));
  byId("rate-n").append(...SETTINGS.rate_n.choices.map((value) => make("option", { value, textContent: value })));
  on("rate-rater", "change", ({ target }) => setSettings("rate", { rater: target.value }));
  on("rate-reads", "change", ({ target }) => setSettings("rate", { rate_reads: target.value }));
  on("rate-n", "change", ({ target }) => setSettings("rate", { rate_n: target.value }));
  on("rate-seed", "change", ({ target }) => {
    if (accept("rate.seed", target.valueAsNumber, SETTINGS.rate_seed)) {
      setSettings("rate", { rate_seed: target.valueAsNumber });
    }
    target.value = state.settings.rate.rate_seed;
  });
  document.addEventListener("keydown", onKeyDown);
}

/** Afterwards the keys are those of the pairs. */
const toStage = (act) => () => {
  act();
  byId("rate-stage").focus({ preventScroll: true });
};

function onKeyDown(event) {
  const { key, repeat, ctrlKey, metaKey, altKey, target } = event;
  if (state.mode !== "rate" || ctrlKey || metaKey || altKey || target.closest("dialog")) return;
  if (!(key in KEYS) || !target.matches("body, button, summary, #rate-stage")) return;
  event.preventDefault();
  if (!repeat) KEYS[key]();
}

/** A review as one reads it, without the item, which both have. */
function sayReview(words) {
  const [, ...rest] = words.split(" ");
  return state.lang === "en" ? rest.join(" ").replace(/ \.$/, ".") : rest.join("");
}
const itemOf = (words) => words.split(" ")[0];

export function renderRate() {
  begin();
  renderPair();
  renderSamples();
  renderWords();
  renderKnown();
  renderYours();
  const { rate_n: n, rate_reads: reads, rater, rate_seed: seed } = state.settings.rate;
  put("rate-n", n);
  put("rate-reads", reads);
  put("rate-rater", rater);
  put("rate-seed", seed);
}

function renderPair() {
  const { pair, test, ratings, wanted, guess } = now();
  const over = test?.over ?? false;
  for (const [side, choice] of Object.entries(SIDES)) {
    byId(`rate-${side}`).hidden = over;
    byId(`rate-${side}`).disabled = !pair;
    say(byId(`rate-${side}`).querySelector("span"), pair ? sayReview(pair[choice]) : "…");
  }
  byId("rate-over").hidden = !over;
  say(byId("rate-over"), over ? t("rate.test.result", { won: short(test.won, 1), of: test.of }) : "");
  byId("rate-same").disabled = !pair;
  byId("rate-back").disabled = !(test ? test.answered : ratings.length);
  byId("rate-stop").hidden = !test;
  say(byId("rate-stop"), t(over ? "rate.test.on" : "rate.test.leave"));
  byId("rate-rest").disabled = !pair;
  say(byId("rate-rest"), t(test || ratings.length < wanted ? "rate.rest" : "rate.more"));
  const [done, of] = test ? [test.answered, test.of] : [ratings.length, wanted];
  const item = pair ? itemOf(pair.first) : "";
  const kind = test ? "rate.test.pair" : ratings.length < wanted ? "rate.pair" : "rate.pair.more";
  say(byId("rate-progress"), pair ? t(kind, { item, number: pair.number + 1, of }) : over ? t("rate.test") : "");
  byId("rate-bar").value = Math.min(1, done / of);
  say(byId("rate-guess"), test ? "" : sayGuess(guess));
  const spoken = () => ({
    item, number: pair.number + 1, left: sayReview(pair.first), right: sayReview(pair.second),
  });
  say(byId("rate-said"), pair ? t("rate.said", spoken()) : byId("rate-over").textContent);
  say(byId("rate-hint"), hint());
}

/** What the reward had thought of the pair that was answered last. */
function sayGuess(guess) {
  if (!guess || guess.chance === null) return "";
  const chance = guess.choice === "second" ? 1 - guess.chance : guess.chance;
  const kind = guess.choice === "same" ? "same" : chance > 0.5 ? "right" : "wrong";
  return t(`rate.guess.${kind}`, { chance: fixed(chance, 2) });
}

function hint() {
  const { pair, test, ratings, wanted, most } = now();
  if (test) return test.over ? "" : t("rate.hint.test");
  if (!pair) return ratings.length >= most ? t("rate.full", { most }) : t("rate.wait");
  if (!ratings.length) return t("rate.hint", { wanted });
  return ratings.length < wanted ? "" : t("rate.hint.done");
}

function renderSamples() {
  const { samples, ratings, means } = now();
  const n = state.settings.rate.rate_n;
  const some = ratings.length > 0;
  const head = [t("rate.item"), t("rate.before"), t("rate.chosen", { n })];
  const cell = ([words, reward]) => [sayReview(words), some ? signedFixed(reward, 1) : ""];
  const rows = samples.map(([before, best]) => [itemOf(before[0]), cell(before), some ? cell(best) : ["–", ""]]);
  fill(byId("rate-samples"), JSON.stringify([head, rows]), () => [
    make("thead", {}, make("tr", {}, ...head.map((words) => make("th", { scope: "col", textContent: words })))),
    make("tbody", {}, ...rows.map(([item, before, best]) => make("tr", {},
      make("th", { scope: "row", textContent: item }), ...[before, best].map(([words, reward], i) => {
        const one = make("td", {}, words, " ", make("small", { textContent: reward }));
        one.dataset.name = head[i + 1]; // on a phone each cell carries its heading
        return one;
      })))),
  ]);
  const words = means && {
    n, reward: fixed(means.reward[1], 2), before: fixed(means.taste[0], 2), after: fixed(means.taste[1], 2),
  };
  say(byId("rate-means"), words ? t("rate.means", words) : t("rate.means.none"));
}

function renderKnown() {
  const { predicted, ratings, test } = now();
  byId("rate-test").disabled = !ratings.length || test !== null;
  say(byId("rate-predicted"), sayPredicted(predicted, ratings.length));
}

function sayPredicted(predicted, count) {
  if (!count) return t("rate.predicted.none");
  if (!predicted) return t("rate.predicted.wait");
  const [right, of] = predicted;
  if (of < LEAST) return t("rate.predicted.few", { least: LEAST });
  const spread = Math.sqrt(of); // two standard deviations of a coin's hits
  const kind = right > of / 2 + spread ? "yes" : "no";
  return t(`rate.predicted.${kind}`, { right, of, half: short(of / 2, 1), spread: fixed(spread, 0) });
}

function renderYours() {
  const { ratings } = now();
  say(byId("rate-count"), ratings.length ? String(ratings.length) : "");
  const by = (choice) => ratings.filter((rating) => rating[2] === choice).length;
  const own = ratings.filter((rating) => rating[3] === "person").length;
  const words = { own, others: ratings.length - own, left: by("first"), right: by("second"), same: by("same") };
  say(byId("rate-who"), ratings.length ? t("rate.who", words) : t("rate.who.none"));
  byId("rate-save").disabled = byId("rate-forget").disabled = !ratings.length;
  byId("rate-undo").hidden = !canTakeBack();
}
