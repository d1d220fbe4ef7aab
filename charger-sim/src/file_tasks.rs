//! Performs what the station wants done with files: what takes its time beside it, everything else at once.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use pilotwire::Event;
use pilotwire::domain::{FileFault, FileResult, FileTask, LogKind};
use pilotwire::messages::Text;
use pilotwire::station::Input;
use pilotwire_pki::signature::Verified;
use serde_json::json;
use tokio::sync::mpsc;

use crate::firmware::{check, confirm, signed};
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
            FileTask::Upload { .. } | FileTask::Download { .. } | FileTask::Verify { .. } => None,
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
            let (fault, why) = begin(shared, inputs, operation, task).err()?;
            Some(done(shared, operation, task, FileResult::Failed { fault, why }))
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

/// What a task brought.
enum Brought {
    Nothing,
    File(Vec<u8>),
    Verified(Verified),
}

/// What takes as long as it takes is done on a thread that the end of the process does not wait for.
///
/// # Errors
/// Too many are at it, or there is no thread to be had.
fn begin(shared: &Shared, inputs: &mpsc::Sender<Event<Input>>, operation: u64, task: &FileTask) -> Result<(), Failure> {
    let stopped = Stopped::default();
    let (roots, alive) = {
        let files = &mut shared.world().files;
        let alive = files.admit()?;
        files.under_way.insert(operation, stopped.clone());
        (files.roots.clone(), alive)
    };
    let work = {
        let (shared, inputs, task) = (shared.clone(), inputs.clone(), task.clone());
        move || {
            let brought = perform_slowly(&shared, &task, &roots, &stopped);
            drop(alive);
            let Some(result) = put_away(&shared, operation, brought, &stopped) else { return };
            let input = done(&shared, operation, &task, result);
            // A station whose power is off does not listen.
            let _ = inputs.blocking_send(Event::Input(input));
        }
    };
    thread::Builder::new().name("file".into()).spawn(work).map(drop).map_err(|error| {
        shared.world().files.under_way.remove(&operation);
        (FileFault::Broken, error.to_string().into())
    })
}

/// How it ended; `None` if nobody waits for it any more.
fn put_away(
    shared: &Shared,
    operation: u64,
    brought: Result<Brought, Failure>,
    stopped: &Stopped,
) -> Option<FileResult> {
    let files = &mut shared.world().files;
    // Looked at while nobody else can stop it: numbers begin anew with the next life.
    if stopped.load(Ordering::Relaxed) {
        return None;
    }
    files.under_way.remove(&operation);
    match brought {
        Ok(Brought::Nothing) => {}
        Ok(Brought::File(content)) => files.incoming.fetched = Some(Arc::new(content)),
        Ok(Brought::Verified(verified)) => files.incoming.verified = Some(verified),
        Err((fault, why)) => return Some(FileResult::Failed { fault, why }),
    }
    Some(FileResult::Done)
}

/// Holds the world only to look at what is there.
fn perform_slowly(shared: &Shared, task: &FileTask, roots: &[Text], stopped: &Stopped) -> Result<Brought, Failure> {
    match task {
        FileTask::Download { location } => download(location.reveal(), roots, stopped).map(Brought::File),
        FileTask::Upload { kind, name, location, oldest, latest } => {
            let text = shared.world().logbook.text(*kind == LogKind::SecurityLog, *oldest, *latest);
            upload(location.reveal(), name, text.as_bytes(), roots, stopped).map(|()| Brought::Nothing)
        }
        FileTask::Verify { certificate, signature, roots, at } => {
            let fetched = shared.world().files.incoming.fetched.clone();
            check(fetched, &signed(certificate, signature, roots, *at)).map(Brought::Verified)
        }
        FileTask::Install { .. } | FileTask::Confirm { .. } | FileTask::Discard | FileTask::Stop { .. } => {
            Ok(Brought::Nothing)
        }
    }
}

#[cfg(test)]
mod tests {
    use pilotwire::DateTime;
    use pilotwire_pki::Keys;
    use pilotwire_tokio::Clock;
    use pilotwire_wire::Identity;

    use super::*;
    use crate::files::Files;
    use crate::hardware::Hardware;
    use crate::logbook::Logbook;
    use crate::seen::Seen;
    use crate::storage::Storage;
    use crate::world::World;

    fn shared() -> Shared {
        let world = World {
            hardware: Hardware::new(1),
            hardware_file: None,
            seen: Seen::default(),
            storage: Storage::memory(),
            keys: Keys::in_memory(),
            files: Files::default(),
            file_roots: Vec::new(),
            logbook: Logbook::default(),
            journal: None,
            tell: Box::new(drop),
            frames: false,
        };
        Shared::new(world, Clock::of_this_computer(1), Identity::new("CS001").unwrap())
    }

    /// The station goes on while 64 MiB are looked through.
    #[test]
    fn a_signature_is_checked_beside_the_station() {
        let (shared, (inputs, mut told)) = (shared(), mpsc::channel(1));
        shared.world().files.incoming.fetched = Some(Arc::new(b"firmware".into()));
        let (certificate, signature) = ("no certificate".into(), "".into());
        let task = FileTask::Verify { certificate, signature, roots: Vec::new(), at: DateTime::UNIX_EPOCH };
        assert_eq!(perform(&shared, &inputs, 5, &task), None);
        let Some(Event::Input(Input::FileDone { operation: 5, result })) = told.blocking_recv() else { panic!() };
        assert!(matches!(result, FileResult::Failed { fault: FileFault::Invalid, .. }), "{result:?}");
        assert!(shared.world().files.incoming.fetched.is_some());
    }
}
