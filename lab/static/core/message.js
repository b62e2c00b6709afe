// What every message about a world holds.

import { ownRewards } from "./maze.js";

export function worldMessage({ maze, prob, gamma, step_reward }) {
  const rewards = ownRewards(maze);
  return { grid: maze.grid, start: maze.start, prob, gamma, step_reward, ...(rewards.length ? { rewards } : {}) };
}
