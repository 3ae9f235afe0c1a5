//! The audit itself: it finds what does not agree.

use contracts::Status::Completed;
use sqlx::{Connection, Executor, PgConnection};
use whole_house::{Draft, Shop};

use crate::{pick, visit};

/// Whose books are spoilt, how, and what the audit has to say to that.
const SPOILT: &[(&str, &str, &str)] = &[
    (
        "inventory",
        "update stock_level set good = good + 1",
        "I3: levels are the sums of their moves",
    ),
    (
        "inventory",
        "update stock_level set reserved = 1",
        "I4: claims are what is reserved and allocated",
    ),
    (
        "inventory",
        "insert into claim (order_id, sku, line, warehouse_id, soft, firm, lapsed, fresh, taken, rank)
         values (gen_random_uuid(), 'TEA', 1, 'WH-A', 1, 0, 0, 0, 0, 0)",
        "keeps stock, but is no living order",
    ),
    (
        "inventory",
        "alter table stock_move disable trigger all; delete from stock_move where number = 1",
        "I10: moves are numbered",
    ),
    (
        "finance",
        "alter table posting disable trigger all;
         insert into posting (entry_id, nth, account, debit_cents, credit_cents)
         select min(entry_id), 99, '1122', 1, 0 from journal",
        "Q1: each entry balances",
    ),
    ("finance", "update parcel set net_cents = net_cents + 1", "Q2: 1122 is what is owed"),
    ("finance", "update series set last = last + 1", "invoice numbers are 1, 2, 3"),
    (
        "credit",
        "update book set billed_cents = billed_cents + 1",
        "a customer's stages are the sums of their entries",
    ),
    (
        "credit",
        "update commitment set authorised_cents = authorised_cents + 1",
        "pending and authorised",
    ),
    (
        "gateway",
        "update order_state set status = 'shipped', status_number = 1, summary = '{}'",
        "shipments of",
    ),
    ("gateway", "delete from timeline_part where number > 1", "timelines are numbered"),
    ("fulfilment", "update shipment set pick = 7", "picks told, and kept"),
    ("intake", "update sales_order set number = number + 1", "how many statuses were told"),
    ("intake", "update sales_order set shown = 'packed'", "last status told of"),
    ("intake", "delete from page where number = 1", "pages of intake/"),
    (
        "notification",
        "insert into parked (id, partition, key, subject, cause, parked_at, envelope)
         values (gen_random_uuid(), 0, 'key', 'subject', 'a test', now(), '')",
        "notification: nothing is parked",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_finds_what_does_not_agree() -> anyhow::Result<()> {
    visit("audit", async |shop| {
        shop.knows("C-1", 100_000_000, 98).await?;
        let tea = shop.sells("TEA", 12_800, &[("WH-A", 9)]).await?;
        for name in ["X-1", "X-2", "X-3", "X-4", "X-5", "X-6", "X-7", "X-8"] {
            let order = Draft::on_account(name, "C-1")?.line(&tea, 1).order();
            let id = shop.web.place(&order).await?;
            let (warehouse, pick) = pick(shop, "WH-A", id).await?;
            warehouse.reports(&pick, "delivered").await?;
            shop.reaches(id, Completed).await?;
        }
        shop.audit().await?;
        for (service, how, complaint) in SPOILT {
            spoil(shop, service, how).await?;
            let found = shop.audit().await.err().map(|it| format!("{it:#}")).unwrap_or_default();
            assert!(found.contains(complaint), "{how}: {complaint:?} is not in {found}");
        }
        Ok(())
    })
    .await
}

async fn spoil(shop: &Shop, service: &str, how: &'static str) -> anyhow::Result<()> {
    let mut db = PgConnection::connect_with(&shop.suite.accounts[service].database).await?;
    db.execute(how).await?;
    Ok(db.close().await?)
}
