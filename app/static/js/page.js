// Small help on every page: the copy buttons, good news that leaves by itself, and preferences that
// take hold where one stands. Nothing needs it.
"use strict";

for (const flash of document.querySelectorAll(".flash-ok")) {
  const leave = () => setTimeout(() => (flash.matches(":hover") ? leave() : flash.remove()), 8000);
  leave();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  source.select();
  let copied = true;
  try {
    await navigator.clipboard.writeText(source.value);
  } catch {
    copied = false; // The text stays selected, so that Ctrl+C copies it.
  }
  document.getElementById("live-region").textContent = copied ? "Copied." : "Selected. Press Ctrl+C to copy.";
  button.dataset.done = copied ? "Copied" : "Press Ctrl+C";
});

document.addEventListener("submit", async (event) => {
  const { prefer } = event.target.dataset;
  if (!prefer || !event.submitter) return;
  event.preventDefault();
  const { value } = event.submitter;
  const page = document.documentElement;
  const show = (chosen) => {
    if (chosen === "system") page.removeAttribute("data-theme");
    else page.dataset[prefer] = chosen;
    for (const form of document.querySelectorAll(`[data-prefer="${prefer}"]`)) {
      for (const button of form.querySelectorAll("button")) button.setAttribute("aria-pressed", button.value === chosen);
    }
  };
  const before = event.target.querySelector('[aria-pressed="true"]').value;
  show(value);
  event.target.setAttribute("aria-busy", "true");
  let kept = false;
  try {
    const body = new URLSearchParams({ [prefer]: value });
    kept = (await fetch(event.target.action, { method: "POST", body, headers: { "HX-Request": "true" }, keepalive: true })).ok;
  } catch {
    // Offline: said below.
  }
  event.target.removeAttribute("aria-busy");
  if (kept) return;
  show(before);
  document.getElementById("live-region").textContent = "Not saved. Try again.";
});
