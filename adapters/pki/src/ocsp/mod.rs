//! The status of certificates (OCSP, RFC 6960): what to ask, and what an answer says.
//!
//! The question is bytes for an HTTP POST of `application/ocsp-request`; sending them to
//! [`responder_url`](OCSPRequestData::responder_url) is the host's deed, and so is the judgement whether to follow an address
//! that a station sent.

pub(crate) mod answer;
mod asn1;

use asn1::{
    BASIC, BasicOcspResponse, CertId, CertStatus, OcspRequest, OcspResponse, Request, ResponderId, ResponseData,
    ResponseStatus, SHA1, SHA256, SHA384, SHA512, SingleResponse, TbsRequest, Version,
};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use der::asn1::{GeneralizedTime, Int, ObjectIdentifier, OctetString};
use der::{Decode, Encode};
use pilotwire::DateTime;
use pilotwire::domain::{OcspFacts, OcspStatus};
use pilotwire::messages::v2::{HashAlgorithm, OCSPRequestData};
use ring::digest;
use x509_cert::ext::Extensions;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::certificate::{Certificate, bare, hash, serial_bytes, unhex};
use crate::chain;
use crate::pem::{ChainError, MAX_CERTIFICATES};
use crate::seal;

/// How long an answer may be, in bytes of Base64. OCPP 2.x allows 5,500 characters (2.1: 18,000) in a message.
pub const MAX_RESPONSE_BYTES: usize = 65_536;

/// How far the clocks of a station and of a responder may be apart, in milliseconds.
const SKEW_MS: i64 = 300_000;

/// How old an answer may be that does not say when there will be a newer one, in milliseconds: a week (M06.FR.10).
const WEEK_MS: i64 = 604_800_000;

/// Why there is no question. The fault of whoever made the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The hash algorithm is not one of OCPP's.
    #[error("the hash algorithm must be SHA256, SHA384 or SHA512")]
    Algorithm,
    /// A hash is no hexadecimal text of its algorithm's length.
    #[error("{0} must be the hexadecimal text of a hash of that algorithm")]
    Hash(&'static str),
    /// The serial number is no hexadecimal text of 1 to 40 digits.
    #[error("serialNumber must be 1 to 40 hexadecimal digits")]
    Serial,
}

/// Why an answer says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OcspError {
    /// The certificates that it should be about cannot be read. The caller's fault.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The certificate's issuer is not behind it. The caller's fault: nobody else can vouch for the answer.
    #[error("the issuer of the certificate is missing behind it")]
    NoIssuer,
    /// It is longer than [`MAX_RESPONSE_BYTES`]. The responder's fault.
    #[error("an answer of {0} bytes, more than {MAX_RESPONSE_BYTES}")]
    TooLong(usize),
    /// It is no Base64 or no answer of OCSP. The fault of the responder or of who passed it on.
    #[error("the answer cannot be read: {0}")]
    Unreadable(String),
    /// The responder did not want to, or could not, answer.
    #[error("the responder gave no answer: {0}")]
    Refused(&'static str),
    /// It is about other certificates. The responder's fault.
    #[error("the answer is not about this certificate")]
    Other,
    /// It is not signed by the issuer, nor by somebody whom the issuer let sign answers (RFC 6960 §4.2.2.2).
    #[error("the answer is not signed by the issuer, nor for it")]
    Signature,
    /// It is from the future, or too old. It may have been good once.
    #[error("the answer is of {this_update} and good until {until}, not now")]
    Stale {
        /// When it was known to be right.
        this_update: DateTime,
        /// Until when it may be used.
        until: DateTime,
    },
    /// It has a critical extension that nobody here understands. The responder's fault.
    #[error("the answer has a critical extension that is not understood")]
    Extension,
}

