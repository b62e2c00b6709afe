// Walking greedily with what has been learnt: the lesson pauses, each learner's walk is played on its board, and then
// everything goes on as it was.

import { movesLittle } from "../core/cells.js";
import { short } from "../core/format.js";
import { t } from "../core/i18n.js";
import { Player, SPEEDS } from "../core/player.js";
import { changed, state, tell } from "../core/state.js";
import { endOf, isOver, stepOn, sumsOf, toEnd, walkOf } from "../core/walk.js";
import { ask, isAlive, isRunning, lesson, pauseLesson, toggleLesson } from "./lesson.js";
import { nameOf } from "./views.js";

const LONG = 60; // steps

let walks = null; // { run, resume, boards: [walk] } while walks are asked for or on the boards
const players = [0, 1].map((number) => new Player(() => stepWalk(number)));

/** The walk on a board (walk.js), or null. */
export const walkOn = (number) => (walks?.run === lesson.run ? walks?.boards[number] ?? null : null);
export const isWalking = () => walks !== null && !(walks.boards.length && walks.boards.every(isOver));

export function toggleWalk() {
  if (isWalking()) stopWalks();
  else walkGreedily();
}

function walkGreedily() {
  if (!isAlive()) return;
  dropWalks();
  const resume = isRunning();
  pauseLesson();
  if (!ask({ type: "walk" })) return;
  const { run } = lesson;
  walks = { run, resume, boards: [] };
  run.walked = begin;
  changed();
}

function begin(messages) {
  if (!walks) return; // stopped before the answer came
  walks.maze = state.world.maze;
  walks.boards = messages.map((message) => walkOf(message, state.world));
  if (movesLittle()) {
    walks.boards.forEach(toEnd);
    finish();
  } else {
    walks.boards.forEach((walk, number) => {
      const usual = Math.min(5, Math.max(2, lesson.pace)); // but nobody watches 200 steps one by one
      players[number].speed = walk.steps.length > LONG ? SPEEDS.length - 1 : usual;
      players[number].play();
    });
  }
}

function stepWalk(number) {
  const goesOn = stepOn(walks.boards[number], players[number].stepsPerSecond);
  if (walks.boards.every(isOver)) finish();
  changed();
  return goesOn;
}

/** All have arrived: say how it ended, and go on. */
function finish() {
  const { run, boards, maze, resume } = walks;
  const ends = boards.map((walk, i) => () => {
    const { total, discounted } = sumsOf(walk);
    const end = endOf(walk, maze);
    const words = end === "truncated" ? t("greedy.truncated", { steps: walk.steps.length }) : t(`walk.${end}`);
    const sums = { value: short(total, 3), discounted: short(discounted, 3) };
    return t("greedy.end", { name: nameOf(run.learners[i]), end: words, ...sums });
  });
  if (resume) goOn();
  tell("info", () => ends.map((say) => say()).join(t("sentences")));
}

function goOn() {
  dropWalks();
  if (!isRunning() && !lesson.run.limit) toggleLesson();
}

/** Stop watching; what ran before the walk goes on. */
function stopWalks() {
  if (walks?.resume && walks.run === lesson.run) goOn();
  else dropWalks();
  changed();
}

/** No walk any more: something else happens on the boards, or the maze is another one. */
export function dropWalks() {
  for (const player of players) player.pause();
  walks = null;
}
