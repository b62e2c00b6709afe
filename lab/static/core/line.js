// The page's one line to the server: it numbers the page's jobs, and takes each message to the job that it names.

import { connect } from "./socket.js";

const SILENCE = 5000; // milliseconds without a word, while an answer is due, after which the server seems to be stuck

let line = null;
let ready = false; // the server has said welcome: what left before would be asked for twice
let tellLink = () => {};
let lastId = 0;
let due = null; // the timer of an answer that is due
const jobs = new Map(); // id: { type of message: function }
// The server keeps what belongs to this page for a while when the line drops. (randomUUID needs https or loopback.)
const page = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0"))
  .join("");

/**
 * onLink("open", ids of jobs that outlived a gap), "lost", "full" (no room for one more reader), "silent" (an answer
 * is due for long) or "speaks" (it came); afterwards() follows everything that arrives.
 */
export function openLine(onLink, afterwards) {
  tellLink = onLink;
  line = connect((message) => {
    answered();
    if (message.type === "welcome") {
      ready = true;
      onLink("open", message.jobs);
    } else {
      onLink("speaks");
      jobs.get(message.id)?.[message.type]?.(message);
    }
    afterwards();
  }, (link) => {
    answered();
    ready = false;
    if (link === "open") leave({ type: "hello", page });
    else onLink(link);
    afterwards();
  });
}

function answered() {
  clearTimeout(due);
  due = null;
}

/** Send a message for a job, or one that begins a job, with a payload or without. True if it left. */
export const send = (message, payload) => ready && leave(message, payload);

function leave(message, payload) {
  const left = line.send(message, payload);
  if (left) due ??= setTimeout(() => tellLink("silent"), SILENCE);
  return left;
}

/** A new job's id; `answers` are what its messages do. */
export function newJob(answers) {
  lastId += 1;
  jobs.set(lastId, answers);
  return lastId;
}

/** Nobody listens to this job any more. */
export const forget = (id) => jobs.delete(id);
