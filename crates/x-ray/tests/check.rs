//! What is wrong with a connection: for every lint a definition that it finds.

use lambda_with::Integration;
use lambda_with_testing::{clashes, definition, lints};
use lambda_with_x_ray::XRay;

#[test]
fn every_lint_has_a_definition_it_finds() {
    lints::<XRay>(
        "",
        &[
            ("", ""),
            ("function_name = 'orders:live'", ""),
            ("function_name = 'orders:7'", "LW2901! arn"),
            (
                "sampling_rules = true\nmode = 'pass-through'",
                "LW2902 mode",
            ),
            ("sampling_rules = true", "LW2903 sampling_rules"),
        ],
    );
}

#[test]
fn two_connections() {
    clashes::<XRay>(
        "",
        &[
            ("", "", "", "LW2904! mode"),
            ("", "mode = 'pass-through'", "", "LW2904! mode"),
        ],
    );
    for (other, what) in [("", "twice"), ("mode = 'pass-through'", "differently")] {
        let (one, other): (XRay, XRay) = (definition("", ""), definition("", other));
        assert!(one.conflicts_within(&other)[0].what.contains(what));
    }
}
