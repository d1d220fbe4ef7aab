//! The charging profiles that this CSMS has in the station (K01, K05, K09, K10): kept, compared with what the station reports,
//! and held against what vehicles plan (K15.FR.11).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use pilotwire_messages::{DateTime, Version};
use serde::{Deserialize, Serialize};

use super::api::{Outcome, Output, ProfileDifferences};
use super::commands::Operation;
use super::order::Order;
use super::{Csms, Out};
use crate::Action;
use crate::charging::{Profiles, Rules, Supply};
use crate::dialect;
use crate::domain::{
    ChargingLimitSource, ChargingProfile, ChargingProfilePurpose, Command, EvSchedule, EvseId, IdToken,
    ProfileCriteria, ProfilesReport, Reply, TransactionEvent, TransactionStage,
};

/// The prefix of the records of profiles.
pub(super) const PREFIX: &str = "profile/";
/// Requests for reports whose parts are awaited at once.
const REPORTS: usize = 4;
/// Remote starts with a profile whose transaction is awaited.
const STARTS: usize = 4;

/// A profile that the station took; also its durable record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    evse: EvseId,
    profile: ChargingProfile,
}

/// What is in the station, as far as it told.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    kept: Vec<Kept>,
    reports: Vec<Awaited>,
    starts: Vec<(IdToken, ChargingProfile)>,
}

/// A report on its way.
#[derive(Clone, Debug)]
struct Awaited {
    request_id: i32,
    criteria: ProfileCriteria,
    heard: Vec<Kept>,
}

impl Book {
    /// `false` if the record cannot be read.
    pub(super) fn restore(&mut self, value: &str) -> bool {
        let kept = serde_json::from_str::<Kept>(value);
        let is_read = kept.is_ok();
        self.kept.extend(kept);
        is_read
    }

    /// The record of a profile; `None` if it is gone.
    pub(super) fn record(&self, key: &str) -> Option<String> {
        let id: i32 = key.strip_prefix(PREFIX)?.parse().ok()?;
        self.kept.iter().find(|kept| kept.profile.id == id).map(pilotwire_messages::encode)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (EvseId, &ChargingProfile)> {
        self.kept.iter().map(|kept| (kept.evse, &kept.profile))
    }
}

/// Both editions' names: raw calls are in the words of the wire.
fn concerns_profiles(action: &str) -> bool {
    action.contains("ChargingProfile") || action.ends_with("StartTransaction")
}

fn key(id: i32) -> String {
    format!("{PREFIX}{id}")
}

impl Csms {
    /// The profiles that this CSMS set in the station, as far as it told.
    pub fn profiles(&self) -> impl Iterator<Item = (EvseId, &ChargingProfile)> {
        self.book.iter()
    }

    /// The station replied: what that means for its profiles. Raw calls mean what commands do.
    pub(super) fn on_profile_reply(
        &mut self,
        operation: &Operation,
        outcome: &Outcome,
        version: Version,
        out: &mut Out,
    ) {
        let (command, reply) = match (&operation.order, outcome) {
            (Order::Command(command), Outcome::Reply(reply)) => (command.as_ref().clone(), reply.clone()),
            (Order::Raw { action, payload }, Outcome::Payload(answer)) if concerns_profiles(action) => {
                let Ok(command) = dialect::read_command(version, action, payload.as_str()) else { return };
                let Ok(reply) = dialect::read_reply(version, &command, answer.as_str()) else { return };
                (command, reply)
            }
            _ => return,
        };
        match (command, reply) {
            (Command::SetChargingProfile { evse, profile }, Reply::SetChargingProfile { accepted: true, .. }) => {
                self.keep_profile(Kept { evse, profile: *profile }, version, out);
            }
            (Command::ClearChargingProfile(criteria), Reply::ClearChargingProfile { .. }) => {
                // What is unknown there is not there.
                self.forget_profiles(|kept| criteria.matches(kept.evse, &ChargingLimitSource::CSO, &kept.profile), out);
            }
            (
                Command::RequestStart { token, profile: Some(profile), .. },
                Reply::RequestStart { accepted: true, .. },
            ) => {
                self.book.starts.retain(|(known, _)| *known != token);
                if self.book.starts.len() == STARTS {
                    self.book.starts.remove(0);
                }
                self.book.starts.push((token, *profile));
            }
            (Command::GetChargingProfiles { request_id, criteria }, Reply::GetChargingProfiles { any }) => {
                self.await_report(request_id, criteria, any, out);
            }
            _ => {}
        }
    }

    fn keep_profile(&mut self, kept: Kept, version: Version, out: &mut Out) {
        let by_level = dialect::charging_edition(version).same_level_replaces;
        let (id, level) = (kept.profile.id, kept.profile.stack_level);
        let purpose = kept.profile.charging_profile_purpose.clone();
        let is_replaced = |other: &Kept| {
            let same_place = other.evse == kept.evse && other.profile.stack_level == level;
            let same_level = by_level && same_place && other.profile.charging_profile_purpose == purpose;
            other.profile.id == id || same_level
        };
        self.forget_profiles(is_replaced, out);
        let most = self.config.limits.profiles;
        if self.book.kept.len() >= most {
            return self.limit_hit(&format!("profile {id} is not remembered: {most} are already"), out);
        }
        self.book.kept.push(kept);
        self.persist(key(id), out);
    }

