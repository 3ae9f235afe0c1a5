//! The demo shop's people: one for each role, so that everything can be looked at as whom it is for.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::Suite;

/// A person of the demo shop, and the password that was made for them.
#[derive(Debug, Clone)]
pub struct Member {
    pub name: &'static str,
    pub role: &'static str,
    pub password: String,
}

/// Name, role, the channel or warehouse that it is bound to, tier.
const CREW: [(&str, &str, &str, u8); 9] = [
    ("wang.fang", "clerk", "", 1),
    ("li.wei", "credit", "", 3),
    ("zhao.min", "finance", "", 2),
    ("sun.li", "ops", "", 1),
    ("qian.yu", "viewer", "", 1),
    ("web.shop", "storefront", "web", 1),
    ("shanghai", "warehouse", "WH-A", 1),
    // Who works by themselves in the demo.
    ("lin.anran", "credit", "", 3),
    ("he.jiashu", "clerk", "", 1),
];

/// Makes them known, as far as they are not. Nobody, if the operator's key is not known here.
pub async fn signs_on(suite: &Suite) -> anyhow::Result<Vec<Member>> {
    let Some(operator) = suite.operator() else { return Ok(vec![]) };
    let gateway = suite.gateway().context("the gateway listens nowhere")?;
    let http = reqwest::Client::new();
    let known = http.get(format!("{gateway}/v1/people")).bearer_auth(operator).send().await?;
    let known: Value = known.error_for_status()?.json().await?;
    let is_known =
        |name| known["people"].as_array().into_iter().flatten().any(|it| it["name"] == name);
    let mut crew = Vec::new();
    for (name, role, bound, tier) in CREW {
        let password = suite.password_of(name)?;
        if !is_known(name) {
            let mut person = json!({ "password": password, "roles": [role], "tier": tier });
            match role {
                "storefront" => person["channel"] = json!(bound),
                "warehouse" => person["warehouse"] = json!(bound),
                _ => {}
            }
            let url = format!("{gateway}/v1/people/{name}");
            let put = http.put(url).bearer_auth(operator).json(&person).send().await?;
            ensure!(put.status().is_success(), "{name}: {}", put.text().await?);
        }
        crew.push(Member { name, role, password });
    }
    Ok(crew)
}
