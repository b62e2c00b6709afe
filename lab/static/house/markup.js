// Where the page House puts what (the slots of index.html).

export const markup = {
  transport: `
    <div class="house">
      <div class="row">
        <label class="house-saying"><span data-t="house.said"></span> <select id="house-said"></select></label>
        <form id="house-live" class="house-saying" hidden>
          <input id="house-wish" type="text" maxlength="80" autocomplete="off" data-t-label="house.wish">
          <button data-t="house.ask"></button>
          <button id="house-back" type="button" data-t="house.back" hidden></button>
        </form>
      </div>
      <div id="house-stage" class="house-stage" tabindex="0" role="group" data-t-label="house.stage"></div>
      <div class="row">
        <button id="house-step" class="primary" data-t="house.step"></button>
        <button id="house-go"></button>
        <button id="house-again" data-t="house.again"></button>
        <button id="house-another" data-t="house.another"></button>
      </div>
    </div>`,
  readouts: `
    <p id="house-hint" class="readout"></p>`,
  after: `
    <section class="house-steps" aria-labelledby="house-steps-title">
      <h2 id="house-steps-title" data-t="house.steps"></h2>
      <ol id="house-log" class="house-log" aria-live="polite"></ol>
    </section>`,
  side: `
    <section class="card" aria-labelledby="house-bars-title">
      <h2 id="house-bars-title" data-t="house.bars"></h2>
      <table id="house-bars" class="house-bars"></table>
      <p id="house-bars-note" class="note"></p>
      <div class="house-settings">
        <label><span data-t="house.model"></span> <select id="house-model"></select></label>
        <label><span data-t="house.way"></span> <select id="house-way"></select></label>
        <label><input id="house-can" type="checkbox"> <span data-t="house.can"></span></label>
        <label><span data-t="house.seed"></span> <input id="house-seed" type="number" min="0" step="1"></label>
      </div>
    </section>
    <section class="card" aria-labelledby="house-asked">
      <h2 id="house-asked"></h2>
      <p class="note"><code id="house-prompt" lang="en"></code></p>
      <p class="note" data-t="house.about.prompt"></p>
    </section>
    <section class="card" aria-labelledby="house-about">
      <h2 id="house-about" data-t="house.about"></h2>
      <p class="note" data-t="house.about.score"></p>
      <p class="note" data-t="house.about.learnt"></p>
      <p class="note" data-t="house.about.try"></p>
    </section>`,
  keys: `
    <div><dt><kbd>.</kbd></dt><dd data-t="help.house.step"></dd></div>
    <div><dt><kbd>Space</kbd></dt><dd data-t="help.house.go"></dd></div>
    <div><dt><kbd>r</kbd></dt><dd data-t="help.house.again"></dd></div>
    <div><dt><kbd>n</kbd></dt><dd data-t="help.house.another"></dd></div>`,
  help: `
    <p data-t="help.house"></p>`,
};
