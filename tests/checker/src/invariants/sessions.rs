//! V15: nothing is left behind in the databases: no transaction that nobody goes on with, no lock
//! that nobody works under. (What a process holds of memory and files, it shows to whoever watches
//! it.)

use crate::books::{Books, CHECKER};
use crate::report::{Check, Report};

/// Who began a transaction and does nothing with it for longer than any of ours takes.
const IDLE: &str = "
    select count(*) filter (where state is not null),
           array_agg(format('process %s (%s) since %s: %s', pid, application_name, state_change,
                            left(query, 80)))
               filter (where state like 'idle in transaction%'
                         and state_change < clock_timestamp() - interval '5 seconds')
      from pg_stat_activity
     where datname = current_database() and application_name <> $1 and pid <> pg_backend_pid()";

/// Locks by which partitions are owned (two numbers), and by which one of all postmen or couriers is on
/// his round (one number, shown in halves); and any others.
const LOCKS: &str = "
    select count(*),
           array_agg(format('process %s holds (%s, %s)', pid, classid, objid))
               filter (where not granted or not coalesce(owns, false))
      from (
          select pid, classid, objid, granted, case objsubid
                     when 2 then classid::bigint = hashtext('kontor partition')::bigint & 4294967295
                             and objid::bigint < (select partitions from deployment)
                     else (classid::bigint << 32) | objid::bigint
                          in (hashtextextended('the postman''s round', 0),
                              hashtextextended('the courier''s round', 0)) end as owns
            from pg_locks
           where locktype = 'advisory'
             and database = (select oid from pg_database where datname = current_database())
      ) as lock";

pub(super) async fn check(books: &mut Books, report: &mut Report) -> anyhow::Result<()> {
    let mut idle = Check::new("V15", "idle", "nobody is idle in a transaction for 5 seconds");
    let mut locks = Check::new(
        "V15",
        "locks",
        "advisory locks are those of partitions and rounds, and nobody waits for one",
    );
    for service in books.services() {
        let db = books.connection(&service)?;
        let (seen, found): (i64, Option<Vec<String>>) =
            sqlx::query_as(IDLE).bind(CHECKER).fetch_one(&mut *db).await?;
        idle.looked += seen.unsigned_abs();
        for it in found.into_iter().flatten() {
            idle.wrong(format!("{service}: {it}"));
        }
        let (seen, found): (i64, Option<Vec<String>>) = sqlx::query_as(LOCKS).fetch_one(db).await?;
        locks.looked += seen.unsigned_abs();
        for it in found.into_iter().flatten() {
            locks.wrong(format!("{service}: {it}"));
        }
    }
    report.checks.extend([idle, locks]);
    Ok(())
}
