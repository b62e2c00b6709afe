// The page Dream (Day 6): a person plays inside the dream of a world model, beside the real game.

import { t } from "../core/i18n.js";
import { state } from "../core/state.js";
import { buildDream, leaveDream, renderDream } from "./controls.js";
import { dreamChanged, dreamLink, dreaming, isDreaming, show } from "./game.js";
import { markup } from "./markup.js";
import { SETTINGS } from "./settings.js";
import { strings } from "./strings.js";

const shown = () => Object.keys(dreaming.shows).filter((name) => dreaming.shows[name]);

export const dreamPage = {
  id: "dream",
  day: 6,
  settings: SETTINGS,
  strings,
  markup,
  build: buildDream,
  render: renderDream,
  boards: () => 0,
  numbers: () => [],
  busy: isDreaming,
  summary: () => t(`dream.player.${state.settings.dream.dreamer}`),
  changed: dreamChanged,
  leave: leaveDream,
  link: dreamLink,
  view: () => (shown().length ? { shows: shown().join(",") } : {}),
  openView({ shows = "" }) {
    for (const name of Object.keys(dreaming.shows)) if (shows.split(",").includes(name)) show({ [name]: true });
  },
  moment: ["shows"],
};