/// The question about a certificate, in DER.
///
/// It has no nonce, so that a responder can answer from its cache (RFC 5019); whether an answer is fresh is told by its times.
///
/// # Errors
/// What is wrong with `data`.
pub fn request(data: &OCSPRequestData) -> Result<Vec<u8>, RequestError> {
    let (algorithm, length) = match data.hash_algorithm {
        HashAlgorithm::SHA256 => (SHA256, 32),
        HashAlgorithm::SHA384 => (SHA384, 48),
        HashAlgorithm::SHA512 => (SHA512, 64),
        HashAlgorithm::Unlisted(_) => return Err(RequestError::Algorithm),
    };
    let hash = |name, text: &str| {
        let bytes = unhex(text).filter(|bytes| bytes.len() == length).ok_or(RequestError::Hash(name))?;
        OctetString::new(bytes).map_err(|_| RequestError::Hash(name))
    };
    let digits = &data.serial_number;
    let is_short = (1..=40).contains(&digits.len());
    let serial =
        serial_bytes(digits).filter(|_| is_short).and_then(|serial| number(&serial)).ok_or(RequestError::Serial)?;
    let req_cert = CertId {
        hash_algorithm: AlgorithmIdentifierOwned { oid: algorithm, parameters: Some(der::asn1::Null.into()) },
        issuer_name_hash: hash("issuerNameHash", &data.issuer_name_hash)?,
        issuer_key_hash: hash("issuerKeyHash", &data.issuer_key_hash)?,
        serial_number: serial,
    };
    let tbs_request = TbsRequest {
        version: Version::V1,
        requestor_name: None,
        request_list: vec![Request { req_cert, single_request_extensions: None }],
        request_extensions: None,
    };
    OcspRequest { tbs_request, optional_signature: None }.to_der().map_err(|_| RequestError::Serial)
}

/// Reads an answer in DER and Base64, checks that it is about the first certificate of `chain`, signed for the issuer behind
/// it, and that it may be used at this moment.
///
/// # Errors
/// Why it says nothing.
pub fn read(response: &str, chain: &str, at: DateTime) -> Result<OcspFacts, OcspError> {
    let certificates = chain::read(chain)?;
    let issuer = certificates.get(1).unwrap_or(&certificates[0]);
    if !certificates[0].is_issued_by(issuer) {
        return Err(OcspError::NoIssuer);
    }
    if response.len() > MAX_RESPONSE_BYTES {
        return Err(OcspError::TooLong(response.len()));
    }
    let der = BASE64_STANDARD.decode(response.trim_ascii()).map_err(|e| OcspError::Unreadable(e.to_string()))?;
    let basic = unwrap(&der)?;
    check_seal(&basic, issuer, at)?;
    let data: ResponseData = basic.tbs_response_data.decode_as().map_err(unreadable)?;
    let single = data.responses.iter().find(|single| is_about(&single.cert_id, &certificates[0], issuer));
    let single = single.ok_or(OcspError::Other)?;
    if is_strange(data.response_extensions.as_ref()) || is_strange(single.single_extensions.as_ref()) {
        return Err(OcspError::Extension);
    }
    let next_update = check_freshness(single, at)?;
    let status = match single.cert_status {
        CertStatus::Good(_) => OcspStatus::Good,
        CertStatus::Revoked(_) => OcspStatus::Revoked,
        CertStatus::Unknown(_) => OcspStatus::Unknown,
    };
    Ok(OcspFacts { status, next_update })
}

fn unreadable(error: der::Error) -> OcspError {
    OcspError::Unreadable(error.to_string())
}

fn unwrap(der: &[u8]) -> Result<BasicOcspResponse, OcspError> {
    let response = OcspResponse::from_der(der).map_err(unreadable)?;
    let why = match response.response_status {
        ResponseStatus::Successful => None,
        ResponseStatus::MalformedRequest => Some("it could not read the request"),
        ResponseStatus::InternalError => Some("it failed"),
        ResponseStatus::TryLater => Some("it asks to try later"),
        ResponseStatus::SigRequired => Some("it wants signed requests"),
        ResponseStatus::Unauthorized => Some("it does not answer us, or not about this certificate"),
    };
    match (why, response.response_bytes) {
        (Some(why), _) => Err(OcspError::Refused(why)),
        (None, Some(bytes)) if bytes.response_type == BASIC => {
            BasicOcspResponse::from_der(bytes.response.as_bytes()).map_err(unreadable)
        }
        (None, _) => Err(OcspError::Unreadable("it is not of the basic kind".into())),
    }
}

