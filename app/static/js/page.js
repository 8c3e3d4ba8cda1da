// Small help on every page: the copy buttons, and good news that leaves by itself. Nothing needs it.
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
