// The charts of the flow pages. What they show is decided by the server: an option of ECharts as plain values, in which
// `--accent` is a colour of the style sheet. An item of the data may carry `words` for the pointer and `cards` for a click.
"use strict";

(() => {
  const drawn = new Map(); // The box of a chart -> what draws it.
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  let known = new Map(); // The colours of the theme, as the charts know them.
  const reader = document.createElement("i"); // It has one of them at a time.
  reader.hidden = true;
  reader.style.forcedColorAdjust = "none"; // A drawing is not adjusted: with one colour for all nothing would be told.

  /** A colour of the style sheet in the notation that charts can calculate with. */
  function color(name) {
    if (!known.has(name)) {
      if (!reader.isConnected) document.body.append(reader);
      reader.style.color = `var(${name})`;
      probe.clearRect(0, 0, 1, 1);
      probe.fillStyle = getComputedStyle(reader).color;
      probe.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = probe.getImageData(0, 0, 1, 1).data;
      known.set(name, `rgba(${r},${g},${b},${(a / 255).toFixed(3)})`);
    }
    return known.get(name);
  }

  /** The option with every colour looked up. */
  function colored(value) {
    if (typeof value === "string") return value.startsWith("--") ? color(value) : value;
    if (Array.isArray(value)) return value.map(colored);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, colored(inner)]));
  }

  const listOf = (value) => (value === undefined ? [] : [].concat(value));

  function axis(given) {
    return {
      ...given,
      axisLine: { show: true, lineStyle: { color: color("--line-strong") }, ...given.axisLine },
      axisTick: { show: false, ...given.axisTick },
      axisLabel: { color: color("--ink-2"), fontSize: 11, hideOverlap: true, ...given.axisLabel },
      splitLine: { lineStyle: { color: color("--line") }, ...given.splitLine },
      nameTextStyle: { color: color("--ink-2"), fontSize: 11, ...given.nameTextStyle },
    };
  }

  const wordsOf = (item) => item.data?.words ?? `${item.seriesName ? `${item.seriesName}: ` : ""}${item.value}`;

  /** What the pointer is told: of an item, or of all that lie at a place of the axis, with the lines that go through it. */
  function told(items, { series, tooltip }) {
    const isWhole = tooltip?.trigger === "axis";
    const lines = series.flatMap(({ type, markLine }) => (type === "line" && markLine?.data) || []).filter(({ xAxis, words }) => words && xAxis === items[0]?.dataIndex);
    const through = items[0]?.componentType === "series" ? new Set(lines.map(({ words }) => words)) : [];
    return [isWhole && items[0]?.axisValueLabel, ...items.map(wordsOf), ...through].filter(Boolean).join("\n");
  }

  function tip(words) {
    const node = document.createElement("p");
    node.textContent = words;
    return node;
  }

  /** What all charts have in common. */
  function dressed(option) {
    const given = colored(option);
    const full = {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: color("--ink-2") },
      grid: { left: 12, right: 24, top: 32, bottom: 16 },
      ...given,
      tooltip: {
        trigger: "item", confine: true, transitionDuration: 0, renderMode: "html", className: "chart-tip",
        backgroundColor: "", borderWidth: 0, padding: 0, extraCssText: "box-shadow:none;",
        ...given.tooltip,
        formatter: (items) => tip(told(listOf(items), given)),
      },
    };
    if (given.legend) full.legend = { textStyle: { color: color("--ink-2"), fontSize: 11 }, icon: "roundRect", itemWidth: 12, itemHeight: 8, top: 0, left: 0, ...given.legend };
    for (const name of ["xAxis", "yAxis"]) if (given[name]) full[name] = listOf(given[name]).map(axis);
    return full;
  }

  function draw(box, isResized = false) {
    const chart = drawn.get(box) ?? echarts.init(box, null, { renderer: "canvas" });
    if (!drawn.has(box)) {
      drawn.set(box, chart);
      chart.on("click", (item) => pin(box, item));
      let { clientWidth: width, clientHeight: height } = box;
      new ResizeObserver(() => {
        // It also tells the size at which the chart has just been drawn.
        if (box.clientWidth === width && box.clientHeight === height) return;
        if (box.clientWidth === width) chart.resize();
        else draw(box, true);
        ({ clientWidth: width, clientHeight: height } = box);
      }).observe(box);
    }
    const option = JSON.parse(document.getElementById(box.dataset.chart).textContent);
    // Names that stand on more than one line, as wide as a column is.
    for (const each of listOf(option.xAxis)) {
      if (each.fits) each.axisLabel = { overflow: "break", interval: 0, lineHeight: 12, width: Math.max(36, (box.clientWidth - 44) / each.data.length - 4), ...each.axisLabel };
    }
    // Names beside bars have a third of the width.
    for (const { axisLabel } of listOf(option.yAxis)) {
      if (axisLabel?.overflow === "truncate") axisLabel.width = Math.min(Math.max(96, box.clientWidth * 0.36), 240);
    }
    if (option.legend && box.clientWidth < 320) Object.assign(option.legend, { itemWidth: 8, itemGap: 5 });
    chart.setOption(dressed(option), { notMerge: true, lazyUpdate: isResized });
    if (isResized) chart.resize();
    box.dataset.drawn = "";
    box.dispatchEvent(new Event("weir:drawn"));
  }

  /** Keeps the cards of what was clicked below the chart, until another click or Escape; gives how many they are. */
  function pin(box, item) {
    const cards = item.data?.cards;
    if (!cards) return 0;
    const place = box.parentElement.querySelector(".pinned");
    const words = document.createElement("p");
    words.textContent = wordsOf(item);
    const close = document.createElement("button");
    Object.assign(close, { type: "button", className: "button button-small", textContent: "Close", id: `${place.id}-close` });
    close.addEventListener("click", () => unpin(place));
    const list = document.createElement("ul");
    for (const [number, [ref, url, title]] of cards.entries()) {
      const link = document.createElement("a");
      Object.assign(link, { id: `${place.id}-${number}`, href: url, textContent: `${ref} ${title ?? ""}` });
      const entry = document.createElement("li");
      entry.append(link);
      list.append(entry);
    }
    if (item.data.more) {
      const rest = document.createElement("li");
      rest.textContent = `and ${item.data.more.toLocaleString("en")} more`;
      list.append(rest);
    }
    const head = document.createElement("div");
    head.className = "pinned-head";
    head.append(words, close);
    place.replaceChildren(head, list);
    place.hidden = false;
    return cards.length + (item.data.more ?? 0);
  }

  /** Takes the list away; a focus in it goes back to the chart. */
  function unpin(place) {
    const within = place.contains(document.activeElement);
    place.hidden = true;
    if (within) place.parentElement.querySelector(".chart-box").focus({ preventScroll: true });
  }

  function drawAll() {
    known = new Map();
    for (const box of document.querySelectorAll("[data-chart]")) draw(box);
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) document.querySelectorAll(".pinned:not([hidden])").forEach(unpin);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  // A part that was fetched anew has boxes of its own.
  document.addEventListener("weir:part", () => {
    for (const [box, chart] of drawn) {
      if (box.isConnected) continue;
      chart.dispose();
      drawn.delete(box);
    }
    for (const box of document.querySelectorAll("[data-chart]:not([data-drawn])")) draw(box);
  });
  drawAll();
  window.Weir.pin = pin;
})();
