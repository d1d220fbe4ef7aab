//! The store on a disk of its own.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::sync::Arc;

use csms_lite::store::{Change, NewStation, Store, StoreError, Token, TransactionFilter};
use pilotwire::csms::{Entry, TransactionState, Verdict};
use pilotwire::domain::{
    AuthorizationStatus, ConnectorReport, ConnectorStatus, EvseId, FirmwareStatus, IdToken, IdTokenKind, Occupation,
    StoppedReason, TransactionEvent, TransactionStage, TriggerReason, UploadLogStatus,
};
use pilotwire::messages::Decimal;
use pilotwire::{DateTime, Record, Write};
use tempfile::TempDir;

const DAY: i64 = 1_769_817_600_000;

fn at(second: i64) -> DateTime {
    DateTime::from_unix_millis(DAY + second * 1000)
}

fn wh(value: i32) -> Option<Decimal> {
    Some(Decimal::from_int(value))
}

async fn store_with(stations: &[&str]) -> (TempDir, Store) {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).await.unwrap();
    for identity in stations {
        store.write(vec![put(identity)]).await.unwrap();
    }
    (data, store)
}

fn put(identity: &str) -> Change {
    Change::PutStation(NewStation { identity: identity.into(), password: None, registration: None, at: at(0) })
}

fn record(station: &str, key: &str, value: &str) -> Change {
    Change::Record(station.into(), Write::Put(Record { key: key.into(), value: value.into() }))
}

/// An event of transaction T, one a second, and what the ledger made of it.
fn entry(stage: TransactionStage, seq_no: i32, verdict: Verdict, state: TransactionState) -> Box<Entry> {
    let event = TransactionEvent {
        stage,
        transaction: state.transaction.clone(),
        seq_no: Some(seq_no),
        at: at(seq_no.into()),
        trigger: TriggerReason::Trigger,
        offline: false,
        evse: Some(EvseId(1)),
        connector: Some(1),
        charging_state: None,
        stopped_reason: None,
        reset: None,
        id_token: None,
        remote_start_id: None,
        register_wh: state.last_wh,
        meter_values: Vec::new(),
    };
    Box::new(Entry { received: at(100), verdict, event, state })
}

fn state(start_wh: i32, last_wh: i32, ended: Option<i64>) -> TransactionState {
    TransactionState {
        transaction: "T".into(),
        evse: Some(EvseId(1)),
        id_token: Some(IdToken::new("card", IdTokenKind::ISO14443)),
        started: Some(at(0)),
        ended: ended.map(at),
        start_wh: wh(start_wh),
        last_wh: wh(last_wh),
        stopped_reason: ended.map(|_| StoppedReason::Local),
        missing: Vec::new(),
    }
}

fn started() -> Change {
    Change::Event("A".into(), entry(TransactionStage::Started, 0, Verdict::InOrder, state(100, 100, None)))
}

fn ended() -> Change {
    Change::Event("A".into(), entry(TransactionStage::Ended, 1, Verdict::InOrder, state(100, 350, Some(1))))
}

#[tokio::test]
async fn records_are_those_of_their_station() {
    let (data, store) = store_with(&["A", "B"]).await;
    store.write(vec![record("A", "boot", "1"), record("A", "tx/1", "2"), record("B", "boot", "3")]).await.unwrap();
    store
        .write(vec![record("A", "boot", "4"), Change::Record("A".into(), Write::Delete("tx/1".into()))])
        .await
        .unwrap();
    store.close().await;
    assert!(matches!(store.write(vec![put("C")]).await, Err(StoreError::Closed)));

    let store = Store::open(data.path()).await.unwrap();
    let read = async |station| {
        let records = store.records(station).await.unwrap().into_iter();
        records.map(|record| (record.key, record.value)).collect::<Vec<_>>()
    };
    assert_eq!(read("A").await, [("boot".into(), "4".into())]);
    assert_eq!(read("B").await, [("boot".into(), "3".into())]);
    store.close().await;
}

#[tokio::test]
async fn changes_are_made_all_or_none_and_nobody_pays_for_anothers_fault() {
    let (_data, store) = store_with(&["A"]).await;
    // A record of a station that does not exist is refused by its foreign key.
    let broken = vec![record("A", "x", "1"), record("nobody", "x", "1")];
    let good = vec![record("A", "y", "1")];
    let (first, second, third) =
        tokio::join!(store.write(good.clone()), store.write(broken), store.write(vec![record("A", "z", "1")]));
    assert!(first.is_ok() && second.is_err() && third.is_ok());
    let keys: Vec<_> = store.records("A").await.unwrap().into_iter().map(|record| record.key).collect();
    assert_eq!(keys, ["y", "z"]);
    store.close().await;
}

