// Starts the page: its list of pages, one render, and the few things that belong to no page.

import { Board } from "./core/board.js";
import { buildBig } from "./core/big.js";
import { beginHistory, readAddress, redo, undo } from "./core/change.js";
import { onSchemeChange } from "./core/colour.js";
import { buildControls, renderControls } from "./core/controls.js";
import { byId, on } from "./core/dom.js";
import { buildFrame, renderFrame, renderNames } from "./core/frame.js";
import { firstLanguage, keepLanguage, localise, t } from "./core/i18n.js";
import { openLine } from "./core/line.js";
import { addPanels, current, pages, panels, register } from "./core/registry.js";
import { changed, onChange, state, tell } from "./core/state.js";
import { buildTake } from "./core/take.js";
import { listenTo } from "./core/tools.js";
import { cardsPanel } from "./cards/panel.js";
import { catchPage } from "./catch/page.js";
import { dreamPage } from "./dream/page.js";
import { housePage } from "./house/page.js";
import { learnPage } from "./learn/page.js";
import { planPage } from "./plan/page.js";
import { playPage } from "./play/page.js";
import { ratePage } from "./rate/page.js";
import { tankPage } from "./tank/page.js";
import { teachPage } from "./teach/page.js";

// A new page is one more name here.
register([playPage, planPage, learnPage, teachPage, catchPage, dreamPage, ratePage, tankPage, housePage], planPage);
addPanels([cardsPanel]);

const boards = [new Board(byId("board"), 0), new Board(byId("board-2"), 1)];
const shown = () => boards.slice(0, current().boards());

// -- render: at most once a frame, whatever happened in between -----------------------------------------------

let frame = null;
onChange(() => {
  frame ??= requestAnimationFrame(() => {
    frame = null;
    render();
  });
});

function render() {
  const page = current();
  const count = page.boards();
  renderControls();
  byId("column-2").hidden = count < 2;
  document.querySelector("main").classList.toggle("compare", count === 2);
  document.documentElement.classList.toggle("mazeless", count === 0);
  page.render();
  for (const panel of panels) panel.render();
  renderNames(shown());
  const again = shown().map((board) => board.render());
  renderFrame(shown());
  if (again.some(Boolean)) changed();
}

// -- the line to the server -----------------------------------------------------------------------------------

function onLink(link, alive) {
  const before = state.link;
  if (link === "speaks") {
    if (before === "silent") state.link = "open";
    return;
  }
  state.link = link;
  if (link === "silent") changed();
  else {
    if (link === "open" && ["lost", "full"].includes(before)) tell("info", () => t("link.back"));
    for (const each of [...pages, ...panels]) each.link(link, alive);
  }
}

// -- language, help -------------------------------------------------------------------------------------------

function speak(lang) {
  state.lang = lang;
  localise(document);
  for (const each of ["en", "ja"]) byId(`lang-${each}`).setAttribute("aria-pressed", String(each === lang));
  changed();
}

function listen() {
  for (const lang of ["en", "ja"]) {
    on(`lang-${lang}`, "click", () => {
      keepLanguage(lang);
      speak(lang);
    });
  }
  on("help", "click", () => byId("help-panel").showModal());
  on("skip", "click", (event) => {
    event.preventDefault(); // the address holds the maze, so the link must not replace it by #board
    document.querySelector(`${shown().length ? "#board" : ".transport > :not([hidden])"} [tabindex="0"]`).focus();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input[type=number], input[type=text], select");
    if (!(event.ctrlKey || event.metaKey) || typing) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) redo();
    else undo();
  });
  window.addEventListener("hashchange", readAddress);
  new ResizeObserver(changed).observe(document.querySelector("main"));
  window.addEventListener("resize", changed);
  onSchemeChange(changed);
}

state.lang = firstLanguage();
buildControls();
for (const each of [...pages, ...panels]) each.build();
for (const board of boards) listenTo(board);
listen();
beginHistory();
const roomy = matchMedia("(min-width: 700px)");
byId("settings").open = roomy.matches;
const fold = () => { byId("maze").open = roomy.matches; }; // on a phone the board comes first
roomy.addEventListener("change", fold);
fold();
buildFrame(boards);
buildTake(shown);
buildBig();
speak(state.lang);
openLine(onLink, changed);
