// A storefront: hands in orders, and follows each of them to its end.
//
//     node storefront.mjs TOLD.json [place ORDER.json | submit ORDER.json]...
//
// NATS_URL says where, KONTOR_CHANNEL and KONTOR_PASSWORD as whom. Prints `external_id number status`;
// TOLD.json keeps how far that is: cut off and started again, it goes on.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import { connect, TimeoutError } from "@nats-io/transport-node";

const ENDS = ["completed", "cancelled", "expired", "rejected"];
const read = (file) => JSON.parse(readFileSync(file, "utf8"));
const [file, ...words] = process.argv.slice(2);
const { NATS_URL: servers, KONTOR_CHANNEL: channel, KONTOR_PASSWORD: pass } = process.env;
const user = `channel-${channel}`; // Its consumer is called so too, and answers come to _INBOX_<user>.
const nc = await connect({ servers, user, pass, inboxPrefix: `_INBOX_${user}` });
const streams = jetstream(nc);

async function place(order) {
  for (;;) {
    try {
      const reply = await nc.request(`orders.place.${channel}`, JSON.stringify(order), { timeout: 10_000 });
      const { answer, ...why } = reply.json();
      if (answer === "accepted" || answer === "duplicate") return;
      if (answer !== "unknown") { // A conflict, or rejected, for every reason at once.
        throw new Error(`${order.external_id} was not taken: ${answer}, ${JSON.stringify(why)}`);
      }
    } catch (error) {
      if (!(error instanceof TimeoutError || error.isNoResponders?.())) throw error;
    }
    await sleep(1_000); // Then again: under the same external id it is the same order.
  }
}

const waiting = new Set();
for (let at = 0; at < words.length; at += 2) {
  const order = read(words[at + 1]);
  waiting.add(order.external_id);
  if (words[at] === "place") await place(order);
  // Returns when the stream has it. What becomes of it, good or bad, is a status.
  else await streams.publish(`orders.submit.${channel}.${order.external_id}`, JSON.stringify(order));
}
const told = existsSync(file) ? read(file) : {};
const statuses = await streams.consumers.get("ORDERS_STATUS", user);
while ([...waiting].some((it) => !ENDS.includes(told[it]?.[1]))) {
  for await (const message of await statuses.fetch({ max_messages: 100, expires: 1_000 })) {
    const { external_id, number, status } = message.json();
    const expected = 1 + (told[external_id]?.[0] ?? 0);
    if (number === expected) {
      console.log(external_id, number, status);
      told[external_id] = [number, status];
      writeFileSync(file, JSON.stringify(told)); // A shop has a database, and one transaction.
    }
    // Lower: a repeat. Higher: what is between was given to a run that was cut off. Both come again.
    await (number <= expected ? message.ackAck() : message.nak(1_000));
  }
}
await nc.drain();
