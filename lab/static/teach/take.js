// What one takes away from teaching: the maps as CSV, commands that learn the same, a link with the demonstrations.

import { fromHash, mazeText, worldText } from "../core/address.js";
import { t } from "../core/i18n.js";
import { isOrdinary, placeOf } from "../core/maze.js";
import { state, tell } from "../core/state.js";
import { stepsOf } from "./codec.js";
import { learnt } from "./session.js";
import { FILE, homeWorld, isChanged, isTooMuch, replace, shown } from "./shown.js";
import { VIEWS, boardCount, setView, viewOf } from "./views.js";

const LONGEST = 6_000; // letters of demonstrations in a link; chats and mail programs cut longer ones

/** A line for each ordinary cell: what cloning does there, and the rewards that MaxEnt and Bayes recovered. */
export function csv() {
  const run = learnt();
  if (!run?.maxent) return null;
  const { maze } = homeWorld();
  const lines = run.maxent.reward.flatMap((reward, s) => {
    if (!isOrdinary(maze, s)) return [];
    const [row, col] = placeOf(maze, s);
    const { mean, sd } = run.posterior ?? {};
    return [[row + 1, col + 1, run.seen.includes(s) ? "yes" : "no", ...run.cloned[s], reward, mean?.[s] ?? "",
      sd?.[s] ?? ""].join(",")];
  });
  return ["row,column,seen,up,right,down,left,maxent,mean,sd", ...lines, ""].join("\n");
}

/** The scripts that learn the same from the file that can be saved; before that, from the optimal policy. */
export function command() {
  const { l2, beta, horizon, demos } = state.settings.teach;
  const { gamma } = state.world;
  if (!shown.list.length) {
    return `python IM/maxent.py --maze "${mazeText(state.world)}" --episodes ${demos} --horizon ${horizon} `
      + `--gamma ${gamma} --l2 ${l2}`;
  }
  return [`python IM/maxent.py --demonstrations ${FILE} --horizon ${horizon} --l2 ${l2}`,
    `python IM/bayesian.py --demonstrations ${FILE} --gamma ${gamma} --beta ${beta} --steps 2000`].join("\n");
}

/** What a copied link carries: the views and the demonstrations, with their maze where that is another one. */
export function teachView() {
  const views = { maps: [...Array(boardCount()).keys()].map(viewOf).join(",") };
  if (!shown.list.length) return views;
  const demonstrations = shown.list.map(({ text }) => text).join(",");
  if (demonstrations.length > LONGEST) {
    tell("info", () => t("teach.link.long", { most: LONGEST.toLocaleString("en") }));
    return views;
  }
  const taught = isChanged() ? { taught: worldText(shown.world).replaceAll("&", ";") } : {};
  return { ...views, shown: demonstrations, ...taught };
}

export function openTeachView({ maps = "", shown: texts = "", taught = "" }) {
  maps.split(",").slice(0, 2).forEach((each, number) => {
    if (VIEWS.includes(each)) setView(number, each);
  });
  if (!texts) return;
  const world = taught ? fromHash(taught.replaceAll(";", "&")).world : state.world;
  const list = texts.split(",").map((text) => ({ text, by: "file" }));
  if (!isTooMuch(list) && list.every(({ text }) => text && stepsOf(world, text))) replace(world, list);
  else tell("error", () => t("teach.link.broken"));
}
