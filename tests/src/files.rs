//! A host that transfers and installs without a network: a file is a text, and its signature says `signed` and that text.

use std::collections::VecDeque;

use pilotwire::domain::{ClientCertificate, FileFault, FileResult, FileTask, KeyId};
use pilotwire::station::Config;

use crate::crypto::{Paper, is_trusted, root};

/// Firmware that installs well.
pub const FIRMWARE: &str = "firmware 2";

/// Firmware that is for other hardware.
pub const UNFIT: &str = "for a toaster";

/// A station of security profile 3 that installs what its maker signed.
pub fn secure(config: &mut Config) {
    config.identity.serial_number = Some("SN1".into());
    config.certificates.enabled = true;
    config.certificates.organization = "CPO".into();
    config.security.roots = vec![root("A", "A").pem().into()];
    let chain = Paper::factory(KeyId(1), "A").pem().into();
    config.security.client = Some(ClientCertificate { key: KeyId(1), chain });
    config.files.firmware = true;
    config.files.firmware_roots = vec![root("Maker", "Maker").pem().into()];
}

/// The signature of a file.
pub fn signature(file: &str) -> String {
    format!("signed {file}")
}

/// The host's side of files. What stands in it outlives the power, but for tasks and what was verified.
#[derive(Debug)]
pub struct Files {
    tasks: VecDeque<(u64, FileTask)>,
    /// Every task.
    pub log: Vec<FileTask>,
    /// Nothing is done until this is `false` again.
    pub is_held: bool,
    /// How the next transfers fail.
    pub faults: VecDeque<FileFault>,
    /// What is at the address of firmware.
    pub offered: &'static str,
    /// What was fetched is lost at once.
    pub is_forgetful: bool,
    /// What was fetched.
    pub fetched: Option<&'static str>,
    verified: Option<&'static str>,
    /// Whether firmware runs only after a restart.
    pub reboots: bool,
    /// The firmware that was installed does not boot: the one before does.
    pub is_dud: bool,
    installed: Option<u64>,
    /// Installations that the power cut short.
    pub cut_short: usize,
    /// The number of the installation that runs.
    pub running: Option<u64>,
    /// What was installed, and whether its signature had been found right in the same life.
    pub installations: Vec<(&'static str, bool)>,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            tasks: VecDeque::new(),
            log: Vec::new(),
            is_held: false,
            faults: VecDeque::new(),
            offered: FIRMWARE,
            is_forgetful: false,
            fetched: None,
            verified: None,
            reboots: true,
            is_dud: false,
            installed: None,
            cut_short: 0,
            running: None,
            installations: Vec::new(),
        }
    }
}

impl Files {
    /// Power goes and comes: the bootloader starts what was installed.
    pub fn power_up(&mut self) {
        self.cut_short += self.tasks.iter().filter(|(_, task)| matches!(task, FileTask::Install { .. })).count();
        self.tasks.clear();
        self.verified = None;
        if let Some(number) = self.installed.take().filter(|_| !self.is_dud) {
            self.running = Some(number);
        }
    }

    /// Takes a task.
    pub fn take(&mut self, operation: u64, task: FileTask) {
        self.log.push(task.clone());
        match task {
            FileTask::Discard => (self.fetched, self.verified) = (None, None),
            FileTask::Stop { operation } => self.tasks.retain(|(known, _)| *known != operation),
            task => self.tasks.push_back((operation, task)),
        }
    }

    /// Does the next task.
    pub fn do_next(&mut self) -> Option<(u64, FileResult)> {
        if self.is_held {
            return None;
        }
        let (operation, task) = self.tasks.pop_front()?;
        Some((operation, self.perform(&task)))
    }

    fn perform(&mut self, task: &FileTask) -> FileResult {
        match task {
            FileTask::Upload { .. } => self.transfer(),
            FileTask::Download { .. } => {
                let result = self.transfer();
                self.fetched = Some(self.offered).filter(|_| result == FileResult::Done && !self.is_forgetful);
                result
            }
            FileTask::Verify { signature: shown, certificate, roots, at } => match self.fetched {
                Some(file) if signature(file) == shown.as_str() && is_trusted(certificate, roots, *at) => {
                    self.verified = Some(file);
                    FileResult::Done
                }
                Some(_) => failed(FileFault::Invalid),
                None => failed(FileFault::Broken),
            },
            FileTask::Install { number } => self.install(*number),
            FileTask::Confirm { number } if self.running == Some(*number) => FileResult::Done,
            FileTask::Confirm { .. } | FileTask::Discard | FileTask::Stop { .. } => failed(FileFault::Broken),
        }
    }

    fn transfer(&mut self) -> FileResult {
        self.faults.pop_front().map_or(FileResult::Done, failed)
    }

    fn install(&mut self, number: u64) -> FileResult {
        let Some(file) = self.verified.or(self.fetched) else { return failed(FileFault::Broken) };
        if file == UNFIT {
            return failed(FileFault::Invalid);
        }
        self.installations.push((file, self.verified.is_some()));
        if self.reboots {
            self.installed = Some(number);
            return FileResult::NeedsReboot;
        }
        self.running = Some(number);
        FileResult::Done
    }
}

fn failed(fault: FileFault) -> FileResult {
    FileResult::Failed { fault, why: "the script says so".into() }
}
