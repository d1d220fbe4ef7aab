//! When a schedule holds.

use crate::build::{DAY, YESTERDAY, at, noon, tx, tx_default, v16, v201};
use pilotwire::domain::EvseId;
use pilotwire::messages::v2::ChargingProfileKind;

/// K01.FR.12.
#[test]
fn a_schedule_ends_with_its_duration() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16)]).lasts(300));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16, 300: none");
}

/// K01.FR.12: peers lose this boundary (MicroOcpp keeps the limit until the next period would begin).
#[test]
fn a_duration_ends_a_schedule_before_its_next_period() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16), (300, 10)]).lasts(100));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16, 100: none");
}

/// K01.FR.11: neither at the end of the duration nor after it.
#[test]
fn a_period_past_the_duration_is_not_executed() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16), (299, 10), (300, 8), (400, 6)]).lasts(300));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16, 299: 10, 300: none");
}

/// K01.FR.11.
#[test]
fn a_schedule_of_no_duration_never_holds() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16)]).lasts(0));
    assert_eq!(site.amperes(1, noon(-10), 600), "0: none");
}

/// K01.FR.12.
#[test]
fn a_schedule_of_the_longest_duration_ends_68_years_later() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16)]).lasts(i32::MAX));
    assert_eq!(site.amperes(1, noon(i64::from(i32::MAX) - 10), 100), "0: 16, 10: none");
}

/// K01.FR.36: from `validFrom` on, itself included; the schedule's own clock does not wait for it.
#[test]
fn validity_begins_at_valid_from_and_moves_no_period() {
    let mut site = v201(1).with(tx_default(1, &[(0, 6), (150, 8)]).valid_from(noon(100)));
    assert_eq!(site.amperes(1, noon(0), 600), "0: none, 100: 6, 150: 8");
    assert_eq!(site.amperes(1, noon(100), 0), "0: 6");
}

/// K01.FR.37: `validTo` itself is excluded. Peers lose this boundary (MicroOcpp never sees it, and includes it).
#[test]
fn validity_ends_at_valid_to() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16), (200, 10)]).valid_to(noon(300)));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16, 200: 10, 300: none");
    assert_eq!(site.amperes(1, noon(299), 0), "0: 10");
    assert_eq!(site.amperes(1, noon(300), 0), "0: none");
}

/// K01.FR.37: half a second past noon the profile is still valid.
#[test]
fn a_validity_that_ends_within_a_second_holds_for_all_of_it() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16)]).valid_to(noon(300).saturating_add_millis(500)));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16, 301: none");
}

/// K01.FR.10.
#[test]
fn without_validity_a_profile_is_valid_for_ever() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16)]));
    assert_eq!(site.amperes(1, at("2999-12-31T23:59:59Z"), 600), "0: 16");
}

/// K01.FR.30: libocpp imposes it before its first start.
#[test]
fn a_recurring_schedule_is_not_imposed_before_its_first_start() {
    let mut site = v201(1).with(tx_default(1, &[(0, 10), (1_800, 6)]).daily().starts(noon(3_600)));
    assert_eq!(site.amperes(1, noon(0), 7_200), "0: none, 3600: 10, 5400: 6");
}

/// K01.FR.30, K01.FR.12: what does not begin at 0 (K01.FR.31) holds from where it begins.
#[test]
fn nothing_holds_before_a_first_period_that_is_late() {
    let mut site = v201(1).with(tx_default(1, &[(600, 10)]));
    assert_eq!(site.amperes(1, noon(0), 3_600), "0: none, 600: 10");
}

/// 1.6 errata 3.79: every day the schedule restarts, and its late first period is late again.
#[test]
fn a_late_first_period_is_late_every_day() {
    let mut site = v201(1).with(tx_default(1, &[(600, 10)]).daily().starts(noon(YESTERDAY)));
    assert_eq!(site.amperes(1, noon(-600), 1_800), "0: 10, 600: none, 1200: 10");
}

/// K01.FR.13; 1.6 errata 3.43: without another profile there is no limit.
#[test]
fn a_daily_schedule_shorter_than_a_day_leaves_a_gap() {
    let mut site = v201(1).with(tx_default(1, &[(0, 6)]).daily().lasts(3_600));
    assert_eq!(site.amperes(1, noon(0), 100_000), "0: 6, 3600: none, 86400: 6, 90000: none");
}

