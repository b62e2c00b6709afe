// The cards "predict, then press": a maze, a question, the reader's answer, and only then the truth, which the server
// works out (lab/cards.py). The answers stand in the address.

import { CATALOGUE } from "../catalogue.js";
import { writeAddress } from "../core/change.js";
import { t } from "../core/i18n.js";
import { forget, newJob, send } from "../core/line.js";
import { changed } from "../core/state.js";

export const CARDS = CATALOGUE.cards;

export const answers = new Map(); // name of a card: { answer, verdict: what the server said, or null }
export const judging = { job: null, name: null, error: null }; // one answer at a time

export const cardOf = (name) => CARDS.find((card) => card.name === name);

/** Whether a card takes an answer: one of its choices, or a number in its range. */
export const takes = ({ choices, low, high }, answer) =>
  (choices ? choices.includes(answer) : answer >= low && answer <= high);

/** Give an answer. It is a prediction: once it is given, it stays. */
export function predict(name, answer) {
  if (answers.has(name) || !takes(cardOf(name), answer)) return;
  answers.set(name, { answer, verdict: null });
  judge(name);
  writeAddress();
}

/** Ask the server for its verdict on an answer that has none; without a line, it is asked when the line is back. */
export function judge(name) {
  const given = answers.get(name);
  if (!given || given.verdict) return;
  if (judging.job) forget(judging.job);
  Object.assign(judging, { job: newJob(verdicts), name, error: null });
  send({ type: "card", id: judging.job, card: name, answer: given.answer });
  changed();
}

/** Ask for the verdict on the first answer that has none: one after the other, after each verdict. */
export function judgeNext() {
  const next = CARDS.find(({ name }) => answers.get(name)?.verdict === null);
  if (next && !judging.job) judge(next.name);
}

const verdicts = {
  verdict({ right, truth, shown }) {
    answers.get(judging.name).verdict = { right, truth, shown };
    ended(null);
    judgeNext();
  },

  error(error) {
    ended(error);
  },
};

function ended(error) {
  if (judging.job) forget(judging.job);
  Object.assign(judging, { job: null, error });
}

/** A verdict does not outlive the line: it is asked for again. */
export function cardsLink(link) {
  if (link === "open" && judging.job) judge(judging.name);
}

export function forgetAnswers() {
  ended(null);
  answers.clear();
  writeAddress();
}

/** The explanation of a card whose verdict is there, its numbers filled in. */
export function explanation(name) {
  const { truth, shown } = answers.get(name).verdict;
  const numbers = Object.entries({ truth, ...shown }).map(([key, value]) => [key, said(value)]);
  return t(`card.${name}.why`, Object.fromEntries(numbers));
}

/** An answer in words: the choice, or the number. */
export const answerSaid = (name, answer) =>
  (cardOf(name).choices ? t(`card.${name}.choice.${answer}`) : said(answer));

const said = (value) =>
  (typeof value === "number" ? value.toLocaleString("en", { maximumFractionDigits: 3 }).replace("-", "−") : value);

/** "bridge:0.7,cliff:sarsa", as a link holds the answers. */
export const answersText = () => [...answers].map(([name, { answer }]) => `${name}:${answer}`).join(",");

/** Take the answers of a link instead of those here. What no card takes is left out, and returned as a text. */
export function readAnswers(text) {
  const before = new Map(answers);
  const unknown = [];
  answers.clear();
  for (const part of text.split(",").filter(Boolean)) {
    const [name, words] = part.split(":");
    const card = cardOf(name);
    const answer = card?.choices ? words : Number(words || NaN);
    if (!card || !takes(card, answer)) unknown.push(part);
    else answers.set(name, before.get(name)?.answer === answer ? before.get(name) : { answer, verdict: null });
  }
  return unknown.join(", ");
}
