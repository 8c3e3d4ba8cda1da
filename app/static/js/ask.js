// What the scripts of several pages have in common: asking the server, and saying what came of it.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);

  let saying = 0;
  function say(text) {
    // After the focus has settled, or screen readers drop the message.
    clearTimeout(saying);
    saying = setTimeout(() => {
      const region = byId("live-region");
      region.textContent = "";
      region.textContent = text;
    }, 150);
  }

  /** One request whose answer is applied out of band; gives the HTTP status, 0 when the server was not reached. */
  async function ask(verb, url, values = {}, source = byId("sync")) {
    let status = 0;
    const note = (event) => {
      if (event.detail.requestConfig?.elt === source) status = event.detail.xhr?.status ?? 0;
    };
    document.addEventListener("htmx:afterRequest", note);
    try {
      await htmx.ajax(verb, url, { source, swap: "none", values });
    } catch {
      status = 0;
    } finally {
      document.removeEventListener("htmx:afterRequest", note);
    }
    return status;
  }

  const good = (status) => status >= 200 && status < 300;

  function element(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text) node.textContent = text;
    return node;
  }

  /** Why the server did not do it, in words. */
  function failure(status) {
    if (status === 0) return "Weir could not be reached.";
    if (status === 401) return "You are signed out.";
    if (status === 403) return "You may not do this here.";
    if (status === 404) return "It is not here any more.";
    if (status === 429 || status === 503) return "Weir is busy.";
    return `Weir answered ${status}.`;
  }

  const mayHelpAgain = (status) => status === 0 || status === 429 || status >= 500;

  // EventSource knows no "any event": each type that changes what a board shows is named here.
  const EVENT_TYPES = [
    "card.created", "card.moved", "card.reordered", "card.edited", "card.blocked", "card.unblocked", "card.archived",
    "card.restored", "card.discarded", "card.left", "card.arrived", "card.assigned", "limit.changed", "column.created", "column.changed", "column.deleted",
    "group.created", "group.changed", "group.deleted", "lane.changed", "board.changed", "andon.pulled", "andon.helped", "andon.resolved",
    "comment.added", "comment.edited", "comment.deleted", "checklist.created", "checklist.changed", "checklist.deleted",
    "item.added", "item.changed", "item.checked", "item.unchecked", "item.deleted", "link.added", "link.deleted", "label.changed", "label.deleted",
    "web_link.added", "web_link.changed", "web_link.deleted",
  ];
  const QUIET_TYPES = ["move.refused", "undo.refused", "member.changed", "label.created", "marker.added", "marker.deleted"]; // These take a number and change nothing here.

  /** Tells the scripts of the page what an event stream brings. */
  function tellOf(stream) {
    const tell = (event) => document.dispatchEvent(new CustomEvent("weir:event", { detail: JSON.parse(event.data) }));
    for (const type of [...EVENT_TYPES, ...QUIET_TYPES]) stream.addEventListener(type, tell);
  }

  window.Weir = { byId, say, ask, good, element, failure, mayHelpAgain, EVENT_TYPES, QUIET_TYPES, tellOf };
})();
