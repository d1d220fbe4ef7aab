//! Certification cases of security, by their ids: 2.0.1 block A, and 1.6 TC_073 to TC_087. A tool in the place of the station
//! meets a CSMS over real sockets, with TLS where the case has it; what the case wants the CSMS to be asked for is asked
//! through its HTTP API.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod cases_16;
mod cases_201;
mod certificates;
mod csms;
mod hello;
mod renewal;
mod session;
mod tool;
