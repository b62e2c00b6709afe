// Small helpers for the page's elements.

export const byId = (id) => document.getElementById(id);
export const on = (id, type, listener) => byId(id).addEventListener(type, listener);

export const make = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};

/** Elements from a piece of HTML that this page itself holds. */
export function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

/** An option of a select, whose words follow the language. */
export const option = (value, key) => {
  const node = make("option", { value });
  node.dataset.t = key;
  return node;
};

/** Give a file to the reader. */
export function save(blob, name) {
  const address = URL.createObjectURL(blob);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // some browsers begin to read it only after a question
}

export const SVG = "http://www.w3.org/2000/svg";

/** A picture of the sprite in index.html. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** Write only what changes: a live region would otherwise be read out again and again. */
export const say = (node, words) => {
  if (node.textContent !== words) node.textContent = words;
};

export const setAttribute = (node, name, value) => {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
};

/** A field shows the state, except while somebody is typing in it. */
export function put(id, value) {
  const field = byId(id);
  if (document.activeElement !== field || field.type !== "number") field.value = String(value);
}

const filled = new Map();
/** Fill a list or table where its words have changed: nobody's reading or selection is cut by a mere redrawing. */
export function fill(node, key, build) {
  if (filled.get(node) === key) return;
  filled.set(node, key);
  node.replaceChildren(...build());
}
