// Where the page Teach puts what (the slots of index.html).

export const markup = {
  transport: `
    <div class="row play">
      <div id="teach-pad" class="pad" role="group" data-t-label="teach.pad"></div>
      <div class="buttons"><button id="teach-keep" data-t="teach.keep"></button><button id="teach-restart" class="icon" data-t-label="teach.restart"><svg aria-hidden="true"><use href="#i-reset"/></svg></button></div>
      <span class="best"><button id="teach-best" class="primary" data-t="teach.best"></button><input id="demos" type="number" min="1" max="200" step="1" data-t-label="demos"></span>
    </div>`,
  readouts: `
    <p id="teach-hint" class="readout"></p>
    <p id="teach-maxent" class="readout"></p>
    <p class="readout bayes"><span id="teach-bayes"></span> <button id="teach-stop" hidden></button></p>`,
  after: `
    <p id="teach-terminal" class="advice" hidden><span data-t="teach.terminal"></span> <button id="teach-open" data-t="teach.open"></button></p>`,
  settings: `
    <label class="check"><input id="stay" type="checkbox"><span data-t="stay"></span></label>`,
  params: `
    <div id="teach-params" class="params"></div>`,
  side: `
    <section class="card" aria-labelledby="teach-worth-title">
      <h2 id="teach-worth-title" data-t="teach.worth"></h2>
      <p id="teach-verdict" class="note" aria-live="polite"></p>
      <table id="teach-worth" class="counts" hidden></table>
    </section>
    <section class="card walks" aria-labelledby="teach-list-title">
      <h2><span id="teach-list-title" data-t="teach.list"></span> <small id="teach-count"></small></h2>
      <ol id="teach-list" tabindex="0" data-t-label="teach.list"></ol>
      <p id="teach-none" class="note" data-t="teach.none"></p>
      <div class="row">
        <button id="teach-last" data-t="teach.last"></button>
        <button id="teach-forget" data-t="teach.forget"></button>
        <button id="teach-back" data-t="teach.back" hidden></button>
        <button id="teach-save" data-t="teach.save"></button>
        <button id="teach-load" data-t="teach.load"></button>
        <button id="teach-walks" data-t="teach.walks" hidden></button>
        <input id="teach-file" type="file" accept=".json,application/json" hidden>
      </div>
    </section>`,
  keys: `
    <div><dt><kbd>↑</kbd> <kbd>→</kbd> <kbd>↓</kbd> <kbd>←</kbd></dt><dd data-t="help.teach.walk"></dd></div>
    <div><dt><kbd>Enter</kbd></dt><dd data-t="help.teach.keep"></dd></div>
    <div><dt><kbd>p</kbd> <svg class="key" aria-hidden="true"><use href="#i-path"/></svg></dt><dd data-t="help.teach.path"></dd></div>
    <div><dt><kbd>o</kbd> <kbd>v</kbd> <kbd>r</kbd></dt><dd data-t="help.teach.others"></dd></div>`,
  help: `
    <p data-t="help.teach"></p>`,
};
