// What the cells of a learner's board can show: what it believes, what is true, and how it acts.

import { CATALOGUE } from "../catalogue.js";
import { greedyMask } from "../core/bellman.js";
import { css, legendGradient, valueColour } from "../core/colour.js";
import { compact, fixed, short, signedFixed } from "../core/format.js";
import { t } from "../core/i18n.js";
import { ACTION_NAMES } from "../core/maze.js";
import { settingsOf } from "../core/state.js";
import { bestMask, knownLearners, learnersNow, lesson } from "./lesson.js";
import { learnersOf } from "./settings.js";

export const sum = (row) => row.reduce((total, n) => total + n, 0);
export const nameOf = (learner) => t(`learner.${learner.name}`);
const isPolicy = (name) => CATALOGUE.learners[name].based_on === "policy";

/** { name, seed } of a board: in the lesson, or as chosen. */
export const learnerOf = (number) => learnersNow()[number] ?? learnersOf(settingsOf("learn"))[number];

/** The views that a learner has. */
export function viewsOf(name) {
  const has = (setting) => CATALOGUE.learners[name].settings.includes(setting);
  return ["q", "policy", "n", "truth", ...(isPolicy(name) ? ["critic"] : ["error"]),
    ...(has("lambda_") ? ["traces"] : []), ...(has("planning_steps") ? ["model"] : [])];
}

/** The view that a board shows now. */
export function viewOf(number) {
  const { name } = learnerOf(number) ?? {};
  return name && viewsOf(name).includes(lesson.views[number]) ? lesson.views[number] : "q";
}

export const viewName = (view, name) => t(view === "q" && isPolicy(name) ? "view.h" : `view.${view}`);

/** The probabilities [A] with which a learner acts in a state: softmax of H, or of Q / τ, or ε-greedy. */
export function actionProbs({ based_on: base, q, n }, s, { epsilon, epsilon_decay: decay, temperature }) {
  const row = q[s];
  const best = Math.max(...row);
  if (base === "policy" || temperature) {
    const weights = row.map((value) => Math.exp((value - best) / (base === "policy" ? 1 : temperature)));
    return weights.map((weight) => weight / sum(weights));
  }
  const explore = epsilon * Math.max(1, sum(n[s])) ** -decay;
  const ties = row.filter((value) => value === best).length;
  return row.map((value) => explore / row.length + (value === best ? (1 - explore) / ties : 0));
}

/** A planner's model of a state: how many steps ago it tried each action; null for what it never tried. */
const agesOf = ({ tried, step }, s) => tried[s].map((at) => (at ? step - at : null));

/** Each view: the numbers of a state (one for each action, or one alone), how they are written, and the arrows. */
const VIEWS = {
  q: {
    numbers: ({ q }, s) => q[s], write: fixed, signed: true,
    known: visited, best: bestMask,
  },
  policy: {
    numbers: (learner, s) => actionProbs(learner, s, lesson.run.told.settings), write: fixed,
    known: visited, best: bestMask, largest: 1,
  },
  n: { one: true, numbers: ({ n }, s) => [sum(n[s])], write: compact, known: visited, logarithmic: true },
  truth: {
    one: true, numbers: (_, s) => [lesson.run.truth.v[s]], write: fixed, signed: true,
    known: () => Boolean(lesson.run.truth?.v), best: (_, s) => greedyMask(lesson.run.truth.q[s].map((q) => ({ q }))),
  },
  error: {
    numbers: ({ q }, s) => q[s].map((value, a) => value - lesson.run.truth.q[s][a]), write: signedFixed, signed: true,
    known: (learner, s) => Boolean(lesson.run.truth?.q) && visited(learner, s), best: bestMask,
  },
  critic: {
    one: true, numbers: ({ v }, s) => [v[s]], write: fixed, signed: true, known: visited, best: bestMask,
  },
  traces: {
    numbers: ({ traceRows }, s) => traceRows.get(s), write: fixed, known: ({ traceRows }, s) => traceRows.has(s),
    best: () => 0,
  },
  model: {
    numbers: agesOf, write: (age) => (age === null ? "–" : compact(age)), known: visited, best: () => 0,
    logarithmic: true, floor: 0.2, // what was tried just now is known, too
  },
};

