//! Saved views of the process table.

use axum::body::Body;
use axum::http::Request;

use super::crew::{rights, sign_in};
use super::http::{Reply, Shop, WANG};
use crate::access::Role;

const OURS: (&str, &str) = ("sec-fetch-site", "same-origin");

impl Shop {
    pub(super) async fn form(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("host", "kontor.example");
        let request = headers.iter().fold(request, |it, (name, value)| it.header(*name, *value));
        self.call(request.body(Body::from(body.to_owned())).unwrap()).await
    }
}

#[tokio::test]
async fn a_view_is_kept_by_name_and_may_be_shared() {
    let mut shop = Shop::open().await;
    shop.hear("place a 100 on_account; place b 5000 prepaid").await;
    let form = "name=Prepaid&query=terms%3Dprepaid%26sort%3Dlargest&columns=total,node";
    let saved = shop.form("/views", &[OURS], form).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
    let link = saved.header("location").to_owned();
    assert!(link.starts_with("/?terms=prepaid&sort=largest&columns=total%2Cnode&view="), "{link}");

    let hers = [WANG];
    let li = ("cookie", "kontor-session=li");
    sign_in(&shop.bench.db, "li", "li", 1, rights(&[Role::Viewer], None, None)).await;
    let page = shop.page(&link, &hers).await.text;
    assert!(page.contains(">K-b</a>") && !page.contains(">K-a</a>"));
    assert!(page.contains("show-node show-total") && page.contains("data-chosen"));
    assert!(page.contains("class=\"chip\" aria-current=\"true\">Prepaid</a>"), "{page}");
    let others = shop.page("/", &[li]).await.text;
    assert!(!others.contains("class=\"chip\""), "what is not shared is hers alone");

    // Saved again under its name it replaces the first, and everybody sees it now.
    let again = shop.form("/views", &[OURS], &format!("{form}&shared=yes")).await;
    assert_eq!(again.header("location"), link);
    let others = shop.page("/", &[li]).await.text;
    assert!(others.contains("Prepaid <span class=\"by\">wang.fang</span></a>"));

    let forget = format!("/views/{}/forget", link.rsplit('=').next().unwrap());
    assert_eq!(shop.form(&forget, &[OURS, li], "").await.status, 404);
    assert_eq!(shop.form(&forget, &hers, "").await.status, 403, "another site sent it");
    assert_eq!(shop.form(&forget, &[OURS, hers[0]], "").await.status, 303);
    assert!(!shop.page("/", &hers).await.text.contains("class=\"chip\""));
}

#[tokio::test]
async fn what_cannot_be_shown_is_not_kept() {
    let shop = Shop::open().await;
    for (form, status, said) in [
        ("name=&query=&columns=secret", 422, "/columns"),
        ("name=x&query=status%3Dnowhere", 400, "nowhere"),
        ("name=x&query=sort%3Dupwards", 400, "upwards"),
        ("columns=total", 400, "name"),
    ] {
        let page = shop.form("/views", &[OURS], form).await;
        assert_eq!(page.status, status, "{form}");
        assert!(page.text.contains("role=\"alert\"") && page.text.contains(said), "{form}");
    }
    assert_eq!(shop.form("/views", &[], "name=x").await.status, 403);
    for nth in 0..50 {
        let saved = shop.form("/views", &[OURS], &format!("name=v{nth}")).await;
        assert_eq!(saved.status, 303);
    }
    assert_eq!(shop.form("/views", &[OURS], "name=v50").await.status, 409);
    assert_eq!(shop.form("/views", &[OURS], "name=v49").await.status, 303);
    sign_in(&shop.bench.db, "li", "li", 1, rights(&[Role::Viewer], None, None)).await;
    let li = ("cookie", "kontor-session=li");
    assert_eq!(shop.form("/views", &[OURS, li], "name=v50").await.status, 303);
}

/// A day is the shop's: it begins eight hours before it does in UTC.
#[tokio::test]
async fn days_are_counted_in_the_zone_of_the_shop() {
    let mut shop = Shop::open().await;
    shop.hear("place a 100 on_account").await; // At midnight in UTC: eight o'clock in Shanghai.
    let shows = async |query: &str| {
        let page = shop.page(&format!("/?{query}"), &[]).await.text;
        assert!(page.contains("Placed from (Asia/Shanghai)"));
        page.contains(">K-a</a>")
    };
    assert!(shows("from=1970-01-01&to=1970-01-02").await);
    assert!(!shows("to=1970-01-01").await && !shows("from=1970-01-02").await);
    assert!(!shows("from=1970-01-01T00:00:01Z").await);
}
