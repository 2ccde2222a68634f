//! A connection's name: readable, stable, and unique within a function.

/// `s3-batch-JOB`, with what no name can hold as hyphens.
pub(crate) fn of(job: &str) -> String {
    let letter = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' => c,
        _ => '-',
    };
    let mut name: String = "s3-batch-".chars().chain(job.chars().map(letter)).collect();
    name.truncate(80);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (job, name) in [
            ("thumbnails", "s3-batch-thumbnails"),
            ("Thumb_nails-2", "s3-batch-Thumb_nails-2"),
            ("café/2", "s3-batch-caf--2"),
        ] {
            assert_eq!(of(job), name);
        }
        assert_eq!(of(&"j".repeat(100)).len(), 80);
    }
}
