// Everything works without scripts. With them the notes are searched while you type,
// change while you look, and nothing is thrown away without a question.
import { sendWithProgress } from "./upload.js";

const when = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const field = document.getElementById("q");
const cards = document.getElementById("cards");
const count = document.getElementById("count");
const live = document.getElementById("live");

/** Show times in the clock and language of whoever looks. */
function showTimes(root) {
  for (const time of root.querySelectorAll("time")) {
    time.textContent = when.format(new Date(time.dateTime));
  }
}

/** Ask for the page again, and take over the notes that are in it now. */
let asked;
async function refresh({ markNew = false } = {}) {
  asked?.abort();
  asked = new AbortController();
  const url = `/?${new URLSearchParams({ q: field.value.trim() })}`;
  const known = new Set([...cards.querySelectorAll("a")].map((link) => link.href));
  try {
    const answer = await fetch(url, { signal: asked.signal });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = [...page.getElementById("cards").children];
    for (const card of fresh) {
      const isNew = markNew && !known.has(card.querySelector("a").href);
      card.classList.toggle("new-card", isNew);
    }
    const focused = cards.contains(document.activeElement) && document.activeElement.href;
    cards.replaceChildren(...fresh);
    if (focused) {
      const links = [...cards.querySelectorAll("a")];
      links.find((link) => link.href === focused)?.focus();
    }
    count.textContent = page.getElementById("count").textContent;
    showTimes(cards);
  } catch (error) {
    if (error.name !== "AbortError") console.warn(error);
  }
}

/** Hear of changes while the page is to be seen; the browser connects again by itself. */
function listen() {
  let { url, seen } = live.dataset;
  let source;
  const open = () => {
    source = new EventSource(`${url}?seen=${seen}`);
    source.addEventListener("open", () => show("Live", true));
    source.addEventListener("error", () => show("Waiting for the site", false));
    source.addEventListener("change", (event) => {
      seen = event.lastEventId;
      refresh({ markNew: true });
    });
  };
  const show = (text, works) => {
    live.hidden = false;
    live.textContent = text;
    live.classList.toggle("works", works);
  };
  // A page that nobody sees needs no connection; it catches up when it is seen again.
  const look = () => {
    source?.close();
    if (!document.hidden) open();
  };
  document.addEventListener("visibilitychange", look);
  look();
}

for (const form of document.querySelectorAll("form[data-ask]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset.ask)) event.preventDefault();
  });
}

for (const area of document.querySelectorAll("textarea")) {
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) area.form.requestSubmit();
  });
}

if (cards) {
  field.addEventListener("input", () => refresh());
  listen();
}
const attach = document.getElementById("attach");
if (attach) sendWithProgress(attach);
showTimes(document);