/// Who may sign (RFC 6960 §4.2.2.2): the issuer, or somebody whose certificate it signed directly for this purpose.
fn check_seal(basic: &BasicOcspResponse, issuer: &Certificate, at: DateTime) -> Result<(), OcspError> {
    let data: ResponseData = basic.tbs_response_data.decode_as().map_err(unreadable)?;
    let signed = basic.tbs_response_data.to_der().map_err(unreadable)?;
    let sealed_by = |signer: &Certificate| {
        is_responder(&data.responder_id, signer)
            && seal::check(signer.key(), &basic.signature_algorithm, &signed, &basic.signature).is_ok()
    };
    if sealed_by(issuer) {
        return Ok(());
    }
    let sent = basic.certs.iter().flatten().take(MAX_CERTIFICATES);
    let delegates = sent.filter_map(|any| any.to_der().ok().and_then(|der| Certificate::from_der(&der).ok()));
    let may_sign =
        |one: &Certificate| one.signs_ocsp && one.strange.is_none() && one.is_valid_at(at) && one.is_issued_by(issuer);
    let is_delegated = delegates.into_iter().any(|one| sealed_by(&one) && may_sign(&one));
    if is_delegated { Ok(()) } else { Err(OcspError::Signature) }
}

fn is_responder(id: &ResponderId, certificate: &Certificate) -> bool {
    match id {
        ResponderId::ByName(name) => name.to_der().is_ok_and(|name| name == certificate.subject),
        ResponderId::ByKey(key) => key.as_bytes() == sha1(certificate.key().subject_public_key.raw_bytes()),
    }
}

/// RFC 6960 §3.2: not from the future, and there is nothing newer yet.
fn check_freshness(single: &SingleResponse, at: DateTime) -> Result<Option<DateTime>, OcspError> {
    let this_update = time(&single.this_update);
    let next_update = single.next_update.as_ref().map(time);
    let until = next_update.unwrap_or_else(|| this_update.saturating_add_millis(WEEK_MS));
    let is_fresh = this_update <= at.saturating_add_millis(SKEW_MS) && at <= until.saturating_add_millis(SKEW_MS);
    if is_fresh { Ok(next_update) } else { Err(OcspError::Stale { this_update, until }) }
}

fn time(time: &GeneralizedTime) -> DateTime {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    DateTime::from_unix_millis(seconds.saturating_mul(1_000))
}

fn is_strange(extensions: Option<&Extensions>) -> bool {
    extensions.is_some_and(|extensions| extensions.iter().any(|extension| extension.critical))
}

fn is_about(id: &CertId, certificate: &Certificate, issuer: &Certificate) -> bool {
    let key = issuer.key().subject_public_key.raw_bytes();
    bare(id.serial_number.as_bytes()) == certificate.serial && is_of(id, &certificate.issuer, key)
}

/// Whether it names somebody's certificate whose issuer has this name and this key. SHA-1 is good enough for a name.
fn is_of(id: &CertId, name: &[u8], key: &[u8]) -> bool {
    let named = hash_by(id.hash_algorithm.oid, name).zip(hash_by(id.hash_algorithm.oid, key));
    named.is_some_and(|(name, key)| id.issuer_name_hash.as_bytes() == name && id.issuer_key_hash.as_bytes() == key)
}

fn hash_by(algorithm: ObjectIdentifier, bytes: &[u8]) -> Option<Vec<u8>> {
    match algorithm {
        SHA1 => Some(sha1(bytes)),
        SHA256 => Some(hash(&HashAlgorithm::SHA256, bytes)),
        SHA384 => Some(hash(&HashAlgorithm::SHA384, bytes)),
        SHA512 => Some(hash(&HashAlgorithm::SHA512, bytes)),
        _ => None,
    }
}

fn sha1(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec()
}

/// A number that is not negative, from its bytes.
fn number(bytes: &[u8]) -> Option<Int> {
    let bare = bare(bytes);
    let sign = bare.first().is_none_or(|first| first & 0x80 != 0).then_some(0);
    Int::new(&sign.into_iter().chain(bare.iter().copied()).collect::<Vec<u8>>()).ok()
}
