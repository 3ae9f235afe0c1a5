//! How people like to see the process table.

use sqlx::PgPool;
use uuid::Uuid;

use jiff_sqlx::ToSqlx;

/// How many one person keeps at most.
const MOST: i64 = 50;

// Saved again under the same name it replaces what was there. Beyond the most nothing is saved.
const SAVE: &str = "
    insert into saved_view (id, owner, name, shared, query, columns, saved_at)
    select $1, $2, $3, $4, $5, $6, $7
     where (select count(*) from saved_view where owner = $2 and name <> $3) < $8
        on conflict (owner, name) do update
       set shared = excluded.shared, query = excluded.query, columns = excluded.columns,
           saved_at = excluded.saved_at";

const SEEN: &str = "
    select id, owner, name, shared, query, columns
      from saved_view
     where owner = $1 or shared
     order by owner <> $1, name, owner
     limit 200";

const FORGET: &str = "delete from saved_view where id = $1 and owner = $2";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[SAVE, SEEN, FORGET];

/// Which orders somebody likes to see, sorted how, with which columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SavedView {
    pub(crate) id: Uuid,
    /// Who keeps it.
    pub(crate) owner: String,
    pub(crate) name: String,
    /// Whether all others see it, too.
    pub(crate) shared: bool,
    /// Filters and sort, as the table's address has them.
    pub(crate) query: String,
    /// Those shown beside the usual ones, parted by commas.
    pub(crate) columns: String,
}

/// Keeps a view. Tells whether it was kept: nobody keeps more than 50.
pub(crate) async fn save_view(
    db: &PgPool,
    it: &SavedView,
    now: contracts::Timestamp,
) -> sqlx::Result<bool> {
    let saved = sqlx::query(SAVE)
        .bind(it.id)
        .bind(&it.owner)
        .bind(&it.name)
        .bind(it.shared)
        .bind(&it.query)
        .bind(&it.columns)
        .bind(now.to_sqlx())
        .bind(MOST)
        .execute(db)
        .await?;
    Ok(saved.rows_affected() == 1)
}

/// This person's views, then those that others share.
pub(crate) async fn views_of(db: &PgPool, owner: &str) -> sqlx::Result<Vec<SavedView>> {
    type Row = (Uuid, String, String, bool, String, String);
    let rows: Vec<Row> = sqlx::query_as(SEEN).bind(owner).fetch_all(db).await?;
    let view = |(id, owner, name, shared, query, columns): Row| SavedView {
        id,
        owner,
        name,
        shared,
        query,
        columns,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Forgets a view of this person's own. Tells whether there was one.
pub(crate) async fn forget_view(db: &PgPool, id: Uuid, owner: &str) -> sqlx::Result<bool> {
    let gone = sqlx::query(FORGET).bind(id).bind(owner).execute(db).await?;
    Ok(gone.rows_affected() == 1)
}
