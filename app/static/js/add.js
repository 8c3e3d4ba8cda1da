// The field at the foot of a column: Enter adds and stays, Ctrl or Command and Enter opens what it added, several lines
// become several cards, and a full or stopped column says so before anybody types.
"use strict";

(() => {
  const weir = window.Weir;
  if (!weir?.mayWork) return;
  const { byId, cardById, linkOf, columnOf, nameOf, element, say } = weir;
  let opening = null; // The form whose card is to be opened.

  const fieldOf = (node) => (node.matches?.(".quick-add-title") ? node : null);

  // By its button, or the last one that was pressed would be taken for it.
  const submit = (form) => form.querySelector("button[type=submit]").click();

  document.addEventListener("keydown", (event) => {
    const field = fieldOf(event.target);
    if (!field || event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      field.value = "";
      forgetLines(field.form);
      (byId(`${columnOf(field).id}-plus`) ?? byId(`${columnOf(field).id}-name`)).focus();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (!field.value) return field.select();
      opening = event.ctrlKey || event.metaKey ? field.form : null;
      submit(field.form);
    }
  });

  document.addEventListener("weir:added", (event) => {
    forgetLines(event.target);
    if (opening !== event.target) return;
    opening = null;
    const card = event.detail && cardById(event.detail);
    if (card) linkOf(card).click();
  });

  // ---- Several lines ------------------------------------------------------------------------------------------------

  function forgetLines(form) {
    form.querySelector(".quick-add-lines")?.remove();
  }

  document.addEventListener("paste", (event) => {
    const field = fieldOf(event.target);
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const lines = text.split(/\r?\n/).filter((line) => line.trim());
    if (!field || lines.length < 2) return;
    forgetLines(field.form);
    const offer = element("div", "quick-add-lines");
    const all = element("input");
    all.type = "hidden";
    all.value = lines.join("\n");
    const many = element("button", "button button-small button-primary", `Create ${lines.length} cards`);
    many.id = `${field.form.id}-lines`;
    many.type = "button";
    const one = element("button", "button button-small", "Keep one card");
    one.type = "button";
    many.addEventListener("click", () => {
      all.name = "lines";
      field.value ||= lines[0];
      submit(field.form);
      all.removeAttribute("name");
    });
    one.addEventListener("click", () => {
      forgetLines(field.form);
      field.focus();
    });
    offer.append(all, many, one);
    field.form.append(offer);
    say(`${lines.length} lines. Create ${lines.length} cards?`);
  });

  // ---- A column that is full, or beyond the pulled cord ---------------------------------------------------------------

  /** The numbers of a head as a placeholder says them: `Test is full (3/3)`. */
  function fullWords(column) {
    const group = column.closest(".group");
    for (const [place, head] of [[column, byId(`${column.id}-head`)], [group, group && byId(`${group.id}-head`)]]) {
      if (!head?.matches(".is-at, .is-over")) continue;
      // With a filter on a third number stands before the two: how many of them are seen.
      const [held, limit] = head.querySelector(".wip [aria-hidden]").textContent.match(/\d+/g).slice(-2);
      return `${nameOf(place)} is full (${held}/${limit})`;
    }
    return "";
  }

  function tell() {
    let stopped = false; // From the column on in which new work is started.
    for (const form of document.querySelectorAll(".quick-add")) {
      stopped ||= Boolean(columnOf(form).querySelector(":scope > .column-top > .is-stopped"));
      form.querySelector(".quick-add-incident").hidden = !stopped;
      const words = stopped ? "Cord pulled: incidents only" : fullWords(columnOf(form));
      const elsewhere = form.querySelector(".quick-add-elsewhere");
      form.elements.title.placeholder = words || "+ Add card";
      if (!elsewhere) continue;
      elsewhere.hidden = !words;
      byId(`${columnOf(form).id}-submit`).hidden = Boolean(words);
    }
  }

  document.addEventListener("weir:changed", tell);
  tell();
})();
