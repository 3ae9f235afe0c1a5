// Ten thousand orders in the process table, in a real browser: how soon a page is painted, how smoothly
// it scrolls, also while orders come in, and whether every order is on one page and on no other.
// Figures are printed and never judged, for machines differ; what is judged is which orders there are.
//
// GATEWAY, CHROMIUM, NAME, PASSWORD: as in console.mjs. ORDERS: how many there are.
// The line `NEEDS orders` asks whoever started this to place some more; a line on stdin: they are placed.

import assert from "node:assert/strict";
import { once } from "node:events";
import { chromium } from "playwright-core";

const { GATEWAY, CHROMIUM, NAME, PASSWORD } = process.env;
const ORDERS = Number(process.env.ORDERS);

const VIEWS = ["/", "/?sort=oldest", "/?sort=largest", "/?status=open", "/?columns=channel,external,reason,node,warehouse,priority,total"];

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ["--no-sandbox", "--disable-quic", "--disable-background-networking"],
});

// Milliseconds, whole: median, the one that a hundredth exceeds, the longest.
function spread(all) {
  const sorted = [...all].sort((one, other) => one - other);
  const at = (share) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]);
  return `median ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms (${sorted.length})`;
}

async function open() {
  const context = await browser.newContext({ locale: "zh-CN", viewport: { width: 1400, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(() => {
    window.long = [];
    new PerformanceObserver((list) => {
      window.long.push(...list.getEntries().map((it) => it.duration));
    }).observe({ type: "longtask", buffered: true });
  });
  await page.goto(`${GATEWAY}/sign-in`);
  await page.fill("input[name=name]", NAME);
  await page.fill("input[name=password]", PASSWORD);
  await page.click("main button");
  await page.waitForURL(`${GATEWAY}/`);
  return page;
}

// Loads a page anew: when its first byte came, when it was painted first, and the long tasks until then.
async function paint(page, url) {
  await page.goto(url);
  await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
  return page.evaluate(() => ({
    byte: performance.getEntriesByType("navigation")[0].responseStart,
    painted: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    long: window.long,
  }));
}

// Scrolls to the end and back, some 60 pixels a frame: how long the frames took, and the long tasks.
const scroll = (page) => page.evaluate(async () => {
  window.long.length = 0;
  const frame = () => new Promise((done) => { requestAnimationFrame(done); });
  const frames = [];
  let last = await frame();
  for (const step of [60, -60, 60, -60]) {
    for (;;) {
      const before = scrollY;
      scrollBy(0, step);
      if (scrollY === before) break;
      const now = await frame();
      frames.push(now - last);
      last = now;
    }
  }
  return { frames, long: window.long };
});

async function size(page) {
  const tools = await page.context().newCDPSession(page);
  await tools.send("Performance.enable");
  await tools.send("HeapProfiler.collectGarbage");
  const { metrics } = await tools.send("Performance.getMetrics");
  await tools.detach();
  const of = (name) => metrics.find((it) => it.name === name).value;
  return `${of("Nodes")} nodes, ${(of("JSHeapUsedSize") / 1e6).toFixed(1)} MB of heap`;
}

// Goes from page to page to the end: which orders stand on them, and how soon each was painted.
async function walk(page) {
  const [seen, painted] = [[], []];
  for (let url = `${GATEWAY}/`; url;) {
    painted.push((await paint(page, url)).painted);
    seen.push(...await page.$$eval("#orders tbody tr", (rows) => rows.map((it) => it.dataset.id)));
    url = await page.$$eval("a[rel=next]", (it) => it[0]?.href);
  }
  return { seen, painted };
}

try {
  const page = await open();
  for (const view of VIEWS) {
    const [all, bytes, long] = [[], [], []];
    for (let round = 0; round < 10; round += 1) {
      const it = await paint(page, `${GATEWAY}${view}`);
      all.push(it.painted);
      bytes.push(it.byte);
      long.push(...it.long);
    }
    console.log(`first paint of ${view}: ${spread(all)}; first byte: ${spread(bytes)}; long tasks: ${long.length}`);
  }
  const still = await scroll(page);
  console.log(`frames in scrolling, nothing moves: ${spread(still.frames)}; long tasks: ${still.long.length}`);
  console.log(`the page: ${await size(page)}`);

  const { seen, painted } = await walk(page);
  console.log(`first paint of every page of ${ORDERS} orders: ${spread(painted)}`);
  assert.equal(new Set(seen).size, seen.length, "an order stands on two pages");
  assert.equal(seen.length, ORDERS, "not every order is reached");

  await page.goto(`${GATEWAY}/`);
  await page.waitForSelector("#live:not(.off):not([hidden])");
  console.log("NEEDS orders");
  const placed = once(process.stdin, "data");
  let over = false;
  placed.then(() => { over = true; });
  const [frames, long] = [[], []];
  while (!over) {
    const it = await scroll(page);
    frames.push(...it.frames);
    long.push(...it.long);
  }
  console.log(`frames in scrolling, orders come in: ${spread(frames)}; long tasks: ${long.length}, ${Math.round(Math.max(0, ...long))} ms the longest`);
  console.log(`the page: ${await size(page)}`);
  process.stdin.unref();
} finally {
  await browser.close();
}
