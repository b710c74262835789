"use strict";
(function () {
  const read = (name) => JSON.parse(document.getElementById(name).textContent);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  document.documentElement.setAttribute("data-scripts", ""); // shows what only scripts can serve

  // Words: the slider picks one of the rankings that came with the page.
  const { steps, topics } = read("words");
  const relevance = document.getElementById("relevance");
  const chosen = document.getElementById("relevance-value");

  function rank() {
    const step = Number(relevance.value);
    chosen.textContent = steps[step];
    relevance.setAttribute("aria-valuetext", steps[step]);
    for (const { topic, words, ranks } of topics) {
      const lines = all(`ol[data-topic="${topic}"] li`);
      ranks[step].forEach((place, line) => {
        const [word, weight, held] = words[place];
        lines[line].querySelector(".word").textContent = word;
        lines[line].querySelector("rect").setAttribute("width", weight);
        lines[line].querySelector(".held").textContent = held;
      });
    }
  }
  relevance.addEventListener("input", rank);
  if (steps[relevance.value] !== chosen.textContent) rank(); // a browser may restore it after a reload

  // Cards: a link to a card opens it.
  function reveal() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target || !target.matches("details")) return;
    target.open = true;
    target.scrollIntoView();
    target.querySelector("summary").focus({ preventScroll: true });
  }
  const cards = all("details.topic");
  const fold = (open) => () => cards.forEach((card) => (card.open = open));
  document.getElementById("open-all").addEventListener("click", fold(true));
  document.getElementById("fold-all").addEventListener("click", fold(false));
  addEventListener("hashchange", reveal);
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#topic-"]');
    if (link && link.getAttribute("href") === location.hash) reveal(); // which changes no hash
  });
  reveal();

  // Contents: the section in sight is marked.
  const links = new Map(all("nav a").map((link) => [link.getAttribute("href").slice(1), link]));
  const inSight = new Set();
  const sections = all("main > section");
  const watcher = new IntersectionObserver(
    (changes) => {
      for (const { target, isIntersecting } of changes) inSight[isIntersecting ? "add" : "delete"](target);
      const now = sections.find((section) => inSight.has(section));
      for (const [name, link] of links) {
        if (now && name === now.id) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
      const list = document.querySelector("nav ul");
      const link = now && links.get(now.id);
      if (link) list.scrollLeft = link.offsetLeft - (list.clientWidth - link.offsetWidth) / 2;
    },
    { rootMargin: "-25% 0px -70% 0px" },
  );
  sections.forEach((section) => watcher.observe(section));

  // Time: a slider, or a press on a chart, picks the bin that all charts tell of.
  const time = read("shares");
  const picker = document.getElementById("bin");
  if (time && picker) {
    const { bins, documents, shares } = time;
    const plots = all("svg.plot");

    const show = () => {
      const bin = Number(picker.value);
      const x = (bin + 0.5) * 10;
      const found = `${bins[bin]}: ${documents[bin].toLocaleString("en")} document${documents[bin] === 1 ? "" : "s"}`;
      picker.setAttribute("aria-valuetext", found);
      document.getElementById("of-bin").textContent = found;
      for (const plot of plots) plot.querySelector(".cursor").setAttribute("d", `M${x} 0V100`);
      for (const line of all(".at")) {
        const share = shares[line.dataset.topic][bin];
        line.textContent = `${share === null ? "no documents" : share} · ${bins[bin]}`;
      }
    };
    const pick = (event) => {
      const box = event.currentTarget.getBoundingClientRect();
      const bin = Math.floor(((event.clientX - box.left) / box.width) * bins.length);
      picker.value = Math.max(0, Math.min(bins.length - 1, bin));
      show();
    };
    picker.addEventListener("input", show);
    for (const plot of plots) {
      plot.addEventListener("pointerdown", pick);
      plot.addEventListener("pointermove", pick);
    }
  }

  // Lists of documents: a filter, and a download of what it shows.
  const FORMULA = /^'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/; // how a cell begins that a spreadsheet would run
  const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  const PARTS = ["id", "title", "beginning", "section", "date", "share"];

  function cell(text) {
    const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
    return /[",;|\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  function told(line, part) {
    if (part === "url") return line.querySelector("a")?.getAttribute("href") ?? "";
    const text = line.querySelector(`.${part}`)?.textContent ?? "";
    return part === "share" ? (parseFloat(text) / 100).toFixed(3) : text;
  }

  function csv(lines) {
    const columns = [...PARTS, "url"].filter((part) => lines.some((line) => told(line, part)));
    const rows = [columns, ...lines.map((line) => columns.map((part) => told(line, part)))];
    return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
  }

  for (const list of all("details.members")) {
    const filter = list.querySelector("input");
    const lines = all("li", list);
    const shown = () => lines.filter((line) => !line.hidden);
    filter.addEventListener("input", () => {
      const wanted = filter.value.toLowerCase().split(/\s+/);
      for (const line of lines) {
        const text = line.textContent.toLowerCase();
        line.hidden = !wanted.every((word) => text.includes(word));
      }
      list.querySelector(".shown").textContent = `${shown().length.toLocaleString("en")} shown`;
    });
    const button = list.querySelector(".download");
    button.addEventListener("click", () => {
      const link = document.createElement("a");
      // the mark at the start tells spreadsheets that it is UTF-8
      link.href = URL.createObjectURL(new Blob(["\ufeff", csv(shown())], { type: "text/csv;charset=utf-8" }));
      link.download = button.dataset.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }

  // Paper has no summaries to press: cards and tables open while a page is printed, but for lists of documents.
  let shut = [];
  addEventListener("beforeprint", () => {
    shut = all("details:not([open], .members)");
    for (const details of shut) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of shut) details.open = false;
  });
})();
