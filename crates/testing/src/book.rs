//! The Rust code of README.md and of the book, compiled and run as documentation tests.

macro_rules! pages {
    ($($name:ident: $file:literal;)*) => {$(
        #[doc = include_str!(concat!("../../../", $file))]
        pub struct $name;
    )*};
}

pages! {
    Readme: "README.md";
    ComingFrom: "docs/src/coming-from.md";
    Events: "docs/src/events.md";
    GettingStarted: "docs/src/getting-started.md";
    Testing: "docs/src/testing.md";
}
