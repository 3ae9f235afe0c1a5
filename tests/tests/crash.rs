//! The process dies at every point of a commit, in every service, with orders under way: nothing is
//! lost, and nothing happens twice.

use whole_house::process::{Site, books, world};

/// Where each process dies in turn, and how often it had been at that point before.
const SERVICES: [(&str, u32); 9] = [
    ("intake", 4),
    ("credit", 3),
    ("allocation", 3),
    ("inventory", 4),
    ("fulfilment", 5),
    ("finance", 4),
    ("notification", 4),
    ("webhook", 4),
    ("gateway", 9),
];

/// Orders that are placed while each of these processes lives.
const EACH: u64 = 5;

#[tokio::test(flavor = "multi_thread")]
async fn decided_and_not_written() -> anyhow::Result<()> {
    dies_at("decided").await
}

#[tokio::test(flavor = "multi_thread")]
async fn written_and_not_committed() -> anyhow::Result<()> {
    dies_at("before-commit").await
}

#[tokio::test(flavor = "multi_thread")]
async fn committed_and_not_said() -> anyhow::Result<()> {
    dies_at("after-commit").await
}

#[tokio::test(flavor = "multi_thread")]
async fn said_and_not_published() -> anyhow::Result<()> {
    dies_at("after-publish").await
}

#[tokio::test(flavor = "multi_thread")]
async fn published_and_not_answered() -> anyhow::Result<()> {
    dies_at("before-answer").await
}

async fn dies_at(point: &str) -> anyhow::Result<()> {
    let site = Site::open(&format!("crash-{point}")).await?;
    let world = world::World::begin(&site).await?;
    let orders = EACH * SERVICES.len() as u64;

    let replica = site.start().await?;
    site.customers("a").await?;
    site.customers("b").await?;
    world.place_all((0..orders).map(|nth| world::name("a", nth))).await?;
    books::settled(&site, "a").await?;
    let undisturbed = books::of(&site, "a").await?;
    replica.stop().await?;

    // The gateway tells nobody anything, and webhook only when an endpoint is disabled.
    let silent = |it: &str| ["gateway", "webhook"].contains(&it) && point == "after-publish";
    let dying = SERVICES.into_iter().filter(|it| !silent(it.0));
    for (group, (service, nth)) in (0..).zip(dying) {
        let mut replica = site.launch(Some(&format!("{service}:{point}:{nth}")))?;
        let names = (group * EACH..(group + 1) * EACH).map(|nth| world::name("b", nth));
        tokio::select! {
            placed = world.place_all(names) => {
                placed?;
                replica.ended().await?;
            }
            ended = replica.ended() => drop(ended?),
        }
        assert!(replica.says("dying here, as told")?, "{service} died of something else");
    }
    let replica = site.start().await?;
    // Whatever was not answered is handed in once more, under the same name.
    world.place_all((0..orders).map(|nth| world::name("b", nth))).await?;
    books::settled(&site, "b").await?;
    books::agree(&site, &undisturbed, "b").await?;
    books::audit(&site).await?;
    replica.stop().await?;
    drop(world);
    site.close().await
}
