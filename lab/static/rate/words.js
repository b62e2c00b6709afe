// What each word does to the reward: a list with bars, the best liked first.

import { byId, fill, make, say } from "../core/dom.js";
import { signedFixed } from "../core/format.js";
import { t } from "../core/i18n.js";
import { now } from "./session.js";

export function renderWords() {
  const { words, ratings } = now();
  const shown = ratings.length ? [...words].sort((a, b) => b[1] - a[1]) : [];
  const most = Math.max(0.001, ...shown.map(([, effect]) => Math.abs(effect)));
  fill(byId("rate-words"), JSON.stringify(shown), () => shown.map(([word, effect]) => {
    const bar = make("i", { className: effect < 0 ? "less" : "more", ariaHidden: "true" });
    bar.style.setProperty("--length", Math.abs(effect) / most);
    const number = make("b", { textContent: signedFixed(effect, 2) });
    return make("li", {}, make("span", { textContent: word }), bar, number);
  }));
  byId("rate-words").hidden = !shown.length;
  say(byId("rate-words-note"), t(shown.length ? "rate.words.note" : "rate.words.none"));
}