/// K01.FR.13; 1.6 errata 3.43.
#[test]
fn a_daily_schedule_shorter_than_a_day_falls_back_to_a_lower_level() {
    let low = tx_default(1, &[(0, 16)]);
    let mut site = v201(1).with(tx_default(1, &[(0, 6)]).level(1).daily().lasts(3_600)).with(low);
    assert_eq!(site.amperes(1, noon(0), 100_000), "0: 6, 3600: 16, 86400: 6, 90000: 16");
}

/// 1.6 errata 3.44: the remainder is not executed.
#[test]
fn a_daily_schedule_longer_than_a_day_restarts_after_a_day() {
    let mut site = v201(1).with(tx_default(1, &[(0, 6), (43_200, 8), (90_000, 20)]).daily().lasts(100_000));
    assert_eq!(site.amperes(1, noon(0), 2 * DAY), "0: 6, 43200: 8, 86400: 6, 129600: 8");
}

/// 1.6 errata 3.79: every seven days, on the day of the week of its start.
#[test]
fn a_weekly_schedule_restarts_on_its_day_of_the_week() {
    let sundays = tx_default(1, &[(0, 20)]).weekly().starts(at("2026-03-01T00:00:00Z")).lasts(86_400);
    let mut site = v201(1).with(sundays);
    assert_eq!(site.amperes(1, at("2026-03-07T23:00:00Z"), 2 * DAY), "0: none, 3600: 20, 90000: none");
}

/// Part 2 §3.3: the kind decides.
#[test]
fn an_absolute_schedule_does_not_recur_whatever_recurrency_kind_says() {
    let daily = tx_default(1, &[(0, 6)]).daily().lasts(3_600);
    let mut site = v201(1).with(daily.kind(ChargingProfileKind::Absolute));
    assert_eq!(site.amperes(1, noon(0), 2 * DAY), "0: 6, 3600: none");
}

/// Part 2 §3.6, the example.
#[test]
fn a_daily_default_limits_every_day_from_8_to_20() {
    let daily = tx_default(0, &[(0, 11_000), (28_800, 6_000), (72_000, 11_000)]).daily().lasts(86_400);
    let mut site = v201(1).with(daily.starts(at("2013-01-01T00:00:00Z")).watts().phases(3));
    assert_eq!(
        site.watts(1, at("2026-03-01T00:00:00Z"), 2 * DAY),
        "0: 11000 on 3, 28800: 6000 on 3, 72000: 11000 on 3, 115200: 6000 on 3, 158400: 11000 on 3"
    );
}

/// Part 2 §3.6.1, the example: no peak limit on Sundays and at Christmas. From Thursday to Sunday.
#[test]
fn sundays_and_christmas_are_stacked_on_peak_hours() {
    let peak = tx_default(1, &[(0, 2_000)]).level(1).daily().starts(at("2020-01-09T17:00:00Z")).lasts(10_800);
    let sunday = tx_default(1, &[(0, 999_999)]).level(2).weekly().starts(at("2020-01-05T00:00:00Z")).lasts(86_400);
    let christmas = tx_default(1, &[(0, 999_999)]).level(3).starts(at("2020-12-25T00:00:00Z")).lasts(86_400);
    let christmas = christmas.valid_from(at("2020-01-01T00:00:00Z")).valid_to(at("2021-01-01T00:00:00Z"));
    let mut site = v201(1).with(peak.watts()).with(sunday.watts()).with(christmas.watts());
    assert_eq!(
        site.watts(1, at("2020-12-24T00:00:00Z"), 4 * DAY),
        "0: none, 61200: 2000, 72000: none, 86400: 999999, 172800: none, 234000: 2000, 244800: none, 259200: 999999"
    );
}

/// 1.6 errata 3.79: 24 hours each, through 29 February and into March.
#[test]
fn a_leap_day_is_a_day() {
    let mut site =
        v201(1).with(tx_default(1, &[(0, 6), (43_200, 8)]).daily().starts(at("2023-05-10T00:00:00Z")).lasts(86_400));
    assert_eq!(site.amperes(1, at("2024-02-28T23:00:00Z"), 2 * DAY), "0: 8, 3600: 6, 46800: 8, 90000: 6, 133200: 8");
    let now = site.profiles.limit(EvseId(1), at("2024-02-29T12:00:00Z")).unwrap();
    assert_eq!(now.until, Some(at("2024-03-01T00:00:00Z")));
}

