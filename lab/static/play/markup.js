// Where the page Walk puts what (the slots of index.html).

export const markup = {
  transport: `
    <div class="row play">
      <div id="play-pad" class="pad" role="group" data-t-label="play.pad"></div>
      <button id="play-again" class="primary" data-t="play.again"></button>
      <label class="check"><input id="fog" type="checkbox"><span data-t="play.fog"></span></label>
    </div>`,
  readouts: `
    <p id="play-hint" class="readout"></p>
    <p id="play-step" class="readout" aria-live="polite"></p>
    <p id="play-sums" class="readout"></p>`,
  side: `
    <section class="card walks" aria-labelledby="walks-title">
      <h2><span id="walks-title" data-t="play.walks"></span> <small data-t="play.mean"></small></h2>
      <table><tbody id="play-means"></tbody></table>
      <p id="play-compare" class="note"></p>
      <div class="row">
        <button id="play-take" data-t="play.take"></button>
        <button id="play-forget" data-t="play.forget"></button>
        <button id="play-back" data-t="play.back" hidden></button>
      </div>
    </section>
    <section class="card" aria-labelledby="rules-title">
      <h2 id="rules-title" data-t="play.rules"></h2>
      <table id="rules-table" class="counts" hidden></table>
      <p id="rules-note" class="note"></p>
      <label class="check"><input id="rules" type="checkbox"><span data-t="play.rules.show"></span></label>
    </section>`,
  keys: `
    <div><dt><kbd>↑</kbd> <kbd>→</kbd> <kbd>↓</kbd> <kbd>←</kbd></dt><dd data-t="help.play.walk"></dd></div>
    <div><dt><kbd>r</kbd></dt><dd data-t="help.play.again"></dd></div>`,
  help: `
    <p data-t="help.play"></p>`,
};
