//! Build script: the C side of the boundary (`capi/`) and the library's soname.
//! Never writes into the source tree (`scripts/headers` makes the headers).

fn main() {}
