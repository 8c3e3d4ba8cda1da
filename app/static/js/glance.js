// What the board tells from afar: the state in the page's title and icon, whose limit of work is reached on every face.
"use strict";

(() => {
  const { board, byId, linkOf } = window.Weir ?? {};
  if (!board) return;

  /** The title and the icon say whether the cord is pulled, how many cards are blocked and places over their limit. */
  function showState() {
    const { blocked, over } = byId("board-summary").dataset;
    const said = [byId("cord").dataset.pulled === "1" && "■", Number(blocked) && `${blocked}⊘`, Number(over) && `${over} over`].filter(Boolean).join(" ");
    const title = document.title.replace(/^\([\d■][^)]*\) /, "");
    document.title = said ? `(${said}) ${title}` : title;
    const icon = byId("favicon");
    const href = icon.dataset[Number(over) ? "over" : Number(blocked) ? "blocked" : "calm"];
    if (icon.getAttribute("href") !== href) icon.setAttribute("href", href);
  }

  /** A move tells anew whose limit is reached, in the header: the faces on the other cards follow. */
  function showLoads() {
    const people = new Map(Array.from(byId("board-people").querySelectorAll("[data-person]"), (face) => [face.dataset.person, face.dataset]));
    for (const face of byId("columns").querySelectorAll(".face[data-person]")) {
      const person = people.get(face.dataset.person);
      if (!person || face.classList.contains("is-full") === Boolean(person.full)) continue;
      face.classList.toggle("is-full", Boolean(person.full));
      face.title = person.full ? `${person.name}, ${person.full}` : person.name;
    }
  }

  const show = () => { showState(); showLoads(); };
  document.addEventListener("weir:changed", show);
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    if (["board-summary", "board-people", "cord"].includes(event.detail.target?.id)) show();
  });

  // The tips of a card lie above its link: a click on one is a click on the card.
  board.addEventListener("click", (event) => {
    const tip = event.target.closest(".card .age, .card .face");
    if (tip && !event.defaultPrevented) linkOf(tip.closest(".card")).click();
  });

  show();
})();