    fn forget_profiles(&mut self, goes: impl Fn(&Kept) -> bool, out: &mut Out) {
        let gone: Vec<i32> = self.book.kept.iter().filter(|kept| goes(kept)).map(|kept| kept.profile.id).collect();
        self.book.kept.retain(|kept| !goes(kept));
        for id in gone {
            self.persist(key(id), out);
        }
    }

    fn await_report(&mut self, request_id: i32, criteria: ProfileCriteria, any: bool, out: &mut Out) {
        self.book.reports.retain(|report| report.request_id != request_id);
        let awaited = Awaited { request_id, criteria, heard: Vec::new() };
        if !any {
            return self.compare(awaited, out);
        }
        if self.book.reports.len() == REPORTS {
            self.book.reports.remove(0);
            self.limit_hit("too many reports of profiles are awaited: one is not compared", out);
        }
        self.book.reports.push(awaited);
    }

    /// A part of a report came (K09).
    pub(super) fn on_profiles_reported(&mut self, report: &ProfilesReport, out: &mut Out) {
        let Some(at) = self.book.reports.iter().position(|known| known.request_id == report.request_id) else {
            return;
        };
        let most = self.config.limits.profiles;
        let awaited = &mut self.book.reports[at];
        if report.source == ChargingLimitSource::CSO {
            let heard = report.profiles.iter().map(|profile| Kept { evse: report.evse, profile: profile.clone() });
            awaited.heard.extend(heard);
        }
        let too_much = awaited.heard.len() > most;
        if too_much || !report.to_be_continued {
            let awaited = self.book.reports.remove(at);
            if too_much {
                return self.limit_hit(&format!("a report of more than {most} profiles is not compared"), out);
            }
            self.compare(awaited, out);
        }
    }

    /// The station is right about what it has: differences are told, and what it said is kept.
    fn compare(&mut self, awaited: Awaited, out: &mut Out) {
        let Awaited { request_id, criteria, heard } = awaited;
        let is_meant = |kept: &Kept| criteria.matches(kept.evse, &ChargingLimitSource::CSO, &kept.profile);
        let mut differences = ProfileDifferences { request_id, ..ProfileDifferences::default() };
        for kept in self.book.kept.iter().filter(|kept| is_meant(kept)) {
            match heard.iter().find(|heard| heard.profile.id == kept.profile.id) {
                None => differences.missing.push(kept.profile.id),
                Some(heard) if heard != kept => differences.changed.push(kept.profile.id),
                Some(_) => {}
            }
        }
        let knows = |id: i32| self.book.kept.iter().any(|kept| kept.profile.id == id);
        let unknown = heard.iter().map(|heard| heard.profile.id).filter(|id| !knows(*id));
        differences.unexpected.extend(unknown);
        let gone = differences.missing.clone();
        self.forget_profiles(|kept| gone.contains(&kept.profile.id), out);
        let news = differences.changed.iter().chain(&differences.unexpected);
        let news: Vec<Kept> =
            heard.iter().filter(|heard| news.clone().any(|id| *id == heard.profile.id)).cloned().collect();
        for kept in news {
            // 2.x alone reports; it replaces by ids.
            self.keep_profile(kept, Version::V201, out);
        }
        out.push(Action::Output(Output::ProfilesCompared(differences)));
    }

    /// What an event of a transaction means for profiles: a remote start's gets its place, and all end with it.
    pub(super) fn on_profile_transaction(&mut self, event: &TransactionEvent, out: &mut Out) {
        if let (Some(token), Some(evse)) = (&event.id_token, event.evse)
            && let Some(at) = self.book.starts.iter().position(|(meant, _)| meant.id_token == token.id_token)
        {
            let (_, mut profile) = self.book.starts.remove(at);
            profile.transaction_id = Some(event.transaction.clone());
            let version = self.link.version().unwrap_or(Version::V201);
            self.keep_profile(Kept { evse, profile }, version, out);
        }
        if event.stage == TransactionStage::Ended {
            let ended = |kept: &Kept| {
                let named = kept.profile.transaction_id.as_ref();
                kept.profile.charging_profile_purpose == ChargingProfilePurpose::TxProfile
                    && named.map_or(Some(kept.evse) == event.evse, |named| *named == event.transaction)
            };
            self.forget_profiles(ended, out);
        }
    }

    /// K15.FR.11, K15.FR.12: whether a vehicle's plan keeps the limits that were set for it.
    pub(super) fn keeps_limits(&self, plan: &EvSchedule) -> bool {
        let start = plan.schedule.start_schedule.unwrap_or(plan.time_base);
        self.profiles_of(plan.evse, start).keeps_limits(EvseId(1), plan)
    }

    /// What is kept for an EVSE, as the only one of a station.
    fn profiles_of(&self, evse: EvseId, charging: DateTime) -> Profiles {
        let rules = Rules { max_stack_level: i32::MAX, max_profiles: usize::MAX, ..Rules::of(Version::V21) };
        let mut profiles = Profiles::new(rules, Supply::default(), 1);
        let here = self.book.kept.iter().filter(|kept| kept.evse == evse || kept.evse == EvseId(0));
        let transaction = here.clone().find_map(|kept| kept.profile.transaction_id.clone());
        profiles.transaction_runs(EvseId(1), transaction.unwrap_or_default(), Some(charging));
        for kept in here {
            let place = EvseId(i32::from(kept.evse != EvseId(0)));
            // What the station took and this engine would not is left out.
            let _ = profiles.set(place, kept.profile.clone(), charging);
        }
        profiles
    }
}
