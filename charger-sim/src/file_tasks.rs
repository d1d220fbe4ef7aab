//! Performs what the station wants done with files: transfers beside it, everything else at once.

use std::sync::atomic::Ordering;
use std::thread;

use pilotwire::Event;
use pilotwire::domain::{FileResult, FileTask, LogKind};
use pilotwire::messages::Text;
use pilotwire::station::Input;
use serde_json::json;
use tokio::sync::mpsc;

use crate::firmware::{confirm, signed};
use crate::transfer::{Failure, Stopped, download, upload};
use crate::world::Shared;

/// The name of a task, for events.
pub(crate) const fn name_of(task: &FileTask) -> &'static str {
    match task {
        FileTask::Upload { .. } => "upload",
        FileTask::Download { .. } => "download",
        FileTask::Verify { .. } => "verify",
        FileTask::Install { .. } => "install",
        FileTask::Confirm { .. } => "confirm",
        FileTask::Discard => "discard",
        FileTask::Stop { .. } => "stop",
    }
}

/// Begins a task; gives back what the station must be told about it now.
pub(crate) fn perform(
    shared: &Shared,
    inputs: &mpsc::Sender<Event<Input>>,
    operation: u64,
    task: &FileTask,
) -> Option<Input> {
    let result = {
        let world = &mut *shared.world();
        let (files, slots) = (&mut world.files, &mut world.hardware.firmware);
        match task {
            FileTask::Upload { .. } | FileTask::Download { .. } => None,
            FileTask::Verify { certificate, signature, roots, at } => {
                Some(files.incoming.verify(&signed(certificate, signature, roots, *at)))
            }
            FileTask::Install { number } => Some(files.incoming.install(*number, slots)),
            FileTask::Confirm { number } => Some(confirm(*number, slots)),
            FileTask::Discard => {
                files.incoming.discard();
                return None;
            }
            FileTask::Stop { operation } => {
                files.stop(*operation);
                return None;
            }
        }
    };
    match result {
        Some(result) => {
            shared.save_hardware();
            Some(done(shared, operation, task, result))
        }
        None => {
            begin(shared, inputs, operation, task);
            None
        }
    }
}

/// Tells how a task ended.
fn done(shared: &Shared, operation: u64, task: &FileTask, result: FileResult) -> Input {
    let (word, why) = match &result {
        FileResult::Done => ("done".into(), None),
        FileResult::NeedsReboot => ("needs_reboot".into(), None),
        FileResult::Failed { fault, why } => (json!(fault), Some(why.clone())),
    };
    let details = json!({ "operation": operation, "task": name_of(task), "result": word, "why": why });
    shared.tell("file_done", details);
    Input::FileDone { operation, result }
}

/// A transfer takes as long as it takes, on a thread that the end of the process does not wait for.
fn begin(shared: &Shared, inputs: &mpsc::Sender<Event<Input>>, operation: u64, task: &FileTask) {
    let stopped = Stopped::default();
    let roots = {
        let files = &mut shared.world().files;
        files.under_way.insert(operation, stopped.clone());
        files.roots.clone()
    };
    let (shared, inputs, task) = (shared.clone(), inputs.clone(), task.clone());
    thread::spawn(move || {
        let transferred = transfer(&shared, &task, &roots, &stopped);
        let result = {
            let files = &mut shared.world().files;
            // Looked at while nobody else can stop it: numbers begin anew with the next life.
            if stopped.load(Ordering::Relaxed) {
                return;
            }
            files.under_way.remove(&operation);
            match transferred {
                Ok(fetched) => {
                    files.incoming.fetched = fetched.or(files.incoming.fetched.take());
                    FileResult::Done
                }
                Err((fault, why)) => FileResult::Failed { fault, why },
            }
        };
        let input = done(&shared, operation, &task, result);
        // A station whose power is off does not listen.
        let _ = inputs.blocking_send(Event::Input(input));
    });
}

/// What was fetched, if something was.
fn transfer(shared: &Shared, task: &FileTask, roots: &[Text], stopped: &Stopped) -> Result<Option<Vec<u8>>, Failure> {
    match task {
        FileTask::Download { location } => download(location.reveal(), roots, stopped).map(Some),
        FileTask::Upload { kind, name, location, oldest, latest } => {
            let text = shared.world().logbook.text(*kind == LogKind::SecurityLog, *oldest, *latest);
            upload(location.reveal(), name, text.as_bytes(), roots).map(|()| None)
        }
        _ => Ok(None),
    }
}
