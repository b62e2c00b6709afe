// A demonstration as text, a letter a step: "urrR". lab/teaching.py reads the same. Small letters u r d l: as
// intended; capital ones: it slipped to the left of that; digits 0 … 3: to the right of action 0 … 3.

import { colsOf, kindOf, placeOf, rewardOf, startOf, target } from "../core/maze.js";

const LETTERS = "URDLurdl0123";

/** The letter of a step, or null where no such step exists. */
function letterOf(maze, from, action, to) {
  if (![0, 1, 2, 3].includes(action)) return null;
  const turn = [0, -1, 1].find((each) => target(maze, from, (action + each + 4) % 4) === to);
  return turn === undefined ? null : LETTERS[action + 4 * (turn + 1)];
}

/** The steps of a demonstration in a world: [{ from, action, to, reward, slipped }], or null if it is none there. */
export function stepsOf({ maze, step_reward }, text) {
  const steps = [];
  let from = startOf(maze);
  for (const letter of text) {
    const place = LETTERS.indexOf(letter);
    if (place < 0 || endsAt(maze, from)) return null;
    const [action, turn] = [place % 4, Math.floor(place / 4) - 1];
    const to = target(maze, from, (action + turn + 4) % 4);
    steps.push({
      from, action, to, reward: rewardOf(maze, ...placeOf(maze, to)) ?? step_reward,
      slipped: to !== target(maze, from, action),
    });
    from = to;
  }
  return steps;
}

/** The text of steps [{ from, action, to }], or null where one cannot be. */
export function textOf(maze, steps) {
  let at = startOf(maze);
  const letters = steps.map(({ from, action, to }) => {
    const letter = from === at && !endsAt(maze, from) ? letterOf(maze, from, action, to) : null;
    at = to;
    return letter;
  });
  return letters.includes(null) ? null : letters.join("");
}

/** Whether an episode ends in a cell. */
export const endsAt = (maze, index) => ["treasure", "danger"].includes(kindOf(maze, ...placeOf(maze, index)));

/** The actions of a shortest way between two cells, past blocks and ends; null where there is none. */
export function wayTo(maze, from, to) {
  const came = new Map([[from, null]]);
  for (const at of came.keys()) { // grows on the way
    if (at === to) break;
    if (endsAt(maze, at)) continue;
    for (const action of [0, 1, 2, 3]) {
      const next = target(maze, at, action);
      if (!came.has(next)) came.set(next, { at, action });
    }
  }
  if (!came.has(to)) return null;
  const actions = [];
  for (let at = to; came.get(at); at = came.get(at).at) actions.unshift(came.get(at).action);
  return actions;
}

/** Two actions that, taken in turn, keep an agent at a cell or as near as can be: a wall holds it. */
export function staying(maze, at) {
  const held = [0, 1, 2, 3].find((action) => target(maze, at, action) === at);
  return held === undefined ? [0, 2] : [held, held];
}

export const sameSize = (one, other) =>
  one.grid.length === other.grid.length && colsOf(one) === colsOf(other);
