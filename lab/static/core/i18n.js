// Which language, and putting its sentences on the page.

import { ERRORS } from "./errors.js";
import { STRINGS } from "./strings.js";
import { state } from "./state.js";

for (const lang of Object.keys(STRINGS)) Object.assign(STRINGS[lang], ERRORS[lang]);

export { STRINGS };

/** The sentences of a page, { en, ja }. */
export function addStrings(strings) {
  for (const lang of Object.keys(STRINGS)) Object.assign(STRINGS[lang], strings[lang]);
}

const KEY = "nanoka-language";

/** ?lang=ja in the address first, then the reader's earlier choice, then the browser's language. */
export function firstLanguage() {
  const asked = new URLSearchParams(location.search).get("lang") ?? keptLanguage();
  if (asked in STRINGS) return asked;
  const wanted = navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag in STRINGS);
  return wanted ?? "en";
}

function keptLanguage() {
  try {
    return localStorage.getItem(KEY);
  } catch (error) {
    if (error instanceof DOMException) return null; // storage is switched off in this browser
    throw error;
  }
}

export function keepLanguage(lang) {
  try {
    localStorage.setItem(KEY, lang);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error; // switched off: the choice lasts for this visit
  }
}

/** The sentence for a key, {name} filled in from values. */
export function t(key, values = {}) {
  const text = STRINGS[state.lang][key];
  if (text === undefined) throw new Error(`no sentence for ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** "row 1, column 4": people count from 1. */
export const sayPlace = ([row, col]) => t("cell.at", { row: row + 1, col: col + 1 });

/** An error of the server in the page's language; settings are called what the page calls them. */
export function sayError({ code, args, message }) {
  const known = STRINGS[state.lang];
  if (!(`error.${code}` in known)) return message;
  return t(`error.${code}`, { ...args, name: known[args.name] ?? args.name });
}

/** data-t fills text; data-t-label the accessible name and tooltip of what shows no text of its own. */
export function localise(root) {
  document.documentElement.lang = state.lang;
  document.title = t("title");
  for (const node of root.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll("[data-t-label]")) {
    const text = node.dataset.tOf
      ? t(node.dataset.tLabel, { name: t(node.dataset.tOf) }) : t(node.dataset.tLabel);
    node.setAttribute("aria-label", text);
    if (node.matches("button")) node.title = text;
  }
}
