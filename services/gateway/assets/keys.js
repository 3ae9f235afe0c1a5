// Keys: `/` searches, `j` and `k` or the arrows go from row to row, Enter opens, `?` helps.

const isTyping = (it) => it?.matches?.("input, select, textarea, [contenteditable]");

function rows() {
  const tables = [...document.querySelectorAll("main table")];
  return tables.flatMap((it) => [...it.tBodies[0]?.rows ?? []]).filter((it) => it.querySelector("a"));
}

function move(by) {
  const all = rows();
  if (all.length === 0) return false;
  const at = all.findIndex((it) => it.contains(document.activeElement));
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by;
  const row = all[Math.max(0, Math.min(next, all.length - 1))];
  row.querySelector("a").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  return true;
}

function act(key, inRow) {
  const help = document.getElementById("keys");
  switch (key) {
    case "j": return move(1);
    case "k": return move(-1);
    case "ArrowDown": return inRow && move(1);
    case "ArrowUp": return inRow && move(-1);
    case "?": help.showModal(); return true;
    case "/": {
      const field = document.querySelector("main input[type=search]");
      field?.focus();
      field?.select();
      return Boolean(field);
    }
    default: return false;
  }
}

export function prepareKeys() {
  const button = document.getElementById("help");
  button.hidden = false;
  button.onclick = () => document.getElementById("keys").showModal();
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const inRow = Boolean(event.target.closest?.("tbody tr"));
    if (act(event.key, inRow)) event.preventDefault();
  });
}
