// The dialog of the cards: a list of all, and one at a time. What a card knows and asks is in cards.js.

import { byId, fragment, icon, make, on, say } from "../core/dom.js";
import { short } from "../core/format.js";
import { sayError, sayPlace, t } from "../core/i18n.js";
import { colsOf, fromText, isStart, kindOf, rewardsFromText, rowsOf } from "../core/maze.js";
import { DYNAMICS, state, tell } from "../core/state.js";
import {
  CARDS, answerSaid, answers, answersText, cardOf, cardsLink, explanation, forgetAnswers, judge, judgeNext, judging,
  predict, readAnswers, takes,
} from "./cards.js";
import { CARD_STRINGS } from "./strings.js";

/** What the page has of the cards, beside its days (registry.js). */
export const cardsPanel = {
  strings: CARD_STRINGS, build, render, link: cardsLink, moment: ["cards"],
  view: () => (answers.size ? { cards: answersText() } : {}),
  openView({ cards }) {
    const unknown = cards === undefined ? "" : readAnswers(cards);
    if (unknown) tell("error", () => t("cards.link", { text: unknown.slice(0, 40) }));
  },
};

let shown = null; // the name of the card that is shown; null shows the list
let drawn = null; // what the fields of the card were last built for
const DRAWN = ["treasure", "danger", "start"]; // the cells with a picture of the sprite

const MARKUP = `<svg class="sprite" aria-hidden="true" focusable="false">
  <symbol id="i-cards" viewBox="0 0 24 24"><rect x="3.5" y="6" width="11" height="15" rx="2"/>
    <path d="M9 3h9a2 2 0 012 2v12M9 17.5v.01M7.4 11a1.7 1.7 0 113 1.2c-.8.6-1.4 1-1.4 2.3"/></symbol>
</svg>
<dialog id="cards-panel" aria-labelledby="cards-title">
  <h2 id="cards-title" data-t="cards"></h2>
  <div id="cards-list">
    <p data-t="cards.intro"></p>
    <ol></ol>
    <p class="row"><output id="cards-count"></output>
      <button id="cards-forget" type="button" data-t="cards.forget"></button></p>
  </div>
  <div id="card" hidden>
    <h3 id="card-name" tabindex="-1"></h3>
    <p id="card-question"></p>
    <div id="card-maze" class="card-maze" role="img"></div>
    <p id="card-settings" class="hint"></p>
    <form id="card-form">
      <fieldset id="card-answers"><legend data-t="cards.answer"></legend></fieldset>
      <button id="card-check" class="primary" data-t="cards.check"></button>
    </form>
    <p id="card-verdict" role="status" aria-live="polite"></p>
    <p id="card-why"></p>
    <p class="row">
      <button id="card-all" type="button" data-t="cards.all"></button>
      <button id="card-try" type="button" data-t="cards.try"></button>
      <button id="card-next" type="button" data-t="cards.next"></button>
    </p>
  </div>
  <form method="dialog"><button data-t="help.close"></button></form>
</dialog>`;

/** The dialog, and the button that opens it. */
function build() {
  const button = make("button", { id: "cards", className: "quiet icon" }, icon("cards"));
  button.dataset.tLabel = "cards";
  button.addEventListener("click", openCards);
  document.querySelector(".header-tools").prepend(button);
  document.body.append(fragment(MARKUP));
  byId("cards-list").querySelector("ol").append(...CARDS.map(({ name }) => {
    const entry = make("button", { type: "button", id: `cards-${name}` }, make("span"), make("small"));
    entry.addEventListener("click", () => showCard(name));
    return make("li", {}, entry);
  }));
  on("card-form", "submit", (event) => {
    event.preventDefault();
    predict(shown, chosen());
    byId("card-name").focus(); // the button is gone
  });
  on("cards-forget", "click", forgetAnswers);
  on("card-all", "click", () => showCard(null));
  on("card-next", "click", () => showCard(nextOf(shown)));
  on("card-try", "click", tryIt);
}

function openCards() {
  byId("cards-panel").showModal();
  judgeNext(); // answers that came in a link
  showCard(null);
}

function showCard(name) {
  const entry = byId(`cards-${shown ?? CARDS[0].name}`);
  shown = name;
  drawn = null; // whoever comes back to a card finds its fields empty
  if (name) judge(name);
  render();
  (name ? byId("card-name") : entry).focus();
}

const nextOf = (name) => CARDS[(CARDS.indexOf(cardOf(name)) + 1) % CARDS.length].name;

/** Open the maze of the card, with its settings, on the page that it belongs to. */
function tryIt() {
  byId("cards-panel").close();
  location.hash = `${cardOf(shown).link}&cards=${answersText()}`;
}

/** What the fields of the card say, as an answer that the card takes, or undefined. */
function chosen() {
  const { choices } = cardOf(shown);
  if (choices) return byId("card-answers").querySelector(":checked")?.value;
  return byId("card-number").valueAsNumber;
}

// -- render ---------------------------------------------------------------------------------------------------

