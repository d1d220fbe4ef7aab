//! What a server costs, and how figures of several rounds are told.

/// What one round has measured.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) connected_s: f64,
    pub(crate) idle_kib: f64,
    pub(crate) loaded_kib: f64,
    pub(crate) beats_a_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) processor_us: f64,
    pub(crate) back_s: f64,
}

/// A row of the table: its name, its figure, and how many digits stand after the point.
type Row = (&'static str, fn(&Figures) -> f64, usize);

const ROWS: [Row; 8] = [
    ("all connected and booted after, s", |figures| figures.connected_s, 2),
    ("all back after a restart of the server, s", |figures| figures.back_s, 2),
    ("resident memory of an idle connection, KiB", |figures| figures.idle_kib, 2),
    ("the same after the load, KiB", |figures| figures.loaded_kib, 2),
    ("heartbeats a second", |figures| figures.beats_a_second, 0),
    ("latency, median, µs", |figures| figures.p50_us, 0),
    ("latency, 99th percentile, µs", |figures| figures.p99_us, 0),
    ("the server's processor time for a heartbeat, µs", |figures| figures.processor_us, 2),
];

/// The median, and in parentheses the least and the greatest if there are several.
fn told(mut values: Vec<f64>, digits: usize) -> (f64, String) {
    values.sort_by(f64::total_cmp);
    let median = values.get(values.len() / 2).copied().unwrap_or_default();
    match (values.first(), values.last()) {
        (Some(least), Some(most)) if values.len() > 1 => {
            (median, format!("{median:.digits$} ({least:.digits$}–{most:.digits$})"))
        }
        _ => (median, format!("{median:.digits$}")),
    }
}

/// Prints a table with a column for each server; those after the first also tell how many times the first one's it is.
pub(crate) fn print(servers: &[(String, Vec<Figures>)]) {
    let names: Vec<&str> = servers.iter().map(|(name, _)| name.as_str()).collect();
    println!("| what | {} |\n|{}", names.join(" | "), " --- |".repeat(names.len() + 1));
    for (what, figure, digits) in ROWS {
        let mut first = None;
        let mut cells = Vec::new();
        for (_, rounds) in servers {
            let (median, text) = told(rounds.iter().map(figure).collect(), digits);
            match first {
                None => cells.push(text),
                Some(first) => cells.push(format!("{text}, × {:.2}", median / first)),
            }
            first.get_or_insert(median);
        }
        println!("| {what} | {} |", cells.join(" | "));
    }
}
