// Why nothing is learnt, in one sentence, when that is so.

import { t } from "../core/i18n.js";
import { colsOf, kindOf, placeOf, rewardOf, rowsOf, startOf, target } from "../core/maze.js";
import { learnersNow } from "./lesson.js";
import { nameOf } from "./views.js";

const PATIENCE = 20; // episodes

/** The sentence, or "". */
export function adviceFor({ maze, step_reward: stepReward }) {
  const stuck = learnersNow().filter(({ episode, treasures }) => episode >= PATIENCE && treasures === 0);
  if (!stuck.length) return "";
  const treasures = treasuresOf(maze);
  if (!treasures.length) return stepReward <= 0 && !paysAnything(maze) ? t("advice.none") : "";
  const reached = reachable(maze);
  if (!treasures.some((s) => reached.has(s))) return t("advice.walled");
  return stuck.map((learner) => t(learner.based_on === "policy" ? "advice.policy" : "advice.value", {
    name: nameOf(learner), episodes: Number(learner.episode.toPrecision(2)).toLocaleString("en"),
  })).join(t("sentences"));
}

const statesOf = (maze) => [...Array(rowsOf(maze) * colsOf(maze)).keys()];
const rewardAt = (maze, s) => rewardOf(maze, ...placeOf(maze, s)) ?? 0;
const isEnd = (maze, s) => ["treasure", "danger"].includes(kindOf(maze, ...placeOf(maze, s)));
const treasuresOf = (maze) => statesOf(maze).filter((s) => isEnd(maze, s) && rewardAt(maze, s) > 0);
const paysAnything = (maze) => statesOf(maze).some((s) => rewardAt(maze, s) > 0);

/** The states that an agent can get to from the start. */
function reachable(maze) {
  const found = new Set([startOf(maze)]);
  for (const s of found) { // it grows on the way
    if (!isEnd(maze, s)) for (const action of [0, 1, 2, 3]) found.add(target(maze, s, action));
  }
  return found;
}
