// The line to the server: JSON both ways, and it dials again by itself when the line drops.

const FIRST_WAIT = 400;
const LONGEST_WAIT = 4000;

/** onMessage(message) for each message, onLink("open" | "lost") when the line changes. */
export function connect(onMessage, onLink) {
  let socket = null;
  let wait = FIRST_WAIT;

  function dial() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}/live`);
    socket.addEventListener("open", () => {
      wait = FIRST_WAIT;
      onLink("open");
    });
    socket.addEventListener("message", (event) => onMessage(JSON.parse(event.data)));
    // A failed dial also ends in "close", so this is the only place that dials again.
    socket.addEventListener("close", () => {
      onLink("lost");
      setTimeout(dial, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    });
  }

  dial();
  return {
    /** True if the message left; the caller decides what to do when it did not. */
    send(message) {
      if (socket.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(message));
      return true;
    },
  };
}
