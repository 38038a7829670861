// The notes work without this file. With it they search while you type, ask before
// they throw something away, and show times in your own clock and language.
"use strict";

const when = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function showTimes(root) {
  for (const time of root.querySelectorAll("time")) {
    time.textContent = when.format(new Date(time.dateTime));
  }
}

function makeCard(note) {
  const item = document.createElement("li");
  const card = item.appendChild(document.createElement("article"));
  const link = card
    .appendChild(document.createElement("h2"))
    .appendChild(document.createElement("a"));
  link.href = `/note/${note.id}/`;
  // textContent, never innerHTML: a note is text, whatever is in it.
  link.textContent = note.title;
  card.appendChild(document.createElement("p")).textContent = note.text.slice(0, 200);
  card.appendChild(document.createElement("time")).dateTime = note.changed;
  return item;
}

function searchWhileTyping(field, cards, count) {
  let asked;
  field.addEventListener("input", async () => {
    asked?.abort();
    asked = new AbortController();
    const words = field.value.trim();
    const url = `/api/notes?${new URLSearchParams({ q: words })}`;
    try {
      const answer = await fetch(url, { signal: asked.signal });
      if (!answer.ok) return;
      const notes = await answer.json();
      cards.replaceChildren(...notes.map(makeCard));
      showTimes(cards);
      const number = `${notes.length} ${notes.length === 1 ? "note" : "notes"}`;
      count.textContent = words ? `${number} with “${words}”` : number;
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  });
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

const cards = document.getElementById("cards");
if (cards) {
  searchWhileTyping(document.getElementById("q"), cards, document.getElementById("count"));
}
showTimes(document);
