SUMMARY = "Secure Streams of libwebsockets for C programs"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://LICENSE;md5=22e3a2f2b3cb2d5b529f66e8d64ac4f1"

# both by scripts/vendor; put them where the layer's files are found
SRC_URI = "file://securestreams-${PV}.tar.gz file://securestreams-${PV}-vendor.tar.xz;subdir=securestreams-${PV}"

inherit cmake pkgconfig python3native cargo_common

DEPENDS += "cargo-native rust-native virtual/${TARGET_PREFIX}rust"

# crates come from vendor/
CARGO_DISABLE_BITBAKE_VENDORING = "1"
do_configure:append() {
    printf '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "%s"\n' "${S}/vendor" >> ${CARGO_HOME}/config.toml
}

PACKAGECONFIG ??= "tools"
PACKAGECONFIG[tools] = "-DSECURESTREAMS_TOOLS=ON,-DSECURESTREAMS_TOOLS=OFF"
PACKAGECONFIG[compat] = "-DSECURESTREAMS_COMPAT=ON,-DSECURESTREAMS_COMPAT=OFF"
EXTRA_OECMAKE = "-DSECURESTREAMS_TARGET=${RUST_TARGET_SYS} -DSECURESTREAMS_PROFILE=embedded -DSECURESTREAMS_OFFLINE=ON"

PACKAGES =+ "${PN}-tools ${PN}-compat"
FILES:${PN}-tools = "${bindir}"
FILES:${PN}-compat = "${libdir}/securestreams"
INSANE_SKIP:${PN}-compat = "dev-so"
# the strip and link flags are cargo's
INSANE_SKIP:${PN} = "already-stripped ldflags"
INSANE_SKIP:${PN}-tools = "already-stripped ldflags"
