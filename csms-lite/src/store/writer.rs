//! The one task that writes.
//!
//! Making a commit durable costs about the same for one station's changes as for those of a hundred. So whatever waits is
//! written in one database transaction; if that fails, each in one of its own, so that nobody pays for another's fault.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, SqlitePool};
use tokio::sync::{mpsc, oneshot};

use super::{Change, StoreError};

/// Jobs that may wait; beyond that, who writes has to wait to get into the queue.
const WAITING: usize = 1024;
/// Jobs that share a database transaction.
const TOGETHER: usize = 256;

struct Job {
    changes: Vec<Change>,
    done: oneshot::Sender<Result<u64, StoreError>>,
}

enum Order {
    Write(Job),
    /// Everything before it has been written when this is dropped.
    Close(oneshot::Sender<()>),
}

/// Gives work to the task.
#[derive(Clone, Debug)]
pub(super) struct Writer(mpsc::Sender<Order>);

impl Writer {
    pub(super) fn start(pool: SqlitePool, lock: SqliteConnection) -> Self {
        let (sender, orders) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            let farewells = run(&pool, orders).await;
            pool.close().await;
            // The next to open the directory must not find it locked; if this fails, the end of the process does it.
            let _ = lock.close().await;
            drop(farewells);
        });
        Self(sender)
    }

    pub(super) async fn write(&self, changes: Vec<Change>) -> Result<u64, StoreError> {
        let (done, result) = oneshot::channel();
        let order = Order::Write(Job { changes, done });
        self.0.send(order).await.map_err(|_| StoreError::Closed)?;
        result.await.map_err(|_| StoreError::Closed)?
    }

    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.0.send(Order::Close(done)).await.is_ok() {
            // It is closed when the other end is gone, however that came.
            let _ = closed.await;
        }
    }
}

/// Ends when nobody can write any more. Returns who waits for the end.
async fn run(pool: &SqlitePool, mut orders: mpsc::Receiver<Order>) -> Vec<oneshot::Sender<()>> {
    let mut waiting = Vec::with_capacity(TOGETHER);
    let mut farewells = Vec::new();
    while orders.recv_many(&mut waiting, TOGETHER).await > 0 {
        let mut jobs = Vec::with_capacity(waiting.len());
        for order in waiting.drain(..) {
            match order {
                Order::Write(job) => jobs.push(job),
                Order::Close(done) => {
                    orders.close();
                    farewells.push(done);
                }
            }
        }
        write_all(pool, jobs).await;
    }
    farewells
}

async fn write_all(pool: &SqlitePool, jobs: Vec<Job>) {
    if jobs.len() > 1
        && let Ok(touched) = write_together(pool, &jobs).await
    {
        for (job, rows) in jobs.into_iter().zip(touched) {
            // Who asked may have gone; it is written all the same.
            let _ = job.done.send(Ok(rows));
        }
        return;
    }
    for job in jobs {
        let result = write_together(pool, std::slice::from_ref(&job)).await;
        let _ = job.done.send(result.map(|touched| touched.first().copied().unwrap_or(0)));
    }
}

async fn write_together(pool: &SqlitePool, jobs: &[Job]) -> Result<Vec<u64>, StoreError> {
    let mut connection = pool.acquire().await?;
    let mut work = Connection::begin(&mut *connection).await?;
    let mut touched = Vec::with_capacity(jobs.len());
    for job in jobs {
        touched.push(apply_all(&mut work, &job.changes).await?);
    }
    work.commit().await?;
    Ok(touched)
}

async fn apply_all(work: &mut SqliteConnection, changes: &[Change]) -> Result<u64, StoreError> {
    let mut touched = 0;
    for change in changes {
        touched = change.apply(work).await?;
    }
    Ok(touched)
}
