//! Work lists: what waits, how long, why, and what came of it.

use chassis::{Envelope, MessageId, ParkedInput, TraceContext};
use contracts::{Key, RawValue, Status, Timestamp, Uuid};
use jiff::SignedDuration;

use super::http::Shop;
use super::story::{START, order};
use crate::views::{Colour, colour, is_late};

const OURS: (&str, &str) = ("sec-fetch-site", "same-origin");

const TO_SHORT: &str = "
    place a 113000 on_account; status a 1 checking; approve a 113000; plan a 1 1
    claim a 1 SH1 2 wait 0; status a 2 confirmed; pick a 1 SH1 2; status a 3 released
    start a 1 SH1; status a 4 picking; picked a 1 SH1 1 short 1; source a 2";

impl Shop {
    /// The table of a list, without what stands around it.
    async fn list(&self, path: &str) -> String {
        let page = self.page(path, &[]).await;
        assert_eq!(page.status, 200, "{}", page.text);
        page.text.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_short_pick_is_listed_until_its_goods_come_from_elsewhere() {
    let mut shop = Shop::open().await;
    assert_eq!(shop.list("/shorts").await.trim(), "");
    shop.hear(TO_SHORT).await;
    let open = shop.list("/shorts").await;
    for text in [">K-a</a>", "SH1 · Pick 1 · Short 1", "A source is looked for", "mark red"] {
        assert!(open.contains(text), "{text}: {open}");
    }
    assert_eq!(shop.get("/console/counts").await.json()["shorts"], 1);
    shop.hear("plan a 2 1; claim a 2 BJ1 1 wait 0").await;
    let found = shop.list("/shorts").await;
    assert!(found.contains("Comes from elsewhere") && found.contains("<tr class=\"green\">"));
}

#[tokio::test]
async fn orders_that_wait_are_listed_with_why() {
    let mut shop = Shop::open().await;
    shop.hear(
        "place a 100 on_account; status a 1 checking; plan a 1 1; claim a 1 SH1 1 wait 1
         place b 100 on_account; status b 1 checking; fail b
         place c 100 on_account; status c 1 checking; plan c 1 1; claim c 1 SH1 2 wait 0; ask-back c
         place d 100 on_account; status d 1 checking; fail d; status d 2 cancelled",
    )
    .await;
    let list = shop.list("/reviews").await;
    for text in [
        "<td>Waiting for supply: 1</td>",
        "<td>No source found</td>",
        "<td>A warehouse is asked to leave it alone; Later than estimated</td>",
    ] {
        assert!(list.contains(text), "{text}: {list}");
    }
    assert!(!list.contains(">K-d</a>"), "what is over waits no more");
    assert_eq!(shop.get("/console/counts").await.json()["reviews"], 3);
    shop.hear("keep c SH1; status c 2 completed; fill a SH1 1; status a 2 completed").await;
    let list = shop.list("/reviews").await;
    assert_eq!(list.matches("<tr ").count(), 1, "{list}");
}

#[test]
fn an_order_is_late_once_its_estimate_is_past_and_it_is_not_over() {
    let hours = |it| START + SignedDuration::from_hours(it);
    let late = |status| is_late(status, Some(hours(1)), hours(2));
    assert!(late(Status::Picking) && !late(Status::Completed) && !late(Status::Cancelled));
    assert!(!is_late(Status::Picking, Some(hours(1)), hours(1)));
    assert!(!is_late(Status::Picking, None, hours(1)));
    assert_eq!(colour(Status::Picking, false, START, true, START), Colour::Red);
}

fn parked(nth: u128, cause: &str) -> ParkedInput {
    let (id, key) = (Uuid::from_u128(nth), Key(order("a").to_string()));
    let subject = "fulfilment.reported.v1".to_owned();
    ParkedInput {
        id,
        partition: 3,
        key: key.clone(),
        subject: subject.clone(),
        cause: cause.to_owned(),
        parked_at: Timestamp::UNIX_EPOCH,
        envelope: Envelope {
            id: MessageId(id),
            cause: None,
            subject,
            key,
            address: None,
            trace: TraceContext::default(),
            body: RawValue::from_string(r#"{"warehouse":"<WH%A>"}"#.to_owned()).unwrap(),
        },
    }
}

#[tokio::test]
async fn what_services_set_aside_is_shown_and_put_right_by_its_owner() {
    let shop = Shop::open().await;
    shop.house.has_parked("fulfilment", vec![parked(1, "no warehouse is called WH%A")]);
    let page = shop.page("/parked", &[]).await.text;
    for text in [
        "no warehouse is called WH%A",
        "fulfilment.reported.v1",
        "&#60;WH%A&#62;",
        "/parked/fulfilment/discard\"",
        "mark red",
        "These services do not answer: Intake, Credit",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!shop.get("/console/counts").await.text.contains("parked"), "some did not answer");
    for service in ["intake", "credit", "allocation", "inventory", "finance", "notification"] {
        shop.house.has_parked(service, vec![]);
    }
    shop.house.has_parked("webhook", vec![]);
    shop.house.has_parked("gateway", vec![]);
    assert!(!shop.page("/parked", &[]).await.text.contains("do not answer"));

    let (id, about) = (Uuid::from_u128(1), order("a"));
    let form = format!("id={id}&about={about}&reason=mended");
    let done = shop.form("/parked/fulfilment/replay", &[OURS], &form).await;
    assert!(done.status == 200 && done.text.contains("class=\"said good\""), "{}", done.text);
    let done = shop.form("/parked/fulfilment/discard", &[OURS], &form).await;
    assert_eq!(done.status, 200);
    let told = shop.house.told().1;
    assert_eq!(
        told,
        format!("replay fulfilment {about}\ndiscard fulfilment {id} wang.fang: mended\n")
    );
    assert_eq!(shop.get("/console/counts").await.json()["parked"], 1);

    for (path, headers, form, status) in [
        ("/parked/fulfilment/discard", &[][..], &*form, 403),
        ("/parked/nobody/discard", &[OURS], &form, 404),
        ("/parked/fulfilment/discard", &[OURS], "reason=", 422),
        ("/parked/fulfilment/replay", &[OURS], "reason=x", 422),
        ("/parked/fulfilment/discard", &[OURS], "reason=x", 400),
    ] {
        let page = shop.form(path, headers, form).await;
        assert_eq!(page.status, status, "{path} {form}");
    }
    assert_eq!(shop.house.told().1, told, "nothing of it was carried out");
}
