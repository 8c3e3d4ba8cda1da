// A board's settings: parts are dragged into another order, and the focus stays where it was after a step.
"use strict";

(() => {
  const REMEMBERED = "weir-settings-focus";
  // On a phone the navigation is wider than the window.
  document.querySelector(".settings-nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
  const form = document.getElementById("order");
  if (!form) return;

  const orderOf = () => Array.from(form.querySelectorAll("[name=ids]"), (field) => field.value).join();
  let sending = false;

  form.addEventListener("submit", (event) => {
    if (sending) return event.preventDefault();
    sending = true;
    if (event.submitter) sessionStorage.setItem(REMEMBERED, `${event.submitter.id} ${scrollY}`);
  });

  for (const list of form.querySelectorAll("[data-sort]")) {
    let before = "";
    Sortable.create(list, {
      handle: ".part-handle",
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
      ghostClass: "is-ghost",
      onStart: () => { before = orderOf(); },
      onEnd: () => { if (orderOf() !== before) form.requestSubmit(); },
    });
  }

  const [id, top] = (sessionStorage.getItem(REMEMBERED) ?? "").split(" ");
  sessionStorage.removeItem(REMEMBERED);
  const button = id && document.getElementById(id);
  if (button) {
    scrollTo(0, Number(top));
    (button.disabled ? button.parentElement.querySelector("button:enabled") : button)?.focus({ preventScroll: true });
  }
})();
