# The compat install: the same library and headers under the names of libwebsockets, in a prefix of its own, so that
# projects written for it build with CMAKE_PREFIX_PATH or PKG_CONFIG_PATH pointing there. Nothing outside of that
# folder is written, so a libwebsockets of the system stays as it is.

set(compat "${SECURESTREAMS_COMPAT_DIR}")
set(compat_lib "${compat}/lib")

# links to the installed library; an install that splits into packages keeps one copy on disk and in memory
path_back(to_libs "${compat_lib}" "${CMAKE_INSTALL_LIBDIR}")
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
    set(to_libs "${CMAKE_INSTALL_LIBDIR}")
endif()
set(links "${CMAKE_CURRENT_BINARY_DIR}/compat-links")
file(REMOVE_RECURSE "${links}")
file(MAKE_DIRECTORY "${links}")
# programs linked here need the library by its own soname: it must be found beside
foreach(name IN ITEMS libsecurestreams.so.${SECURESTREAMS_SOVERSION} libwebsockets.so.${LWS_SOVERSION})
    file(CREATE_LINK "${to_libs}/libsecurestreams.so.${SECURESTREAMS_SOVERSION}" "${links}/${name}" SYMBOLIC)
    install(FILES "${links}/${name}" DESTINATION "${compat_lib}" COMPONENT compat)
endforeach()
file(CREATE_LINK "libwebsockets.so.${LWS_SOVERSION}" "${links}/libwebsockets.so" SYMBOLIC)
file(CREATE_LINK "${to_libs}/libsecurestreams.a" "${links}/libwebsockets.a" SYMBOLIC)
install(FILES "${links}/libwebsockets.so" "${links}/libwebsockets.a" DESTINATION "${compat_lib}" COMPONENT compat)
if(SECURESTREAMS_FEATURES)
    install(DIRECTORY include/ DESTINATION "${compat}/include" COMPONENT compat
            FILES_MATCHING PATTERN "*.h" PATTERN "lws_config.h" EXCLUDE)
    install(FILES "${out}/lws_config.h" DESTINATION "${compat}/include" COMPONENT compat)
else()
    install(DIRECTORY include/ DESTINATION "${compat}/include" COMPONENT compat FILES_MATCHING PATTERN "*.h")
endif()

if(SECURESTREAMS_RELOCATABLE_PC AND NOT IS_ABSOLUTE "${compat}")
    set(pc_prefix "\${pcfiledir}/../..")
elseif(IS_ABSOLUTE "${compat}")
    set(pc_prefix "${compat}")
else()
    set(pc_prefix "${CMAKE_INSTALL_PREFIX}/${compat}")
endif()
configure_file(cmake/libwebsockets.pc.in pc/libwebsockets.pc.part @ONLY)
configure_file(cmake/libwebsockets_static.pc.in pc/libwebsockets_static.pc.part @ONLY)
install(FILES "${out}/libwebsockets.pc" "${out}/libwebsockets_static.pc" DESTINATION "${compat_lib}/pkgconfig"
        COMPONENT compat)

set(package "${compat_lib}/cmake/libwebsockets")
configure_file(cmake/libwebsockets-config.cmake.in libwebsockets-config.cmake @ONLY)
write_basic_package_version_file(libwebsockets-config-version.cmake VERSION ${LWS_VERSION}
                                 COMPATIBILITY AnyNewerVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/libwebsockets-config.cmake"
              "${CMAKE_CURRENT_BINARY_DIR}/libwebsockets-config-version.cmake"
              "${out}/SecureStreamsNativeLibs.cmake" cmake/LwsCheckRequirements.cmake
        DESTINATION "${package}" COMPONENT compat)
