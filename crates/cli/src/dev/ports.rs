//! Ports on this machine.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use lambda_with_local::{FrontDoor, Handle};

use crate::failure::Failure;

/// How many ports after the usual one are tried.
const TRIES: u16 = 20;

/// Ports for front doors: the one somebody asked for and those after it, or free ones from 3000 on.
#[derive(Debug)]
pub(super) struct FrontPorts {
    wanted: Option<u16>,
    usual: u16,
}

impl FrontPorts {
    pub(super) fn new(wanted: Option<u16>) -> Self {
        Self {
            wanted,
            usual: 3000,
        }
    }

    /// Opens the next door.
    pub(super) async fn open(
        &mut self,
        handle: &Handle,
        door: impl FrontDoor,
    ) -> anyhow::Result<SocketAddr> {
        let port = choose(self.wanted, self.usual, "--http-port")?;
        let address = handle.serve(port, door).await?;
        self.usual = address.port().saturating_add(1);
        self.wanted = self.wanted.map(|port| match port {
            0 => 0,
            port => port.saturating_add(1),
        });
        Ok(address)
    }
}

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
