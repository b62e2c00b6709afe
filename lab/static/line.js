// The page's one line to the server, and the numbers that its questions go by.

import { connect } from "./socket.js";

let line = null;
let lastId = 0;

export function openLine(onMessage, onLink) {
  line = connect(onMessage, onLink);
}

/** True if the message left. */
export const send = (message) => line.send(message);

export function nextId() {
  lastId += 1;
  return lastId;
}
