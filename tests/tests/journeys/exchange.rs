//! Tables in and out: what another system kept, and new orders that somebody wrote down.

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use whole_house::{PATIENCE, Shop, eventually};

use crate::visit;

const SAMPLE: &str = "\u{feff}订单号,客户名称,产品名称,数量,订单状态,预计完成时间,实际完成时间\r\n\
    123456,张三,商品A,100,已确认,2024-03-15,2024-03-17\r\n\
    789012,李四,商品B,200,待确认,2024-03-20,\r\n\
    345678,王五,商品C,50,已发货,2024-03-22,2024-03-24\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exchange() -> anyhow::Result<()> {
    visit("exchange", async |shop| {
        a_process_table_is_carried_over(shop).await?;
        a_table_is_corrected_and_placed(shop).await
    })
    .await
}

async fn a_process_table_is_carried_over(shop: &Shop) -> anyhow::Result<()> {
    let (status, preview) = shop.clerk.brings("/v1/imports/preview", "legacy", SAMPLE).await?;
    ensure!(status == 200, "{preview}");
    let flags = json!([
        { "row": 2, "flags": ["late", "completed_too_early"] },
        { "row": 4, "flags": ["late"] },
    ]);
    assert_eq!((&preview["faults"], &preview["warnings"]), (&json!([]), &flags));
    assert_eq!(outcomes(shop, SAMPLE, 200).await?, ["accepted", "accepted", "accepted"]);
    // The same file again is the same commands.
    outcomes(shop, SAMPLE, 200).await?;
    // Saved otherwise it is another file of the same orders.
    let saved = SAMPLE.replace(',', ";");
    assert_eq!(outcomes(shop, &saved, 200).await?, ["duplicate", "duplicate", "duplicate"]);
    eventually(PATIENCE, || async {
        let file = shop.clerk.reads("/v1/orders/export?format=json&channel=legacy").await?;
        let totals = json!({ "orders": 3, "units": 350, "amounts": {} });
        ensure!(file["totals"] == totals, "{}", file["totals"]);
        Ok(())
    })
    .await?;
    let listed = shop.clerk.reads("/v1/orders?channel=legacy").await?;
    assert_eq!(listed["orders"].as_array().map(Vec::len), Some(3), "{listed}");
    let first = shop.clerk.reads("/v1/orders/123456").await?;
    assert_eq!(first["carried_over"]["completed"], "2024-03-17", "{first}");
    assert_eq!(first["lines"][0]["quantity"], 100, "{first}");
    shop.audit().await
}

async fn a_table_is_corrected_and_placed(shop: &Shop) -> anyhow::Result<()> {
    shop.knows("C-TABLE", 10_000_000, 98).await?;
    shop.sells("CUP-TABLE", 1_050, &[("WH-A", 50)]).await?;
    let bad = "reference,customer,sku,quantity,unit_price,terms,currency,tax,recipient,phone,\
        province,city,district,address,postcode\n\
        T-1,C-TABLE,CUP-TABLE,two,10.50,on_account,CNY,2.73,王小明,13800138000,\
        江苏省,南京,玄武区,中山路 1 号,210018\n";
    let (status, refused) = shop.clerk.brings("/v1/imports", "legacy", bad).await?;
    assert_eq!((status, &refused["errors"][0]["pointer"]), (422, &json!("/2/quantity")));
    let good = bad.replace("two", "2");
    assert_eq!(outcomes(shop, &good, 200).await?, ["accepted"]);
    eventually(PATIENCE, || async {
        let listed = shop.clerk.reads("/v1/orders?channel=legacy&customer=C-TABLE").await?;
        let order = &listed["orders"][0];
        ensure!(order["external_id"] == "T-1" && order["total"] == 2_373, "{order}");
        ensure!(!order["confirmed_at"].is_null(), "it is not confirmed: {order}");
        Ok(())
    })
    .await
}

async fn outcomes(shop: &Shop, table: &str, expected: u16) -> anyhow::Result<Vec<String>> {
    let (status, done) = shop.clerk.brings("/v1/imports", "legacy", table).await?;
    ensure!(status == expected, "{status} {done}");
    let entries = done["entries"].as_array().context("no entries")?;
    let outcome = |it: &Value| it["outcome"].as_str().unwrap_or_default().to_owned();
    Ok(entries.iter().map(outcome).collect())
}
