//! The system under test: the program as anybody starts it.

use std::process::{Child, Command, Stdio};

use crate::tool::Tool;

pub(crate) const PASSWORD: &str = "correct-horse-bat";

/// Runs until it is dropped.
pub(crate) struct Charger(Child);

impl Charger {
    /// With this security profile from the factory. It lives faster than the test, so that nobody waits for a back-off.
    pub(crate) fn start(tool: &Tool, version: &str, profile: u8, more: &str) -> Self {
        let scheme = if profile < 2 { "ws" } else { "wss" };
        let fittings = match profile {
            1 => format!("--password {PASSWORD}"),
            2 => format!("--password {PASSWORD} --tls-ca DIR/ca.pem"),
            _ => "--tls-ca DIR/ca.pem --tls-cert DIR/CS001.pem --tls-key DIR/CS001.key".into(),
        };
        let arguments = format!(
            "run --csms {scheme}://{}/ocpp --id CS001 --version {version} --speed 20 {fittings} \
             --set OCPPCommCtrlr.RetryBackOffWaitMinimum=5 --set OCPPCommCtrlr.RetryBackOffRandomRange=0 {more}",
            tool.address
        );
        let folder = tool.folder().to_str().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_charger-sim"));
        command.args(arguments.split_whitespace().map(|word| word.replace("DIR", folder)));
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Charger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
