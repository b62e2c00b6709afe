// What the person plays with: keys that are held, buttons for fingers, the halves of the boards; settings; readouts.

import { setSettings } from "../core/change.js";
import { accept } from "../core/controls.js";
import { byId, make, on, option, put, say } from "../core/dom.js";
import { short } from "../core/format.js";
import { Held } from "../core/hold.js";
import { t } from "../core/i18n.js";
import { state } from "../core/state.js";
import { BOARDS, drawBoards, shownBoards } from "./board.js";
import {
  dreamOn, dreaming, endDream, isDreaming, newGame, pause, playerNow, push, sayReward, show, toggleDream,
} from "./game.js";
import { SETTINGS } from "./settings.js";

const KEYS = { ArrowLeft: 0, ArrowRight: 2 };
const ACTS = { " ": toggleDream, n: newGame, d: dreamOn };
const BUTTONS = [["left", "←", 0], ["right", "→", 2]];
const AWAKE = 40; // steps after which one knows how to play

const held = new Held(push);

export function buildDream() {
  for (const [name, words, action] of BUTTONS) {
    const button = make("button", { id: `dream-${name}`, className: "icon", textContent: words });
    button.dataset.tLabel = `dream.push.${name}`;
    held.whilePressed(button, () => action);
    byId("dream-pad").append(button);
  }
  held.whilePressed(byId("dream-stage"), ({ clientX, target }) => {
    if (!target.matches("canvas") || playerNow() !== "person") return null;
    const { x, width } = target.getBoundingClientRect();
    return clientX < x + width / 2 ? 0 : 2;
  });
  on("dream-go", "click", toggleDream);
  on("dream-follow", "click", dreamOn);
  on("dream-new", "click", newGame);
  for (const name of ["temperature", "pace"]) {
    const setting = `dream_${name}`;
    const set = (final) => ({ target }) => setSettings("dream", { [setting]: target.valueAsNumber }, final);
    on(`dream-${name}`, "input", set(false));
    on(`dream-${name}`, "change", set(true));
    on(`dream-${name}`, "pointerup", playOn);
  }
  byId("dream-player").append(...SETTINGS.dreamer.choices.map((name) => option(name, `dream.player.${name}`)));
  let pointed = false; // whether a pointer chooses the player: who steps through the list by keys stays in it
  on("dream-player", "pointerdown", () => { pointed = true; });
  on("dream-player", "keydown", () => { pointed = false; });
  on("dream-player", "change", ({ target }) => {
    setSettings("dream", { dreamer: target.value });
    if (pointed) playOn();
  });
  on("dream-seed", "change", ({ target }) => {
    if (accept("dream.seed", target.valueAsNumber, SETTINGS.dream_seed)) {
      setSettings("dream", { dream_seed: target.valueAsNumber });
    }
    target.value = state.settings.dream.dream_seed;
  });
  on("dream-seed", "keydown", ({ key }) => { if (key === "Enter") playOn(); });
  for (const name of ["seen", "futures"]) {
    on(`dream-show-${name}`, "change", ({ target }) => show({ [name]: target.checked }));
  }
  document.addEventListener("keydown", onKeyDown);
  document.addEventListener("keyup", ({ key }) => { if (key in KEYS) held.release(key); });
  window.addEventListener("blur", () => held.releaseAll());
  window.addEventListener("pagehide", endDream);
  document.addEventListener("visibilitychange", () => { if (document.hidden) leaveDream(); });
}

/** After a setting was changed by hand the arrow keys are the game's again. */
const playOn = () => byId("dream-stage").focus({ preventScroll: true });

function onKeyDown(event) {
  const { key, repeat, ctrlKey, metaKey, altKey, target } = event;
  if (state.mode !== "dream" || ctrlKey || metaKey || altKey || target.closest("dialog")) return;
  if (!target.matches("body, button, summary, [type=checkbox], #dream-stage")) return;
  if (key === " " && !target.matches("body, #dream-stage")) return; // it presses what has the focus
  if (!(key in KEYS || key in ACTS)) return;
  event.preventDefault();
  if (repeat) return;
  if (key in KEYS) held.hold(key, KEYS[key]);
  else ACTS[key]();
}

/** Another page is shown: nothing is pushed, and the game waits. */
export function leaveDream() {
  held.releaseAll();
  pause();
}

export function renderDream() {
  const { run, shows } = dreaming;
  const { dream_temperature: temperature, dreamer, dream_seed: seed, dream_pace: pace } = state.settings.dream;
  const now = run?.now;
  const go = now?.over ? "dream.new" : run && !run.limited ? "dream.resume" : "dream.go";
  say(byId("dream-go"), t(isDreaming() ? "pause" : go));
  byId("dream-follow").disabled = !now || now.real.over;
  byId("dream-new").disabled = !now || run.limited;
  for (const button of byId("dream-pad").children) button.disabled = playerNow() !== "person";
  put("dream-temperature", temperature);
  put("dream-pace", pace);
  put("dream-seed", seed);
  speak("temperature", short(temperature, 2));
  speak("pace", t("dream.pace.value", { pace }));
  byId("dream-player").value = dreamer;
  byId("dream-player").options[1].disabled = run?.controller === false;
  for (const name of ["seen", "futures"]) byId(`dream-show-${name}`).checked = shows[name];
  const shown = shownBoards();
  for (const name of BOARDS) {
    const board = byId(`dream-${name}`);
    board.hidden = !shown.includes(name);
    const [title, beside] = board.querySelector("figcaption").children;
    say(title, t(`dream.name.${name}`));
    say(beside, now ? remark(name, now) : "");
  }
  say(byId("dream-hint"), hint());
  drawBoards();
}

function speak(name, words) {
  byId(`dream-${name}`).setAttribute("aria-valuetext", words);
  say(byId(`dream-${name}-value`), words);
}

/** What stands beside a board's name. */
function remark(name, { real, dream }) {
  if (name === "real") return t("dream.score", { ...real, reward: sayReward(real.caught - real.missed) });
  if (name === "dream") {
    const told = { reward: sayReward(dream.reward), steps: dream.alone };
    return t(dream.alone === 1 ? "dream.alone.one" : "dream.alone", told);
  }
  return t(name === "seen" ? "dream.painted" : "dream.ahead");
}

function hint() {
  const { run } = dreaming;
  if (run?.waking) return t("dream.waking");
  if (playerNow() !== state.settings.dream.dreamer) return t("dream.no.controller");
  if (run?.running && run.now?.step > AWAKE) return "";
  return t(`dream.hint.${playerNow()}`);
}
