# What the build files of projects for libwebsockets ask about the installed library.
include(CheckCSourceCompiles)
include(CheckIncludeFile)

# callers begin with everything in order
set(requirements 1)

# require_lws_config(NAME WANTED RESULT)
#
# Is NAME defined by <libwebsockets.h> (WANTED 1), or not defined (WANTED 0)? If the answer is no: with `requirements`
# as RESULT the configuration ends with an error, any other variable becomes 0. HAS_NAME is set either way.
macro(require_lws_config _lws_name _lws_wanted _lws_result)
    # an option of libwebsockets' own build, by which projects mean that there is TLS
    set(_lws_macro ${_lws_name})
    if(_lws_macro STREQUAL "LWS_WITH_SSL")
        set(_lws_macro LWS_WITH_TLS)
    endif()
    check_c_source_compiles("
        #include <libwebsockets.h>
        #ifndef ${_lws_macro}
        #error not defined
        #endif
        int main(void) { return 0; }" HAS_${_lws_name})
    if(NOT HAS_${_lws_name})
        set(HAS_${_lws_name} 0)
    endif()
    set(_lws_met 0)
    if((HAS_${_lws_name} AND "${_lws_wanted}") OR (NOT HAS_${_lws_name} AND NOT "${_lws_wanted}"))
        set(_lws_met 1)
    endif()
    if("${_lws_result}" STREQUAL "requirements")
        if(NOT _lws_met AND "${_lws_wanted}")
            message(FATAL_ERROR "${PROJECT_NAME} needs ${_lws_name}, which this libwebsockets (securestreams) does not define; "
                                "lws_config.h says why")
        elseif(NOT _lws_met)
            message(FATAL_ERROR "${PROJECT_NAME} does not work with ${_lws_name}, which this libwebsockets (securestreams) defines")
        endif()
    else()
        set(${_lws_result} ${_lws_met})
    endif()
endmacro()

# require_pthreads(RESULT): PTHREAD_LIB becomes what to link; it is an error if there are no threads.
macro(require_pthreads _lws_result)
    check_include_file(pthread.h LWS_HAVE_PTHREAD_H)
    if(LWS_HAVE_PTHREAD_H)
        set(PTHREAD_LIB pthread)
    else()
        message(FATAL_ERROR "${PROJECT_NAME} needs pthreads")
    endif()
endmacro()

# Leases of a test farm's resources: there is none here, so this does nothing.
macro(sai_resource)
endmacro()
