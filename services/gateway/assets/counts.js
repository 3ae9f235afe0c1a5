// How much waits on each work list, in the navigation; and word to the page when that changed.

const PERIOD = 5000;
const marks = [...document.querySelectorAll("[data-count]")];
const part = document.querySelector("nav [aria-current] [data-count]")?.dataset.count;

async function read() {
  const response = await fetch("/console/counts");
  return response.ok ? response.json() : undefined;
}

function show(counts) {
  for (const mark of marks) {
    const count = counts[mark.dataset.count];
    mark.hidden = !count;
    mark.textContent = count ?? "";
  }
}

// `onChange` is called when the list that is shown has become longer or shorter, and once a minute:
// ages grow.
export function followCounts(onChange) {
  let last;
  let rounds = 0;
  const round = async () => {
    if (document.hidden) return;
    const counts = await read().catch(() => undefined);
    if (!counts) return;
    show(counts);
    rounds += 1;
    const now = part && counts[part];
    if (part && ((last !== undefined && now !== last) || rounds % 12 === 0)) onChange();
    last = now;
  };
  if (marks.length === 0) return; // Nobody has signed in, or nothing waits for them.
  round();
  setInterval(round, PERIOD);
}
