// The card's panel over a page that is no board: what `panel.js` has from the board otherwise, it has from here. A link
// to a card opens it there; its address is that of the page with the card's number in it.
"use strict";

(() => {
  const { Weir } = window;
  const { byId } = Weir;
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

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest("main a");
    if (!link || !isCard(link.pathname)) return;
    event.preventDefault();
    opener = link;
    for (const each of document.querySelectorAll(":popover-open")) each.hidePopover();
    Weir.openPanel(link.pathname, byId("panel").hidden ? "push" : "replace");
  });
})();
