// Somebody at a desk, in a real browser: looks at every page in both languages, and does what people
// do. Each step says what it saw; the first that is not as it should be ends the program.
//
// GATEWAY, CHROMIUM, SHOTS: where the suite is, the browser, and the directory for screenshots.
// NAME, PASSWORD: of a person who may do everything. KEY: of a storefront. ORDER: what it places, as
// JSON. HELD: the id of an order that credit holds. DONE: an order that is over. WAITING: one that waits
// for supply. RECEIVER: a web server that takes calls at /kontor, and says of all else that it is gone.
// A line `NEEDS <what> <order>` asks whoever started this to do it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const { GATEWAY, CHROMIUM, SHOTS, NAME, PASSWORD, KEY, ORDER, HELD, DONE, WAITING, SKU, RECEIVER } = process.env;
const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// The process table that came with the idea of this suite: what another system kept. The first and
// the last row ended late, and the first has an end though it is only confirmed.
const SAMPLE = `\ufeff订单号,客户名称,产品名称,数量,订单状态,预计完成时间,实际完成时间\r
123456,张三,商品A,100,已确认,2024-03-15,2024-03-17\r
789012,李四,商品B,200,待确认,2024-03-20,\r
345678,王五,商品C,50,已发货,2024-03-22,2024-03-24\r
`;

const PAGES = {
  orders: "/",
  filtered: "/?status=completed&columns=channel,reason,node,priority",
  nothing: "/?customer=nobody",
  order: `/orders/${DONE}`,
  held: `/orders/${HELD}`,
  waiting: `/orders/${WAITING}`,
  holds: "/holds",
  reviews: "/reviews",
  shorts: "/shorts",
  parked: "/parked",
  webhooks: "/webhooks",
  stock: "/stock",
  "no-stock": "/stock?q=NONE",
  item: `/stock/${SKU}`,
  shelf: `/stock/${SKU}/WH-A`,
  import: "/import",
  password: "/password",
  docs: "/docs",
  events: "/docs/events",
  event: "/docs/events/webhook.set-endpoint.v1",
  report: "/docs/events/fulfilment.warehouse-reported.v1",
  "first-hour": "/docs/first-hour",
  problems: "/problems",
  problem: "/problems/not-found",
  http: "/docs/http",
  messages: "/docs/messages",
};

// What is answered where there is nothing to show, and with which status.
const FAULTS = { missing: ["/orders/K-none", 404], wrong: ["/?sort=sideways", 400] };

// Rendered by Redoc, which we only serve.
const RENDERED = ["http", "messages"];

const said = (what) => console.log(`saw ${what}`);

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ["--no-sandbox", "--disable-quic", "--disable-background-networking"],
});

// What no page may do: ask another machine, fail, or break the policy of what it may load.
const wrongs = [];

async function desk(locale) {
  const viewport = { width: 1400, height: 900 };
  const context = await browser.newContext({ locale, viewport, timezoneId: "Asia/Shanghai" });
  await context.route("**/*", (route) => {
    const url = route.request().url();
    if (url.startsWith(`${GATEWAY}/`) || url.startsWith("data:") || url.startsWith("blob:")) {
      return route.continue();
    }
    wrongs.push(`${url} was asked for`);
    return route.abort();
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => wrongs.push(`${page.url()}: ${error.message}`));
  page.on("console", (it) => {
    // Redoc would like a picture and a font from elsewhere; the policy of its pages does not let it.
    const isHeldBack = /\/docs\/(http|messages)$/.test(page.url()) && /Security Policy/.test(it.text());
    const isMeant = Object.values(FAULTS).some(([path]) => page.url().endsWith(path));
    if (it.type() === "error" && !isHeldBack && !isMeant) wrongs.push(`${page.url()}: ${it.text()}`);
  });
  return page;
}

async function signIn(page) {
  await page.goto(`${GATEWAY}/holds`);
  assert.match(page.url(), /\/sign-in\?/, "nobody is let in without signing in");
  await look(page, "sign-in");
  await page.fill("input[name=name]", NAME);
  await page.fill("input[name=password]", PASSWORD);
  await page.click("main button");
  await page.waitForURL(`${GATEWAY}/holds`);
}

const WIDTHS = { "": { width: 1400, height: 900 }, "phone-": { width: 390, height: 844 } };

// Photographs the page, on a desk and on a phone, and judges whether everybody can use it.
async function look(page, name) {
  const language = await page.getAttribute("html", "lang");
  for (const [where, size] of Object.entries(WIDTHS).reverse()) {
    await page.setViewportSize(size);
    await page.screenshot({ path: `${SHOTS}/${language}-${where}${name}.png`, fullPage: true });
    const isWide = () => document.documentElement.scrollWidth > innerWidth;
    if (await page.evaluate(isWide)) wrongs.push(`${language} ${where}${name} is wider than its window`);
  }
  if (RENDERED.includes(name)) return;
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => axe.run());
  const serious = violations.filter((it) => ["serious", "critical"].includes(it.impact));
  const shown = (it) => `${it.id}: ${it.help}: ${it.nodes.map((node) => node.html).join("\n  ")}`;
  assert.deepEqual(serious.map(shown), [], `${language} ${name}`);
}

