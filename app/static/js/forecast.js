// The forecast's sample is a window over the past days that can be dragged: the date fields follow, and as soon as the
// window rests the forecast is asked for again. Without a script the fields are there, and the button.
"use strict";

(() => {
  const RESTS = 350; // ms
  let timer = 0;

  const dayAt = (first, place) => new Date(Date.parse(first) + place * 86400000).toISOString().slice(0, 10);

  function attend() {
    const box = document.querySelector("#forecast-sample .chart-box");
    const chart = box && echarts.getInstanceByDom(box);
    if (!chart) return;
    const form = document.getElementById("forecast-form");
    chart.on("datazoom", () => {
      const { startValue, endValue } = chart.getOption().dataZoom[0];
      form.elements.sample_from.value = dayAt(form.dataset.first, startValue);
      form.elements.sample_to.value = dayAt(form.dataset.first, endValue + 1);
      clearTimeout(timer);
      timer = setTimeout(() => ask(form), RESTS);
    });
  }

  /** Puts the forecast for what the form asks in the place of the one that is shown. */
  async function ask(form) {
    const address = new URL(form.action);
    address.search = new URLSearchParams(new FormData(form));
    let page;
    try {
      page = await (await fetch(address)).text();
    } catch {
      form.requestSubmit(); // The browser says best what is the matter.
      return;
    }
    const fresh = new DOMParser().parseFromString(page, "text/html").getElementById("forecast");
    if (!fresh) return form.requestSubmit();
    if (!form.isConnected) return;
    document.getElementById("forecast").replaceWith(fresh);
    history.replaceState(history.state, "", address);
    document.dispatchEvent(new Event("weir:part"));
    attend();
  }

  // What is empty or the default stays out of the address.
  document.addEventListener("formdata", ({ target, formData }) => {
    if (target.id !== "forecast-form") return;
    for (const [name, value] of [...formData]) {
      if (!value || value === target.elements[name]?.dataset?.default) formData.delete(name);
    }
    if (formData.has("sample_from")) formData.delete("sample_days");
  });
  attend();
})();
