// The stand-up page keeps itself up to date: whenever something happens on the board, and every minute, since the
// words of time go on. Without a script the browser loads it anew each minute.
"use strict";

(() => {
  const TYPES = [
    "card.created", "card.moved", "card.edited", "card.blocked", "card.unblocked", "card.archived", "card.restored", "card.discarded", "card.left",
    "card.arrived", "card.assigned", "limit.changed", "column.created", "column.changed", "column.deleted", "group.created", "group.changed",
    "group.deleted", "lane.changed", "board.changed", "andon.pulled", "andon.helped", "andon.resolved", "resync",
  ];
  const main = document.getElementById("main");
  let waiting = 0;
  let asking = false;

  /** Takes what the page shows now from the server. */
  async function refresh() {
    clearTimeout(waiting);
    waiting = 0;
    if (asking) return soon();
    asking = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
      if (answer.status === 401 || answer.status === 404) return location.reload();
      if (!answer.ok) throw new Error(answer.statusText);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
      const focused = document.activeElement?.id;
      if (fresh.innerHTML !== main.innerHTML) {
        main.replaceChildren(...fresh.childNodes);
        if (focused) document.getElementById(focused)?.focus();
      }
      main.classList.remove("is-old");
    } catch {
      main.classList.add("is-old"); // Said on the page; the next minute tries again.
    } finally {
      asking = false;
    }
  }

  /** Several things that happen together are one. */
  function soon() {
    waiting ||= setTimeout(refresh, 500);
  }

  const stream = new EventSource(`/api/v1/boards/${encodeURIComponent(main.dataset.key)}/events?after=${main.dataset.seq}`);
  for (const type of TYPES) {
    stream.addEventListener(type, (event) => {
      soon();
      if (type !== "resync") document.dispatchEvent(new CustomEvent("weir:event", { detail: JSON.parse(event.data) })); // For a card's panel.
    });
  }
  setInterval(refresh, 60_000);
})();
