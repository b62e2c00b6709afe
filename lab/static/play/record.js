// What remains of a person's walks: their mean beside the optimum and a learner's, and what they tell of the rules.

import { byId, make, on, save, say } from "../core/dom.js";
import { fixed, short } from "../core/format.js";
import { t } from "../core/i18n.js";
import { ACTION_NAMES, ARROWS } from "../core/maze.js";
import { pageOf } from "../core/registry.js";
import { state } from "../core/state.js";
import {
  canForget, demonstrations, forgetWalks, outcomeOf, recordHere, returnOf, takeBackWalks, walksElsewhere,
} from "./walking.js";

const LEAST = 10; // walks; the spread of fewer is itself too uncertain to be told

export function buildRecord() {
  on("play-take", "click", takeAway);
  on("play-forget", "click", forgetWalks);
  on("play-back", "click", takeBackWalks);
}

/** Save the walks of this maze as a file. */
const takeAway = () => save(new Blob([demonstrations()], { type: "application/json" }), "nanoka-walks.json");

export function renderRecord() {
  const record = recordHere();
  byId("play-take").disabled = !record.walks.length;
  byId("play-forget").disabled = !canForget();
  byId("play-back").hidden = !record.forgotten;
  renderMeans(record);
  renderRules(record);
}

// -- means -----------------------------------------------------------------------------------------------------

function renderMeans({ walks, optima }) {
  const returns = walks.filter(({ finished }) => finished).map(({ steps }) => returnOf(steps, state.world.gamma));
  const optimum = optima[state.world.gamma] ?? null;
  const learner = pageOf("learn")?.meanReturn() ?? null;
  const count = returns.length;
  const rows = [
    [t(count === 1 ? "play.you.one" : "play.you", { count }), count ? short(mean(returns), 3) : "–"],
    [t("play.optimum"), optimum === null ? "–" : short(optimum, 3)],
    ...(learner ? [[t("play.learner", { name: learner.name }), short(learner.value, 3)]] : []),
  ];
  fill(byId("play-means"), rows, () => rows.map((row) => line("td", "row", row)));
  const [left, elsewhere] = [walks.length - count, walksElsewhere()];
  say(byId("play-compare"), [
    compare(returns, optimum),
    ...(learner ? [t("play.learner.note")] : []),
    ...(left ? [t("play.left.early", { count: left })] : []),
    ...(elsewhere ? [t("play.elsewhere", { count: elsewhere })] : []),
  ].join(t("sentences")));
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** One sentence about the difference: what of it may be luck, and what is not. */
export function compare(returns, optimum) {
  const count = returns.length;
  if (!count) return t("play.compare.none");
  if (optimum === null) return t("play.compare.unknown");
  if (count < LEAST) return t("play.compare.few", { least: LEAST });
  const difference = mean(returns) - optimum;
  const spread = Math.sqrt(mean(returns.map((value) => (value - mean(returns)) ** 2)) * count / (count - 1));
  const error = 2 * spread / Math.sqrt(count); // 95% of means lie within two standard errors
  const kind = Math.abs(difference) <= error + 1e-9 ? "near" : difference < 0 ? "below" : "above";
  return t(`play.compare.${kind}`, { difference: short(Math.abs(difference), 3), error: short(error, 3), count });
}

// -- what the steps tell of the rules --------------------------------------------------------------------------

const OUTCOMES = ["intended", "left", "right", "side"];

function renderRules({ walks, maze, seen }) {
  const counts = ACTION_NAMES.map(() => OUTCOMES.map(() => 0));
  for (const { steps } of walks) for (const step of steps) counts[step.action][outcomeOf(maze, step)] += 1;
  const totals = OUTCOMES.map((_, k) => counts.reduce((sum, row) => sum + row[k], 0));
  const all = totals.reduce((sum, each) => sum + each, 0);
  const cells = maze.grid.length * maze.grid[0].length;
  const note = [...(all ? [] : [t("play.rules.none")]), t("play.seen", { seen: seen.size, cells })];
  say(byId("rules-note"), note.join(t("sentences")));
  byId("rules-table").hidden = !all;
  if (!all) return;
  const { prob } = state.world;
  const head = [t("play.rules.action"), ...OUTCOMES.map((name) => t(`play.rules.${name}`))];
  const lines = counts.map((row, a) => [`${ARROWS[a]} ${t(`action.${ACTION_NAMES[a]}`)}`, ...row.map(String)]);
  lines.push([t("play.rules.all"), ...totals.map((n) => `${n} (${fixed(n / all, 2)})`)]);
  if (state.settings.play.rules === "on") {
    lines.push([t("play.rules.true"), short(prob, 3), short((1 - prob) / 2, 3), short((1 - prob) / 2, 3), "–"]);
  }
  const shown = [head, ...lines].map((row) => (totals[3] ? row : row.slice(0, 4))); // mostly the side is known
  fill(byId("rules-table"), shown, () => [
    make("thead", {}, line("th", "col", shown[0])),
    make("tbody", {}, ...shown.slice(1).map((row) => line("td", "row", row))),
  ]);
}

// -- tables ----------------------------------------------------------------------------------------------------

const filled = new Map(); // what stands in a table now

/** Fill a table where its words have changed: nobody's reading or selection is cut by a mere redrawing. */
function fill(table, words, build) {
  const text = JSON.stringify(words);
  if (filled.get(table) === text) return;
  filled.set(table, text);
  table.replaceChildren(...build());
}

/** A row: a name, and cells of a tag, which have the scope, too, where they are headers. */
function line(tag, scope, [name, ...words]) {
  const cells = words.map((textContent) => make(tag, tag === "th" ? { textContent, scope } : { textContent }));
  return make("tr", {}, make("th", { textContent: name, scope }), ...cells);
}
