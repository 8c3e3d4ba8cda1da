// What the keys of the board open: the help, the palette and the quick look. Fetched when one of them is first asked for.
"use strict";

(() => {
  const weir = window.Weir;
  const { board, byId, cardById, linkOf, refOf, say, element } = weir;
  const { COMMANDS, current, isMany, ids, goTo } = weir.keys;
  const help = byId("help-dialog");
  const mac = /Mac|iPhone|iPad/.test(navigator.platform);

  const SIGNS = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", Shift: "⇧", Mod: mac ? "⌘" : "Ctrl" };
  const SPOKEN = { ArrowUp: "arrow up", ArrowDown: "arrow down", ArrowLeft: "arrow left", ArrowRight: "arrow right", Mod: mac ? "Command" : "Control", Shift: "Shift" };

  function keyed(keys) {
    const line = element("span", "keyed");
    for (const key of keys) {
      const signs = element("span");
      for (const part of key.split("+")) {
        const sign = element("kbd", "", SIGNS[part] ?? (part.length === 1 ? part.toUpperCase() : part));
        signs.append(sign);
        if (!SPOKEN[part]) continue;
        sign.setAttribute("aria-hidden", "true");
        signs.append(element("span", "vh", ` ${SPOKEN[part]} `));
      }
      line.append(signs);
    }
    return line;
  }

  // ---- The help -----------------------------------------------------------------------------------------------------

  function openHelp() {
    const body = byId("help-body");
    body.replaceChildren();
    for (const group of ["Card", "Move at once", "Go", "Board"]) {
      const list = element("dl", "help-keys");
      for (const { keys, words } of COMMANDS.filter((command) => command.group === group && command.keys.length)) {
        const row = element("div");
        const said = element("dt");
        said.append(keyed(keys));
        row.append(said, element("dd", "", words));
        list.append(row);
      }
      const part = element("section");
      part.append(element("h3", "", group), list);
      body.append(part);
    }
    body.append(element("p", "hint", "A range: Shift and click, from one card to another. Keys never act while you type."));
    help.showModal();
    byId("help-close").focus();
  }

  byId("help-close").addEventListener("click", () => help.close());
  help.addEventListener("click", (event) => { if (event.target === help) help.close(); });

  // ---- The quick look -----------------------------------------------------------------------------------------------

  const peekBox = byId("peek");
  const peeking = () => peekBox.matches(":popover-open");
  const closePeek = () => peeking() && peekBox.hidePopover();

  async function peek() {
    const card = current();
    const same = peeking() && peekBox.dataset.card === card?.dataset.id;
    closePeek();
    if (!card || same) return;
    const answer = await fetch(`/api/v1/cards/${card.dataset.id}`).catch(() => null);
    if (!answer?.ok) return say("The card cannot be read now.");
    const facts = await answer.json();
    const line = (className, text) => text && peekBox.append(element("p", className, text));
    peekBox.replaceChildren();
    peekBox.dataset.card = card.dataset.id;
    line("ref", facts.ref);
    line("peek-title", facts.title);
    line("peek-blocked", facts.blocked && `⊘ ${facts.blocked.reason}`);
    line("peek-text", facts.description.length > 400 ? `${facts.description.slice(0, 400)}…` : facts.description || "No description.");
    const people = facts.assignees.map((person) => person.name).join(", ");
    line("hint", [people && `Assigned to ${people}`, facts.labels.join(", "), facts.due_on && `Due ${facts.due_on}`].filter(Boolean).join(" · "));
    peekBox.showPopover();
    const [at, box] = [card.getBoundingClientRect(), peekBox.getBoundingClientRect()];
    const right = at.right + 8 + box.width < innerWidth ? at.right + 8 : Math.max(8, at.left - box.width - 8);
    peekBox.style.left = `${right}px`;
    peekBox.style.top = `${Math.max(8, Math.min(at.top, innerHeight - box.height - 8))}px`;
    say(Array.from(peekBox.children, (each) => each.textContent).join(". "));
  }

  weir.keys.closePeek = closePeek;
  document.addEventListener("focusin", (event) => { if (peeking() && !event.target.closest(`#card-${peekBox.dataset.card}`)) closePeek(); });
  document.addEventListener("pointerdown", (event) => { if (!event.target.closest("#peek")) closePeek(); });
  board.addEventListener("scroll", closePeek, { passive: true });

  // ---- The palette --------------------------------------------------------------------------------------------------

  const palette = byId("palette");
  const text = byId("palette-text");
  const list = byId("palette-list");
  let rows = [];
  let at = 0;
  let asked = 0;
  let meant = null; // The card that had the focus when the palette was opened.

  function openPalette() {
    if (palette.open) return palette.close();
    meant = current()?.dataset.id ?? null;
    text.value = "";
    palette.showModal();
    text.focus();
    search();
  }

  /** The commands that go by a text: those of the card first, then those of the board. */
  function commands(wanted) {
    const card = isMany() ? null : meant && cardById(meant);
    const whose = isMany() ? `${ids().length} cards` : card && refOf(card);
    return COMMANDS.filter((command) => command.run && (!command.card || whose) && command.words !== "Go to a card, a board, a command")
      .map((command) => ({ group: command.card ? whose : "Commands", words: command.words, keys: command.keys.slice(0, 1), run: command.run, card: command.card }))
      .filter(({ words }) => words.toLowerCase().includes(wanted));
  }

  async function search() {
    const wanted = text.value.trim().toLowerCase();
    const mine = ++asked;
    const first = commands(wanted);
    draw(first);
    const query = new URLSearchParams({ q: text.value.trim(), near: board.dataset.key });
    const answer = await fetch(`/api/v1/find?${query}`).catch(() => null);
    if (mine !== asked || !answer?.ok) return;
    const found = await answer.json();
    const cards = found.cards.map((card) => ({
      group: "Cards", words: `${card.ref} ${card.title}`, note: card.archived ? "archived" : "", keys: [],
      run: () => goToCard(card),
    }));
    const boards = found.boards.filter((each) => each.key !== board.dataset.key)
      .map((each) => ({ group: "Boards", words: each.name, note: each.key, keys: [], run: goTo(`/boards/${each.key}`) }));
    draw(wanted ? [...first.filter((row) => row.card), ...cards, ...first.filter((row) => !row.card), ...boards] : [...first, ...boards]);
  }

  function goToCard(card) {
    const here = card.board === board.dataset.key && cardById(card.id);
    if (here) linkOf(here).click();
    else location.assign(`/boards/${card.board}/cards/${card.number}`);
  }

  function draw(wanted) {
    rows = wanted;
    list.replaceChildren();
    let group = null;
    let box = null;
    rows.forEach((row, index) => {
      if (row.group !== group) {
        group = row.group;
        box = element("div");
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", group);
        const head = element("p", "palette-head", group);
        head.setAttribute("aria-hidden", "true");
        box.append(head);
        list.append(box);
      }
      const option = element("div", "palette-row");
      option.setAttribute("role", "option");
      option.id = `palette-${index}`;
      option.dataset.at = index;
      option.append(element("span", "palette-words", row.words));
      if (row.note) option.append(element("span", "hint", row.note));
      if (row.keys.length) option.append(keyed(row.keys));
      box.append(option);
    });
    if (!rows.length) list.append(element("p", "empty", "Nothing goes by that."));
    point(0);
  }

  function point(to) {
    at = rows.length ? (to + rows.length) % rows.length : 0;
    for (const option of list.querySelectorAll("[role=option]")) option.setAttribute("aria-selected", Number(option.dataset.at) === at);
    const option = byId(`palette-${at}`);
    if (option) text.setAttribute("aria-activedescendant", option.id);
    else text.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  function take(index) {
    const row = rows[index];
    palette.close();
    const card = meant && cardById(meant);
    if (card) linkOf(card).focus({ preventScroll: true });
    row?.run();
  }

  text.addEventListener("input", search);
  text.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") point(at + 1);
    else if (event.key === "ArrowUp") point(at - 1);
    else if (event.key === "Enter") take(at);
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(Number(option.dataset.at));
  });
  list.addEventListener("pointermove", (event) => {
    const option = event.target.closest("[role=option]");
    if (option && Number(option.dataset.at) !== at) point(Number(option.dataset.at));
  });
  palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });

  Object.assign(weir.keys, { help: openHelp, palette: openPalette, peek });
})();
