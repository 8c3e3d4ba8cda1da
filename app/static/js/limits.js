// A limit is changed where the board shows it: a small form at the count, and for the limits that have no head in the
// view menu. Without this the link leads to the settings.
"use strict";

(() => {
  const weir = window.Weir;
  const menu = document.getElementById("limit-menu");
  if (!weir || !menu) return;
  const form = document.getElementById("limit-form");
  const field = document.getElementById("limit-value");
  let anchor = "";

  function place(at) {
    const box = menu.getBoundingClientRect();
    const below = at.bottom + 4;
    menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - box.width - 8))}px`;
    menu.style.top = `${below + box.height > innerHeight - 8 ? Math.max(8, at.top - box.height - 4) : below}px`;
  }

  function goBack() {
    const link = document.getElementById(anchor);
    (link?.checkVisibility() ? link : document.getElementById("view-button")).focus({ preventScroll: true });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-scope]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    anchor = link.id;
    form.elements.scope.value = link.dataset.scope;
    form.elements.place.value = link.dataset.place;
    field.value = link.dataset.limit;
    document.getElementById("limit-title").textContent = `Limit of ${link.dataset.name}`;
    document.getElementById("limit-problem").textContent = "";
    document.getElementById("limit-none").hidden = !link.dataset.limit;
    document.getElementById("limit-more").href = link.href;
    const at = link.getBoundingClientRect(); // A menu in which it stands is closed by the next line.
    menu.showPopover();
    place(at);
    field.select();
  });

  document.getElementById("limit-none").addEventListener("click", () => {
    field.value = "";
    form.requestSubmit();
  });

  menu.addEventListener("toggle", (event) => {
    if (event.newState === "closed" && menu.contains(document.activeElement)) goBack();
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.hasAttribute("aria-busy")) return;
    form.setAttribute("aria-busy", "true");
    const values = Object.fromEntries(new FormData(form));
    const status = await weir.own("limit", () => weir.ask("POST", form.getAttribute("action"), values, form));
    form.removeAttribute("aria-busy");
    if (weir.good(status)) {
      weir.readState();
      weir.prepare();
      menu.hidePopover();
      goBack();
      const limit = values.wip_limit.trim();
      weir.say(`${document.getElementById("limit-title").textContent}: ${limit || "none"}.`);
    } else {
      field.setAttribute("aria-invalid", "true");
      if (status !== 422) document.getElementById("limit-problem").textContent = `Not saved. ${weir.failure(status)}`;
      field.select();
    }
    weir.afterWrite();
  });

  field.addEventListener("input", () => field.removeAttribute("aria-invalid"));
})();
