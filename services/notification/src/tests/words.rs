//! Every kind of letter in every language, as it is read.

use contracts::intake::CancelReason;
use contracts::{Cents, Currency, Language};
use expect_test::{Expect, expect};
use jiff::civil::date;
use jiff::tz::{Offset, TimeZone};

use crate::letter::{Bill, Facts, Line, Order};
use crate::wording::{Shop, words};

const BOTH: [Language; 2] = [Language::Chinese, Language::English];

#[test]
fn confirmed() {
    check(
        &Facts::Confirmed,
        expect![[r#"
        【M&K】订单 K-2026-000123 已确认
        ---
        王 <Wei>，您好：

        您的订单 K-2026-000123 已确认，我们将尽快为您备货。

        - 球阀 <DN25> × 1000：¥1,130,000.00
        - Gasket & seal × 3：¥1,837.00
        - 运费：¥15.00
        合计（含税）：¥1,131,852.00

        M&K
        ---
        <!doctype html>
        <html lang="zh-CN">
        <meta charset="utf-8">
        <body style="font-family: sans-serif">
        <p>王 &#60;Wei&#62;，您好：</p>
        <p>您的订单 <b>K-2026-000123</b> 已确认，我们将尽快为您备货。</p>
        <table cellpadding="4">
        <tr><td>球阀 &#60;DN25&#62;</td><td align="right">× 1000</td><td align="right">¥1,130,000.00</td></tr>
        <tr><td>Gasket &#38; seal</td><td align="right">× 3</td><td align="right">¥1,837.00</td></tr>
        <tr><td colspan="2">运费</td><td align="right">¥15.00</td></tr>
        <tr><td colspan="2"><b>合计（含税）</b></td><td align="right"><b>¥1,131,852.00</b></td></tr>
        </table>
        <p>M&#38;K</p>
        </body>
        </html>

        M&K: order K-2026-000123 is confirmed
        ---
        Dear 王 <Wei>,

        Your order K-2026-000123 is confirmed. We are preparing it now.

        - 1000 × 球阀 <DN25>: CNY 1,130,000.00
        - 3 × Gasket & seal: CNY 1,837.00
        - Freight: CNY 15.00
        Total, tax included: CNY 1,131,852.00

        M&K
        ---
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <body style="font-family: sans-serif">
        <p>Dear 王 &#60;Wei&#62;,</p>
        <p>Your order <b>K-2026-000123</b> is confirmed. We are preparing it now.</p>
        <table cellpadding="4">
        <tr><td align="right">1000 ×</td><td>球阀 &#60;DN25&#62;</td><td align="right">CNY 1,130,000.00</td></tr>
        <tr><td align="right">3 ×</td><td>Gasket &#38; seal</td><td align="right">CNY 1,837.00</td></tr>
        <tr><td colspan="2">Freight</td><td align="right">CNY 15.00</td></tr>
        <tr><td colspan="2"><b>Total, tax included</b></td><td align="right"><b>CNY 1,131,852.00</b></td></tr>
        </table>
        <p>M&#38;K</p>
        </body>
        </html>

    "#]],
    );
}

#[test]
fn cancelled() {
    check(
        &Facts::Cancelled { because: CancelReason::NoSupply },
        expect![[r#"
        【M&K】订单 K-2026-000123 已取消
        ---
        王 <Wei>，您好：

        您的订单 K-2026-000123 已取消。
        很抱歉，订购的商品目前无法供货。
        已支付的款项将原路退回。

        M&K
        ---
        <!doctype html>
        <html lang="zh-CN">
        <meta charset="utf-8">
        <body style="font-family: sans-serif">
        <p>王 &#60;Wei&#62;，您好：</p>
        <p>您的订单 <b>K-2026-000123</b> 已取消。
        很抱歉，订购的商品目前无法供货。</p>
        <p>已支付的款项将原路退回。</p>
        <p>M&#38;K</p>
        </body>
        </html>

        M&K: order K-2026-000123 has been cancelled
        ---
        Dear 王 <Wei>,

        Your order K-2026-000123 has been cancelled.
        We are sorry: we cannot supply what you ordered.
        Whatever you have paid will be paid back.

        M&K
        ---
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <body style="font-family: sans-serif">
        <p>Dear 王 &#60;Wei&#62;,</p>
        <p>Your order <b>K-2026-000123</b> has been cancelled.
        We are sorry: we cannot supply what you ordered.</p>
        <p>Whatever you have paid will be paid back.</p>
        <p>M&#38;K</p>
        </body>
        </html>

    "#]],
    );
}

#[test]
fn lapsed() {
    check(
        &Facts::Lapsed,
        expect![[r#"
        【M&K】订单 K-2026-000123 已失效
        ---
        王 <Wei>，您好：

        您的订单 K-2026-000123 未能在付款期限内完成付款，或预留的商品已不可用，订单已失效。
        已支付的款项将原路退回。

        M&K
        ---
        <!doctype html>
        <html lang="zh-CN">
        <meta charset="utf-8">
        <body style="font-family: sans-serif">
        <p>王 &#60;Wei&#62;，您好：</p>
        <p>您的订单 <b>K-2026-000123</b> 未能在付款期限内完成付款，或预留的商品已不可用，订单已失效。</p>
        <p>已支付的款项将原路退回。</p>
        <p>M&#38;K</p>
        </body>
        </html>

        M&K: order K-2026-000123 has lapsed
        ---
        Dear 王 <Wei>,

        Your order K-2026-000123 has lapsed: it was not paid in time, or its goods were gone by then.
        Whatever you have paid will be paid back.

        M&K
        ---
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <body style="font-family: sans-serif">
        <p>Dear 王 &#60;Wei&#62;,</p>
        <p>Your order <b>K-2026-000123</b> has lapsed: it was not paid in time, or its goods were gone by then.</p>
        <p>Whatever you have paid will be paid back.</p>
        <p>M&#38;K</p>
        </body>
        </html>

    "#]],
    );
}

#[test]
fn invoiced() {
    check(
        &Facts::Invoiced(bill(Cents(0))),
        expect![[r#"
        【M&K】订单 K-2026-000123 的发票 2026-000017
        ---
        王 <Wei>，您好：

        您的订单 K-2026-000123 的发票已开具。

        发票号：2026-000017
        开票日期：2026年3月5日
        不含税金额：JPY 1,000
        税额：JPY 130
        价税合计：JPY 1,130
        请于2026年4月4日前支付：JPY 1,130

        M&K
        ---
        <!doctype html>
        <html lang="zh-CN">
        <meta charset="utf-8">
        <body style="font-family: sans-serif">
        <p>王 &#60;Wei&#62;，您好：</p>
        <p>您的订单 <b>K-2026-000123</b> 的发票已开具。</p>
        <table cellpadding="4">
        <tr><td>发票号</td><td align="right"><b>2026-000017</b></td></tr>
        <tr><td>开票日期</td><td align="right">2026年3月5日</td></tr>
        <tr><td>不含税金额</td><td align="right">JPY 1,000</td></tr>
        <tr><td>税额</td><td align="right">JPY 130</td></tr>
        <tr><td><b>价税合计</b></td><td align="right"><b>JPY 1,130</b></td></tr>
        </table>
        <p>请于2026年4月4日前支付：<b>JPY 1,130</b></p>
        <p>M&#38;K</p>
        </body>
        </html>

        M&K: invoice 2026-000017 for order K-2026-000123
        ---
        Dear 王 <Wei>,

        Here is the invoice for your order K-2026-000123.

        Invoice number: 2026-000017
        Issued on: 5 March 2026
        Net: JPY 1,000
        Tax: JPY 130
        Total: JPY 1,130
        To be paid by 4 April 2026: JPY 1,130

        M&K
        ---
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <body style="font-family: sans-serif">
        <p>Dear 王 &#60;Wei&#62;,</p>
        <p>Here is the invoice for your order <b>K-2026-000123</b>.</p>
        <table cellpadding="4">
        <tr><td>Invoice number</td><td align="right"><b>2026-000017</b></td></tr>
        <tr><td>Issued on</td><td align="right">5 March 2026</td></tr>
        <tr><td>Net</td><td align="right">JPY 1,000</td></tr>
        <tr><td>Tax</td><td align="right">JPY 130</td></tr>
        <tr><td><b>Total</b></td><td align="right"><b>JPY 1,130</b></td></tr>
        </table>
        <p>To be paid by 4 April 2026: <b>JPY 1,130</b></p>
        <p>M&#38;K</p>
        </body>
        </html>

    "#]],
    );
}

#[test]
fn every_reason_to_cancel_has_its_sentence() {
    let reasons = [
        CancelReason::Asked,
        CancelReason::NoSupply,
        CancelReason::CreditRefused,
        CancelReason::HoldOverdue,
        CancelReason::ReturnedUndelivered,
    ];
    let lines = reasons.map(|because| {
        let text = |language| written(&Facts::Cancelled { because }, language).text;
        BOTH.map(|it| text(it).lines().nth(3).unwrap_or_default().to_owned() + "\n").concat()
    });
    expect![[r#"
        订单是应您的要求取消的。
        You, or somebody for you, asked for it.
        很抱歉，订购的商品目前无法供货。
        We are sorry: we cannot supply what you ordered.
        很抱歉，我们无法以赊账方式接受此订单。
        We are sorry: we cannot take this order on account.
        很抱歉，我们无法以赊账方式接受此订单。
        We are sorry: we cannot take this order on account.
        包裹未能送达，已退回我们的仓库。
        The parcel could not be delivered, and came back to us.
    "#]]
    .assert_eq(&lines.concat());
}

#[test]
fn what_was_paid_ahead_is_not_asked_for_again() {
    let text = |prepaid| written(&Facts::Invoiced(bill(prepaid)), Language::English).text;
    assert!(
        text(Cents(100))
            .contains("Paid in advance: JPY 100\nTo be paid by 4 April 2026: JPY 1,030\n")
    );
    assert!(
        text(Cents(1130)).contains("Paid in advance: JPY 1,130\nThere is nothing left to pay.")
    );
}

#[test]
fn a_letter_to_nobody_by_name_greets_all_the_same() {
    for (language, greeting) in [(Language::Chinese, "您好："), (Language::English, "Hello,")] {
        let shop = Shop { name: "Kontor", time_zone: &TimeZone::UTC };
        let letter = words(shop, "", language, &order(), &Facts::Lapsed).unwrap();
        assert!(letter.text.starts_with(greeting), "{}", letter.text);
    }
}

/// Shows a letter in both languages.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "so that a letter reads as one call")]
pub(super) fn check(facts: &Facts, expected: Expect) {
    let shown = BOTH.map(|language| {
        let letter = written(facts, language);
        format!("{}\n---\n{}\n---\n{}\n\n", letter.subject, letter.text, letter.html)
    });
    expected.assert_eq(&shown.concat());
}

fn written(facts: &Facts, language: Language) -> crate::wording::Words {
    let shop = Shop { name: "M&K", time_zone: &TimeZone::fixed(Offset::constant(8)) };
    words(shop, "王 <Wei>", language, &order(), facts).unwrap()
}

fn order() -> Order {
    let line = |nth, name: &str, quantity, gross| Line {
        nth,
        name: name.to_owned(),
        quantity,
        gross: Cents(gross),
    };
    Order {
        number: "K-2026-000123".to_owned(),
        currency: Currency::CNY,
        total: Cents(113_185_200),
        freight: Cents(1500),
        lines: vec![
            line(1, "球阀 <DN25>", 1000, 113_000_000),
            line(2, "Gasket & seal", 3, 183_700),
        ],
        has_email: true,
    }
}

fn bill(prepaid: Cents) -> Bill {
    Bill {
        number: "2026-000017".to_owned(),
        currency: Currency::new("JPY").unwrap(),
        net: Cents(1000),
        tax: Cents(130),
        gross: Cents(1130),
        prepaid,
        issued_on: date(2026, 3, 5),
        due_on: date(2026, 4, 4),
    }
}
