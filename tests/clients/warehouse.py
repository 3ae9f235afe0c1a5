"""A warehouse: is told what to pick, and reports each step until the goods are at the door.

    warehouse.py [PICKS [SKU=UNITS]...]

Ends after so many picks; never, if it is not said. SKU=UNITS: so many are missing on the shelf, at each
pick. NATS_URL says where, KONTOR_WAREHOUSE and KONTOR_PASSWORD as whom. With KONTOR_CARRIER and
KONTOR_CARRIER_PASSWORD it is that carrier who reports the delivery; without, the warehouse."""
import asyncio, json, os, sys
import nats

async def connect(user, password):
    nc = await nats.connect(os.environ["NATS_URL"], user=user, password=os.environ[password],
                            inbox_prefix=f"_INBOX_{user}")  # What NATS forbids, it logs as an error.
    return nc.jetstream()

def steps(pick, missing, carrier):
    """What is reported of a pick, in order, and what more is said with it."""
    short = [{"line": it["line"], "quantity": min(it["quantity"], missing[it["sku"]])}
             for it in pick["lines"] if it["sku"] in missing]
    yield "started", {}
    yield ("short", {"lines": short}) if short else ("picked", {})  # What is not short was picked.
    if short == [{"line": it["line"], "quantity": it["quantity"]} for it in pick["lines"]]:
        return  # Nothing is left to send.
    yield "packed", {}
    yield "shipped", {"carrier": carrier, "tracking_no": f"T-{pick['shipment']}"} if carrier else {}
    if not carrier:
        yield "delivered", {}

async def main(warehouse, picks="", *missing):
    user, carrier = f"warehouse-{warehouse}", os.environ.get("KONTOR_CARRIER")
    streams = await connect(user, "KONTOR_PASSWORD")
    road = await connect(f"carrier-{carrier}", "KONTOR_CARRIER_PASSWORD") if carrier else None
    told = await streams.pull_subscribe_bind(user, "PICKS")  # Its consumer is called as it is.
    missing = {sku: int(units) for sku, units in (it.split("=") for it in missing)}
    begun = set()
    while not picks or len(begun) < int(picks):
        try:
            [message] = await told.fetch(1, timeout=5)
        except nats.errors.TimeoutError:
            continue  # There is nothing to do.
        pick = json.loads(message.data)
        key = (pick["order"], pick["pick"])
        if message.subject.endswith(".cancelled"):  # It is to be left alone, unless it was begun.
            reports = [("started" if key in begun else "unreleased", {})]
        else:
            begun.add(key)
            reports = steps(pick, missing, carrier)
        for what, more in reports:  # Each is kept when `publish` returns; a repeat changes nothing.
            body = json.dumps({"pick": pick["pick"]} | more).encode()
            await streams.publish(f"warehouse.{warehouse}.report.{pick['order']}.{what}", body, timeout=10)
            print(*key, what, flush=True)
        if what == "shipped" and carrier:
            await road.publish(f"carrier.{carrier}.{more['tracking_no']}.delivered", b"{}", timeout=10)
        await message.ack_sync()  # A real one writes the pick down, acknowledges, and reports as people work.

try:
    asyncio.run(main(os.environ["KONTOR_WAREHOUSE"], *sys.argv[1:]))
except (nats.errors.Error, OSError, ValueError) as error:
    sys.exit(f"warehouse: {error!r}")  # What it had not acknowledged comes again.
