################################################################################
#
# securestreams
#
################################################################################

# the tarball of scripts/vendor in SECURESTREAMS_SITE; vendored crates are unpacked into vendor/
SECURESTREAMS_VERSION = 0.1.0
SECURESTREAMS_EXTRA_DOWNLOADS = $(SECURESTREAMS_SITE)/securestreams-$(SECURESTREAMS_VERSION)-vendor.tar.xz
SECURESTREAMS_LICENSE = MIT
SECURESTREAMS_LICENSE_FILES = LICENSE
SECURESTREAMS_INSTALL_STAGING = YES
SECURESTREAMS_DEPENDENCIES = host-rustc host-python3

SECURESTREAMS_CONF_ENV = CARGO_HOME=$(@D)/.cargo-home
SECURESTREAMS_MAKE_ENV = $(PKG_CARGO_ENV) CARGO_HOME=$(@D)/.cargo-home
SECURESTREAMS_CONF_OPTS = \
	-DSECURESTREAMS_CARGO=$(HOST_DIR)/bin/cargo \
	-DSECURESTREAMS_TARGET=$(RUSTC_TARGET_NAME) \
	-DSECURESTREAMS_PROFILE=embedded \
	-DSECURESTREAMS_OFFLINE=ON \
	-DSECURESTREAMS_TOOLS=$(if $(BR2_PACKAGE_SECURESTREAMS_TOOLS),ON,OFF) \
	-DSECURESTREAMS_COMPAT=$(if $(BR2_PACKAGE_SECURESTREAMS_COMPAT),ON,OFF)

define SECURESTREAMS_UNPACK_CRATES
	$(call suitable-extractor,.tar.xz) $(SECURESTREAMS_DL_DIR)/securestreams-$(SECURESTREAMS_VERSION)-vendor.tar.xz | \
		$(TAR) -C $(@D) $(TAR_OPTIONS) -
	mkdir -p $(@D)/.cargo-home
	printf '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "%s"\n' \
		$(@D)/vendor > $(@D)/.cargo-home/config.toml
endef
SECURESTREAMS_POST_EXTRACT_HOOKS += SECURESTREAMS_UNPACK_CRATES

$(eval $(cmake-package))
