//! Several schedules for a vehicle to choose from, and its own plan.

use crate::build::{noon, shown, station_max, tx, tx_default, v201};
use pilotwire::charging::{Query, RateUnit, exceeds};
use pilotwire::domain::EvseId;
use pilotwire::messages::Decimal;
use pilotwire::messages::v2::{ChargingRateUnit, ChargingSchedule, ChargingSchedulePeriod};

/// K15.FR.22: the first with the first, the second with the second. Libocpp and ocpp-kit know the first only.
#[test]
fn schedules_of_different_levels_are_combined_by_their_place() {
    let high = tx(1, &[(0, 10)]).or(&[(0, 11)]).or(&[(0, 12)]).level(1).lasts(100);
    let mut site = v201(1).charging(1, noon(0)).with(high).with(tx(1, &[(0, 20)]).or(&[(0, 21)]));
    let query = Query::new(EvseId(1), noon(0), 600, RateUnit::A);
    assert_eq!(shown(&site.composite(&query)), "0: 10, 100: 20");
    assert_eq!(shown(&site.composite(&Query { choice: 1, ..query })), "0: 11, 100: 21");
    assert_eq!(shown(&site.composite(&Query { choice: 2, ..query })), "0: 12, 100: none");
}

/// K15.FR.22 with errata 2.26: other purposes limit each of them.
#[test]
fn a_maximum_limits_whatever_the_vehicle_chooses() {
    let three = tx(1, &[(0, 10)]).or(&[(0, 20)]).or(&[(0, 30)]);
    let mut site = v201(1).charging(1, noon(0)).with(three).with(station_max(&[(0, 16)]));
    let query = Query::new(EvseId(1), noon(0), 600, RateUnit::A);
    let composites = [0, 1, 2].map(|choice| shown(&site.composite(&Query { choice, ..query })));
    assert_eq!(composites, ["0: 10", "0: 16", "0: 16"]);
}

/// K15.FR.09, K15.FR.11, K15.FR.12.
#[test]
fn a_vehicles_plan_is_compared_with_its_limits() {
    let mut site = v201(1).with(tx_default(1, &[(0, 11_000), (600, 6_000)]).watts());
    let limits = site.composite(&Query::new(EvseId(1), noon(0), 1_200, RateUnit::W));
    let plan = |periods: &[(i32, i32)]| {
        let period = |(start, limit): &(i32, i32)| {
            let mut period = ChargingSchedulePeriod::new(*start);
            period.limit = Some(Decimal::from_int(*limit));
            period
        };
        ChargingSchedule::new(1, ChargingRateUnit::W, periods.iter().map(period).collect::<Vec<_>>())
    };
    assert_eq!(exceeds(&plan(&[(0, 11_000), (600, 6_000)]), &limits), None);
    assert_eq!(exceeds(&plan(&[(0, 7_000)]), &limits), Some(600));
    assert_eq!(exceeds(&plan(&[(0, 5_000), (700, 6_001)]), &limits), Some(700));
}
