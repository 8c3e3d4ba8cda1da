// Columns that are collapsed and lanes that are folded, as this browser keeps them for this board. Read before the
// first paint, so that nothing jumps: the parts are folded while the page is still being read.
"use strict";

(() => {
  const key = location.pathname.split("/")[2]?.toUpperCase();
  const store = `weir.folded.${key}`;
  const OPEN = "minmax(244px, 300px)";
  let folded = new Set();
  try {
    folded = new Set(JSON.parse(localStorage.getItem(store) ?? "[]"));
  } catch {
    // Nothing kept, or nothing may be kept here.
  }

  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);

  function button(part, ids, words) {
    const control = document.getElementById(`${part}-fold`);
    if (!control) return;
    const closed = folded.has(part);
    control.setAttribute("aria-expanded", String(!closed));
    control.setAttribute("aria-controls", ids.join(" "));
    if (words) control.setAttribute("aria-label", `${closed ? "Expand" : "Collapse"} ${words}`);
  }

  /** Lets every column and lane that is there look as it is kept. */
  function apply() {
    const widths = [];
    const lanes = new Map();
    each(".column", (column) => {
      const closed = folded.has(column.id);
      const cells = Array.from(column.querySelectorAll(":scope > .cell"));
      column.classList.toggle("is-collapsed", closed);
      widths.push(closed ? "40px" : OPEN);
      button(column.id, cells.map((cell) => cell.id), column.dataset.name);
      for (const cell of cells) {
        const lane = `lane-${cell.dataset.lane}`;
        cell.classList.toggle("is-folded", folded.has(lane));
        cell.classList.toggle("is-long", cell.childElementCount > 20);
        lanes.set(lane, [...(lanes.get(lane) ?? []), cell]);
      }
    });
    for (const [lane, cells] of lanes) {
      button(lane, cells.map((cell) => cell.id));
      const bare = !cells.some((cell) => cell.querySelector(".card:not([hidden])"));
      for (const cell of cells) cell.classList.toggle("is-bare", bare);
    }
    each("#columns", (columns) => {
      // What is still being read has its room already: the columns that are there do not move when it comes.
      let away = [...folded].filter((id) => id.startsWith("col-") && !document.getElementById(id)).length;
      while (widths.length < columns.className.match(/cols-(\d+)/)[1]) widths.push(away-- > 0 ? "40px" : OPEN);
      if (widths.includes("40px")) columns.style.setProperty("--tracks", widths.join(" "));
      else columns.style.removeProperty("--tracks");
    });
  }

  function set(parts, closed) {
    for (const part of parts) if (closed) folded.add(part); else folded.delete(part);
    try {
      localStorage.setItem(store, JSON.stringify([...folded]));
    } catch {
      // Then it is so on this page alone.
    }
    apply();
  }

  window.WeirFolds = { apply, set, has: (part) => folded.has(part) };
  const watcher = new MutationObserver(apply);
  watcher.observe(document, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", () => { apply(); watcher.disconnect(); });
})();
