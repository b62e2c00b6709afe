// Actions that last while a key, a button or a finger is held. Of several the latest counts, and no other is lost.

export class Held {
  #held = []; // [what holds it, action], the latest last
  #told = null;
  #tell;

  /** tell(action) hears of every change; of null where nothing is held. */
  constructor(tell) {
    this.#tell = tell;
  }

  hold(what, action) {
    this.#drop(what);
    this.#held.push([what, action]);
    this.#say();
  }

  release(what) {
    this.#drop(what);
    this.#say();
  }

  releaseAll() {
    this.#held.length = 0;
    this.#say();
  }

  /**
   * A finger or the mouse on `node` holds actionOf(event); where that is null, nothing. A click without a pointer,
   * such as a screen reader's, is a short push.
   */
  whilePressed(node, actionOf) {
    node.addEventListener("pointerdown", (event) => {
      const action = event.button === 0 ? actionOf(event) : null;
      if (action === null) return;
      node.setPointerCapture(event.pointerId);
      this.hold(event.pointerId, action);
    });
    for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) {
      node.addEventListener(type, ({ pointerId }) => this.release(pointerId));
    }
    node.addEventListener("contextmenu", (event) => event.preventDefault()); // a long press is a push here
    node.addEventListener("click", (event) => {
      if (event.detail !== 0 || node.role === "group") return;
      this.hold("click", actionOf(event));
      this.release("click");
    });
  }

  #drop(what) {
    const at = this.#held.findIndex(([each]) => each === what);
    if (at >= 0) this.#held.splice(at, 1);
  }

  #say() {
    const action = this.#held.at(-1)?.[1] ?? null;
    if (action === this.#told) return;
    this.#told = action;
    this.#tell(action);
  }
}
