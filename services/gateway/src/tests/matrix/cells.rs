//! What is asked of every operation, and what is answered to whoever may.

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Object {
    /// What belongs to the channel `webshop` and the warehouse `SH1`; or to nobody.
    Own,
    /// What belongs to `market` and `BJ1`.
    Foreign,
    /// What is not there.
    Missing,
}

use Object::{Foreign, Missing, Own};

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    /// Method and path, as they are listed.
    pub(super) operation: (&'static str, &'static str),
    pub(super) object: Object,
    pub(super) path: String,
    pub(super) body: String,
    pub(super) headers: Vec<(&'static str, String)>,
    /// The status for whoever may.
    pub(super) done: u16,
    /// The status of what is not there, for whoever may do this to everything.
    pub(super) missing: u16,
}

impl Cell {
    /// Whether people look at it.
    pub(super) fn is_page(&self) -> bool {
        !self.path.starts_with("/v1/") && !self.path.starts_with("/console/")
    }

    fn of(operation: (&'static str, &'static str), done: u16) -> Self {
        let (path, body) = (operation.1.to_owned(), String::new());
        Self { operation, object: Own, path, body, headers: vec![], done, missing: 404 }
    }

    fn at(self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self }
    }

    fn saying(self, body: &str) -> Self {
        Self { body: body.to_owned(), ..self }
    }

    /// The same of something else: each word of the one is replaced by that of the other.
    fn but(&self, object: Object, words: &[(&str, &str)]) -> Self {
        let mut it = Self { object, ..self.clone() };
        for (from, to) in words {
            (it.path, it.body) = (it.path.replace(from, to), it.body.replace(from, to));
        }
        it
    }

    fn missing(self, missing: u16) -> Self {
        Self { missing, ..self }
    }

    /// What is done to an order: to `K-a` by its number, to `K-z`, and to none; the same by ids.
    fn on_orders(&self) -> Vec<Self> {
        let id = |last: &str| format!("00000000-0000-0000-0000-0000000000{last}");
        let by_id = self.but(Own, &[("K-a", &id("61"))]);
        let each = |it: &Self, own: &str, others: [&str; 2]| {
            let foreign = it.but(Foreign, &[(own, others[0])]);
            vec![it.clone(), foreign, it.but(Missing, &[(own, others[1])])]
        };
        let by_name = each(self, "K-a", ["K-z", "K-none"]);
        [by_name, each(&by_id, &id("61"), [&id("7a"), &id("ff")])].concat()
    }
}

const REASON: &str = r#"{"reason": "ordered twice"}"#;
const FORM: &str = "reason=known&key=018f3c1e-7a2b-7cde-8f01-23456789abcd";

/// All of them.
pub(super) fn cells() -> Vec<Cell> {
    [orders(), tables(), webhooks(), stock(), masters(), access(), pages(), more_pages()].concat()
}

fn orders() -> Vec<Cell> {
    let get = |path, own: &str| Cell::of(("GET", path), 200).at(own);
    let post = |path, own: &str| Cell::of(("POST", path), 200).at(own).saying(REASON);
    let mut cells = vec![Cell::of(("GET", "/v1/orders"), 200)];
    for cell in [
        get("/v1/orders/{id}", "/v1/orders/K-a"),
        get("/v1/orders/{id}/timeline", "/v1/orders/K-a/timeline"),
        get("/v1/orders/{id}/units", "/v1/orders/K-a/units"),
        get("/v1/orders/{id}/explanation", "/v1/orders/K-a/explanation"),
        post("/v1/orders/{id}/cancel", "/v1/orders/K-a/cancel"),
    ] {
        cells.extend(cell.on_orders());
    }
    // To whom all are open: of an order that is only named by its id, its owner knows.
    for (path, own) in [
        ("/v1/orders/{id}/credit/release", "/v1/orders/K-a/credit/release"),
        ("/v1/orders/{id}/credit/refuse", "/v1/orders/K-a/credit/refuse"),
    ] {
        cells.extend(post(path, own).on_orders().into_iter().take(3));
    }
    cells.extend(
        get("/v1/orders/{id}/books", "/v1/orders/K-a/books").on_orders().into_iter().take(3),
    );
    let follow = get("/v1/channels/{channel}/statuses", "/v1/channels/webshop/statuses");
    let follow = follow.missing(200);
    cells.push(follow.but(Foreign, &[("webshop", "market")]));
    cells.push(follow.but(Missing, &[("webshop", "nobodys")]));
    cells.push(follow);
    let order = r#"{"external_id": "W-{nth}", "customer": "C-7"}"#;
    let place = Cell::of(("POST", "/v1/orders"), 201).saying(order);
    for (object, channel) in [(Own, "webshop"), (Foreign, "market")] {
        let headers = vec![("kontor-channel", channel.to_owned())];
        cells.push(Cell { object, headers, ..place.clone() });
    }
    cells
}

