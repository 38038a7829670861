"use strict";
// Draws the statistics that "data" returns, every second. Text that comes from there
// only ever becomes the text of an element, never HTML.

const EVERY_MS = 1000;
const APPLICATIONS = "CherryPy Applications";
const REMEMBERED = 120;

const byId = (id) => document.getElementById(id);

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function draw(tag, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.textContent = text;
  return element;
}

// ---- figures as people read them ----

const isNumber = (value) => typeof value === "number";

function count(value) {
  return isNumber(value) ? Math.round(value).toLocaleString("en") : "–";
}

function rate(value) {
  if (!isNumber(value)) return "–";
  return value < 10 ? value.toFixed(1) : count(value);
}

function duration(seconds) {
  if (!isNumber(seconds)) return "–";
  if (seconds === 0) return "0 s";
  if (seconds < 0.001) return `${(seconds * 1e6).toFixed(0)} µs`;
  if (seconds < 0.1) return `${(seconds * 1e3).toFixed(1)} ms`;
  if (seconds < 1) return `${(seconds * 1e3).toFixed(0)} ms`;
  return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
}

function size(bytes) {
  if (!isNumber(bytes)) return "–";
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (bytes < 1000) return `${bytes < 10 ? bytes.toFixed(1) : bytes.toFixed(0)} ${unit}`;
    bytes /= 1000;
  }
  return `${bytes.toFixed(1)} TB`;
}

function since(seconds) {
  if (!isNumber(seconds)) return "–";
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return `${Math.floor(seconds)} s`;
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

// ---- the parts of the page ----

function tile(label, value, remark = "") {
  return make("div", { class: "tile" },
    make("span", { class: "label" }, label),
    make("strong", {}, value),
    make("small", {}, remark));
}

// The next number above that is easy to read: 1, 2 or 5 with zeros.
function roundTop(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= value * 0.999);
}

// A figure with an empty drawing; `paint` fills it when its size is known.
function chart(title, curves, label, least) {
  const svg = draw("svg", { role: "img", "aria-label": title });
  const keys = curves.map((curve) =>
    make("span", { class: `key ${curve.kind}` }, curve.name));
  const figure = make("figure", { class: "chart card" },
    make("figcaption", {}, make("b", {}, title), ...keys), svg);
  return { figure, paint: () => paint(svg, curves, label, least) };
}

function paint(svg, curves, label, least) {
  const [width, height] = [svg.clientWidth || 320, svg.clientHeight || 150];
  const [left, bottom, top] = [52, 18, 8];
  const values = curves.flatMap((curve) => curve.values).filter(isNumber);
  const highest = roundTop(Math.max(least, ...values));
  const x = (index) => left + (index / (REMEMBERED - 1)) * (width - left);
  const y = (value) => height - bottom - (value / highest) * (height - bottom - top);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  for (const part of [0, 0.5, 1]) {
    const line = y(part * highest);
    svg.append(draw("line", { class: "rule", x1: left, x2: width, y1: line, y2: line }));
    svg.append(draw("text", { x: left - 8, y: line + 4, "text-anchor": "end" },
      label(part * highest)));
  }
  svg.append(draw("text", { x: left, y: height - 2 }, "2 min ago"));
  svg.append(draw("text", { x: width, y: height - 2, "text-anchor": "end" }, "now"));
  for (const curve of curves) {
    if (curve.bars) svg.append(...bars(curve, x, y));
    else svg.append(...line(curve, x, y));
  }
}

function bars(curve, x, y) {
  const strokes = curve.values.map((value, index) => value > 0
    ? `M${x(index).toFixed(1)},${y(0)}V${y(value).toFixed(1)}` : "");
  return [draw("path", { class: `curve ${curve.kind}`, d: strokes.join("") })];
}