/// C-2
#[tokio::test]
async fn an_event_counts_once_however_often_it_comes() {
    let (_data, store) = store_with(&["A"]).await;
    assert_eq!(store.write(vec![started()]).await.unwrap(), 1);
    assert_eq!(store.write(vec![ended()]).await.unwrap(), 1);
    for again in [started(), ended()] {
        assert_eq!(store.write(vec![again]).await.unwrap(), 0);
    }
    // A ledger that had to forget the transaction thinks that it begins anew.
    let late = entry(TransactionStage::Updated, 7, Verdict::Orphan, state(100, 120, None));
    store.write(vec![Change::Event("A".into(), late)]).await.unwrap();
    let row = store.transaction("A", "T").await.unwrap().unwrap();
    assert_eq!((row.energy_wh, row.complete, row.duration_s), (wh(250), true, Some(1)));
    assert_eq!((row.id_token.as_deref(), row.stopped_reason.as_deref()), (Some("card"), Some("Local")));
    let verdicts: Vec<_> =
        store.events("A", "T", 0, 10).await.unwrap().into_iter().map(|event| (event.number, event.verdict)).collect();
    assert_eq!(verdicts, [(1, "in_order".into()), (2, "in_order".into()), (3, "orphan".into())]);
    store.close().await;
}

#[tokio::test]
async fn a_report_that_was_lost_is_taken_from_the_duplicate() {
    let (_data, store) = store_with(&["A"]).await;
    let duplicate = entry(TransactionStage::Started, 0, Verdict::Duplicate, state(100, 100, None));
    assert_eq!(store.write(vec![Change::Event("A".into(), duplicate)]).await.unwrap(), 1);
    assert!(store.transaction("A", "T").await.unwrap().is_some());
    store.close().await;
}

#[tokio::test]
async fn events_that_contradict_are_kept_and_counted() {
    let (_data, store) = store_with(&["A"]).await;
    store.write(vec![started()]).await.unwrap();
    let mut other = entry(TransactionStage::Started, 0, Verdict::Conflict, state(100, 100, None));
    other.event.register_wh = wh(5);
    store.write(vec![Change::Event("A".into(), other)]).await.unwrap();
    let row = store.transaction("A", "T").await.unwrap().unwrap();
    assert_eq!((row.conflicts, row.start_wh), (1, wh(100)));
    assert_eq!(store.events("A", "T", 1, 10).await.unwrap().len(), 1);
    store.close().await;
}

#[tokio::test]
async fn transactions_are_filtered() {
    let (_data, store) = store_with(&["A", "B"]).await;
    store.write(vec![started(), ended()]).await.unwrap();
    let open = entry(TransactionStage::Started, 0, Verdict::InOrder, state(0, 0, None));
    store.write(vec![Change::Event("B".into(), open)]).await.unwrap();
    let list = async |station: Option<&str>, open, after| {
        let filter = TransactionFilter { station: station.map(str::to_owned), open, after, limit: 10 };
        let rows = store.transactions(&filter).await.unwrap();
        rows.into_iter().map(|row| row.station).collect::<String>()
    };
    assert_eq!(list(None, None, 0).await, "AB");
    assert_eq!(list(None, Some(true), 0).await, "B");
    assert_eq!(list(None, Some(false), 0).await, "A");
    assert_eq!(list(Some("B"), Some(false), 0).await, "");
    assert_eq!(list(None, None, 1).await, "B");
    assert_eq!(list(Some("' OR 1=1--"), None, 0).await, "");
    store.close().await;
}

/// S-2: no time is too strange to be stored, and to be read again.
#[tokio::test]
async fn every_time_round_trips() {
    let (_data, store) = store_with(&["A"]).await;
    let token = |millis| Token {
        token: "T".into(),
        kind: IdTokenKind::Central,
        status: AuthorizationStatus::Accepted,
        group: None,
        expiry: Some(DateTime::from_unix_millis(millis)),
        language: None,
    };
    for millis in [i64::MIN, -62_167_219_200_000, -1, 0, 253_402_300_799_999, i64::MAX] {
        let token = token(millis);
        store.write(vec![Change::PutToken(token.clone())]).await.unwrap();
        assert_eq!(store.token("t").await.unwrap(), Some(token));
    }
    store.close().await;
}

