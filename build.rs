//! Build script: the C side of the boundary (`capi/`) and the library's soname.
//! Never writes into the source tree (`scripts/headers` makes the headers).

fn main() {
    println!("cargo:rerun-if-changed=capi/variadic.c");
    cc::Build::new()
        .file("capi/variadic.c")
        .std("gnu99")
        .warnings(true)
        .extra_warnings(true)
        .flag_if_supported("-fvisibility=hidden")
        .compile("securestreams_capi");

    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libsecurestreams.so.0");
    }
}
