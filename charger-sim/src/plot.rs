//! Charging profiles as layers, and the composite schedule over them.

use std::path::Path;

use pilotwire::DateTime;
use pilotwire::charging::{Composite, RateUnit};
use pilotwire::domain::{ChargingProfilePurpose, EvseId};
use pilotwire::messages::Decimal;
use plotters::prelude::*;

/// One profile, as if it were the only one.
pub(crate) struct Lane {
    /// What it is for.
    pub(crate) purpose: ChargingProfilePurpose,
    /// Its stack level.
    pub(crate) level: i32,
    /// Its id.
    pub(crate) id: i32,
    /// What it says in the window.
    pub(crate) schedule: Composite,
}

type Failure = Box<dyn std::error::Error>;
type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

const WIDTH: u32 = 1_100;
const CHART_HEIGHT: u32 = 360;
const LANE_HEIGHT: u32 = 34;
const MARGIN_LEFT: u32 = 220;
const MARGIN_RIGHT: u32 = 24;
const MOST_TICKS: usize = 12;
/// Profiles that are drawn; those on top of the stacks.
const MOST_LANES: usize = 24;

/// Draws the picture.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn draw(path: &Path, composite: &Composite, lanes: &[Lane]) -> Result<(), Failure> {
    let mut order: Vec<&Lane> = lanes.iter().collect();
    order.sort_by_key(|lane| (rank(&lane.purpose), -lane.level, lane.id));
    let hidden = order.len().saturating_sub(MOST_LANES);
    order.truncate(MOST_LANES);
    let height = CHART_HEIGHT + LANE_HEIGHT * u32::try_from(order.len())? + 60;
    let root = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let (chart, rest) = root.split_vertically(CHART_HEIGHT);
    draw_chart(&chart, composite, &order)?;
    draw_lanes(&rest, composite, &order, hidden)?;
    root.present()?;
    Ok(())
}

/// From the top of the picture down: what is tied to a transaction first, what holds for the whole station last.
fn rank(purpose: &ChargingProfilePurpose) -> u8 {
    match purpose {
        ChargingProfilePurpose::PriorityCharging => 0,
        ChargingProfilePurpose::TxProfile => 1,
        ChargingProfilePurpose::TxDefaultProfile => 2,
        ChargingProfilePurpose::ChargingStationExternalConstraints => 3,
        ChargingProfilePurpose::ChargingStationMaxProfile => 4,
        _ => 5,
    }
}

fn color(purpose: &ChargingProfilePurpose) -> RGBColor {
    match purpose {
        ChargingProfilePurpose::PriorityCharging => RGBColor(0x8e, 0x44, 0xad),
        ChargingProfilePurpose::TxProfile => RGBColor(0x1f, 0x77, 0xb4),
        ChargingProfilePurpose::TxDefaultProfile => RGBColor(0x2c, 0xa0, 0x6e),
        ChargingProfilePurpose::ChargingStationExternalConstraints => RGBColor(0xd3, 0x5f, 0x1e),
        ChargingProfilePurpose::ChargingStationMaxProfile => RGBColor(0xb8, 0x2e, 0x3c),
        _ => RGBColor(0xc9, 0xa2, 0x27),
    }
}

fn unit(schedule: &Composite) -> &'static str {
    match schedule.unit {
        RateUnit::A => "A",
        RateUnit::W => "W",
    }
}

/// Where periods begin and end, and their limits.
fn blocks(schedule: &Composite) -> impl Iterator<Item = (u32, u32, Option<Decimal>)> {
    let end = schedule.duration_s.max(1);
    let starts = schedule.periods.iter().map(|period| period.start_s);
    let ends = starts.skip(1).chain([end]);
    schedule.periods.iter().zip(ends).map(|(period, end)| (period.start_s, end, period.limit))
}

fn height(limit: Decimal) -> f64 {
    limit.to_string().parse().unwrap_or(0.0)
}

/// The highest limit that is drawn: the composite's, and what of the profiles is not far above it.
fn top(composite: &Composite, lanes: &[&Lane]) -> f64 {
    let highest = |schedule: &Composite| {
        schedule.periods.iter().filter_map(|period| period.limit).map(height).fold(0.0, f64::max)
    };
    let own = highest(composite);
    let others = lanes.iter().map(|lane| highest(&lane.schedule)).filter(|limit| own == 0.0 || *limit <= own * 3.0);
    others.fold(own, f64::max).max(1.0) * 1.12
}

