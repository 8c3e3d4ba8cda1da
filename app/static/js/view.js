// How the board is looked at: the tabs of a phone, columns that collapse and lanes that fold. None of it is the
// server's business; what is collapsed is kept in this browser, for each board by itself.
"use strict";

(() => {
  const weir = window.Weir;
  if (!weir) return;
  const { board, byId } = weir;
  const phone = matchMedia("(width < 640px)");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  // ---- The tabs of a phone ----------------------------------------------------------------------------------------

  const columns = () => Array.from(byId("columns").querySelectorAll(".column"));
  const tabs = () => byId("column-tabs");

  function count() {
    for (const tab of tabs()?.children ?? []) {
      const wip = byId(`col-${tab.dataset.column}-head`)?.querySelector(".wip");
      if (!wip) continue;
      const words = wip.querySelector("[aria-hidden]").textContent;
      const shown = tab.querySelector(".column-tab-count");
      if (shown.textContent !== words) shown.textContent = words;
      for (const state of ["at", "over"]) tab.classList.toggle(`is-${state}`, wip.classList.contains(`is-${state}`));
    }
  }

  let current = "";
  function mark() {
    if (!phone.matches || !tabs()) return;
    const middle = innerWidth / 2;
    const away = (column) => {
      const box = column.getBoundingClientRect();
      return Math.abs(box.left + box.width / 2 - middle);
    };
    const nearest = columns().reduce((best, column) => (!best || away(column) < away(best) ? column : best), null);
    if (!nearest || nearest.id === current) return;
    current = nearest.id;
    for (const tab of tabs().children) {
      if (`col-${tab.dataset.column}` !== current) tab.removeAttribute("aria-current");
      else {
        tab.setAttribute("aria-current", "true");
        const { offsetLeft, offsetWidth } = tab;
        tabs().scrollTo({ left: offsetLeft - (tabs().clientWidth - offsetWidth) / 2, behavior: calm.matches ? "auto" : "smooth" });
      }
    }
  }

  tabs()?.addEventListener("click", (event) => {
    const tab = event.target.closest(".column-tab");
    if (!tab) return;
    event.preventDefault();
    byId(`col-${tab.dataset.column}`).scrollIntoView({ inline: "center", block: "nearest", behavior: calm.matches ? "auto" : "smooth" });
  });

  let marking = 0;
  const markSoon = () => { marking ||= requestAnimationFrame(() => { marking = 0; mark(); }); };
  board.addEventListener("scroll", markSoon, { passive: true });
  addEventListener("resize", markSoon);

  // ---- What is collapsed and folded ---------------------------------------------------------------------------------

  const folds = window.WeirFolds;

  function fold(parts, closed) {
    folds.set(parts, closed);
    columns().forEach((column) => weir.rove(column));
  }

  board.addEventListener("click", (event) => {
    const control = event.target.closest(".column-fold, .lane-fold");
    if (control) {
      const part = control.id.slice(0, -"-fold".length);
      fold([part], !folds.has(part));
    }
    // What a refusal leads to is to be seen.
    const link = event.target.closest('a[href^="#cell-"]');
    if (link) fold([`col-${link.hash.split("-")[1]}`], false);
  });

  byId("view-menu").addEventListener("click", (event) => {
    const what = event.target.closest("[data-view]")?.dataset.view;
    if (!what) return;
    const lanes = Array.from(byId("columns").querySelectorAll(".lane-row"), (row) => row.id);
    const parts = what.endsWith("fold") ? lanes : columns().map((column) => column.id);
    fold(parts, what === "collapse" || what === "fold");
  });

  function keepTrue() {
    folds.apply();
    weir.measureHeads();
    count();
    current = "";
    mark();
  }

  document.addEventListener("weir:changed", keepTrue);
  document.addEventListener("weir:filtered", keepTrue);
  keepTrue();

  // The new card's field is in the first column, wherever one stands; a phone's keyboard opens for it.
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#new-card, #bar-new")) return;
    const field = board.querySelector(".quick-add-title");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.scrollIntoView({ block: "nearest", inline: "center" });
  });
})();
