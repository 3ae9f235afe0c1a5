//! What the database itself sees to, whoever writes to it.

use contracts::{InvoiceId, Uuid};
use expect_test::expect;
use sqlx::PgConnection;
use testbench::Bench;

use super::story;
use crate::invoice::{Number, Numbering};
use crate::journal::Account;
use crate::{Finance, store};

/// Stands in for compile-time checked queries: every statement is prepared against the migrated
/// schema, and what it takes and gives is written down here.
#[tokio::test]
async fn every_statement_prepares() {
    let bench = Bench::of(Finance).await;
    let signatures = bench.signatures(&store::STATEMENTS.concat()).await;
    expect![[r#"
        (uuid[]) -> order_id uuid, customer_id text, terms text, currency text, total_cents int8, freight_cents int8, state text, captured bool, payment_days int4, lines json
        (uuid[]) -> order_id uuid, shipment_id uuid, state text, cost_cents int8, net_cents int8, tax_cents int8, paid_cents int8, number text, issued_on date, due_on date
        (uuid[]) -> order_id uuid, provider text, payment_id text, amount_cents int8, currency text, state text, unapplied_cents int8, value_date date, noted_at timestamptz
        (uuid[], text[], text[], text[], int8[], int8[], text[], bool[], int4[], text[]) -> nothing
        (uuid[], uuid[], text[], int8[], int8[], int8[], int8[], text[], date[], date[]) -> nothing
        (uuid[], text[], text[], int8[], text[], text[], int8[], date[], timestamptz[]) -> nothing
        (uuid[], int8[], int8[], int8[], int8[], int8[], int8[], timestamptz[]) -> nothing
        (text[], text[]) -> provider text, payment_id text, order_id uuid, amount_cents int8, currency text, status text
        (text[], text[], uuid[], int8[], text[], text[]) -> nothing
        (uuid[], text[], text[], text[], text[], timestamptz[]) -> nothing
        (text[], int2) -> nothing
        (text[], int2) -> series text, last int8
        (uuid[]) -> invoice_id uuid, order_id uuid, series text, year int2, number int8
        (text[], int2[], int8[]) -> nothing
        (uuid[], uuid[], text[], int2[], int8[]) -> nothing
        (uuid[], text[], uuid[], text[], uuid[], timestamptz[]) -> entry_id int8, cause uuid, rule text
        (int8[], int2[], text[], int8[], int8[]) -> nothing
        (int4, text[], text[], int8[], int8[]) -> nothing
        (uuid) -> entry_id int8, rule text, currency text, posted_at timestamptz, account text, debit_cents int8, credit_cents int8
        (text) -> account text, sum int8, sum int8
    "#]].assert_eq(&signatures);
}

#[tokio::test]
async fn every_account_of_the_rules_is_in_the_chart() {
    let bench = Bench::of(Finance).await;
    let chart: Vec<String> = sqlx::query_scalar("select code from account order by code")
        .fetch_all(&bench.db)
        .await
        .unwrap();
    let mut codes = Account::ALL.map(Account::code);
    codes.sort_unstable();
    assert_eq!(chart, codes);
}

#[tokio::test]
async fn what_is_posted_cannot_be_changed_or_taken_out() {
    let mut bench = Bench::of(Finance).await;
    let inputs = bench.post(story("place a account 1x1000+130@600; ship a 1 1:1"));
    bench.hear(&inputs).await;
    for attempt in [
        "update journal set currency = 'USD'",
        "update posting set debit_cents = 1 where debit_cents > 0",
        "delete from posting",
        "delete from journal where false",
        "truncate journal, posting",
        "insert into posting select * from posting on conflict (entry_id, nth) do update set nth = 9",
    ] {
        let refused = sqlx::query(attempt).execute(&bench.db).await.unwrap_err();
        assert_eq!(constraint(&refused), "journal_is_for_good", "{attempt}");
    }
}

#[tokio::test]
async fn the_role_itself_has_no_right_to_change_the_journal() {
    let bench = Bench::of(Finance).await;
    let rights: Vec<String> = sqlx::query_scalar(
        "select distinct privilege_type::text from information_schema.role_table_grants
          where table_name in ('journal', 'posting') and grantee = current_user order by 1",
    )
    .fetch_all(&bench.db)
    .await
    .unwrap();
    assert_eq!(rights, ["INSERT", "REFERENCES", "SELECT", "TRIGGER"]);
}

#[tokio::test]
async fn an_entry_that_does_not_balance_is_refused() {
    let bench = Bench::of(Finance).await;
    for (lines, expected) in [
        ("(1, '1012', 100, 0), (2, '2204', 0, 90)", "entry_balances"),
        ("(1, '1012', 100, 0)", "entry_balances"),
        ("(2, '1012', 100, 0), (3, '2204', 0, 100)", "entry_balances"),
        ("(1, '9999', 100, 0), (2, '2204', 0, 100)", "account_is_known"),
        ("(1, '1012', 100, 100), (2, '2204', 0, 1)", "one_side"),
        ("(1, '1012', 0, 0), (2, '2204', 0, 0)", "one_side"),
        ("(1, '1012', -5, 0), (2, '2204', 0, -5)", "posting_debit_cents_check"),
    ] {
        let mut tx = bench.db.begin().await.unwrap();
        let entry = entry(&mut tx, 2).await.unwrap();
        let refused = post(&mut tx, entry, lines).await.unwrap_err();
        assert_eq!(constraint(&refused), expected, "{lines}");
        tx.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn an_entry_is_made_once_and_gets_no_more_lines() {
    let bench = Bench::of(Finance).await;
    let mut db = bench.db.acquire().await.unwrap();
    let nobodys = post(&mut db, 7, "(1, '1012', 5, 0), (2, '2204', 0, 5)").await.unwrap_err();
    assert_eq!(constraint(&nobodys), "entry_balances");

    let first = entry(&mut db, 1).await.unwrap();
    post(&mut db, first, "(1, '1012', 100, 0), (2, '2204', 0, 100)").await.unwrap();

    let again = entry(&mut db, 1).await.unwrap_err();
    assert_eq!(constraint(&again), "posted_once");
    for (lines, expected) in [
        ("(3, '1012', 7, 0), (4, '2204', 0, 7)", "entry_balances"),
        ("(1, '1012', 7, 0), (4, '2204', 0, 7)", "posting_pkey"),
    ] {
        let late = post(&mut db, first, lines).await.unwrap_err();
        assert_eq!(constraint(&late), expected);
    }
}

#[tokio::test]
async fn sums_that_do_not_balance_are_refused_at_commit() {
    let bench = Bench::of(Finance).await;
    let add = |account: &str, debit: i32, credit: i32| {
        format!("insert into balance values (0, 'CNY', '{account}', {debit}, {credit})")
    };
    let mut tx = bench.db.begin().await.unwrap();
    run(&mut tx, add("1012", 5, 0)).await.unwrap();
    run(&mut tx, add("2204", 0, 5)).await.unwrap(); // In between they may differ.
    tx.commit().await.unwrap();

    let mut tx = bench.db.begin().await.unwrap();
    run(&mut tx, add("1122", 5, 0)).await.unwrap();
    assert_eq!(constraint(&tx.commit().await.unwrap_err()), "books_balance");
}

/// What a failed transaction took is taken again.
#[tokio::test]
async fn a_failure_leaves_no_gap_in_the_numbers() {
    let mut bench = Bench::of(Finance).await;
    let inputs = bench.post(story("place a account 2x1000+130@600; deliver a 1 1:1"));
    bench.hear(&inputs).await;
    let rung = bench.wait(jiff::SignedDuration::ZERO).await;
    assert!(rung.is_empty());

    let mut tx = bench.db.begin().await.unwrap();
    let number =
        Number { order: super::order_called(1), series: "invoice".into(), year: 1970, nth: 2 };
    let lost = Numbering {
        last: [(("invoice".to_owned(), 1970), 2)].into(),
        given: [(InvoiceId(Uuid::nil()), number)].into(),
    };
    store::save_numbers(&mut tx, &lost).await.unwrap();
    tx.rollback().await.unwrap();

    let inputs = bench.post(story("deliver a 2 1:1"));
    bench.hear(&inputs).await;
    for _ in 0..3 {
        bench.wait(jiff::SignedDuration::ZERO).await;
    }
    let numbers: Vec<i64> = sqlx::query_scalar("select number from invoice_number order by number")
        .fetch_all(&bench.db)
        .await
        .unwrap();
    assert_eq!(numbers, [1, 2]);
}

async fn entry(db: &mut PgConnection, cause: u128) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "insert into journal (cause, rule, currency, posted_at)
         values ($1, 'E1', 'CNY', 'epoch') returning entry_id",
    )
    .bind(Uuid::from_u128(cause))
    .fetch_one(db)
    .await
}

async fn post(db: &mut PgConnection, entry: i64, lines: &str) -> sqlx::Result<()> {
    let statement = format!(
        "insert into posting (entry_id, nth, account, debit_cents, credit_cents)
         select {entry}, * from (values {lines}) as new"
    );
    run(db, statement).await
}

async fn run(db: &mut PgConnection, statement: String) -> sqlx::Result<()> {
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(db).await.map(drop)
}

fn constraint(error: &sqlx::Error) -> String {
    let name = error.as_database_error().and_then(|it| it.constraint());
    name.unwrap_or_else(|| panic!("{error}")).to_owned()
}
