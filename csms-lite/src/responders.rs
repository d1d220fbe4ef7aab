//! OCSP responders, which are asked for the status of certificates in the name of stations (M06).

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pilotwire::domain::OCSPRequestData;
use pilotwire::messages::Text;
use pilotwire_pki::ocsp::{self, MAX_RESPONSE_BYTES, RequestError};
use ureq::Agent;

/// How long a responder may take, in real time. Its station waits meanwhile.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that a station can be told, in characters (GetCertificateStatus, `ocspResult`).
const MAX_RESULT: usize = 5_500;

/// Those that may be asked. Whom a station names is a peer's word: nobody else is called (S-15).
#[derive(Debug)]
pub(crate) struct Responders {
    allowed: Vec<String>,
    agent: Agent,
}

/// Why a responder says nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    #[error("{0:?} is none of the responders that may be asked; --ocsp-responder names them")]
    NotAllowed(Text),
    #[error("the question cannot be asked: {0}")]
    Question(#[from] RequestError),
    #[error("the responder cannot be asked: {0}")]
    Responder(#[from] ureq::Error),
    #[error("the answer has {0} characters, and a station can be told {MAX_RESULT}")]
    TooLong(usize),
    #[error("the question came to no end")]
    Broken(#[from] tokio::task::JoinError),
}

impl Responders {
    /// These alone, by the beginning of their URLs.
    pub(crate) fn new(allowed: Vec<String>) -> Self {
        let config = Agent::config_builder().timeout_global(Some(PATIENCE)).max_redirects(0).build();
        Self { allowed, agent: config.into() }
    }

    pub(crate) fn is_any(&self) -> bool {
        !self.allowed.is_empty()
    }

    fn allows(&self, url: &str) -> bool {
        let begins = |allowed: &String| {
            let rest = url.strip_prefix(allowed.as_str());
            // What goes on behind it is a path, and not the rest of another host's name.
            rest.is_some_and(|rest| rest.is_empty() || allowed.ends_with('/') || rest.starts_with(['/', '?']))
        };
        self.allowed.iter().any(begins)
    }

    /// What the responder said, in DER and Base64.
    ///
    /// # Errors
    /// It said nothing that could be passed on.
    pub(crate) async fn ask(&self, about: &OCSPRequestData) -> Result<Text, NoAnswer> {
        let url = &about.responder_url;
        if !self.allows(url) {
            return Err(NoAnswer::NotAllowed(url.clone()));
        }
        let (agent, url, question) = (self.agent.clone(), url.to_string(), ocsp::request(about)?);
        let asked = move || {
            let request = agent.post(&url).header("Content-Type", "application/ocsp-request");
            let mut answer = request.send(question.as_slice())?;
            answer.body_mut().with_config().limit(MAX_RESPONSE_BYTES as u64).read_to_vec()
        };
        let result = BASE64_STANDARD.encode(tokio::task::spawn_blocking(asked).await??);
        if result.len() > MAX_RESULT {
            return Err(NoAnswer::TooLong(result.len()));
        }
        Ok(result.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whom_the_operator_names_is_called() {
        let responders = Responders::new(vec!["http://ocsp.example".into(), "http://127.0.0.1:8080/a/".into()]);
        for url in ["http://ocsp.example", "http://ocsp.example/x", "http://127.0.0.1:8080/a/b"] {
            assert!(responders.allows(url), "{url}");
        }
        for url in [
            "",
            "http://ocsp.example.org/",
            "http://ocsp.example@127.0.0.1/",
            "http://ocsp.example:81/",
            "https://ocsp.example/",
            "http://127.0.0.1:8080/ab",
            "http://127.0.0.1:80801/a/",
        ] {
            assert!(!responders.allows(url), "{url}");
        }
        assert!(!Responders::new(Vec::new()).is_any());
    }
}
