// Where the page Catch puts what (the slots of index.html).

const player = (name) => `
        <figure class="catch-player" id="catch-${name}">
          <figcaption><b></b> <span></span></figcaption>
          <canvas aria-hidden="true"></canvas>
        </figure>`;

export const markup = {
  transport: `
    <div class="catch">
      <div id="catch-stage" class="catch-stage" tabindex="0" role="group" data-t-label="catch.stage">${player("mine")}${player("theirs")}
      </div>
      <div class="row">
        <button id="catch-go" class="primary"></button>
        <div id="catch-pad" class="buttons" role="group" data-t-label="catch.pad"></div>
        <button id="catch-next" class="icon" data-t-label="catch.next"><svg aria-hidden="true"><use href="#i-last"/></svg></button>
        <label class="speed"><span data-t="catch.pace"></span><input id="catch-pace" type="range" min="0" step="1"><output id="catch-pace-value"></output></label>
      </div>
      <div class="row">
        <label class="check"><input id="catch-driver" type="checkbox"><span data-t="catch.driver"></span></label>
        <label class="check"><input id="catch-oracle" type="checkbox"><span data-t="catch.oracle"></span></label>
        <button id="catch-forget"></button>
      </div>
    </div>`,
  readouts: `
    <p id="catch-hint" class="readout"></p>
    <p id="catch-numbers" class="readout"></p>`,
  side: `
    <section class="card" aria-labelledby="catch-title">
      <h2 id="catch-title" data-t="catch.curve"></h2>
      <div id="catch-curve" class="chart" role="img"><canvas></canvas><p class="hint" data-t="catch.curve.empty"></p></div>
      <p id="catch-legend" class="note"></p>
    </section>
    <section class="card" aria-labelledby="catch-about">
      <h2 id="catch-about" data-t="catch.about"></h2>
      <p class="note" data-t="catch.about.cloning"></p>
      <p class="note" data-t="catch.about.dagger"></p>
      <p class="note" data-t="catch.about.compare"></p>
    </section>`,
  keys: `
    <div><dt><kbd>←</kbd> <kbd>↓</kbd> <kbd>→</kbd></dt><dd data-t="help.catch.push"></dd></div>
    <div><dt><kbd>Space</kbd></dt><dd data-t="help.catch.go"></dd></div>
    <div><dt><kbd>n</kbd></dt><dd data-t="help.catch.next"></dd></div>`,
  help: `
    <p data-t="help.catch"></p>`,
};
