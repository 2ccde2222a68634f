//! Switches in definitions, which are left out where they stand as they do unless set.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize, Serialize)]
//! struct Poller {
//!     #[serde(default = "lambda_with::switch::on", skip_serializing_if = "lambda_with::switch::is_on")]
//!     enabled: bool,
//!     #[serde(default, skip_serializing_if = "lambda_with::switch::is_off")]
//!     metrics: bool,
//! }
//!
//! let usual: Poller = serde_json::from_str("{}")?;
//! assert!(usual.enabled && !usual.metrics);
//! assert_eq!(serde_json::to_string(&usual)?, "{}");
//! # Ok::<(), serde_json::Error>(())
//! ```

/// On unless set.
#[must_use]
pub fn on() -> bool {
    true
}

/// Whether it is on.
#[must_use]
pub fn is_on(switch: &bool) -> bool {
    *switch
}

/// Whether it is off.
#[must_use]
pub fn is_off(switch: &bool) -> bool {
    !*switch
}
