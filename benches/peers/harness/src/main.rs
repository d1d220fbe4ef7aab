//! Builds every peer, runs them in turn, and prints how their times compare with ours; then asks those that can be asked
//! for a second opinion on our payloads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const OURS: &str = "pilotwire";
const PEERS: [&str; 4] = ["ocpp-kit", "ocpp-types", "rust-ocpp", "ocpp_rs"];
/// Peers whose types read examples and write them again.
const OPINIONS: [&str; 2] = ["ocpp-kit", "rust-ocpp"];
const ROUNDS: usize = 5;

type Figures = BTreeMap<(String, String), Vec<(f64, u64)>>;

fn build(peers: &Path, name: &str) -> PathBuf {
    let manifest = peers.join(name).join("Cargo.toml");
    let target = peers.join("target").join(name);
    let status = Command::new("cargo")
        .args(["build", "--release", "--quiet", "--manifest-path"])
        .arg(manifest)
        .arg("--target-dir")
        .arg(&target)
        .status()
        .expect("cargo runs");
    assert!(status.success(), "{name} does not build");
    target.join("release").join(format!("peer-{name}"))
}

fn measure(program: &Path, figures: &mut Figures) {
    let output = Command::new(program).output().expect("the peer's program runs");
    assert!(output.status.success(), "{}: {}", program.display(), String::from_utf8_lossy(&output.stderr));
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let [frame, operation, ns, allocations] = columns[..] else { continue };
        let figure = (ns.parse().expect("a time"), allocations.parse().expect("a count"));
        figures.entry((operation.into(), frame.into())).or_default().push(figure);
    }
}

fn median(figures: &[(f64, u64)]) -> (f64, u64) {
    let mut sorted = figures.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    sorted[sorted.len() / 2]
}

fn main() {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the folder of the peers").to_owned();
    let names: Vec<&str> = std::iter::once(OURS).chain(PEERS).collect();
    let programs: Vec<PathBuf> = names.iter().map(|name| build(&peers, name)).collect();
    let mut all: Vec<Figures> = names.iter().map(|_| Figures::new()).collect();
    for _ in 0..ROUNDS {
        for (program, figures) in programs.iter().zip(&mut all) {
            measure(program, figures);
        }
    }
    let (ours, theirs) = all.split_first().expect("our own figures");
    for operation in ["decode", "encode"] {
        println!("\n{operation}: ours in ns (allocations), peers as multiples of ours (allocations)");
        let columns: String = PEERS.iter().map(|name| format!("{name:>20}")).collect();
        println!("{:<38}{OURS:>20}{columns}", "");
        for frame in harness::frames() {
            let key = (operation.to_owned(), frame.name.to_owned());
            let Some((own, allocations)) = ours.get(&key).map(|figures| median(figures)) else { continue };
            let cell = |figures: &Figures| match figures.get(&key).map(|figures| median(figures)) {
                Some((ns, allocations)) => format!("{:>13.2} {:>6}", ns / own, format!("({allocations})")),
                None => format!("{:>20}", "-"),
            };
            let cells: String = theirs.iter().map(cell).collect();
            println!("{:<38}{own:>13.0} {:>6}{cells}", frame.name, format!("({allocations})"));
        }
    }
    println!();
    for name in OPINIONS {
        let program = peers.join("target").join(name).join("release/second_opinion");
        let agreed = Command::new(program).status().expect("the peer's second opinion");
        assert!(agreed.success(), "{name} and ours do not agree");
    }
}
