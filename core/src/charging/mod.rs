//! Smart charging (block K; 1.6 §3.13): profiles, the schedule that they compose, and the limit now. Pure functions of what
//! is installed and of the time that is asked for.
//!
//! ```
//! use pilotwire::charging::{Profiles, Query, RateUnit, Rules, Supply};
//! use pilotwire::domain::EvseId;
//! use pilotwire::messages::v2::SetChargingProfileRequest;
//! use pilotwire::Version;
//!
//! let request: SetChargingProfileRequest = pilotwire::messages::decode(
//!     r#"{"evseId":0,"chargingProfile":{"id":1,"stackLevel":0,"chargingProfilePurpose":"TxDefaultProfile",
//!         "chargingProfileKind":"Recurring","recurrencyKind":"Daily","chargingSchedule":[{"id":1,
//!         "startSchedule":"2026-01-01T00:00:00Z","chargingRateUnit":"A","chargingSchedulePeriod":[
//!         {"startPeriod":0,"limit":32},{"startPeriod":28800,"limit":16}]}]}}"#,
//!     Version::V201,
//! )?;
//! let mut profiles = Profiles::new(Rules::of(Version::V201), Supply::default(), 1);
//! let now = "2026-03-01T07:00:00Z".parse()?;
//! profiles.set(EvseId(0), request.charging_profile, now)?;
//!
//! let day = profiles.composite(&Query::new(EvseId(1), now, 86_400, RateUnit::A)).ok_or("no such EVSE")?;
//! assert_eq!(day.periods.iter().map(|period| period.start_s).collect::<Vec<_>>(), [0, 3_600, 61_200]);
//! let limit = profiles.limit(EvseId(1), now).ok_or("no such EVSE")?;
//! assert_eq!(limit.until, Some("2026-03-01T08:00:00Z".parse()?));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # How doubtful cases are decided
//!
//! Sections of Part 2 are counted as in 2.0.1, where 2.1 is not named.
//!
//! **Which profile leads.** Of a purpose the one with the highest stack level that has a period *now* (Part 2 §3.5; 1.6
//! §3.13.2 with errata 3.43): outside of its validity, its duration, or before its first period, a profile is not there. The
//! text counts a profile of EVSE 0 with those of each EVSE; of equal levels, which 1.6 allows for TxDefaultProfiles, the
//! EVSE's own replaces the station's, even while it has no period (1.6 §3.13.1, which we take level by level).
//!
//! **TxProfile over TxDefaultProfile.** In 2.x while it has a period, then the default returns (K02.FR.08, TC_K_41_CS). In 1.6
//! for the whole transaction, even where it says nothing (§3.13.1, TC_066_CS). Both are [`Edition`]'s to say.
//! PriorityCharging goes over both, once it is switched on (K21.FR.04).
//!
//! **Purposes together.** The lowest limit of all, and the lowest number of phases of all, each by itself (§3.5, §3.7 with
//! errata 2.36, K01.FR.140). Constraints of external systems all hold, for the station and for an EVSE, of one system and of
//! another, whatever their levels: K11.FR.01 and K12.FR.01 let none be exceeded. Levels rank those of one system and place.
//! LocalGeneration is added on top of everything but the hardware's rating (K08.FR.04 of 2.1), that of the station and that
//! of the EVSE both, on no phase more than is generated there; where nothing limits, it does not either.
//!
//! **Single phases** (2.1). Their limits are merged phase by phase (K08.FR.09). Where one number is to be told, [`Limit`] has
//! the least amperes of a phase and the watts of all together; the station as a whole sees the most amperes of a phase.
//!
//! **No profile.** There is no limit then (1.6 §5.16.4 with errata 3.43, K06.FR.02), and the answer says so instead of
//! naming a number. A number is filled in only if the query brings one. `minChargingRate` is a hint and raises nothing
//! (K01.FR.21).
//!
//! **No transaction.** As if one began now, with the TxDefaultProfile (K08.FR.06). TxProfiles do not count without the
//! transaction that they are for (K01.FR.09), and end with it (K02.FR.05).
//!
//! **Where schedules begin.** An absolute one at its start, never before (K01.FR.30); a recurring one there and then every
//! 24 hours or seven days of UTC (1.6 errata 3.79), not before its start either, and never longer than a cycle (errata 3.44);
//! a relative one when energy may flow (K01.FR.42), or with its coming if it is for no transaction. In 1.6 a start may be
//! missing: then it is relative (§7.13). `recurrencyKind` says nothing unless the kind is Recurring. A first period that
//! does not begin at 0 is against K01.FR.31, but means something: nothing holds before it.
//!
//! **Seconds.** Schedules count in whole ones. Fractions of a second are cut off starts, and `validTo` is taken to the end of
//! its second, so that a limit never ends early. `validFrom` belongs to the validity, `validTo` does not (K01.FR.36,
//! K01.FR.37). A window contains its first second and not its last; of duration 0 it asks for its first moment alone.
//!
//! **Units.** I = P / (V · phases), with the nominal voltage and the phases of the very period, three if it names none
//! (K01.FR.49, K01.FR.50; 1.6 §7.12 with errata 3.69). Each limit is converted before the lowest is taken. What was converted is
//! cut to one digit after the point, as the messages want it; what was not stays as it came, to a thousandth.
//! [`Limit`] tells amperes *and* watts, and both hold: profiles that name different phases mean more than one number can.
//!
//! **The station as a whole.** The sum of what each EVSE may take, then the station's own limits (K08.FR.03, 1.6 §5.7). An EVSE
//! without a limit makes the sum unlimited, unless ratings are asked for. One EVSE alone may take all that the station may;
//! that several together do not take more is for [`share`] (K04.FR.05).
//!
//! **Several schedules.** A vehicle chooses among up to three (K15). Each is composed with its equals of other levels, and
//! with profiles that have only one (K15.FR.22); the query names the choice.
//!
//! **Not supported** and refused with the reason that the clauses name: useLocalTime, randomizedDelay, limitAtSoC, evseSleep
//! (K01.FR.123 to K01.FR.126), and maxOfflineDuration.

mod compile;
mod composite;
mod keys;
mod layers;
mod limit;
mod more;
mod now;
mod order;
mod payload;
mod purpose;
mod query;
mod rating;
mod rules;
mod share;
mod slot;
mod store;
mod sweep;
mod track;
mod units;

pub use composite::{Composite, CompositePeriod, exceeds};
pub use limit::{Limit, Now};
pub use payload::read_profile;
pub use query::Query;
pub use rating::Rating;
pub use rules::{Edition, Reason, Refusal, Rules};
pub use share::{Claim, share};
pub use slot::Installed;
pub use store::Profiles;
pub use units::{MAX_RATE, RateUnit, Supply};
