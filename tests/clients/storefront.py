"""A storefront: hands in orders, and follows each of them to its end.

    storefront.py TOLD.json [place ORDER.json | submit ORDER.json]...

NATS_URL says where, KONTOR_CHANNEL and KONTOR_PASSWORD as whom. Prints `external_id number status`;
TOLD.json keeps how far that is: cut off and started again, it goes on."""
import asyncio, json, os, sys
from contextlib import suppress
from pathlib import Path
import nats

ENDS = {"completed", "cancelled", "expired", "rejected"}

async def place(nc, channel, order):
    while True:
        with suppress(nats.errors.TimeoutError, nats.errors.NoRespondersError):
            reply = await nc.request(f"orders.place.{channel}", json.dumps(order).encode(), timeout=10)
            answer = json.loads(reply.data)
            if answer["answer"] in ("accepted", "duplicate"):
                return
            if answer["answer"] != "unknown":  # A conflict, or rejected, for every reason at once.
                raise ValueError(f"{order['external_id']} was not taken: {json.dumps(answer)}")
        await asyncio.sleep(1)  # Then again: under the same external id it is the same order.

async def follow(statuses, orders, file):
    told = json.loads(file.read_text()) if file.exists() else {}
    while any(told.get(it["external_id"], (0, ""))[1] not in ENDS for it in orders):
        try:
            messages = await statuses.fetch(100, timeout=5)
        except nats.errors.TimeoutError:
            continue  # There is nothing new.
        for message in messages:
            status = json.loads(message.data)
            name, number = status["external_id"], status["number"]
            expected = told.get(name, (0, ""))[0] + 1
            if number == expected:
                print(name, number, status["status"], flush=True)
                told[name] = (number, status["status"])
                file.write_text(json.dumps(told))  # A shop has a database, and one transaction.
            # Lower: a repeat. Higher: what is between was given to a run that was cut off. Both come again.
            await (message.ack_sync() if number <= expected else message.nak(delay=1))

async def main(channel, told, *words):
    user = f"channel-{channel}"  # Its consumer is called so too, and answers come to _INBOX_<user>.
    nc = await nats.connect(os.environ["NATS_URL"], user=user, password=os.environ["KONTOR_PASSWORD"],
                            inbox_prefix=f"_INBOX_{user}")  # What NATS forbids, it logs as an error.
    orders = [json.loads(Path(file).read_text()) for file in words[1::2]]
    for how, order in zip(words[::2], orders):
        if how == "place":
            await place(nc, channel, order)
        else:  # Returns when the stream has it. What becomes of it, good or bad, is a status.
            subject = f"orders.submit.{channel}.{order['external_id']}"
            await nc.jetstream().publish(subject, json.dumps(order).encode(), timeout=10)
    await follow(await nc.jetstream().pull_subscribe_bind(user, "ORDERS_STATUS"), orders, Path(told))

try:
    asyncio.run(main(os.environ["KONTOR_CHANNEL"], *sys.argv[1:]))
except (nats.errors.Error, OSError, ValueError) as error:
    sys.exit(f"storefront: {error!r}")  # Started again, with the same orders, it goes on.
