// Starts the page: one state, one render, and the few things that belong to no part of it.

import { renderBoard } from "./board.js";
import { renderChart, sweepAt } from "./chart.js";
import { onSchemeChange } from "./colour.js";
import { buildControls, renderControls } from "./controls.js";
import { firstLanguage, localise, remember, t } from "./i18n.js";
import { listenToBoard } from "./input.js";
import { buildInspector, renderInspector } from "./inspector.js";
import { renderCurve } from "./learn_chart.js";
import { buildLearnControls, renderLearnControls, renderMode } from "./learn_controls.js";
import { renderLearnt } from "./learn_inspector.js";
import { pauseLesson } from "./lesson.js";
import { colsOf, rowsOf } from "./maze.js";
import { pause, show } from "./player.js";
import { open, worldChanged } from "./session.js";
import { changed, commit, fromHash, isLearning, onChange, state, tell, toHash, travel } from "./state.js";

const byId = (id) => document.getElementById(id);

// -- render: at most once a frame, whatever happened in between -----------------------------------------------

let frame = null;
onChange(() => {
  frame ??= requestAnimationFrame(() => {
    frame = null;
    render();
  });
});

function render() {
  renderMode();
  renderControls();
  if (isLearning()) renderLearnControls();
  renderBoard(changed);
  if (isLearning()) {
    renderCurve();
    renderLearnt();
  } else {
    renderChart();
    renderInspector();
  }
}

// -- the world, its address and undo --------------------------------------------------------------------------

function setWorld(changes, remembered = true) {
  const old = state.world;
  state.world = { ...old, ...changes };
  if (toHash(old) !== toHash(state.world)) afterChange(old);
  if (remembered) rememberWorld();
}

function afterChange(old) {
  const [now, before] = [state.world.maze, old.maze];
  if (rowsOf(now) !== rowsOf(before) || colsOf(now) !== colsOf(before)) state.cell = null;
  if (state.world.mode !== old.mode) {
    pause();
    pauseLesson();
  }
  if (now !== before) {
    pause();
    state.walk = null;
  }
  worldChanged(old);
}

/** Another day of the course. Undo does not take this back, so it is not remembered there. */
function setMode(mode) {
  const old = state.world;
  state.world = { ...old, mode };
  state.committed = toHash(state.world);
  if (mode !== old.mode) afterChange(old);
  writeAddress();
}

function rememberWorld() {
  if (commit()) writeAddress();
}

function writeAddress() {
  history.replaceState(null, "", `#${state.committed}`);
  changed();
}

function go(from, to) {
  const old = state.world;
  if (!travel(from, to)) return;
  afterChange(old);
  writeAddress();
}
const back = () => go(state.past, state.future);
const forth = () => go(state.future, state.past);

/** Take the world of the address, at the start and whenever a link is pasted into the address bar. */
function readAddress() {
  if (location.hash.length < 2 || location.hash === `#${state.committed}`) return;
  try {
    setWorld(fromHash(location.hash));
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof URIError)) throw error;
    tell("error", () => t("link.bad"));
  }
}

// -- language, help, share ------------------------------------------------------------------------------------

function speak(lang) {
  state.lang = lang;
  localise(document);
  for (const each of ["en", "ja"]) byId(`lang-${each}`).setAttribute("aria-pressed", String(each === lang));
  changed();
}

async function share() {
  try {
    await navigator.clipboard.writeText(location.href);
    tell("info", () => t("share.done"));
  } catch (error) {
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
    tell("info", () => t("share.manual")); // no clipboard here, or not allowed
  }
}

function listen() {
  for (const lang of ["en", "ja"]) {
    byId(`lang-${lang}`).addEventListener("click", () => {
      remember(lang);
      speak(lang);
    });
  }
  byId("share").addEventListener("click", share);
  byId("help").addEventListener("click", () => byId("help-panel").showModal());
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address holds the maze, so the link must not replace it by #board
    document.querySelector('#board [tabindex="0"]').focus();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input[type=number], select");
    if (!(event.ctrlKey || event.metaKey) || typing) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) forth();
    else back();
  });
  const chart = byId("chart");
  const scrub = (event) => {
    if (state.result && event.buttons) show(sweepAt(event.clientX));
  };
  chart.addEventListener("pointerdown", scrub);
  chart.addEventListener("pointermove", scrub);
  window.addEventListener("hashchange", readAddress);
  new ResizeObserver(changed).observe(document.querySelector("main"));
  window.addEventListener("resize", changed);
  onSchemeChange(changed);
}

buildControls(setWorld, back, forth);
buildLearnControls(setWorld, setMode);
buildInspector((action) => {
  state.action = action;
  changed();
});
listenToBoard(rememberWorld);
listen();
state.committed = toHash(state.world);
state.lang = firstLanguage();
readAddress();
Object.assign(state, { past: [], future: [] }); // a link that was opened is where undo begins
byId("settings").open = matchMedia("(min-width: 700px)").matches;
speak(state.lang);
writeAddress();
open();
