// Where the page Plan puts what (the slots of index.html).

export const markup = {
  transport: `
    <div class="row">
      <button id="plan" class="primary" data-t="plan"></button>
      <div class="buttons">
        <button id="first" class="icon" data-t-label="first"><svg aria-hidden="true"><use href="#i-first"/></svg></button>
        <button id="back" class="icon" data-t-label="back"><svg aria-hidden="true"><use href="#i-back"/></svg></button>
        <button id="play" class="icon play" data-t-label="play"><svg aria-hidden="true"><use href="#i-play"/></svg></button>
        <button id="forward" class="icon" data-t-label="forward"><svg aria-hidden="true"><use href="#i-forward"/></svg></button>
        <button id="last" class="icon" data-t-label="last"><svg aria-hidden="true"><use href="#i-last"/></svg></button>
      </div>
      <label class="speed"><span data-t="speed"></span><input id="speed" type="range" min="0" max="6" step="1"></label>
      <button id="walk" data-t="walk"></button>
    </div>
    <div class="row scrubbing">
      <input id="scrub" type="range" min="0" max="0" step="1" value="0" data-t-label="scrub">
      <button id="one-cell" data-t="cells.one"></button>
      <button id="play-cells"></button>
      <button id="evaluate" data-t="hand.evaluate" hidden></button>
      <button id="improve" data-t="hand.improve" hidden></button>
    </div>`,
  readouts: `
    <p id="sweep-readout" class="readout"><b id="sweep-number"></b><span id="sweep-phase" class="chip" hidden></span><span id="sweep-residual"></span></p>`,
  after: `
    <p id="walk-readout" class="readout"></p>
    <p id="walk-mean" class="readout"></p>`,
  settings: `
    <div class="planner">
      <label for="planner" data-t="planner"></label><select id="planner"></select>
      <label class="check"><input id="live" type="checkbox"><span data-t="live"></span></label>
      <label class="check"><input id="by-hand" type="checkbox"><span data-t="hand"></span></label>
    </div>`,
  params: `
    <div id="plan-params" class="params"></div>`,
  side: `
    <section class="card" aria-labelledby="chart-title">
      <h2 id="chart-title" data-t="chart"></h2>
      <div id="chart" class="chart" role="img"><canvas></canvas><p class="hint" data-t="chart.empty"></p></div>
    </section>
    <section class="card inspector" aria-labelledby="cell-title">
      <h2><span id="cell-title" data-t="cell"></span> <span id="cell-where"></span></h2>
      <p id="cell-note" class="hint"></p>
      <div id="cell-numbers" hidden>
        <p class="value"><var>V(s)</var> <span id="cell-equals" aria-hidden="true"></span> <span id="cell-about" class="hidden" data-t="about"></span> <data id="cell-value"></data> <small id="cell-error"></small></p>
        <div class="q">
          <svg id="q-diagram" viewBox="0 0 160 160" aria-hidden="true"></svg>
          <div id="q-list" role="radiogroup" data-t-label="q.label"></div>
        </div>
        <h3><span data-t="backup"></span> <span id="formula-max" class="formula">max<sub>a</sub> Σ<sub>s′</sub> p (r + γ V(s′))</span><span id="formula-policy" class="formula" hidden>Σ<sub>s′</sub> p (r + γ V(s′)), a = π(s)</span></h3>
        <table id="terms"><thead><tr><th id="terms-action"></th><th class="formula">p × (r + γ × V(s′))</th><th>=</th><th data-t="backup.to"></th></tr></thead><tbody></tbody><tfoot><tr><td></td><th id="terms-name" scope="row"></th><td id="terms-sum"></td><td></td></tr></tfoot></table>
        <p id="backup-note" class="note"></p>
      </div>
    </section>`,
  keys: `
    <div><dt><kbd>Space</kbd></dt><dd data-t="help.space"></dd></div>
    <div><dt><kbd>,</kbd> <kbd>.</kbd></dt><dd data-t="help.step"></dd></div>
    <div><dt><kbd>c</kbd> / <kbd>C</kbd></dt><dd data-t="help.cells"></dd></div>
    <div><dt><kbd>v</kbd> / <kbd>i</kbd></dt><dd data-t="help.hand"></dd></div>
    <div><dt><kbd>p</kbd></dt><dd data-t="help.plan"></dd></div>
    <div><dt><kbd>w</kbd></dt><dd data-t="help.walk"></dd></div>`,
  help: `
    <p data-t="help.read"></p>`,
};
