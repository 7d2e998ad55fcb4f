//! Hashes and HMACs.

use core::ffi::{c_int, c_void};

c_enum! {
    /// A hash.
    pub enum lws_genhash_types {
        /// None.
        LWS_GENHASH_TYPE_UNKNOWN = 0,
        /// MD5, for old formats only.
        LWS_GENHASH_TYPE_MD5 = 1,
        /// SHA-1, for old formats only.
        LWS_GENHASH_TYPE_SHA1 = 2,
        /// SHA-256.
        LWS_GENHASH_TYPE_SHA256 = 3,
        /// SHA-384.
        LWS_GENHASH_TYPE_SHA384 = 4,
        /// SHA-512.
        LWS_GENHASH_TYPE_SHA512 = 5,
    }
}

c_enum! {
    /// The hash of an HMAC.
    pub enum lws_genhmac_types {
        /// None.
        LWS_GENHMAC_TYPE_UNKNOWN = 0,
        /// SHA-1, for old formats only.
        LWS_GENHMAC_TYPE_SHA1 = 1,
        /// SHA-256.
        LWS_GENHMAC_TYPE_SHA256 = 2,
        /// SHA-384.
        LWS_GENHMAC_TYPE_SHA384 = 3,
        /// SHA-512.
        LWS_GENHMAC_TYPE_SHA512 = 4,
    }
}

/// A hash in progress: begun by `lws_genhash_init`, ended by `lws_genhash_destroy`. The members are ours.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_genhash_ctx {
    /// Which hash (`LWS_GENHASH_TYPE_...`).
    pub r#type: u8,
    /// Private.
    pub evp_type: *const c_void,
    /// Private.
    pub mdctx: *mut c_void,
}

/// An HMAC in progress: begun by `lws_genhmac_init`, ended by `lws_genhmac_destroy`. The members are ours.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_genhmac_ctx {
    /// Which hash (`LWS_GENHMAC_TYPE_...`).
    pub r#type: u8,
    /// Private.
    pub evp_type: *const c_void,
    /// Private.
    pub ctx: *mut c_void,
    /// Private.
    pub key: *mut c_void,
}

/// Bytes of the largest hash.
pub const LWS_GENHASH_LARGEST: c_int = 64;
