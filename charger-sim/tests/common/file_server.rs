//! A file server on the loopback interface, and signatures of firmware.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;

/// Nothing here takes longer than this, or it will never come.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a client asked the file server for.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// A file server, which never answers what is called slow; with `tls` behind TLS.
pub(crate) struct Server {
    pub(crate) address: String,
    asked: Receiver<Asked>,
}

impl Server {
    /// Answers with what `answer` says of the first line: a status, and a body.
    pub(crate) fn start(tls: Option<rustls::ServerConfig>, answer: fn(&str) -> (u16, &'static [u8])) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, asked) = channel();
        let tls = tls.map(Arc::new);
        let serve_all = move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (sender, tls) = (sender.clone(), tls.clone());
                std::thread::spawn(move || match tls {
                    Some(tls) => {
                        let connection = rustls::ServerConnection::new(tls).unwrap();
                        serve_one(rustls::StreamOwned::new(connection, stream), &sender, answer)
                    }
                    None => serve_one(stream, &sender, answer),
                });
            }
        };
        std::thread::spawn(serve_all);
        Self { address, asked }
    }

    pub(crate) fn next(&self) -> Asked {
        self.asked.recv_timeout(PATIENCE).unwrap()
    }
}

fn serve_one(
    mut stream: impl Read + Write,
    sender: &Sender<Asked>,
    answer: fn(&str) -> (u16, &'static [u8]),
) -> std::io::Result<()> {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
        read.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&read).into_owned();
    let length = |line: &str| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok();
    let mut body = vec![0; head.lines().find_map(length).unwrap_or(0)];
    stream.read_exact(&mut body)?;
    let line = head.lines().next().unwrap_or_default().to_owned();
    let is_slow = line.contains("/slow");
    let (status, content) = answer(&line);
    let reply = format!("HTTP/1.1 {status} -\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", content.len());
    let _ = sender.send(Asked { line, head, body: String::from_utf8_lossy(&body).into_owned() });
    if is_slow {
        // Until the client has had enough.
        return stream.read(&mut byte).map(drop);
    }
    stream.write_all(reply.as_bytes())?;
    stream.write_all(content)?;
    stream.flush()
}

/// Over all of it, in Base64.
pub(crate) fn signature(key: &PrivatePkcs8KeyDer<'_>, content: &[u8]) -> String {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.secret_pkcs8_der(), &random).unwrap();
    BASE64_STANDARD.encode(key.sign(&random, content).unwrap())
}
