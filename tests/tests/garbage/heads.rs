//! Messages that the broker keeps and clients of NATS cannot read: they drop the connection over them,
//! and are given them again. Who may publish at all can send them.

use anyhow::{Context, ensure};
use sqlx::query_scalar;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use whole_house::process::{Site, books, eventually, world};

/// The heads of messages, or their names, which no client can read; the last is read, but not kept by
/// a database that does not know zero bytes.
const BAD: [(&[u8], &[u8]); 5] = [
    (b"h-1", b"NATS/1.0\r\nBad Name: x\r\n\r\n"),
    (b"h-2", b"NATS/1.0\r\nno colon\r\n\r\n"),
    (b"h-3", b"no version\r\n\r\n"),
    (b"h-\xff\xfe", b"NATS/1.0\r\n\r\n"),
    (b"h-\0", b"NATS/1.0\r\nX: \xff\r\n\r\n"),
];

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_no_client_can_read_hold_up_nobody() -> anyhow::Result<()> {
    let site = Site::open("garbage-heads").await?;
    let world = world::World::begin(&site).await?;
    let replica = site.start().await?;
    site.customers("b").await?;

    let mut web = Raw::connect(&site).await?;
    let mut nth = 0;
    for (name, head) in BAD {
        // On both sides of it, in every partition, orders that would wait behind it.
        for _ in 0..4 {
            let order = world::name("b", nth);
            web.submit(order.as_bytes(), b"", &serde_json::to_vec(&world::order(&order)?)?).await?;
            nth += 1;
        }
        web.submit(name, head, b"{}").await?;
    }
    for _ in 0..4 {
        let order = world::name("b", nth);
        web.submit(order.as_bytes(), b"", &serde_json::to_vec(&world::order(&order)?)?).await?;
        nth += 1;
    }
    let intake = site.books("intake")?;
    eventually("every order is taken in, and the rest is refused or parked", || async {
        let orders: i64 =
            query_scalar("select count(*) from sales_order").fetch_one(&intake).await?;
        ensure!(orders == i64::try_from(nth)?, "{orders} of {nth} orders");
        let set_aside: i64 = query_scalar(
            "select (select count(*) from refusal where external_id like 'h-%')
                  + (select count(*) from parked)",
        )
        .fetch_one(&intake)
        .await?;
        ensure!(set_aside == i64::try_from(BAD.len())?, "{set_aside} of {}", BAD.len());
        Ok(())
    })
    .await?;
    books::settled(&site, "b").await?;
    ensure!(!replica.log()?.contains("panicked"), "something panicked:\n{}", replica.log()?);
    ensure!(replica.answers("/readyz").await? == 200, "it is not ready");
    replica.stop().await?;
    drop(world);
    site.close().await
}

/// A storefront that speaks to NATS by itself.
struct Raw(BufReader<TcpStream>);

impl Raw {
    async fn connect(site: &Site) -> anyhow::Result<Self> {
        let known = site.suite.outsiders.iter().find(|it| it.user() == "channel-web");
        let (user, password) =
            known.map(|it| (it.user(), &it.password)).context("the storefront")?;
        let url = site.suite.nats.url();
        let mut stream =
            BufReader::new(TcpStream::connect(url.trim_start_matches("nats://")).await?);
        let hello = format!(
            "CONNECT {{\"verbose\":false,\"user\":{user:?},\"pass\":{password:?},\"headers\":true,\
             \"no_responders\":true}}\r\nSUB _INBOX_channel-web.raw 1\r\n"
        );
        stream.write_all(hello.as_bytes()).await?;
        Ok(Self(stream))
    }

    /// Hands something in under a name, and waits until the stream says that it keeps it.
    async fn submit(&mut self, name: &[u8], head: &[u8], body: &[u8]) -> anyhow::Result<()> {
        let (verb, sizes) = match head {
            [] => ("PUB", body.len().to_string()),
            _ => ("HPUB", format!("{} {}", head.len(), head.len() + body.len())),
        };
        let subject = [b" orders.submit.web.", name, b" _INBOX_channel-web.raw "].concat();
        let line = [verb.as_bytes(), &subject, sizes.as_bytes(), b"\r\n"].concat();
        self.0.write_all(&[&line, head, body, b"\r\n"].concat()).await?;
        loop {
            let mut said = String::new();
            ensure!(self.0.read_line(&mut said).await? > 0, "NATS hung up");
            match said.trim() {
                "PING" => self.0.write_all(b"PONG\r\n").await?,
                it if it.starts_with("-ERR") => anyhow::bail!("{it}"),
                it if it.contains("\"seq\"") => return Ok(()),
                it if it.contains("\"error\"") => anyhow::bail!("not kept: {it}"),
                _ => {}
            }
        }
    }
}
