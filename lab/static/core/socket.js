// The line to the server: text and binary both ways, and it dials again by itself when the line drops.

const FIRST_WAIT = 400;
const LONGEST_WAIT = 4000;
const FULL = 1013; // how the server closes a line for which it has no room, and how long to stay away then
const FULL_WAIT = 20000;

/** onMessage(message) for each message, onLink("open" | "lost" | "full") when the line changes. */
export function connect(onMessage, onLink) {
  let socket = null;
  let wait = FIRST_WAIT;

  function dial() {
    const address = new URL("live", document.baseURI);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.hash = "";
    socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      wait = FIRST_WAIT;
      onLink("open");
    });
    socket.addEventListener("message", ({ data }) =>
      onMessage(typeof data === "string" ? JSON.parse(data) : unpack(data)));
    // A failed dial also ends in "close", so this is the only place that dials again.
    socket.addEventListener("close", ({ code }) => {
      onLink(code === FULL ? "full" : "lost");
      setTimeout(dial, code === FULL ? FULL_WAIT : wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    });
  }

  dial();
  return {
    /** True if the message left; the caller decides what to do when it did not. `payload`: bytes, or nothing. */
    send(message, payload) {
      if (socket.readyState !== WebSocket.OPEN) return false;
      socket.send(payload ? pack(message, payload) : JSON.stringify(message));
      return true;
    },
  };
}

/** A binary message: four bytes for the length of its header, the header as JSON, the payload. */
function pack(message, payload) {
  const header = new TextEncoder().encode(JSON.stringify(message));
  const bytes = new Uint8Array(4 + header.length + payload.length);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 4);
  bytes.set(payload, 4 + header.length);
  return bytes;
}

function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return { ...header, payload: new Uint8Array(buffer, 4 + length) };
}
