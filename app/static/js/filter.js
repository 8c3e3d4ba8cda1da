// The filter of the board. The server decides which cards match; this hides the others, keeps the address and the
// numbers true while others work, and lets a link or a field do without a new page what it would do with one.
"use strict";

(() => {
  const weir = window.Weir;
  const form = document.getElementById("filters");
  if (!weir || !form) return;
  const { board, boardUrl, byId, columnOf, linkOf, refOf } = weir;
  const text = byId("filter-text");
  const NAMES = ["age", "assignee", "blocked", "class", "due", "label", "lane", "q", "team", "type"];
  const SCREENFUL = 8; // Cards of a cell.

  let query = byId("filter-bar").dataset.query;
  let matching = null; // The ids of the cards that match; null without a filter.
  let judged = new Set(); // The cards that the server has had a look at.
  let some = null;
  let asking = null;
  let timer = 0;
  let lineTimer = 0;
  let own = false; // Whether this person has just changed something.
  let shown = 0; // How often the cards were gone through.

  const allCards = () => Array.from(byId("columns").getElementsByClassName("card"));

  const idsOf = (cards) => new Set(cards.map((card) => Number(card.dataset.id)));

  /** The pairs of a filter as an address has them: sorted, none twice, none empty. */
  function tidy(pairs) {
    const kept = new Map(pairs.filter(([, value]) => value.trim()).map((pair) => [JSON.stringify(pair), pair]));
    const order = ([a, b], [c, d]) => (a < c || (a === c && b < d) ? -1 : 1);
    return new URLSearchParams([...kept.values()].sort(order));
  }

  const pairs = () => [...new URLSearchParams(query)];

  // ---- What is asked for ------------------------------------------------------------------------------------------

  function setTo(wanted) {
    query = tidy(wanted).toString();
    clearTimeout(timer);
    timer = setTimeout(() => ask(true));
  }

  function toggle(name, value, only) {
    const was = pairs();
    const isSet = was.some(([n, v]) => n === name && v === value);
    const others = was.filter(([n, v]) => n !== name || (!only && v !== value));
    const alone = was.filter(([n]) => n === name).length === 1;
    setTo(isSet && (!only || alone) ? others : [...others, [name, value]]);
  }

  function keepAddress() {
    const rest = [...new URLSearchParams(location.search)].filter(([name]) => !NAMES.includes(name));
    const search = new URLSearchParams([...rest, ...pairs()]).toString();
    // The address of a card that lies over the board carries the filter too, so that closing it keeps it. To set it
    // costs a browser as much as to hide some hundred cards.
    const wanted = search && `?${search}`;
    if (wanted !== location.search) history.replaceState(history.state, "", location.pathname + wanted + location.hash);
  }

  /** Lets every control show what is set. */
  function mirror() {
    const set = pairs();
    const has = (name, value) => set.some(([n, v]) => n === name && v === value);
    for (const box of form.querySelectorAll("[type=checkbox]")) box.checked = has(box.name, box.value);
    if (document.activeElement !== text) text.value = new URLSearchParams(query).get("q") ?? "";
    for (const link of document.querySelectorAll("[data-filter]")) {
      const [name, value] = split(link.dataset.filter);
      const alone = !("only" in link.dataset) || set.filter(([n]) => n === name).length === 1;
      if (name && has(name, value) && alone) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    byId("filter-button").classList.toggle("is-on", query !== "");
  }

  const split = (pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];

  // ---- What matches -----------------------------------------------------------------------------------------------

  async function ask(mine) {
    asking?.abort();
    if (!query) return apply({ query, ids: null, some: {}, line: "", bar: "" }, mine);
    asking = new AbortController();
    const asked = query;
    try {
      const coming = fetch(`${boardUrl}/matching?${asked}`, { signal: asking.signal, headers: { "HX-Request": "true" } });
      keepAddress(); // While the server has a look.
      mirror();
      const answer = await coming;
      const found = answer.ok && (await answer.json());
      // Another letter may have come while this was read.
      if (found && asked === query) apply(found, mine);
      else if (!answer.ok && mine) weir.say(`Not filtered. ${weir.failure(answer.status)}`);
    } catch (problem) {
      if (problem.name !== "AbortError" && mine) weir.say("Not filtered. Weir could not be reached.");
    }
  }

  function apply(answer, mine) {
    const cards = allCards();
    const most = reach(cards); // Before anything is changed, so that nothing is laid out for it.
    const before = new Set(own ? cards.filter((card) => !card.hidden).map((card) => card.id) : []);
    query = answer.query;
    some = answer.some;
    matching = answer.ids && new Set(answer.ids);
    judged = idsOf(cards);
    keepAddress();
    const bar = byId("filter-bar");
    if (answer.bar) Idiomorph.morph(bar, answer.bar, { morphStyle: "outerHTML" });
    else Object.assign(bar, { hidden: true }).dataset.query = "";
    byId("filter-menu-line").textContent = answer.line;
    mirror();
    show(cards, most);
    if (mine) {
      clearTimeout(lineTimer);
      lineTimer = setTimeout(() => weir.say(answer.line || "Every card is shown."), 400);
    }
    if (own) tellHidden(before);
    own = false;
    document.dispatchEvent(new Event("weir:filtered"));
  }

  /** How many cards of a cell there are down to the lower edge of the screen, by the mean height of some. */
  function reach(cards) {
    if (!board.scrollTop) return SCREENFUL;
    const some = cards.filter((card) => !card.hidden).slice(0, 20);
    const height = some.reduce((sum, card) => sum + card.offsetHeight, 0) / some.length;
    return SCREENFUL + board.scrollTop / height; // Without a height, all.
  }

  /** Hides what does not match, and gives the focus of a card that goes to the next one. What comes back below the
      screen does so when that is painted: a thousand cards at once would keep the eye waiting. */
  function show(cards = allCards(), most = reach(cards)) {
    const turn = (shown += 1);
    const touched = new Set();
    const focused = document.activeElement?.closest?.(".card");
    let [cell, seen, later] = [null, 0, false];
    for (const card of cards) {
      const id = Number(card.dataset.id);
      const hidden = matching !== null && judged.has(id) && !matching.has(id);
      if (card.parentNode !== cell) [cell, seen] = [card.parentNode, 0];
      if (!hidden) seen += 1;
      if (hidden === card.hidden) continue;
      if (!hidden && seen > most) {
        later = true;
        continue;
      }
      card.hidden = hidden;
      touched.add(columnOf(card));
    }
    if (later) requestAnimationFrame(() => setTimeout(() => { if (turn === shown) show(allCards(), Infinity); }));
    markColumns();
    for (const column of touched) weir.rove(column);
    if (focused?.hidden) {
      const column = columnOf(focused);
      const next = column.querySelector(".card:not([hidden])");
      (next ? linkOf(next) : byId(`${column.id}-name`)).focus({ preventScroll: true });
    }
    for (const wip of byId("columns").querySelectorAll(".wip")) {
      const [seen, said] = wip.querySelectorAll(".some");
      const count = matching && some?.[wip.closest("[id$=-head]")?.id];
      const words = Number.isInteger(count) ? [`${count} of `, `, ${count} shown`] : ["", ""];
      if (seen.textContent !== words[0]) [seen.textContent, said.textContent] = words;
    }
  }

  /** A column without a match says so. By a class: a style by what is not hidden takes each card a look at the others. */
  function markColumns() {
    for (const column of byId("columns").querySelectorAll(".column")) {
      const none = matching && column.querySelector(".card") && !column.querySelector(".card:not([hidden])");
      column.classList.toggle("is-unmatched", Boolean(none));
    }
  }

  /** Somebody who makes or changes a card does not look for it in vain. */
  function tellHidden(before) {
    const gone = allCards().filter((card) => card.hidden && before.has(card.id));
    if (!gone.length) return;
    const words = gone.length === 1 ? `${refOf(gone[0])} is hidden by the filter.` : `${gone.length} cards are hidden by the filter.`;
    weir.say(words);
    weir.toast(words, "Clear the filter", () => setTo([]));
  }

  document.addEventListener("weir:panel", keepAddress); // The card may have gone from above the board.

  // ---- Hands ------------------------------------------------------------------------------------------------------

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-filter]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const inBar = link.closest("#filter-bar");
    if (link.dataset.filter) toggle(...split(link.dataset.filter), "only" in link.dataset);
    else {
      text.value = "";
      setTo([]);
    }
    if (inBar) (query ? byId("filter-chips") : board).focus({ preventScroll: true });
  });

  form.addEventListener("input", () => {
    const boxes = Array.from(form.querySelectorAll("[type=checkbox]"), (box) => `${box.name}=${box.value}`);
    const others = pairs().filter(([name, value]) => name !== "q" && !boxes.includes(`${name}=${value}`));
    setTo([...others, ...new FormData(form)]);
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    form.hidePopover();
  });

  form.addEventListener("toggle", (event) => {
    if (event.newState === "open" && matchMedia("(pointer: fine)").matches) text.select();
  });

  /** The age that most past cards did not reach can be asked for as soon as there are enough of them. */
  function offerAge() {
    const hint = byId("filter-age-hint");
    if (!hint || !("paced" in byId("board-state").dataset)) return;
    for (const box of form.querySelectorAll(":disabled")) box.disabled = false;
    hint.parentNode.parentNode.removeAttribute("aria-describedby");
    hint.remove();
  }

  document.addEventListener("weir:changed", (event) => {
    offerAge();
    if (!query) return;
    mirror();
    own ||= Boolean(event.detail?.own);
    show();
    clearTimeout(timer);
    timer = setTimeout(() => ask(false), 60);
  });

  addEventListener("popstate", keepAddress);

  if (query) {
    const cards = allCards();
    matching = idsOf(cards.filter((card) => !card.hidden));
    judged = idsOf(cards);
    markColumns();
    ask(false);
  }

  weir.filter = {
    /** Opens the filter with the field ready for typing. */
    open() {
      if (!form.matches(":popover-open")) form.showPopover();
      text.select();
    },
    clear: () => setTo([]),
    toggle,
    get query() { return query; },
  };
})();
