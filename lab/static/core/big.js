// A view for a class: the boards as large as the screen, their controls, and nothing else.

import { byId, on } from "./dom.js";
import { changed } from "./state.js";

export const isBig = () => document.documentElement.classList.contains("big");

export function buildBig() {
  on("big", "click", () => setBig(!isBig()));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && isBig()) setBig(false);
    if (event.key === "f" && event.target.closest(".cells")) setBig(!isBig());
  });
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement && isBig()) setBig(false); // the browser's own way out, such as Escape
  });
}

async function setBig(big) {
  document.documentElement.classList.toggle("big", big);
  byId("big").setAttribute("aria-pressed", String(big));
  changed();
  try {
    if (big) await document.documentElement.requestFullscreen?.();
    else if (document.fullscreenElement) await document.exitFullscreen();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // not allowed here: the view fills the window instead
  }
}
