use core::ffi::c_void;

c_enum! {
    pub enum lws_genhash_types {
        LWS_GENHASH_TYPE_UNKNOWN = 0,
        LWS_GENHASH_TYPE_MD5 = 1,
        LWS_GENHASH_TYPE_SHA1 = 2,
        LWS_GENHASH_TYPE_SHA256 = 3,
        LWS_GENHASH_TYPE_SHA384 = 4,
        LWS_GENHASH_TYPE_SHA512 = 5,
    }
}

c_enum! {
    pub enum lws_genhmac_types {
        LWS_GENHMAC_TYPE_UNKNOWN = 0,
        LWS_GENHMAC_TYPE_SHA1 = 1,
        LWS_GENHMAC_TYPE_SHA256 = 2,
        LWS_GENHMAC_TYPE_SHA384 = 3,
        LWS_GENHMAC_TYPE_SHA512 = 4,
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_genhash_ctx {
    pub r#type: u8,
    pub evp_type: *const c_void,
    pub mdctx: *mut c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_genhmac_ctx {
    pub r#type: u8,
    pub evp_type: *const c_void,
    pub ctx: *mut c_void,
    pub key: *mut c_void,
}
