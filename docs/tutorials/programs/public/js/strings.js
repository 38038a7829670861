const at = (id) => document.getElementById(id);

async function ask(method, fields) {
  const body = fields && new URLSearchParams(fields);
  const answer = await fetch("/generator", { method, body });
  if (!answer.ok) {
    throw new Error(`${method} was answered with ${answer.status}`);
  }
  return answer.text();
}

function when(id, act) {
  at(id).addEventListener("click", async () => {
    try {
      at("said").textContent = await act();
    } catch (problem) {
      at("said").textContent = problem.message;
    }
  });
}

when("generate", async () => {
  at("string").value = await ask("POST", { length: at("length").value });
  at("the-string").hidden = false;
  return "Generated.";
});

when("replace", async () => {
  await ask("PUT", { another_string: at("string").value });
  return "Replaced.";
});

when("delete", async () => {
  await ask("DELETE");
  at("the-string").hidden = true;
  return "Deleted.";
});