/// Tables that go out and come in.
fn tables() -> Vec<Cell> {
    let get = |path, own: &str| Cell::of(("GET", path), 200).at(own);
    // The table lacks columns.
    let post = |path| Cell::of(("POST", path), 422).saying(TABLE);
    let headers = vec![("kontor-channel", "webshop".to_owned())];
    vec![
        get("/v1/orders/export", "/v1/orders/export?format=csv"),
        get("/v1/holds/export", "/v1/holds/export?format=json"),
        get("/v1/stock-levels/export", "/v1/stock-levels/export?format=csv"),
        get("/v1/stock/{sku}/movements/export", "/v1/stock/KB-87/movements/export?format=csv"),
        post("/v1/imports/preview"),
        Cell { headers, ..post("/v1/imports") },
        get("/export/orders", "/export/orders?format=csv"),
        get("/export/holds", "/export/holds?format=csv"),
        get("/export/stock", "/export/stock?format=csv"),
        get("/export/stock/{sku}", "/export/stock/KB-87?format=csv"),
        get("/import", "/import"),
        get("/import/{template}", "/import/template.xlsx"),
        // It is no form with a file.
        Cell { done: 400, ..post("/import/preview") },
        Cell { done: 400, ..post("/import/confirm").saying("channel=import&file=%") },
    ]
}

/// A table that lacks columns: it is told so, and nothing is done.
const TABLE: &str = "external_id,customer\nW-1,C-7\n";

fn webhooks() -> Vec<Cell> {
    const HOOKS: &str = "/v1/channels/{channel}/webhooks";
    let own = |it: &str| it.replace("{channel}", "webshop").replace("{webhook}", "ep-1");
    let hook = r#"{"url": "https://shop.example.com/kontor", "events": ["order.shipped"]"#;
    let of_channel = |method, body: &str, done| {
        Cell::of((method, HOOKS), done).at(&own(HOOKS)).saying(body).missing(200)
    };
    let of_one = |method, path: &'static str, body: &str, done| {
        Cell::of((method, path), done).at(&own(path)).saying(body)
    };
    let mut cells = Vec::new();
    for cell in [
        of_channel("GET", "", 200),
        of_channel("POST", &format!("{hook}}}"), 201),
        of_one(
            "PUT",
            "/v1/channels/{channel}/webhooks/{webhook}",
            &format!("{hook}, \"active\": true}}"),
            204,
        ),
        of_one("POST", "/v1/channels/{channel}/webhooks/{webhook}/secret", "{}", 200),
        of_one("POST", "/v1/channels/{channel}/webhooks/{webhook}/test", "{}", 202),
        of_one(
            "POST",
            "/v1/channels/{channel}/webhooks/{webhook}/replay",
            r#"{"since": "2026-11-21T08:00:00Z"}"#,
            202,
        ),
        of_one("GET", "/v1/channels/{channel}/webhooks/{webhook}/calls", "", 200),
    ] {
        cells.push(cell.but(Foreign, &[("webshop", "market")]));
        if cell.missing != 200 {
            cells.push(cell.but(Missing, &[("ep-1", "ep-none")]));
        }
        cells.push(cell);
    }
    cells
}