function render() {
  if (!byId("cards-panel").open) return;
  byId("cards-list").hidden = shown !== null;
  byId("card").hidden = shown === null;
  if (shown === null) renderList();
  else renderCard(cardOf(shown));
}

function renderList() {
  for (const [index, { name }] of CARDS.entries()) {
    const [title, mark] = byId(`cards-${name}`).children;
    const given = answers.get(name);
    say(title, `${index + 1}. ${t(`card.${name}.title`)}`);
    say(mark, given ? t(given.verdict ? `cards.mark.${given.verdict.right}` : "cards.mark.given") : "");
  }
  say(byId("cards-count"), t("cards.count", { right: countRight(), given: answers.size, all: CARDS.length }));
  byId("cards-forget").disabled = !answers.size;
}

const countRight = () => [...answers.values()].filter(({ verdict }) => verdict?.right).length;

function renderCard(card) {
  const given = answers.get(card.name);
  if (drawn !== `${card.name} ${state.lang}`) drawCard(card);
  say(byId("card-name"), t(`card.${card.name}.title`));
  say(byId("card-question"), t(`card.${card.name}.question`));
  byId("card-form").hidden = given !== undefined;
  byId("card-check").disabled = !takes(card, chosen());
  const verdict = given?.verdict;
  say(byId("card-verdict"), verdictSaid(card.name, given));
  byId("card-verdict").className = verdict ? (verdict.right ? "right" : "wrong") : "";
  say(byId("card-why"), verdict ? explanation(card.name) : "");
  byId("card-try").hidden = !verdict;
}

function verdictSaid(name, given) {
  if (!given) return "";
  const answer = answerSaid(name, given.answer);
  if (given.verdict) {
    const near = typeof given.answer === "number" && given.answer !== given.verdict.truth ? ".near" : "";
    return t(given.verdict.right ? `cards.right${near}` : "cards.wrong", { answer });
  }
  if (judging.name === name && judging.error) return sayError(judging.error);
  return t("cards.judging", { answer });
}

/** The parts of a card that change only with the card and the language: maze, settings, fields. */
function drawCard(card) {
  drawn = `${card.name} ${state.lang}`;
  const fields = new URLSearchParams(card.link);
  drawMaze(fields);
  const settings = Object.entries(DYNAMICS).filter(([name]) => name !== card.asks);
  byId("card-settings").textContent = settings
    .map(([name, { default: usual }]) => `${t(name)} ${short(Number(fields.get(name) ?? usual))}`).join(" · ");
  const legend = byId("card-answers").firstElementChild;
  byId("card-answers").replaceChildren(legend, ...(card.choices ? choiceFields(card) : numberFields(card)));
}

function choiceFields({ name, choices }) {
  return choices.map((choice) => {
    const radio = make("input", { type: "radio", name: "card-choice", value: choice, id: `card-choice-${choice}` });
    radio.addEventListener("change", render);
    return make("label", {}, radio, t(`card.${name}.choice.${choice}`));
  });
}

/** A slider and the number beside it. Until one of them has been touched there is no answer. */
function numberFields({ low, high, step }) {
  const number = make("input", { type: "number", id: "card-number", min: low, max: high, step: "any" });
  const slider = make("input", { type: "range", id: "card-slider", min: low, max: high, step });
  slider.value = (low + high) / 2;
  for (const field of [number, slider]) field.setAttribute("aria-label", t("cards.answer"));
  slider.addEventListener("input", () => {
    number.value = slider.value;
    render();
  });
  number.addEventListener("input", () => {
    if (Number.isFinite(number.valueAsNumber)) slider.value = number.value;
    render();
  });
  const range = make("small", { textContent: t("cards.range", { low: short(low), high: short(high) }) });
  return [slider, number, range];
}

/** Where start, treasure and danger are, for who cannot see the picture. */
function placesIn(maze) {
  const places = (kind) => maze.grid.flatMap((line, row) =>
    line.flatMap((_, col) => (kindOf(maze, row, col) === kind ? [sayPlace([row, col])] : [])));
  return [["start", [sayPlace(maze.start)]], ["treasure", places("treasure")], ["danger", places("danger")]]
    .filter(([, found]) => found.length)
    .map(([kind, found]) => `${t(`kind.${kind}`)}: ${found.join(t("list"))}`);
}

function drawMaze(fields) {
  let { maze } = fromText(fields.get("maze"));
  if (fields.has("rewards")) maze = rewardsFromText(maze, fields.get("rewards"));
  const cells = maze.grid.flatMap((line, row) => line.map((_, col) => {
    const kind = isStart(maze, row, col) ? "start" : kindOf(maze, row, col);
    const own = maze.rewards[row][col];
    return make("i", { className: kind }, own === null ? DRAWN.includes(kind) ? icon(kind) : "" : short(own));
  }));
  const picture = byId("card-maze");
  picture.style.setProperty("--cols", colsOf(maze));
  picture.style.setProperty("--rows", rowsOf(maze));
  const size = t("board", { rows: rowsOf(maze), cols: colsOf(maze) });
  picture.setAttribute("aria-label", [size, ...placesIn(maze)].join("; "));
  picture.replaceChildren(...cells);
}
