// The house: five rooms with doors, things with their words, the robot and the user.

import { SVG, byId, fill, make } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { home, iconOf, wish } from "./session.js";

export const THINGS = ["sponge", "towel", "water", "juice", "apple", "banana", "blanket", "sweater", "lamp", "candle",
  "book", "newspaper"];
const ROOMS = ["living", "kitchen", "bedroom", "study", "bathroom"];
const PLANS = ["kitchen", "bedroom", "living", "study", "bathroom"]; // as they stand on the page

export const thingName = (number) => t(`house.thing.${THINGS[number]}`);
export const roomName = (number) => t(`house.room.${ROOMS[number]}`);

/** A picture of a thing, from shapes in a square from -1 to 1: [kind, corners or points, colour]. */
function picture(number) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "-1.25 -1.25 2.5 2.5");
  svg.setAttribute("aria-hidden", "true");
  for (const [kind, values, colour] of iconOf(number)[1]) {
    const [left, top, right, bottom] = values;
    const [name, about] = {
      shape: ["polygon", { points: values.join(" ") }],
      disc: ["ellipse", {
        cx: (left + right) / 2, cy: (top + bottom) / 2, rx: (right - left) / 2, ry: (bottom - top) / 2,
      }],
      box: ["rect", { x: left, y: top, width: right - left, height: bottom - top }],
      round: ["rect", { x: left, y: top, width: right - left, height: bottom - top, rx: 0.25 }],
    }[kind];
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries({ ...about, fill: colour })) node.setAttribute(key, value);
    svg.append(node);
  }
  return svg;
}

function thing(number, className = "") {
  return make("span", { className: `house-thing ${className}` }, picture(number), thingName(number));
}

function person(className, words, ...more) {
  return make("span", { className }, make("b", { textContent: words }), ...more);
}

function room(name, now, said) {
  const number = ROOMS.indexOf(name);
  const door = now.doors[number];
  const head = make("span", { className: "house-name", textContent: roomName(number) });
  const box = make("div", { className: `house-room ${name} ${door}` }, head);
  if (number) box.append(make("i", { className: `house-door ${door}`, textContent: t(`house.door.${door}`) }));
  now.places.forEach((place, each) => {
    if (place === number) box.append(thing(each, now.before === each ? "before" : ""));
  });
  if (now.robot === number) {
    box.append(person("house-robot", t("house.robot"), ...(now.hand === null ? [] : [thing(now.hand)])));
  }
  if (number === 0) {
    const given = now.places.flatMap((place, each) => (place === "user" ? [thing(each)] : []));
    box.append(person("house-user", t("house.user"), make("q", { textContent: said }), ...given));
  }
  return box;
}

/** What the house holds, in words, for those who do not see it. */
function told(now) {
  const where = ROOMS.map((_, number) => {
    const things = now.places.flatMap((place, each) => (place === number ? [thingName(each)] : []));
    const words = { room: roomName(number), door: t(`house.door.${now.doors[number]}`) };
    return t(things.length ? "house.told.room" : "house.told.empty", { ...words, things: things.join(t("list")) });
  });
  return where.join(" ");
}

export function renderRooms(said) {
  const now = home();
  const stage = byId("house-stage");
  if (!now) return;
  const key = JSON.stringify([now.robot, now.before, now.hand, now.doors, now.places, said, wish(), t("house.user")]);
  fill(stage, key, () => [
    make("div", { className: "house-plan", ariaHidden: "true" }, ...PLANS.map((name) => room(name, now, said))),
    make("p", { className: "house-told", textContent: told(now) }),
  ]);
}
