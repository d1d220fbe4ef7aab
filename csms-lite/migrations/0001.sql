-- Times are Unix milliseconds, decimals are text: both stores keep them exactly.

CREATE TABLE stations (
    identity TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    password TEXT,
    registration TEXT NOT NULL,
    created BIGINT NOT NULL,
    removed BIGINT,
    version TEXT,
    model TEXT,
    vendor TEXT,
    serial_number TEXT,
    firmware_version TEXT,
    iccid TEXT,
    imsi TEXT,
    booted BIGINT,
    boot_reason TEXT,
    last_seen BIGINT
);

CREATE TABLE records (
    station TEXT NOT NULL REFERENCES stations (identity),
    record_key TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (station, record_key)
);

CREATE TABLE connectors (
    station TEXT NOT NULL REFERENCES stations (identity),
    evse BIGINT NOT NULL,
    connector BIGINT NOT NULL,
    status TEXT NOT NULL,
    occupation TEXT NOT NULL,
    problem_code TEXT,
    problem_info TEXT,
    since BIGINT NOT NULL,
    PRIMARY KEY (station, evse, connector)
);

CREATE TABLE transactions (
    number BIGINT NOT NULL UNIQUE,
    station TEXT NOT NULL REFERENCES stations (identity),
    transaction_id TEXT NOT NULL,
    evse BIGINT,
    id_token TEXT,
    id_token_kind TEXT,
    started BIGINT,
    ended BIGINT,
    latest BIGINT NOT NULL,
    start_wh TEXT,
    last_wh TEXT,
    energy_wh TEXT,
    stopped_reason TEXT,
    missing TEXT NOT NULL,
    complete BIGINT NOT NULL,
    conflicts BIGINT NOT NULL,
    PRIMARY KEY (station, transaction_id)
);

CREATE INDEX transactions_of_station ON transactions (station, number);

-- Append only. The number counts the events of a transaction in the order of their coming.
CREATE TABLE events (
    station TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    seq_no BIGINT,
    happened BIGINT NOT NULL,
    received BIGINT NOT NULL,
    stage TEXT NOT NULL,
    verdict TEXT NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (station, transaction_id, number),
    FOREIGN KEY (station, transaction_id) REFERENCES transactions (station, transaction_id)
);

CREATE INDEX events_by_time ON events (station, transaction_id, happened);

CREATE TABLE tokens (
    token_key TEXT NOT NULL PRIMARY KEY,
    token TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    token_group TEXT,
    expiry BIGINT,
    language TEXT
);
