// Puts every moment into the reader's own time zone.

const pad = (n) => String(n).padStart(2, "0");

export function localise(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    if (!time.dateTime.includes("T")) continue; // A day is the same everywhere.
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime()) || time.dataset.local) continue;
    const day = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
    time.textContent = `${day} ${pad(at.getHours())}:${pad(at.getMinutes())}`;
    time.title = at.toString();
    time.dataset.local = "1";
  }
}

// Says once in which zone the moments of a page are, if it has any.
export function nameZone() {
  const note = document.getElementById("zone");
  if (!note || !document.querySelector("time[datetime*=T], [data-refresh], #orders")) return;
  const ahead = -new Date().getTimezoneOffset();
  const offset = `${ahead < 0 ? "−" : "+"}${pad(Math.floor(Math.abs(ahead) / 60))}:${pad(Math.abs(ahead) % 60)}`;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  note.textContent = `${note.dataset.says} ${zone === "UTC" ? zone : `${zone} (UTC${offset})`}`;
  note.hidden = false;
}

// The suite's time, where it is another one than the reader's, goes on at its own speed.
export function keepTime(root) {
  const shown = root.querySelector("time[data-speed]");
  if (!shown) return;
  const began = Date.parse(shown.dateTime);
  const speed = Number(shown.dataset.speed);
  const since = performance.now();
  setInterval(() => {
    shown.dateTime = new Date(began + (performance.now() - since) * speed).toISOString();
    delete shown.dataset.local;
    localise(shown.parentElement);
  }, 1000);
}
