//! Ports on this machine.

use std::net::{Ipv4Addr, TcpListener};

use crate::failure::Failure;

/// How many ports after the usual one are tried.
const TRIES: u16 = 20;

/// The port somebody asked for, or the first free one from `usual` on.
pub(crate) fn choose(wanted: Option<u16>, usual: u16, flag: &str) -> Result<u16, Failure> {
    match wanted {
        Some(port) if port == 0 || is_free(port) => Ok(port),
        Some(port) => Err(
            Failure::new(format!("port {port} of 127.0.0.1 is taken")).fix(format!(
                "end what uses it, or choose another with {flag} (0 takes any free one)"
            )),
        ),
        None => (usual..usual + TRIES)
            .find(|port| is_free(*port))
            .ok_or_else(|| {
                Failure::new(format!(
                    "ports {usual} to {} of 127.0.0.1 are taken",
                    usual + TRIES - 1
                ))
                .fix(format!("choose another with {flag} (0 takes any free one)"))
            }),
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
