// The andon cord on the board's page: its forms in the dialog, how long it has been pulled, and a word when that changes.
"use strict";

(() => {
  const weir = window.Weir;
  if (!weir?.board) return;
  const { byId } = weir;
  const isPulled = () => byId("cord").dataset.pulled === "1";
  let was = isPulled();

  /** `14 min ago`, as the server says it. */
  function ago(since) {
    const minutes = Math.floor((Date.now() - since) / 60000);
    if (minutes < 1) return "< 1 min ago";
    if (minutes < 60) return `${minutes} min ago`;
    return minutes < 1440 ? `${Math.floor(minutes / 60)} h ago` : `${Math.floor(minutes / 1440)} d ago`;
  }

  function tick() {
    const time = byId("cord").querySelector("[data-ago]");
    if (time) time.textContent = ago(new Date(time.dateTime));
  }
  setInterval(tick, 60000);

  document.addEventListener("htmx:oobAfterSwap", (event) => {
    if (event.detail.target?.id !== "cord" || was === isPulled()) return;
    was = isPulled();
    weir.say(was ? byId("cord").querySelector(".cord-words").textContent : "The cord is released. Work may be started.");
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-cord]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    weir.openForm(link.href, isPulled() ? "Release the cord" : "Pull the cord");
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("[data-cord-help]");
    if (!form) return;
    event.preventDefault();
    const status = await weir.own("help", () => weir.ask("POST", form.getAttribute("action"), {}, form));
    weir.readState();
    if (weir.good(status)) weir.say("Everybody sees that you are helping.");
    else weir.say(`Not saved. ${weir.failure(status)}`);
    byId("cord-release")?.focus();
    weir.afterWrite();
  });
})();
