//! Notifications against a moto server.
