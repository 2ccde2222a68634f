//! Setting up the triggers of pools that exist.

mod identity_pool;
mod user_pool;

use lambda_with::{Error, ErrorKind, Function, Integration};
use lambda_with_aws::{Part, Session, Slot, Wire};

use self::identity_pool::SyncTrigger;
use self::user_pool::Triggers;
use crate::{IdentityPool, UserPool};

/// The pool is told which function serves its triggers. Everything else of the pool, which is written
/// as a whole, stays as it is; triggers that another function serves are left alone.
impl Wire for UserPool {
    const KINDS: &'static [&'static str] = &["AWS::Cognito::UserPool"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        let id = self.user_pool_id.as_ref();
        let id = id.ok_or_else(|| no_id(&Integration::name(self), "user_pool_id"))?;
        Ok(vec![Triggers::new(session, function, self, id).part()])
    }
}

/// The pool is told which function its datasets run.
impl Wire for IdentityPool {
    const KINDS: &'static [&'static str] = &["AWS::Cognito::IdentityPool"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        let id = self.identity_pool_id.as_ref();
        let id = id.ok_or_else(|| no_id(&Integration::name(self), "identity_pool_id"))?;
        let connection = Integration::name(self);
        Ok(vec![
            SyncTrigger::new(session, function, connection, id).part(),
        ])
    }
}

fn no_id(connection: &str, member: &str) -> Error {
    let what = format!("`{connection}` has no {member}, and pools are not created from here");
    let fix = format!("set {member} to that of a pool, or create one with `lambda-with export`");
    Error::new(ErrorKind::Invalid, what).with("fix", fix)
}
