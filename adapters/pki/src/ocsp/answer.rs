//! What a responder says.

use std::time::Duration;

use der::asn1::{BitString, GeneralizedTime, Null, OctetString};
use der::{Any, Decode, Encode};
use pilotwire::DateTime;
use rcgen::{KeyPair, SigningKey};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::asn1::{
    BASIC, BasicOcspResponse, CertStatus, OcspRequest, OcspResponse, ResponderId, ResponseBytes, ResponseData,
    ResponseStatus, RevokedInfo, SingleResponse, Version,
};
use super::{bare, is_of, sha1};
use crate::certificate::Certificate;

/// How many certificates one request may ask about.
const MAX_QUESTIONS: usize = 16;

/// What an authority knows of a serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Good,
    Revoked(DateTime),
    Unknown,
}

/// Who answers.
pub(crate) struct Responder<'a> {
    /// Whose certificates are asked about.
    pub(crate) issuer: &'a Certificate,
    /// Who signs: the issuer, or one that it let do so.
    pub(crate) signer: &'a Certificate,
    pub(crate) key: &'a KeyPair,
    /// When it answers.
    pub(crate) at: DateTime,
    /// How long an answer may be used.
    pub(crate) good_for: Duration,
}

/// Answers any bytes with an answer of OCSP in DER.
pub(crate) fn answer(responder: &Responder<'_>, request: &[u8], known: impl Fn(&[u8]) -> Known) -> Vec<u8> {
    let Ok(request) = OcspRequest::from_der(request) else {
        return refusal(ResponseStatus::MalformedRequest);
    };
    let questions = request.tbs_request.request_list;
    if questions.is_empty() || questions.len() > MAX_QUESTIONS {
        return refusal(ResponseStatus::MalformedRequest);
    }
    let key = responder.issuer.key().subject_public_key.raw_bytes();
    let mut responses = Vec::new();
    for question in questions {
        let id = question.req_cert;
        if !is_of(&id, &responder.issuer.subject, key) {
            return refusal(ResponseStatus::Unauthorized);
        }
        match single(responder, known(bare(id.serial_number.as_bytes())), id) {
            Ok(single) => responses.push(single),
            Err(_) => return refusal(ResponseStatus::InternalError),
        }
    }
    sign(responder, responses).unwrap_or_else(|| refusal(ResponseStatus::InternalError))
}

fn single(responder: &Responder<'_>, known: Known, cert_id: super::CertId) -> der::Result<SingleResponse> {
    let next = responder.at.saturating_add_millis(i64::try_from(responder.good_for.as_millis()).unwrap_or(i64::MAX));
    let cert_status = match known {
        Known::Good => CertStatus::Good(Null),
        Known::Revoked(at) => CertStatus::Revoked(RevokedInfo { revocation_time: time(at)?, revocation_reason: None }),
        Known::Unknown => CertStatus::Unknown(Null),
    };
    let (this_update, next_update) = (time(responder.at)?, Some(time(next)?));
    Ok(SingleResponse { cert_id, cert_status, this_update, next_update, single_extensions: None })
}

fn sign(responder: &Responder<'_>, responses: Vec<SingleResponse>) -> Option<Vec<u8>> {
    let key = sha1(responder.signer.key().subject_public_key.raw_bytes());
    let data = ResponseData {
        version: Version::V1,
        responder_id: ResponderId::ByKey(OctetString::new(key).ok()?),
        produced_at: time(responder.at).ok()?,
        responses,
        response_extensions: None,
    };
    let data = data.to_der().ok()?;
    let is_delegate = responder.signer.der != responder.issuer.der;
    let basic = BasicOcspResponse {
        tbs_response_data: Any::from_der(&data).ok()?,
        // ecdsa-with-SHA256, which is what the keys of this package's authorities sign with
        signature_algorithm: AlgorithmIdentifierOwned {
            oid: der::asn1::ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"),
            parameters: None,
        },
        signature: BitString::from_bytes(&responder.key.sign(&data).ok()?).ok()?,
        certs: is_delegate.then(|| Any::from_der(&responder.signer.der).map(|one| vec![one])).transpose().ok()?,
    };
    let response = OctetString::new(basic.to_der().ok()?).ok()?;
    let response_bytes = Some(ResponseBytes { response_type: BASIC, response });
    OcspResponse { response_status: ResponseStatus::Successful, response_bytes }.to_der().ok()
}

