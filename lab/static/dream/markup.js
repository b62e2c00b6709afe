// Where the page Dream puts what (the slots of index.html).

const board = (name) => `
        <figure class="dream-board" id="dream-${name}">
          <figcaption><b></b> <span></span></figcaption>
          <canvas aria-hidden="true"></canvas>
        </figure>`;

export const markup = {
  transport: `
    <div class="dream">
      <div id="dream-stage" class="dream-stage" tabindex="0" role="group" data-t-label="dream.stage">${
        ["real", "seen", "dream", "futures"].map(board).join("")}
      </div>
      <div class="row">
        <button id="dream-go" class="primary"></button>
        <div id="dream-pad" class="buttons" role="group" data-t-label="dream.pad"></div>
        <button id="dream-follow" data-t="dream.follow"></button>
        <button id="dream-new" data-t="dream.new"></button>
      </div>
      <div class="dream-tuning">
        <label class="speed"><span data-t="dream.temperature"></span><input id="dream-temperature" type="range" min="0.1" max="1.5" step="0.1"><output id="dream-temperature-value"></output></label>
        <label class="speed"><span data-t="dream.pace"></span><input id="dream-pace" type="range" min="5" max="30" step="5"><output id="dream-pace-value"></output></label>
      </div>
      <div class="row">
        <label><span data-t="dream.who"></span> <select id="dream-player"></select></label>
        <label><span data-t="dream.seed"></span> <input id="dream-seed" type="number" min="0" step="1"></label>
      </div>
      <div class="row">
        <label class="check"><input id="dream-show-seen" type="checkbox"><span data-t="dream.show.seen"></span></label>
        <label class="check"><input id="dream-show-futures" type="checkbox"><span data-t="dream.show.futures"></span></label>
      </div>
    </div>`,
  readouts: `
    <p id="dream-hint" class="readout"></p>`,
  side: `
    <section class="card" aria-labelledby="dream-about">
      <h2 id="dream-about" data-t="dream.about"></h2>
      <p class="note" data-t="dream.about.model"></p>
      <p class="note" data-t="dream.about.part"></p>
      <p class="note" data-t="dream.about.futures"></p>
    </section>
    <section class="card" aria-labelledby="dream-try">
      <h2 id="dream-try" data-t="dream.try"></h2>
      <p class="note" data-t="dream.try.memory"></p>
      <p class="note" data-t="dream.try.cold"></p>
      <p class="note" data-t="dream.try.controller"></p>
      <p class="note"><code>python IM/world_models/controller.py</code> <code>--temperature 0.1</code></p>
    </section>`,
  keys: `
    <div><dt><kbd>←</kbd> <kbd>→</kbd></dt><dd data-t="help.dream.push"></dd></div>
    <div><dt><kbd>Space</kbd></dt><dd data-t="help.dream.go"></dd></div>
    <div><dt><kbd>d</kbd></dt><dd data-t="help.dream.follow"></dd></div>
    <div><dt><kbd>n</kbd></dt><dd data-t="help.dream.new"></dd></div>`,
  help: `
    <p data-t="help.dream"></p>`,
};