async function everyPage(page, language) {
  for (const [name, path] of Object.entries(PAGES)) {
    const response = await page.goto(`${GATEWAY}${path}`);
    assert.equal(response.status(), 200, path);
    assert.equal(await page.getAttribute("html", "lang"), language, path);
    if (RENDERED.includes(name)) await page.waitForSelector("h1", { timeout: 30_000 });
    await look(page, name);
  }
  await page.goto(`${GATEWAY}/`);
  assert.match(await page.innerText("#zone"), /Asia\/Shanghai \(UTC\+08:00\)$/, "in which zone times are");
  for (const [name, [path, status]] of Object.entries(FAULTS)) {
    const response = await page.goto(`${GATEWAY}${path}`);
    assert.equal(response.status(), status, path);
    await look(page, name);
  }
  said(`${Object.keys({ ...PAGES, ...FAULTS }).length} pages in ${language}`);
}

// What a page shows only when somebody asks for it, and pages in the dark.
async function corners(page) {
  await page.goto(`${GATEWAY}/`);
  await page.waitForSelector("#help:not([hidden])");
  await page.keyboard.press("?");
  await page.waitForSelector("#keys[open]");
  await look(page, "keys");
  await page.keyboard.press("Escape");
  await page.click("#columns summary");
  await look(page, "columns");
  await page.goto(`${GATEWAY}/holds`);
  await page.locator("main tbody summary").first().click();
  await look(page, "holds-deciding");
  await page.emulateMedia({ colorScheme: "dark" });
  for (const name of ["orders", "order", "holds", "webhooks", "events"]) {
    await page.goto(`${GATEWAY}${PAGES[name]}`);
    await look(page, `dark-${name}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  said("its corners");
}

// As the storefront does.
async function place(order) {
  const placed = await fetch(`${GATEWAY}/v1/orders`, {
    method: "POST",
    headers: { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json" },
    body: JSON.stringify(order),
  });
  assert.ok(placed.ok, await placed.clone().text());
  return placed.json();
}

async function watchAnOrder(page) {
  await page.goto(`${GATEWAY}/`);
  await page.waitForSelector("#live:not(.off):not([hidden])");
  await page.evaluate(() => { window.stayed = true; });
  const { order } = await place(JSON.parse(ORDER));
  const row = page.locator(`#o${order.replaceAll("-", "")}`);
  await row.waitFor({ timeout: 30_000 });
  await page.waitForFunction((it) => document.getElementById(it)?.className.includes("yellow"),
    `o${order.replaceAll("-", "")}`, { timeout: 30_000 });
  said("its row appear, yellow");
  console.log(`NEEDS completion ${order}`);
  await page.waitForFunction((it) => document.getElementById(it)?.className.includes("green"),
    `o${order.replaceAll("-", "")}`, { timeout: 60_000 });
  assert.equal(await page.evaluate(() => window.stayed), true, "the page was loaded anew");
  said("it turn green, without a reload");
  const number = (await row.locator("th a").innerText()).trim();
  await row.locator("th a").click();
  await page.waitForURL(/\/orders\//);
  assert.match(await page.innerText("h1"), new RegExp(number));
  said("its page");
  return number;
}

async function release(page) {
  await page.goto(`${GATEWAY}/holds`);
  const row = page.locator(`tr:has(a[href*="${HELD.replaceAll("-", "")}"])`);
  await row.locator("summary").click();
  await row.locator("input[name=reason]").fill("known for long");
  await row.locator("button:not(.grave)").click();
  await page.waitForSelector("#said.good", { timeout: 30_000 });
  await page.goto(`${GATEWAY}/orders/${HELD}`);
  const mark = () => page.locator(".head .mark").innerText();
  const deadline = Date.now() + 30_000;
  while (/held|hold/i.test(await mark())) {
    assert.ok(Date.now() < deadline, await mark());
    await page.waitForTimeout(300);
    await page.reload();
  }
  said("the credit released");
}

async function speakTheOther(page) {
  await page.goto(`${GATEWAY}/`);
  const before = await page.getAttribute("html", "lang");
  await page.click(".language button");
  await page.waitForFunction((it) => document.documentElement.lang !== it, before);
  said("the other language, by the switch");
  await page.click(".language button");
  await page.waitForFunction((it) => document.documentElement.lang === it, before);
}

async function save(page, format) {
  const download = page.waitForEvent("download");
  await page.click(`.export a[href$="format=${format}"]`);
  return readFile(await (await download).path());
}

async function takeOut(page, number) {
  await page.goto(`${GATEWAY}/?channel=web`);
  const csv = await save(page, "csv");
  assert.deepEqual([...csv.subarray(0, 3)], [0xef, 0xbb, 0xbf], "Excel takes it for UTF-8");
  assert.match(csv.toString(), new RegExp(number));
  const xlsx = await save(page, "xlsx");
  assert.equal(xlsx.subarray(0, 2).toString(), "PK");
  const { rows, totals } = JSON.parse(await save(page, "json"));
  assert.equal(rows.length, totals.orders);
  assert.ok(totals.orders >= 3, JSON.stringify(totals));
  said("the table as CSV, XLSX and JSON");
}

async function bringIn(page, channel) {
  await page.goto(`${GATEWAY}/import`);
  const bytes = Buffer.from(SAMPLE);
  const file = { name: "orders.csv", mimeType: "text/csv", buffer: bytes };
  await page.setInputFiles("input[type=file]", file);
  await page.fill("input[name=channel]", channel);
  await page.click("form[action='/import/preview'] button");
  await page.waitForSelector("form[action='/import/confirm']");
  const flags = async () => (await page.locator("main .flag").allInnerTexts()).length;
  assert.equal(await flags(), 3, "two rows that ended late, one that ended too early");
  await look(page, "import-preview");
  await page.click("form[action='/import/confirm'] button");
  await page.waitForSelector("main tbody a[href^='/orders/']");
  assert.equal(await page.locator("main tbody a[href^='/orders/']").count(), 3);
  await look(page, "import-done");
  const deadline = Date.now() + 30_000;
  do {
    assert.ok(Date.now() < deadline, "the imported orders are not in the table");
    await page.goto(`${GATEWAY}/?channel=${channel}`);
  } while (await page.locator("#orders tbody tr").count() < 3);
  assert.equal(await page.locator("#orders .flag.imported").count(), 3);
  await look(page, "imported");
  said("the other system's table imported, and flagged");
}

// Makes two webhooks of the channel, of which one is gone when the next order is told of, and says
// where their pages are.
async function makeWebhooks(page) {
  const make = (url) => page.evaluate(async (it) => {
    const response = await fetch("/v1/channels/web/webhooks", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ url: it, events: ["order.status", "order.shipped"] }),
    });
    return (await response.json()).webhook;
  }, url);
  const [taken, gone] = [await make(`${RECEIVER}/kontor`), await make(`${RECEIVER}/nobody`)];
  assert.ok(taken && gone, "the webhooks are not there");
  await place({ ...JSON.parse(ORDER), external_id: "B-hooked" });
  return { taken: `/webhooks/web/${taken}`, gone: `/webhooks/web/${gone}` };
}

