// Where the page Tank puts what (the slots of index.html).

const pump = (number, words) => `
          <label class="speed"><span data-t="${words}"></span><input id="tank-pump-${number}" type="range" min="0" max="10" step="0.05"><output id="tank-pump-${number}-value"></output></label>`;
const ask = (number, words) => `
          <label><span data-t="${words}"></span> <input id="tank-ask-${number}" type="number" min="11" max="14.5" step="0.1"></label>`;

export const markup = {
  transport: `
    <div class="tank">
      <p class="board-name"><b id="tank-title-watched"></b></p>
      <div id="tank-stage" class="tank-stage" tabindex="0" role="group" data-t-label="tank.stage">
        <canvas id="tank-mimic" aria-hidden="true"></canvas>
        <canvas id="tank-trend" role="img"></canvas>
      </div>
      <p class="note" data-t="tank.trend.legend"></p>
      <div class="row">
        <button id="tank-go" class="primary"></button>
        <button id="tank-next" class="icon" data-t-label="tank.next.label"><svg aria-hidden="true"><use href="#i-last"/></svg></button>
        <label class="speed"><span data-t="tank.pace"></span><input id="tank-pace" type="range" min="1" max="30" step="1"><output id="tank-pace-value"></output></label>
      </div>
      <div class="tank-pumps">${pump(1, "tank.pump.1")}${pump(2, "tank.pump.2")}
      </div>
      <div class="row">
        <span class="tank-leaks"><span id="tank-leaks-title" data-t="tank.leak"></span>
          <span id="tank-leaks" class="buttons" role="group" aria-labelledby="tank-leaks-title"></span>
          <select id="tank-flow" data-t-label="tank.flow"></select> cm³/s</span>
        <span class="tank-asks"><span data-t="tank.ask"></span>${ask(1, "tank.ask.1")}${ask(2, "tank.ask.2")}</span>
      </div>
    </div>`,
  readouts: `
    <p id="tank-hint" class="readout"></p>`,
  side: `
    <section class="card" aria-labelledby="tank-title">
      <h2 id="tank-title" data-t="tank.scores"></h2>
      <table class="tank-scores">
        <thead><tr><th scope="col" data-t="tank.score.who"></th><th scope="col" data-t="tank.score.error"></th><th scope="col" data-t="tank.score.violation"></th></tr></thead>
        <tbody id="tank-scores"></tbody>
      </table>
      <p class="note" data-t="tank.scores.note"></p>
    </section>
    <section class="card" aria-labelledby="tank-plant">
      <h2 id="tank-plant" data-t="tank.plant"></h2>
      <div class="tank-settings">
        <select id="tank-world" data-t-label="tank.world"></select>
        <label><span data-t="tank.seed"></span> <input id="tank-seed" type="number" min="0" step="1"></label>
      </div>
      <p class="note" data-t="tank.about.plant"></p>
      <p class="note" data-t="tank.about.zero"></p>
      <p class="note" data-t="tank.about.try"></p>
      <p class="note"><code>python AP/plant.py</code></p>
    </section>`,
  keys: `
    <div><dt><kbd>q</kbd> <kbd>a</kbd> / <kbd>w</kbd> <kbd>s</kbd></dt><dd data-t="help.tank.pumps"></dd></div>
    <div><dt><kbd>1</kbd>–<kbd>4</kbd></dt><dd data-t="help.tank.leak"></dd></div>
    <div><dt><kbd>Space</kbd></dt><dd data-t="help.tank.go"></dd></div>
    <div><dt><kbd>n</kbd></dt><dd data-t="help.tank.next"></dd></div>`,
  help: `
    <p data-t="help.tank"></p>`,
};
