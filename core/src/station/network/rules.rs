//! What a way to the CSMS, a password and a security profile must be.

use pilotwire_messages::Version;
use pilotwire_messages::v2::{OcppInterface, OcppTransport, OcppVersion};

use super::super::shared::Cx;
use crate::device_model::Known;
use crate::domain::{NetworkConnectionProfile, Secret, SecurityProfile};

/// Seconds that a CALL may wait for its answer.
const TIMEOUT_S: core::ops::RangeInclusive<i32> = 1..=3_600;

/// Why something is not taken: the reason code of an answer (Part 2, appendix 5), and a text for people.
pub(super) type Why = (&'static str, &'static str);

/// Whether `to` is below `from` and must not be (B09.FR.04, A05.FR.10); A05.FR.08 and A05.FR.09 know one exception.
pub(super) fn is_downgrade(cx: &Cx<'_>, from: SecurityProfile, to: SecurityProfile) -> bool {
    let allowed = cx.variables.flag(Known::AllowSecurityProfileDowngrade);
    let step = (from, to) == (SecurityProfile::TlsClient, SecurityProfile::TlsBasic);
    to < from && !(allowed && step)
}

/// B09.FR.01, B09.FR.02, B09.FR.04.
///
/// # Errors
/// Why it is not taken.
pub(super) fn check_way(
    cx: &Cx<'_>,
    floor: Option<SecurityProfile>,
    way: &NetworkConnectionProfile,
) -> Result<SecurityProfile, Why> {
    let invalid = |text| Err(("InvalidNetworkConf", text));
    let Ok(security) = SecurityProfile::try_from(way.security_profile) else {
        return invalid("there is no such security profile");
    };
    if security == SecurityProfile::Unsecured && !cx.config.security.allow_unsecured {
        return invalid("security profile 0 is not allowed");
    }
    if floor.is_some_and(|floor| is_downgrade(cx, floor, security)) {
        return Err(("NoSecurityDowngrade", "the security profile is lower than the one in use"));
    }
    match tls_of(&way.ocpp_csms_url) {
        None => return invalid("ocppCsmsUrl is no URL of a WebSocket"),
        Some(tls) if tls != security.has_tls() => {
            return invalid("ocppCsmsUrl does not fit the security profile: wss with 2 and 3, ws with 1");
        }
        Some(_) => {}
    }
    if way.ocpp_transport != OcppTransport::JSON {
        return invalid("ocppTransport must be JSON");
    }
    if matches!(way.ocpp_interface, OcppInterface::Unlisted(_)) {
        return invalid("ocppInterface is unknown");
    }
    let is_2x = cx.config.version != Version::V16;
    if is_2x && matches!(way.ocpp_version, Some(OcppVersion::OCPP12 | OcppVersion::OCPP15 | OcppVersion::OCPP16)) {
        return invalid("ocppVersion is older than the one that set it");
    }
    if !TIMEOUT_S.contains(&way.message_timeout) {
        return invalid("messageTimeout is out of range");
    }
    // A00.FR.204: a colon would end the user name.
    if way.identity.as_ref().is_some_and(|identity| identity.is_empty() || identity.contains(':')) {
        return invalid("identity cannot be used as a user name");
    }
    Ok(security)
}

/// Whether everything is there that a way needs (A05.FR.02, A05.FR.03; 1.6: A05.FR.02–A05.FR.04).
///
/// # Errors
/// Why it cannot be used.
pub(super) fn check_means(cx: &Cx<'_>, security: SecurityProfile, password: Option<&Secret>) -> Result<(), Why> {
    if security.has_password() && !password.is_some_and(|password| password.is_password(cx.config.version)) {
        return Err(("InvalidNetworkConf", "there is no password"));
    }
    if security.has_tls() && cx.credentials.roots.is_empty() {
        return Err(("InvalidNetworkConf", "no CSMS root certificate is installed"));
    }
    if security == SecurityProfile::TlsClient && cx.credentials.client.is_none() {
        return Err(("InvalidNetworkConf", "no charging station certificate is installed"));
    }
    Ok(())
}

/// Whether a URL is one of a WebSocket over TLS; `None` if it is none of a WebSocket.
pub(super) fn tls_of(url: &str) -> Option<bool> {
    let (scheme, rest) = url.split_once("://")?;
    let tls = match scheme {
        _ if scheme.eq_ignore_ascii_case("wss") => true,
        _ if scheme.eq_ignore_ascii_case("ws") => false,
        _ => return None,
    };
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let has_host = !host.is_empty() && !host.starts_with(':');
    // A user name in it would go out beside ours; a fragment goes nowhere.
    let is_clean =
        !host.contains('@') && !url.contains('#') && !url.chars().any(|c| c.is_whitespace() || c.is_control());
    (has_host && is_clean).then_some(tls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_whether_it_is_protected() {
        assert_eq!(tls_of("wss://csms.example/ocpp"), Some(true));
        assert_eq!(tls_of("WS://127.0.0.1:9000"), Some(false));
        for bad in
            ["", "csms.example", "https://csms.example", "ws://", "ws://:80/x", "ws://a:b@c/", "ws://a b/", "ws://a/#x"]
        {
            assert_eq!(tls_of(bad), None, "{bad}");
        }
    }
}
