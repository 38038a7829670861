// A form with a file, sent so that one can see how much of it is gone already.

/** Let a form tell how far its file is; without this script it is sent silently. */
export function sendWithProgress(form) {
  const progress = form.querySelector("progress");
  const sent = form.querySelector("output");
  const button = form.querySelector("button");

  function tell(text) {
    progress.parentElement.hidden = false;
    sent.textContent = text;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const most = Number(form.dataset.most);
    if (form.elements.upload.files[0].size > most) {
      tell(`A file may have ${most / 1e6} MB.`);
      return;
    }
    // fetch cannot tell how much it has sent.
    const request = new XMLHttpRequest();
    request.open(form.method, form.action);
    request.responseType = "document";
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      progress.value = (100 * loaded) / total;
      tell(`${Math.floor(progress.value)} %`);
    });
    request.addEventListener("load", () => {
      button.disabled = false;
      if (request.status === 200) {
        // Where the form would have led to.
        location.assign(request.responseURL);
      } else {
        tell(request.response?.querySelector(".problem, .sorry p")?.textContent ?? "It was refused.");
      }
    });
    request.addEventListener("error", () => {
      button.disabled = false;
      tell("It did not arrive. Please try again.");
    });
    button.disabled = true;
    tell("0 %");
    request.send(new FormData(form));
  });
}
