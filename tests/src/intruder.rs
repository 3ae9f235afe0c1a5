//! Somebody outside who tries what is not theirs.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, ensure};
use async_nats::{ConnectOptions, Event, ServerError};

use crate::{PATIENCE, Shop, eventually};

/// Somebody outside who tries what they may not, and hears what the server says to that.
pub struct Intruder {
    pub nats: async_nats::Client,
    refused: Arc<Mutex<Vec<String>>>,
}

impl Intruder {
    /// Connects as this one of the shop's outsiders.
    pub async fn connect(shop: &Shop, kind: &str, name: &str) -> anyhow::Result<Self> {
        let known = shop.suite.outsiders.iter().find(|it| it.kind == kind && it.name == name);
        let it = known.with_context(|| format!("there is no {kind} {name}"))?;
        let refused = Arc::new(Mutex::new(vec![]));
        let heard = Arc::clone(&refused);
        let nats = ConnectOptions::new()
            .user_and_password(it.user(), it.password.clone())
            .event_callback(move |event| {
                let heard = Arc::clone(&heard);
                async move {
                    if let Event::ServerError(ServerError::Other(error)) = event {
                        heard.lock().unwrap_or_else(PoisonError::into_inner).push(error);
                    }
                }
            })
            .connect(shop.suite.nats.url())
            .await?;
        Ok(Self { nats, refused })
    }

    /// Says something on each of these subjects, and waits until the server has refused each.
    pub async fn may_not_say(&self, subjects: &[&str]) -> anyhow::Result<()> {
        for subject in subjects {
            self.nats.publish((*subject).to_owned(), "{}".into()).await?;
        }
        self.is_refused("publish", subjects).await
    }

    /// Listens to each of these subjects, and waits until the server has refused each.
    pub async fn may_not_hear(&self, subjects: &[&str]) -> anyhow::Result<()> {
        let mut ears = Vec::new();
        for subject in subjects {
            ears.push(self.nats.subscribe((*subject).to_owned()).await?);
        }
        self.is_refused("subscription", subjects).await
    }

    /// All that the server has refused and that nobody asked about.
    pub fn refused(&self) -> Vec<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until the server has refused each of these, and then forgets that it did.
    async fn is_refused(&self, what: &str, subjects: &[&str]) -> anyhow::Result<()> {
        self.nats.flush().await?;
        let refused = || self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        eventually(PATIENCE, || async {
            let refused = refused().join("\n").to_lowercase();
            for subject in subjects {
                let line = format!("permissions violation for {what} to \"{subject}\"");
                ensure!(refused.contains(&line.to_lowercase()), "no {line}, only:\n{refused}");
            }
            Ok(())
        })
        .await?;
        refused().clear();
        Ok(())
    }
}
