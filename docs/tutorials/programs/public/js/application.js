// What the page shows is a function of this state, and of nothing else.
const state = { mode: "create", length: "8", string: "", said: "" };

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function field(label, name) {
  return element("input", {
    ariaLabel: label,
    value: state[name],
    oninput: (event) => { state[name] = event.target.value; },
  });
}

function button(label, onclick) {
  return element("button", { onclick }, label);
}

function create() {
  return [
    field("Length", "length"),
    button("Give it now!", async () => {
      const string = await ask("POST", { length: state.length });
      show({ mode: "edit", string, said: "Generated." });
    }),
  ];
}

function edit() {
  return [
    field("The string", "string"),
    button("Replace", async () => {
      await ask("PUT", { another_string: state.string });
      show({ said: "Replaced." });
    }),
    button("Delete it", async () => {
      await ask("DELETE");
      show({ mode: "create", string: "", said: "Deleted." });
    }),
  ];
}

function show(changes) {
  Object.assign(state, changes);
  const fields = state.mode === "create" ? create() : edit();
  const said = element("p", { role: "status" }, state.said);
  document.getElementById("generator").replaceChildren(...fields, said);
}

async function ask(method, fields) {
  const body = fields && new URLSearchParams(fields);
  const answer = await fetch("/generator", { method, body });
  return answer.ok ? answer.text() : Promise.reject(new Error(answer.statusText));
}

window.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  show({ said: event.reason.message });
});

// Somebody who comes back finds the string again.
const kept = await fetch("/generator");
show(kept.ok && kept.status !== 204 ? { mode: "edit", string: await kept.text() } : {});