/// An answer that is none has no signature (RFC 6960 §2.3).
fn refusal(status: ResponseStatus) -> Vec<u8> {
    vec![0x30, 3, 0x0a, 1, status as u8]
}

fn time(at: DateTime) -> der::Result<GeneralizedTime> {
    GeneralizedTime::from_unix_duration(Duration::from_secs(u64::try_from(at.unix_millis() / 1_000).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use pilotwire::domain::{OcspFacts, OcspStatus};
    use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer};

    use super::super::asn1::CertId;
    use super::super::{OcspError, number, read};
    use super::*;
    use crate::pem;

    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    }

    fn root() -> (CertificateParams, KeyPair, Certificate) {
        let mut params = params("Root");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = Certificate::from_der(params.self_signed(&key).unwrap().der()).unwrap();
        (params, key, certificate)
    }

    /// What a station makes of an answer about a root's certificate that a delegate with these properties signed; the
    /// delegate is the root's own, or another root's of the same name.
    fn by_delegate(is_own: bool, edit: impl FnOnce(&mut CertificateParams)) -> Result<OcspFacts, OcspError> {
        let ((own_params, own_key, own), (other_params, other_key, _)) = (root(), root());
        let (issuer_params, issuer_key) = if is_own { (&own_params, &own_key) } else { (&other_params, &other_key) };
        let station_key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&own_params, &own_key);
        let station = params("CS1").signed_by(&station_key, &issuer).unwrap();
        let station = Certificate::from_der(station.der()).unwrap();
        let mut delegate = params("OCSP");
        delegate.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
        edit(&mut delegate);
        let key = KeyPair::generate().unwrap();
        let signer = delegate.signed_by(&key, &Issuer::from_params(issuer_params, issuer_key)).unwrap();
        let signer = Certificate::from_der(signer.der()).unwrap();
        let at: DateTime = "2026-06-01T12:00:00Z".parse().unwrap();
        let good_for = Duration::from_secs(60);
        let responder = Responder { issuer: &own, signer: &signer, key: &key, at, good_for };
        let id = CertId {
            hash_algorithm: AlgorithmIdentifierOwned { oid: super::super::asn1::SHA1, parameters: None },
            issuer_name_hash: OctetString::new(sha1(&own.subject)).unwrap(),
            issuer_key_hash: OctetString::new(sha1(own.key().subject_public_key.raw_bytes())).unwrap(),
            serial_number: number(&station.serial).unwrap(),
        };
        let response = sign(&responder, vec![single(&responder, Known::Good, id).unwrap()]).unwrap();
        let chain = pem::certificate(&station.der) + &pem::certificate(&own.der);
        read(&BASE64_STANDARD.encode(response), &chain, at)
    }

    #[test]
    fn a_delegate_signs_for_its_issuer_alone_and_only_if_it_may() {
        assert_eq!(by_delegate(true, |_| {}).map(|facts| facts.status), Ok(OcspStatus::Good));
        assert_eq!(by_delegate(false, |_| {}), Err(OcspError::Signature));
        // RFC 6960 §4.2.2.2: a certificate of the same issuer for something else, such as a station's
        assert_eq!(by_delegate(true, |params| params.extended_key_usages.clear()), Err(OcspError::Signature));
        let server = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::Any];
        assert_eq!(by_delegate(true, |params| params.extended_key_usages = server), Err(OcspError::Signature));
        let expired = |params: &mut CertificateParams| params.not_after = rcgen::date_time_ymd(2026, 5, 1);
        assert_eq!(by_delegate(true, expired), Err(OcspError::Signature));
    }
}
