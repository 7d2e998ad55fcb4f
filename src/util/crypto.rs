//! The cryptography that this library is built with: ring, or aws-lc-rs, which has the same names.
//! The one place that knows which. Where both are chosen it is aws-lc-rs: cargo adds up the features
//! that several packages ask for, and ring is among the default ones.

#[cfg(feature = "tls-aws-lc")]
pub use aws_lc_rs::{digest, error, hmac, rand};
#[cfg(feature = "tls-aws-lc")]
pub use rustls::crypto::aws_lc_rs as tls;
#[cfg(feature = "tls-aws-lc")]
pub use webpki::aws_lc_rs as signatures;

#[cfg(not(feature = "tls-aws-lc"))]
pub use ring::{digest, error, hmac, rand};
#[cfg(not(feature = "tls-aws-lc"))]
pub use rustls::crypto::ring as tls;
#[cfg(not(feature = "tls-aws-lc"))]
pub use webpki::ring as signatures;
