// The process table: which columns it has, and rows that move by themselves.

import { follow } from "./live.js";
import { localise } from "./time.js";

const KEPT = "kontor-columns";

function prepareColumns(table) {
  const chooser = document.getElementById("columns");
  const boxes = [...chooser.querySelectorAll("input")];
  const fields = document.querySelectorAll("#filters [name=columns], #save [name=columns]");
  const apply = () => {
    for (const box of boxes) table.classList.toggle(`show-${box.value}`, box.checked);
  };
  const chosen = () => boxes.filter((it) => it.checked).map((it) => it.value).join(",");
  // The address says which, where a saved view is shown; else it is as this browser keeps it.
  if (!("chosen" in table.dataset)) {
    const kept = (localStorage.getItem(KEPT) ?? "").split(",");
    for (const box of boxes) box.checked = kept.includes(box.value);
  }
  const saved = document.querySelector("#save [name=columns]");
  saved.value = chosen();
  chooser.addEventListener("change", () => {
    localStorage.setItem(KEPT, chosen());
    for (const field of fields) field.value = chosen();
    apply();
  });
  chooser.hidden = false;
  apply();
}

// Beyond so many rows at once none is pointed out: where all light up, none does, and each is painted
// anew in every frame for as long as it does.
const POINTED_OUT = 12;

function read(rows) {
  const template = document.createElement("template");
  template.innerHTML = rows.join("");
  return [...template.content.querySelectorAll("tr")];
}

function put(body, row, grows) {
  const known = document.getElementById(row.id);
  if (known) {
    if (Number(known.dataset.version) >= Number(row.dataset.version)) return false;
    const hadFocus = known.contains(document.activeElement);
    known.replaceWith(row);
    if (hadFocus) row.querySelector("a")?.focus();
  } else if (grows) {
    const placed = Number(row.dataset.placed);
    const before = [...body.rows].find((it) => Number(it.dataset.placed) <= placed);
    body.insertBefore(row, before ?? null);
  } else {
    return false;
  }
  localise(row);
  return true;
}

function pointOut(row) {
  row.classList.add("moved");
  row.addEventListener("animationend", () => row.classList.remove("moved"), { once: true });
}

export function prepareTable(table) {
  prepareColumns(table);
  const body = table.tBodies[0];
  const grows = "grows" in table.dataset;
  const limit = Number(table.dataset.limit);
  const watch = () => {
    const query = new URLSearchParams(location.search);
    const rows = [...body.rows];
    query.set("watch", rows.map((it) => `${it.dataset.id}.${it.dataset.version}`).join(","));
    if (grows) query.set("also", "yes");
    if (rows.length >= limit) query.set("since", rows.at(-1).dataset.placed);
    return query;
  };
  // What came since the last frame, each row as it was told last: the table is laid out once for all.
  const came = new Map();
  let due = 0;
  const show = () => {
    due = 0;
    const rows = read([...came.values()]).filter((it) => put(body, it, grows));
    came.clear();
    while (body.rows.length > limit) body.rows[body.rows.length - 1].remove();
    if (body.rows.length > 0) document.getElementById("empty")?.remove();
    if (rows.length <= POINTED_OUT) rows.forEach(pointOut);
  };
  const onRows = (rows) => {
    for (const { id, html } of rows) came.set(id, html);
    if (document.hidden) show(); // No frame comes while nobody looks.
    else due ||= requestAnimationFrame(show);
  };
  follow(watch, onRows, () => location.reload());
}
