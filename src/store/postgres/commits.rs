//! Commits transactions, each by itself; the rows of the history together in one statement.

use deadpool_postgres::{Client, GenericClient};

use super::errors::store_error;
use super::in_time;
use super::statements::execute;
use crate::store::error::StoreError;
use crate::store::rows::AuditRow;
use crate::store::sql::changes::{self, INSERT_HISTORY, LAST_CHAIN};
use crate::store::sql::statement::Step;
use crate::store::sql::value::Value;

type Outcome = Result<(), StoreError>;

/// Taken by a transaction that appends to the audit, so that each row follows the one before.
const AUDIT_LOCK: i64 = 0x6364_7062_6175_6474;

/// Inserts many rows into the history.
const INSERT_MANY: &str = "INSERT INTO history (client, session, tab, at_ms, kind, outcome, took_us, bytes, detail) \
     SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], \
     $8::bigint[], $9::text[])";

/// Commits these, and gives the outcome of each. The time limit is that of one: a server that is far away gets through many
/// of them, too. The connection is of no use any more where one of them was not answered in time.
pub(super) async fn run(client: &mut Client, batch: Vec<Vec<Step>>) -> Vec<Outcome> {
    let mut outcomes = vec![Ok(()); batch.len()];
    let mut rows = Vec::new();
    let mut places = Vec::new();
    let mut away: Option<StoreError> = None;
    for (place, steps) in batch.into_iter().enumerate() {
        if let Some(row) = row_of_history(&steps) {
            rows.push(row);
            places.push(place);
            continue;
        }
        outcomes[place] = match &away {
            // Each further one would wait for the same.
            Some(error) => Err(error.clone()),
            None => in_time(commit(client, steps)).await,
        };
        if let Err(error) = &outcomes[place]
            && error.is_transient()
        {
            away = Some(error.clone());
        }
    }
    if !rows.is_empty() {
        let outcome = match away {
            Some(error) => Err(error),
            None => in_time(insert_history(client, &rows)).await,
        };
        for place in places {
            outcomes[place].clone_from(&outcome);
        }
    }
    outcomes
}

/// The values of the row, if a row of the history is all that a transaction writes.
fn row_of_history(steps: &[Step]) -> Option<Vec<Value>> {
    match steps {
        [Step::Run(statement)] if statement.sql == INSERT_HISTORY => Some(statement.values.clone()),
        _ => None,
    }
}

async fn commit(client: &mut Client, steps: Vec<Step>) -> Outcome {
    match steps.as_slice() {
        [] => Ok(()),
        [Step::Run(statement)] => execute(&*client, statement).await,
        _ => {
            let transaction = client.transaction().await.map_err(store_error)?;
            for step in steps {
                match step {
                    Step::Run(statement) => execute(&transaction, &statement).await?,
                    Step::Audit(row) => append(&transaction, row).await?,
                }
            }
            transaction.commit().await.map_err(store_error)
        }
    }
}

async fn append(transaction: &impl GenericClient, row: AuditRow) -> Outcome {
    let locked = transaction
        .execute("SELECT pg_advisory_xact_lock($1)", &[&AUDIT_LOCK])
        .await;
    locked.map_err(store_error)?;
    let last = transaction.query_opt(LAST_CHAIN, &[]).await;
    // NULL in front of the first row.
    let last: Option<Vec<u8>> = last.map_err(store_error)?.and_then(|row| row.get(0));
    execute(transaction, &changes::audit(row, last.as_deref())).await
}

/// The columns of many rows, one array each.
async fn insert_history(client: &mut Client, rows: &[Vec<Value>]) -> Outcome {
    let texts = |column: usize| -> Vec<Option<&str>> {
        let column = rows.iter().map(|row| match row.get(column) {
            Some(Value::Text(text)) => Some(text.as_str()),
            _ => None,
        });
        column.collect()
    };
    let numbers = |column: usize| -> Vec<Option<i64>> {
        let column = rows.iter().map(|row| match row.get(column) {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        });
        column.collect()
    };
    let prepared = client.prepare_cached(INSERT_MANY).await;
    let prepared = prepared.map_err(store_error)?;
    let done = client
        .execute(
            &prepared,
            &[
                &texts(0),
                &texts(1),
                &numbers(2),
                &numbers(3),
                &texts(4),
                &texts(5),
                &numbers(6),
                &numbers(7),
                &texts(8),
            ],
        )
        .await;
    done.map(drop).map_err(store_error)
}
