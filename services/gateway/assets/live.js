// Follows what changes, and shows whether it does.

import { prepareForms } from "./forms.js";
import { localise } from "./time.js";

const badge = document.getElementById("live");

function show(on) {
  badge.hidden = false;
  badge.textContent = on ? badge.dataset.on : badge.dataset.off;
  badge.classList.toggle("off", !on);
}

// `watch()` gives the query, anew at each connection: what was missed meanwhile is sent then.
export function follow(watch, onRows, onMissed) {
  let source;
  let retry;
  const connect = () => {
    clearTimeout(retry);
    source?.close();
    source = new EventSource(`/console/live?${watch()}`);
    source.onopen = () => show(true);
    source.onerror = () => {
      // A browser would ask for what the page showed at first: it is asked for what it shows now.
      source.close();
      show(false);
      retry = setTimeout(connect, 2000);
    };
    source.addEventListener("rows", (event) => onRows(JSON.parse(event.data)));
    source.addEventListener("missed", onMissed);
  };
  connect();
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
}

const isBusy = (part) => {
  const field = document.activeElement;
  const typed = [...part.querySelectorAll("input:not([type=hidden])")];
  return (part.contains(field) && field.matches("input, select, textarea"))
    || typed.some((it) => ["reason", "since"].includes(it.name) && it.value !== "");
};

// Shows the page as it is now, without leaving it.
export async function refresh() {
  const part = document.querySelector("[data-refresh]");
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!part || !response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const instead = fresh.querySelector("[data-refresh]");
  if (instead) replace(part, instead);
}

export function replace(part, instead) {
  const open = [...part.querySelectorAll("details")].map((it) => it.open);
  const focused = part.contains(document.activeElement) && document.activeElement.getAttribute("href");
  part.replaceWith(instead);
  if (focused) instead.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  instead.querySelectorAll("details").forEach((it, nth) => { it.open = open[nth] ?? it.open; });
  localise(instead);
  prepareForms(instead);
}

function offer(part) {
  if (document.getElementById("changed")) return;
  const button = document.createElement("button");
  button.id = "changed";
  button.textContent = part.dataset.note;
  button.onclick = () => { button.remove(); refresh(); };
  part.before(button);
}

// A page that is shown anew as a whole, unless somebody is filling in a form.
export function followPage(part) {
  const current = () => document.querySelector("[data-refresh]") ?? part;
  let due;
  const soon = () => {
    clearTimeout(due);
    due = setTimeout(() => (isBusy(current()) ? offer(current()) : refresh()), 300);
  };
  const watch = () => {
    const query = new URLSearchParams({ watch: current().dataset.refresh });
    if (current().dataset.also) {
      query.set("also", "yes");
      query.set("status", current().dataset.also);
    }
    return query;
  };
  follow(watch, soon, soon);
  // What no order's version tells of is asked for anew, while somebody looks.
  const every = Number(part.dataset.every);
  if (every) setInterval(() => { if (!document.hidden && !isBusy(current())) soon(); }, every * 1000);
  return soon;
}
