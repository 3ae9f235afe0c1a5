//! The letters about parcels, in every language, as they are read.

use contracts::{CarrierId, ItemUnits, Sku, TrackingNo};
use expect_test::expect;

use super::words::check;
use crate::letter::Facts;

#[test]
fn shipped() {
    let facts = Facts::Shipped {
        units: units(),
        carrier: Some(CarrierId::new("SF").unwrap()),
        tracking_no: Some(TrackingNo::new("SF1234567890").unwrap()),
        shipped_at: "2026-03-04T17:30:00Z".parse().unwrap(), // The next day in China.
    };
    check(
        &facts,
        expect![[r#"
        【M&K】订单 K-2026-000123 已发货
        ---
        王 <Wei>，您好：

        您的订单 K-2026-000123 已于2026年3月5日发货。

        - 球阀 <DN25> × 600
        - FREE-GIFT × 1
        承运商：SF
        运单号：SF1234567890
        未列出的商品将另行发货。

        M&K
        ---
        <!doctype html>
        <html lang="zh-CN">
        <meta charset="utf-8">
        <body style="font-family: sans-serif">
        <p>王 &#60;Wei&#62;，您好：</p>
        <p>您的订单 <b>K-2026-000123</b> 已于2026年3月5日发货。</p>
        <table cellpadding="4">
        <tr><td>球阀 &#60;DN25&#62;</td><td align="right">× 600</td></tr>
        <tr><td>FREE-GIFT</td><td align="right">× 1</td></tr>
        <tr><td>承运商</td><td>SF</td></tr>
        <tr><td>运单号</td><td><b>SF1234567890</b></td></tr>
        </table>
        <p>未列出的商品将另行发货。</p>
        <p>M&#38;K</p>
        </body>
        </html>

        M&K: order K-2026-000123 is on its way
        ---
        Dear 王 <Wei>,

        This left our warehouse on 5 March 2026 for your order K-2026-000123:

        - 600 × 球阀 <DN25>
        - 1 × FREE-GIFT
        Carrier: SF
        Tracking number: SF1234567890
        Anything that is not listed here follows in another parcel.

        M&K
        ---
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <body style="font-family: sans-serif">
        <p>Dear 王 &#60;Wei&#62;,</p>
        <p>This left our warehouse on 5 March 2026 for your order <b>K-2026-000123</b>:</p>
        <table cellpadding="4">
        <tr><td align="right">600 ×</td><td>球阀 &#60;DN25&#62;</td></tr>
        <tr><td align="right">1 ×</td><td>FREE-GIFT</td></tr>
        <tr><td>Carrier</td><td>SF</td></tr>
        <tr><td>Tracking number</td><td><b>SF1234567890</b></td></tr>
        </table>
        <p>Anything that is not listed here follows in another parcel.</p>
        <p>M&#38;K</p>
        </body>
        </html>

    "#]],
    );
}

#[test]
fn delivered() {
    let delivered_at = "2026-03-06T02:00:00Z".parse().unwrap();
    check(
        &Facts::Delivered { units: units(), delivered_at },
        expect![[r#"
        【M&K】订单 K-2026-000123 已签收
        ---
        王 <Wei>，您好：

        您的订单 K-2026-000123 的以下商品已于2026年3月6日签收。

        - 球阀 <DN25> × 600
        - FREE-GIFT × 1
        如有问题，请直接回复本邮件。

        M&K
        ---
        <!doctype html>
        <html lang="zh-CN">
        <meta charset="utf-8">
        <body style="font-family: sans-serif">
        <p>王 &#60;Wei&#62;，您好：</p>
        <p>您的订单 <b>K-2026-000123</b> 的以下商品已于2026年3月6日签收。</p>
        <table cellpadding="4">
        <tr><td>球阀 &#60;DN25&#62;</td><td align="right">× 600</td></tr>
        <tr><td>FREE-GIFT</td><td align="right">× 1</td></tr>
        </table>
        <p>如有问题，请直接回复本邮件。</p>
        <p>M&#38;K</p>
        </body>
        </html>

        M&K: order K-2026-000123 has been delivered
        ---
        Dear 王 <Wei>,

        This arrived on 6 March 2026 for your order K-2026-000123:

        - 600 × 球阀 <DN25>
        - 1 × FREE-GIFT
        If anything is wrong with it, just reply to this mail.

        M&K
        ---
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <body style="font-family: sans-serif">
        <p>Dear 王 &#60;Wei&#62;,</p>
        <p>This arrived on 6 March 2026 for your order <b>K-2026-000123</b>:</p>
        <table cellpadding="4">
        <tr><td align="right">600 ×</td><td>球阀 &#60;DN25&#62;</td></tr>
        <tr><td align="right">1 ×</td><td>FREE-GIFT</td></tr>
        </table>
        <p>If anything is wrong with it, just reply to this mail.</p>
        <p>M&#38;K</p>
        </body>
        </html>

    "#]],
    );
}

fn units() -> Vec<ItemUnits> {
    let units = |line, sku, quantity| ItemUnits { line, sku: Sku::new(sku).unwrap(), quantity };
    vec![units(1, "V-25", 600), units(9, "FREE-GIFT", 1)]
}
