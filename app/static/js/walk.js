// The charts by keys: arrows walk along the axis and across it, the tip shows what is there and is said, Enter keeps the
// cards below the chart, Escape lets go. What lies at one place of the axis (a week, a day, a column) is a group.
"use strict";

(() => {
  const { say } = window.Weir;
  const DAY = 86400000;
  const keys = document.getElementById("chart-keys");
  const ring = document.createElement("i");
  ring.className = "chart-ring";
  const walks = new WeakMap(); // The box of a chart -> { groups, upright, at, across }.

  /** What the keys can reach of a chart. */
  function survey(chart) {
    const { series, xAxis, yAxis, legend, tooltip } = chart.getOption();
    const upright = yAxis[0].type === "category"; // The axis along which one walks.
    const axis = (upright ? yAxis : xAxis)[0];
    const whole = tooltip[0].trigger === "axis"; // One tip for all that lies at a place.
    const placeOf = (value) => Math.floor(axis.type === "time" ? value / DAY : value);
    const groups = new Map();
    for (const [seriesIndex, { data = [], name, type, stack }] of series.entries()) {
      if (legend?.[0]?.selected?.[name] === false) continue;
      for (const [dataIndex, item] of data.entries()) {
        if (!item?.words || item.value === null || (stack && !item.value)) continue;
        const given = [].concat(item.value);
        const at = given.length > 1 ? placeOf(given[upright ? 1 : 0]) : dataIndex;
        if (!groups.has(at)) groups.set(at, { at, stops: [], lines: [] });
        groups.get(at).stops.push({ seriesIndex, dataIndex, item, across: type === "scatter" ? given[1] : seriesIndex });
      }
    }
    for (const { markLine } of series) {
      for (const { xAxis: x, words, name } of markLine?.data ?? []) {
        if (x !== undefined) groups.get(placeOf(x))?.lines.push(words ?? name);
      }
    }
    const ordered = Array.from(groups.values()).sort((one, other) => one.at - other.at);
    for (const group of ordered) {
      group.stops.sort((one, other) => one.across - other.across);
      group.lines = [...new Set(group.lines)];
      if (whole) {
        group.lines.unshift(...group.stops.slice(1).map(({ item }) => item.words));
        group.stops.length = 1;
        group.head = axis.data[group.at];
      }
    }
    return { groups: ordered, upright, at: -1, across: 0 };
  }

  /** Where on the chart something is drawn. */
  function placeOf(chart, { seriesIndex, dataIndex, item }, head) {
    const model = chart.getModel();
    if (head) {
      const { x, y, width, height } = model.getComponent("grid").coordinateSystem.getRect();
      const middle = Math.min(Math.max(chart.convertToPixel({ xAxisIndex: 0 }, dataIndex), x), x + width);
      return { x: middle - 3, y, width: 6, height };
    }
    const data = model.getSeriesByIndex(seriesIndex).getData();
    const drawn = data.getItemGraphicEl(data.indexOfRawIndex(dataIndex));
    if (!drawn) {
      const value = [].concat(item.value);
      const [x, y] = chart.convertToPixel({ seriesIndex }, value.length > 1 ? value : [dataIndex, value[0]]);
      return { x, y, width: 0, height: 0 };
    }
    const rect = drawn.getBoundingRect().clone();
    const moved = drawn.getComputedTransform?.();
    if (moved) rect.applyTransform(moved);
    return { x: Math.min(rect.x, rect.x + rect.width), y: Math.min(rect.y, rect.y + rect.height), width: Math.abs(rect.width), height: Math.abs(rect.height) };
  }

  function show(box, walk) {
    const chart = echarts.getInstanceByDom(box);
    const { stops, lines, head } = walk.groups[walk.at];
    const stop = stops[walk.across];
    const { x, y, width, height } = placeOf(chart, stop, head);
    const [wide, high] = [Math.max(width, 6) + 8, Math.max(height, 6) + 8];
    Object.assign(ring.style, { left: `${x + width / 2 - wide / 2}px`, top: `${y + height / 2 - high / 2}px`, width: `${wide}px`, height: `${high}px` });
    box.append(ring);
    chart.dispatchAction({ type: "showTip", seriesIndex: stop.seriesIndex, dataIndex: stop.dataIndex });
    const more = stops.length > 1 ? `${walk.across + 1} of ${stops.length} here` : "";
    say([head, stop.item.words, ...lines, more].filter(Boolean).join(". ").replaceAll("\n", ", "));
  }

  function letGo(box) {
    ring.remove();
    echarts.getInstanceByDom(box)?.dispatchAction({ type: "hideTip" });
  }

  /** The stop of a group that is nearest to where one comes from. */
  function nearest({ stops }, from) {
    if (!from) return 0;
    const far = stops.map(({ across }) => Math.abs(across - from.across));
    return far.indexOf(Math.min(...far));
  }

  function step(walk, key) {
    const { groups, upright } = walk;
    const last = groups.length - 1;
    const along = { [upright ? "ArrowDown" : "ArrowRight"]: 1, [upright ? "ArrowUp" : "ArrowLeft"]: -1 }[key];
    const across = { [upright ? "ArrowRight" : "ArrowUp"]: 1, [upright ? "ArrowLeft" : "ArrowDown"]: -1 }[key];
    const from = groups[walk.at]?.stops[walk.across];
    if (key === "Home" || (!from && key !== "End" && along !== -1)) walk.at = 0;
    else if (key === "End" || !from) walk.at = last;
    else if (along) walk.at = Math.min(Math.max(walk.at + along, 0), last);
    else {
      walk.across = Math.min(Math.max(walk.across + across, 0), groups[walk.at].stops.length - 1);
      return;
    }
    walk.across = nearest(groups[walk.at], from);
  }

  function onKey(event) {
    const { key, currentTarget: box } = event;
    if (event.target !== box || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!walks.has(box)) walks.set(box, survey(echarts.getInstanceByDom(box)));
    const walk = walks.get(box);
    if (/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(key)) {
      event.preventDefault();
      if (!walk.groups.length) return;
      step(walk, key);
      show(box, walk);
    } else if (key === "Enter" && walk.at >= 0) {
      event.preventDefault();
      const { item } = walk.groups[walk.at].stops[walk.across];
      const count = window.Weir.pin(box, { data: item });
      say(count ? `${count === 1 ? "1 card is" : `${count} cards are`} listed below the chart.` : "There are no cards to list here.");
    } else if (key === "Escape" && box.parentElement.querySelector(".pinned").hidden) letGo(box);
  }

  function attend(box) {
    if (box.tabIndex === 0) return;
    Object.assign(box, { tabIndex: 0, role: "application", ariaRoleDescription: "chart" });
    box.setAttribute("aria-describedby", keys.id);
    box.addEventListener("keydown", onKey);
    box.addEventListener("focus", () => {
      if (!box.matches(":focus-visible")) return;
      keys.classList.remove("vh");
      box.parentElement.querySelector(":scope > .explain").before(keys);
    });
    box.addEventListener("blur", () => {
      keys.classList.add("vh");
      document.querySelector("main").append(keys); // A part of the page may be taken away.
      letGo(box);
    });
    // Drawn anew: all of it may lie elsewhere now.
    box.addEventListener("weir:drawn", () => {
      walks.delete(box);
      if (ring.parentElement === box) ring.remove();
    });
  }

  const attendAll = () => document.querySelectorAll(".chart-box[data-drawn]").forEach(attend);
  document.addEventListener("weir:part", attendAll);
  attendAll();
})();
