// The chosen cell in a lesson: what each learner holds for each action, and how often it took it.

import { actionsIn } from "../core/bellman.js";
import { byId, make } from "../core/dom.js";
import { fixed, full } from "../core/format.js";
import { sayPlace, t } from "../core/i18n.js";
import { ACTION_NAMES, ARROWS, kindOf, placeOf } from "../core/maze.js";
import { state } from "../core/state.js";
import { STYLES } from "./chart.js";
import { bestMask, knownLearners, lesson } from "./lesson.js";
import { nameOf } from "./views.js";

const cell = (tag, textContent, properties = {}) => make(tag, { textContent, ...properties });

export function renderLearnt() {
  const { maze } = state.world;
  const s = state.cell;
  const learners = knownLearners();
  const place = s === null ? null : placeOf(maze, s);
  const kind = place && kindOf(maze, ...place);
  byId("learnt-where").textContent = place ? sayPlace(place) : "";
  const shown = kind === "empty" && learners.length > 0;
  byId("learnt").hidden = !shown;
  byId("learnt-note").textContent = shown ? noteOf(learners, s) : explain(kind);
  if (!shown) return;
  const head = make("tr", {}, cell("td", ""));
  const values = make("tr", {}, cell("th", t("learnt.action"), { scope: "col" }));
  for (const [i, learner] of learners.entries()) {
    const title = cell("th", nameOf(learner), { scope: "colgroup", colSpan: 2 });
    title.style.color = `var(${STYLES[i].colour})`;
    head.append(title);
    values.append(cell("th", learner.based_on === "policy" ? "H(s, a)" : "Q(s, a)", { scope: "col" }),
      cell("th", t("learnt.visits"), { scope: "col" }));
  }
  byId("learnt").querySelector("thead").replaceChildren(head, values);
  byId("learnt").querySelector("tbody").replaceChildren(...ACTION_NAMES.map((name, a) => {
    const line = make("tr", {}, cell("th", `${ARROWS[a]} ${t(`action.${name}`)}`, { scope: "row" }));
    for (const learner of learners) {
      const best = actionsIn(bestMask(learner, s)).includes(a);
      const value = learner.q[s][a];
      line.append(cell("td", fixed(value, 4), { title: full(value), className: best ? "is-best" : "" }),
        cell("td", learner.n[s][a].toLocaleString("en")));
    }
    return line;
  }));
}

function explain(kind) {
  if (!kind) return t("learnt.choose");
  if (kind === "block") return t("cell.block");
  return t(kind === "empty" ? "learnt.none" : "learnt.end");
}

function noteOf(learners, s) {
  const critics = learners.filter(({ v }) => v)
    .map((learner) => t("learnt.critic", { name: nameOf(learner), value: fixed(learner.v[s], 4) }));
  const { truth } = lesson.run;
  const known = truth?.v ? [t("learnt.truth", {
    value: fixed(truth.v[s], 4), values: truth.q[s].map((q, a) => `${ARROWS[a]}\u00a0${fixed(q, 4)}`).join(t("list")),
  })] : [];
  return [t("learnt.note"), ...critics, ...known].join(t("sentences"));
}
