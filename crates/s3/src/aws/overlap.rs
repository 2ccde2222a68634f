//! What Amazon S3 would refuse.

use lambda_with_aws::{Entries, Entry as _, same_function};

use super::entry::Entry;

/// Those of our entries that cannot stand beside another.
pub(super) fn overlaps(ours: &Entries<'_, Entry>, next: &[Entry]) -> Vec<String> {
    let mut refusals = Vec::new();
    let is_ours = |entry: &Entry| {
        let wanted = |(_, wanted): &(String, Entry)| wanted.name() == entry.name();
        same_function(entry.target(), ours.function.arn.as_str()) && ours.wanted.iter().any(wanted)
    };
    for (index, one) in next.iter().enumerate() {
        for other in next.iter().skip(index + 1) {
            let mixed = is_ours(one) || is_ours(other);
            let Some(why) = one.overlap(other).filter(|_| mixed) else {
                continue;
            };
            let (mine, theirs) = if is_ours(other) {
                (other, one)
            } else {
                (one, other)
            };
            let left_over = theirs.target() == ours.function.arn.as_str()
                && (ours.is_made)(theirs.name())
                && !is_ours(theirs);
            let hint = match left_over {
                true => "it is of an earlier form of this definition: connect with --prune",
                false => "make prefixes or suffixes exclude each other",
            };
            refusals.push(format!(
                "{} and {}, which goes to {}, cannot both stand: {why}; {hint}",
                (ours.what)(mine.name()),
                theirs.name(),
                theirs.target()
            ));
        }
    }
    refusals
}
