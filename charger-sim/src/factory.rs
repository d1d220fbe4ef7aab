//! What a charger leaves the factory with: whom it calls, and what it shows and trusts.

use pilotwire::domain::{
    CertificateFacts, ClientCertificate, CryptoResult, CryptoTask, KeyId, NetworkConnectionProfile, Secret,
    SecurityProfile,
};
use pilotwire::messages::Text;
use pilotwire::messages::v2::{OcppInterface, OcppTransport};
use pilotwire::station::{Config, NetworkSlot};
use pilotwire::{DateTime, Version};
use pilotwire_pki::{Keys, KeysError, perform};
use pilotwire_wire::{Endpoint, Password};
use rustls_pki_types::PrivatePkcs8KeyDer;

/// The name of the key from the factory; those that the charger makes are counted on from here.
const KEY: KeyId = KeyId(0);

/// The slot of the way from the factory.
const SLOT: i32 = 1;

/// Slots for the CSMS to fill (SetNetworkProfile).
const FREE_SLOTS: [i32; 2] = [2, 3];

/// How long a CALL may wait for its answer, in seconds of real time.
const MESSAGE_TIMEOUT_S: u32 = 30;

/// The longest such time that a way may have, in seconds of the charger's time.
const LONGEST_TIMEOUT_S: u32 = 3_600;

/// What a charger leaves the factory with.
#[derive(Debug)]
pub struct Factory {
    /// The CSMS.
    pub endpoint: Endpoint,
    /// How long a CALL may wait for its answer, in seconds of the charger's time; [`message_timeout_s`] is a good choice.
    pub message_timeout_s: i32,
    /// How the way there is protected.
    pub profile: SecurityProfile,
    /// The password of profiles 1 and 2.
    pub password: Option<Password>,
    /// What the CSMS's certificate has to lead to, in PEM: of profiles 2 and 3.
    pub roots: Vec<String>,
    /// The certificate of profile 3 with those above it in PEM, and its key.
    pub own: Option<(String, PrivatePkcs8KeyDer<'static>)>,
}

/// A network does not become faster with the charger's clock.
pub fn message_timeout_s(speed: u32) -> i32 {
    let seconds = MESSAGE_TIMEOUT_S.saturating_mul(speed).min(LONGEST_TIMEOUT_S);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

/// What is given does not fit. The caller's fault.
#[derive(Debug, thiserror::Error)]
pub enum FactoryError {
    /// The password of 1.6 breaks the rules (whitepaper, §7.2).
    #[error("a password of 1.6 has 16 to 20 bytes, or twice as many hexadecimal digits")]
    Key,
    /// The password breaks the rules (A00.FR.205).
    #[error("a password of 2.0.1 has 16 to 40 letters, digits or characters of *-_=:+|@.")]
    Password,
    /// A certificate cannot be used.
    #[error("{0}")]
    Certificate(Text),
    /// The station's certificate is for another key.
    #[error("the private key is not that of the certificate")]
    OtherKey,
    /// A key cannot be kept.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl Factory {
    /// Fits a charger with it. Unless nothing protects the way, it takes certificates from the CSMS, and renews its own before
    /// it expires. `serial_number` stands in that unless the charger has one already (A00.FR.511).
    ///
    /// # Errors
    /// What does not fit.
    pub fn fit(self, config: &mut Config, keys: &mut Keys, serial_number: &str) -> Result<(), FactoryError> {
        let way = NetworkConnectionProfile::new(
            OcppInterface::Wired0,
            OcppTransport::JSON,
            self.message_timeout_s,
            self.endpoint.to_string(),
            i32::from(self.profile),
        );
        let password = self.password.as_ref().map(|password| secret(password, config.version)).transpose()?;
        config.network = vec![NetworkSlot::new(SLOT, way, password)];
        config.network.extend(FREE_SLOTS.map(NetworkSlot::free));
        config.security.allow_unsecured = self.profile == SecurityProfile::Unsecured;
        if self.profile == SecurityProfile::Unsecured {
            return Ok(());
        }
        // A04.FR.01: a CSMS that knows security profiles knows the messages about them, in 1.6 too.
        config.security.device_events = true;
        // With profile 1 it takes roots already: without one it could never go on to profile 2 (A05.FR.02).
        config.certificates.enabled = true;
        config.identity.serial_number.get_or_insert_with(|| serial_number.into());
        for root in self.roots {
            examine(keys, &root, None)?;
            config.security.roots.push(root.into());
        }
        let Some((chain, key)) = self.own else { return Ok(()) };
        keys.put(KEY, key)?;
        let own = examine(keys, &chain, Some(KEY))?;
        config.certificates.organization = own.organization.unwrap_or_default();
        config.security.client = Some(ClientCertificate { key: KEY, chain: chain.into() });
        Ok(())
    }
}

/// What the first certificate says.
fn examine(keys: &mut Keys, chain: &str, key: Option<KeyId>) -> Result<CertificateFacts, FactoryError> {
    let task = CryptoTask::Examine { chain: chain.into(), key, roots: Vec::new(), at: DateTime::UNIX_EPOCH };
    match perform(keys, &task) {
        Some(CryptoResult::Examined(facts)) if key.is_some() && !facts.fits_key => Err(FactoryError::OtherKey),
        Some(CryptoResult::Examined(facts)) => {
            let first = facts.certificates.into_iter().next();
            first.ok_or_else(|| FactoryError::Certificate("there is no certificate in it".into()))
        }
        Some(CryptoResult::Failed { why }) => Err(FactoryError::Certificate(why)),
        _ => Err(FactoryError::Certificate("it cannot be read".into())),
    }
}

/// The password as a station keeps it; whoever has it in that writing already may give that.
fn secret(password: &Password, version: Version) -> Result<Secret, FactoryError> {
    let written = str::from_utf8(password.reveal()).map(Secret::new).ok();
    let written = written.filter(|secret| secret.is_password(version));
    let error = if version == Version::V16 { FactoryError::Key } else { FactoryError::Password };
    written.or_else(|| Secret::of_password(password.reveal(), version)).ok_or(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(password: &str, version: Version) -> Option<String> {
        secret(&Password::new(password), version).ok().map(|secret| secret.reveal().to_owned())
    }

    #[test]
    fn a_password_is_kept_as_the_version_writes_it() {
        let text = "correct-horse-bat";
        assert_eq!(kept(text, Version::V201).as_deref(), Some(text));
        assert_eq!(kept(text, Version::V16).as_deref(), Some("636f72726563742d686f7273652d626174"));
        let digits = "00112233445566778899aabbccddeeff";
        assert_eq!(kept(digits, Version::V16).as_deref(), Some(digits));
        for weak in ["", "short", "a password with spaces"] {
            assert_eq!(kept(weak, Version::V201), None, "{weak}");
        }
        assert_eq!(kept("correct-horse-battery", Version::V16), None);
    }
}
