use sqlx::{Connection, PgConnection};

/// One step of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    pub name: &'static str,
    pub sql: &'static str,
}

/// Reads `migrations/<name>.sql` of the crate that calls it, while that is compiled.
#[macro_export]
macro_rules! migrations {
    ($($name:literal),* $(,)?) => {
        &[$($crate::Migration {
            name: $name,
            sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $name, ".sql")),
        }),*]
    };
}

/// The tables of the log, the same in every service.
pub const LOG: &[Migration] = migrations!["0000_log"];

/// Brings the schema up to date: the log's tables, and then the service's.
pub async fn migrate(db: &mut PgConnection, migrations: &[Migration]) -> anyhow::Result<()> {
    sqlx::query("create table if not exists migration (name text primary key, sql text not null)")
        .execute(&mut *db)
        .await?;
    for migration in LOG.iter().chain(migrations) {
        let mut tx = db.begin().await?;
        let before: Option<String> =
            sqlx::query_scalar("select sql from migration where name = $1")
                .bind(migration.name)
                .fetch_optional(&mut *tx)
                .await?;
        match before {
            Some(sql) if sql == migration.sql => continue,
            Some(_) => anyhow::bail!("{} was changed after it was applied", migration.name),
            None => {}
        }
        sqlx::raw_sql(migration.sql).execute(&mut *tx).await?;
        sqlx::query("insert into migration (name, sql) values ($1, $2)")
            .bind(migration.name)
            .bind(migration.sql)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
    }
    Ok(())
}