#[tokio::test]
async fn a_station_cannot_have_more_connectors_than_anyone_has() {
    let (_data, store) = store_with(&["A"]).await;
    let status = |connector, status| {
        let report = ConnectorReport {
            evse: EvseId(1),
            connector,
            at: Some(at(0)),
            status,
            occupation: Occupation::Free,
            problem: None,
        };
        Change::Status("A".into(), Box::new(report))
    };
    store.write((1..=300).map(|connector| status(connector, ConnectorStatus::Available)).collect()).await.unwrap();
    store.write(vec![status(256, ConnectorStatus::Faulted)]).await.unwrap();
    let connectors = store.connectors("A").await.unwrap();
    assert_eq!((connectors.len(), connectors[255].status.as_str()), (256, "Faulted"));
    store.close().await;
}

#[tokio::test]
async fn the_last_statuses_of_a_log_and_of_firmware_are_those_of_their_station() {
    let (_data, store) = store_with(&["A", "B"]).await;
    let statuses = |row: csms_lite::store::StationRow| (row.log_status, row.firmware_status);
    assert_eq!(statuses(store.station("A").await.unwrap().unwrap()), (None, None));
    for (log, firmware) in [
        (UploadLogStatus::Uploading, FirmwareStatus::Downloading),
        (UploadLogStatus::Uploaded, FirmwareStatus::Installed),
    ] {
        let changes = vec![Change::LogStatus("A".into(), log), Change::FirmwareStatus("A".into(), firmware)];
        store.write(changes).await.unwrap();
    }
    let known = (Some("Uploaded".into()), Some("Installed".into()));
    assert_eq!(statuses(store.station("A").await.unwrap().unwrap()), known);
    assert_eq!(statuses(store.station("B").await.unwrap().unwrap()), (None, None));
}

#[tokio::test]
async fn a_removed_station_keeps_its_number_and_its_transactions() {
    let (_data, store) = store_with(&["A"]).await;
    store.write(vec![started()]).await.unwrap();
    assert_eq!(store.write(vec![Change::RemoveStation("A".into(), at(1))]).await.unwrap(), 1);
    assert_eq!(store.write(vec![Change::RemoveStation("A".into(), at(1))]).await.unwrap(), 0);
    assert!(store.station("A").await.unwrap().is_none());
    // What a machine that still runs has to say is stored all the same.
    store.write(vec![ended()]).await.unwrap();
    assert!(store.transaction("A", "T").await.unwrap().unwrap().complete);
    store.write(vec![put("B"), put("A")]).await.unwrap();
    let numbers = store.stations("", 10).await.unwrap().into_iter().map(|row| row.number).collect::<Vec<_>>();
    assert_eq!(numbers, [1, 2]);
    store.close().await;
}

#[tokio::test]
async fn a_database_of_a_later_version_is_left_alone() {
    let (data, store) = store_with(&[]).await;
    store.close().await;
    let url = format!("sqlite:{}", data.path().join("csms-lite.db").display());
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    sqlx::query("INSERT INTO schema_version (version) VALUES (1000)").execute(&pool).await.unwrap();
    pool.close().await;
    assert!(matches!(Store::open(data.path()).await, Err(StoreError::TooNew { found: 1000, .. })));
}

/// C-9
#[tokio::test]
async fn a_directory_has_one_store_at_a_time() {
    let (data, store) = store_with(&[]).await;
    assert!(matches!(Store::open(data.path()).await, Err(StoreError::InUse)));
    store.close().await;
    let left: Vec<_> = std::fs::read_dir(data.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "the log of the database was written back: {left:?}");
    Store::open(data.path()).await.unwrap().close().await;
}

#[tokio::test]
async fn many_stations_write_at_once() {
    let identities: Vec<String> = (0..50).map(|number| format!("S{number:02}")).collect();
    let (_data, store) = store_with(&identities.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut tasks = tokio::task::JoinSet::new();
    for identity in &identities {
        let (store, station) = (store.clone(), Arc::<str>::from(identity.as_str()));
        tasks.spawn(async move {
            for number in 0..10 {
                store.write(vec![record(&station, &format!("tx/{number}"), "1")]).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    for identity in &identities {
        assert_eq!(store.records(identity).await.unwrap().len(), 10);
    }
    store.close().await;
}
