// Where the page Learn puts what (the slots of index.html).

export const markup = {
  transport: `
    <div class="row">
      <button id="learn" class="primary" data-t="lesson.learn"></button>
      <div class="buttons">
        <button id="learn-step" class="icon" data-t-label="lesson.step"><svg aria-hidden="true"><use href="#i-step"/></svg></button>
        <button id="learn-episode" class="icon" data-t-label="lesson.episode"><svg aria-hidden="true"><use href="#i-last"/></svg></button>
        <button id="learn-reset" class="icon" data-t-label="lesson.reset"><svg aria-hidden="true"><use href="#i-reset"/></svg></button>
      </div>
      <label class="speed pace"><span data-t="pace"></span><input id="pace" type="range" min="0" step="1"><output id="pace-value"></output></label>
      <button id="greedy" data-t="greedy"></button>
      <button id="turn"></button>
    </div>`,
  readouts: `
    <p id="lesson-hint" class="readout" data-t="lesson.hint"></p>
    <ul id="lesson-readouts" class="lesson"></ul>
    <p id="lesson-advice" class="advice" hidden></p>`,
  after: `
    <p><button id="take-back" data-t="lesson.takeback" hidden></button></p>`,
  settings: `
    <div class="learners">
      <span class="seed-title"><span data-t="seed" aria-hidden="true"></span><button id="new-seeds" class="icon" data-t-label="seeds.new"><svg aria-hidden="true"><use href="#i-dice"/></svg></button></span>
      <label for="learner" data-t="learner"></label><select id="learner"></select><input id="seed" type="number" min="0" step="1" data-t-label="seed.of">
      <label for="learner2" data-t="learner2"></label><select id="learner2"></select><input id="seed2" type="number" min="0" step="1" data-t-label="seed2.of">
    </div>
    <div id="learn-params" class="params"></div>`,
  side: `
    <section class="card" aria-labelledby="curve-title">
      <div class="curve-head">
        <h2 id="curve-title" data-t="curve"></h2>
        <div class="views" role="radiogroup" data-t-label="curve.kind"><label><input id="curve-returns" type="radio" name="curve-kind"><span data-t="curve.returns"></span></label><label><input id="curve-error" type="radio" name="curve-kind"><span data-t="curve.error"></span></label><label><input id="curve-greedy" type="radio" name="curve-kind"><span data-t="curve.greedy"></span></label></div>
      </div>
      <div id="curve" class="chart" role="img"><canvas></canvas><p class="hint"></p></div>
      <p id="curve-note" class="note"></p>
      <p class="band"><button id="band"></button><span id="band-progress" role="status" aria-live="polite"></span></p>
    </section>
    <section class="card" aria-labelledby="learnt-title">
      <h2><span id="learnt-title" data-t="cell"></span> <small id="learnt-where"></small></h2>
      <table id="learnt" hidden><thead></thead><tbody></tbody></table>
      <p id="learnt-note" class="hint"></p>
    </section>`,
  keys: `
    <div><dt><kbd>Space</kbd></dt><dd data-t="help.learn.space"></dd></div>
    <div><dt><kbd>.</kbd> <kbd>n</kbd></dt><dd data-t="help.learn.step"></dd></div>
    <div><dt><kbd>w</kbd></dt><dd data-t="help.learn.walk"></dd></div>
    <div><dt><kbd>v</kbd></dt><dd data-t="help.learn.view"></dd></div>
    <div><dt><kbd>r</kbd> <kbd>R</kbd></dt><dd data-t="help.learn.reset"></dd></div>
    <div><dt><kbd>c</kbd></dt><dd data-t="help.learn.turn"></dd></div>`,
  help: `
    <p data-t="help.learn"></p>
    <p data-t="help.learn.model"></p>`,
};