// Where nothing happened there is no value, and the curve has a gap.
function line(curve, x, y) {
  const runs = [];
  curve.values.forEach((value, index) => {
    if (!isNumber(value)) return;
    const last = runs[runs.length - 1];
    const point = `${x(index).toFixed(1)},${y(value).toFixed(1)}`;
    if (last && last.to === index - 1) {
      last.points.push(point);
      last.to = index;
    } else runs.push({ from: index, to: index, points: [point] });
  });
  const stroke = runs.map((run) => `M${run.points.join("L")}h.5`).join("");
  const drawn = [draw("path", { class: `curve ${curve.kind}`, d: stroke })];
  if (curve.filled) {
    const area = runs.map((run) =>
      `M${x(run.from)},${y(0)}L${run.points.join("L")}L${x(run.to)},${y(0)}Z`);
    drawn.unshift(draw("path", { class: "area", d: area.join("") }));
  }
  return drawn;
}

function list(title, heads, rows, empty) {
  const line = (cells, tag) => make("tr", {}, ...cells.map((cell, column) =>
    make(tag, { class: heads[column][1] }, cell)));
  const body = rows.length ? rows.map((cells) => line(cells, "td"))
    : [make("tr", {}, make("td", { colspan: heads.length, class: "note" }, empty))];
  return [make("h2", {}, title), make("div", { class: "scroll" }, make("table", {},
    make("thead", {}, line(heads.map((head) => head[0]), "th")),
    make("tbody", {}, ...body)))];
}

function switchFor(namespace, enabled) {
  const form = make("form", { method: "POST", action: enabled ? "pause" : "resume" },
    make("input", { type: "hidden", name: "namespace", value: namespace }),
    make("button", {}, enabled ? "Pause" : "Resume"));
  return form;
}

// ---- what the figures mean ----

const connections = [];
const busyThreads = [];

function serversOf(all) {
  return Object.values(all).filter((space) => space && space["Worker Threads"]);
}

function sum(servers, key) {
  return servers.reduce((total, server) => total + (Number(server[key]) || 0), 0);
}

function remember(values, value) {
  if (values.length === 0) values.push(...Array(REMEMBERED).fill(null));
  values.push(value);
  values.shift();
}

function showTiles(app, servers, timeline) {
  const latency = (app.Latency || {})["Last minute"] || {};
  // The present second is not over, so the one before it counts.
  const recent = timeline.slice(-11, -1);
  const requests = recent.reduce((total, second) => total + second.Requests, 0) / 10;
  const running = app["Current Requests"];
  const tiles = [
    tile("Requests per second", rate(requests), `${count(app["Total Requests"])} in all`),
    tile("Median latency", duration(latency.p50), `99 %: ${duration(latency.p99)}`),
    tile("Slow requests", count(app["Total Slow"]), `${count(running)} running now`),
    tile("Errors", count(app["Total Errors"]), "answers of status 5xx"),
    tile("Sent", size(app["Total Bytes Written"]),
      `${size(app["Bytes Written/Second"])} per second`),
    tile("Up for", since(app.Uptime), `version ${app["Server Version"]}`),
  ];
  if (servers.length) {
    const threads = sum(servers, "Threads");
    tiles.push(tile("Connections", count(sum(servers, "Connections")),
      `${count(sum(servers, "Accepts"))} accepted`));
    tiles.push(tile("Busy threads", count(threads - sum(servers, "Threads Idle")),
      `of ${threads}, ${count(sum(servers, "Queue"))} waiting`));
  }
  byId("tiles").className = `tiles of${tiles.length}`;
  byId("tiles").replaceChildren(...tiles);
}

function showCharts(servers, timeline) {
  const over = timeline.slice(0, -1);
  const of = (key) => over.map((second) => second[key]);
  const charts = [
    chart("Requests/s", [
      { name: "all", kind: "main", values: of("Requests"), filled: true },
      { name: "slow", kind: "second", values: of("Slow"), bars: true },
      { name: "errors", kind: "third", values: of("Errors"), bars: true },
    ], count, 10),
    chart("Latency", [
      { name: "median", kind: "main", values: of("p50"), filled: true },
      { name: "90 %", kind: "second", values: of("p90") },
      { name: "99 %", kind: "third", values: of("p99") },
    ], duration, 0.001),
  ];
  if (servers.length) {
    remember(connections, sum(servers, "Connections"));
    remember(busyThreads, sum(servers, "Threads") - sum(servers, "Threads Idle"));
    charts.push(chart("Connections", [
      { name: "open", kind: "main", values: connections, filled: true },
      { name: "busy threads", kind: "second", values: busyThreads },
    ], count, 10));
  }
  byId("charts").replaceChildren(...charts.map((each) => each.figure));
  charts.forEach((each) => each.paint());
}

