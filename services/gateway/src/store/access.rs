//! Keys, people and sessions. What changes any of them writes down who did it, in the same statement.

pub(crate) mod keys;
pub(crate) mod people;

use contracts::{ChannelId, Timestamp, WarehouseId};
use jiff_sqlx::ToSqlx;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use super::time;
use crate::access::{Action, Role};

const LOG: &str = "
    select number, at, who, what, about, detail
      from access_log
     where $1::bigint is null or number < $1
     order by number desc
     limit $2";

#[cfg(test)]
pub(super) fn statements() -> Vec<&'static str> {
    [&[LOG][..], keys::STATEMENTS, people::STATEMENTS].concat()
}

/// Who does something to keys or people, and when.
#[derive(Debug, Clone)]
pub(crate) struct By<'a> {
    pub(crate) who: &'a str,
    pub(crate) at: Timestamp,
}

/// What somebody may do, as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rights {
    pub(crate) roles: Vec<Role>,
    pub(crate) channel: Option<ChannelId>,
    pub(crate) warehouse: Option<WarehouseId>,
}

impl Rights {
    /// Reads them. A role that this version does not know gives no right.
    fn read(row: &PgRow) -> sqlx::Result<Self> {
        let roles: Vec<String> = row.try_get("roles")?;
        let text = |name: &str| row.try_get::<Option<String>, _>(name);
        let bad = |error| sqlx::Error::Decode(Box::new(error));
        Ok(Self {
            roles: roles.iter().filter_map(|it| it.parse().ok()).collect(),
            channel: text("channel")?.map(ChannelId::new).transpose().map_err(bad)?,
            warehouse: text("warehouse")?.map(WarehouseId::new).transpose().map_err(bad)?,
        })
    }

    fn roles(&self) -> Vec<&'static str> {
        self.roles.iter().map(|it| it.name()).collect()
    }

    fn channel(&self) -> Option<&str> {
        self.channel.as_ref().map(ChannelId::as_str)
    }

    fn warehouse(&self) -> Option<&str> {
        self.warehouse.as_ref().map(WarehouseId::as_str)
    }

    /// In words, for the log: `storefront of web`.
    fn words(&self) -> String {
        let bound = self.channel().or_else(|| self.warehouse());
        let bound = bound.map(|it| format!(" of {it}")).unwrap_or_default();
        format!("{}{bound}", self.roles().join(", "))
    }
}

fn names(actions: &[Action]) -> Vec<&'static str> {
    actions.iter().map(|it| it.name()).collect()
}

/// One change of keys or people.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Logged {
    pub(crate) number: i64,
    pub(crate) at: Timestamp,
    pub(crate) who: String,
    pub(crate) what: String,
    pub(crate) about: String,
    pub(crate) detail: String,
}

/// What was changed before this one, the latest first.
pub(crate) async fn log(db: &PgPool, before: Option<i64>, limit: i64) -> sqlx::Result<Vec<Logged>> {
    let rows = sqlx::query(LOG).bind(before).bind(limit).fetch_all(db).await?;
    let logged = |row: &PgRow| {
        Ok(Logged {
            number: row.try_get("number")?,
            at: time(row, "at")?,
            who: row.try_get("who")?,
            what: row.try_get("what")?,
            about: row.try_get("about")?,
            detail: row.try_get("detail")?,
        })
    };
    rows.iter().map(logged).collect()
}

fn optional(at: Option<Timestamp>) -> Option<jiff_sqlx::Timestamp> {
    at.map(ToSqlx::to_sqlx)
}
