// What one takes away: the ratings as a file, which can be read again; the words as a table; a command.

import { save } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { changed, state, tell } from "../core/state.js";
import { now, replace } from "./session.js";

const FILE = "nanoka-ratings.json";
const FORMAT = "nanoka-ratings-1";
const LARGEST = 1_000_000; // bytes
const CHOICES = ["first", "second", "same"];
const WHO = ["person", "taste", "coin", "longer"];

export function saveRatings() {
  const ratings = now().ratings.map(([first, second, choice, by]) => ({ first, second, choice, by }));
  const text = JSON.stringify({ format: FORMAT, language: state.lang, ratings }, null, 1);
  save(new Blob([text, "\n"], { type: "application/json" }), FILE);
}

/** Take the ratings of a file. What is wrong with it is said in one sentence. */
export async function loadRatings(file) {
  try {
    if (file.size > LARGEST) throw refused("rate.file.large");
    const { language, ratings } = read(await file.text());
    replace(language, ratings);
    const words = { count: ratings.length, name: file.name };
    tell("info", () => t(language === state.lang ? "rate.file.read" : `rate.file.read.${language}`, words));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    tell("error", () => t(error.message, { ...error.values, name: file.name }));
  }
  changed();
}

const refused = (key, values = {}) => Object.assign(new RangeError(key), { values });

function read(text) {
  const data = parsed(text);
  if (data?.format !== FORMAT || !["en", "ja"].includes(data.language) || !Array.isArray(data.ratings)) {
    throw refused("rate.file.format");
  }
  const { most } = now();
  if (!data.ratings.length || data.ratings.length > most) throw refused("rate.file.many", { most });
  return {
    language: data.language,
    ratings: data.ratings.map((rating, i) => {
      const { first, second, choice, by } = rating ?? {};
      const right = [first, second].every((words) => typeof words === "string" && words.length <= 500)
        && CHOICES.includes(choice) && WHO.includes(by ?? "person");
      if (!right) throw refused("rate.file.rating", { number: i + 1 });
      return [first, second, choice, by ?? "person"];
    }),
  };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw refused("rate.file.format");
  }
}

/** A line for each word. */
export function csv() {
  const { words, ratings } = now();
  if (!ratings.length) return null;
  return ["word,effect,share", ...words.map((row) => row.join(",")), ""].join("\n");
}

/** The script that learns the same from the file that can be saved; before that, from the synthetic rater. */
export function command() {
  const { rate_reads: reads, rate_n: n, rater } = state.settings.rate;
  const whose = now().ratings.length ? `--ratings ${FILE}` : `--rater ${rater} --language ${state.lang}`;
  return `python AP/rating.py ${whose} --reads ${reads} --n ${n}`;
}
