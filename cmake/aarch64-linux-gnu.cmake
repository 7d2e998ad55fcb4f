# Builds for 64-bit ARM with glibc. Needs Debian's gcc-aarch64-linux-gnu (or one of the same name) and
# `rustup target add aarch64-unknown-linux-gnu`. Other platforms are files like this one.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(SECURESTREAMS_TARGET aarch64-unknown-linux-gnu CACHE STRING "Rust's name of the platform")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
