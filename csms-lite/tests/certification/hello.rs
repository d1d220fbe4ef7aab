//! Greetings of TLS that no library of today makes any more.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::tool::PATIENCE;

/// The compression that nobody should use any more (A00.FR.321), and none.
pub(crate) const DEFLATE: u8 = 1;
pub(crate) const NO_COMPRESSION: u8 = 0;

/// What a CSMS says to a greeting.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// A fatal alert with this number, and nothing after it.
    Alert(u8),
    /// The version, cipher suite and compression that it chose.
    Hello { version: [u8; 2], suite: [u8; 2], compression: u8 },
}

/// Greets a CSMS: at most this version, one of these cipher suites, one of these compressions.
pub(crate) fn greet(csms: SocketAddr, version: [u8; 2], suites: &[[u8; 2]], compressions: &[u8]) -> Said {
    let mut socket = TcpStream::connect(csms).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(&hello(version, suites, compressions)).unwrap();
    let mut head = [0; 5];
    socket.read_exact(&mut head).unwrap();
    let mut record = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    socket.read_exact(&mut record).unwrap();
    match head[0] {
        21 => {
            assert_eq!(record[0], 2, "a fatal one");
            assert_eq!(socket.read(&mut [0]).unwrap(), 0, "and the end of the connection");
            Said::Alert(record[1])
        }
        22 => chosen(&record),
        other => panic!("a record of type {other}"),
    }
}

fn chosen(record: &[u8]) -> Said {
    assert_eq!(record[0], 2, "a ServerHello");
    // Behind its type and length: the version, 32 random bytes, and the session with its length in front.
    let rest = &record[39 + usize::from(record[38])..];
    Said::Hello { version: [record[4], record[5]], suite: [rest[0], rest[1]], compression: rest[2] }
}

fn hello(version: [u8; 2], suites: &[[u8; 2]], compressions: &[u8]) -> Vec<u8> {
    let mut body = [version.as_slice(), &[1; 32], &[0]].concat();
    body.extend((suites.len() as u16 * 2).to_be_bytes());
    body.extend(suites.concat());
    body.push(compressions.len() as u8);
    body.extend(compressions);
    // ECDSA and RSA with SHA-256, the curves P-256 and P-384, points as they are, the extended master secret, and no old
    // renegotiation.
    let extensions = [
        &[0, 13, 0, 6, 0, 4, 4, 3, 4, 1][..],
        &[0, 10, 0, 6, 0, 4, 0, 23, 0, 24],
        &[0, 11, 0, 2, 1, 0],
        &[0, 23, 0, 0],
        &[255, 1, 0, 1, 0],
    ]
    .concat();
    body.extend((extensions.len() as u16).to_be_bytes());
    body.extend(extensions);
    let message = [&[1, 0][..], &(body.len() as u16).to_be_bytes(), &body].concat();
    [&[22, 3, 1][..], &(message.len() as u16).to_be_bytes(), &message].concat()
}