function showTables(app) {
  const pages = Object.entries(app.Pages || {})
    .sort((one, other) => other[1].Sum - one[1].Sum)
    .map(([name, page]) => [name, count(page.Requests), duration(page.p50),
      duration(page.p90), duration(page.p99), duration(page.Max), count(page.Slow),
      count(page.Errors), duration(page.Sum)]);
  const slow = (app["Slow Queries"] || []).slice(-10).reverse().map((query) => [
    new Date(query["Start Time"] * 1000).toLocaleTimeString(),
    duration(query["Processing Time"]), query["Request-Line"],
    query["Response Status"] || "", query.Client]);
  const sets = Object.entries(app["URI Set Tracking"] || {}).map(([name, set]) => [
    name, count(set.Count), duration(set.Avg), duration(set.Min), duration(set.Max),
    duration(set.Sum)]);
  const tables = [
    ...list("Pages", [["Page", "wide"], ["Requests", "n"], ["Median", "n"],
      ["90 %", "n"], ["99 %", "n"], ["Longest", "n"], ["Slow", "n"], ["Errors", "n"],
      ["Time in all", "n"]], pages, "No request has been counted yet."),
    ...list("Latest slow requests", [["Time", "t"], ["Took", "n"], ["Request", "wide"],
      ["Status", "t"], ["Client", "t"]], slow, "None so far."),
  ];
  if (sets.length) {
    tables.push(...list("Sets of addresses", [["Set", "wide"], ["Requests", "n"],
      ["Average", "n"], ["Shortest", "n"], ["Longest", "n"], ["Time in all", "n"]],
    sets, ""));
  }
  byId("live").replaceChildren(...tables);
}

function showState(kind, text, enabled = null) {
  const state = byId("state");
  if (state.textContent === text && state.classList.contains(kind)) return;
  state.className = `state ${kind}`;
  state.textContent = text;
  state.parentElement.querySelectorAll("form").forEach((form) => form.remove());
  if (enabled !== null) state.after(switchFor(APPLICATIONS, enabled));
}

async function refresh() {
  const answer = await fetch("data", { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`The server answers ${answer.status}.`);
  const all = await answer.json();
  const app = all[APPLICATIONS];
  if (!app) {
    showState("lost", "Nothing counts requests: import cherrypy.lib.cpstats.");
    return;
  }
  const servers = serversOf(all);
  const timeline = app.Timeline || [];
  if (app.Enabled) showState("live", "Counting, and live", true);
  else showState("paused", "Counting is paused", false);
  showTiles(app, servers, timeline);
  showCharts(servers, timeline);
  showTables(app);
}

async function refreshAll() {
  const text = await (await fetch(".")).text();
  // The rest of the page has a style, which this one's policy does not know.
  const part = text.slice(text.indexOf('<div id="figures">'), text.lastIndexOf("</details>"));
  const figures = new DOMParser().parseFromString(part, "text/html").body.firstChild;
  if (figures) byId("figures").replaceWith(figures);
}

async function live() {
  if (!document.hidden) {
    try {
      await refresh();
      if (byId("all").open && !byId("figures").contains(document.activeElement)) {
        await refreshAll();
      }
    } catch (problem) {
      showState("lost", `No news from the server. ${problem.message}`);
    }
  }
  setTimeout(live, EVERY_MS);
}

byId("all").open = location.hash === "#all";
byId("all").addEventListener("toggle", () => {
  history.replaceState(null, "", byId("all").open ? "#all" : location.pathname);
});
live();