fn stock() -> Vec<Cell> {
    let get = Cell::of(("GET", "/v1/stock/{sku}"), 200).at("/v1/stock/KB-87");
    let receipt = r#"{"sku": "KB-87", "warehouse": "SH1", "quantity": 1, "unit_cost": 1,
        "document": "DN-{nth}"}"#;
    let count = r#"{"sku": "KB-87", "warehouse": "SH1", "counted": 1, "document": "CC-{nth}"}"#;
    let moves = Cell::of(("GET", "/v1/stock/{sku}/warehouses/{warehouse}/movements"), 200)
        .at("/v1/stock/KB-87/warehouses/SH1/movements");
    let mut cells = vec![
        get.but(Foreign, &[("KB-87", "FAR-1")]),
        get.but(Missing, &[("KB-87", "NONE")]),
        get,
        moves.but(Foreign, &[("SH1", "BJ1")]),
        moves.but(Missing, &[("SH1", "NONE")]),
        moves,
    ];
    for (path, body) in [("/v1/stock/receipts", receipt), ("/v1/stock/counts", count)] {
        // Which warehouses there are is for inventory to say.
        let book = Cell::of(("POST", path), 200).saying(body).missing(200);
        cells.push(book.but(Foreign, &[("SH1", "BJ1")]));
        cells.push(book.but(Missing, &[("SH1", "NONE")]));
        cells.push(book);
    }
    cells
}

fn masters() -> Vec<Cell> {
    let put = |path, own: &str, body: &str| Cell::of(("PUT", path), 204).at(own).saying(body);
    let account =
        Cell::of(("GET", "/v1/customers/{id}/credit"), 200).at("/v1/customers/C-7/credit");
    vec![
        account.but(Missing, &[("C-7", "C-none")]),
        account,
        put(
            "/v1/catalogue/{sku}",
            "/v1/catalogue/KB-87",
            r#"{"name": "k", "category": "k", "unit_price": 1, "currency": "CNY", "unit_cost": 1,
                "tax_rate": 1, "weight_g": 1, "pack": 1, "max_quantity": 1, "active": true}"#,
        ),
        put(
            "/v1/customers/{id}",
            "/v1/customers/C-7",
            r#"{"name": "n", "tier": "gold", "on_account": true, "language": "zh-CN"}"#,
        ),
        put(
            "/v1/customers/{id}/credit-limit",
            "/v1/customers/C-7/credit-limit",
            r#"{"limit": 1, "currency": "CNY", "payment_days": 30}"#,
        ),
        put(
            "/v1/warehouses/{id}",
            "/v1/warehouses/SH1",
            r#"{"name": "n", "kind": "regional", "province": "p", "city": "c", "serves": [],
                "lines_per_hour": 1, "active": true}"#,
        ),
        Cell { done: 200, ..put("/v1/rulesets/{name}", "/v1/rulesets/cn", r#"{"rules": []}"#) },
    ]
}

fn access() -> Vec<Cell> {
    let get = |path| Cell::of(("GET", path), 200);
    let rotate = Cell::of(("POST", "/v1/keys/{id}/rotate"), 200).at("/v1/keys/t{nth}/rotate");
    let revoke = Cell::of(("POST", "/v1/keys/{id}/revoke"), 204).at("/v1/keys/t{nth}/revoke");
    let key = r#"{"name": "new-{nth}", "roles": ["viewer"]}"#;
    let person = r#"{"roles": ["viewer"], "password": "a long sentence"}"#;
    let password = r#"{"old": "another", "new": "a long sentence"}"#;
    vec![
        get("/v1/self"),
        // It is not the old one.
        Cell::of(("PUT", "/v1/self/password"), 422).saying(password),
        get("/v1/keys"),
        Cell::of(("POST", "/v1/keys"), 201).saying(key),
        rotate.but(Missing, &[("t{nth}", "none")]),
        rotate,
        revoke.but(Missing, &[("t{nth}", "none")]),
        revoke,
        get("/v1/people"),
        Cell::of(("PUT", "/v1/people/{name}"), 200).at("/v1/people/p{nth}").saying(person),
        get("/v1/access-log"),
        get("/livez"),
        get("/readyz"),
        get("/openapi.json"),
    ]
}

