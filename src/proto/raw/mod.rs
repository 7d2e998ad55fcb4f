//! Raw byte streams.
