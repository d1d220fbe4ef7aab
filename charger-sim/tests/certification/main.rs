//! Certification cases of security in the station's role, by their ids: the program, as anybody starts it, against a test
//! system over real sockets (2.0.1 Part 6, TC_A_*; 1.6, TC_073 to TC_087).
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod certificates;
mod charger;
mod credentials;
#[path = "../common/file_server.rs"]
mod file_server;
mod files;
mod tls;
mod tool;
