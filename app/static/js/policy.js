// A column that asks: its points are ticked before a card leaves it to the right. The server asks, this shows the question.
"use strict";

(() => {
  const weir = window.Weir;
  const dialog = document.getElementById("policy-dialog");
  if (!weir || !dialog) return;
  const place = document.getElementById("policy-ask");
  const question = () => place.querySelector("form");

  /** Shows the question that an answer brought, if it did; the card stands where it was. */
  weir.asks = () => {
    if (!question()) return false;
    if (!dialog.open) {
      dialog.showModal();
      weir.say(document.getElementById("policy-title").textContent);
    }
    place.querySelector("input[type=checkbox]").focus();
    return true;
  };

  // Whatever sent the move: the handlers of the board have had their turn by then.
  document.addEventListener("htmx:afterRequest", () => setTimeout(() => { if (!dialog.open) weir.asks(); }));

  dialog.addEventListener("click", (event) => {
    const cancel = event.target.closest("#policy-cancel");
    if (cancel) event.preventDefault();
    if (cancel || event.target === dialog) dialog.close();
  });

  dialog.addEventListener("close", () => {
    const form = question();
    if (!form) return; // Confirmed: the move says the rest.
    place.replaceChildren();
    const card = weir.cardById(form.dataset.card);
    if (!card) return;
    weir.linkOf(card).focus({ preventScroll: true });
    weir.say(`Not moved. ${weir.whereWords(card)}`);
  });

  dialog.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = question();
    const card = weir.cardById(form.dataset.card);
    place.replaceChildren();
    dialog.close();
    if (!card) return;
    weir.linkOf(card).focus({ preventScroll: true });
    weir.move(card, Object.fromEntries(new FormData(form))).then(() => weir.afterWrite());
  });
})();
