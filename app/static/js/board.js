// The board in the browser: drag and drop, the card menu, the dialog, refusals and the live stream.
// Every htmx, Idiomorph and Sortable hook is in this file. The server decides each move; what it answers is applied,
// and nothing else is believed. No eval, no inline style attribute, no reload, no alert.
"use strict";

(() => {
  const board = document.getElementById("board");
  if (!board) return;

  const { byId, say, ask, good, element, failure, mayHelpAgain, EVENT_TYPES, QUIET_TYPES, tellOf } = window.Weir;
  const boardUrl = board.dataset.url;
  const mayWork = board.dataset.mayWork === "1";
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  // ---- Words ----------------------------------------------------------------------------------------------------

  const columnOf = (node) => node.closest(".column");
  const nameOf = (column) => column.dataset.name;

  function placeWords(card) {
    const list = card.parentElement;
    const cards = cardsIn(list);
    const lane = byId("columns").classList.contains("has-lanes") ? `lane ${list.dataset.laneName}, ` : "";
    return `${lane}position ${cards.indexOf(card) + 1} of ${cards.length}`;
  }

  const whereWords = (card) => `${refOf(card)} is in ${nameOf(columnOf(card))}, ${placeWords(card)}.`;

  // What a filter hides, and what a folded column or lane holds, is passed over by keys and by the focus.
  const seenCards = (column) =>
    column.matches(".is-collapsed") ? [] : Array.from(column.querySelectorAll(".cell:not(.is-folded) > .card:not([hidden])"));
  const cardsIn = (list) => Array.from(list.children).filter((node) => node.classList.contains("card"));
  const cardById = (id) => byId("columns").querySelector(`#card-${id}`);
  const refOf = (card) => card.dataset.ref;

  const menu = byId("card-menu");
  let menuCard = null;
  let menuButton = null;

  // ---- Focus ----------------------------------------------------------------------------------------------------

  const linkOf = (card) => card.querySelector(".card-title");
  /** What can have the focus for a card: its link, or what opens the column or lane in which it lies folded. */
  const handleOf = (card) => {
    if (card.checkVisibility()) return linkOf(card);
    const [column, lane] = [columnOf(card), byId(`lane-${card.parentElement.dataset.lane}-fold`)];
    return (column.matches(".is-collapsed") && byId(`${column.id}-fold`)) || lane || byId(`${column.id}-name`);
  };

  /** Lets Tab stop once in each column: at the card that had the focus last, and at its menu. */
  function rove(column, chosen) {
    const cards = seenCards(column);
    const focused = cards.find((card) => card.contains(document.activeElement));
    const current = chosen ?? focused ?? cards.find((card) => linkOf(card).tabIndex === 0) ?? cards[0];
    for (const card of cards) {
      const tabIndex = card === current ? 0 : -1;
      const link = linkOf(card);
      if (link.tabIndex === tabIndex && link.hasAttribute("tabindex")) continue; // A thousand cards, one change.
      link.tabIndex = tabIndex;
      const menu = card.querySelector(".card-menu");
      if (menu) menu.tabIndex = tabIndex;
    }
  }

  const roveAll = () => document.querySelectorAll(".column").forEach((column) => rove(column));

  board.addEventListener("focusin", (event) => {
    const card = event.target.closest(".card");
    if (card && linkOf(card).tabIndex !== 0) rove(columnOf(card), card);
  });

  board.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.isComposing) return;
    if (event.key === "Escape") {
      const place = event.target.closest(".column")?.querySelector(".notice-place");
      if (place?.firstElementChild) dismiss(place);
      return;
    }
    const card = event.target.closest(".card");
    if (!card || !event.target.matches(".card-title, .card-menu")) return;
    const cards = seenCards(columnOf(card));
    const at = cards.indexOf(card);
    let next = null;
    if (event.key === "ArrowDown") next = cards[at + 1];
    else if (event.key === "ArrowUp") next = cards[at - 1];
    else if (event.key === "Home") next = cards[0];
    else if (event.key === "End") next = cards.at(-1);
    else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      const columns = Array.from(document.querySelectorAll(".column"));
      const step = event.key === "ArrowRight" ? 1 : -1;
      for (let i = columns.indexOf(columnOf(card)) + step; columns[i] && !next; i += step) {
        const others = seenCards(columns[i]);
        next = others[Math.min(at, others.length - 1)] ?? null;
      }
    } else return;
    event.preventDefault();
    next && linkOf(next).focus();
  });

  /** Remembers where the focus is, and gives it back after cards were moved or taken away. */
  function keepFocus() {
    const focused = document.activeElement;
    const inMenu = menu?.contains(focused) ?? false;
    const card = inMenu ? menuCard : focused?.closest?.(".card");
    if (!card || !board.contains(card)) return () => {};
    const column = columnOf(card);
    const cards = seenCards(column);
    const at = cards.indexOf(card);
    const heirs = [...cards.slice(at + 1), ...cards.slice(0, at).reverse()].map((heir) => heir.id);
    return () => {
      if (document.activeElement && document.activeElement !== document.body) return;
      const still = byId("columns").querySelector(`#${card.id}`);
      if (still) return ((!inMenu && still.checkVisibility() && byId(focused.id)) || handleOf(still)).focus({ preventScroll: true });
      const heir = heirs.map(byId).find((node) => node && node.closest(".column") === byId(column.id));
      (heir ? linkOf(heir) : byId(`${column.id}-name`))?.focus({ preventScroll: true });
    };
  }

  // ---- What an answer brings --------------------------------------------------------------------------------------

  let applied = Number(board.dataset.seq); // Every change up to this one is on the page.
  let ownWrite = null; // { id, verb, from } of the write whose answer is being applied.
  let remote = 0;

  function slide(card, before) {
    if (!before || calm.matches) return;
    const after = card.getBoundingClientRect();
    const [x, y] = [before.left - after.left, before.top - after.top];
    if (x || y) card.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], { duration: 180, easing: "cubic-bezier(.2,0,0,1)" });
  }

  function putInPlace(card, list, after) {
    const behind = after ? list.querySelector(`:scope > #${after}`) : null;
    const next = behind ? behind.nextElementSibling : cardsIn(list)[0] ?? null;
    if (card.parentElement === list && (next === card || card.previousElementSibling === behind && behind)) return;
    const focused = card.contains(document.activeElement) ? document.activeElement : null;
    if (list.moveBefore && card.isConnected) list.moveBefore(card, next);
    else list.insertBefore(card, next);
    if (focused && document.activeElement !== focused) focused.focus({ preventScroll: true });
  }

  /** Puts the cards of an answer where they belong; says whether the page had all it needed for that. */
  function settleArrivals(arrivals) {
    const giveBack = keepFocus();
    const touched = new Set();
    let whole = true;
    for (const parcel of Array.from(arrivals.children)) {
      if (parcel.dataset.gone) {
        const card = byId("columns").querySelector(`#${parcel.dataset.gone}`);
        if (card) {
          touched.add(columnOf(card));
          card.remove();
          remote += ownWrite ? 0 : 1;
        }
        continue;
      }
      const fresh = parcel.querySelector(".card");
      const list = byId(parcel.dataset.list);
      const after = parcel.dataset.after;
      if (!fresh || !list || (after && !list.querySelector(`:scope > #${after}`))) {
        whole = whole && !fresh;
        continue;
      }
      let card = byId("columns").querySelector(`#${fresh.id}`);
      const before = card?.getBoundingClientRect();
      const had = card ? Number(card.dataset.v) : 0;
      if (card && had > Number(fresh.dataset.v)) continue;
      if (card) {
        touched.add(columnOf(card));
        if (!card.isEqualNode(fresh)) Idiomorph.morph(card, fresh, { morphStyle: "outerHTML" });
        card = byId("columns").querySelector(`#card-${card.dataset.id}`);
      } else {
        card = fresh;
      }
      putInPlace(card, list, after);
      touched.add(columnOf(card));
      slide(card, before);
      if (!ownWrite && had < Number(card.dataset.v)) {
        remote += 1;
        pulse(card);
      }
    }
    arrivals.replaceChildren();
    forgetMenu();
    for (const column of touched) rove(column);
    giveBack();
    sayRemote();
    changed();
    return whole;
  }

  function pulse(card) {
    card.classList.add("is-pulse");
    setTimeout(() => card.classList.remove("is-pulse"), 1250);
  }

  let saidRemote = 0;
  let remoteTimer = 0;
  function sayRemote() {
    if (!remote || remoteTimer) return;
    remoteTimer = setTimeout(() => {
      say(remote === 1 ? "1 change by others." : `${remote} changes by others.`);
      remote = 0;
      remoteTimer = 0;
      saidRemote = Date.now();
    }, Math.max(1000, saidRemote + 5000 - Date.now()));
  }

  let incomplete = false;
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    if (event.detail.target?.id === "arrivals") incomplete = !settleArrivals(byId("arrivals")) || incomplete;
  });

  function readState() {
    const state = byId("board-state").dataset;
    const seq = Number(state.seq);
    if (state.full === "1") applied = seq;
    else if (incomplete) refreshSoon();
    else if (state.after !== "" && Number(state.after) <= applied) applied = Math.max(applied, seq);
    seen = Math.max(seen, seq); // What came in between and is not on the page yet is fetched.
    incomplete = false;
  }

  // What someone types, the place of the focus and an open notice are the page's own: a refresh leaves them alone.
  // (Idiomorph's ignoreActiveValue would leave the title of a focused card alone too.)
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
    !((name === "tabindex" && node.closest?.(".card")) || (name === "hidden" && node.matches?.(".card")));
  Idiomorph.defaults.callbacks.beforeNodeMorphed = (old) => !(old.matches?.(".quick-add, .notice-place"));

  // ---- Asking the server ------------------------------------------------------------------------------------------

  let dragging = false;
  let held = false;
  let syncing = false;
  let syncAgain = false;
  let syncWhole = false;
  let syncTimer = 0;
  let syncFailures = 0;
  let seen = applied; // The newest change that the stream told of.
  let behind = false; // True when the page may have missed some without being told.

  function syncSoon(delay = 100) {
    if (dragging) { held = true; return; }
    if (syncTimer) return;
    syncTimer = setTimeout(() => { syncTimer = 0; sync(); }, delay);
  }

  // An answer that was asked for before a card was lifted comes too late: after the drop everything is fetched fresh.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!dragging || event.detail.requestConfig?.elt !== byId("sync")) return;
    event.detail.shouldSwap = false;
    held = true;
  });

  function refreshSoon() {
    syncWhole = true;
    syncSoon(0);
  }

  /** Fetches what changed since the page's own state; never two at once, never while a card is in the air. */
  async function sync() {
    if (dragging) { held = true; return; }
    if (syncing || writing) { syncAgain = true; return; }
    if (!syncWhole && !behind && seen <= applied) { syncAgain = false; return; }
    syncing = true;
    syncAgain = false;
    const whole = syncWhole;
    syncWhole = behind = false;
    const giveBack = keepFocus();
    ownWrite = null;
    const status = await ask("GET", whole ? `${boardUrl}/columns` : `${boardUrl}/changes?after=${applied}`);
    syncing = false;
    if (good(status)) {
      syncFailures = 0;
      readState();
      giveBack();
      forgetMenu();
      prepare();
    } else if (status === 401 || status === 403 || status === 404) {
      stopStream(status === 401 ? "Signed out" : "No access");
      return;
    } else {
      syncWhole = syncWhole || whole;
      behind = true;
      syncFailures += 1;
      setTimeout(sync, Math.min(15000, 500 * 2 ** syncFailures));
      return;
    }
    if (syncAgain || syncWhole) syncSoon();
  }

  // ---- Notices and toasts -----------------------------------------------------------------------------------------

  const noticeTimers = new Map();

  function dismiss(place) {
    clearTimeout(noticeTimers.get(place.id));
    place.closest(".column")?.classList.remove("is-refusing");
    const inside = place.contains(document.activeElement);
    place.replaceChildren();
    if (inside) (byId(`${place.closest(".column")?.id}-name`) ?? board).focus({ preventScroll: true });
  }

  const dismissAll = () => document.querySelectorAll(".notice-place:not(:empty)").forEach(dismiss);

  /** Marks the column that says no; the notice stays until it is dismissed, or for 20 seconds without the pointer on it. */
  function attend(place) {
    const notice = place.querySelector(".notice");
    if (!notice) return "";
    place.closest(".column")?.classList.add("is-refusing");
    const later = () => {
      clearTimeout(noticeTimers.get(place.id));
      noticeTimers.set(place.id, setTimeout(() => place.matches(":hover, :focus-within") ? later() : dismiss(place), 20000));
    };
    later();
    if (matchMedia("(width < 640px)").matches) place.closest(".column")?.scrollIntoView({ inline: "center", block: "nearest" });
    return Array.from(notice.querySelectorAll("p:not(.notice-actions)"), (line) => line.textContent.trim().replace(/[^.!?]$/, "$&.")).join(" ");
  }

  const attendAll = () => Array.from(document.querySelectorAll(".notice-place:not(:empty)"), attend).join(" ");

  function problemNotice(place, headline, outcome, retry) {
    const notice = element("div", "notice");
    const words = element("p", "notice-words");
    words.append(element("strong", "", headline), ` ${outcome}`);
    notice.append(words);
    if (retry) {
      const actions = element("p", "notice-actions");
      const again = element("button", "button button-small", "Retry");
      again.type = "button";
      again.addEventListener("click", () => { dismiss(place); retry(); });
      actions.append(again);
      notice.append(actions);
    }
    const close = element("button", "notice-close", "✕");
    close.type = "button";
    close.setAttribute("aria-label", "Dismiss this notice");
    notice.append(close);
    place.replaceChildren(notice);
    attend(place);
  }

  document.addEventListener("click", (event) => {
    const close = event.target.closest(".notice-close");
    if (close) dismiss(close.closest(".notice-place"));
  });

  function toast(text, action, act) {
    const node = element("div", "toast");
    node.append(element("span", "", text));
    if (action) {
      const button = element("button", "button button-small", action);
      button.type = "button";
      button.addEventListener("click", () => { node.remove(); act(); });
      node.append(button);
    }
    byId("toasts").replaceChildren(node);
    const leave = () => setTimeout(() => (node.matches(":hover, :focus-within") ? leave() : node.remove()), 8000);
    leave();
  }

  // ---- One write --------------------------------------------------------------------------------------------------

  let writing = 0;
  const lastWrite = new Map(); // The newest write of each card: the next one waits for it, and sends the version it made.

  /** Sends one change of a card and applies the answer; `putBack` undoes what the page showed in the meantime. */
  async function write(card, verb, values, putBack) {
    const id = card.dataset.id;
    const before = lastWrite.get(id);
    const mine = (async () => {
      if (before) {
        const version = card.dataset.v;
        await before;
        if ("version" in values && values.version === version) values.version = (cardById(id) ?? card).dataset.v;
      }
      return writeNow(card, verb, values, putBack);
    })();
    lastWrite.set(id, mine);
    try {
      return await mine;
    } finally {
      if (lastWrite.get(id) === mine) lastWrite.delete(id);
    }
  }

  async function writeNow(card, verb, values, putBack) {
    const id = card.dataset.id;
    const url = linkOf(card).getAttribute("href");
    const place = byId(`${columnOf(card)?.id}-notice`) ?? byId("board-notice");
    dismissAll();
    const pending = setTimeout(() => card.classList.add("is-pending"), 150);
    card.setAttribute("aria-busy", "true");
    writing += 1;
    ownWrite = { id, verb };
    const status = await ask("POST", `${url}/${verb}`, values, card);
    writing -= 1;
    ownWrite = null;
    clearTimeout(pending);
    const now = cardById(id) ?? card;
    now.classList.remove("is-pending");
    now.removeAttribute("aria-busy");
    if (good(status) || status === 409) {
      readState();
      roveAll();
    }
    if (status === 409 && window.Weir.asks?.()) return { status, card: now };
    if (status === 409) {
      const words = attendAll();
      pulse(now);
      if (now.isConnected) handleOf(now).focus({ preventScroll: true });
      say(`Not done. ${words} ${now.isConnected ? whereWords(now) : ""}`);
    } else if (!good(status)) {
      putBack?.();
      const again = () => {
        const still = cardById(id);
        if (still) write(still, verb, values).then((result) => good(result.status) && say(`${refOf(still)} is saved.`));
      };
      problemNotice(place, "Not saved.", `${failure(status)} ${refOf(now)} is where it was.`, mayHelpAgain(status) && again);
      say(`Not saved. ${failure(status)}`);
      refreshSoon();
    }
    return { status, card: now };
  }

  function afterWrite() {
    if (held || syncAgain || syncWhole || seen > applied) {
      if (held) syncWhole = true;
      held = false;
      syncSoon(0);
    }
  }

  // ---- Drag and drop ----------------------------------------------------------------------------------------------

  let origin = null; // { list, next } of the card in the air.
  let cancelled = false;

  const fullHead = (node) => node?.querySelector(":scope > .column-top > .is-at, :scope > .column-top > .is-over, :scope > .group-top > .is-at, :scope > .group-top > .is-over");

  /** Whether the numbers on the page say that this list has no room for the card; the server has the last word. */
  function looksFull(list, from) {
    const lane = byId(`lane-${list.dataset.lane}-head`);
    if (list.dataset.lane !== from.dataset.lane && lane?.matches(".is-at, .is-over")) return true;
    if (list.classList.contains("is-expedite")) return false;
    const [to, old] = [columnOf(list), columnOf(from)];
    const newcomer = to !== old || from.classList.contains("is-expedite");
    if (newcomer && fullHead(to)) return true;
    const group = to.closest(".group");
    return Boolean(group && (group !== old.closest(".group") || from.classList.contains("is-expedite")) && fullHead(group));
  }

  function mark(list) {
    for (const column of document.querySelectorAll(".is-target, .is-target-full")) column.classList.remove("is-target", "is-target-full");
    if (!list) return;
    columnOf(list).classList.add(looksFull(list, origin.list) ? "is-target-full" : "is-target");
  }

  const takeDrop = (event) => event.preventDefault(); // Only Escape or a drop outside the board then ends as "none".

  const LONG_LIST = 20;
  const sortableOptions = {
    group: "cards",
    draggable: ".card:not([hidden])",
    filter: ".card-menu",
    preventOnFilter: false,
    animation: calm.matches ? 0 : 120,
    delay: 400,
    delayOnTouchOnly: true,
    touchStartThreshold: 8,
    scrollSensitivity: 60,
    scrollSpeed: 15,
    emptyInsertThreshold: 20,
    ghostClass: "is-ghost",
    dragClass: "is-lifted",
    chosenClass: "is-chosen",
    onStart(event) {
      dragging = true;
      // Sortable lays the page out anew for each card that makes room: in a long list that takes longer than the motion.
      for (const list of document.querySelectorAll(".cell")) Sortable.get(list)?.option("animation", calm.matches || list.childElementCount > LONG_LIST ? 0 : 120);
      cancelled = false;
      origin = { list: event.from, next: event.item.nextElementSibling };
      board.classList.add("is-dragging");
      dismissAll();
      board.addEventListener("dragover", takeDrop);
      event.item.addEventListener("dragend", (end) => { cancelled = end.dataTransfer?.dropEffect === "none"; }, { once: true, capture: true });
      navigator.vibrate?.(10);
    },
    onMove(event) { mark(event.to); },
    onEnd(event) { drop(event); },
  };

  async function drop(event) {
    const card = event.item;
    const { list, next } = origin;
    board.classList.remove("is-dragging");
    board.removeEventListener("dragover", takeDrop);
    mark(null);
    const putBack = () => {
      const before = card.getBoundingClientRect();
      if (list.isConnected) list.insertBefore(card, next?.parentElement === list ? next : null);
      slide(card, before);
    };
    dragging = false;
    if (cancelled) putBack();
    else if (event.to !== event.from || event.oldDraggableIndex !== event.newDraggableIndex) await move(card, placeOf(card), putBack);
    else putBack(); // Between cards that a filter hides it may lie elsewhere than it seems.
    afterWrite();
  }

  function placeOf(card) {
    const list = card.parentElement;
    const cards = cardsIn(list);
    const at = cards.indexOf(card);
    const place = { column_id: list.dataset.column, lane_id: list.dataset.lane, version: card.dataset.v };
    if (at > 0) place.after_card_id = cards[at - 1].dataset.id;
    else if (cards.length > 1) place.before_card_id = cards[1].dataset.id;
    return place;
  }

  async function move(card, values, putBack) {
    const from = putBack ? origin.list : card.parentElement;
    const result = await write(card, "move", values, putBack);
    if (good(result.status) && result.card.isConnected) sayMoved(result.card, from);
    return result;
  }

  /** Says where a card has come to; a way back is offered where it has left its list. */
  function sayMoved(card, from) {
    const column = nameOf(columnOf(card));
    say(`${refOf(card)} moved to ${column}, ${placeWords(card)}.`);
    if (card.parentElement !== from) toast(`Moved ${refOf(card)} to ${column}`, "Undo", undo);
  }

  /** What the server told of the change that it has just made. */
  const toldWords = () => byId("board-state").dataset.told ?? "";

  /** Says what was done, and offers to take it back, or to go where it leads. */
  function offerUndo(words = toldWords()) {
    const { url } = byId("board-state").dataset;
    say(`${words}.`);
    toast(words, url ? "Open" : "Undo", url ? () => location.assign(url) : undo);
  }

  /** Runs a change that belongs to no single card; its answer is applied like that of a card's own. */
  async function own(verb, request) {
    dismissAll();
    writing += 1;
    ownWrite = { verb };
    try {
      return await request();
    } finally {
      writing -= 1;
      ownWrite = null;
    }
  }

  /** Sends a change of the board's; gives its status, and says why where it was not done. */
  async function send(path, values, again) {
    const status = await own(path, () => ask("POST", `${boardUrl}/${path}`, values, byId("toasts")));
    if (good(status) || status === 409) {
      readState();
      prepare();
    }
    if (status === 409) say(`Not done. ${attendAll()}`);
    else if (!good(status)) {
      problemNotice(byId("board-notice"), "Not saved.", failure(status), mayHelpAgain(status) && again);
      say(`Not saved. ${failure(status)}`);
      refreshSoon();
    }
    return status;
  }

  /** Takes back what one did last on this board; the server knows what that was. */
  async function undo() {
    byId("toasts").replaceChildren();
    const status = await send("undo", {}, undo);
    if (good(status)) {
      const { told, card } = byId("board-state").dataset;
      say(told);
      toast(told);
      const back = card && cardById(card);
      if (back && back.checkVisibility()) {
        linkOf(back).focus({ preventScroll: true });
        back.scrollIntoView({ block: "nearest", inline: "nearest" });
        pulse(back);
      }
    }
    afterWrite();
  }

  board.addEventListener("contextmenu", (event) => { if (dragging) event.preventDefault(); });

  // The browser tells when a head's height has changed: to ask for it at once would lay out a thousand cards.
  const heights = new ResizeObserver(() => {
    const columns = byId("columns");
    const tallest = (within, heads) => Math.max(0, ...Array.from(within.querySelectorAll(heads), (head) => head.offsetHeight)); // Not of collapsed columns.
    const groupHead = tallest(columns, ".group-head");
    const head = Math.max(tallest(columns, ":scope > .column:not(.is-collapsed) > .column-top > .column-head"), groupHead + tallest(columns, ".group > .column:not(.is-collapsed) > .column-top > .column-head"));
    for (const [name, height] of [["--head", `${head}px`], ["--group-head", `${groupHead}px`]]) {
      if (columns.style.getPropertyValue(name) !== height) columns.style.setProperty(name, height);
    }
  });

  /** Lets the lanes' heads stick right under the columns' heads, however many lines their names take. */
  function measureHeads() {
    for (const head of byId("columns").querySelectorAll(".column-head, .group-head")) heights.observe(head);
  }

  /** Tells the other scripts of this page that cards were put, changed or taken away. */
  const changed = () => document.dispatchEvent(new CustomEvent("weir:changed", { detail: { own: ownWrite?.verb } }));

  function prepare() {
    roveAll();
    measureHeads();
    changed();
    if (!mayWork) return;
    for (const list of document.querySelectorAll(".cell")) if (!Sortable.get(list)) Sortable.create(list, sortableOptions);
  }

  // ---- Quick add --------------------------------------------------------------------------------------------------

  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.detail.elt;
    if (!form.matches?.(".quick-add")) return;
    dismissAll();
    writing += 1;
    ownWrite = { verb: "add" };
    form.setAttribute("aria-busy", "true");
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.requestConfig.elt;
    if (!form.matches?.(".quick-add")) return;
    const { xhr } = event.detail;
    const status = xhr?.status ?? 0;
    const field = form.elements.title;
    writing -= 1;
    ownWrite = null;
    form.removeAttribute("aria-busy");
    if (good(status)) {
      readState();
      say(`${toldWords()}: ${field.value}`);
      field.value = "";
      field.focus();
      form.scrollIntoView({ block: "nearest", inline: "nearest" });
      form.dispatchEvent(new CustomEvent("weir:added", { bubbles: true, detail: byId("board-state").dataset.card }));
    } else if (status === 409 || status === 422) {
      readState();
      say(`Not added. ${attendAll()}`);
    } else {
      const again = () => htmx.trigger(form, "submit");
      problemNotice(byId(`${columnOf(form).id}-notice`), "Not saved.", `${failure(status)} Your text is still here.`, mayHelpAgain(status) && again);
      say(`Not saved. ${failure(status)}`);
    }
    afterWrite();
  });

  // ---- The card menu ----------------------------------------------------------------------------------------------


  function openMenu(button) {
    menuButton = button;
    menuCard = button.closest(".card");
    byId("card-menu-ref").textContent = refOf(menuCard);
    byId("card-menu-open").href = linkOf(menuCard).href;
    byId("card-menu-block").textContent = menuCard.classList.contains("is-blocked") ? "Unblock…" : "Block…";
    menu.setAttribute("aria-label", `Actions for ${refOf(menuCard)}`);
    button.setAttribute("aria-expanded", "true");
    menu.showPopover();
    placeMenu();
    byId("card-menu-open").focus();
  }

  function placeMenu() {
    const anchor = menuButton.getBoundingClientRect();
    const box = menu.getBoundingClientRect();
    const left = Math.max(8, Math.min(anchor.right - box.width, innerWidth - box.width - 8));
    const below = anchor.bottom + 4;
    const top = below + box.height > innerHeight - 8 ? Math.max(8, anchor.top - box.height - 4) : below;
    menu.style.left = `${left}px`;
    menu.style.top = `${top}px`;
  }

  /** Closes the menu of a card that somebody else took away. */
  function forgetMenu() {
    if (menuCard && !menuCard.isConnected) {
      menuCard = menuButton = null;
      if (menu.contains(document.activeElement)) document.activeElement.blur();
      closeMenu();
    }
  }

  function closeMenu() {
    if (menu?.matches(":popover-open")) menu.hidePopover();
  }

  if (menu) {
    let closedFor = null;
    board.addEventListener("pointerdown", (event) => {
      const button = event.target.closest(".card-menu");
      closedFor = button && button === menuButton && menu.matches(":popover-open") ? button : null;
    });
    board.addEventListener("click", (event) => {
      const button = event.target.closest(".card-menu");
      if (!button) return;
      event.preventDefault();
      if (closedFor === button) closedFor = null;
      else openMenu(button);
    });
    menu.addEventListener("toggle", (event) => {
      if (event.newState === "closed") menuButton?.removeAttribute("aria-expanded");
    });
    menu.addEventListener("keydown", (event) => {
      const items = Array.from(menu.querySelectorAll("[role=menuitem]"));
      const at = items.indexOf(document.activeElement);
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) items.at((at + step) % items.length).focus();
      else if (event.key === "Home") items[0].focus();
      else if (event.key === "End") items.at(-1).focus();
      else if (event.key === "Tab") { closeMenu(); menuButton?.focus(); }
      else if (event.key.length === 1 && event.key !== " ") {
        items.find((item) => item.textContent.toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
      } else return;
      event.preventDefault();
    });
    byId("card-menu-move").addEventListener("click", () => { closeMenu(); openDialog(menuCard, "move", `Move ${refOf(menuCard)}`); });
    byId("card-menu-block").addEventListener("click", () => {
      const blocked = menuCard.classList.contains("is-blocked");
      closeMenu();
      openDialog(menuCard, "block", `${blocked ? "Unblock" : "Block"} ${refOf(menuCard)}`);
    });
    byId("card-menu-archive").addEventListener("click", () => { closeMenu(); archive(menuCard); });
    board.addEventListener("scroll", () => { if (menu.matches(":popover-open")) placeMenu(); }, { passive: true });
  }

  async function archive(card) {
    linkOf(card).focus({ preventScroll: true });
    const { status } = await write(card, "archive", { version: card.dataset.v });
    if (good(status)) offerUndo();
    afterWrite();
  }

  // ---- The dialog -------------------------------------------------------------------------------------------------

  const dialog = byId("dialog");
  let dialogCard = null;
  let dialogFrom = null; // The list in which the dialog's card stood when its form was sent.

  const openDialog = (card, form, heading) => openForm(`${linkOf(card).getAttribute("href")}/${form}`, heading, card);

  /** Opens a form in the dialog; `card` is what the focus comes back to. */
  async function openForm(url, heading, card) {
    dialogCard = card?.dataset.id ?? 0;
    byId("dialog-title").textContent = heading;
    byId("dialog-problem").hidden = true;
    byId("dialog-body").replaceChildren();
    await htmx.ajax("GET", url, { source: byId("dialog-body"), target: "#dialog-body", swap: "innerHTML" }).catch(() => {});
    if (!byId("dialog-body").firstElementChild) {
      const place = byId(`${card && columnOf(card)?.id}-notice`) ?? byId("board-notice");
      problemNotice(place, "Not opened.", "Weir could not be reached.", () => openForm(url, heading, cardById(dialogCard) ?? card));
      return;
    }
    dialog.showModal();
    dialog.querySelector("select, textarea, input:not([type=hidden])")?.focus();
  }

  if (dialog) {
    byId("dialog-close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
      const other = event.target.closest("[data-form]");
      const card = other && cardById(dialogCard);
      if (card) {
        event.preventDefault();
        dialog.close();
        openDialog(card, other.dataset.form, `Move ${refOf(card)} to another board`);
      }
      const cancel = event.target.closest("[data-close]");
      if (cancel) { event.preventDefault(); dialog.close(); }
    });
    dialog.addEventListener("close", () => {
      byId("dialog-body").replaceChildren();
      const card = cardById(dialogCard);
      if (card && (document.activeElement === document.body || !document.activeElement)) (card.querySelector(".card-menu") ?? linkOf(card)).focus({ preventScroll: true });
    });

    const sent = new Set();

    // A form with a mistake comes back as the same form, into its own place.
    document.addEventListener("htmx:beforeSwap", (event) => {
      const form = event.detail.requestConfig?.elt;
      if (event.detail.xhr.status === 422 && sent.has(form)) {
        event.detail.target = form;
        event.detail.swapOverride = "outerHTML";
      }
    });
    document.addEventListener("htmx:beforeRequest", (event) => {
      if (!event.detail.elt.matches?.("#dialog form")) return;
      sent.add(event.detail.elt);
      dialogFrom = cardById(dialogCard)?.parentElement;
      dismissAll();
      writing += 1;
      ownWrite = { verb: "dialog" };
    });
    document.addEventListener("htmx:afterRequest", (event) => {
      const form = event.detail.requestConfig.elt;
      if (!sent.delete(form)) return; // By then it may stand no longer in the page.
      const status = event.detail.xhr?.status ?? 0;
      writing -= 1;
      ownWrite = null;
      if (good(status) || status === 409) {
        readState();
        const told = status === 409 ? "" : toldWords();
        dialog.close();
        prepare();
        if (status === 409 && window.Weir.asks?.()) return afterWrite();
        const card = cardById(dialogCard);
        const words = attendAll();
        if (card) {
          handleOf(card).focus({ preventScroll: status === 409 });
          if (status !== 409) card.scrollIntoView({ block: "nearest", inline: "nearest" });
        }
        if (status === 409) say(`Not done. ${words} ${card ? whereWords(card) : ""}`);
        else if (told) {
          offerUndo();
          if (!card) window.Weir.leavePanel?.(dialogCard);
        } else if (card && form.id === "move-form") sayMoved(card, dialogFrom);
        else if (card) say(`${refOf(card)} ${form.dataset.done ?? "is saved"}.`);
      } else if (status !== 422) {
        const problem = byId("dialog-problem");
        problem.textContent = `Not saved. ${failure(status)}${mayHelpAgain(status) ? " Try again." : ""}`;
        problem.hidden = false;
      }
      afterWrite();
    });
  }

  // ---- The live stream --------------------------------------------------------------------------------------------

  let stream = null;
  let stopped = false;
  let retries = 0;
  let retryTimer = 0;
  let hiddenTimer = 0;
  let opened = false;

  function show(state, words) {
    const live = byId("live");
    live.dataset.state = state;
    live.textContent = words;
    const offline = state === "lost" && !navigator.onLine;
    byId("offline-band").hidden = !offline;
    for (const list of document.querySelectorAll(".cell")) Sortable.get(list)?.option("disabled", offline);
  }

  function onMessage(event) {
    const seq = Number(event.lastEventId);
    if (seq) seen = Math.max(seen, seq);
    else behind = true;
    if (seen > applied || behind) syncSoon(); // Otherwise our own change, which its answer has brought already.
  }

  function onQuietMessage(event) {
    const seq = Number(event.lastEventId);
    if (seq === applied + 1) applied = seq;
  }

  /** Tells the other scripts of this page what has happened, whether the board shows it or not. */
  function connect() {
    clearTimeout(retryTimer);
    if (stopped || stream) return;
    stream = new EventSource(`/api/v1/boards/${encodeURIComponent(board.dataset.key)}/events?after=${applied}`);
    stream.onopen = () => {
      retries = 0;
      show("live", "Live");
      if (opened) {
        behind = true;
        syncSoon(0);
      }
      opened = true;
    };
    stream.onmessage = onMessage;
    for (const type of EVENT_TYPES) stream.addEventListener(type, onMessage);
    for (const type of QUIET_TYPES) stream.addEventListener(type, onQuietMessage);
    tellOf(stream);
    stream.addEventListener("resync", () => { if (dragging) held = true; else refreshSoon(); });
    stream.addEventListener("bye", () => stopStream("Signed out"));
    stream.onerror = () => {
      if (stopped) return;
      show(navigator.onLine ? "wait" : "lost", navigator.onLine ? "Reconnecting…" : "Offline");
      if (stream?.readyState !== EventSource.CLOSED) return; // The browser tries again by itself, with Last-Event-ID.
      stream = null;
      retries += 1;
      retryTimer = setTimeout(connect, Math.min(30000, 500 * 2 ** Math.min(retries, 6)) * (0.75 + Math.random() / 2));
    };
  }

  function disconnect() {
    stream?.close();
    stream = null;
    clearTimeout(retryTimer);
  }

  function stopStream(words) {
    stopped = true;
    disconnect();
    show("lost", words);
    say(words);
  }

  addEventListener("offline", () => { disconnect(); if (!stopped) show("lost", "Offline"); });
  addEventListener("online", () => { if (!stopped) { show("wait", "Reconnecting…"); disconnect(); connect(); } });
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", (event) => { if (event.persisted && !stopped) connect(); });
  document.addEventListener("visibilitychange", () => {
    // A browser allows six connections to one host: a tab that nobody sees gives its own back after a minute.
    clearTimeout(hiddenTimer);
    if (document.hidden) hiddenTimer = setTimeout(disconnect, 60000);
    else if (!stopped) connect();
  });

  // What the other scripts of the board's page work with. They change no card themselves: they ask here.
  window.Weir = {
    ...window.Weir,
    board, boardUrl, mayWork, toast, write, move, rove,
    cardsIn, seenCards, cardById, refOf, linkOf, columnOf, nameOf, placeWords, whereWords, dismissAll, attendAll, problemNotice,
    openDialog, openForm, closeMenu, handleOf, measureHeads, readState, prepare, refreshSoon, afterWrite, own, send, undo, archive, offerUndo, toldWords, keepFocus,
    menuCard: () => menuCard,
    get dragging() { return dragging; },
  };

  prepare();
  attendAll();
  connect();
  // Ages and due dates grow old on a page that nobody touches.
  setInterval(() => { if (!document.hidden && !stopped) refreshSoon(); }, 600000);
})();
