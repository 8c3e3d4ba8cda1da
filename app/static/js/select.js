// Cards that are selected, and the bar that changes all of them at once. The selection lives in the page alone: it
// outlasts what others change, and ends for a card that leaves the board. All or none of it is done by the server.
"use strict";

(() => {
  const weir = window.Weir;
  const bar = weir?.byId("select-bar");
  if (!bar) return;
  const { board, boardUrl, byId, cardById, linkOf, columnOf, refOf, say, send, good, openForm, offerUndo, toldWords, afterWrite, element } = weir;
  const MOST = 200;
  const chosen = new Set(); // Ids of cards.
  let last = null; // Where a range begins.
  let selecting = false; // Every card shows its box, and a tap selects: for touch, where nothing hovers.

  const allCards = () => Array.from(byId("columns").querySelectorAll(".card"));
  const visible = (card) => card.checkVisibility();
  const words = (count) => (count === 1 ? "1 card" : `${count} cards`);

  function paint(card) {
    const on = chosen.has(card.dataset.id);
    card.classList.toggle("is-selected", on);
    let box = card.querySelector(":scope > .card-pick");
    if (!box) {
      box = element("input", "card-pick");
      box.type = "checkbox";
      box.id = `${card.id}-pick`;
      card.append(box);
    }
    box.setAttribute("aria-label", `Select ${refOf(card)}`);
    box.tabIndex = selecting ? linkOf(card).tabIndex : -1;
    box.checked = on;
  }

  /** Brings boxes and bar up to what is selected. */
  function show(spoken = true) {
    const cards = allCards();
    cards.forEach(paint);
    const here = new Set(cards.map((card) => card.dataset.id));
    for (const id of chosen) if (!here.has(id)) chosen.delete(id);
    const count = chosen.size;
    board.classList.toggle("is-selecting", selecting);
    const held = bar.contains(document.activeElement);
    bar.hidden = !count && !selecting;
    document.documentElement.classList.toggle("has-select-bar", !bar.hidden);
    byId("select-count").textContent = `${count} selected`;
    for (const button of bar.querySelectorAll("[data-many]")) button.disabled = !count;
    if (held && bar.hidden) (last && cardById(last) ? linkOf(cardById(last)) : board).focus({ preventScroll: true });
    if (spoken) say(count ? `${words(count)} selected.` : "Nothing is selected.");
  }

  function set(card, on) {
    if (on && chosen.size >= MOST) return say(`At most ${MOST} cards at once.`);
    if (on) chosen.add(card.dataset.id);
    else chosen.delete(card.dataset.id);
    last = card.dataset.id;
    if (!chosen.size) selecting = false;
    show();
  }

  const toggle = (card) => set(card, !chosen.has(card.dataset.id));

  /** Everything between the last card and this one, in the order of the board. */
  function range(card) {
    const cards = allCards().filter(visible);
    const from = cards.findIndex((each) => each.dataset.id === last);
    const to = cards.indexOf(card);
    const between = from < 0 ? [card] : cards.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const each of between) if (chosen.size < MOST) chosen.add(each.dataset.id);
    last = card.dataset.id;
    show();
  }

  function clear() {
    if (!chosen.size && !selecting) return;
    chosen.clear();
    selecting = false;
    show();
  }

  function begin() {
    selecting = true;
    show(false);
    say("Choose cards.");
  }

  /** Does something with cards: at once, or after its form was filled in. */
  async function act(action, ids = [...chosen]) {
    if (!ids.length) return;
    const cards = ids.join(",");
    const one = ids.length === 1 ? cardById(ids[0]) : null;
    const name = one ? refOf(one) : words(ids.length);
    const blocked = action === "block" && ids.every((id) => cardById(id)?.classList.contains("is-blocked"));
    if (blocked || action === "archive" || action === "mine") {
      const values = { action: blocked ? "unblock" : action, cards };
      const giveBack = weir.keepFocus();
      if (good(await send("cards/bulk", values, () => act(action, ids)))) offerUndo();
      giveBack();
      return afterWrite();
    }
    const heading = { move: `Move ${name}`, assign: `Assign ${name}`, label: `Label ${name}`, block: `Block ${name}` }[action];
    return openForm(`${boardUrl}/cards/bulk?${new URLSearchParams({ action, cards })}`, heading, one ?? cardById(last ?? 0));
  }

  bar.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.id === "select-clear") clear();
    else act(button.dataset.many);
  });

  // A toolbar is one stop for Tab; the arrows go on from button to button.
  bar.addEventListener("keydown", (event) => {
    const buttons = Array.from(bar.querySelectorAll("button:not(:disabled)"));
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = buttons.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    buttons.at((at + step) % buttons.length).focus();
  });

  board.addEventListener("change", (event) => {
    if (event.target.matches(".card-pick")) set(event.target.closest(".card"), event.target.checked);
  });

  board.addEventListener("click", (event) => {
    const card = event.target.closest(".card");
    if (!card || event.target.closest(".card-menu") || event.button) return;
    const pick = event.target.matches(".card-pick");
    if (event.shiftKey) range(card);
    else if (pick) return;
    else if (event.ctrlKey || event.metaKey || (selecting && matchMedia("(pointer: coarse)").matches)) toggle(card);
    else return;
    event.preventDefault();
    event.stopPropagation();
    getSelection()?.removeAllRanges();
    linkOf(card).focus({ preventScroll: true });
  }, true);

  board.addEventListener("focusin", (event) => {
    const column = event.target.closest(".card") && columnOf(event.target);
    if (selecting) for (const box of column?.querySelectorAll(".card-pick") ?? []) box.tabIndex = linkOf(box.closest(".card")).tabIndex;
  });

  byId("card-menu-select")?.addEventListener("click", () => {
    const card = weir.menuCard();
    weir.closeMenu();
    selecting = true;
    set(card, true);
    linkOf(card).focus({ preventScroll: true });
  });

  document.addEventListener("weir:changed", () => show(false));
  // A card that has changed is drawn anew around its box.
  Idiomorph.defaults.callbacks.beforeNodeRemoved = (node) => !node.matches?.(".card-pick");

  weir.select = { toggle, range, clear, begin, act, get ids() { return [...chosen]; }, get any() { return chosen.size > 0 || selecting; } };
  show(false);
})();
