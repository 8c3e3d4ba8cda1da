// The card's panel over a page that is no board: what `panel.js` has from the board otherwise, it has from here. A link
// to a card opens it there; its address is that of the page with the card's number in it.
"use strict";

(() => {
  const { Weir } = window;
  const { byId, say, good, failure, mayHelpAgain } = Weir;
  const page = document.querySelector("main");
  const boardUrl = page.dataset.board;
  const cards = `${boardUrl}/cards/`;
  const isCard = (path) => path.startsWith(cards) && /^\d+$/.test(path.slice(cards.length));
  let opener = null;
  let refusal = "";

  /** The page's address: with a card over it, or without. */
  function addressOf(url = "") {
    const address = new URL(location);
    if (url) address.searchParams.set("card", url.slice(cards.length));
    else address.searchParams.delete("card");
    return address.pathname + address.search + address.hash;
  }

  /** The path of the card that the address shows over the page. */
  function shown() {
    const number = new URLSearchParams(location.search).get("card");
    return number ? cards + number : location.pathname;
  }

  /** Gives the focus back to what opened the panel, or to what opens that. */
  function focus(options) {
    let to = opener && (opener.isConnected ? opener : byId(opener.id));
    if (to && !to.checkVisibility()) to = document.querySelector(`[popovertarget="${to.closest("[popover]")?.id}"]`) ?? to.closest("details")?.querySelector("summary");
    to ??= page.querySelector("h1");
    if (to.matches("h1")) to.tabIndex = -1;
    to.focus(options);
  }

  // What an answer has for the board finds no place here; a refusal stands in a notice for its column.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.requestConfig?.elt !== byId("panel-sync")) return;
    const answer = new DOMParser().parseFromString(event.detail.serverResponse, "text/html");
    refusal = answer.querySelector(".notice-words")?.textContent.trim() ?? "";
    event.detail.serverResponse = answer.getElementById("panel")?.outerHTML ?? "";
  });

  Object.assign(Weir, {
    boardUrl, addressOf, shown,
    board: { focus, querySelectorAll: () => [] },
    cardById: () => null,
    closeMenu() {}, readState() {}, afterWrite() {},
    toldWords: () => "",
    attendAll: () => refusal,
    own: (verb, request) => request(),
  });

  // ---- The forms that move and block the card, in a dialog ----------------------------------------------------------

  const dialog = byId("dialog");
  const isMine = (form) => form?.matches?.("#dialog form");

  async function openForm(url, words) {
    byId("dialog-title").textContent = `${words} ${byId("panel").dataset.ref}`;
    byId("dialog-problem").hidden = true;
    const body = byId("dialog-body");
    body.replaceChildren();
    await htmx.ajax("GET", url, { source: body, target: "#dialog-body", swap: "innerHTML" }).catch(() => {});
    if (!body.firstElementChild) return location.assign(url); // The page itself says what is the matter.
    if (!dialog.open) dialog.showModal();
    dialog.querySelector("select, textarea, input:not([type=hidden])")?.focus();
  }

  dialog.addEventListener("click", (event) => {
    const other = event.target.closest("[data-form]");
    if (!other && event.target !== dialog && !event.target.closest("#dialog-close, [data-close]")) return;
    event.preventDefault();
    if (other) openForm(other.getAttribute("href"), "Move to another board:");
    else dialog.close();
  });
  dialog.addEventListener("close", () => {
    byId("dialog-body").replaceChildren();
    if (document.activeElement === document.body && !byId("panel").hidden) byId("panel").focus({ preventScroll: true });
  });

  let sent = null; // The form whose answer is on its way, and whether that is a question.
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (isMine(detail.elt) && detail.requestConfig.verb === "post") sent = { form: detail.elt, asks: false };
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (!sent || detail.requestConfig?.elt !== sent.form) return;
    if (detail.xhr.status === 422) {
      detail.target = sent.form; // With its mistakes it comes back into its own place.
      detail.swapOverride = "outerHTML";
      return;
    }
    const answer = new DOMParser().parseFromString(detail.serverResponse, "text/html");
    sent.asks = Boolean(answer.getElementById("policy-form"));
    refusal = answer.querySelector(".notice-words")?.textContent.trim() ?? "";
    detail.serverResponse = "";
  });
  document.addEventListener("htmx:afterRequest", async ({ detail }) => {
    if (!sent || detail.requestConfig.elt !== sent.form) return;
    const { form, asks } = sent;
    sent = null;
    const status = detail.xhr?.status ?? 0;
    if (asks) return form.submit(); // What is to be confirmed is asked on a page of its own.
    if (status === 422) return;
    if (!good(status)) {
      const problem = byId("dialog-problem");
      problem.textContent = status === 409 ? `Not done. ${refusal}` : `Not saved. ${failure(status)}${mayHelpAgain(status) ? " Try again." : ""}`;
      problem.hidden = false;
      return;
    }
    const words = `${byId("panel").dataset.ref} ${form.dataset.done ?? "is moved"}.`;
    dialog.close();
    if (form.id === "transfer-form" || (await Weir.freshPanel()) === 404) Weir.losePanel(words);
    else say(words);
  });

  document.addEventListener("keydown", (event) => {
    const id = { m: "panel-move", b: "panel-block" }[event.key];
    if (!id || event.ctrlKey || event.metaKey || event.altKey || byId("panel").hidden || document.documentElement.dataset.shortcuts === "off") return;
    if (event.target.matches?.("textarea, select, input:not([type=checkbox], [type=radio])") || document.querySelector("dialog[open], [popover]:popover-open")) return;
    event.preventDefault();
    byId(id)?.click();
  });

  // ---- What others do: the card is live while it is open -------------------------------------------------------------

  let stream = null;
  function listen() {
    const { seq } = byId("panel").dataset;
    if ((seq && !document.hidden) === Boolean(stream)) return;
    stream?.close();
    stream = seq && !document.hidden ? new EventSource(`/api/v1${boardUrl}/events?after=${seq}`) : null;
    if (stream) Weir.tellOf(stream);
  }
  for (const change of ["weir:panel", "visibilitychange"]) document.addEventListener(change, listen);
  addEventListener("pagehide", () => { stream?.close(); stream = null; });
  addEventListener("pageshow", listen);

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const form = event.target.closest("#panel [data-dialog]");
    if (form) {
      event.preventDefault();
      return void openForm(form.getAttribute("href"), form.textContent.trim().replace(/( to)?….*$/s, ""));
    }
    const link = event.target.closest("main a");
    if (!link || !isCard(link.pathname)) return;
    event.preventDefault();
    opener = link;
    for (const each of document.querySelectorAll(":popover-open")) each.hidePopover();
    Weir.openPanel(link.pathname, byId("panel").hidden ? "push" : "replace");
  });
})();
