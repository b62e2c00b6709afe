// A timer that plays something on a board, step by step. Each board may have its own.

export const SPEEDS = [1, 2, 4, 8, 16, 30, 60]; // steps a second

export class Player {
  #timer = null;
  #tick;
  #speed = 3;

  /** tick() shows the next step; it returns false at the end. */
  constructor(tick) {
    this.#tick = tick;
  }

  get playing() {
    return this.#timer !== null;
  }

  get speed() {
    return this.#speed;
  }

  /** An index into SPEEDS; it acts at once. */
  set speed(speed) {
    this.#speed = speed;
    if (this.playing) this.play();
  }

  get stepsPerSecond() {
    return SPEEDS[this.#speed];
  }

  /** Begin, or go on. A second call replaces the timer, it never adds one. */
  play() {
    this.pause();
    this.#timer = setInterval(() => {
      if (this.#tick() === false) this.pause();
    }, 1000 / this.stepsPerSecond);
  }

  pause() {
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
