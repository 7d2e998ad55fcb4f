//! What a stream must know about http whatever carries it (h1, h2 ...): pure functions over
//! text, no I/O and no clock.
//!
//! | file | what |
//! |---|---|
//! | `url.rs` | splits a URL, writes the authority for `Host` |
//! | `redirect.rs` | where a redirect leads and by which method |
//! | `target.rs` | makes a request target of an expanded `http_url` |
//! | `multipart.rs` | bodies of several parts, both ways |
//! | `retry_after.rs` | how long a server asks us to stay away |

pub mod multipart;
mod redirect;
mod retry_after;
mod target;
mod url;

pub use redirect::{RedirectError, is_redirect, method_after, redirect};
pub use retry_after::{MAX_RETRY_AFTER, retry_after};
pub use target::{TargetError, request_target};
pub use url::{Url, UrlError, authority};
