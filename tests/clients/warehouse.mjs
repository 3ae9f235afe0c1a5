// A warehouse: is told what to pick, and reports each step until the goods are at the door.
//
//     node warehouse.mjs [PICKS [SKU=UNITS]...]
//
// Ends after so many picks; never, if it is not said. SKU=UNITS: so many are missing on the shelf, at
// each pick. NATS_URL says where, KONTOR_WAREHOUSE and KONTOR_PASSWORD as whom. With KONTOR_CARRIER and
// KONTOR_CARRIER_PASSWORD it is that carrier who reports the delivery; without, the warehouse.
import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

const { NATS_URL: servers, KONTOR_WAREHOUSE: warehouse, KONTOR_CARRIER: carrier } = process.env;
const [picks, ...options] = process.argv.slice(2);
const missing = new Map(options.map((it) => it.split("=")).map(([sku, units]) => [sku, Number(units)]));

/** What is reported of a pick, in order, and what more is said with it. */
function* steps({ lines, shipment }) {
  const short = lines.filter(({ sku }) => missing.has(sku)).map(({ line, sku, quantity }) =>
    ({ line, quantity: Math.min(quantity, missing.get(sku)) }));
  yield ["started", {}];
  yield short.length ? ["short", { lines: short }] : ["picked", {}]; // What is not short was picked.
  const units = (of) => of.reduce((sum, it) => sum + it.quantity, 0);
  if (units(short) === units(lines)) return; // Nothing is left to send.
  yield ["packed", {}];
  yield ["shipped", carrier ? { carrier, tracking_no: `T-${shipment}` } : {}];
  if (!carrier) yield ["delivered", {}];
}

const connections = [];
async function open(user, pass) { // Answers come to an inbox of the user's own, and nowhere else.
  connections.push(await connect({ servers, user, pass, inboxPrefix: `_INBOX_${user}` }));
  return jetstream(connections.at(-1));
}
const streams = await open(`warehouse-${warehouse}`, process.env.KONTOR_PASSWORD);
const road = carrier && await open(`carrier-${carrier}`, process.env.KONTOR_CARRIER_PASSWORD);
const told = await streams.consumers.get("PICKS", `warehouse-${warehouse}`); // Called as we are.
const begun = new Set();
while (!picks || begun.size < Number(picks)) {
  const message = await told.next({ expires: 5_000 });
  if (!message) continue; // There is nothing to do.
  const pick = message.json();
  const key = `${pick.order} ${pick.pick}`;
  const withdrawn = message.subject.endsWith(".cancelled"); // It is to be left alone, unless it was begun.
  if (!withdrawn) begun.add(key);
  for (const [what, more] of withdrawn ? [[begun.has(key) ? "started" : "unreleased", {}]] : steps(pick)) {
    const body = JSON.stringify({ pick: pick.pick, ...more });
    // It is kept when this returns, and a repeat changes nothing.
    await streams.publish(`warehouse.${warehouse}.report.${pick.order}.${what}`, body);
    console.log(key, what);
    if (what === "shipped" && road) await road.publish(`carrier.${carrier}.${more.tracking_no}.delivered`, "{}");
  }
  await message.ackAck(); // A real one writes the pick down, acknowledges, and reports as people work.
}
await Promise.all(connections.map((it) => it.drain()));