// Tries one webhook, draws it another secret, turns it off and on; the other one ends by itself.
async function tendWebhooks(page, { taken, gone }) {
  const deed = (name) => page.locator(`form[action$="/${name}"] button`);
  const told = () => page.locator("#said.good").innerText();
  const press = async (name) => {
    await page.evaluate(() => document.getElementById("said")?.remove());
    await deed(name).click();
    await page.waitForFunction(() => document.activeElement?.id === "said");
    assert.ok(await told());
  };
  const calls = page.locator("section[aria-labelledby=calls] tbody tr");
  await page.goto(`${GATEWAY}${taken}`);
  await look(page, "webhook");
  const before = await calls.count();
  await press("test");
  while (await calls.count() === before) await page.waitForTimeout(300);
  await look(page, "webhook-tested");
  assert.match(await calls.first().innerText(), /204/);
  await page.click("details:has(form[action$='/secret']) > summary");
  await press("secret");
  assert.match(await told(), /whsec_/, "the secret is shown");
  await look(page, "webhook-secret");
  await page.reload();
  assert.doesNotMatch(await page.innerText("main"), /whsec_/, "a secret is shown once");
  await press("active");
  assert.equal(await page.locator(".head .mark.grey").count(), 1);
  await look(page, "webhook-off");
  await press("active");
  await page.goto(`${GATEWAY}${gone}`);
  await page.waitForSelector(".head .mark.red", { timeout: 30_000 });
  await look(page, "webhook-disabled");
  await page.goto(`${GATEWAY}/webhooks`);
  assert.equal(await page.locator("tbody .mark").count(), 2);
  await look(page, "webhooks-tended");
  said("a webhook tried, its secret drawn anew, turned off and on; and one that is gone");
}

try {
  const chinese = await desk("zh-CN");
  await signIn(chinese);
  const webhooks = await makeWebhooks(chinese);
  await everyPage(chinese, "zh-CN");
  await corners(chinese);
  await tendWebhooks(chinese, webhooks);
  await bringIn(chinese, "former");
  await chinese.context().close();
  const page = await desk("en-US");
  await signIn(page);
  await everyPage(page, "en");
  await corners(page);
  await tendWebhooks(page, webhooks);
  const number = await watchAnOrder(page);
  await release(page);
  await speakTheOther(page);
  await takeOut(page, number);
  await bringIn(page, "legacy");
  assert.deepEqual(wrongs, []);
  said("no request to another machine, and no error");
} finally {
  await browser.close();
}
