"use strict";
(function () {
  const read = (name) => JSON.parse(document.getElementById(name).textContent);

  // Words: the slider picks one of the rankings that came with the page.
  const { steps, topics } = read("words");
  const slider = document.getElementById("relevance");
  const output = document.getElementById("relevance-value");

  function rank() {
    const step = Number(slider.value);
    output.textContent = steps[step];
    slider.setAttribute("aria-valuetext", steps[step]);
    for (const { topic, words, ranks } of topics) {
      const lines = document.querySelectorAll(`ol[data-topic="${topic}"] li`);
      ranks[step].forEach((place, line) => {
        const [word, weight, held] = words[place];
        lines[line].querySelector(".word").textContent = word;
        lines[line].querySelector("rect").setAttribute("width", weight);
        lines[line].querySelector(".held").textContent = held;
      });
    }
  }
  slider.addEventListener("input", rank);
  if (steps[slider.value] !== output.textContent) rank(); // a browser may restore it after a reload

  // Charts: drawn to the width that there is, and again when that changes.
  const { config, specs } = read("charts");
  const LEAST = 230; // pixels for one of several small charts
  const WIDEST_MAP = 760;
  const LEAST_WORDS = 560;

  // A small map has room for numbers alone; both its axes keep one unit.
  function mapped(spec, width) {
    const height = Math.round(width * spec.usermeta.aspect);
    if (width >= LEAST_WORDS) return { ...spec, width, height };
    const { size, ...rest } = spec.layer[0].encoding;
    const smaller = { ...size, scale: { ...size.scale, range: size.scale.range.map((area) => area / 2) } };
    const discs = { ...spec.layer[0], encoding: { ...rest, size: smaller } };
    return { ...spec, width, height, layer: [discs, spec.layer[1]] };
  }

  function fitted(spec, width) {
    const labels = Math.max(90, Math.min(260, Math.round(0.36 * width)));
    const settings = { ...config, axisY: { labelLimit: labels } };
    if (spec.usermeta) return [mapped(spec, Math.min(width, WIDEST_MAP)), settings];
    if (!spec.facet) return [{ ...spec, width }, settings];
    const columns = Math.max(1, Math.floor(width / LEAST));
    const own = Math.floor((width - 50) / columns) - 22;
    const header = { ...spec.facet.header, labelLimit: own };
    return [{ ...spec, columns, facet: { ...spec.facet, header }, spec: { ...spec.spec, width: own } }, settings];
  }

  async function draw(element, spec) {
    const [wanted, settings] = fitted(spec, element.clientWidth);
    const compiled = vegaLite.compile(wanted, { config: settings }).spec;
    const runtime = vega.parse(compiled, {}, { ast: true });
    const view = new vega.View(runtime, {
      expr: vega.expressionInterpreter,
      renderer: "svg",
      container: element,
      hover: false,
      logLevel: vega.Warn,
    });
    await view.runAsync();
    element.querySelector("svg").setAttribute("aria-hidden", "true"); // the element around it has a name
    return view;
  }

  async function keepDrawn(name, spec) {
    const element = document.getElementById(name);
    let width = element.clientWidth;
    let view = await draw(element, spec);
    let waiting = 0;
    new ResizeObserver(() => {
      clearTimeout(waiting);
      waiting = setTimeout(async () => {
        if (!element.clientWidth || element.clientWidth === width || matchMedia("print").matches) return;
        width = element.clientWidth;
        view.finalize();
        view = await draw(element, spec);
      }, 150);
    }).observe(element);
  }

  const drawn = Object.entries(specs).map(([name, spec]) => keepDrawn(name, spec));
  Promise.all(drawn).then(() => document.documentElement.setAttribute("data-drawn", String(drawn.length)));

  // Paper has no summaries to press: tables open while a page is printed.
  let shut = [];
  addEventListener("beforeprint", () => {
    shut = [...document.querySelectorAll("details:not([open])")];
    for (const details of shut) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of shut) details.open = false;
  });
})();