/// K01.FR.12.
#[test]
fn a_schedule_goes_over_the_end_of_a_month_and_of_a_year() {
    let mut site = v201(1).with(tx_default(1, &[(0, 6)]).starts(at("2025-12-31T23:59:00Z")).lasts(120));
    assert_eq!(site.amperes(1, at("2025-12-31T23:58:00Z"), 300), "0: none, 60: 6, 180: none");
    let mut site = v201(1).with(tx_default(1, &[(0, 6)]).starts(at("2026-04-30T23:59:00Z")).lasts(120));
    assert_eq!(site.amperes(1, at("2026-04-30T23:58:00Z"), 300), "0: none, 60: 6, 180: none");
}

/// 1.6 errata 3.79: an offset says when, not where; the clocks of Europe change on 2026-03-29.
#[test]
fn daily_means_utc_on_the_day_that_clocks_change() {
    let mut site = v201(1).with(tx_default(1, &[(0, 6)]).daily().starts(at("2026-01-01T08:00:00+01:00")).lasts(3_600));
    assert_eq!(site.amperes(1, at("2026-03-29T00:00:00Z"), DAY), "0: none, 25200: 6, 28800: none");
}

/// K01.FR.30.
#[test]
fn a_schedule_may_begin_in_the_last_hour_of_the_year_9999() {
    let last_hour = tx_default(1, &[(0, 6), (2_700, 8)]).daily().starts(at("9999-12-31T23:00:00Z"));
    let mut site = v201(1).with(last_hour);
    assert_eq!(site.amperes(1, at("9999-12-31T23:30:00Z"), 3_600), "0: 6, 900: 8");
    assert_eq!(site.amperes(1, noon(0), 3_600), "0: none");
    assert_eq!(site.profiles.limit(EvseId(1), noon(0)).unwrap().limit.current_a, None);
}

/// K01.FR.42: from when energy may flow, however long ago.
#[test]
fn a_relative_schedule_counts_from_a_transaction_that_began_last_week() {
    let mut site = v201(1).charging(1, noon(7 * YESTERDAY));
    site.set(tx(1, &[(0, 32), (604_800, 16), (605_400, 10)]).relative()).unwrap();
    assert_eq!(site.amperes(1, noon(0), 1_200), "0: 16, 600: 10");
}

/// K08.FR.06: as if a transaction began with the request. MicroOcpp ignores defaults then.
#[test]
fn without_a_transaction_a_relative_default_counts_from_the_request() {
    let mut site = v201(1).with(tx_default(1, &[(0, 32), (600, 10)]).relative());
    assert_eq!(site.amperes(1, noon(0), 1_200), "0: 32, 600: 10");
    assert_eq!(site.amperes(1, noon(5_000), 1_200), "0: 32, 600: 10");
}

/// K01.FR.42: a transaction may begin before energy may flow; relative schedules wait for that.
#[test]
fn a_relative_schedule_waits_until_energy_may_flow() {
    let mut site = v201(1);
    site.profiles.transaction_runs(EvseId(1), "T1".into(), None);
    let mut site = site.with(tx(1, &[(0, 32), (600, 10)]).relative());
    assert_eq!(site.amperes(1, noon(500), 1_200), "0: 32, 600: 10");
    let mut site = site.charging(1, noon(300));
    assert_eq!(site.amperes(1, noon(500), 1_200), "0: 32, 400: 10");
}

/// 1.6 §7.13: then it counts from the start of charging. Others take the time of the request.
#[test]
fn in_16_an_absolute_schedule_without_a_start_counts_from_the_start_of_charging() {
    let mut site = v16(1).charging(1, noon(-100)).with(tx(1, &[(0, 16), (300, 10)]).without_start());
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16, 200: 10");
}

/// 1.6 §7.13: a start is one of absolute schedules.
#[test]
fn in_16_the_start_of_a_relative_schedule_says_nothing() {
    let relative = tx(1, &[(0, 16), (300, 10)]).kind(ChargingProfileKind::Relative);
    let mut site = v16(1).charging(1, noon(-100)).with(relative.starts(noon(900)));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16, 200: 10");
}