/// A stepped line with gaps where there is no limit.
fn steps(schedule: &Composite) -> Vec<Vec<(u32, f64)>> {
    let mut lines = vec![Vec::new()];
    for (start, end, limit) in blocks(schedule) {
        match (limit.map(height), lines.last_mut()) {
            (Some(limit), Some(line)) => line.extend([(start, limit), (end, limit)]),
            _ => lines.push(Vec::new()),
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// Seconds at which a clock shows something round.
fn ticks(composite: &Composite) -> Vec<u32> {
    const STEPS: [u32; 14] = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];
    let end = composite.duration_s.max(1);
    let fits = |step: &u32| end / step <= MOST_TICKS as u32;
    let step = STEPS.into_iter().find(fits).unwrap_or_else(|| end.div_ceil(MOST_TICKS as u32 * 86_400) * 86_400);
    let begin = composite.start.unix_millis().div_euclid(1_000).rem_euclid(step.into());
    let first = (step - begin as u32) % step;
    (first..end).step_by(step as usize).collect()
}

fn draw_chart(area: &Area<'_>, composite: &Composite, lanes: &[&Lane]) -> Result<(), Failure> {
    let end = composite.duration_s.max(1);
    let title = match composite.evse {
        EvseId(0) => "Composite schedule of the station".to_owned(),
        evse => format!("Composite schedule of EVSE {evse}"),
    };
    let mut chart = ChartBuilder::on(area)
        .caption(format!("{title} in {}, from {}", unit(composite), clock(composite, 0, true)), ("sans-serif", 27))
        .set_label_area_size(LabelAreaPosition::Left, MARGIN_LEFT)
        .set_label_area_size(LabelAreaPosition::Bottom, 34)
        .margin_right(MARGIN_RIGHT)
        .margin_top(8)
        .build_cartesian_2d((0..end).with_key_points(ticks(composite)), 0.0..top(composite, lanes))?;
    chart
        .configure_mesh()
        .x_labels(MOST_TICKS + 1)
        .x_label_formatter(&|second| clock(composite, *second, false))
        .y_label_formatter(&|limit| limit.to_string())
        .label_style(("sans-serif", 19))
        .light_line_style(WHITE.mix(0.0))
        .draw()?;
    for lane in lanes {
        let style = color(&lane.purpose).mix(0.55).stroke_width(1);
        for line in steps(&lane.schedule) {
            chart.draw_series(LineSeries::new(line, style))?;
        }
    }
    for line in steps(composite) {
        chart.draw_series(AreaSeries::new(line.clone(), 0.0, BLACK.mix(0.08)))?;
        chart.draw_series(LineSeries::new(line, BLACK.stroke_width(3)))?;
    }
    Ok(())
}

/// Profiles one below the other, each period with its limit.
fn draw_lanes(area: &Area<'_>, composite: &Composite, lanes: &[&Lane], hidden: usize) -> Result<(), Failure> {
    let (width, lane_height) = (i32::try_from(WIDTH)?, i32::try_from(LANE_HEIGHT)?);
    let (left, right) = (i32::try_from(MARGIN_LEFT)?, width - i32::try_from(MARGIN_RIGHT)?);
    let end = f64::from(composite.duration_s.max(1));
    let at = |second: u32| left + (f64::from(second) / end * f64::from(right - left)) as i32;
    let mut top = 8;
    for lane in lanes {
        let color = color(&lane.purpose);
        let bottom = top + lane_height - 6;
        let label = format!("{} #{}, level {}", short(&lane.purpose), lane.id, lane.level);
        area.draw(&Text::new(label, (10, top + 6), ("sans-serif", 19).into_font().color(&color)))?;
        for (start, end, limit) in blocks(&lane.schedule) {
            let Some(limit) = limit else { continue };
            let (from, to) = (at(start), at(end));
            area.draw(&Rectangle::new([(from, top), (to, bottom)], color.mix(0.30).filled()))?;
            area.draw(&Rectangle::new([(from, top), (to, bottom)], color.stroke_width(1)))?;
            let label = format!("{limit} {}", unit(&lane.schedule));
            if to - from > 10 + 10 * i32::try_from(label.len())? {
                area.draw(&Text::new(label, (from + 5, top + 6), ("sans-serif", 19)))?;
            }
        }
        top += lane_height;
    }
    let note = match hidden {
        0 => "Thick line: what holds. Thin lines and bars: profiles, each as if it were alone.".to_owned(),
        more => format!("Thick line: what holds. {more} further profiles are not drawn."),
    };
    area.draw(&Text::new(note, (left, top + 10), ("sans-serif", 19).into_font().color(&BLACK.mix(0.6))))?;
    Ok(())
}

fn short(purpose: &ChargingProfilePurpose) -> &str {
    match purpose {
        ChargingProfilePurpose::ChargingStationMaxProfile => "StationMax",
        ChargingProfilePurpose::ChargingStationExternalConstraints => "External",
        ChargingProfilePurpose::TxDefaultProfile => "TxDefault",
        ChargingProfilePurpose::PriorityCharging => "Priority",
        other => other.as_str(),
    }
}

/// The time of day; with the date where days differ.
fn clock(composite: &Composite, second: u32, whole: bool) -> String {
    let time: DateTime = composite.start.saturating_add_millis(i64::from(second) * 1_000);
    let text = time.to_string();
    let part = match composite.duration_s {
        _ if whole => text.get(..16),
        0..=600 => text.get(11..19),
        601..=172_800 => text.get(11..16),
        _ => text.get(5..16),
    };
    part.unwrap_or(&text).replace('T', " ")
}
