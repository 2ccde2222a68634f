//! Conversions to and from the types of another library.

/// Converts both ways between types of ours and types of another library, through the JSON both
/// share: `OurEvent = theirs::Event;`. Either fails on a value that the other side has no form for.
///
/// For the service crates, behind their feature `aws_lambda_events`.
#[doc(hidden)]
#[macro_export]
macro_rules! interop {
    ($($ours:ty = $theirs:ty;)*) => {$(
        impl TryFrom<$theirs> for $ours {
            type Error = $crate::Error;

            fn try_from(value: $theirs) -> Result<Self, $crate::Error> {
                $crate::Json::encode(&value)?.decode()
            }
        }

        impl TryFrom<$ours> for $theirs {
            type Error = $crate::Error;

            fn try_from(value: $ours) -> Result<Self, $crate::Error> {
                $crate::Json::encode(&value)?.decode()
            }
        }
    )*};
}
