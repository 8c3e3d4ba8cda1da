// The keys of the board: one table of commands, which acts, which the help lists and which the palette searches, so
// that none of them can say what another does not do. Nothing here changes a card: board.js and select.js do.
"use strict";

(() => {
  const weir = window.Weir;
  if (!weir?.byId("help-dialog")) return;
  const { board, boardUrl, mayWork, byId, cardsIn, cardById, linkOf, columnOf, refOf, say } = weir;
  const page = document.documentElement;

  // ---- Which card ---------------------------------------------------------------------------------------------------

  const columns = () => Array.from(document.querySelectorAll(".column"));
  const shown = (node) => Array.from(node.querySelectorAll(".card")).filter((card) => card.checkVisibility());

  /** The card that a key is meant for: the one with the focus, or the one that is open. */
  function current() {
    const focused = document.activeElement;
    const card = focused?.closest?.(".card");
    if (card && board.contains(card)) return card;
    const panel = focused?.closest?.("#panel");
    return panel?.dataset.card ? cardById(panel.dataset.card) : null;
  }

  const focusOn = (card) => {
    linkOf(card).focus();
    card.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  function step(key) {
    const card = current();
    if (!card) {
      const first = shown(byId("columns"))[0];
      return first ? focusOn(first) : say("There is no card here.");
    }
    linkOf(card).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  }

  let chain = Promise.resolve();

  /** Moves a card at once; the next press waits for the answer to this one. */
  function shift(key) {
    const id = current()?.dataset.id;
    if (!id) return say("Choose a card first.");
    chain = chain.then(() => shiftNow(cardById(id), key)).catch(() => {});
  }

  async function shiftNow(card, key) {
    if (!card) return;
    const list = card.parentElement;
    const values = { column_id: list.dataset.column, lane_id: list.dataset.lane, version: card.dataset.v };
    if (key === "ArrowLeft" || key === "ArrowRight") {
      const all = columns();
      const to = all[all.indexOf(columnOf(card)) + (key === "ArrowRight" ? 1 : -1)];
      if (!to) return say(`There is no column on the ${key === "ArrowRight" ? "right" : "left"}.`);
      values.column_id = to.dataset.column;
    } else {
      const up = key === "ArrowUp";
      const cards = cardsIn(list).filter((each) => each.checkVisibility());
      const beside = cards[cards.indexOf(card) + (up ? -1 : 1)];
      if (beside) values[up ? "before_card_id" : "after_card_id"] = beside.dataset.id;
      else {
        const cells = Array.from(columnOf(card).querySelectorAll(".cell"));
        const to = cells[cells.indexOf(list) + (up ? -1 : 1)];
        if (!to) return say(`${refOf(card)} is at the ${up ? "top" : "bottom"}.`);
        values.lane_id = to.dataset.lane;
        if (!up) values.index = 0;
      }
    }
    await weir.move(card, values);
    const now = cardById(card.dataset.id);
    if (now) focusOn(now);
    weir.afterWrite();
  }

  // ---- What can be done ---------------------------------------------------------------------------------------------

  const ids = () => (weir.select?.ids.length ? weir.select.ids : current() ? [current().dataset.id] : []);
  const isMany = () => Boolean(weir.select?.ids.length);

  /** For the selection where there is one, for the card otherwise. */
  const many = (action, single) => () => {
    const card = current();
    if (!ids().length) return say("Choose a card first.");
    if (single && !isMany()) return single(card);
    return weir.select.act(action, ids());
  };

  function add(column) {
    const field = column?.querySelector(".quick-add-title");
    if (!field) return;
    field.scrollIntoView({ block: "nearest", inline: "nearest" });
    field.focus();
  }

  const dialog = (form, words) => (card) => weir.openDialog(card, form, `${words} ${refOf(card)}`);
  function editTitle() {
    if (document.activeElement?.closest("#panel")) byId("panel-title")?.focus();
    else if (current()) dialog("rename", "Edit")(current());
  }

  const open = () => (current() ? linkOf(current()).click() : say("Choose a card first."));
  const goTo = (path) => () => location.assign(path);
  const filter = () => (weir.filter ? weir.filter.open() : say("There is no filter here."));

  // [keys, group, words, what it does, whether it needs a card, whether it changes something]
  const COMMANDS = [
    ["Enter", "Card", "Open", open, true],
    ["Space", "Card", "Quick look", () => show("peek"), true],
    ["m", "Card", "Move to…", many("move", dialog("move", "Move")), true, true],
    ["a", "Card", "Assign…", many("assign"), true, true],
    ["i", "Card", "Assign to me", many("mine"), true, true],
    ["l", "Card", "Label…", many("label"), true, true],
    ["e", "Card", "Edit the title", editTitle, true, true],
    ["b", "Card", "Block or unblock", many("block", (card) => dialog("block", card.classList.contains("is-blocked") ? "Unblock" : "Block")(card)), true, true],
    ["x", "Card", "Select", () => current() && weir.select?.toggle(current()), true, true],
    ["", "Card", "Archive", many("archive"), true, true],
    ["ArrowUp ArrowDown ArrowLeft ArrowRight", "Go", "To another card", null],
    ["k", "Go", "Up", () => step("ArrowUp")],
    ["j", "Go", "Down", () => step("ArrowDown")],
    ["h", "Go", "Left", () => step("ArrowLeft")],
    ["Shift+ArrowLeft Shift+ArrowRight", "Move at once", "To the next column", null, true, true],
    ["Shift+ArrowUp Shift+ArrowDown", "Move at once", "Up or down", null, true, true],
    ["c", "Board", "New card", () => add(columns()[0]), false, true],
    ["n", "Board", "New card in this column", () => add(current() ? columnOf(current()) : columns()[0]), false, true],
    ["/ f", "Board", "Search and filter", filter],
    ["q", "Board", "My cards", () => weir.filter?.toggle("assignee", "me")],
    ["Shift+X", "Board", "Clear the filter", () => weir.filter?.clear()],
    ["Mod+z", "Board", "Undo my last change", () => weir.undo(), false, true],
    ["Mod+k", "Board", "Go to a card, a board, a command", () => show("palette")],
    ["Mod+Enter", "Board", "Send a form; add a card and open it", null],
    ["Escape", "Board", "Close; clear the selection", null],
    ["?", "Board", "This help", () => show("help")],
    ["", "Go", "Flow", goTo(`${boardUrl}/flow`)],
    ["", "Go", "Stand-up", goTo(`${boardUrl}/standup`)],
    ["", "Go", "Archive", goTo(`${boardUrl}/archive`)],
    ["", "Go", "All boards", goTo("/boards")],
    ["", "Board", "Select cards", () => weir.select?.begin(), false, true],
  ].filter(([, , , , , changes]) => mayWork || !changes)
    .map(([keys, group, words, run, card, changes]) => ({ keys: keys ? keys.split(" ") : [], group, words, run, card, changes }));
  const byKey = new Map(COMMANDS.flatMap((command) => (command.run ? command.keys.map((key) => [key, command]) : [])));

  // ---- What is fetched when it is first asked for -------------------------------------------------------------------

  const { script, style } = byId("help-dialog").dataset;
  let fetched = null;

  function load(tag, values) {
    return new Promise((done, failed) => {
      const node = Object.assign(document.createElement(tag), values, { onload: done, onerror: failed });
      document.head.append(node);
    });
  }

  /** Opens the help, the palette or the quick look. */
  async function show(what) {
    fetched ??= Promise.all([load("link", { rel: "stylesheet", href: style }), load("script", { src: script })]);
    try {
      await fetched;
    } catch {
      fetched = null;
      return say("Weir could not be reached.");
    }
    return weir.keys[what]();
  }

  // ---- The keys themselves ------------------------------------------------------------------------------------------

  const typing = (node) => Boolean(node?.closest?.("input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]:not([contenteditable=false])"));
  const busy = () => document.querySelector("dialog[open], [popover].menu:popover-open:not(#peek)");

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.keyCode === 229 || event.altKey) return;
    const { key, target } = event;
    const mod = event.ctrlKey || event.metaKey;
    if (mod) return withModifier(event, key.toLowerCase(), target);
    if (busy() || typing(target)) return;
    if (event.shiftKey && key.startsWith("Arrow")) {
      if (!current() || !mayWork || !current().contains(target)) return;
      event.preventDefault();
      return shift(key);
    }
    if (key === "Escape") {
      if (target.closest("#panel, .notice-place")) return;
      if (byId("peek").matches(":popover-open")) weir.keys.closePeek();
      else if (weir.select?.any) weir.select.clear();
      else return;
      return event.preventDefault(); // The panel stays open for another press.
    }
    if (page.dataset.shortcuts === "off") return;
    const inPanel = target.closest("#panel");
    const onCard = target.matches(".card-title, .card-pick");
    if (key === " " ? !onCard : key === "Enter") return; // A button or link does that by itself.
    if (key === " " && target.matches(".card-pick")) return;
    const name = key === " " ? "Space" : event.shiftKey && key.length === 1 && /[a-z]/i.test(key) ? `Shift+${key.toUpperCase()}` : key.toLowerCase();
    if (inPanel && ["j", "k", "h", "/"].includes(name)) return; // The panel goes through the cards by itself.
    const command = byKey.get(name);
    if (command) {
      if (event.repeat && !["h", "j", "k"].includes(name)) return;
      event.preventDefault();
      return command.run();
    }
    if (key.startsWith("Arrow") && !current() && (target === document.body || target === board)) {
      event.preventDefault();
      step(key);
    }
  });

  function withModifier(event, key, target) {
    if (key === "k" && !event.shiftKey) {
      event.preventDefault();
      if (!document.querySelector("dialog[open]:not(#palette)")) show("palette");
    } else if (key === "z" && !event.shiftKey && mayWork && !typing(target) && !busy()) {
      event.preventDefault();
      if (!event.repeat) weir.undo();
    } else if (key === "enter" && typing(target) && target.form && !target.closest(".quick-add, #panel")) {
      event.preventDefault();
      target.form.requestSubmit();
    }
  }

  byId("help-button")?.addEventListener("click", () => {
    byId("view-menu").hidePopover();
    show("help");
  });
  byId("new-card")?.addEventListener("click", (event) => {
    event.preventDefault();
    add(columns()[0]);
  });
  weir.keys = { COMMANDS, current, isMany, ids, goTo };
})();
