// Where the page Rate puts what (the slots of index.html).

const review = (name, key) => `
        <button id="rate-${name}" class="rate-review"><kbd>${key}</kbd> <span></span></button>`;

export const markup = {
  transport: `
    <div class="rate">
      <p class="rate-head"><b id="rate-progress"></b> <span id="rate-guess"></span></p>
      <progress id="rate-bar" max="1" value="0" data-t-label="rate.bar"></progress>
      <div id="rate-stage" class="rate-stage" tabindex="0" role="group" data-t-label="rate.stage">${
        review("left", "1")}${review("right", "2")}
        <p id="rate-over" hidden></p>
      </div>
      <p id="rate-said" class="rate-said" aria-live="polite"></p>
      <div class="row">
        <button id="rate-same"><kbd>0</kbd> <span data-t="rate.same"></span></button>
        <button id="rate-back" data-t="rate.back"></button>
        <button id="rate-stop" hidden></button>
        <span class="rate-rest"><button id="rate-rest"></button><select id="rate-rater" data-t-label="rate.rater"></select></span>
      </div>
    </div>`,
  readouts: `
    <p id="rate-hint" class="readout"></p>`,
  after: `
    <section class="rate-after" aria-labelledby="rate-samples-title">
      <div class="row">
        <h2 id="rate-samples-title" data-t="rate.samples"></h2>
        <label><span data-t="rate.n"></span> <select id="rate-n"></select></label>
        <button id="rate-fresh" data-t="rate.fresh"></button>
      </div>
      <table id="rate-samples" class="rate-samples"></table>
      <p id="rate-means" class="note"></p>
    </section>`,
  side: `
    <section class="card" aria-labelledby="rate-words-title">
      <div class="row">
        <h2 id="rate-words-title" data-t="rate.words"></h2>
        <label class="rate-reads"><span data-t="rate.reads"></span> <select id="rate-reads"></select></label>
      </div>
      <ol id="rate-words" class="rate-words"></ol>
      <p id="rate-words-note" class="note"></p>
    </section>
    <section class="card" aria-labelledby="rate-known">
      <h2 id="rate-known" data-t="rate.known"></h2>
      <p id="rate-predicted" class="note"></p>
      <div class="row"><button id="rate-test" data-t="rate.test"></button></div>
      <p class="note" data-t="rate.test.note"></p>
    </section>
    <section class="card" aria-labelledby="rate-yours">
      <h2><span id="rate-yours" data-t="rate.yours"></span> <small id="rate-count"></small></h2>
      <p id="rate-who" class="note"></p>
      <div class="row">
        <button id="rate-save" data-t="rate.save"></button>
        <button id="rate-load" data-t="rate.load"></button>
        <button id="rate-forget" data-t="rate.forget"></button>
        <button id="rate-undo" data-t="rate.undo" hidden></button>
        <input id="rate-file" type="file" accept=".json,application/json" hidden>
      </div>
      <label class="rate-seed"><span data-t="rate.seed"></span> <input id="rate-seed" type="number" min="0" step="1"></label>
    </section>
    <section class="card" aria-labelledby="rate-about">
      <h2 id="rate-about" data-t="rate.about"></h2>
      <p class="note" data-t="rate.about.learn"></p>
      <p class="note" data-t="rate.about.best"></p>
    </section>
    <section class="card" aria-labelledby="rate-try">
      <h2 id="rate-try" data-t="rate.try"></h2>
      <p class="note" data-t="rate.try.coin"></p>
      <p class="note" data-t="rate.try.longer"></p>
      <p class="note" data-t="rate.try.features"></p>
    </section>`,
  keys: `
    <div><dt><kbd>1</kbd> <kbd>2</kbd> / <kbd>←</kbd> <kbd>→</kbd></dt><dd data-t="help.rate.choose"></dd></div>
    <div><dt><kbd>0</kbd></dt><dd data-t="help.rate.same"></dd></div>
    <div><dt><kbd>Backspace</kbd></dt><dd data-t="help.rate.back"></dd></div>
    <div><dt><kbd>n</kbd></dt><dd data-t="help.rate.fresh"></dd></div>
    <div><dt><kbd>t</kbd></dt><dd data-t="help.rate.test"></dd></div>`,
  help: `
    <p data-t="help.rate"></p>`,
};
