// The card's panel over the live board: opened, closed and walked through, saved while one writes, kept fresh while
// others work. Its forms are plain forms; here they are sent without leaving the board. What somebody is writing
// carries `data-editing`: nothing that comes from the server touches it.
"use strict";

(() => {
  const { Weir } = window;
  const byId = (id) => document.getElementById(id);
  if (!Weir || !byId("panel")) return;
  const { board, boardUrl, ask, good, say, addressOf = (url = boardUrl) => url + location.search, shown = () => location.pathname } = Weir;
  const panel = () => byId("panel");
  const isOpen = () => !panel().hidden;
  const cardHere = () => Weir.cardById(panel().dataset.card ?? 0);
  const isTyping = (node) => node.matches?.("textarea, select, input:not([type=checkbox], [type=radio]), [contenteditable]");
  const state = () => /^\(\d[^)]*\) /.exec(document.title)?.[0] ?? ""; // How the board is, in front of every title.
  const boardTitle = panel().dataset.boardTitle ?? document.title.slice(state().length);
  let wanted = panel().dataset.url; // The card that the panel is to show; undefined when it is to be closed.

  // One request after the other, so that each sends what the one before it has made.
  let line = Promise.resolve();
  const inLine = (job) => (line = line.then(job, job));

  // ---- What an answer brings --------------------------------------------------------------------------------------

  const { callbacks } = Idiomorph.defaults;
  const { beforeNodeMorphed, beforeAttributeUpdated } = callbacks;
  callbacks.beforeNodeMorphed = (old, fresh) => beforeNodeMorphed(old, fresh) && !old.matches?.("[data-editing]");
  callbacks.beforeNodeRemoved = (node) => !node.matches?.("#panel [data-editing], #panel :has([data-editing])");
  callbacks.beforeAttributeUpdated = (name, node, change) =>
    beforeAttributeUpdated(name, node, change) && !(name === "open" && node.closest?.("#panel"));

  let arrived = false;
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    if (target?.id !== "panel") return;
    const fresh = fragment.id === "panel" ? fragment : fragment.querySelector("#panel");
    if (fresh.dataset.url && fresh.dataset.url !== wanted) { event.detail.shouldSwap = false; return; }
    if (fresh.dataset.card !== target.dataset.card) target.replaceChildren(); // Nothing of another card lives on.
    arrived = true;
  });
  document.addEventListener("htmx:oobAfterSwap", (event) => { if (event.detail.target?.id === "panel") settle(); });

  /** Brings what the server does not know onto a fresh panel. */
  function settle() {
    for (const link of board.querySelectorAll(".card-title[aria-current]")) link.removeAttribute("aria-current");
    document.dispatchEvent(new Event("weir:panel"));
    if (!isOpen()) return;
    const card = cardHere();
    if (card) Weir.linkOf(card).setAttribute("aria-current", "true");
    document.title = state() + panel().dataset.pageTitle;
    for (const box of panel().querySelectorAll("[data-tasks] .task input")) box.disabled = false;
    for (const form of panel().querySelectorAll("[data-draft]:not([data-editing])")) recall(form);
    for (const id of ["panel-previous", "panel-next"]) byId(id).disabled = !neighbour(byId(id).dataset.step);
  }

  // ---- Open, close, walk ------------------------------------------------------------------------------------------

  async function load(url, status = 0) {
    panel().classList.add("is-waiting");
    status = await ask("GET", url, {}, byId("panel-sync"));
    panel().classList.remove("is-waiting");
    return status;
  }

  /** Shows a card in the panel; what is being written in it is saved first. */
  async function open(url, how = "push") {
    if (!(await flush())) return;
    const wasOpen = isOpen();
    wanted = url;
    const status = await inLine(() => (wanted === url ? load(url) : 204));
    if (wanted !== url) return;
    if (!good(status)) {
      wanted = panel().dataset.url;
      if (status === 404) return wasOpen ? shut() : say("The card is not here any more.");
      location.assign(url); // The page itself says what is the matter.
      return;
    }
    if (panel().dataset.url !== url) return location.assign(url); // It has another address now.
    if (how === "push") history.pushState({ weir: "panel" }, "", addressOf(url));
    else if (how === "replace") history.replaceState(history.state, "", addressOf(url));
    if (!wasOpen) {
      panel().classList.add("is-arriving");
      panel().addEventListener("animationend", (event) => event.currentTarget.classList.remove("is-arriving"), { once: true });
    }
    panel().querySelector(".panel-body").scrollTop = 0;
    panel().focus({ preventScroll: true });
    cardHere()?.scrollIntoView({ block: "nearest", inline: "nearest" });
    say(panel().dataset.pageTitle.replace(/ · Weir$/, ""));
  }

  /** Closes the panel; the focus goes back to the card. */
  function shut() {
    const card = cardHere();
    const aside = panel();
    wanted = undefined;
    aside.hidden = true;
    aside.replaceChildren();
    for (const name of Object.keys(aside.dataset)) delete aside.dataset[name];
    aside.removeAttribute("aria-labelledby");
    document.title = state() + boardTitle;
    settle();
    (card ? Weir.linkOf(card) : board).focus({ preventScroll: true });
    card?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  async function close() {
    if (!(await flush())) return;
    if (history.state?.weir === "panel") return history.back();
    history.replaceState(null, "", addressOf());
    shut();
  }

  addEventListener("popstate", async () => {
    const path = shown();
    if (path === wanted) return; // Only the fragment has changed.
    if (/\/cards\/\d+$/.test(path)) open(path, "");
    else if (isOpen()) {
      if (await flush()) shut();
      else history.pushState({ weir: "panel" }, "", addressOf(wanted));
    }
  });

  function neighbour(step) {
    const card = cardHere();
    if (!card) return null;
    const cards = Array.from(Weir.columnOf(card).querySelectorAll(".card")).filter((each) => each === card || each.checkVisibility());
    return cards[cards.indexOf(card) + Number(step)];
  }

  function walk(step) {
    const next = neighbour(step);
    if (next) open(Weir.linkOf(next).getAttribute("href"), "replace");
    else say(step > 0 ? "This is the last card of the column." : "This is the first card of the column.");
  }

  // ---- Saving -----------------------------------------------------------------------------------------------------

  const wordsOf = (form) => form.querySelector("textarea");
  const conflictOf = (form) => byId(`conflict-${form.dataset.autosave}`);
  const isDirty = (form) => wordsOf(form).value !== wordsOf(form).defaultValue;
  const sentAs = (data) => new URLSearchParams(data).toString();
  let sending = null; // The form whose answer is on its way, what was sent, and whether its editor closes after it.

  function read(form, submitter) {
    const data = new FormData(form, submitter?.isConnected ? submitter : null);
    // A word that is still being typed, and the text of an item that is only ticked.
    if (!submitter) for (const name of ["new_label", "text"]) if (form.matches("[data-auto]")) data.delete(name);
    if (form.dataset.autosave === "title") data.set("title", data.get("title").replace(/\s+/g, " "));
    return data;
  }

  /** Lets go of a form, so that what the server says comes into it. */
  function release(form) {
    form.removeAttribute("data-editing");
    const editor = form.closest(".editor");
    editor?.removeAttribute("data-editing");
    if (editor) editor.open = false;
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.requestConfig?.elt !== byId("panel-sync") || !sending) return;
    const { form, sent, submitter, closing } = sending;
    const { status } = event.detail.xhr;
    const { autosave } = form.dataset;
    if (autosave && status === 409) return; // One's own words stay, the others' come beside them.
    if (good(status)) conflictOf(form)?.remove();
    if (sentAs(read(form, submitter)) !== sent) return; // There is more already.
    if (autosave === "description" && !closing) {
      if (good(status)) wordsOf(form).defaultValue = wordsOf(form).value;
      return;
    }
    if (good(status)) {
      release(form);
      if (form.matches("[data-new]")) form.reset();
      const folded = form.closest(".adder, .row-edit") ?? (submitter && form.querySelector(".row-edit[open]"));
      if (folded?.open) {
        folded.open = false;
        folded.querySelector("summary").focus({ preventScroll: true });
      }
      forget(form);
    } else {
      form.removeAttribute("data-editing");
      form.closest(".editor")?.removeAttribute("data-editing");
    }
  });

  /** Leaves a form as it was before one wrote in it. */
  function abandon(form, folded = form.closest(".editor")) {
    form.reset();
    release(form);
    folded.open = false;
    folded.querySelector("summary").focus({ preventScroll: true });
  }

  function send(form, { submitter = null, closing = true } = {}) {
    const knew = conflictOf(form);
    return inLine(async () => {
      if (!form.isConnected || (conflictOf(form) && !knew)) return; // What stands against it has come meanwhile: nobody has seen that.
      const data = read(form, submitter);
      const { autosave } = form.dataset;
      const state = autosave === "description" ? byId("description-state") : null;
      if (state) state.textContent = "Saving…";
      sending = { form, sent: sentAs(data), submitter, closing };
      arrived = false;
      problem("");
      const url = (submitter?.isConnected && submitter.getAttribute("formaction")) || form.getAttribute("action");
      const status = await Weir.own("panel", () => ask("POST", url, data, byId("panel-sync")));
      sending = null;
      Weir.readState();
      const told = good(status) && Weir.toldWords(); // Now: the next answer brings another state.
      if (status === 404) problem("It is not here any more.", null);
      else if (!good(status) && status !== 409 && status !== 422) {
        problem(`Not saved. ${Weir.failure(status)} What you typed is still here.`, Weir.mayHelpAgain(status) && (() => send(form, { submitter, closing })));
      } else if (!arrived) {
        const words = Weir.attendAll();
        await load(wanted);
        if (status === 409) problem(words);
      } else if (!isOpen()) leaveGone(); // It was discarded.
      if (autosave && form.isConnected && (good(status) || status === 409)) {
        form.elements.version.value = panel().dataset.v;
        form.elements.seen.value = panel().dataset[autosave === "title" ? "seenTitle" : "seenDescription"];
        conflictOf(form)?.setAttribute("data-editing", "");
      }
      if (!good(status) && form.isConnected) form.dataset.editing = ""; // What came back stays until it is put right.
      if (document.activeElement === document.body && isOpen()) panel().focus({ preventScroll: true });
      if (state) state.textContent = good(status) ? "Saved." : "";
      if (told) Weir.offerUndo(told);
      else if (good(status)) say("Saved.");
      else say(panel().querySelector(".panel-body :is(.error, .panel-notice, .conflict h3)")?.textContent.trim() ?? "");
      Weir.afterWrite();
    });
  }

  /** Closes the panel of a card that is not there any more. */
  function leaveGone() {
    if (history.state?.weir === "panel") history.back();
    else history.replaceState(null, "", addressOf());
    shut();
  }

  function problem(text, again) {
    const place = byId("panel-problem");
    if (!place) return;
    place.hidden = !text;
    place.toggleAttribute("data-editing", Boolean(text));
    place.replaceChildren(text);
    if (!text) return;
    if (again) {
      const button = Weir.element("button", "button button-small", "Retry");
      button.type = "button";
      button.addEventListener("click", again);
      place.append(" ", button);
    }
    place.scrollIntoView({ block: "nearest" });
  }

  function autosave(form, closing) {
    if (conflictOf(form)) return;
    if (isDirty(form)) send(form, { closing });
    else if (closing) release(form);
  }

  /** Saves what is being written; false where somebody has to look at it first. */
  async function flush() {
    for (const form of panel().querySelectorAll("[data-autosave]")) autosave(form, true);
    await line;
    const open = panel().querySelector(".conflict, #panel-problem[data-editing], [data-autosave] [aria-invalid]");
    open?.scrollIntoView({ block: "center" });
    return !open;
  }

  addEventListener("pagehide", () => {
    for (const form of panel().querySelectorAll("[data-autosave]")) {
      if (isDirty(form) && !conflictOf(form)) navigator.sendBeacon(form.action, new URLSearchParams(read(form)));
    }
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("#panel form")) return;
    event.preventDefault();
    send(form, { submitter: event.submitter });
    if (form.dataset.autosave === "title") panel().focus({ preventScroll: true });
  });

  let pause = 0;
  document.addEventListener("input", (event) => {
    const form = event.target.closest("#panel form");
    if (!form) return;
    form.dataset.editing = "";
    keep(form);
    suggest(event.target);
    if (form.dataset.autosave !== "description") return;
    byId("description-state").textContent = "";
    clearTimeout(pause);
    pause = setTimeout(() => form.isConnected && isDirty(form) && autosave(form, false), 1500);
  });

  document.addEventListener("change", (event) => {
    const { target } = event;
    if (!target.closest("#panel")) return;
    const tasks = target.closest("[data-tasks]");
    if (tasks) return void tick(tasks, target);
    const form = target.closest("[data-auto]");
    // A date changes with every digit that is typed into it: it is saved when one is through.
    if (form && !["new_label", "text"].includes(target.name) && (target.type !== "date" || document.activeElement !== target)) form.requestSubmit();
  });

  function tick(tasks, box) {
    const at = Array.from(tasks.querySelectorAll(".task input")).indexOf(box);
    const { checked } = box;
    inLine(async () => {
      const values = { task: at, checked, version: panel().dataset.v, seen: panel().dataset.seenDescription };
      const status = await Weir.own("panel", () => ask("POST", tasks.dataset.tasks, values, byId("panel-sync")));
      Weir.readState();
      if (!good(status)) {
        if (status === 409) await load(wanted);
        else box.checked = !checked;
        problem(status === 409 ? "Somebody has changed the description. You see it as it is now." : `Not saved. ${Weir.failure(status)}`);
      }
      Weir.afterWrite();
    });
  }

  document.addEventListener("focusout", (event) => {
    const { target } = event;
    const form = target.closest?.("#panel form");
    if (!form) return;
    if (form.dataset.autosave === "title") autosave(form, true);
    else if (target.type === "date" && form.hasAttribute("data-editing")) form.requestSubmit();
    else if (form.dataset.autosave === "description" && !form.contains(event.relatedTarget)) {
      // What was clicked must not move away under the pointer, so the editor closes a moment later.
      setTimeout(() => form.isConnected && !form.contains(document.activeElement) && autosave(form, document.hasFocus()), 250);
    }
  });

  document.addEventListener("toggle", (event) => {
    const editor = event.target;
    if (!editor.matches?.("#panel .editor")) return;
    editor.toggleAttribute("data-editing", editor.open);
    if (editor.open && !editor.contains(document.activeElement?.closest("form"))) editor.querySelector("textarea")?.focus();
  }, true);

  // ---- Drafts, and names after an @ -------------------------------------------------------------------------------

  const draftOf = (form) => `weir:draft:${form.dataset.draft}`;

  function keep(form) {
    if (!form.dataset.draft) return;
    const { value } = wordsOf(form);
    try {
      if (value.trim()) localStorage.setItem(draftOf(form), value);
      else localStorage.removeItem(draftOf(form));
      byId("comment-state").textContent = value.trim() ? "Kept in this browser until you send it." : "";
    } catch {
      // A browser that keeps nothing.
    }
  }

  function forget(form) {
    if (!form.dataset.draft) return;
    wordsOf(form).value = "";
    keep(form);
  }

  function recall(form) {
    let draft = null;
    try {
      draft = localStorage.getItem(draftOf(form));
    } catch {
      // As above.
    }
    if (!draft || wordsOf(form).value) return;
    wordsOf(form).value = draft;
    form.dataset.editing = "";
    byId("comment-state").textContent = "Your draft from before.";
  }

  let names = null; // The open list of names: { list, field, from }.

  function closeNames() {
    names?.list.remove();
    for (const name of ["aria-controls", "aria-activedescendant"]) names?.field.removeAttribute(name);
    names = null;
  }

  /** Offers the members whose name begins like what stands after the @ before the caret. */
  function suggest(field) {
    closeNames();
    if (!field.matches("[data-mentions]")) return;
    const typed = /(?:^|[\s(])@([\p{L}\p{N}.'’-]*(?: [\p{L}\p{N}.'’-]+)?)$/u.exec(field.value.slice(0, field.selectionStart))?.[1];
    if (typed === undefined) return;
    const begun = typed.toLowerCase();
    const found = JSON.parse(panel().dataset.people).filter((name) => ` ${name.toLowerCase()}`.includes(` ${begun}`) && name.toLowerCase() !== begun).slice(0, 6);
    if (!found.length) return;
    const list = Weir.element("ul", "menu mention-list");
    list.id = "mention-list";
    list.role = "listbox";
    list.ariaLabel = "Members";
    list.popover = "manual";
    found.forEach((name, at) => {
      const option = list.appendChild(Weir.element("li", "", name));
      option.id = `mention-${at}`;
      option.role = "option";
    });
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("li");
      if (option) mention(option.textContent);
    });
    document.body.append(list);
    list.showPopover();
    const box = field.getBoundingClientRect();
    const { height } = list.getBoundingClientRect();
    list.style.left = `${box.left}px`;
    list.style.top = `${box.bottom + height + 8 > innerHeight ? Math.max(8, box.top - height - 4) : box.bottom + 4}px`;
    names = { list, field, from: field.selectionStart - typed.length };
    field.setAttribute("aria-controls", list.id);
    select(0);
    say(found.length === 1 ? found[0] : `${found.length} names, ${found[0]}`);
  }

  function select(at) {
    Array.from(names.list.children).forEach((option, index) => { option.ariaSelected = String(index === at); });
    names.field.setAttribute("aria-activedescendant", `mention-${at}`);
  }

  function mention(name) {
    const { field, from } = names;
    field.setRangeText(`${name} `, from, field.selectionStart, "end");
    closeNames();
    field.dispatchEvent(new Event("input", { bubbles: true }));
    closeNames();
  }

  document.addEventListener("keydown", (event) => {
    if (!names || event.target !== names.field || event.isComposing) return;
    const options = Array.from(names.list.children);
    const at = options.findIndex((option) => option.ariaSelected === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") select((at + (event.key === "ArrowDown" ? 1 : options.length - 1)) % options.length);
    else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") mention(options[at].textContent);
    else if (event.key === "Escape") closeNames();
    else return;
    event.preventDefault();
  }, true);

  document.addEventListener("focusout", () => closeNames());

  // ---- Pointer and keys -------------------------------------------------------------------------------------------

  const isPlain = (event) => !(event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || !isPlain(event)) return;
    const link = event.target.closest(".board .card-title, #card-menu-open, #panel a, #panel button");
    if (!link) return;
    if (link.matches(".card-title, #card-menu-open")) {
      event.preventDefault();
      Weir.closeMenu();
      open(link.getAttribute("href"), isOpen() ? "replace" : "push");
    } else if (link.id === "panel-close") {
      event.preventDefault();
      close();
    } else if (link.dataset.step) walk(Number(link.dataset.step));
    else if (link.matches("[data-copy-address]")) {
      navigator.clipboard?.writeText(location.origin + panel().dataset.url).then(() => say("Copied."), () => {});
    } else if (link.dataset.dialog && cardHere()) {
      event.preventDefault();
      const { dialog } = link.dataset;
      Weir.openDialog(cardHere(), dialog, `${link.textContent.trim().replace(/( to)?….*$/s, "")} ${panel().dataset.ref}`);
    } else if (link.matches("[data-panel]")) {
      event.preventDefault();
      inLine(() => load(link.getAttribute("href")));
    } else if (link.matches(".link-card") && link.getAttribute("href").startsWith(`${boardUrl}/cards/`)) {
      event.preventDefault();
      open(link.getAttribute("href"));
    } else if (link.dataset.take) {
      event.preventDefault();
      const form = panel().querySelector(`[data-autosave="${link.dataset.take}"]`);
      release(form);
      wordsOf(form).value = wordsOf(form).defaultValue;
      conflictOf(form).remove();
      inLine(() => load(wanted));
      panel().focus({ preventScroll: true });
    } else if (link.dataset.merge) {
      const words = byId("panel-description");
      words.value += `\n\n${byId("conflict-description-theirs").textContent}`;
      words.focus();
    } else if (link.matches("[data-close-editor]")) {
      event.preventDefault();
      abandon(link.closest("form"));
    }
  });

  document.addEventListener("keydown", (event) => {
    if (!isOpen() || event.isComposing || event.defaultPrevented || document.querySelector("dialog[open], [popover]:popover-open")) return;
    const { target, key } = event;
    const within = panel().contains(target);
    const form = within ? target.closest("form") : null;
    if (key === "Enter" && (event.ctrlKey || event.metaKey)) {
      if (!form) return;
      event.preventDefault();
      form.requestSubmit(form.querySelector("[type=submit]"));
    } else if (key === "Enter" && target.id === "panel-title") {
      event.preventDefault();
      panel().focus({ preventScroll: true });
    } else if (key === "Escape") {
      if (target.closest?.(".column")?.querySelector(".notice")) return;
      event.preventDefault();
      if (within && isTyping(target)) {
        if (form?.dataset.autosave === "title") {
          target.value = target.defaultValue;
          release(form);
          conflictOf(form)?.remove();
        }
        const folded = target.closest(".editor, .adder, .row-edit, .picker");
        if (form?.dataset.autosave === "description") autosave(form, true);
        else if (folded) abandon(form, folded);
        (folded?.querySelector("summary") ?? panel()).focus({ preventScroll: true });
      } else close();
    } else if (within && (key === "j" || key === "k") && isPlain(event) && !isTyping(target) && document.documentElement.dataset.shortcuts !== "off") {
      event.preventDefault();
      walk(key === "j" ? 1 : -1);
    }
  });

  // ---- What others do ---------------------------------------------------------------------------------------------

  let newest = 0;
  let soon = 0;

  function refreshSoon() {
    clearTimeout(soon);
    soon = setTimeout(() => inLine(async () => {
      if (!isOpen() || newest <= Number(panel().dataset.seq)) return;
      if ((await load(wanted)) === 404) lose();
    }), 150);
  }

  /** The card was taken away: the panel closes, unless something is being written in it. */
  function lose(words = `${panel().dataset.ref} is not here any more.`) {
    if (words) say(words);
    if (panel().querySelector("[data-editing]")) problem("The card is not here any more.");
    else leaveGone();
  }

  document.addEventListener("weir:event", ({ detail }) => {
    if (!isOpen() || (detail.card && String(detail.card.id) !== panel().dataset.card)) return;
    newest = Math.max(newest, detail.seq);
    if (detail.type === "card.discarded") inLine(() => isOpen() && newest > Number(panel().dataset.seq) && lose());
    else refreshSoon();
  });

  document.addEventListener("weir:changed", () => {
    if (!isOpen()) return;
    const card = cardHere();
    if (card) Weir.linkOf(card).setAttribute("aria-current", "true");
    for (const id of ["panel-previous", "panel-next"]) byId(id).disabled = !neighbour(byId(id).dataset.step);
  });

  /** One's own form has carried the card away, and has said so. */
  const leavePanel = (id) => { if (isOpen() && panel().dataset.card === id) lose(""); };

  Object.assign(Weir, { leavePanel, openPanel: open, closePanel: close, panelSend: send, losePanel: lose, freshPanel: () => inLine(() => load(wanted)) });
  Object.defineProperty(Weir, "panelCard", { get: () => (isOpen() ? cardHere() : null) });
  settle();
  if (isOpen()) cardHere()?.scrollIntoView({ block: "nearest", inline: "center" });
})();