function visited({ n }, s) {
  return n[s].some(Boolean);
}

/** The traces as rows: a Map from state to [A]. */
function traceRows({ traces }) {
  const rows = new Map();
  for (const [s, a, trace] of traces ?? []) {
    if (!rows.has(s)) rows.set(s, [0, 0, 0, 0]);
    rows.get(s)[a] = trace;
  }
  return rows;
}

/** The numbers that a view has of all states: [numbers or null]. */
export function numbersOf(view, learner) {
  const { known, numbers } = VIEWS[view];
  const ready = view === "traces" ? { ...learner, traceRows: traceRows(learner) } : learner;
  return learner.q.map((_, s) => (known(ready, s) ? numbers(ready, s) : null));
}

/** A round number that is at least `value`, so that colours do not shift with every step. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((each) => each * power >= value * 0.999999);
  return Number((power * factor).toPrecision(3));
}

/**
 * What a board shows: { view, numbers: [numbers or null], one, write, best, largest, shade(number) in -1 … 1 }, or
 * null before there is anything. Boards that show the same kind of numbers share their colours.
 */
export function pictureOf(number) {
  const learners = knownLearners();
  const learner = learners[number];
  if (!learner) return null;
  const view = viewOf(number);
  const kind = VIEWS[view];
  const numbers = numbersOf(view, learner);
  const beside = learners[1 - number];
  const alike = beside && viewOf(1 - number) === view && beside.based_on === learner.based_on;
  const all = alike ? [...numbers, ...numbersOf(view, beside)] : numbers;
  // At least a tenth: the first steps teach hundredths, which should not look like danger.
  const largest = kind.largest
    ?? roundUp(all.reduce((most, row) => (row ? Math.max(most, ...row.map(Math.abs)) : most), 0.1));
  const floor = kind.floor ?? 0;
  const logarithm = (n) => floor + ((1 - floor) * Math.log1p(n)) / (Math.log1p(largest) * 1.1);
  const shade = kind.logarithmic ? (n) => (n === null ? 0 : logarithm(n)) : (value) => value / largest;
  return { ...kind, view, learner, numbers, largest, shade };
}

/** The legend of a board: { low, high, gradient, words }. */
export function legendOf(number) {
  const picture = pictureOf(number);
  const { name } = learnerOf(number);
  const view = viewOf(number);
  const base = view === "q" && isPolicy(name) ? "h" : view;
  const { largest, signed, logarithmic } = picture ?? VIEWS[view];
  const high = largest ? (logarithmic ? compact(largest) : short(largest, 3)) : "";
  const gradient = signed ? legendGradient() : `linear-gradient(to right, ${[0, 0.25, 0.5, 0.75, 1]
    .map((share) => css(valueColour(share, 1))).join(", ")})`;
  const missing = lesson.run?.truth && !lesson.run.truth.v && (view === "truth" || view === "error");
  const ends = signed ? [largest ? short(-largest, 3) : "−", `+${high}`] : ["0", high];
  return { low: ends[0], high: ends[1], gradient, words: t(missing ? "legend.missing" : `legend.${base}`) };
}

/** What the colours of all boards mean, { scale }, for a picture to take away; null where they mean several. */
export function sharedLegend() {
  const pictures = [0, 1].map(pictureOf).filter(Boolean);
  const [first] = pictures;
  return first?.signed && pictures.every(({ view, largest }) => view === first.view && largest === first.largest)
    ? { scale: first.largest } : null;
}

/** For screen readers: what the view adds to what is always said of a cell. */
export function describeView(number, s) {
  const view = viewOf(number);
  const learner = learnersNow()[number];
  if (!learner?.q || view === "q" || view === "n" || !(s < learner.q.length)) return [];
  const numbers = numbersOf(view, learner)[s];
  if (!numbers) return [];
  const written = numbers.map((value, a) => {
    const words = VIEWS[view].write(value, 3);
    return numbers.length > 1 ? `${t(`action.${ACTION_NAMES[a]}`)} ${words}` : words;
  }).join(t("list"));
  return [t("cell.view", { view: viewName(view, learner.name), numbers: written })];
}