fn pages() -> Vec<Cell> {
    let get = |path, own: &str| Cell::of(("GET", path), 200).at(own);
    let post = |path, own: &str| Cell::of(("POST", path), 200).at(own).saying(FORM);
    let item = get("/stock/{sku}", "/stock/KB-87");
    let shelf = get("/stock/{sku}/{warehouse}", "/stock/KB-87/SH1");
    let mut cells = vec![
        get("/", "/"),
        get("/holds", "/holds"),
        get("/stock", "/stock"),
        item.but(Foreign, &[("KB-87", "FAR-1")]),
        item.but(Missing, &[("KB-87", "NONE")]),
        item,
        shelf.but(Foreign, &[("SH1", "BJ1")]),
        shelf.but(Missing, &[("SH1", "NONE")]),
        shelf,
        get("/console/live", "/console/live?watch="),
        get("/console/assets/{name}", "/console/assets/console.js"),
        get("/sign-in", "/sign-in"),
        get("/password", "/password"),
        Cell {
            done: 422,
            ..post("/password", "/password").saying("old=another&new=a+long+sentence")
        },
        Cell {
            done: 303,
            ..post("/console/language", "/console/language").saying("language=en&back=/")
        },
        // Not with a name that would use up what somebody may try.
        Cell { done: 422, ..post("/sign-in", "/sign-in").saying("name=x") },
    ];
    for cell in [
        get("/orders/{id}", "/orders/K-a"),
        post("/orders/{id}/cancel", "/orders/K-a/cancel"),
        post("/orders/{id}/credit/{verdict}", "/orders/K-a/credit/release"),
        post("/orders/{id}/credit/{verdict}", "/orders/K-a/credit/refuse"),
    ] {
        cells.extend(cell.on_orders().into_iter().take(3));
    }
    cells
}

/// Webhooks on the console.
fn hook_pages() -> Vec<Cell> {
    const ONE: &str = "/webhooks/webshop/ep-1";
    const KEY: &str = "key=018f3c1e-7a2b-7cde-8f01-23456789abcd";
    let post = |path, deed: &str, form: &str| {
        Cell::of(("POST", path), 200).at(&format!("{ONE}/{deed}")).saying(form)
    };
    let mut cells = vec![Cell::of(("GET", "/webhooks"), 200)];
    for cell in [
        Cell::of(("GET", "/webhooks/{channel}/{webhook}"), 200).at(ONE),
        post("/webhooks/{channel}/{webhook}/test", "test", KEY),
        post(
            "/webhooks/{channel}/{webhook}/replay",
            "replay",
            &format!("{KEY}&since=2026-11-21T08:00"),
        ),
        post("/webhooks/{channel}/{webhook}/secret", "secret", KEY),
        post("/webhooks/{channel}/{webhook}/active", "active", &format!("{KEY}&active=no")),
    ] {
        cells.push(cell.but(Foreign, &[("webshop", "market")]));
        cells.push(cell.but(Missing, &[("ep-1", "ep-none")]));
        cells.push(cell);
    }
    cells
}

/// Work lists, saved views, and what everybody may read.
fn more_pages() -> Vec<Cell> {
    let get = |path, own: &str| Cell::of(("GET", path), 200).at(own);
    let post = |path, own: &str, form: &str| Cell::of(("POST", path), 303).at(own).saying(form);
    let view = "00000000-0000-0000-0000-0000000000ff";
    let put_away = format!("id={view}&reason=x");
    let mut cells: Vec<Cell> = ["/shorts", "/reviews", "/parked", "/console/counts", "/docs"]
        .into_iter()
        .chain([
            "/docs/first-hour",
            "/docs/events",
            "/docs/http",
            "/docs/messages",
            "/docs/assets/redoc.js",
        ])
        .chain(["/asyncapi.json", "/problems"])
        .map(|it| get(it, it))
        .collect();
    cells.extend([
        get("/docs/events/{subject}", "/docs/events/intake.placed.v1"),
        get("/problems/{code}", "/problems/not-found"),
        post("/views", "/views", "name=v{nth}"),
        post("/views/{id}/forget", &format!("/views/{view}/forget"), "x=y").but(Missing, &[]),
        // The service does not answer.
        Cell {
            done: 503,
            ..post("/parked/{service}/replay", "/parked/intake/replay", "about=x&reason=y")
        },
        Cell {
            done: 503,
            ..post("/parked/{service}/discard", "/parked/intake/discard", &put_away)
        },
    ]);
    cells.extend(hook_pages());
    // The last: who is signed out asks nothing more.
    cells.push(Cell { done: 303, ..post("/sign-out", "/sign-out", "") });
    cells
}
