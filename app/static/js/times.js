// Points in time in the reader's own zone, in the words of the server, whose zone is the board's. A title names the
// zone. Relative words ("3 h") stay as they are and get the title. Times that come later are seen to as they come.
(() => {
  "use strict";

  const WORDS = /^\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d$/;
  const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "your time";
  const seen = new WeakMap(); // what was written into an element, so that nothing is done twice

  const two = (number) => String(number).padStart(2, "0");
  const wordsOf = (at) => `${at.getDate()} ${MONTHS[at.getMonth()]} ${at.getFullYear()}, ${two(at.getHours())}:${two(at.getMinutes())}`;

  function show(time) {
    const text = time.textContent;
    const stamp = time.getAttribute("datetime");
    if (seen.get(time) === text + stamp || !stamp.includes("T")) return;
    const at = new Date(stamp);
    if (Number.isNaN(at.getTime())) return;
    const words = wordsOf(at);
    if (WORDS.test(text) && text !== words) time.textContent = words;
    time.title = `${words} (${zone})`;
    seen.set(time, time.textContent + stamp);
  }

  const showAll = (root) => root.querySelectorAll?.("time[datetime]").forEach(show);

  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      const time = (target.nodeType === 1 ? target : target.parentElement)?.closest("time[datetime]");
      if (time) show(time);
      for (const node of addedNodes) if (node.nodeType === 1) node.matches("time[datetime]") ? show(node) : showAll(node);
    }
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
  showAll(document);
})();
