// Decisions are sent and their result is shown in place. Without scripts the forms work as they are.

import { refresh, replace } from "./live.js";

async function send(form, button) {
  // Where a button names nothing, its `formAction` is the page.
  const target = button?.hasAttribute("formaction") ? button.formAction : form.action;
  const filled = new URLSearchParams(new FormData(form));
  const buttons = form.querySelectorAll("button");
  buttons.forEach((it) => { it.disabled = true; });
  try {
    const response = await fetch(target, { method: "POST", body: filled });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const said = page.getElementById("said");
    if (!said) throw new Error(`${response.status}`);
    document.getElementById("said")?.remove();
    document.getElementById("content").prepend(said);
    if (response.ok) {
      form.reset();
      const part = document.querySelector("[data-refresh]");
      const instead = page.querySelector("[data-refresh]");
      if (part.dataset.also) await refresh();
      else if (instead) replace(part, instead);
    }
    said.focus();
  } catch {
    form.submit(); // The browser shows what comes back, whatever it is.
  } finally {
    buttons.forEach((it) => { it.disabled = false; });
  }
}

export function prepareForms(root) {
  for (const form of root.querySelectorAll("form[data-decides]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form, event.submitter);
    });
  }
}
